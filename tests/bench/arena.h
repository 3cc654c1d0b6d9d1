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

/* False if there is no room. @view->size and @view->align are the wish. */
bool arena_alloc(struct arena *arena, struct memmgr_view *view, u32 cpu);

/* False for a handle that names no block. */
bool arena_free(struct arena *arena, struct memmgr_handle handle);

/* Bytes of metadata: the engine's; the block table's, with directory. */
u64 arena_engine_bytes(const struct arena *arena);
u64 arena_table_bytes(const struct arena *arena);

#endif /* MEMMGR_BENCH_ARENA_H */
