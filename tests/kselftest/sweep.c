// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_EPOCH and MEMMGR_IOC_SWEEP: what is old and meant is freed, and nothing
 * that was born or marked since the clock went on.
 */
#include "memmgr_test.h"

#include <sys/prctl.h>

#define BLOCKS 600

FIXTURE(heap)
{
	int fd;
	int other;
	__u64 handle[BLOCKS];
	struct memmgr_sweep done;
	struct memmgr_sweep_row rows[MEMMGR_SWEEP_ROWS_MAX];
};

FIXTURE_SETUP(heap)
{
	self->fd = t_arena(T_MIB, 0);
	ASSERT_LE(0, self->fd);
	self->other = t_attach(self->fd, 0);
	ASSERT_LE(0, self->other);
	for (int i = 0; i < BLOCKS; i++) {
		self->handle[i] = t_block(i % 2 ? self->fd : self->other, 16 + i, i % 6,
					  MEMMGR_POLICY_KEEP);
		ASSERT_NE(0, self->handle[i]);
	}
}

FIXTURE_TEARDOWN(heap)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->other);
	close(self->fd);
}

static int sweep(FIXTURE_DATA(heap) *self, const struct memmgr_sweep *filter)
{
	return t_sweep(self->fd, filter, &self->done);
}

static int alive(FIXTURE_DATA(heap) *self, int i)
{
	struct memmgr_block block;

	return !t_query(self->fd, self->handle[i], &block);
}

TEST_F(heap, the_clock_starts_at_one_and_goes_on_when_told)
{
	struct memmgr_stat stat;
	struct memmgr_block block;

	EXPECT_EQ(1, t_epoch(self->fd, 0));
	EXPECT_EQ(1, t_epoch(self->fd, 0));
	EXPECT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	EXPECT_EQ(3, t_epoch(self->other, MEMMGR_EPOCH_ADVANCE));
	EXPECT_EQ(3, t_epoch(self->fd, 0));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(3, stat.out_epoch);
	ASSERT_EQ(0, t_query(self->fd, t_block(self->fd, 16, 0, 0), &block));
	EXPECT_EQ(3, block.epoch);
	ASSERT_EQ(0, t_query(self->fd, self->handle[0], &block));
	EXPECT_EQ(1, block.epoch);
}

TEST_F(heap, nothing_of_the_current_epoch_is_swept)
{
	struct memmgr_sweep now = { .epoch_before = 1 };
	struct memmgr_sweep later = { .epoch_before = 2 };

	EXPECT_EQ(0, sweep(self, &now));
	EXPECT_EQ(-EINVAL, sweep(self, &later));
	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	EXPECT_EQ(BLOCKS, sweep(self, &later));
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(heap, what_is_marked_stays)
{
	struct memmgr_sweep old = { .epoch_before = 2 };
	struct memmgr_block block;

	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	for (int i = 0; i < BLOCKS; i += 3) {
		ASSERT_EQ(0, t_act(self->fd, self->handle[i], MEMMGR_ACTION_MARK, 0));
		ASSERT_EQ(0, t_query(self->fd, self->handle[i], &block));
		ASSERT_EQ(2, block.epoch);
	}
	EXPECT_EQ(BLOCKS - BLOCKS / 3, sweep(self, &old));
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(i % 3 == 0, alive(self, i));
	}
}

