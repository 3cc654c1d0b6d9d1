// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters: what they set, and what a bad one says. Loads and unloads
 * the module itself and leaves it as it was found, loaded with the defaults.
 */
#include "module.h"
#include "text.h"

FIXTURE(module)
{
	int kmsg;
};

FIXTURE_SETUP(module)
{
	T_NEEDS_MODULE();
	self->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->kmsg);
	if (t_loaded()) {
		ASSERT_EQ(0, t_unload());
	}
}

FIXTURE_TEARDOWN(module)
{
	if (!t_module())
		return;
	if (t_loaded()) {
		EXPECT_EQ(0, t_unload());
	}
	EXPECT_EQ(0, t_load(""));
	close(self->kmsg);
}

static bool loads_with(const char *params, struct memmgr_info *info)
{
	int fd, ret;

	if (t_load(params))
		return false;
	fd = t_open(O_RDWR);
	ret = fd < 0 ? fd : t_info(fd, info);
	close(fd);
	return !ret;
}

TEST_F(module, defaults_are_as_documented)
{
	struct memmgr_info info;

	T_NEEDS_MODULE();
	ASSERT_TRUE(loads_with("", &info));
	EXPECT_EQ(16 * T_MIB, info.out_arena_size);
	EXPECT_EQ(16, info.out_granule);
	EXPECT_STREQ("first_fit", info.out_arena_engine);
}

TEST_F(module, arena_size_sets_the_default_arenas)
{
	struct {
		const char *params;
		__u64 size;
	} cases[] = {
		{ "arena_size=1048576", T_MIB },
		{ "arena_size=2M", 2 * T_MIB },
		{ "arena_size=64K", 64 * T_KIB },
		{ "arena_size=5000", 8192 },
		{ "arena_size=1", 4096 },
		{ "arena_size=100000 granule=65536", 131072 },
	};
	struct memmgr_info info;

	T_NEEDS_MODULE();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_TRUE(loads_with(cases[i].params, &info));
		EXPECT_EQ(cases[i].size, info.out_arena_size)
			TH_LOG("%s", cases[i].params);
		ASSERT_EQ(0, t_unload());
	}
}

TEST_F(module, granule_sets_the_default_arenas)
{
	struct memmgr_info info;

	T_NEEDS_MODULE();
	for (__u32 granule = MEMMGR_GRANULE_MIN; granule <= MEMMGR_GRANULE_MAX; granule *= 4) {
		char params[64];

		snprintf(params, sizeof(params), "granule=%u arena_size=1M", granule);
		ASSERT_TRUE(loads_with(params, &info));
		EXPECT_EQ(granule, info.out_granule);
		ASSERT_EQ(0, t_unload());
	}
}

TEST_F(module, engine_is_for_all_arenas_that_name_none)
{
	struct memmgr_info info, engines = {};
	char names[32][MEMMGR_ENGINE_NAME_LEN], params[16 + MEMMGR_ENGINE_NAME_LEN];
	__u32 count;
	int fd, arena;

	T_NEEDS_MODULE();
	ASSERT_TRUE(loads_with("", &info));
	fd = t_open(O_RDWR);
	count = info.out_engine_count;
	ASSERT_GE(ARRAY_SIZE(names), count);
	for (engines.engine_index = 0; engines.engine_index < count; engines.engine_index++) {
		ASSERT_EQ(0, t_ioctl(fd, MEMMGR_IOC_INFO, &engines));
		memcpy(names[engines.engine_index], engines.out_engine_name, sizeof(names[0]));
	}
	close(fd);
	ASSERT_EQ(0, t_unload());
	for (__u32 i = 0; i < count; i++) {
		snprintf(params, sizeof(params), "engine=%.15s", names[i]);
		ASSERT_TRUE(loads_with(params, &info));
		EXPECT_STREQ(names[i], info.out_arena_engine);
		arena = t_arena(T_PAGE, 0);
		ASSERT_EQ(0, t_info(arena, &info));
		EXPECT_STREQ(names[i], info.out_arena_engine);
		close(arena);
		ASSERT_EQ(0, t_unload());
	}
}

TEST_F(module, max_arena_size_limits_each_arena)
{
	struct memmgr_info info;

	T_NEEDS_MODULE();
	ASSERT_TRUE(loads_with("arena_size=1M max_arena_size=1M", &info));
	EXPECT_EQ(T_MIB, info.out_max_arena_size);
	EXPECT_EQ(-EDQUOT, t_arena(T_MIB + 1, 0));
	for (int i = 0; i < 3; i++) {
		int fd = t_arena(T_MIB, 0);

		EXPECT_LE(0, fd);
		close(fd);
	}
}

