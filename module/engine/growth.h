/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What is the same for all engines that keep their runs in an edge map: whether a
 * run is claimed, what is free around it, and how it grows.
 */
#ifndef MEMMGR_ENGINE_GROWTH_H
#define MEMMGR_ENGINE_GROWTH_H

#include "edges.h"
#include "engine.h"

/*
 * Is all of @run claimed? Then @used is the used run that it is part of. Unless
 * that begins where @run does, its start is some lower granule: to find the edge
 * would be a long way for nothing.
 */
static __always_inline bool run_is_claimed(const struct edges *edges,
					   const struct memmgr_run *run, struct edge_run *used)
{
	u64 end;

	if (!run->len || check_add_overflow(run->start, run->len, &end) || end > edges->granules)
		return false;
	*used = (struct edge_run){
		.start = run->start - !has_used_edge(edges, run->start),
		.end = end_of_used(edges, run->start),
		.kind = EDGE_USED,
	};
	return end <= used->end;
}

/* The holes that touch @run, part of @used, on both sides; empty if there is none. */
void holes_around(const struct edges *edges, const struct memmgr_run *run,
		  const struct edge_run *used, struct edge_run *below, struct edge_run *above);

/**
 * struct growth - how a claimed run becomes longer
 * @run: what it will be
 * @below: the hole in front of it; empty if there is none
 * @above: the hole behind it; empty if there is none
 */
struct growth {
	struct memmgr_run run;
	struct edge_run below;
	struct edge_run above;
};

/*
 * Lengthen the claimed @run: upwards as far as that goes, for then nothing has to
 * move, and the rest downwards, if that is allowed.
 *
 *	below        start        end         above
 *	  |............|############|...........|####
 *	            |<------ want ----->|
 *
 * @want->len is more than the run has, and not more than the arena. Changes
 * nothing. 0, or -ENOSPC if the neighbours are not free.
 */
int plan_growth(const struct edges *edges, const struct memmgr_resize *want,
		const struct memmgr_run *run, const struct edge_run *used,
		struct growth *growth);

#endif /* MEMMGR_ENGINE_GROWTH_H */
