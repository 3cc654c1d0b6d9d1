// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_INFO, MEMMGR_IOC_ARENA_CREATE and MEMMGR_IOC_ATTACH: making arenas,
 * what they tell of themselves, and that they have nothing to do with each other.
 */
#include "memmgr_test.h"

#include <sys/resource.h>

FIXTURE(device)
{
	int fd;
	struct memmgr_info info;
	struct memmgr_arena_create create;
};

FIXTURE_SETUP(device)
{
	self->fd = t_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, t_info(self->fd, &self->info));
	self->create = (struct memmgr_arena_create){ .size = 64 * T_KIB };
}

FIXTURE_TEARDOWN(device)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

static int create(FIXTURE_DATA(device) *self)
{
	return t_ioctl(self->fd, MEMMGR_IOC_ARENA_CREATE, &self->create);
}

/* ---- INFO ---- */

TEST_F(device, default_arena_is_as_the_module_was_loaded)
{
	EXPECT_EQ(16 * T_MIB, self->info.out_arena_size);
	EXPECT_EQ(16, self->info.out_granule);
	EXPECT_STREQ("first_fit", self->info.out_arena_engine);
	EXPECT_EQ(MEMMGR_RIGHT_READ | MEMMGR_RIGHT_WRITE, self->info.out_rights);
	EXPECT_NE(0, self->info.out_owner);
}

TEST_F(device, limits_admit_the_default_arena)
{
	EXPECT_LE(self->info.out_arena_size, self->info.out_max_arena_size);
	EXPECT_LE(self->info.out_max_arena_size, self->info.out_max_total_size);
	EXPECT_LE(2, self->info.out_max_arenas);
}

TEST_F(device, every_documented_command_exists)
{
	EXPECT_EQ((1ULL << 13) - 1, self->info.out_commands);
	EXPECT_EQ(0, self->info.out_features & ~(MEMMGR_FEATURE_MEMCG | MEMMGR_FEATURE_TRACE));
}

TEST_F(device, every_open_is_an_owner_of_its_own)
{
	struct memmgr_info other;
	int fd = t_open(O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_info(fd, &other));
	EXPECT_NE(self->info.out_owner, other.out_owner);
	EXPECT_EQ(self->info.out_arena_id, other.out_arena_id);
}

TEST_F(device, engines_are_listed_by_index)
{
	struct memmgr_info info = {};
	bool found = false;

	EXPECT_LE(1, self->info.out_engine_count);
	for (info.engine_index = 0; info.engine_index < self->info.out_engine_count;
	     info.engine_index++) {
		ASSERT_EQ(0, t_ioctl(self->fd, MEMMGR_IOC_INFO, &info));
		EXPECT_NE('\0', info.out_engine_name[0]);
		EXPECT_EQ('\0', info.out_engine_name[MEMMGR_ENGINE_NAME_LEN - 1]);
		found |= !strcmp(info.out_engine_name, "first_fit");
	}
	EXPECT_TRUE(found);
}

TEST_F(device, past_the_last_engine_there_is_none)
{
	__u32 past[] = { self->info.out_engine_count, self->info.out_engine_count + 1, 1U << 31,
			 ~0U };

	for (size_t i = 0; i < ARRAY_SIZE(past); i++) {
		struct memmgr_info info = { .engine_index = past[i] };

		EXPECT_EQ(0, t_ioctl(self->fd, MEMMGR_IOC_INFO, &info));
		EXPECT_TRUE(t_all((unsigned char *)info.out_engine_name, 0,
				  MEMMGR_ENGINE_NAME_LEN));
	}
}

TEST_F(device, every_engine_makes_an_arena_that_works)
{
	struct memmgr_info info = {};

	for (__u32 i = 0; i < self->info.out_engine_count; i++) {
		__u64 handle;

		info.engine_index = i;
		ASSERT_EQ(0, t_ioctl(self->fd, MEMMGR_IOC_INFO, &info));
		memcpy(self->create.engine, info.out_engine_name, MEMMGR_ENGINE_NAME_LEN);
		ASSERT_EQ(0, create(self));
		handle = t_block(self->create.out_fd, 1000, 0, 0);
		EXPECT_NE(0, handle);
		EXPECT_EQ(0, t_free(self->create.out_fd, handle));
		EXPECT_STREQ("", t_remains(self->create.out_fd));
		close(self->create.out_fd);
	}
}