TEST_F(heap, filters_select_as_those_of_iterate)
{
	static const struct memmgr_sweep filters[] = {
		{ .tag_value = 3, .tag_mask = ~0U },
		{ .tag_value = 5, .tag_mask = 1 },
		{ .size_min = 100 },
		{ .size_max = 100 },
		{ .size_min = 200, .size_max = 300 },
		{ .states = MEMMGR_STATE_ORPHAN },
		{ .states = MEMMGR_STATE_OWNED },
		{ .flags = MEMMGR_SWEEP_OWNER },
		{ .flags = MEMMGR_SWEEP_OWNER, .owner = 1 },
		{ .epoch_from = 2 },
		{ .epoch_from = 1 },
	};
	static struct memmgr_block seen[BLOCKS + 1];

	for (int i = 1; i < BLOCKS; i += 5) {
		t_epoch(self->fd, i == 1 ? MEMMGR_EPOCH_ADVANCE : 0);
		ASSERT_EQ(0, t_act(self->fd, self->handle[i], MEMMGR_ACTION_MARK, 0));
	}
	ASSERT_EQ(3, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	close(self->other);
	self->other = -1;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		struct memmgr_sweep it = filters[i];
		struct memmgr_iterate walk = {
			.tag_value = it.tag_value, .tag_mask = it.tag_mask,
			.flags = it.flags, .owner = it.owner, .states = it.states,
			.epoch_from = it.epoch_from, .epoch_before = 3,
			.size_min = it.size_min, .size_max = it.size_max,
		};
		int found = t_walk(self->fd, &walk, 50, seen, BLOCKS + 1);
		__u64 bytes = 0;

		for (int j = 0; j < found; j++)
			bytes += seen[j].usable;
		it.epoch_before = 3;
		it.flags |= MEMMGR_SWEEP_DRY_RUN;
		EXPECT_EQ(found, sweep(self, &it))
			TH_LOG("filter %zu", i);
		EXPECT_EQ(bytes, self->done.out_bytes);
		it.flags &= ~MEMMGR_SWEEP_DRY_RUN;
		EXPECT_EQ(found, sweep(self, &it));
		EXPECT_EQ(bytes, self->done.out_bytes);
		EXPECT_EQ(0, t_walk(self->fd, &walk, 50, seen, BLOCKS + 1));
	}
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(heap, rows_tell_what_was_freed_of_each_tag)
{
	for (__u32 room = 1; room <= 6; room++) {
		struct memmgr_sweep it = {
			.rows = (uintptr_t)self->rows, .room = room, .epoch_before = 2,
			.flags = MEMMGR_SWEEP_DRY_RUN,
		};
		__u64 count[6] = {}, bytes[6] = {}, sum = 0;

		while (t_epoch(self->fd, 0) < 2)
			t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE);
		do {
			ASSERT_EQ(0, t_ioctl(self->fd, MEMMGR_IOC_SWEEP, &it));
			ASSERT_LE(it.out_rows, room);
			for (__u32 i = 0; i < it.out_rows; i++) {
				ASSERT_LT(self->rows[i].tag, 6);
				ASSERT_LT(0, self->rows[i].count);
				count[self->rows[i].tag] += self->rows[i].count;
				bytes[self->rows[i].tag] += self->rows[i].bytes;
			}
			sum += it.out_bytes;
			it.cursor = it.out_cursor;
		} while (it.cursor != MEMMGR_CURSOR_END);
		for (int tag = 0; tag < 6; tag++) {
			EXPECT_EQ(BLOCKS / 6, count[tag])
				TH_LOG("room %u, tag %d", room, tag);
			sum -= bytes[tag];
		}
		EXPECT_EQ(0, sum);
	}
}

TEST_F(heap, malformed_sweeps_are_einval)
{
	struct memmgr_sweep bad[] = {
		{ .epoch_before = 0 },
		{ .epoch_before = 3 },
		{ .epoch_before = 2, .states = MEMMGR_STATE_PENDING },
		{ .epoch_before = 2, .states = 8 },
		{ .epoch_before = 2, .owner = 1 },
		{ .epoch_before = 2, .size_min = 2, .size_max = 1 },
		{ .epoch_before = 2, .room = 1 },
		{ .epoch_before = 2, .rows = (uintptr_t)self->rows },
		{ .epoch_before = 2, .rows = (uintptr_t)self->rows,
		  .room = MEMMGR_SWEEP_ROWS_MAX + 1 },
	};

	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, sweep(self, &bad[i]))
			TH_LOG("sweep %zu", i);
	}
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_TRUE(alive(self, i));
	}
}

TEST_F(heap, rows_that_cannot_be_written_are_efault_with_nothing_done)
{
	void *readable = mmap(NULL, T_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 bad[] = { 8, (uintptr_t)readable, 0xffffffffffffff00ULL, 0xffff888000000000ULL };

	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct memmgr_sweep it = { .epoch_before = 2, .rows = bad[i], .room = 10 };

		EXPECT_EQ(-EFAULT, sweep(self, &it));
	}
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_TRUE(alive(self, i));
	}
}