TEST_F(module, max_total_size_limits_all_arenas_together)
{
	struct memmgr_info info;
	int fds[3];

	T_NEEDS_MODULE();
	ASSERT_TRUE(loads_with("arena_size=1M max_total_size=4M", &info));
	EXPECT_EQ(4 * T_MIB, info.out_max_total_size);
	for (int i = 0; i < 3; i++) {
		fds[i] = t_arena(T_MIB, 0);
		EXPECT_LE(0, fds[i]);
	}
	EXPECT_EQ(-EDQUOT, t_arena(1, 0));
	close(fds[0]);
	EXPECT_EQ(-EDQUOT, t_arena(T_MIB + 1, 0));
	fds[0] = t_arena(T_MIB, 0);
	EXPECT_LE(0, fds[0]);
	EXPECT_EQ(-EDQUOT, t_arena(1, 0));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

TEST_F(module, max_arenas_limits_their_number)
{
	struct memmgr_info info;
	int fds[9];

	T_NEEDS_MODULE();
	ASSERT_TRUE(loads_with("max_arenas=10", &info));
	EXPECT_EQ(10, info.out_max_arenas);
	for (int i = 0; i < 9; i++) {
		fds[i] = t_arena(1, 0);
		EXPECT_LE(0, fds[i]);
	}
	EXPECT_EQ(-EDQUOT, t_arena(1, 0));
	close(fds[4]);
	fds[4] = t_arena(1, 0);
	EXPECT_LE(0, fds[4]);
	EXPECT_EQ(-EDQUOT, t_arena(1, 0));
	for (int i = 0; i < 9; i++)
		close(fds[i]);
}

TEST_F(module, max_arenas_of_one_leaves_the_default_arena)
{
	struct memmgr_info info;

	T_NEEDS_MODULE();
	ASSERT_TRUE(loads_with("max_arenas=1", &info));
	EXPECT_EQ(-EDQUOT, t_arena(1, 0));
}

TEST_F(module, parameters_can_be_read_and_not_written)
{
	const char *names[] = { "arena_size", "granule", "engine", "max_arena_size",
				"max_total_size", "max_arenas" };
	struct memmgr_info info;
	char path[128], *text;

	T_NEEDS_MODULE();
	ASSERT_TRUE(loads_with("arena_size=2M", &info));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct stat stat;

		snprintf(path, sizeof(path), T_MODULE "/parameters/%s", names[i]);
		ASSERT_EQ(0, lstat(path, &stat));
		EXPECT_EQ(0, stat.st_mode & 0222);
		text = t_read(path, 4096);
		ASSERT_NE(NULL, text);
		if (!i) {
			EXPECT_EQ(2 * T_MIB, strtoull(text, NULL, 0));
		}
		free(text);
	}
}

/* Error messages since the last look that name @parameter. */
static int complaints(int kmsg, const char *parameter)
{
	char record[4096];
	int count = 0;
	ssize_t len;

	while ((len = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[len] = '\0';
		if (record[0] == '3' && record[1] == ',' && strstr(record, ";memmgr: ") &&
		    strstr(record, parameter))
			count++;
	}
	return count;
}

static const struct {
	const char *params;
	const char *named;
	int error;
} refused[] = {
	{ "arena_size=0", "arena_size", -EINVAL },
	{ "arena_size=", "arena_size", -EINVAL },
	{ "arena_size=abc", "arena_size", -EINVAL },
	{ "arena_size=-1", "arena_size", -EINVAL },
	{ "arena_size=12x", "arena_size", -EINVAL },
	{ "arena_size=1MM", "arena_size", -EINVAL },
	{ "arena_size=1048577 max_arena_size=1M", "arena_size", -EINVAL },
	{ "arena_size=8G max_total_size=8G", "arena_size", -ENOMEM },
	{ "granule=0", "granule", -EINVAL },
	{ "granule=1", "granule", -EINVAL },
	{ "granule=8", "granule", -EINVAL },
	{ "granule=17", "granule", -EINVAL },
	{ "granule=48", "granule", -EINVAL },
	{ "granule=131072", "granule", -EINVAL },
	{ "granule=x", "granule", -EINVAL },
	{ "granule=4294967312", "granule", -EINVAL },
	{ "engine=", "engine", -EINVAL },
	{ "engine=nonesuch", "engine", -EINVAL },
	{ "engine=first_fit_", "engine", -EINVAL },
	{ "reserve=64K", "reserve", -EINVAL },
	{ "reserve=x engine=ebuddy", "reserve", -EINVAL },
	{ "reserve=16M engine=ebuddy", "reserve", -EINVAL },
	{ "max_arenas=0", "max_arenas", -EINVAL },
	{ "max_arenas=-1", "max_arenas", -EINVAL },
	{ "max_arenas=many", "max_arenas", -EINVAL },
	{ "max_arena_size=lots", "max_arena_size", -EINVAL },
	{ "max_arena_size=2M max_total_size=1M arena_size=64K", "max_arena_size", -EINVAL },
	{ "max_total_size=-5", "max_total_size", -EINVAL },
};

TEST_F(module, bad_parameters_refuse_to_load_and_are_named)
{
	T_NEEDS_MODULE();
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		int ret;

		lseek(self->kmsg, 0, SEEK_END);
		ret = t_load(refused[i].params);
		EXPECT_EQ(refused[i].error, ret)
			TH_LOG("%s", refused[i].params);
		EXPECT_LT(0, complaints(self->kmsg, refused[i].named))
			TH_LOG("nothing said about %s", refused[i].params);
		EXPECT_FALSE(t_loaded());
		EXPECT_EQ(-1, access(T_DEVICE, F_OK));
		EXPECT_EQ(-1, access(T_DEBUGFS "/memmgr", F_OK));
		if (!ret)
			t_unload();
	}
}

TEST_F(module, sizes_beyond_64_bits_are_refused)
{
	const char *beyond[] = { "arena_size=18446744073709551617", "arena_size=17179869185G",
				 "max_total_size=18446744073709551615G" };

	T_NEEDS_MODULE();
	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		EXPECT_EQ(-EINVAL, t_load(beyond[i]))
			TH_LOG("%s", beyond[i]);
		if (t_loaded()) {
			ASSERT_EQ(0, t_unload());
		}
	}
}

TEST_HARNESS_MAIN
