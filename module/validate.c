// SPDX-License-Identifier: GPL-2.0
/*
 * Checking an arena while others go on.
 *
 * Three things must hold: the engine agrees with itself; each block lies within
 * the arena, aligned, on granules that the engine has not got free; and blocks
 * and holes tile the arena exactly. The first two are checked part by part under
 * the arena's lock and hold at any time, unless the engine needs no lock. The
 * third is a statement about one instant: it is checked by walking over everything
 * with a map of the granules, and counts only if nothing changed from before the
 * walk until after it; so do the others with an engine that needs no lock. Where
 * somebody is always at work it is tried a few times and then left open, which
 * the result says.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "arena.h"

#define ATTEMPTS 4
#define BITS_PER_STEP SZ_1M /* between two chances for others to run */

/* A validation: what was seen, and the first damage. */
struct survey {
	struct memmgr_arena *arena;
	unsigned long *map;
	u64 blocks;
	u64 used;
	u64 holes;
	u64 free;
	const char *what;
	u64 at;
};

static int damage(struct survey *survey, const char *what, u64 granule)
{
	survey->what = what;
	survey->at = memmgr_bytes(survey->arena, granule);
	return -EUCLEAN;
}

static int check_engine(struct survey *survey)
{
	struct memmgr_check check = {};
	int ret;

	while ((ret = memmgr_space_validate(survey->arena, &check)) == -EAGAIN) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return ret ? damage(survey, check.what, check.at) : 0;
}

static int check_block(struct survey *survey, const struct memmgr_view *view)
{
	struct memmgr_arena *arena = survey->arena;
	u64 start = view->run.start;

	if (!view->run.len || view->run.len > arena->granules ||
	    start > arena->granules - view->run.len)
		return damage(survey, "a block lies outside the arena", start);
	if (!view->size || view->size > memmgr_bytes(arena, view->run.len))
		return damage(survey, "a block is smaller than its size", start);
	if (!IS_ALIGNED(start, view->align))
		return damage(survey, "a block is not aligned", start);
	if (!memmgr_space_holds(arena, view))
		return damage(survey, "a block's granules are free in the engine", start);
	return 0;
}

/* Enter a run into the map; false if some of it was there already. */
static bool enter(struct survey *survey, const struct memmgr_run *run)
{
	u64 end = memmgr_run_end(run);
	u64 at, step;

	for (at = run->start; at < end; at += step) {
		step = min_t(u64, end - at, BITS_PER_STEP);
		if (find_next_bit(survey->map, at + step, at) < at + step)
			return false;
		bitmap_set(survey->map, at, step);
		cond_resched();
	}
	return true;
}

static int check_blocks(struct survey *survey, bool *apart)
{
	struct memmgr_view view;
	u32 slot = 0;
	int ret;

	while (memmgr_next_block(survey->arena, &slot, U32_MAX, &view)) {
		ret = check_block(survey, &view);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			return ret;
		if (*apart && !enter(survey, &view.run)) {
			*apart = false;
			damage(survey, "two blocks overlap", view.run.start);
		}
		survey->blocks++;
		survey->used += memmgr_bytes(survey->arena, view.run.len);
	}
	return 0;
}

static int count_holes(struct survey *survey)
{
	struct memmgr_run run = {};

	while (memmgr_space_next_free(survey->arena, memmgr_run_end(&run), &run)) {
		survey->holes++;
		survey->free += memmgr_bytes(survey->arena, run.len);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int check_sums(struct survey *survey)
{
	struct memmgr_arena *arena = survey->arena;
	struct memmgr_counts totals = memmgr_totals(arena->counts);
	u64 claimed = survey->used + memmgr_bytes(arena, atomic64_read(&arena->deferred.stocked));

	if (claimed + survey->free != arena->size ||
	    claimed != memmgr_bytes(arena, atomic64_read(&arena->claimed)))
		return damage(survey, "blocks and holes do not add up to the arena", 0);
	if (survey->used != totals.used || survey->blocks != totals.allocs - totals.frees)
		return damage(survey, "the accounts differ from the blocks", 0);
	return 0;
}

/* One walk over everything. -EAGAIN: sound as far as can be said, but not still. */
static int survey_once(struct survey *survey)
{
	const struct memmgr_counts __percpu *counts = survey->arena->counts;
	bool apart = true;
	bool still;
	s64 begun;
	int ret;

	still = memmgr_stands_still(counts, &begun);
	ret = check_engine(survey);
	if (!ret)
		ret = check_blocks(survey, &apart);
	if (!ret)
		ret = count_holes(survey);
	if (ret == -EUCLEAN && survey->arena->engine->flags & MEMMGR_ENGINE_CONCURRENT &&
	    !(still && memmgr_stood_still(counts, begun)))
		return -EAGAIN;
	if (ret)
		return ret;
	if (!apart)
		ret = -EUCLEAN;
	else if (still)
		ret = check_sums(survey);
	return still && memmgr_stood_still(counts, begun) ? ret : -EAGAIN;
}

static void report(const struct survey *survey, int ret, struct memmgr_validate *out)
{
	out->out_blocks = survey->blocks;
	out->out_used = survey->used;
	out->out_holes = survey->holes;
	out->out_free = survey->free;
	out->out_complete = !ret;
	if (ret == -EUCLEAN) {
		out->out_at = survey->at;
		strscpy(out->out_what, survey->what, sizeof(out->out_what));
	}
}

/**
 * memmgr_arena_validate - check everything
 * @arena: what
 * @out: what was found; the members out_* are written, the rest is left alone
 *
 * Return: 0; -EUCLEAN on damage; -ENOMEM; -EINTR if a fatal signal came.
 * Context: process, may sleep.
 */
int memmgr_arena_validate(struct memmgr_arena *arena, struct memmgr_validate *out)
{
	size_t bytes = BITS_TO_LONGS(arena->granules) * sizeof(long);
	struct survey survey = { .arena = arena };
	unsigned long *map;
	int attempt, ret;

	map = kvmalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!map)
		return -ENOMEM;
	for (attempt = 0, ret = -EAGAIN; attempt < ATTEMPTS && ret == -EAGAIN; attempt++) {
		survey = (struct survey){ .arena = arena, .map = map };
		memset(map, 0, bytes);
		ret = survey_once(&survey);
	}
	kvfree(map);
	report(&survey, ret, out);
	return ret == -EAGAIN ? 0 : ret;
}
