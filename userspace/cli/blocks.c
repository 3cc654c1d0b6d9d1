/* SPDX-License-Identifier: GPL-2.0 */
/* All blocks of an arena at one time, sorted by address. */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

static int grow(struct blocks *blocks)
{
	size_t room = blocks->room ? blocks->room * 2 : 1024;
	struct memmgr_block *at = reallocarray(blocks->at, room, sizeof(*at));

	if (!at)
		return -1;
	blocks->at = at;
	blocks->room = room;
	return 0;
}

static int add(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	struct blocks *blocks = context;

	(void)m;
	if (blocks->count == blocks->room && grow(blocks))
		return -1;
	blocks->at[blocks->count++] = *block;
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct memmgr_block *left = a;
	const struct memmgr_block *right = b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

int blocks_collect(struct blocks *blocks, struct memmgr *m, const struct memmgr_filter *filter)
{
	memset(blocks, 0, sizeof(*blocks));
	if (memmgr_iterate(m, filter, add, blocks))
		return -1;
	if (blocks->count)
		qsort(blocks->at, blocks->count, sizeof(*blocks->at), by_offset);
	return 0;
}

void blocks_free(struct blocks *blocks)
{
	free(blocks->at);
}

const char *block_state(const struct memmgr_block *block)
{
	switch (block->state) {
	case MEMMGR_STATE_OWNED:
		return "owned";
	case MEMMGR_STATE_ORPHAN:
		return "orphan";
	case MEMMGR_STATE_PENDING:
		return "pending";
	default:
		return "?";
	}
}

const char *block_policy(const struct memmgr_block *block)
{
	switch (block->policy) {
	case MEMMGR_POLICY_FREE:
		return "free";
	case MEMMGR_POLICY_KEEP:
		return "keep";
	case MEMMGR_POLICY_GIVE:
		return "give";
	default:
		return "?";
	}
}
