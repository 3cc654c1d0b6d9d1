// SPDX-License-Identifier: GPL-2.0
#include "arena.h"

#include "memory.h"

static bool add_segment(struct arena *arena)
{
	void *segment = memory_new(MEMMGR_SEGMENT_BYTES);
	int ret = 0;

	lock_take(&arena->grow);
	if (!memmgr_blocks_any_free(&arena->blocks)) {
		ret = memmgr_blocks_add(&arena->blocks, segment);
		if (!ret)
			segment = NULL;
	}
	lock_give(&arena->grow);
	if (segment)
		memory_free(segment, MEMMGR_SEGMENT_BYTES);
	return !ret;
}

struct memmgr_record *arena_take_new_slot(struct arena *arena)
{
	struct memmgr_record *rec;

	do {
		if (!add_segment(arena))
			return NULL;
		rec = memmgr_block_prepare(&arena->blocks);
	} while (!rec);
	return rec;
}

bool arena_init(struct arena *arena, const struct space_config *config)
{
	u64 granules;

	*arena = (struct arena){ 0 };
	if (!space_init(&arena->space, config))
		return false;
	granules = arena->space.granules;
	memmgr_blocks_init(&arena->blocks, memory_new(memmgr_blocks_directory_bytes(granules)),
			   granules);
	return true;
}

void arena_end(struct arena *arena)
{
	void *segment;
	u32 i;

	for (i = 0; (segment = memmgr_blocks_segment(&arena->blocks, i)); i++)
		memory_free(segment, MEMMGR_SEGMENT_BYTES);
	memory_free(arena->blocks.segments, memmgr_blocks_directory_bytes(arena->space.granules));
	space_end(&arena->space);
}

u64 arena_engine_bytes(const struct arena *arena)
{
	return arena->space.meta_bytes;
}

u64 arena_table_bytes(const struct arena *arena)
{
	u64 segments = memmgr_blocks_slots(&arena->blocks) / MEMMGR_SEGMENT_SLOTS;

	return segments * MEMMGR_SEGMENT_BYTES +
	       memmgr_blocks_directory_bytes(arena->space.granules);
}
