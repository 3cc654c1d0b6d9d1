// SPDX-License-Identifier: GPL-2.0
/*
 * Unloading: refused as long as anything of the module is in use, complete and
 * repeatable otherwise. Leaves the module loaded.
 */
#include "module.h"

#include <sys/uio.h>

#define SIZE (64 * T_KIB)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(held)
{
	int fd;
	unsigned char *base;
};

enum { DEVICE, READONLY, ARENA, ATTACHED, MAPPED, ARENA_MAPPED, DEBUGFS };

FIXTURE_VARIANT(held)
{
	int by;
};

FIXTURE_VARIANT_ADD(held, by_the_device)
{
	.by = DEVICE,
};

FIXTURE_VARIANT_ADD(held, by_a_reader)
{
	.by = READONLY,
};

FIXTURE_VARIANT_ADD(held, by_an_arena)
{
	.by = ARENA,
};

FIXTURE_VARIANT_ADD(held, by_an_attached_owner)
{
	.by = ATTACHED,
};

FIXTURE_VARIANT_ADD(held, by_a_mapping)
{
	.by = MAPPED,
};

FIXTURE_VARIANT_ADD(held, by_a_mapping_of_an_arena)
{
	.by = ARENA_MAPPED,
};

FIXTURE_VARIANT_ADD(held, by_a_debugfs_file)
{
	.by = DEBUGFS,
};

FIXTURE_SETUP(held)
{
	int first;

	T_NEEDS_MODULE();
	t_mount("debugfs", T_DEBUGFS);
	if (variant->by == READONLY)
		self->fd = t_open(O_RDONLY);
	else if (variant->by == ARENA || variant->by == ARENA_MAPPED)
		self->fd = t_arena(SIZE, 0);
	else if (variant->by == DEBUGFS)
		self->fd = open(T_DEBUGFS "/memmgr/arenas", O_RDONLY);
	else
		self->fd = t_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	if (variant->by == ATTACHED) {
		first = self->fd;
		self->fd = t_attach(first, 0);
		close(first);
	}
	if (variant->by == MAPPED || variant->by == ARENA_MAPPED) {
		self->base = t_map(self->fd, SIZE, RW);
		ASSERT_NE(MAP_FAILED, self->base);
		close(self->fd);
		self->fd = -1;
	}
}

FIXTURE_TEARDOWN(held)
{
	if (t_module() && !t_loaded()) {
		EXPECT_EQ(0, t_load(""));
	}
}

TEST_F(held, module_stays_until_it_is_let_go)
{
	T_NEEDS_MODULE();
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(-EWOULDBLOCK, t_unload());
	}
	if (self->base) {
		self->base[0] = 1;
		EXPECT_EQ(1, self->base[0]);
		ASSERT_EQ(0, munmap(self->base, SIZE));
	} else {
		close(self->fd);
	}
	EXPECT_EQ(0, t_unload());
	EXPECT_FALSE(t_loaded());
}

TEST_F(held, module_stays_until_the_holder_is_killed)
{
	int ends[2];
	char byte;
	pid_t child;

	T_NEEDS_MODULE();
	ASSERT_EQ(0, pipe(ends));
	child = fork();
	if (!child) {
		T_CHILD_NEEDS(write(ends[1], "h", 1) == 1);
		pause();
	}
	ASSERT_EQ(1, read(ends[0], &byte, 1));
	if (self->base)
		munmap(self->base, SIZE);
	close(self->fd);
	EXPECT_EQ(-EWOULDBLOCK, t_unload());
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(T_KILLED, t_reap(child));
	EXPECT_EQ(0, t_unload());
}

TEST(unloaded_module_leaves_nothing)
{
	T_NEEDS_MODULE();
	ASSERT_EQ(0, t_unload());
	EXPECT_EQ(-1, access(T_DEVICE, F_OK));
	EXPECT_EQ(-1, access(T_DEBUGFS "/memmgr", F_OK));
	EXPECT_EQ(-ENOENT, t_open(O_RDWR));
	EXPECT_EQ(0, t_load(""));
	EXPECT_EQ(0, access(T_DEVICE, F_OK));
}

