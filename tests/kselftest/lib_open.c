// SPDX-License-Identifier: GPL-2.0
/* libmemmgr: opening, creating, attaching, receiving and closing arenas. */
#include "lib_test.h"

#include <sys/wait.h>

TEST(open_gives_the_default_arena)
{
	struct memmgr *m = memmgr_open(NULL, 0);
	struct memmgr_info info;

	ASSERT_NE(NULL, m);
	EXPECT_EQ(0, memmgr_info(m, &info));
	EXPECT_EQ(info.out_arena_size, memmgr_size(m));
	EXPECT_EQ(MEMMGR_RIGHT_READ | MEMMGR_RIGHT_WRITE, info.out_rights);
	memmgr_close(m);
}

TEST(open_takes_a_path)
{
	struct memmgr *m = memmgr_open(MEMMGR_DEVICE, MEMMGR_READONLY);

	ASSERT_NE(NULL, m);
	memmgr_close(m);
}

TEST(create_gives_what_was_asked_for)
{
	const struct memmgr_config config = {
		.size = 3 * T_PAGE + 1,
		.granule = 64,
		.engine = "first_fit",
		.name = "a name",
	};
	struct memmgr *m = memmgr_create(NULL, &config);
	struct memmgr_info info;

	ASSERT_NE(NULL, m);
	EXPECT_EQ(4 * T_PAGE, memmgr_size(m));
	EXPECT_EQ(0, memmgr_info(m, &info));
	EXPECT_EQ(64, info.out_granule);
	EXPECT_STREQ("first_fit", info.out_arena_engine);
	EXPECT_STREQ("a name", info.out_arena_name);
	memmgr_close(m);
}

TEST(create_that_fails_says_why_and_leaks_nothing)
{
	struct memmgr_config config = {};
	int fds = t_open_fds();

	EXPECT_FAILS(EINVAL, !memmgr_create(NULL, &config));
	config.size = T_PAGE;
	config.flags = 1;
	EXPECT_FAILS(EINVAL, !memmgr_create(NULL, &config));
	config.flags = 0;
	config.granule = 24;
	EXPECT_FAILS(EINVAL, !memmgr_create(NULL, &config));
	config.granule = 0;
	config.engine = "no such engine";
	EXPECT_FAILS(ENOENT, !memmgr_create(NULL, &config));
	config.engine = NULL;
	config.name = "line\nbreak";
	EXPECT_FAILS(EINVAL, !memmgr_create(NULL, &config));
	config.name = NULL;
	config.size = 1ULL << 40;
	config.granule = MEMMGR_GRANULE_MAX;
	EXPECT_FAILS(EDQUOT, !memmgr_create(NULL, &config));
	EXPECT_EQ(fds, t_open_fds());
}

TEST(success_leaves_errno_alone)
{
	struct memmgr *m;

	errno = EXDEV;
	m = l_create(T_PAGE, 0);
	EXPECT_EQ(EXDEV, errno);
	memmgr_close(m);
	EXPECT_EQ(EXDEV, errno);
}

TEST(engines_have_names_up_to_their_number)
{
	struct memmgr *m = memmgr_open(NULL, MEMMGR_READONLY);
	char name[MEMMGR_ENGINE_NAME_LEN];
	struct memmgr_info info;
	unsigned int i;

	ASSERT_NE(NULL, m);
	ASSERT_EQ(0, memmgr_info(m, &info));
	for (i = 0; i < info.out_engine_count; i++) {
		EXPECT_EQ(0, memmgr_engine_name(m, i, name));
		EXPECT_NE('\0', name[0]);
	}
	EXPECT_FAILS(ENOENT, memmgr_engine_name(m, i, name));
	EXPECT_FAILS(ENOENT, memmgr_engine_name(m, ~0U, name));
	memmgr_close(m);
}

TEST_F(arena, base_is_aligned)
{
	struct memmgr *more[4];
	int i;

	EXPECT_EQ(0, (uintptr_t)memmgr_base(self->m) % MEMMGR_ALIGN_MAX);
	for (i = 0; i < 4; i++) {
		more[i] = memmgr_attach(self->m, 0);
		ASSERT_NE(NULL, more[i]);
		EXPECT_EQ(0, (uintptr_t)memmgr_base(more[i]) % MEMMGR_ALIGN_MAX);
	}
	for (i = 0; i < 4; i++)
		memmgr_close(more[i]);
}

