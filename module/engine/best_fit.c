// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * best_fit: the smallest hole that fits, the lowest of several equal ones.
 *
 * That wastes the least of a hole, keeps the long ones for those who need them,
 * and fills an arena further than first fit does where sizes vary. The claimed run
 * is the lowest in its hole that is aligned. "Fits" means with the alignment: an
 * aligned claim goes through the holes in order until one has an aligned place.
 *
 * Where holes are is in the edge map; which is the smallest that fits, in an index
 * over it: holeindex.h. This file only says what to do with them.
 *
 * Invariants, all checked by validate(): those of edge map and index; @free counts
 * the free granules.
 *
 * Locks: none; the caller's serialises all calls.
 * Cost: that of holeindex.h, whatever the length of the run: constant for holes up to
 * HOLES_SHORT granules, O(log n) in the number of longer ones. A claim with an
 * alignment looks at up to CANDIDATES holes, then answers -EAGAIN and goes on from
 * the key of the last; validate() makes up to CHECK_STEPS steps.
 * Memory: 2.7 % of an arena of 16-byte granules, nothing for a block.
 *
 * It does not know which run was claimed with which: that is the caller's record.
 */
#include "engine.h"
#include "growth.h"
#include "holeindex.h"

/* Holes that one claim() tries, and steps that one validate() makes. */
#define CANDIDATES 16
#define CHECK_STEPS 64

/**
 * struct best_fit - start of the metadata
 * @granules: length of the arena, which @index has once more: each vouches for the
 *	other; immutable
 * @index: immutable
 * @free: free granules
 * @changes: claims, releases and resizes so far
 */
struct best_fit {
	u64 granules;
	struct hole_index index;
	u64 free;
	u64 changes;
};

/*
 * Fill in @index for @granules; returns the bytes that the metadata takes. The
 * edges begin with a line of the cache, so that a group of them is one.
 */
static u64 lay_out(struct hole_index *index, u64 granules)
{
	const u64 start = offsetof(struct best_fit, index);

	return start + hole_index_lay_out(index, ALIGN(sizeof(struct best_fit), 64) - start,
					  granules);
}

/* [@start, @end) of @hole is used now; nothing if it is empty. */
static void mark_used(struct best_fit *bf, u64 start, u64 end, const struct edge_run *hole)
{
	if (start == end)
		return;
	hole_index_claim(&bf->index, start, end, hole);
	bf->free -= end - start;
	bf->changes++;
}

/* [@start, @end) of @used is free now; nothing if it is empty. */
static void mark_free(struct best_fit *bf, u64 start, u64 end, const struct edge_run *used)
{
	if (start == end)
		return;
	hole_index_release(&bf->index, start, end, used);
	bf->free += end - start;
	bf->changes++;
}

/* --- the engine ------------------------------------------------------------- */

static u64 best_fit_footprint(const struct memmgr_geometry *geo)
{
	struct hole_index index;

	if (!geo->granules || geo->granules > MEMMGR_GRANULES_MAX)
		return 0;
	return lay_out(&index, geo->granules);
}

static int best_fit_init(void *meta, const struct memmgr_geometry *geo)
{
	struct edge_run all = { 0, geo->granules, EDGE_USED };
	struct best_fit *bf = meta;

	if (!best_fit_footprint(geo))
		return -EINVAL;
	bf->granules = geo->granules;
	lay_out(&bf->index, geo->granules);
	bf->free = 0;
	mark_free(bf, 0, geo->granules, &all);
	bf->changes = 0;
	return 0;
}

/* Go on from key @claim->from. */
static noinline int claim_from(struct best_fit *bf, struct memmgr_claim *claim,
			       struct memmgr_run *run)
{
	u64 key = max(claim->from, hole_key(claim->len, 0)), pos;
	struct edge_run hole;
	u32 tries;

	for (tries = 0; tries < CANDIDATES; tries++) {
		key = hole_index_seek(&bf->index, key);
		if (!key)
			return -ENOSPC;
		hole = hole_of(key);
		pos = ALIGN(hole.start, claim->align);
		if (pos + claim->len <= hole.end) {
			mark_used(bf, pos, pos + claim->len, &hole);
			*run = (struct memmgr_run){ pos, claim->len };
			return 0;
		}
		key++;
	}
	claim->from = key;
	return -EAGAIN;
}

