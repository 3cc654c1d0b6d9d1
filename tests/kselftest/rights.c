// SPDX-License-Identifier: GPL-2.0
/*
 * A read-only descriptor looks and does not touch: not by a command, not by a
 * mapping, not by a detour.
 */
#include "memmgr_test.h"

#include <sys/ptrace.h>

#define SIZE (64 * T_KIB)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(readonly)
{
	int writer;
	int fd;
	__u64 size;
	__u64 handle;
	struct t_state before;
};

FIXTURE_VARIANT(readonly)
{
	int way;
};

enum { OPENED, ATTACHED, ATTACHED_TO_READONLY };

FIXTURE_VARIANT_ADD(readonly, opened)
{
	.way = OPENED,
};

FIXTURE_VARIANT_ADD(readonly, attached)
{
	.way = ATTACHED,
};

FIXTURE_VARIANT_ADD(readonly, attached_to_readonly)
{
	.way = ATTACHED_TO_READONLY,
};

FIXTURE_SETUP(readonly)
{
	struct memmgr_info info;
	int middle;

	if (variant->way == OPENED) {
		self->writer = t_open(O_RDWR);
		self->fd = t_open(O_RDONLY);
	} else {
		self->writer = t_arena(SIZE, 0);
		self->fd = t_attach(self->writer, MEMMGR_ATTACH_READONLY);
	}
	if (variant->way == ATTACHED_TO_READONLY) {
		middle = self->fd;
		self->fd = t_attach(middle, 0);
		close(middle);
	}
	ASSERT_LE(0, self->writer);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, t_info(self->writer, &info));
	self->size = info.out_arena_size;
	self->handle = t_block(self->writer, 100, 7, 0);
	ASSERT_NE(0, self->handle);
	self->before = t_state(self->writer);
}

FIXTURE_TEARDOWN(readonly)
{
	EXPECT_STREQ("", t_disorder(self->writer));
	close(self->fd);
	close(self->writer);
}

static bool untouched(FIXTURE_DATA(readonly) *self)
{
	struct t_state now = t_state(self->writer);

	return t_same_state(&now, &self->before);
}

TEST_F(readonly, info_says_so)
{
	struct memmgr_info info;

	ASSERT_EQ(0, t_info(self->fd, &info));
	EXPECT_EQ(MEMMGR_RIGHT_READ, info.out_rights);
	EXPECT_EQ(O_RDONLY, fcntl(self->fd, F_GETFL) & O_ACCMODE);
}

TEST_F(readonly, looking_is_allowed)
{
	struct memmgr_validate check;
	struct memmgr_block block;
	struct memmgr_stat stat;
	struct memmgr_iterate it = { .blocks = (uintptr_t)&block, .count = 1 };

	EXPECT_EQ(0, t_query(self->fd, self->handle, &block));
	EXPECT_EQ(0, t_query_at(self->fd, block.offset, &block));
	EXPECT_EQ(0, t_ioctl(self->fd, MEMMGR_IOC_ITERATE, &it));
	EXPECT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(0, t_validate(self->fd, &check));
	EXPECT_LT(0, t_epoch(self->fd, 0));
}

TEST_F(readonly, changing_is_eperm)
{
	struct memmgr_epoch advance = { .flags = MEMMGR_EPOCH_ADVANCE };
	struct memmgr_sweep all = { .epoch_before = 1 }, done;
	struct memmgr_alloc alloc;
	struct memmgr_realloc re;

	EXPECT_EQ(-EPERM, t_alloc(self->fd, 16, &alloc));
	EXPECT_EQ(-EPERM, t_free(self->fd, self->handle));
	EXPECT_EQ(-EPERM, t_realloc(self->fd, self->handle, 16, 0, &re));
	EXPECT_EQ(-EPERM, t_create(self->fd, T_PAGE, 0));
	for (__u32 action = MEMMGR_ACTION_FREE; action <= MEMMGR_ACTION_POLICY; action++) {
		EXPECT_EQ(-EPERM, t_act(self->fd, self->handle, action, 0));
	}
	EXPECT_EQ(-EPERM, t_ioctl(self->fd, MEMMGR_IOC_EPOCH, &advance));
	EXPECT_EQ(-EPERM, t_sweep(self->fd, &all, &done));
	all.flags = MEMMGR_SWEEP_DRY_RUN;
	EXPECT_EQ(-EPERM, t_sweep(self->fd, &all, &done));
	EXPECT_TRUE(untouched(self));
}

TEST_F(readonly, a_handle_cannot_be_probed_through_eperm)
{
	EXPECT_EQ(-EPERM, t_free(self->fd, 0));
	EXPECT_EQ(-EPERM, t_free(self->fd, ~0ULL));
}