TEST_F(heap, made_up_cursors_do_no_harm)
{
	__u64 cursors[] = { 1023, 1024, 1ULL << 31, 1ULL << 32, 1ULL << 63, ~0ULL - 1, ~0ULL };

	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		struct memmgr_sweep it = { .epoch_before = 2, .cursor = cursors[i] };

		ASSERT_EQ(0, t_ioctl(self->fd, MEMMGR_IOC_SWEEP, &it));
		EXPECT_EQ(0, it.out_count);
		EXPECT_EQ(MEMMGR_CURSOR_END, it.out_cursor);
	}
}

/* ---- a mutator and a sweeper that knows no pause ---- */

#define LIVE 64

/* Whatever is held is marked after each advance, before it is swept; births need none. */
struct cycle {
	atomic_uint marked; /* the epoch that all that is held was marked in, at least */
	atomic_ulong born, swept;
};

static void __attribute__((noreturn)) mutate(int arena, struct cycle *cycle)
{
	int fd = t_attach(arena, 0);
	__u64 held[LIVE] = {};
	unsigned int i = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		__u32 now = t_epoch(fd, 0);

		for (int j = 0; j < LIVE; j++)
			T_CHILD_NEEDS(!held[j] || !t_act(fd, held[j], MEMMGR_ACTION_MARK, 0));
		atomic_store(&cycle->marked, now);
		for (int j = 0; j < 40; j++, i = (i + 7) % LIVE) {
			struct memmgr_realloc re;
			struct memmgr_block block;

			if (j % 4 == 0)
				held[i] = 0; /* dropped, not freed: the sweeper's */
			if (!held[i])
				held[i] = t_block(fd, 64, 2, 0);
			T_CHILD_NEEDS(held[i]);
			T_CHILD_NEEDS(!t_query(fd, held[i], &block));
			T_CHILD_NEEDS(!t_realloc(fd, held[i], 16 + j * 8, 0, &re));
			atomic_fetch_add(&cycle->born, 1);
		}
	}
}

TEST_F(heap, nothing_that_is_held_is_ever_swept)
{
	struct cycle *cycle = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct memmgr_sweep it = { .tag_value = 2, .tag_mask = ~0U };
	int cycles = 0;
	pid_t child;

	it.epoch_before = t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE);
	child = fork();
	if (!child)
		mutate(self->fd, cycle);
	for (long end = t_now_ms() + 4 * t_storm_ms(); t_now_ms() < end; cycles++) {
		__u32 now = t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE);

		/* Sweep at once what is older than what the mutator has marked. */
		it.epoch_before = atomic_load(&cycle->marked);
		if (!it.epoch_before || it.epoch_before > now)
			continue;
		ASSERT_LE(0, sweep(self, &it));
		cycle->swept += self->done.out_count;
	}
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(T_KILLED, t_reap(child));
	printf("# %d cycles, %lu changes, %lu swept\n", cycles, cycle->born, cycle->swept);
	EXPECT_LT(0, cycle->swept);
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(i % 6 != 2, alive(self, i));
	}
}

/* ---- many ---- */

TEST(more_blocks_than_a_slice_has_are_swept_in_several)
{
	const int blocks = 1 << 17;
	struct memmgr_sweep it = { .epoch_before = 2 };
	int fd = t_arena((__u64)blocks * 16, 0);
	__u64 longest = 0, sum = 0;
	int calls = 0;

	ASSERT_LE(0, fd);
	for (int i = 0; i < blocks; i++) {
		ASSERT_NE(0, t_block(fd, 16, i % 3, 0));
	}
	ASSERT_EQ(2, t_epoch(fd, MEMMGR_EPOCH_ADVANCE));
	do {
		ASSERT_EQ(0, t_ioctl(fd, MEMMGR_IOC_SWEEP, &it));
		it.cursor = it.out_cursor;
		sum += it.out_count;
		calls++;
		longest = it.out_count > longest ? it.out_count : longest;
	} while (it.cursor != MEMMGR_CURSOR_END);
	printf("# %d blocks in %d calls\n", blocks, calls);
	EXPECT_EQ(blocks, (int)sum);
	EXPECT_LE(longest, 65536);
	EXPECT_LT(1, calls);
	EXPECT_STREQ("", t_remains(fd));
}

TEST_HARNESS_MAIN