/* ---- ARENA_CREATE ---- */

TEST_F(device, new_arena_is_as_asked)
{
	struct memmgr_info info;

	self->create.size = 3 * T_PAGE;
	self->create.granule = 64;
	strcpy(self->create.engine, "first_fit");
	strcpy(self->create.name, "a name, with (signs) & 1 space");
	ASSERT_EQ(0, create(self));
	EXPECT_EQ(3 * T_PAGE, self->create.out_size);
	ASSERT_EQ(0, t_info(self->create.out_fd, &info));
	EXPECT_EQ(3 * T_PAGE, info.out_arena_size);
	EXPECT_EQ(64, info.out_granule);
	EXPECT_STREQ("first_fit", info.out_arena_engine);
	EXPECT_STREQ("a name, with (signs) & 1 space", info.out_arena_name);
	EXPECT_EQ(self->create.out_arena_id, info.out_arena_id);
	EXPECT_NE(self->info.out_arena_id, info.out_arena_id);
	EXPECT_EQ(MEMMGR_RIGHT_READ | MEMMGR_RIGHT_WRITE, info.out_rights);
	EXPECT_STREQ("", t_remains(self->create.out_fd));
}

TEST_F(device, longest_names_are_kept)
{
	struct memmgr_info info;

	memset(self->create.name, 'n', MEMMGR_ARENA_NAME_LEN - 1);
	ASSERT_EQ(0, create(self));
	ASSERT_EQ(0, t_info(self->create.out_fd, &info));
	EXPECT_STREQ(self->create.name, info.out_arena_name);
}

TEST_F(device, sizes_are_rounded_up_to_pages_and_granules)
{
	struct {
		__u64 size;
		__u32 granule;
		__u64 got;
	} cases[] = {
		{ 1, 0, T_PAGE },
		{ T_PAGE, 0, T_PAGE },
		{ T_PAGE + 1, 0, 2 * T_PAGE },
		{ 5 * T_PAGE - 1, 16, 5 * T_PAGE },
		{ 1, 8192, 8192 },
		{ 8193, 8192, 16384 },
		{ 1, 65536, 65536 },
		{ 65537, 65536, 131072 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		self->create.size = cases[i].size;
		self->create.granule = cases[i].granule;
		ASSERT_EQ(0, create(self));
		EXPECT_EQ(cases[i].got, self->create.out_size);
		EXPECT_STREQ("", t_remains(self->create.out_fd));
		close(self->create.out_fd);
	}
}

TEST_F(device, size_zero_is_einval)
{
	self->create.size = 0;
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(device, granule_out_of_range_is_einval)
{
	__u32 bad[] = { 1, 2, 8, 15, 17, 24, 48, 4095, 65537, 131072, 1U << 31, ~0U };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		self->create.granule = bad[i];
		EXPECT_EQ(-EINVAL, create(self))
			TH_LOG("granule %u", bad[i]);
	}
}

TEST_F(device, every_granule_in_range_works)
{
	for (__u32 granule = MEMMGR_GRANULE_MIN; granule <= MEMMGR_GRANULE_MAX; granule *= 2) {
		struct memmgr_alloc alloc;

		self->create.granule = granule;
		self->create.size = 3 * MEMMGR_GRANULE_MAX;
		ASSERT_EQ(0, create(self));
		ASSERT_EQ(0, t_alloc(self->create.out_fd, 1, &alloc));
		EXPECT_EQ(granule, alloc.out_usable);
		close(self->create.out_fd);
	}
}

TEST_F(device, unknown_engine_is_enoent)
{
	const char *unknown[] = { "x", "first_fi", "first_fits", "FIRST_FIT", " first_fit",
				  "../first_fit", "fifteen_letters" };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		memset(self->create.engine, 0, MEMMGR_ENGINE_NAME_LEN);
		memcpy(self->create.engine, unknown[i], strlen(unknown[i]));
		EXPECT_EQ(-ENOENT, create(self))
			TH_LOG("engine '%s'", unknown[i]);
	}
}

