/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef MEMMGR_ENGINE_CHUNK_SEARCH_H
#define MEMMGR_ENGINE_CHUNK_SEARCH_H

#include "chunk_map.h"

/* Search for a hole and claim it: a call's part of that; see engine.h. */
int memmgr_chunk_search(struct chunk *ck, struct memmgr_claim *claim, struct memmgr_run *run);

/*
 * Search a part that has room to spare, for a short while, from where the last such
 * search ended, and claim what fits for certain.
 */
bool memmgr_chunk_search_part(struct chunk *ck, struct part *part,
			      const struct memmgr_claim *claim, struct memmgr_run *run);

/* The first word from @index on that may have a hole's start; NOWHERE if none. */
u64 memmgr_chunk_next_word(const struct chunk *ck, u64 index);

/* The part where callers with @hint begin. */
static inline u32 home_of(const struct chunk *ck, u32 hint)
{
	return hint & ck->layout.homes;
}

#endif /* MEMMGR_ENGINE_CHUNK_SEARCH_H */