TEST_F(arena, nothing_but_the_arena_stays_mapped)
{
	long before = t_lines("/proc/self/maps");
	struct memmgr *m = memmgr_attach(self->m, 0);

	ASSERT_NE(NULL, m);
	EXPECT_GE(before + 1, t_lines("/proc/self/maps"));
	memmgr_close(m);
	EXPECT_EQ(before, t_lines("/proc/self/maps"));
}

TEST_F(arena, attach_is_another_owner_on_the_same_memory)
{
	struct memmgr *other = memmgr_attach(self->m, 0);
	struct memmgr_info mine, its;
	char *ptr;

	ASSERT_NE(NULL, other);
	EXPECT_EQ(0, memmgr_info(self->m, &mine));
	EXPECT_EQ(0, memmgr_info(other, &its));
	EXPECT_EQ(mine.out_arena_id, its.out_arena_id);
	EXPECT_NE(mine.out_owner, its.out_owner);

	ptr = memmgr_alloc(other, 10, 0);
	ASSERT_NE(NULL, ptr);
	strcpy(ptr, "shared");
	EXPECT_STREQ("shared", (char *)memmgr_at(self->m, memmgr_offset(other, ptr)));
	memmgr_close(other);
	EXPECT_EQ(0, l_blocks(self->m));
}

TEST_F(arena, close_frees_blocks_but_keeps_those_with_keep)
{
	struct memmgr *other = memmgr_attach(self->m, 0);
	uint64_t kept;

	ASSERT_NE(NULL, other);
	EXPECT_NE(NULL, memmgr_alloc(other, 10, 0));
	kept = memmgr_handle(other, memmgr_aligned_alloc(other, 0, 10, 0, MEMMGR_KEEP));
	EXPECT_NE(0, kept);
	memmgr_close(other);
	EXPECT_EQ(1, l_blocks(self->m));
	EXPECT_EQ(0, memmgr_free(self->m, memmgr_pointer(self->m, kept)));
}

TEST_F(arena, attach_with_unknown_flags_is_einval)
{
	EXPECT_FAILS(EINVAL, !memmgr_attach(self->m, 2));
}

TEST_F(arena, readonly_looks_but_does_not_touch)
{
	struct memmgr *look = memmgr_attach(self->m, MEMMGR_READONLY);
	struct memmgr_validate valid;
	struct memmgr_alloc want = { .size = 1 };
	struct memmgr_realloc again = { .size = 1 };
	struct memmgr_stat stat;
	uint32_t tag;
	char *ptr, *seen;

	ASSERT_NE(NULL, look);
	ptr = memmgr_alloc(self->m, 100, 5);
	ASSERT_NE(NULL, ptr);
	strcpy(ptr, "read this");
	seen = memmgr_pointer(look, memmgr_handle(self->m, ptr));
	ASSERT_NE(NULL, seen);

	EXPECT_STREQ("read this", seen);
	EXPECT_EQ(0, memmgr_tag(look, seen, &tag));
	EXPECT_EQ(5, tag);
	EXPECT_LE(100, memmgr_usable_size(look, seen));
	EXPECT_EQ(0, memmgr_stat(look, &stat));
	EXPECT_EQ(0, memmgr_validate(look, &valid));

	again.handle = memmgr_handle(look, seen);
	EXPECT_FAILS(EPERM, !memmgr_alloc(look, 1, 0));
	EXPECT_FAILS(EPERM, !memmgr_calloc(look, 1, 1, 0));
	EXPECT_FAILS(EPERM, !memmgr_aligned_alloc(look, 64, 1, 0, 0));
	EXPECT_FAILS(EPERM, !memmgr_realloc(look, seen, 1));
	EXPECT_FAILS(EPERM, !memmgr_realloc(look, NULL, 1));
	EXPECT_FAILS(EPERM, memmgr_free(look, seen));
	EXPECT_FAILS(EPERM, memmgr_free(look, seen + 1));
	EXPECT_FAILS(EPERM, memmgr_block_alloc(look, &want));
	EXPECT_FAILS(EPERM, memmgr_block_realloc(look, &again));
	EXPECT_FAILS(EPERM, memmgr_block_free(look, again.handle));
	EXPECT_EQ(0, memmgr_free(look, NULL));

	EXPECT_EQ(0, memmgr_free(self->m, ptr));
	memmgr_close(look);
}

