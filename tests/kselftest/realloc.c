// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_REALLOC: the block stays itself, its content is kept, and after a
 * failure it is what it was.
 */
#include "memmgr_test.h"

/* An arena of four cells, so that "the neighbour" is in the test's hand. */
#define CELL (64 * T_KIB)
#define CELLS 4

FIXTURE(cells)
{
	int fd;
	unsigned char *base;
	__u64 cell[CELLS];
	struct memmgr_realloc re;
};

FIXTURE_SETUP(cells)
{
	struct memmgr_alloc alloc;

	self->fd = t_arena(CELLS * CELL, 0);
	ASSERT_LE(0, self->fd);
	self->base = t_map(self->fd, CELLS * CELL, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, self->base);
	for (int i = 0; i < CELLS; i++) {
		ASSERT_EQ(0, t_alloc_full(self->fd, CELL, 0, 100 + i, 0, MEMMGR_POLICY_KEEP,
					  &alloc));
		self->cell[alloc.out_offset / CELL] = alloc.out_handle;
		memset(self->base + alloc.out_offset, 1 + alloc.out_offset / CELL, CELL);
	}
}

FIXTURE_TEARDOWN(cells)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

static __u64 offset_of(int fd, __u64 handle)
{
	struct memmgr_block block;

	return t_query(fd, handle, &block) ? ~0ULL : block.offset;
}

TEST_F(cells, size_zero_is_einval)
{
	EXPECT_EQ(-EINVAL, t_realloc(self->fd, self->cell[0], 0, 0, &self->re));
}

TEST_F(cells, same_size_changes_nothing)
{
	EXPECT_EQ(0, t_realloc(self->fd, self->cell[1], CELL, 0, &self->re));
	EXPECT_EQ(CELL, self->re.out_offset);
	EXPECT_EQ(CELL, self->re.out_usable);
}

TEST_F(cells, shrinks_in_place_and_gives_the_rest_back)
{
	struct memmgr_stat stat;

	ASSERT_EQ(0, t_realloc(self->fd, self->cell[1], 1000, 0, &self->re));
	EXPECT_EQ(CELL, self->re.out_offset);
	EXPECT_LE(1000, self->re.out_usable);
	EXPECT_GT(CELL, self->re.out_usable);
	EXPECT_TRUE(t_all(self->base + CELL, 2, 1000));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(CELL - self->re.out_usable, stat.out_free);
}

TEST_F(cells, shrinking_never_fails_in_a_full_arena)
{
	for (__u64 size = CELL - 1; size > 0; size /= 2) {
		ASSERT_EQ(0, t_realloc(self->fd, self->cell[2], size, MEMMGR_REALLOC_IN_PLACE,
				       &self->re));
		ASSERT_EQ(2 * CELL, self->re.out_offset);
		ASSERT_TRUE(t_all(self->base + 2 * CELL, 3, size));
	}
}

TEST_F(cells, grows_in_place_when_the_neighbour_is_free)
{
	struct memmgr_stat stat;

	ASSERT_EQ(0, t_free(self->fd, self->cell[1]));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], 2 * CELL, MEMMGR_REALLOC_IN_PLACE,
			       &self->re));
	EXPECT_EQ(0, self->re.out_offset);
	EXPECT_EQ(2 * CELL, self->re.out_usable);
	EXPECT_TRUE(t_all(self->base, 1, CELL));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.out_moves);
	EXPECT_EQ(1, stat.out_reallocs);
}

TEST_F(cells, prefers_growing_in_place_to_moving)
{
	ASSERT_EQ(0, t_free(self->fd, self->cell[1]));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[3], 1, 0, &self->re));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], CELL + 1, 0, &self->re));
	EXPECT_EQ(0, self->re.out_offset);
}

TEST_F(cells, moves_with_its_content_when_the_neighbour_is_taken)
{
	struct memmgr_block block;
	struct memmgr_stat stat;

	ASSERT_EQ(0, t_free(self->fd, self->cell[2]));
	ASSERT_EQ(0, t_free(self->fd, self->cell[3]));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], 2 * CELL, 0, &self->re));
	EXPECT_EQ(2 * CELL, self->re.out_offset);
	EXPECT_EQ(2 * CELL, self->re.out_usable);
	EXPECT_TRUE(t_all(self->base + 2 * CELL, 1, CELL));
	EXPECT_TRUE(t_all(self->base + CELL, 2, CELL));

	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(1, stat.out_moves);
	EXPECT_EQ(1, stat.out_reallocs);
	EXPECT_EQ(3 * CELL, stat.out_used);
	EXPECT_EQ(-ENOENT, t_query_at(self->fd, 0, &block));
}

