// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Claimed runs in an edge map: see growth.h.
 */
#include "growth.h"

void holes_around(const struct edges *edges, const struct memmgr_run *run,
		  const struct edge_run *used, struct edge_run *below, struct edge_run *above)
{
	u64 start = run->start, end = memmgr_run_end(run);

	*below = (struct edge_run){ start, start, EDGE_HOLE };
	*above = (struct edge_run){ end, end, EDGE_HOLE };
	if (start == used->start && start)
		below->start = edge_before(edges, start);
	if (end == used->end && end < edges->granules)
		above->end = edge_after(edges, end);
}

int plan_growth(const struct edges *edges, const struct memmgr_resize *want,
		const struct memmgr_run *run, const struct edge_run *used, struct growth *growth)
{
	u64 start = run->start, end = memmgr_run_end(run), new_end;

	holes_around(edges, run, used, &growth->below, &growth->above);
	new_end = min(start + want->len, growth->above.end);
	if (new_end < start + want->len) {
		if (!(want->flags & MEMMGR_RESIZE_DOWN) || want->len > new_end)
			return -ENOSPC;
		start = ALIGN_DOWN(new_end - want->len, want->align);
		if (start < growth->below.start)
			return -ENOSPC;
		new_end = max(end, start + want->len);
	}
	growth->run = (struct memmgr_run){ start, new_end - start };
	return 0;
}
