// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * first_fit: true address-ordered first fit.
 *
 * A claim gets the lowest address at which a free run holds it, always. That
 * packs blocks towards the start of the arena and leaves one long hole at its end.
 *
 * All is kept in a hole map (holemap.h) that compares holes by their length.
 *
 * Locks: none; the caller's serialises all calls.
 * Cost: that of the hole map for claim, release, resize, next_free. A claim with an
 * alignment looks at some holes that are long enough, then answers
 * -EAGAIN and goes on with the next one when called again.
 *
 * It does not know which run was claimed with which: that is the caller's record.
 */
#include "growth.h"
#include "holemap.h"

static u64 first_fit_footprint(const struct memmgr_geometry *geo)
{
	return hole_map_footprint(geo->granules);
}

static int first_fit_init(void *meta, const struct memmgr_geometry *geo)
{
	if (!first_fit_footprint(geo))
		return -EINVAL;
	hole_map_init(meta, geo->granules, BY_LENGTH);
	return 0;
}

static int first_fit_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	int ret = hole_map_refuses(meta, claim);

	if (ret)
		return ret;
	return hole_map_claim(meta, claim, (u32)claim->len, claim->len, claim->align, run);
}

static int grow(struct hole_map *map, const struct memmgr_resize *want, struct memmgr_run *run,
		const struct edge_run *used)
{
	struct growth growth;
	int ret = plan_growth(&map->layout.edges, want, run, used, &growth);

	if (ret)
		return ret;
	hole_map_mark_used(map, growth.run.start, run->start, &growth.below);
	hole_map_mark_used(map, memmgr_run_end(run), memmgr_run_end(&growth.run), &growth.above);
	*run = growth.run;
	return 0;
}

static int first_fit_resize(void *meta, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct hole_map *map = meta;
	struct edge_run used;

	if (!want->len || !is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	if (!run_is_claimed(&map->layout.edges, run, &used))
		return -EUCLEAN;
	if (want->len > map->layout.granules)
		return -ENOSPC;
	if (want->len > run->len)
		return grow(map, want, run, &used);
	hole_map_mark_free(map, run->start + want->len, memmgr_run_end(run), &used);
	run->len = want->len;
	return 0;
}

static void first_fit_stat(const void *meta, struct memmgr_engine_stat *stat)
{
	const struct hole_map *map = meta;

	*stat = (struct memmgr_engine_stat){
		.free = map->free,
		.largest = hole_map_greatest(map),
	};
}

const struct memmgr_engine memmgr_first_fit = {
	.name = "first_fit",
	.footprint = first_fit_footprint,
	.init = first_fit_init,
	.claim = first_fit_claim,
	.release = hole_map_release,
	.resize = first_fit_resize,
	.next_free = hole_map_next_free,
	.stat = first_fit_stat,
	.validate = hole_map_validate,
};