TEST_F(cells, grows_into_the_hole_before_it_when_no_other_fits)
{
	ASSERT_EQ(0, t_free(self->fd, self->cell[0]));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[1], 2 * CELL, 0, &self->re));
	EXPECT_EQ(0, self->re.out_offset);
	EXPECT_TRUE(t_all(self->base, 2, CELL));
	EXPECT_TRUE(t_all(self->base + 2 * CELL, 3, CELL));
}

TEST_F(cells, moved_block_keeps_all_but_its_place)
{
	struct memmgr_block before, after;

	ASSERT_EQ(0, t_free(self->fd, self->cell[2]));
	ASSERT_EQ(0, t_free(self->fd, self->cell[3]));
	ASSERT_EQ(0, t_query(self->fd, self->cell[0], &before));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], CELL + 1, 0, &self->re));
	ASSERT_EQ(0, t_query(self->fd, self->cell[0], &after));
	EXPECT_EQ(2 * CELL, after.offset);
	EXPECT_EQ(CELL + 1, after.size);
	EXPECT_EQ(self->re.out_usable, after.usable);
	after.offset = before.offset;
	after.size = before.size;
	after.usable = before.usable;
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(cells, no_room_in_place_is_enospc_and_nothing_changes)
{
	struct memmgr_block before, after;

	ASSERT_EQ(0, t_free(self->fd, self->cell[3]));
	ASSERT_EQ(0, t_query(self->fd, self->cell[0], &before));
	memset(&self->re, 0xff, sizeof(self->re));
	EXPECT_EQ(-ENOSPC, t_realloc(self->fd, self->cell[0], CELL + 1, MEMMGR_REALLOC_IN_PLACE,
				     &self->re));
	EXPECT_EQ(CELL, self->re.out_largest);
	EXPECT_EQ(0, self->re.out_offset);
	EXPECT_EQ(0, self->re.out_usable);
	ASSERT_EQ(0, t_query(self->fd, self->cell[0], &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_TRUE(t_all(self->base, 1, CELL));
}

TEST_F(cells, no_hole_to_move_to_is_enospc_and_nothing_changes)
{
	struct t_state before, after;

	ASSERT_EQ(0, t_realloc(self->fd, self->cell[1], CELL / 2, 0, &self->re));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[3], CELL / 4, 0, &self->re));
	before = t_state(self->fd);
	EXPECT_EQ(-ENOSPC, t_realloc(self->fd, self->cell[0], CELL + 16, 0, &self->re));
	EXPECT_EQ(CELL / 4 * 3, self->re.out_largest);
	after = t_state(self->fd);
	EXPECT_TRUE(t_same_state(&before, &after));
	EXPECT_EQ(0, offset_of(self->fd, self->cell[0]));
	EXPECT_TRUE(t_all(self->base, 1, CELL));
}

TEST_F(cells, more_than_the_arena_is_enomem_and_nothing_changes)
{
	__u64 sizes[] = { CELLS * CELL + 1, 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32,
			  (1ULL << 32) + 16, 1ULL << 63, ~0ULL - 15, ~0ULL };
	struct t_state before = t_state(self->fd), after;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-ENOMEM, t_realloc(self->fd, self->cell[0], sizes[i], 0, &self->re))
			TH_LOG("size %#llx", (unsigned long long)sizes[i]);
		EXPECT_EQ(0, self->re.out_largest);
	}
	after = t_state(self->fd);
	EXPECT_TRUE(t_same_state(&before, &after));
	EXPECT_TRUE(t_all(self->base, 1, CELL));
}

TEST_F(cells, failures_are_counted_and_successes_are)
{
	struct memmgr_stat stat;

	EXPECT_EQ(-ENOMEM, t_realloc(self->fd, self->cell[0], 2 * CELL * CELLS, 0, &self->re));
	EXPECT_EQ(0, t_realloc(self->fd, self->cell[0], 1, 0, &self->re));
	EXPECT_EQ(0, t_realloc(self->fd, self->cell[0], CELL, 0, &self->re));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(1, stat.out_failures);
	EXPECT_EQ(2, stat.out_reallocs);
	EXPECT_EQ(CELLS, stat.out_allocs);
	EXPECT_EQ(0, stat.out_frees);
}

TEST_F(cells, alignment_survives_a_move)
{
	struct memmgr_alloc alloc;
	struct memmgr_block block;
	__u64 align = CELL / 2;

	for (int i = 0; i < CELLS; i++) {
		ASSERT_EQ(0, t_free(self->fd, self->cell[i]));
	}
	ASSERT_EQ(0, t_alloc_full(self->fd, 100, align, 0, 0, 0, &alloc));
	for (__u64 size = 2000; size < CELL; size += 5000) {
		__u64 in_the_way = t_block(self->fd, 16, 0, 0);

		ASSERT_NE(0, in_the_way);
		ASSERT_EQ(0, t_realloc(self->fd, alloc.out_handle, size, 0, &self->re));
		EXPECT_EQ(0, self->re.out_offset % align);
	}
	ASSERT_EQ(0, t_query(self->fd, alloc.out_handle, &block));
	EXPECT_EQ(align, block.align);
}

