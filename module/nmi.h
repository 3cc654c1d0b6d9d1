/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What callers that cannot wait have in common: see nmi.c.
 */
#ifndef MEMMGR_NMI_H
#define MEMMGR_NMI_H

#include "heap.h"

/* Calls of an engine without a lock until that is enough. */
#define MEMMGR_CLAIMS 8

static inline bool memmgr_is_lockless(const struct memmgr_arena *arena)
{
	return arena->engine->flags & MEMMGR_ENGINE_CONCURRENT;
}

int memmgr_at_once_begin(struct memmgr_heap *heap, const struct memmgr_wish *wish,
			 struct memmgr_view *view);
struct memmgr_record *memmgr_take_new(struct memmgr_arena *arena, struct memmgr_view *view,
				      u32 claims, int *error);
int memmgr_at_once_end(struct memmgr_heap *heap, const struct memmgr_wish *wish,
		       struct memmgr_record *rec, int error, struct memmgr_view *view,
		       struct memmgr_place *place);
void memmgr_release_at_once(struct memmgr_arena *arena, const struct memmgr_run *run);

#endif /* MEMMGR_NMI_H */
