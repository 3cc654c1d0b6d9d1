// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_FREE: exactly one caller frees a block, and no wrong handle does.
 */
#include "memmgr_test.h"

#define SLOT_BITS 32

FIXTURE(arena)
{
	int fd;
	struct memmgr_alloc alloc;
};

FIXTURE_SETUP(arena)
{
	self->fd = t_arena(T_MIB, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, t_alloc(self->fd, 100, &self->alloc));
}

FIXTURE_TEARDOWN(arena)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

TEST_F(arena, memory_comes_back)
{
	EXPECT_EQ(0, t_free(self->fd, self->alloc.out_handle));
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(arena, freeing_twice_is_estale)
{
	EXPECT_EQ(0, t_free(self->fd, self->alloc.out_handle));
	EXPECT_EQ(-ESTALE, t_free(self->fd, self->alloc.out_handle));
	EXPECT_EQ(-ESTALE, t_free(self->fd, self->alloc.out_handle));
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(arena, handles_never_given_out_are_enoent)
{
	__u64 handle = self->alloc.out_handle;
	__u64 never[] = {
		0,
		1ULL << SLOT_BITS,
		handle + (1ULL << SLOT_BITS), /* a later generation */
		handle + 1, /* a slot that nobody has had */
		handle | 0xffffffff,
		handle | 0xffff0000,
		~0ULL,
		~0ULL << SLOT_BITS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		if (never[i] == handle)
			continue;
		EXPECT_EQ(-ENOENT, t_free(self->fd, never[i]))
			TH_LOG("handle %#llx", (unsigned long long)never[i]);
	}
	EXPECT_EQ(0, t_free(self->fd, handle));
}

TEST_F(arena, a_flipped_bit_in_a_handle_frees_nothing)
{
	for (int bit = 0; bit < 64; bit++) {
		int ret = t_free(self->fd, self->alloc.out_handle ^ 1ULL << bit);

		EXPECT_TRUE(ret == -ENOENT || ret == -ESTALE)
			TH_LOG("bit %d: %d", bit, ret);
	}
	EXPECT_EQ(0, t_free(self->fd, self->alloc.out_handle));
}

TEST_F(arena, old_handles_stay_dead_when_the_slot_is_used_again)
{
	enum { ROUNDS = 1000 };
	static __u64 old[ROUNDS];
	struct memmgr_block block;
	__u64 live = self->alloc.out_handle;

	for (int i = 0; i < ROUNDS; i++) {
		old[i] = live;
		ASSERT_EQ(0, t_free(self->fd, old[i]));
		live = t_block(self->fd, 100, i, 0);
		ASSERT_NE(0, live);
	}
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(-ESTALE, t_free(self->fd, old[i]));
	}
	EXPECT_EQ(0, t_query(self->fd, live, &block));
	EXPECT_EQ(ROUNDS - 1, block.tag);
}

TEST_F(arena, any_owner_may_free)
{
	int other = t_attach(self->fd, 0);
	struct memmgr_stat stat;

	ASSERT_LE(0, other);
	EXPECT_EQ(0, t_free(other, self->alloc.out_handle));
	EXPECT_EQ(-ESTALE, t_free(self->fd, self->alloc.out_handle));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.out_owner_blocks);
	EXPECT_EQ(0, stat.out_owner_bytes);
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(arena, handle_means_nothing_in_another_arena)
{
	int other = t_arena(T_MIB, 0);
	struct memmgr_block block;

	ASSERT_LE(0, other);
	EXPECT_EQ(-ENOENT, t_free(other, self->alloc.out_handle));
	EXPECT_EQ(0, t_query(self->fd, self->alloc.out_handle, &block));
	EXPECT_STREQ("", t_remains(other));
}

TEST_F(arena, checked_offset_frees_where_it_is_right)
{
	EXPECT_EQ(0, t_free_at(self->fd, self->alloc.out_handle, self->alloc.out_offset));
	EXPECT_EQ(-ESTALE, t_free_at(self->fd, self->alloc.out_handle, self->alloc.out_offset));
}

TEST_F(arena, checked_offset_is_enoent_where_it_is_wrong)
{
	__u64 at, wrong[] = { 1, 8, 16, 96, 100, T_MIB - 16, T_MIB, 1ULL << 32, 1ULL << 35,
			      1ULL << 63, ~0ULL };

	ASSERT_EQ(0, t_alloc(self->fd, 100, &self->alloc));
	at = self->alloc.out_offset;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-ENOENT, t_free_at(self->fd, self->alloc.out_handle, at + wrong[i]))
			TH_LOG("off by %#llx", (unsigned long long)wrong[i]);
	}
	EXPECT_EQ(-ENOENT, t_free_at(self->fd, self->alloc.out_handle, 0));
	EXPECT_EQ(0, t_free_at(self->fd, self->alloc.out_handle, at));
}