TEST_F(cells, zero_flag_clears_what_is_new_in_place)
{
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], 1001, 0, &self->re));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], 5000, MEMMGR_REALLOC_ZERO, &self->re));
	EXPECT_EQ(0, self->re.out_offset);
	EXPECT_TRUE(t_all(self->base, 1, 1001));
	EXPECT_TRUE(t_all(self->base + 1001, 0, 5000 - 1001));
	EXPECT_TRUE(t_all(self->base + self->re.out_usable, 1, CELL - self->re.out_usable));
}

TEST_F(cells, zero_flag_clears_what_is_new_after_a_move)
{
	ASSERT_EQ(0, t_free(self->fd, self->cell[2]));
	ASSERT_EQ(0, t_free(self->fd, self->cell[3]));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], CELL + 5000, MEMMGR_REALLOC_ZERO,
			       &self->re));
	ASSERT_EQ(2 * CELL, self->re.out_offset);
	EXPECT_TRUE(t_all(self->base + 2 * CELL, 1, CELL));
	EXPECT_TRUE(t_all(self->base + 3 * CELL, 0, 5000));
}

TEST_F(cells, zero_flag_counts_from_the_size_asked_for_not_the_granule)
{
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], 5, 0, &self->re));
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], 16, MEMMGR_REALLOC_ZERO, &self->re));
	EXPECT_TRUE(t_all(self->base, 1, 5));
	EXPECT_TRUE(t_all(self->base + 5, 0, 11));
}

TEST_F(cells, zero_flag_clears_nothing_when_shrinking)
{
	ASSERT_EQ(0, t_realloc(self->fd, self->cell[0], 5, MEMMGR_REALLOC_ZERO, &self->re));
	EXPECT_TRUE(t_all(self->base, 1, 5));
	EXPECT_TRUE(t_all(self->base + CELL, 2, CELL));
}

TEST_F(cells, dead_and_wrong_handles_are_refused)
{
	ASSERT_EQ(0, t_free(self->fd, self->cell[0]));
	EXPECT_EQ(-ESTALE, t_realloc(self->fd, self->cell[0], 16, 0, &self->re));
	EXPECT_EQ(-ENOENT, t_realloc(self->fd, 0, 16, 0, &self->re));
	EXPECT_EQ(-ENOENT, t_realloc(self->fd, ~0ULL, 16, 0, &self->re));
	EXPECT_EQ(-ENOENT, t_realloc(self->fd, self->cell[1] + (1ULL << 32), 16, 0, &self->re));
}

TEST_F(cells, failure_without_a_result_is_told_with_zeros)
{
	struct memmgr_realloc re;

	memset(&re, 0xff, sizeof(re));
	re.handle = ~0ULL;
	re.size = 16;
	re.offset = re.flags = re.reserved = 0;
	EXPECT_EQ(-ENOENT, t_ioctl(self->fd, MEMMGR_IOC_REALLOC, &re));
	EXPECT_EQ(0, re.out_offset);
	EXPECT_EQ(0, re.out_usable);
	EXPECT_EQ(0, re.out_largest);
}

static int realloc_at(int fd, __u64 handle, __u64 offset, __u32 flags)
{
	struct memmgr_realloc re = {
		.handle = handle, .size = 16, .offset = offset, .flags = flags,
	};

	return t_ioctl(fd, MEMMGR_IOC_REALLOC, &re);
}

TEST_F(cells, checked_offset_must_be_the_start)
{
	__u64 wrong[] = { 0, 1, 16, CELL - 1, CELL + 1, CELL + 16, 2 * CELL, CELLS * CELL, ~0ULL };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-ENOENT, realloc_at(self->fd, self->cell[1], wrong[i],
					      MEMMGR_CHECK_OFFSET))
			TH_LOG("offset %#llx", (unsigned long long)wrong[i]);
	}
	EXPECT_EQ(0, realloc_at(self->fd, self->cell[1], CELL, MEMMGR_CHECK_OFFSET));
}

TEST_F(cells, offset_without_the_flag_is_einval)
{
	EXPECT_EQ(-EINVAL, realloc_at(self->fd, self->cell[1], CELL, 0));
}