TEST_F(device, unterminated_names_are_einval)
{
	memset(self->create.engine, 'e', MEMMGR_ENGINE_NAME_LEN);
	EXPECT_EQ(-EINVAL, create(self));
	memset(self->create.engine, 0, MEMMGR_ENGINE_NAME_LEN);
	memset(self->create.name, 'n', MEMMGR_ARENA_NAME_LEN);
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(device, bytes_behind_the_end_of_a_name_are_einval)
{
	strcpy(self->create.engine, "first_fit");
	self->create.engine[MEMMGR_ENGINE_NAME_LEN - 1] = 'x';
	EXPECT_EQ(-EINVAL, create(self));
	memset(self->create.engine, 0, MEMMGR_ENGINE_NAME_LEN);
	self->create.name[1] = 'x';
	EXPECT_EQ(-EINVAL, create(self));
}

TEST_F(device, unprintable_names_are_einval)
{
	for (int c = 1; c < 128; c++) {
		int ret;

		memset(self->create.name, 0, MEMMGR_ARENA_NAME_LEN);
		self->create.name[0] = 'a';
		self->create.name[1] = c;
		self->create.name[2] = 'b';
		ret = create(self);
		EXPECT_EQ(c < ' ' || c == 127 ? -EINVAL : 0, ret)
			TH_LOG("character %d", c);
		if (!ret)
			close(self->create.out_fd);
	}
}

TEST_F(device, larger_than_the_limit_is_edquot)
{
	__u64 sizes[] = { self->info.out_max_arena_size + 1, 1ULL << 48, 1ULL << 63,
			  ~0ULL - 65535, ~0ULL - 4095, ~0ULL };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->create.size = sizes[i];
		EXPECT_EQ(-EDQUOT, create(self))
			TH_LOG("size %#llx", (unsigned long long)sizes[i]);
	}
}

TEST_F(device, failure_is_told_with_zeros)
{
	memset(&self->create.out_size, 0xff, sizeof(self->create) -
	       offsetof(struct memmgr_arena_create, out_size));
	strcpy(self->create.engine, "nonesuch");
	EXPECT_EQ(-ENOENT, create(self));
	EXPECT_EQ(0, self->create.out_size);
	EXPECT_EQ(0, self->create.out_arena_id);
	EXPECT_EQ(0, self->create.out_fd);
}

TEST_F(device, failures_leave_no_arena_and_no_descriptor)
{
	int fds = t_open_fds();
	long arenas = t_arenas();

	strcpy(self->create.engine, "nonesuch");
	EXPECT_EQ(-ENOENT, create(self));
	memset(self->create.engine, 0, MEMMGR_ENGINE_NAME_LEN);
	self->create.size = ~0ULL;
	EXPECT_EQ(-EDQUOT, create(self));
	EXPECT_EQ(fds, t_open_fds());
	EXPECT_EQ(arenas, t_arenas());
}

TEST_F(device, descriptors_are_closed_on_exec)
{
	int attached;

	ASSERT_EQ(0, create(self));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->create.out_fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->create.out_fd, F_GETFL) & O_ACCMODE);
	attached = t_attach(self->create.out_fd, 0);
	ASSERT_LE(0, attached);
	EXPECT_EQ(FD_CLOEXEC, fcntl(attached, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(attached, F_GETFL) & O_ACCMODE);
}

