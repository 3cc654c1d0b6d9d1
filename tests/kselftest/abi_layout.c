// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of the ABI, number by number: the same for 64-bit and 32-bit
 * callers, and never to change. A member may be added at the end of a structure
 * (its size changes here); everything else that makes this fail breaks users.
 */
#include "memmgr_test.h"

#define SIZE(type, bytes)                                                            \
	do {                                                                         \
		_Static_assert(sizeof(struct type) % 8 == 0, "hole at the end");      \
		EXPECT_EQ(bytes, (int)sizeof(struct type));                          \
	} while (0)
#define AT(type, member, bytes) EXPECT_EQ(bytes, (int)offsetof(struct type, member))

TEST(block_layout)
{
	SIZE(memmgr_block, 64);
	AT(memmgr_block, handle, 0);
	AT(memmgr_block, offset, 8);
	AT(memmgr_block, size, 16);
	AT(memmgr_block, usable, 24);
	AT(memmgr_block, align, 32);
	AT(memmgr_block, tag, 40);
	AT(memmgr_block, owner, 44);
	AT(memmgr_block, epoch, 48);
	AT(memmgr_block, policy, 52);
	AT(memmgr_block, state, 56);
	AT(memmgr_block, relative, 60);
}

TEST(info_layout)
{
	SIZE(memmgr_info, 136);
	AT(memmgr_info, flags, 0);
	AT(memmgr_info, engine_index, 4);
	AT(memmgr_info, out_features, 8);
	AT(memmgr_info, out_commands, 16);
	AT(memmgr_info, out_max_arena_size, 24);
	AT(memmgr_info, out_max_total_size, 32);
	AT(memmgr_info, out_max_arenas, 40);
	AT(memmgr_info, out_engine_count, 44);
	AT(memmgr_info, out_engine_name, 48);
	AT(memmgr_info, out_arena_engine, 64);
	AT(memmgr_info, out_arena_name, 80);
	AT(memmgr_info, out_arena_size, 112);
	AT(memmgr_info, out_arena_id, 120);
	AT(memmgr_info, out_granule, 124);
	AT(memmgr_info, out_owner, 128);
	AT(memmgr_info, out_rights, 132);
}

TEST(arena_create_layout)
{
	SIZE(memmgr_arena_create, 88);
	AT(memmgr_arena_create, size, 0);
	AT(memmgr_arena_create, granule, 8);
	AT(memmgr_arena_create, flags, 12);
	AT(memmgr_arena_create, engine, 16);
	AT(memmgr_arena_create, name, 32);
	AT(memmgr_arena_create, reserve, 64);
	AT(memmgr_arena_create, out_size, 72);
	AT(memmgr_arena_create, out_fd, 80);
	AT(memmgr_arena_create, out_arena_id, 84);
}

TEST(attach_layout)
{
	SIZE(memmgr_attach, 16);
	AT(memmgr_attach, flags, 0);
	AT(memmgr_attach, reserved, 4);
	AT(memmgr_attach, out_fd, 8);
	AT(memmgr_attach, out_owner, 12);
}

TEST(alloc_layout)
{
	SIZE(memmgr_alloc, 64);
	AT(memmgr_alloc, size, 0);
	AT(memmgr_alloc, align, 8);
	AT(memmgr_alloc, tag, 16);
	AT(memmgr_alloc, flags, 20);
	AT(memmgr_alloc, policy, 24);
	AT(memmgr_alloc, heir, 28);
	AT(memmgr_alloc, out_handle, 32);
	AT(memmgr_alloc, out_offset, 40);
	AT(memmgr_alloc, out_usable, 48);
	AT(memmgr_alloc, out_largest, 56);
}

TEST(free_layout)
{
	SIZE(memmgr_free, 24);
	AT(memmgr_free, handle, 0);
	AT(memmgr_free, offset, 8);
	AT(memmgr_free, flags, 16);
	AT(memmgr_free, reserved, 20);
}

TEST(realloc_layout)
{
	SIZE(memmgr_realloc, 56);
	AT(memmgr_realloc, handle, 0);
	AT(memmgr_realloc, size, 8);
	AT(memmgr_realloc, offset, 16);
	AT(memmgr_realloc, flags, 24);
	AT(memmgr_realloc, reserved, 28);
	AT(memmgr_realloc, out_offset, 32);
	AT(memmgr_realloc, out_usable, 40);
	AT(memmgr_realloc, out_largest, 48);
}

TEST(query_layout)
{
	SIZE(memmgr_query, 88);
	AT(memmgr_query, handle, 0);
	AT(memmgr_query, offset, 8);
	AT(memmgr_query, flags, 16);
	AT(memmgr_query, reserved, 20);
	AT(memmgr_query, out_block, 24);
}

