/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's arena in a process: engine and block table, used in the order that
 * module/alloc.c uses them in:
 *
 *	prepare a slot -> claim -> fill the record -> publish
 *	kill -> release -> bury
 *
 * What the kernel adds and this leaves out: accounts and tracepoints (some
 * per-CPU additions), clearing, owners, and the system call around it all.
 */
#ifndef MEMMGR_BENCH_ARENA_H
#define MEMMGR_BENCH_ARENA_H

#include "blocks.h"
#include "space.h"

struct arena {
	struct space space;
	struct lock grow; /* memmgr_blocks_add() */
	struct memmgr_blocks blocks;
};

/* False if the engine cannot serve such an arena. */
bool arena_init(struct arena *arena, const struct space_config *config);
void arena_end(struct arena *arena);

/* A slot of a new segment; NULL if there can be no more. */
struct memmgr_record *arena_take_new_slot(struct arena *arena);

static inline struct memmgr_record *arena_take_slot(struct arena *arena)
{
	struct memmgr_record *rec = memmgr_block_prepare(&arena->blocks);

	return likely(rec) ? rec : arena_take_new_slot(arena);
}

static inline struct memmgr_handle arena_publish(struct memmgr_record *rec,
						 const struct memmgr_view *view)
{
	struct memmgr_handle handle = memmgr_block_handle(rec);

	memmgr_block_fill(rec, view);
	memmgr_block_publish(rec);
	return handle;
}

/*
 * A block of @size bytes, aligned to @align granules, for the caller on @cpu, and
 * where it is; handle 0 if there is no room. Inline, as is arena_free(), like what
 * is called here: the work is measured, not how many files it is spread over.
 */
static inline struct memmgr_handle arena_alloc(struct arena *arena, u64 size, u64 align, u32 cpu,
					       struct memmgr_run *run)
{
	struct memmgr_view view = {
		.size = size,
		.align = align,
		.tag = 1,
		.owner = 1,
		.epoch = 1,
	};
	struct memmgr_record *rec = arena_take_slot(arena);
	u64 len = space_granules(&arena->space, size);

	if (!rec)
		return (struct memmgr_handle){ 0 };
	if (space_claim(&arena->space, len, align, cpu, run)) {
		memmgr_block_abandon(&arena->blocks, rec);
		return (struct memmgr_handle){ 0 };
	}
	view.run = *run;
	return arena_publish(rec, &view);
}

/* False for a handle that names no block. */
static inline bool arena_free(struct arena *arena, struct memmgr_handle handle)
{
	struct memmgr_record *rec;
	struct memmgr_run run;

	if (memmgr_block_kill(&arena->blocks, handle, NULL, &rec))
		return false;
	run = memmgr_record_run(rec);
	space_release(&arena->space, &run);
	memmgr_block_bury(&arena->blocks, rec);
	return true;
}

/* Bytes of metadata: the engine's; the block table's, with directory. */
u64 arena_engine_bytes(const struct arena *arena);
u64 arena_table_bytes(const struct arena *arena);

#endif /* MEMMGR_BENCH_ARENA_H */
