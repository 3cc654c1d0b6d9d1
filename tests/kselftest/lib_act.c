// SPDX-License-Identifier: GPL-2.0
/* libmemmgr: acting on blocks by tag, the clock, sweeping. */
#include "lib_test.h"

#define MANY (2 * MEMMGR_ACT_MAX + 100)

/* Blocks of 16 bytes with the tags 0, 1, ... and an entry for each. */
static int fill(struct memmgr *m, struct memmgr_act_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct memmgr_alloc want = { .size = 16, .tag = i };

		if (memmgr_block_alloc(m, &want))
			return -1;
		entries[i] = (struct memmgr_act_entry){ .handle = want.out_handle };
	}
	return 0;
}

TEST_F(arena, acts_on_any_number_of_blocks)
{
	static struct memmgr_act_entry entries[MANY];

	ASSERT_EQ(0, fill(self->m, entries, MANY));
	for (uint32_t i = 0; i < MANY; i++)
		entries[i].action = MEMMGR_ACTION_FREE;
	EXPECT_EQ(0, memmgr_block_act(self->m, entries, 0));
	EXPECT_EQ(0, memmgr_block_act(self->m, entries, MANY));
	EXPECT_EQ(0, l_blocks(self->m));
	EXPECT_FAILS(ESTALE, memmgr_block_act(self->m, entries, MANY));
}

TEST_F(arena, acts_report_the_first_error_and_do_the_rest)
{
	static struct memmgr_act_entry entries[MANY];

	ASSERT_EQ(0, fill(self->m, entries, MANY));
	for (uint32_t i = 0; i < MANY; i++) {
		entries[i].action = MEMMGR_ACTION_FREE;
		entries[i].tag_mask = ~0U;
		entries[i].tag_value = i == 7 || i == MANY - 1 ? 0xffff : i;
	}
	entries[MANY - 2].action = 99;
	EXPECT_FAILS(ECANCELED, memmgr_block_act(self->m, entries, MANY));
	EXPECT_EQ(-ECANCELED, entries[7].out_result);
	EXPECT_EQ(-EINVAL, entries[MANY - 2].out_result);
	EXPECT_EQ(3, l_blocks(self->m));
}

static void add_up(struct memmgr *m, const struct memmgr_sweep_row *row, void *context)
{
	(void)m;
	((uint64_t *)context)[row->tag] += row->count;
}

TEST_F(arena, sweep_frees_what_is_old_and_tells_by_tag)
{
	static struct memmgr_act_entry entries[MANY];
	static uint64_t freed[MANY];
	struct memmgr_filter old = {};
	struct memmgr_swept swept;

	ASSERT_EQ(0, fill(self->m, entries, MANY));
	EXPECT_FAILS(EINVAL, memmgr_sweep(self->m, &old, &swept, NULL, NULL));
	ASSERT_EQ(0, memmgr_epoch(self->m, MEMMGR_EPOCH_ADVANCE, &old.epoch_before));
	for (uint32_t i = 0; i < MANY; i++)
		entries[i].action = MEMMGR_ACTION_MARK;
	ASSERT_EQ(0, memmgr_block_act(self->m, entries, 100));
	old.flags = MEMMGR_SWEEP_DRY_RUN;
	ASSERT_EQ(0, memmgr_sweep(self->m, &old, &swept, NULL, NULL));
	EXPECT_EQ(MANY - 100, swept.count);
	EXPECT_EQ(MANY, l_blocks(self->m));
	old.flags = 0;
	ASSERT_EQ(0, memmgr_sweep(self->m, &old, &swept, add_up, freed));
	EXPECT_EQ(MANY - 100, swept.count);
	EXPECT_EQ((MANY - 100) * 16, swept.bytes);
	for (uint32_t i = 0; i < MANY; i++) {
		ASSERT_EQ(i >= 100, freed[i]);
	}
	EXPECT_EQ(100, l_blocks(self->m));
}

static int look(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	(void)m;
	(void)block;
	++*(int *)context;
	return 0;
}

static int look_and_change(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	struct memmgr_act_entry entry = {
		.handle = block->handle, .action = MEMMGR_ACTION_RETAG, .value = 1,
	};

	look(m, block, context);
	return memmgr_block_act(m, &entry, 1);
}

TEST_F(arena, snapshot_tells_whether_the_arena_stood_still)
{
	static struct memmgr_act_entry entries[500];
	int visits = 0;
	bool changed;

	ASSERT_EQ(0, fill(self->m, entries, 500));
	EXPECT_EQ(0, memmgr_snapshot(self->m, NULL, look, &visits, &changed));
	EXPECT_FALSE(changed);
	EXPECT_EQ(0, memmgr_snapshot(self->m, NULL, look_and_change, &visits, &changed));
	EXPECT_TRUE(changed);
	EXPECT_EQ(1000, visits);
}

TEST_HARNESS_MAIN