TEST(iterate_layout)
{
	SIZE(memmgr_iterate, 80);
	AT(memmgr_iterate, cursor, 0);
	AT(memmgr_iterate, blocks, 8);
	AT(memmgr_iterate, count, 16);
	AT(memmgr_iterate, flags, 20);
	AT(memmgr_iterate, tag_value, 24);
	AT(memmgr_iterate, tag_mask, 28);
	AT(memmgr_iterate, owner, 32);
	AT(memmgr_iterate, states, 36);
	AT(memmgr_iterate, out_cursor, 40);
	AT(memmgr_iterate, out_count, 48);
	AT(memmgr_iterate, out_changed, 52);
	AT(memmgr_iterate, epoch_from, 56);
	AT(memmgr_iterate, epoch_before, 60);
	AT(memmgr_iterate, size_min, 64);
	AT(memmgr_iterate, size_max, 72);
}

TEST(stat_layout)
{
	SIZE(memmgr_stat, 200);
	AT(memmgr_stat, flags, 0);
	AT(memmgr_stat, reserved, 4);
	AT(memmgr_stat, out_size, 8);
	AT(memmgr_stat, out_used, 16);
	AT(memmgr_stat, out_requested, 24);
	AT(memmgr_stat, out_free, 32);
	AT(memmgr_stat, out_pending, 40);
	AT(memmgr_stat, out_largest, 48);
	AT(memmgr_stat, out_peak, 56);
	AT(memmgr_stat, out_metadata, 64);
	AT(memmgr_stat, out_blocks, 72);
	AT(memmgr_stat, out_orphans, 80);
	AT(memmgr_stat, out_orphan_bytes, 88);
	AT(memmgr_stat, out_owners, 96);
	AT(memmgr_stat, out_epoch, 100);
	AT(memmgr_stat, out_allocs, 104);
	AT(memmgr_stat, out_frees, 112);
	AT(memmgr_stat, out_reallocs, 120);
	AT(memmgr_stat, out_moves, 128);
	AT(memmgr_stat, out_failures, 136);
	AT(memmgr_stat, out_contended, 144);
	AT(memmgr_stat, out_broken, 152);
	AT(memmgr_stat, out_owner_blocks, 160);
	AT(memmgr_stat, out_owner_bytes, 168);
	AT(memmgr_stat, out_lost_races, 176);
	AT(memmgr_stat, out_ties_broken, 184);
	AT(memmgr_stat, out_retries, 192);
}

TEST(validate_layout)
{
	SIZE(memmgr_validate, 120);
	AT(memmgr_validate, flags, 0);
	AT(memmgr_validate, reserved, 4);
	AT(memmgr_validate, out_blocks, 8);
	AT(memmgr_validate, out_used, 16);
	AT(memmgr_validate, out_holes, 24);
	AT(memmgr_validate, out_free, 32);
	AT(memmgr_validate, out_at, 40);
	AT(memmgr_validate, out_complete, 48);
	AT(memmgr_validate, out_reserved, 52);
	AT(memmgr_validate, out_what, 56);
}

TEST(act_entry_layout)
{
	SIZE(memmgr_act_entry, 32);
	AT(memmgr_act_entry, handle, 0);
	AT(memmgr_act_entry, tag_value, 8);
	AT(memmgr_act_entry, tag_mask, 12);
	AT(memmgr_act_entry, action, 16);
	AT(memmgr_act_entry, value, 20);
	AT(memmgr_act_entry, heir, 24);
	AT(memmgr_act_entry, out_result, 28);
}

TEST(act_layout)
{
	SIZE(memmgr_act, 24);
	AT(memmgr_act, entries, 0);
	AT(memmgr_act, count, 8);
	AT(memmgr_act, flags, 12);
	AT(memmgr_act, out_done, 16);
	AT(memmgr_act, out_reserved, 20);
}

TEST(epoch_layout)
{
	SIZE(memmgr_epoch, 16);
	AT(memmgr_epoch, flags, 0);
	AT(memmgr_epoch, reserved, 4);
	AT(memmgr_epoch, out_epoch, 8);
	AT(memmgr_epoch, out_reserved, 12);
}

TEST(sweep_row_layout)
{
	SIZE(memmgr_sweep_row, 24);
	AT(memmgr_sweep_row, tag, 0);
	AT(memmgr_sweep_row, reserved, 4);
	AT(memmgr_sweep_row, count, 8);
	AT(memmgr_sweep_row, bytes, 16);
}

