// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_STAT and MEMMGR_IOC_VALIDATE: the figures are exact when nobody is
 * at work, and validation finds nothing wrong whether somebody is or not.
 */
#include "memmgr_test.h"

FIXTURE(arena)
{
	int fd;
	struct memmgr_stat stat;
	struct memmgr_validate check;
};

FIXTURE_SETUP(arena)
{
	self->fd = t_arena(T_MIB, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(arena)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

TEST_F(arena, a_new_arena_is_one_hole)
{
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(T_MIB, self->stat.out_size);
	EXPECT_EQ(T_MIB, self->stat.out_free);
	EXPECT_EQ(T_MIB, self->stat.out_largest);
	EXPECT_EQ(1, self->stat.out_owners);
	EXPECT_LT(0, self->stat.out_metadata);
	self->stat.out_size = self->stat.out_free = self->stat.out_largest = 0;
	self->stat.out_owners = self->stat.out_epoch = 0;
	self->stat.out_metadata = 0;
	EXPECT_TRUE(t_all((unsigned char *)&self->stat, 0, sizeof(self->stat)));
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(arena, every_figure_follows_every_call)
{
	struct memmgr_realloc re;
	__u64 a, b;

	a = t_block(self->fd, 100, 0, 0); /* 112 bytes */
	b = t_block(self->fd, 16, 0, 0); /* 16 bytes, and in the way of a */
	ASSERT_NE(0, t_block(self->fd, 5000, 0, MEMMGR_POLICY_KEEP)); /* 5008 bytes */
	ASSERT_EQ(0, t_realloc(self->fd, a, 200, 0, &re)); /* 208 bytes, moved */
	ASSERT_EQ(0, t_realloc(self->fd, a, 150, 0, &re)); /* 160 bytes, in place */
	ASSERT_EQ(0, t_free(self->fd, b));
	ASSERT_EQ(-ENOMEM, t_realloc(self->fd, a, 2 * T_MIB, 0, &re));

	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(160 + 5008, self->stat.out_used);
	EXPECT_EQ(150 + 5000, self->stat.out_requested);
	EXPECT_EQ(T_MIB - 160 - 5008, self->stat.out_free);
	EXPECT_EQ(0, self->stat.out_pending);
	EXPECT_EQ(2, self->stat.out_blocks);
	EXPECT_EQ(0, self->stat.out_orphans);
	EXPECT_EQ(0, self->stat.out_orphan_bytes);
	EXPECT_EQ(3, self->stat.out_allocs);
	EXPECT_EQ(1, self->stat.out_frees);
	EXPECT_EQ(2, self->stat.out_reallocs);
	EXPECT_EQ(1, self->stat.out_moves);
	EXPECT_EQ(1, self->stat.out_failures);
	EXPECT_EQ(0, self->stat.out_broken);
	EXPECT_EQ(2, self->stat.out_owner_blocks);
	EXPECT_EQ(160 + 5008, self->stat.out_owner_bytes);
	EXPECT_LE(208 + 16 + 5008, self->stat.out_peak);
	EXPECT_GE(112 + 208 + 16 + 5008, self->stat.out_peak);
}

TEST_F(arena, peak_stays_when_blocks_go)
{
	__u64 big = t_block(self->fd, T_MIB / 2, 0, 0);

	ASSERT_NE(0, big);
	ASSERT_EQ(0, t_free(self->fd, big));
	ASSERT_NE(0, t_block(self->fd, 16, 0, 0));
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(T_MIB / 2, self->stat.out_peak);
	EXPECT_EQ(16, self->stat.out_used);
}

TEST_F(arena, largest_is_the_largest_hole)
{
	struct memmgr_alloc alloc;
	__u64 handle[64] = {};

	for (int i = 0; i < 64; i++) {
		ASSERT_EQ(0, t_alloc(self->fd, T_MIB / 64, &alloc));
		handle[alloc.out_offset / (T_MIB / 64)] = alloc.out_handle;
	}
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(0, self->stat.out_largest);
	for (int holes = 1; holes <= 8; holes++) {
		for (int i = 0; i < holes; i++) {
			ASSERT_EQ(0, t_free(self->fd, handle[holes * (holes - 1) / 2 + holes + i]));
		}
		ASSERT_EQ(0, t_stat(self->fd, &self->stat));
		EXPECT_EQ(holes * T_MIB / 64, self->stat.out_largest);
	}
}

TEST_F(arena, owner_figures_are_the_askers)
{
	int other = t_attach(self->fd, 0);

	ASSERT_LE(0, other);
	for (int i = 0; i < 5; i++) {
		ASSERT_NE(0, t_block(self->fd, 100, 0, 0));
	}
	for (int i = 0; i < 3; i++) {
		ASSERT_NE(0, t_block(other, 1000, 0, 0));
	}
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(5, self->stat.out_owner_blocks);
	EXPECT_EQ(5 * 112, self->stat.out_owner_bytes);
	ASSERT_EQ(0, t_stat(other, &self->stat));
	EXPECT_EQ(3, self->stat.out_owner_blocks);
	EXPECT_EQ(3 * 1008, self->stat.out_owner_bytes);
	EXPECT_EQ(8, self->stat.out_blocks);
	EXPECT_EQ(2, self->stat.out_owners);
	close(other);
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(1, self->stat.out_owners);
	EXPECT_EQ(5, self->stat.out_blocks);
	EXPECT_EQ(3, self->stat.out_frees);
}

TEST_F(arena, validation_counts_blocks_and_holes)
{
	struct memmgr_alloc alloc;
	__u64 handle[16];

	for (int i = 0; i < 16; i++) {
		ASSERT_EQ(0, t_alloc(self->fd, T_MIB / 16, &alloc));
		handle[alloc.out_offset / (T_MIB / 16)] = alloc.out_handle;
	}
	for (int i = 0; i < 16; i += 4) {
		ASSERT_EQ(0, t_free(self->fd, handle[i]));
	}
	ASSERT_EQ(0, t_validate(self->fd, &self->check));
	EXPECT_EQ(1, self->check.out_complete);
	EXPECT_EQ(12, self->check.out_blocks);
	EXPECT_EQ(12 * T_MIB / 16, self->check.out_used);
	EXPECT_EQ(4, self->check.out_holes);
	EXPECT_EQ(4 * T_MIB / 16, self->check.out_free);
	EXPECT_EQ(0, self->check.out_at);
	EXPECT_EQ(0, self->check.out_reserved);
	EXPECT_STREQ("", self->check.out_what);
}

TEST_F(arena, metadata_grows_with_the_blocks_and_not_with_time)
{
	__u64 small, large;

	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	small = self->stat.out_metadata;
	for (int i = 0; i < 5000; i++) {
		ASSERT_NE(0, t_block(self->fd, 16, 0, 0));
	}
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	large = self->stat.out_metadata;
	EXPECT_LT(small, large);
	for (int i = 0; i < 5000; i++) {
		ASSERT_EQ(0, t_free(self->fd, t_block(self->fd, 16, 0, 0)));
	}
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(large, self->stat.out_metadata);
}

/* ---- while others are at work ---- */

struct churn {
	int fd;
	atomic_bool stop;
};

static void *churn(void *arg)
{
	struct churn *churn = arg;
	struct memmgr_realloc re;

	for (__u64 i = 0; !atomic_load(&churn->stop); i++) {
		__u64 handle = t_block(churn->fd, 1 + i % 3000, i, 0);

		t_realloc(churn->fd, handle, 1 + i * 7 % 5000, 0, &re);
		t_free(churn->fd, handle);
	}
	return NULL;
}

TEST_F(arena, validation_finds_no_damage_while_others_allocate)
{
	struct churn state = { .fd = self->fd };
	pthread_t threads[3];
	int rounds = 0;

	for (int i = 0; i < 100; i++) {
		ASSERT_NE(0, t_block(self->fd, 100, 0, 0));
	}
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, churn, &state));
	}
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end; rounds++) {
		ASSERT_EQ(0, t_validate(self->fd, &self->check))
			TH_LOG("%s at %llu", self->check.out_what,
			       (unsigned long long)self->check.out_at);
		ASSERT_LE(100, self->check.out_blocks);
	}
	atomic_store(&state.stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	EXPECT_LT(0, rounds);
	ASSERT_EQ(0, t_validate(self->fd, &self->check));
	EXPECT_EQ(1, self->check.out_complete);
	EXPECT_EQ(100, self->check.out_blocks);
}