/* Nearly always a short hole will do, the first one. */
static int best_fit_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct best_fit *bf = meta;
	u64 len = claim->len, pos;

	if (!len || !is_power_of_2(claim->align))
		return -EINVAL;
	if (len > bf->free)
		return -ENOMEM;
	if (claim->from)
		return claim_from(bf, claim, run);
	pos = hole_index_take(&bf->index, len, claim->align);
	if (pos == HOLE_INDEX_NOWHERE)
		return claim_from(bf, claim, run);
	bf->free -= len;
	bf->changes++;
	*run = (struct memmgr_run){ pos, len };
	return 0;
}

static int best_fit_release(void *meta, const struct memmgr_run *run)
{
	struct best_fit *bf = meta;
	struct edge_run used;

	if (!run_is_claimed(&bf->index.edges, run, &used))
		return -EUCLEAN;
	mark_free(bf, run->start, memmgr_run_end(run), &used);
	return 0;
}

static int grow(struct best_fit *bf, const struct memmgr_resize *want, struct memmgr_run *run,
		const struct edge_run *used)
{
	struct growth growth;
	int ret = plan_growth(&bf->index.edges, want, run, used, &growth);

	if (ret)
		return ret;
	mark_used(bf, growth.run.start, run->start, &growth.below);
	mark_used(bf, memmgr_run_end(run), memmgr_run_end(&growth.run), &growth.above);
	*run = growth.run;
	return 0;
}

static int best_fit_resize(void *meta, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct best_fit *bf = meta;
	struct edge_run used;

	if (!want->len || !is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	if (!run_is_claimed(&bf->index.edges, run, &used))
		return -EUCLEAN;
	if (want->len > bf->granules)
		return -ENOSPC;
	if (want->len > run->len)
		return grow(bf, want, run, &used);
	mark_free(bf, run->start + want->len, memmgr_run_end(run), &used);
	run->len = want->len;
	return 0;
}

static bool best_fit_next_free(const void *meta, u64 from, struct memmgr_run *run)
{
	const struct best_fit *bf = meta;
	struct edge_run found;

	if (from >= bf->granules)
		return false;
	found = run_at(&bf->index.edges, from);
	if (found.kind == EDGE_USED) {
		if (found.end == bf->granules)
			return false;
		from = found.end;
		found.end = edge_after(&bf->index.edges, from);
	}
	*run = (struct memmgr_run){ from, found.end - from };
	return true;
}

static void best_fit_stat(const void *meta, struct memmgr_engine_stat *stat)
{
	const struct best_fit *bf = meta;

	*stat = (struct memmgr_engine_stat){
		.free = bf->free,
		.largest = hole_index_longest(&bf->index),
	};
}

/* --- validation ------------------------------------------------------------- */

static const char *header_damage(const struct best_fit *bf)
{
	struct hole_index index;

	if (!bf->granules || bf->granules > MEMMGR_GRANULES_MAX)
		return "length of the arena";
	lay_out(&index, bf->granules);
	if (memcmp(&index, &bf->index, sizeof(index)))
		return "layout of the metadata";
	if (bf->free > bf->granules)
		return "more granules free than there are";
	return NULL;
}

static int damage(struct memmgr_check *check, const char *what, u64 at)
{
	check->what = what;
	check->at = at;
	return -EUCLEAN;
}

static int best_fit_validate(const void *meta, struct memmgr_check *check)
{
	const struct best_fit *bf = meta;
	const char *what = header_damage(bf);
	struct hole_index_check found;
	u64 last, end;

	if (what)
		return damage(check, what, 0);
	if (!check->cursor) {
		check->free = 0;
		check->changes = bf->changes;
	}
	found = (struct hole_index_check){ .free = check->free };
	last = hole_index_steps(&bf->index);
	end = min(check->cursor + CHECK_STEPS, last);
	for (; check->cursor < end; check->cursor++)
		if (!hole_index_check_step(&bf->index, check->cursor, &found))
			return damage(check, found.what, found.at);
	check->free = found.free;
	if (check->cursor < last)
		return -EAGAIN;
	if (check->changes == bf->changes && check->free != bf->free)
		return damage(check, "count of free granules", 0);
	return 0;
}

const struct memmgr_engine memmgr_best_fit = {
	.name = "best_fit",
	.footprint = best_fit_footprint,
	.init = best_fit_init,
	.claim = best_fit_claim,
	.release = best_fit_release,
	.resize = best_fit_resize,
	.next_free = best_fit_next_free,
	.stat = best_fit_stat,
	.validate = best_fit_validate,
};