TEST(sweep_layout)
{
	SIZE(memmgr_sweep, 96);
	AT(memmgr_sweep, cursor, 0);
	AT(memmgr_sweep, rows, 8);
	AT(memmgr_sweep, room, 16);
	AT(memmgr_sweep, flags, 20);
	AT(memmgr_sweep, tag_value, 24);
	AT(memmgr_sweep, tag_mask, 28);
	AT(memmgr_sweep, owner, 32);
	AT(memmgr_sweep, states, 36);
	AT(memmgr_sweep, epoch_from, 40);
	AT(memmgr_sweep, epoch_before, 44);
	AT(memmgr_sweep, size_min, 48);
	AT(memmgr_sweep, size_max, 56);
	AT(memmgr_sweep, out_cursor, 64);
	AT(memmgr_sweep, out_count, 72);
	AT(memmgr_sweep, out_bytes, 80);
	AT(memmgr_sweep, out_rows, 88);
	AT(memmgr_sweep, out_reserved, 92);
}

TEST(command_numbers)
{
	EXPECT_EQ(0xc088e800U, MEMMGR_IOC_INFO);
	EXPECT_EQ(0xc058e801U, MEMMGR_IOC_ARENA_CREATE);
	EXPECT_EQ(0xc010e802U, MEMMGR_IOC_ATTACH);
	EXPECT_EQ(0xc040e803U, MEMMGR_IOC_ALLOC);
	EXPECT_EQ(0xc018e804U, MEMMGR_IOC_FREE);
	EXPECT_EQ(0xc038e805U, MEMMGR_IOC_REALLOC);
	EXPECT_EQ(0xc058e806U, MEMMGR_IOC_QUERY);
	EXPECT_EQ(0xc050e807U, MEMMGR_IOC_ITERATE);
	EXPECT_EQ(0xc0c8e808U, MEMMGR_IOC_STAT);
	EXPECT_EQ(0xc078e809U, MEMMGR_IOC_VALIDATE);
	EXPECT_EQ(0xc018e80aU, MEMMGR_IOC_ACT);
	EXPECT_EQ(0xc010e80bU, MEMMGR_IOC_EPOCH);
	EXPECT_EQ(0xc060e80cU, MEMMGR_IOC_SWEEP);
}

TEST(constants)
{
	EXPECT_EQ(16, MEMMGR_ENGINE_NAME_LEN);
	EXPECT_EQ(32, MEMMGR_ARENA_NAME_LEN);
	EXPECT_EQ(64, MEMMGR_WHAT_LEN);
	EXPECT_EQ(16, MEMMGR_GRANULE_MIN);
	EXPECT_EQ(65536, MEMMGR_GRANULE_MAX);
	EXPECT_EQ(16, MEMMGR_GRANULE_DEFAULT);
	EXPECT_EQ(0, MEMMGR_POLICY_FREE);
	EXPECT_EQ(1, MEMMGR_POLICY_KEEP);
	EXPECT_EQ(2, MEMMGR_POLICY_GIVE);
	EXPECT_EQ(1, MEMMGR_STATE_OWNED);
	EXPECT_EQ(2, MEMMGR_STATE_ORPHAN);
	EXPECT_EQ(4, MEMMGR_STATE_PENDING);
	EXPECT_EQ(7, MEMMGR_STATE_ALL);
	EXPECT_EQ(1, MEMMGR_FEATURE_MEMCG);
	EXPECT_EQ(2, MEMMGR_FEATURE_TRACE);
	EXPECT_EQ(1, MEMMGR_RIGHT_READ);
	EXPECT_EQ(2, MEMMGR_RIGHT_WRITE);
	EXPECT_EQ(1, MEMMGR_ATTACH_READONLY);
	EXPECT_EQ(1, MEMMGR_ALLOC_ZERO);
	EXPECT_EQ(1, MEMMGR_CHECK_OFFSET);
	EXPECT_EQ(2, MEMMGR_REALLOC_IN_PLACE);
	EXPECT_EQ(4, MEMMGR_REALLOC_ZERO);
	EXPECT_EQ(1, MEMMGR_QUERY_BY_OFFSET);
	EXPECT_EQ(1, MEMMGR_ITERATE_OWNER);
	EXPECT_EQ(UINT64_MAX, MEMMGR_CURSOR_END);
	EXPECT_EQ(1024, MEMMGR_ACT_MAX);
	EXPECT_EQ(1, MEMMGR_ACTION_FREE);
	EXPECT_EQ(2, MEMMGR_ACTION_RETAG);
	EXPECT_EQ(3, MEMMGR_ACTION_TRANSFER);
	EXPECT_EQ(4, MEMMGR_ACTION_MARK);
	EXPECT_EQ(5, MEMMGR_ACTION_POLICY);
	EXPECT_EQ(1, MEMMGR_EPOCH_ADVANCE);
	EXPECT_EQ(1, MEMMGR_SWEEP_OWNER);
	EXPECT_EQ(2, MEMMGR_SWEEP_DRY_RUN);
	EXPECT_EQ(64, MEMMGR_SWEEP_ROWS_MAX);
}

TEST_HARNESS_MAIN
