// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas are charged to their creator's memory cgroup: too large a one is
 * refused, nobody is killed for it, and what was charged comes back.
 */
#include "text.h"

#define CGROUPS "/sys/fs/cgroup"
#define LIMIT (16 * T_MIB)
#define SLACK (2 * T_MIB) /* what the kernel charges ahead and gives back later */

FIXTURE(group)
{
	char path[64];
	bool usable;
};

static const char *file_in(FIXTURE_DATA(group) *self, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", self->path, name);
	return path;
}

FIXTURE_SETUP(group)
{
	char limit[32];

	snprintf(self->path, sizeof(self->path), CGROUPS "/memmgr-test-%d", getpid());
	t_write(CGROUPS "/cgroup.subtree_control", "+memory");
	if (mkdir(self->path, 0700) || access(file_in(self, "memory.max"), F_OK))
		return;
	snprintf(limit, sizeof(limit), "%llu", LIMIT);
	ASSERT_EQ(0, t_write(file_in(self, "memory.max"), limit));
	self->usable = true;
}

FIXTURE_TEARDOWN(group)
{
	EXPECT_TRUE(T_EVENTUALLY(!rmdir(self->path) || errno == ENOENT));
}

#define NEEDS_GROUP()                                                                \
	do {                                                                         \
		if (!self->usable)                                                   \
			SKIP(return, "no memory cgroup at " CGROUPS);                \
	} while (0)

static __u64 number_in(FIXTURE_DATA(group) *self, const char *name)
{
	char *text = t_read(file_in(self, name), 4096);
	__u64 number = text ? strtoull(text, NULL, 10) : ~0ULL;

	free(text);
	return number;
}

static bool killed(FIXTURE_DATA(group) *self)
{
	char *text = t_read(file_in(self, "memory.events"), 4096);
	bool killed = !text || !strstr(text, "oom_kill 0");

	free(text);
	return killed;
}

static void join(FIXTURE_DATA(group) *self)
{
	T_CHILD_NEEDS(!t_write(file_in(self, "cgroup.procs"), "0"));
}

TEST_F(group, too_large_an_arena_is_enomem_and_no_kill)
{
	pid_t child;

	NEEDS_GROUP();
	child = fork();
	if (!child) {
		join(self);
		for (int i = 0; i < 3; i++)
			T_CHILD_NEEDS(t_arena(64 * T_MIB, 0) == -ENOMEM);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(child));
	EXPECT_FALSE(killed(self));
	EXPECT_TRUE(T_EVENTUALLY(number_in(self, "memory.current") < SLACK));
}

TEST_F(group, an_arena_is_charged_and_given_back)
{
	pid_t child;

	NEEDS_GROUP();
	child = fork();
	if (!child) {
		__u64 before;
		int fd;

		join(self);
		before = number_in(self, "memory.current");
		fd = t_arena(8 * T_MIB, 0);
		T_CHILD_NEEDS(fd >= 0);
		T_CHILD_NEEDS(number_in(self, "memory.current") >= before + 8 * T_MIB);
		T_CHILD_NEEDS(t_arena(10 * T_MIB, 0) == -ENOMEM);
		close(fd);
		T_CHILD_NEEDS(T_EVENTUALLY(number_in(self, "memory.current") < before + SLACK));
		fd = t_arena(8 * T_MIB, 0);
		T_CHILD_NEEDS(fd >= 0);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(child));
	EXPECT_FALSE(killed(self));
	EXPECT_TRUE(T_EVENTUALLY(number_in(self, "memory.current") < SLACK));
}

TEST_F(group, descriptions_of_blocks_are_charged_too)
{
	pid_t child;

	NEEDS_GROUP();
	child = fork();
	if (!child) {
		int fd = t_arena(16 * T_MIB, 0);
		struct memmgr_stat stat;
		__u64 before;

		/* The arena itself is not the group's: it was made before joining. */
		join(self);
		before = number_in(self, "memory.current");
		for (int i = 0; i < 60000; i++)
			T_CHILD_NEEDS(t_block(fd, 16, i, 0));
		T_CHILD_NEEDS(!t_stat(fd, &stat));
		T_CHILD_NEEDS(number_in(self, "memory.current") >= before + 60000 * 32);
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(child));
	EXPECT_FALSE(killed(self));
}

TEST_F(group, owners_and_arenas_without_end_are_enomem_and_no_kill)
{
	pid_t child;

	NEEDS_GROUP();
	child = fork();
	if (!child) {
		int made = 0, ret, dev = t_open(O_RDWR);

		join(self);
		while ((ret = t_create(dev, 256 * T_KIB, 0)) >= 0)
			made++;
		T_CHILD_NEEDS(ret == -ENOMEM);
		T_CHILD_NEEDS(made >= 20 && made <= (int)(LIMIT / (256 * T_KIB)));
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(child));
	EXPECT_FALSE(killed(self));
	EXPECT_TRUE(T_EVENTUALLY(number_in(self, "memory.current") < SLACK));
}

TEST_HARNESS_MAIN