TEST_F(arena, figures_stay_within_the_arena_while_others_allocate)
{
	struct churn state = { .fd = self->fd };
	pthread_t threads[3];

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, churn, &state));
	}
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		ASSERT_EQ(0, t_stat(self->fd, &self->stat));
		ASSERT_LE(self->stat.out_used, T_MIB);
		ASSERT_LE(self->stat.out_free, T_MIB);
		ASSERT_LE(self->stat.out_pending, T_MIB);
		ASSERT_LE(self->stat.out_largest, T_MIB);
		ASSERT_LE(self->stat.out_blocks, 4);
		ASSERT_EQ(0, self->stat.out_failures);
	}
	atomic_store(&state.stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	EXPECT_STREQ("", t_remains(self->fd));
}

/* ---- whose way was crossed ---- */

#define RIVALS 4

FIXTURE(rivals)
{
	int fd;
	pid_t pid[RIVALS];
	struct memmgr_stat stat;
};

FIXTURE_VARIANT(rivals)
{
	char engine[MEMMGR_ENGINE_NAME_LEN];
	bool has_lock;
};

FIXTURE_VARIANT_ADD(rivals, chunk) { .engine = "chunk", .has_lock = false };
FIXTURE_VARIANT_ADD(rivals, first_fit) { .engine = "first_fit", .has_lock = true };
FIXTURE_VARIANT_ADD(rivals, best_fit) { .engine = "best_fit", .has_lock = true };
FIXTURE_VARIANT_ADD(rivals, buddy) { .engine = "buddy", .has_lock = true };
FIXTURE_VARIANT_ADD(rivals, ebuddy) { .engine = "ebuddy", .has_lock = true };

