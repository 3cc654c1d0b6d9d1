/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The prefix: how a pointer finds its block.
 *
 * A block that is allocated by pointer is laid out so:
 *
 *	block                     pointer
 *	v                         v
 *	| prefix |  ...  | prefix | payload ...
 *	|<------- lead ---------->|
 *
 * lead is a power of two, MEMMGR_LEAD_MIN or the alignment if that is more; the
 * two prefixes are equal, and one and the same if lead is the smallest. The one
 * before the payload leads from a pointer to the block, the one at the block's
 * start from a handle to the pointer.
 *
 * Whoever maps the arena can overwrite a prefix at any moment. It is therefore
 * read once, every value is checked against the mapping before it is used, and
 * what it claims is an argument to the kernel, which compares it with its own
 * record of the block.
 */
#ifndef LIBMEMMGR_PREFIX_H
#define LIBMEMMGR_PREFIX_H

#include "internal.h"

struct prefix {
	uint64_t handle;
	uint64_t lead;
};

#define MEMMGR_LEAD_MIN sizeof(struct prefix)

_Static_assert(MEMMGR_LEAD_MIN == MEMMGR_ALIGN_MIN, "pointers are aligned to the prefix");

/**
 * struct place - what a pointer's prefix claims
 * @handle: the block
 * @offset: where it starts
 * @lead: bytes from there to the payload
 */
struct place {
	uint64_t handle;
	uint64_t offset;
	size_t lead;
};

/* Write the prefixes of a block and return the pointer to its payload. */
void *memmgr_prefix_write(const struct memmgr *m, const struct place *place);

/* Read the prefix of a pointer. -1 and EINVAL if it cannot be one. */
int memmgr_prefix_read(const struct memmgr *m, const void *ptr, struct place *place);

/* Find the pointer of a block. NULL and EINVAL if it has no prefix. */
void *memmgr_prefix_find(const struct memmgr *m, const struct memmgr_block *block);

#endif /* LIBMEMMGR_PREFIX_H */