TEST_F(arena, attached_to_readonly_is_readonly)
{
	struct memmgr *look = memmgr_attach(self->m, MEMMGR_READONLY);
	struct memmgr *more = look ? memmgr_attach(look, 0) : NULL;

	ASSERT_NE(NULL, more);
	EXPECT_FAILS(EPERM, !memmgr_alloc(more, 1, 0));
	memmgr_close(more);
	memmgr_close(look);
}

TEST_F_SIGNAL(arena, write_to_a_readonly_mapping_faults, SIGSEGV)
{
	struct memmgr *look = memmgr_attach(self->m, MEMMGR_READONLY);

	ASSERT_NE(NULL, look);
	*(volatile char *)memmgr_base(look) = 1;
}

TEST_F(arena, from_fd_takes_the_descriptor_over)
{
	int fd = dup(memmgr_fd(self->m));
	struct memmgr *again = memmgr_from_fd(fd);
	void *ptr;

	ASSERT_NE(NULL, again);
	EXPECT_EQ(fd, memmgr_fd(again));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ptr = memmgr_alloc(again, 1, 0);
	EXPECT_NE(NULL, ptr);
	memmgr_close(again);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));

	/* It was a duplicate, so the owner, and its block, live on. */
	EXPECT_EQ(1, l_blocks(self->m));
}

TEST(from_fd_of_a_descriptor_for_writing_is_eacces)
{
	int fd = open(MEMMGR_DEVICE, O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(NULL, memmgr_from_fd(fd));
	EXPECT_TRUE(errno == EACCES || errno == EPERM);
	EXPECT_EQ(0, close(fd));
}

TEST_F(arena, descriptors_are_closed_on_exec)
{
	struct memmgr *other = memmgr_attach(self->m, 0);
	struct memmgr *device = memmgr_open(NULL, 0);

	ASSERT_NE(NULL, other);
	ASSERT_NE(NULL, device);
	EXPECT_EQ(FD_CLOEXEC, fcntl(memmgr_fd(self->m), F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(memmgr_fd(other), F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(memmgr_fd(device), F_GETFD));
	memmgr_close(device);
	memmgr_close(other);
}

TEST_F(arena, child_inherits_its_parents_owner)
{
	char *ptr = memmgr_alloc(self->m, 100, 0);
	pid_t child;

	ASSERT_NE(NULL, ptr);
	child = fork();
	if (!child) {
		strcpy(ptr, "from the child");
		T_CHILD_NEEDS(memmgr_alloc(self->m, 50, 1));
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(child));
	EXPECT_STREQ("from the child", ptr);
	EXPECT_EQ(2, l_blocks(self->m));
}

TEST_F(arena, blocks_of_a_child_that_attaches_end_with_it)
{
	pid_t child = fork();

	if (!child) {
		struct memmgr *own = memmgr_attach(self->m, 0);

		T_CHILD_NEEDS(own && memmgr_alloc(own, 100, 0));
		T_CHILD_NEEDS(l_blocks(own) == 1);
		raise(SIGKILL);
	}
	EXPECT_EQ(T_KILLED, t_reap(child));
	EXPECT_TRUE(T_EVENTUALLY(!l_blocks(self->m)));
}

TEST_F(arena, stat_and_validate_agree)
{
	struct memmgr_validate valid;
	struct memmgr_stat stat;

	ASSERT_NE(NULL, memmgr_alloc(self->m, 1000, 0));
	EXPECT_EQ(0, memmgr_stat(self->m, &stat));
	EXPECT_EQ(0, memmgr_validate(self->m, &valid));
	EXPECT_EQ(1, stat.out_blocks);
	EXPECT_EQ(1, valid.out_blocks);
	EXPECT_EQ(stat.out_used, valid.out_used);
	EXPECT_EQ(1, valid.out_complete);
}

TEST_HARNESS_MAIN
