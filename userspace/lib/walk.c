/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Visiting blocks, and sweeping them. */
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

EXPORT int memmgr_snapshot(struct memmgr *m, const struct memmgr_filter *filter,
			   memmgr_visit_fn *visit, void *context, bool *changed)
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
		walk.epoch_from = filter->epoch_from;
		walk.epoch_before = filter->epoch_before;
		walk.size_min = filter->size_min;
		walk.size_max = filter->size_max;
	}

	while (!ret && walk.cursor != MEMMGR_CURSOR_END) {
		ret = memmgr_ioctl(m->fd, MEMMGR_IOC_ITERATE, &walk);
		if (!ret)
			ret = visit_batch(m, blocks, walk.out_count, visit, context);
		walk.cursor = walk.out_cursor;
	}
	*changed = walk.out_changed;
	return ret;
}

EXPORT int memmgr_iterate(struct memmgr *m, const struct memmgr_filter *filter,
			  memmgr_visit_fn *visit, void *context)
{
	bool changed;

	return memmgr_snapshot(m, filter, visit, context, &changed);
}

static int sweep_slice(struct memmgr *m, struct memmgr_sweep *sweep, struct memmgr_swept *swept)
{
	int ret = memmgr_ioctl(m->fd, MEMMGR_IOC_SWEEP, sweep);

	if (ret)
		return ret;
	swept->count += sweep->out_count;
	swept->bytes += sweep->out_bytes;
	sweep->cursor = sweep->out_cursor;
	return 0;
}

EXPORT int memmgr_sweep(struct memmgr *m, const struct memmgr_filter *filter,
			struct memmgr_swept *swept, memmgr_swept_fn *each, void *context)
{
	struct memmgr_sweep_row rows[MEMMGR_SWEEP_ROWS_MAX];
	struct memmgr_sweep sweep = {
		.rows = each ? (uintptr_t)rows : 0,
		.room = each ? MEMMGR_SWEEP_ROWS_MAX : 0,
		.flags = filter->flags,
		.tag_value = filter->tag_value,
		.tag_mask = filter->tag_mask,
		.owner = filter->owner,
		.states = filter->states,
		.epoch_from = filter->epoch_from,
		.epoch_before = filter->epoch_before,
		.size_min = filter->size_min,
		.size_max = filter->size_max,
	};
	uint32_t i;

	*swept = (struct memmgr_swept){ 0 };
	while (sweep.cursor != MEMMGR_CURSOR_END) {
		if (sweep_slice(m, &sweep, swept))
			return -1;
		for (i = 0; i < sweep.out_rows; i++)
			each(m, &rows[i], context);
	}
	return 0;
}