TEST(blocks_left_in_the_default_arena_do_not_keep_the_module)
{
	struct memmgr_stat stat;
	int fd;

	T_NEEDS_MODULE();
	fd = t_open(O_RDWR);
	for (int i = 0; i < 3000; i++) {
		ASSERT_NE(0, t_block(fd, 100, i, MEMMGR_POLICY_KEEP));
	}
	close(fd);
	ASSERT_EQ(0, t_unload());
	ASSERT_EQ(0, t_load(""));
	fd = t_open(O_RDWR);
	ASSERT_EQ(0, t_stat(fd, &stat));
	EXPECT_EQ(0, stat.out_blocks);
	EXPECT_EQ(0, stat.out_allocs);
	close(fd);
}

TEST(a_page_in_a_pipe_outlives_the_module)
{
	static unsigned char copy[T_PAGE];
	struct iovec vec = { .iov_len = T_PAGE };
	unsigned char *base;
	int ends[2], fd;

	T_NEEDS_MODULE();
	fd = t_arena(SIZE, 0);
	base = t_map(fd, SIZE, RW);
	ASSERT_NE(MAP_FAILED, base);
	memset(base, 0x42, SIZE);
	ASSERT_EQ(0, pipe(ends));
	vec.iov_base = base + 2 * T_PAGE;
	ASSERT_EQ(T_PAGE, vmsplice(ends[1], &vec, 1, 0));
	munmap(base, SIZE);
	close(fd);
	ASSERT_EQ(0, t_unload());
	ASSERT_EQ(0, t_load(""));
	ASSERT_EQ(T_PAGE, read(ends[0], copy, T_PAGE));
	EXPECT_TRUE(t_all(copy, 0x42, T_PAGE));
}

/* ---- cycles ---- */

struct users {
	atomic_bool stop;
	atomic_long used;
};

/* Whatever can be had of a module that comes and goes. */
static void *use(void *arg)
{
	struct users *users = arg;

	while (!atomic_load(&users->stop)) {
		long begin = t_now_ms();
		int fd = t_open(O_RDWR), arena = t_create(fd, SIZE, 0);
		unsigned char *base = t_map(arena, SIZE, RW);

		t_block(arena, 100, 0, MEMMGR_POLICY_KEEP);
		t_block(fd, 100, 0, 0);
		t_arenas();
		if (base != MAP_FAILED) {
			base[0] = 1;
			munmap(base, SIZE);
			atomic_fetch_add(&users->used, 1);
		}
		close(arena);
		close(fd);
		/* However slow the machine, it is unused most of the time. */
		t_sleep_ms(1 + 3 * (t_now_ms() - begin));
	}
	return NULL;
}

TEST(loading_and_unloading_races_with_users)
{
	struct users users = {};
	pthread_t thread[2];
	int cycles = 0;

	T_NEEDS_MODULE();
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, use, &users));
	}
	for (long end = t_now_ms() + 3 * t_storm_ms();
	     t_now_ms() < end || !cycles || !atomic_load(&users.used);) {
		int ret = t_unload();

		ASSERT_TRUE(ret == 0 || ret == -EWOULDBLOCK)
			TH_LOG("unload: %d", ret);
		if (ret)
			continue;
		ASSERT_EQ(0, t_load("arena_size=64K"));
		cycles++;
	}
	atomic_store(&users.stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	printf("# %d cycles, used %ld times\n", cycles, atomic_load(&users.used));
	ASSERT_EQ(0, t_unload());
	EXPECT_EQ(0, t_load(""));
}

TEST(loading_and_unloading_again_and_again_works)
{
	T_NEEDS_MODULE();
	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(0, t_unload());
		ASSERT_EQ(0, t_load(""));
	}
}

TEST_HARNESS_MAIN
