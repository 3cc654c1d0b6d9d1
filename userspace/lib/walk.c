/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Visiting blocks. */
#include "internal.h"

#define BATCH 64

static int visit_batch(struct memmgr *m, const struct memmgr_block *blocks, uint32_t count,
		       memmgr_visit_fn *visit, void *context)
{
	int ret = 0;
	uint32_t i;

	for (i = 0; i < count && !ret; i++)
		ret = visit(m, &blocks[i], context);
	return ret;
}

EXPORT int memmgr_iterate(struct memmgr *m, const struct memmgr_filter *filter,
			  memmgr_visit_fn *visit, void *context)
{
	struct memmgr_block blocks[BATCH];
	struct memmgr_iterate walk = {
		.blocks = (uintptr_t)blocks,
		.count = BATCH,
	};
	int ret = 0;

	if (filter) {
		walk.tag_value = filter->tag_value;
		walk.tag_mask = filter->tag_mask;
		walk.flags = filter->flags;
		walk.owner = filter->owner;
		walk.states = filter->states;
	}

	while (!ret && walk.cursor != MEMMGR_CURSOR_END) {
		ret = memmgr_ioctl(m->fd, MEMMGR_IOC_ITERATE, &walk);
		if (!ret)
			ret = visit_batch(m, blocks, walk.out_count, visit, context);
		walk.cursor = walk.out_cursor;
	}
	return ret;
}