TEST_F(arena, checked_offset_of_another_block_frees_neither)
{
	struct memmgr_alloc other;
	struct memmgr_block block;

	ASSERT_EQ(0, t_alloc(self->fd, 100, &other));
	EXPECT_EQ(-ENOENT, t_free_at(self->fd, self->alloc.out_handle, other.out_offset));
	EXPECT_EQ(0, t_query(self->fd, self->alloc.out_handle, &block));
	EXPECT_EQ(0, t_query(self->fd, other.out_handle, &block));
}

TEST_F(arena, offset_without_the_flag_is_einval)
{
	struct memmgr_free free = { .handle = self->alloc.out_handle, .offset = 16 };

	EXPECT_EQ(-EINVAL, t_ioctl(self->fd, MEMMGR_IOC_FREE, &free));
	EXPECT_EQ(0, t_free(self->fd, self->alloc.out_handle));
}

TEST_F(arena, holes_join_in_whatever_order_they_appear)
{
	struct t_random random = t_random("holes_join_in_whatever_order_they_appear");
	enum { BLOCKS = 256 };
	__u64 handles[BLOCKS];

	ASSERT_EQ(0, t_free(self->fd, self->alloc.out_handle));
	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < BLOCKS; i++) {
			handles[i] = t_block(self->fd, 1 + t_below(&random, T_MIB / BLOCKS), i, 0);
			ASSERT_NE(0, handles[i]);
		}
		for (int left = BLOCKS; left; left--) {
			__u32 pick = t_below(&random, left);

			ASSERT_EQ(0, t_free(self->fd, handles[pick]));
			handles[pick] = handles[left - 1];
		}
		ASSERT_STREQ("", t_remains(self->fd));
	}
}

/* ---- many free one block ---- */

#define RACERS 4

struct race {
	int fd;
	__u64 handle; /* 0: the race is over */
	pthread_barrier_t begin, end;
	atomic_int freed, stale, other;
};

static void *free_the_same(void *arg)
{
	struct race *race = arg;

	while (pthread_barrier_wait(&race->begin), race->handle) {
		int ret = t_free(race->fd, race->handle);

		if (!ret)
			atomic_fetch_add(&race->freed, 1);
		else if (ret == -ESTALE)
			atomic_fetch_add(&race->stale, 1);
		else
			atomic_fetch_add(&race->other, 1);
		pthread_barrier_wait(&race->end);
	}
	return NULL;
}

TEST_F(arena, of_many_threads_exactly_one_frees)
{
	struct race race = { .fd = self->fd };
	pthread_t threads[RACERS];
	int rounds = 0;

	pthread_barrier_init(&race.begin, NULL, RACERS + 1);
	pthread_barrier_init(&race.end, NULL, RACERS + 1);
	for (int i = 0; i < RACERS; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, free_the_same, &race));
	}
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		race.handle = t_block(self->fd, 64, rounds++, 0);
		ASSERT_NE(0, race.handle);
		pthread_barrier_wait(&race.begin);
		pthread_barrier_wait(&race.end);
		ASSERT_EQ(rounds, atomic_load(&race.freed));
	}
	race.handle = 0;
	pthread_barrier_wait(&race.begin);
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	printf("# %d races\n", rounds);
	EXPECT_LT(0, rounds);
	EXPECT_EQ(rounds * (RACERS - 1), atomic_load(&race.stale));
	EXPECT_EQ(0, atomic_load(&race.other));
}

TEST_HARNESS_MAIN