TEST_F(readonly, attaching_gives_no_more_rights)
{
	int fd = t_attach(self->fd, 0);
	struct memmgr_info info;
	struct memmgr_alloc alloc;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_info(fd, &info));
	EXPECT_EQ(MEMMGR_RIGHT_READ, info.out_rights);
	EXPECT_EQ(-EPERM, t_alloc(fd, 16, &alloc));
	EXPECT_EQ(MAP_FAILED, t_map(fd, self->size, RW));
	close(fd);
}

TEST_F(readonly, writable_mapping_is_eacces)
{
	EXPECT_EQ(MAP_FAILED, t_map(self->fd, self->size, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, t_map(self->fd, self->size, PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(readonly, private_mapping_is_refused)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, T_PAGE, PROT_READ, MAP_PRIVATE, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, T_PAGE, RW, MAP_PRIVATE, self->fd, 0));
}

TEST_F(readonly, readable_mapping_shows_what_the_writer_writes)
{
	unsigned char *writer = t_map(self->writer, self->size, RW);
	unsigned char *reader = t_map(self->fd, self->size, PROT_READ);

	ASSERT_NE(MAP_FAILED, writer);
	ASSERT_NE(MAP_FAILED, reader);
	writer[self->size - 1] = 99;
	EXPECT_EQ(99, reader[self->size - 1]);
	writer[self->size - 1] = 0;
}

TEST_F(readonly, mapping_cannot_be_made_writable)
{
	int first[] = { PROT_NONE, PROT_READ };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		unsigned char *at = t_map(self->fd, self->size, first[i]);

		ASSERT_NE(MAP_FAILED, at);
		EXPECT_EQ(-1, mprotect(at, self->size, RW));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(-1, mprotect(at, T_PAGE, PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
		EXPECT_EQ(0, mprotect(at, self->size, PROT_READ));
		EXPECT_EQ(0, at[0]);
	}
}

TEST_F(readonly, mapping_cannot_be_written_through_proc_mem)
{
	unsigned char *at = t_map(self->fd, self->size, PROT_READ);
	int mem = open("/proc/self/mem", O_RDWR);
	unsigned char byte = 0x66;

	ASSERT_NE(MAP_FAILED, at);
	ASSERT_LE(0, mem);
	EXPECT_EQ(-1, pwrite(mem, &byte, 1, (uintptr_t)at));
	EXPECT_EQ(0, at[0]);
	ASSERT_EQ(0, mprotect(at, self->size, PROT_NONE));
	EXPECT_EQ(-1, pwrite(mem, &byte, 1, (uintptr_t)at));
	ASSERT_EQ(0, mprotect(at, self->size, PROT_READ));
	EXPECT_EQ(0, at[0]);
}

TEST_F(readonly, mapping_cannot_be_written_by_a_tracer)
{
	unsigned char *at = t_map(self->fd, self->size, PROT_READ);
	pid_t child;
	int status;

	ASSERT_NE(MAP_FAILED, at);
	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(at[0]);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, child, at, (void *)0x66666666));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, child, NULL, NULL));
	EXPECT_EQ(0, t_reap(child));
}

TEST_F(readonly, mapping_cannot_be_written_by_a_system_call)
{
	unsigned char *at = t_map(self->fd, self->size, PROT_READ);
	int ends[2];

	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(1, write(ends[1], "f", 1));
	EXPECT_EQ(-1, read(ends[0], at, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, at[0]);
}

TEST_F(readonly, reopening_through_proc_gives_no_writer)
{
	struct memmgr_info mine, his;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return;
	/* The device's node leads to the default arena, as it does for all of root. */
	EXPECT_EQ(OPENED, variant->way);
	ASSERT_EQ(0, t_info(self->fd, &mine));
	ASSERT_EQ(0, t_info(fd, &his));
	EXPECT_NE(mine.out_owner, his.out_owner);
	close(fd);
}

TEST_F(readonly, setfl_does_not_change_the_rights)
{
	struct memmgr_alloc alloc;

	fcntl(self->fd, F_SETFL, O_RDWR);
	EXPECT_EQ(-EPERM, t_alloc(self->fd, 16, &alloc));
	EXPECT_EQ(MAP_FAILED, t_map(self->fd, self->size, RW));
}

TEST(write_only_descriptor_is_no_way_to_read)
{
	int fd = t_open(O_WRONLY);

	/* Refused at open, or without the means to map: never a reader. */
	if (fd < 0)
		return;
	EXPECT_EQ(MAP_FAILED, t_map(fd, T_PAGE, PROT_READ));
	EXPECT_EQ(EACCES, errno);
	close(fd);
}

TEST(node_belongs_to_root_alone)
{
	struct stat stat;

	ASSERT_EQ(0, lstat(T_DEVICE, &stat));
	EXPECT_TRUE(S_ISCHR(stat.st_mode));
	EXPECT_EQ(0600, stat.st_mode & 07777);
	EXPECT_EQ(0, stat.st_uid);
}

TEST_HARNESS_MAIN