TEST_F(cells, another_owner_may_resize_and_the_block_keeps_its_owner)
{
	int other = t_attach(self->fd, 0);
	struct memmgr_block before, after;
	struct memmgr_stat stat;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, t_query(self->fd, self->cell[0], &before));
	ASSERT_EQ(0, t_realloc(other, self->cell[0], 16, 0, &self->re));
	ASSERT_EQ(0, t_query(self->fd, self->cell[0], &after));
	EXPECT_EQ(before.owner, after.owner);
	ASSERT_EQ(0, t_stat(other, &stat));
	EXPECT_EQ(0, stat.out_owner_blocks);
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(CELLS, stat.out_owner_blocks);
	EXPECT_EQ((CELLS - 1) * CELL + 16, stat.out_owner_bytes);
}

/* ---- one block, several callers ---- */

#define RACE_SIZES 8

struct race {
	int fd;
	__u64 handle;
	atomic_bool stop;
	atomic_int done, busy, stale, other;
};

static void *resize_for_ever(void *arg)
{
	struct race *race = arg;
	struct memmgr_realloc re;

	for (__u64 i = 1; !atomic_load(&race->stop); i++) {
		__u64 size = CELL * (1 + i % RACE_SIZES) / RACE_SIZES;
		int ret = t_realloc(race->fd, race->handle, size,
				    i % 3 ? 0 : MEMMGR_REALLOC_ZERO, &re);

		if (!ret)
			atomic_fetch_add(&race->done, 1);
		else if (ret == -EBUSY)
			atomic_fetch_add(&race->busy, 1);
		else if (ret == -ESTALE)
			atomic_fetch_add(&race->stale, 1);
		else
			atomic_fetch_add(&race->other, 1);
	}
	return NULL;
}

TEST_F(cells, racing_reallocs_are_done_or_busy)
{
	struct race race = { .fd = self->fd, .handle = self->cell[0] };
	struct memmgr_block block;
	pthread_t threads[3];

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, resize_for_ever, &race));
	}
	t_sleep_ms(t_storm_ms());
	atomic_store(&race.stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	EXPECT_LT(0, atomic_load(&race.done));
	EXPECT_EQ(0, atomic_load(&race.stale));
	EXPECT_EQ(0, atomic_load(&race.other));
	ASSERT_EQ(0, t_query(self->fd, self->cell[0], &block));
	EXPECT_EQ(0, block.size % (CELL / RACE_SIZES));
}

TEST_F(cells, block_freed_during_a_realloc_is_gone_once)
{
	struct race race = { .fd = self->fd };
	struct t_state state;
	pthread_t thread;

	for (int i = 1; i < CELLS; i++) {
		ASSERT_EQ(0, t_free(self->fd, self->cell[i]));
	}
	ASSERT_EQ(0, t_free(self->fd, self->cell[0]));
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		race.handle = t_block(self->fd, CELL, 0, 0);
		ASSERT_NE(0, race.handle);
		atomic_store(&race.stop, false);
		atomic_store(&race.done, 0);
		ASSERT_EQ(0, pthread_create(&thread, NULL, resize_for_ever, &race));
		while (!atomic_load(&race.done))
			sched_yield();
		ASSERT_EQ(0, t_free(self->fd, race.handle));
		ASSERT_EQ(-ESTALE, t_free(self->fd, race.handle));
		atomic_store(&race.stop, true);
		pthread_join(thread, NULL);
		state = t_state(self->fd);
		ASSERT_EQ(0, state.blocks);
		ASSERT_EQ(CELLS * CELL, state.free);
	}
	EXPECT_EQ(0, atomic_load(&race.busy));
	EXPECT_EQ(0, atomic_load(&race.other));
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(cells, checked_free_during_a_realloc_is_done_or_busy)
{
	struct race race = { .fd = self->fd };
	int busy = 0, done = 0;
	pthread_t thread;

	for (int i = 1; i < CELLS; i++) {
		ASSERT_EQ(0, t_free(self->fd, self->cell[i]));
	}
	ASSERT_EQ(0, t_free(self->fd, self->cell[0]));
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end; done++) {
		struct memmgr_alloc alloc;
		int ret;

		/* Alone in the arena, it has no reason to move. */
		ASSERT_EQ(0, t_alloc(self->fd, CELL, &alloc));
		race.handle = alloc.out_handle;
		atomic_store(&race.stop, false);
		ASSERT_EQ(0, pthread_create(&thread, NULL, resize_for_ever, &race));
		sched_yield();
		while ((ret = t_free_at(self->fd, alloc.out_handle, alloc.out_offset)) == -EBUSY)
			busy++;
		ASSERT_EQ(0, ret);
		atomic_store(&race.stop, true);
		pthread_join(thread, NULL);
	}
	printf("# %d blocks, %d times busy\n", done, busy);
	EXPECT_LT(0, done);
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_HARNESS_MAIN