TEST_F(device, no_free_descriptor_is_emfile_and_leaves_nothing)
{
	struct rlimit limit, none = {};
	long arenas = t_arenas();
	struct t_state before, after;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none.rlim_max = limit.rlim_max;
	before = t_state(self->fd);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, create(self));
	EXPECT_EQ(-EMFILE, t_attach(self->fd, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	after = t_state(self->fd);
	EXPECT_TRUE(t_same_state(&before, &after));
	EXPECT_EQ(arenas, t_arenas());
}

TEST_F(device, arena_ends_with_its_last_descriptor)
{
	long arenas = t_arenas();
	int attached, copy;

	ASSERT_EQ(0, create(self));
	attached = t_attach(self->create.out_fd, 0);
	copy = dup(attached);
	EXPECT_EQ(arenas + 1, t_arenas());
	close(self->create.out_fd);
	EXPECT_NE(0, t_block(attached, 100, 0, 0));
	close(attached);
	EXPECT_EQ(arenas + 1, t_arenas());
	EXPECT_NE(0, t_block(copy, 100, 0, 0));
	close(copy);
	EXPECT_EQ(arenas, t_arenas());
}

TEST_F(device, arenas_do_not_see_each_other)
{
	int a = t_create(self->fd, 64 * T_KIB, 0);
	int b = t_create(self->fd, 64 * T_KIB, 0);
	unsigned char *at_a = t_map(a, 64 * T_KIB, PROT_READ | PROT_WRITE);
	unsigned char *at_b = t_map(b, 64 * T_KIB, PROT_READ | PROT_WRITE);
	struct t_state before = t_state(b), after;
	__u64 handle = t_block(a, 1000, 0, 0);

	ASSERT_NE(0, handle);
	memset(at_a, 0xaa, 64 * T_KIB);
	after = t_state(b);
	EXPECT_TRUE(t_same_state(&before, &after));
	EXPECT_TRUE(t_all(at_b, 0, 64 * T_KIB));
	EXPECT_EQ(-ENOENT, t_free(b, handle));
	EXPECT_EQ(0, t_free(a, handle));
}

/* ---- ATTACH ---- */

TEST_F(device, attached_descriptor_is_an_owner_on_the_same_arena)
{
	struct memmgr_attach attach = {};
	struct memmgr_info mine, his;
	struct memmgr_block block;
	__u64 handle;

	ASSERT_EQ(0, create(self));
	ASSERT_EQ(0, t_ioctl(self->create.out_fd, MEMMGR_IOC_ATTACH, &attach));
	ASSERT_EQ(0, t_info(self->create.out_fd, &mine));
	ASSERT_EQ(0, t_info(attach.out_fd, &his));
	EXPECT_EQ(mine.out_arena_id, his.out_arena_id);
	EXPECT_NE(mine.out_owner, his.out_owner);
	EXPECT_EQ(attach.out_owner, his.out_owner);

	handle = t_block(attach.out_fd, 100, 0, 0);
	ASSERT_EQ(0, t_query(self->create.out_fd, handle, &block));
	EXPECT_EQ(his.out_owner, block.owner);
}

TEST_F(device, owner_numbers_are_not_used_again_soon)
{
	struct memmgr_attach attach = {};
	__u32 last = 0;

	ASSERT_EQ(0, create(self));
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, t_ioctl(self->create.out_fd, MEMMGR_IOC_ATTACH, &attach));
		EXPECT_NE(0, attach.out_owner);
		EXPECT_NE(last, attach.out_owner);
		last = attach.out_owner;
		close(attach.out_fd);
	}
}

TEST_F(device, many_owners_share_an_arena)
{
	struct memmgr_stat stat;
	int fds[200];

	ASSERT_EQ(0, create(self));
	for (int i = 0; i < 200; i++) {
		fds[i] = t_attach(self->create.out_fd, 0);
		ASSERT_LE(0, fds[i]);
		ASSERT_NE(0, t_block(fds[i], 16, i, 0));
	}
	ASSERT_EQ(0, t_stat(self->create.out_fd, &stat));
	EXPECT_EQ(201, stat.out_owners);
	EXPECT_EQ(200, stat.out_blocks);
	for (int i = 0; i < 200; i++)
		close(fds[i]);
	ASSERT_EQ(0, t_stat(self->create.out_fd, &stat));
	EXPECT_EQ(1, stat.out_owners);
	EXPECT_STREQ("", t_remains(self->create.out_fd));
}

TEST_HARNESS_MAIN
