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

static struct memmgr_record *take_slot(struct arena *arena)
{
	struct memmgr_record *rec;

	while (!(rec = memmgr_block_prepare(&arena->blocks)))
		if (!add_segment(arena))
			return NULL;
	return rec;
}

bool arena_alloc(struct arena *arena, struct memmgr_view *view, u32 cpu)
{
	struct memmgr_record *rec = take_slot(arena);
	u64 len = space_granules(&arena->space, view->size);

	if (!rec)
		return false;
	if (space_claim(&arena->space, len, view->align, cpu, &view->run)) {
		memmgr_block_abandon(&arena->blocks, rec);
		return false;
	}
	view->handle = memmgr_block_handle(rec);
	memmgr_block_fill(rec, view);
	memmgr_block_publish(rec);
	return true;
}

bool arena_free(struct arena *arena, struct memmgr_handle handle)
{
	struct memmgr_record *rec;
	struct memmgr_view view;

	if (memmgr_block_kill(&arena->blocks, handle, NULL, &rec))
		return false;
	memmgr_block_peek(rec, &view);
	space_release(&arena->space, &view.run);
	memmgr_block_bury(&arena->blocks, rec);
	return true;
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