/* So small an arena that all begin their search in the same place. */
FIXTURE_SETUP(rivals)
{
	struct memmgr_arena_create create = { .size = T_PAGE };
	int dev = t_open(O_RDWR);

	memcpy(create.engine, variant->engine, sizeof(create.engine));
	ASSERT_EQ(0, t_ioctl(dev, MEMMGR_IOC_ARENA_CREATE, &create));
	close(dev);
	self->fd = create.out_fd;
}

FIXTURE_TEARDOWN(rivals)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

/* A process of its own that allocates and frees until it is killed. */
static pid_t rival(int fd, __u64 size)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		t_free(fd, t_block(fd, size, 0, 0));
}

static __u64 encounters(FIXTURE_DATA(rivals) *self, bool has_lock)
{
	if (t_stat(self->fd, &self->stat))
		return 0;
	if (has_lock)
		return self->stat.out_contended;
	return self->stat.out_lost_races ? self->stat.out_retries : 0;
}

TEST_F(rivals, are_counted_as_waiting_or_as_losing)
{
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(0, self->stat.out_contended);
	EXPECT_EQ(0, self->stat.out_lost_races);
	EXPECT_EQ(0, self->stat.out_ties_broken);
	EXPECT_EQ(0, self->stat.out_retries);
	for (int i = 0; i < RIVALS; i++)
		self->pid[i] = rival(self->fd, 800 + i);

	EXPECT_TRUE(T_EVENTUALLY(encounters(self, variant->has_lock) > 0));

	for (int i = 0; i < RIVALS; i++) {
		kill(self->pid[i], SIGKILL);
		EXPECT_EQ(T_KILLED, t_reap(self->pid[i]));
	}
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(0, variant->has_lock ? self->stat.out_lost_races : self->stat.out_contended);
	EXPECT_EQ(0, variant->has_lock ? self->stat.out_retries : 0);
	EXPECT_LE(self->stat.out_ties_broken, self->stat.out_lost_races);
}

TEST_F(rivals, alone_nobody_is_in_the_way)
{
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, t_free(self->fd, t_block(self->fd, 1 + i % T_PAGE, 0, 0)));
	}
	ASSERT_EQ(0, t_stat(self->fd, &self->stat));
	EXPECT_EQ(0, self->stat.out_contended);
	EXPECT_EQ(0, self->stat.out_lost_races);
	EXPECT_EQ(0, self->stat.out_ties_broken);
	EXPECT_EQ(0, self->stat.out_retries);
}

TEST_HARNESS_MAIN
