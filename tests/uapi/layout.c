/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The layout of every structure of the ABI. It is enough that this compiles: as C
 * and as C++, for 64 and for 32 bits.
 *
 * Each structure has a twin here whose members are arrays of bytes. Nothing
 * aligns those, so a twin has no holes. Since each member lies where its twin
 * does and both structures are of one size, the structure has no holes either,
 * and its layout is what is written here, on every target.
 *
 * A failure means that programs built yesterday no longer work. The one change
 * that is allowed is a member more at the end.
 */
#include <stddef.h>

#include <linux/memmgr.h>

#ifdef __cplusplus
#define ASSERT(claim) static_assert(claim, #claim)
#else
#define ASSERT(claim) _Static_assert(claim, #claim)
#endif

#define SAME(type, member)                                                             \
	ASSERT(offsetof(struct type, member) == offsetof(struct twin_##type, member)); \
	ASSERT(sizeof(((struct type *)0)->member) == sizeof(((struct twin_##type *)0)->member))

#define SIZE(type, bytes)                              \
	ASSERT(sizeof(struct type) == (bytes));        \
	ASSERT(sizeof(struct twin_##type) == (bytes)); \
	ASSERT((bytes) % 8 == 0)

#define COMMAND(name, nr, type)                                          \
	ASSERT(_IOC_NR(MEMMGR_IOC_##name) == (nr));                      \
	ASSERT(_IOC_TYPE(MEMMGR_IOC_##name) == 0xE8);                    \
	ASSERT(_IOC_DIR(MEMMGR_IOC_##name) == (_IOC_READ | _IOC_WRITE)); \
	ASSERT(_IOC_SIZE(MEMMGR_IOC_##name) == sizeof(struct type))

struct twin_memmgr_block {
	unsigned char handle[8];
	unsigned char offset[8];
	unsigned char size[8];
	unsigned char usable[8];
	unsigned char align[8];
	unsigned char tag[4];
	unsigned char owner[4];
	unsigned char epoch[4];
	unsigned char policy[4];
	unsigned char state[4];
	unsigned char relative[4];
};

SIZE(memmgr_block, 64);
SAME(memmgr_block, handle);
SAME(memmgr_block, offset);
SAME(memmgr_block, size);
SAME(memmgr_block, usable);
SAME(memmgr_block, align);
SAME(memmgr_block, tag);
SAME(memmgr_block, owner);
SAME(memmgr_block, epoch);
SAME(memmgr_block, policy);
SAME(memmgr_block, state);
SAME(memmgr_block, relative);

struct twin_memmgr_info {
	unsigned char flags[4];
	unsigned char engine_index[4];
	unsigned char out_features[8];
	unsigned char out_commands[8];
	unsigned char out_max_arena_size[8];
	unsigned char out_max_total_size[8];
	unsigned char out_max_arenas[4];
	unsigned char out_engine_count[4];
	unsigned char out_engine_name[16];
	unsigned char out_arena_engine[16];
	unsigned char out_arena_name[32];
	unsigned char out_arena_size[8];
	unsigned char out_arena_id[4];
	unsigned char out_granule[4];
	unsigned char out_owner[4];
	unsigned char out_rights[4];
};

SIZE(memmgr_info, 136);
SAME(memmgr_info, flags);
SAME(memmgr_info, engine_index);
SAME(memmgr_info, out_features);
SAME(memmgr_info, out_commands);
SAME(memmgr_info, out_max_arena_size);
SAME(memmgr_info, out_max_total_size);
SAME(memmgr_info, out_max_arenas);
SAME(memmgr_info, out_engine_count);
SAME(memmgr_info, out_engine_name);
SAME(memmgr_info, out_arena_engine);
SAME(memmgr_info, out_arena_name);
SAME(memmgr_info, out_arena_size);
SAME(memmgr_info, out_arena_id);
SAME(memmgr_info, out_granule);
SAME(memmgr_info, out_owner);
SAME(memmgr_info, out_rights);

struct twin_memmgr_arena_create {
	unsigned char size[8];
	unsigned char granule[4];
	unsigned char flags[4];
	unsigned char engine[16];
	unsigned char name[32];
	unsigned char reserve[8];
	unsigned char out_size[8];
	unsigned char out_fd[4];
	unsigned char out_arena_id[4];
};

SIZE(memmgr_arena_create, 88);
SAME(memmgr_arena_create, size);
SAME(memmgr_arena_create, granule);
SAME(memmgr_arena_create, flags);
SAME(memmgr_arena_create, engine);
SAME(memmgr_arena_create, name);
SAME(memmgr_arena_create, reserve);
SAME(memmgr_arena_create, out_size);
SAME(memmgr_arena_create, out_fd);
SAME(memmgr_arena_create, out_arena_id);

struct twin_memmgr_attach {
	unsigned char flags[4];
	unsigned char reserved[4];
	unsigned char out_fd[4];
	unsigned char out_owner[4];
};

SIZE(memmgr_attach, 16);
SAME(memmgr_attach, flags);
SAME(memmgr_attach, reserved);
SAME(memmgr_attach, out_fd);
SAME(memmgr_attach, out_owner);

struct twin_memmgr_alloc {
	unsigned char size[8];
	unsigned char align[8];
	unsigned char tag[4];
	unsigned char flags[4];
	unsigned char policy[4];
	unsigned char heir[4];
	unsigned char out_handle[8];
	unsigned char out_offset[8];
	unsigned char out_usable[8];
	unsigned char out_largest[8];
};

SIZE(memmgr_alloc, 64);
SAME(memmgr_alloc, size);
SAME(memmgr_alloc, align);
SAME(memmgr_alloc, tag);
SAME(memmgr_alloc, flags);
SAME(memmgr_alloc, policy);
SAME(memmgr_alloc, heir);
SAME(memmgr_alloc, out_handle);
SAME(memmgr_alloc, out_offset);
SAME(memmgr_alloc, out_usable);
SAME(memmgr_alloc, out_largest);

struct twin_memmgr_free {
	unsigned char handle[8];
	unsigned char offset[8];
	unsigned char flags[4];
	unsigned char reserved[4];
};

SIZE(memmgr_free, 24);
SAME(memmgr_free, handle);
SAME(memmgr_free, offset);
SAME(memmgr_free, flags);
SAME(memmgr_free, reserved);

struct twin_memmgr_realloc {
	unsigned char handle[8];
	unsigned char size[8];
	unsigned char offset[8];
	unsigned char flags[4];
	unsigned char reserved[4];
	unsigned char out_offset[8];
	unsigned char out_usable[8];
	unsigned char out_largest[8];
};

SIZE(memmgr_realloc, 56);
SAME(memmgr_realloc, handle);
SAME(memmgr_realloc, size);
SAME(memmgr_realloc, offset);
SAME(memmgr_realloc, flags);
SAME(memmgr_realloc, reserved);
SAME(memmgr_realloc, out_offset);
SAME(memmgr_realloc, out_usable);
SAME(memmgr_realloc, out_largest);

struct twin_memmgr_query {
	unsigned char handle[8];
	unsigned char offset[8];
	unsigned char flags[4];
	unsigned char reserved[4];
	unsigned char out_block[64];
};

SIZE(memmgr_query, 88);
SAME(memmgr_query, handle);
SAME(memmgr_query, offset);
SAME(memmgr_query, flags);
SAME(memmgr_query, reserved);
SAME(memmgr_query, out_block);

struct twin_memmgr_iterate {
	unsigned char cursor[8];
	unsigned char blocks[8];
	unsigned char count[4];
	unsigned char flags[4];
	unsigned char tag_value[4];
	unsigned char tag_mask[4];
	unsigned char owner[4];
	unsigned char states[4];
	unsigned char out_cursor[8];
	unsigned char out_count[4];
	unsigned char out_changed[4];
	unsigned char epoch_from[4];
	unsigned char epoch_before[4];
	unsigned char size_min[8];
	unsigned char size_max[8];
};

SIZE(memmgr_iterate, 80);
SAME(memmgr_iterate, cursor);
SAME(memmgr_iterate, blocks);
SAME(memmgr_iterate, count);
SAME(memmgr_iterate, flags);
SAME(memmgr_iterate, tag_value);
SAME(memmgr_iterate, tag_mask);
SAME(memmgr_iterate, owner);
SAME(memmgr_iterate, states);
SAME(memmgr_iterate, out_cursor);
SAME(memmgr_iterate, out_count);
SAME(memmgr_iterate, out_changed);
SAME(memmgr_iterate, epoch_from);
SAME(memmgr_iterate, epoch_before);
SAME(memmgr_iterate, size_min);
SAME(memmgr_iterate, size_max);

struct twin_memmgr_stat {
	unsigned char flags[4];
	unsigned char reserved[4];
	unsigned char out_size[8];
	unsigned char out_used[8];
	unsigned char out_requested[8];
	unsigned char out_free[8];
	unsigned char out_pending[8];
	unsigned char out_largest[8];
	unsigned char out_peak[8];
	unsigned char out_metadata[8];
	unsigned char out_blocks[8];
	unsigned char out_orphans[8];
	unsigned char out_orphan_bytes[8];
	unsigned char out_owners[4];
	unsigned char out_epoch[4];
	unsigned char out_allocs[8];
	unsigned char out_frees[8];
	unsigned char out_reallocs[8];
	unsigned char out_moves[8];
	unsigned char out_failures[8];
	unsigned char out_contended[8];
	unsigned char out_broken[8];
	unsigned char out_owner_blocks[8];
	unsigned char out_owner_bytes[8];
	unsigned char out_lost_races[8];
	unsigned char out_ties_broken[8];
	unsigned char out_retries[8];
};

SIZE(memmgr_stat, 200);
SAME(memmgr_stat, flags);
SAME(memmgr_stat, reserved);
SAME(memmgr_stat, out_size);
SAME(memmgr_stat, out_used);
SAME(memmgr_stat, out_requested);
SAME(memmgr_stat, out_free);
SAME(memmgr_stat, out_pending);
SAME(memmgr_stat, out_largest);
SAME(memmgr_stat, out_peak);
SAME(memmgr_stat, out_metadata);
SAME(memmgr_stat, out_blocks);
SAME(memmgr_stat, out_orphans);
SAME(memmgr_stat, out_orphan_bytes);
SAME(memmgr_stat, out_owners);
SAME(memmgr_stat, out_epoch);
SAME(memmgr_stat, out_allocs);
SAME(memmgr_stat, out_frees);
SAME(memmgr_stat, out_reallocs);
SAME(memmgr_stat, out_moves);
SAME(memmgr_stat, out_failures);
SAME(memmgr_stat, out_contended);
SAME(memmgr_stat, out_broken);
SAME(memmgr_stat, out_owner_blocks);
SAME(memmgr_stat, out_owner_bytes);
SAME(memmgr_stat, out_lost_races);
SAME(memmgr_stat, out_ties_broken);
SAME(memmgr_stat, out_retries);

struct twin_memmgr_validate {
	unsigned char flags[4];
	unsigned char reserved[4];
	unsigned char out_blocks[8];
	unsigned char out_used[8];
	unsigned char out_holes[8];
	unsigned char out_free[8];
	unsigned char out_at[8];
	unsigned char out_complete[4];
	unsigned char out_reserved[4];
	unsigned char out_what[64];
};

SIZE(memmgr_validate, 120);
SAME(memmgr_validate, flags);
SAME(memmgr_validate, reserved);
SAME(memmgr_validate, out_blocks);
SAME(memmgr_validate, out_used);
SAME(memmgr_validate, out_holes);
SAME(memmgr_validate, out_free);
SAME(memmgr_validate, out_at);
SAME(memmgr_validate, out_complete);
SAME(memmgr_validate, out_reserved);
SAME(memmgr_validate, out_what);

struct twin_memmgr_act_entry {
	unsigned char handle[8];
	unsigned char tag_value[4];
	unsigned char tag_mask[4];
	unsigned char action[4];
	unsigned char value[4];
	unsigned char heir[4];
	unsigned char out_result[4];
};

SIZE(memmgr_act_entry, 32);
SAME(memmgr_act_entry, handle);
SAME(memmgr_act_entry, tag_value);
SAME(memmgr_act_entry, tag_mask);
SAME(memmgr_act_entry, action);
SAME(memmgr_act_entry, value);
SAME(memmgr_act_entry, heir);
SAME(memmgr_act_entry, out_result);

struct twin_memmgr_act {
	unsigned char entries[8];
	unsigned char count[4];
	unsigned char flags[4];
	unsigned char out_done[4];
	unsigned char out_reserved[4];
};

SIZE(memmgr_act, 24);
SAME(memmgr_act, entries);
SAME(memmgr_act, count);
SAME(memmgr_act, flags);
SAME(memmgr_act, out_done);
SAME(memmgr_act, out_reserved);

struct twin_memmgr_epoch {
	unsigned char flags[4];
	unsigned char reserved[4];
	unsigned char out_epoch[4];
	unsigned char out_reserved[4];
};

SIZE(memmgr_epoch, 16);
SAME(memmgr_epoch, flags);
SAME(memmgr_epoch, reserved);
SAME(memmgr_epoch, out_epoch);
SAME(memmgr_epoch, out_reserved);

struct twin_memmgr_sweep_row {
	unsigned char tag[4];
	unsigned char reserved[4];
	unsigned char count[8];
	unsigned char bytes[8];
};

SIZE(memmgr_sweep_row, 24);
SAME(memmgr_sweep_row, tag);
SAME(memmgr_sweep_row, reserved);
SAME(memmgr_sweep_row, count);
SAME(memmgr_sweep_row, bytes);

struct twin_memmgr_sweep {
	unsigned char cursor[8];
	unsigned char rows[8];
	unsigned char room[4];
	unsigned char flags[4];
	unsigned char tag_value[4];
	unsigned char tag_mask[4];
	unsigned char owner[4];
	unsigned char states[4];
	unsigned char epoch_from[4];
	unsigned char epoch_before[4];
	unsigned char size_min[8];
	unsigned char size_max[8];
	unsigned char out_cursor[8];
	unsigned char out_count[8];
	unsigned char out_bytes[8];
	unsigned char out_rows[4];
	unsigned char out_reserved[4];
};

SIZE(memmgr_sweep, 96);
SAME(memmgr_sweep, cursor);
SAME(memmgr_sweep, rows);
SAME(memmgr_sweep, room);
SAME(memmgr_sweep, flags);
SAME(memmgr_sweep, tag_value);
SAME(memmgr_sweep, tag_mask);
SAME(memmgr_sweep, owner);
SAME(memmgr_sweep, states);
SAME(memmgr_sweep, epoch_from);
SAME(memmgr_sweep, epoch_before);
SAME(memmgr_sweep, size_min);
SAME(memmgr_sweep, size_max);
SAME(memmgr_sweep, out_cursor);
SAME(memmgr_sweep, out_count);
SAME(memmgr_sweep, out_bytes);
SAME(memmgr_sweep, out_rows);
SAME(memmgr_sweep, out_reserved);

COMMAND(INFO, 0, memmgr_info);
COMMAND(ARENA_CREATE, 1, memmgr_arena_create);
COMMAND(ATTACH, 2, memmgr_attach);
COMMAND(ALLOC, 3, memmgr_alloc);
COMMAND(FREE, 4, memmgr_free);
COMMAND(REALLOC, 5, memmgr_realloc);
COMMAND(QUERY, 6, memmgr_query);
COMMAND(ITERATE, 7, memmgr_iterate);
COMMAND(STAT, 8, memmgr_stat);
COMMAND(VALIDATE, 9, memmgr_validate);
COMMAND(ACT, 10, memmgr_act);
COMMAND(EPOCH, 11, memmgr_epoch);
COMMAND(SWEEP, 12, memmgr_sweep);
