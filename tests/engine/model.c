// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "model.h"

#include <stdlib.h>

#include "tap.h"

struct model model_new(const struct memmgr_engine *engine, u64 granules, u64 reserve)
{
	struct model m = { calloc(granules, 1), granules, granules - reserve, false };

	if (engine != &memmgr_buddy && engine != &memmgr_ebuddy)
		m.border = 0;
	m.best = engine == &memmgr_best_fit;
	CHECK(m.used);
	return m;
}

void model_free(struct model *m)
{
	free(m->used);
}

static bool inside(const struct model *m, u64 start, u64 len)
{
	return start < m->granules && len <= m->granules - start;
}

/* Is every granule of a run as @used says? */
static bool all_are(const struct model *m, u64 start, u64 len, bool used)
{
	u64 i;

	if (!inside(m, start, len))
		return false;
	for (i = start; i < start + len; i++)
		if (m->used[i] != used)
			return false;
	return true;
}

/* The first used granule of a run, or its end. */
static u64 first_used(const struct model *m, u64 start, u64 len)
{
	u64 i;

	for (i = start; i < start + len && !m->used[i]; i++)
		;
	return i;
}

static void set(struct model *m, u64 start, u64 len, bool used)
{
	memset(m->used + start, used, len);
}

static u64 power_of_2(u64 len)
{
	u64 power = 1;

	while (power < len)
		power *= 2;
	return power;
}

/* The length of the block for @len at @start, cut short by the border; 0: none. */
static u64 block_len(const struct model *m, u64 start, u64 len)
{
	u64 room = start < m->border ? m->border - start : 0;

	return len > room ? 0 : min(power_of_2(len), room);
}

static bool claim_block(struct model *m, u64 len, u64 align, struct memmgr_run *run)
{
	u64 step = max(power_of_2(len), align), start, block;

	for (start = 0; (block = block_len(m, start, len)); start += step) {
		if (!all_are(m, start, block, false))
			continue;
		set(m, start, block, true);
		*run = (struct memmgr_run){ start, block };
		return true;
	}
	return false;
}

/* The first place in the hole that is the smallest to have one. */
static int claim_best(struct model *m, u64 len, u64 align, struct memmgr_run *run)
{
	u64 best = U64_MAX, from, start;
	struct memmgr_run hole;

	for (from = 0; model_next_free(m, from, &hole); from = memmgr_run_end(&hole)) {
		start = DIV_ROUND_UP(hole.start, align) * align;
		if (hole.len >= best || start + len > memmgr_run_end(&hole))
			continue;
		best = hole.len;
		*run = (struct memmgr_run){ start, len };
	}
	if (best == U64_MAX)
		return -ENOSPC;
	set(m, run->start, run->len, true);
	return 0;
}

bool model_is_claimed(const struct model *m, const struct memmgr_run *run)
{
	return run->len && all_are(m, run->start, run->len, true);
}

bool model_take(struct model *m, const struct memmgr_run *run)
{
	if (!all_are(m, run->start, run->len, false))
		return false;
	set(m, run->start, run->len, true);
	return true;
}

int model_claim(struct model *m, u64 len, u64 align, struct memmgr_run *run)
{
	u64 start, stop;

	if (!len || !is_power_of_2(align))
		return -EINVAL;
	if (model_stat(m).free < len)
		return -ENOMEM;
	if (m->best)
		return claim_best(m, len, align, run);
	if (claim_block(m, len, align, run))
		return 0;
	for (start = ALIGN(m->border, align); inside(m, start, len);
	     start = ALIGN(stop + 1, align)) {
		stop = first_used(m, start, len);
		if (stop != start + len)
			continue;
		set(m, start, len, true);
		*run = (struct memmgr_run){ start, len };
		return 0;
	}
	return -ENOSPC;
}

int model_release(struct model *m, const struct memmgr_run *run)
{
	if (!model_is_claimed(m, run))
		return -EUCLEAN;
	set(m, run->start, run->len, false);
	return 0;
}

/* The block around the run, of the power of two that is wanted. */
static int resize_block(struct model *m, const struct memmgr_resize *want, struct memmgr_run *run)
{
	u64 end = memmgr_run_end(run), start, len;

	if (want->len <= run->len) {
		len = min(run->len, block_len(m, run->start, want->len));
		set(m, run->start + len, run->len - len, false);
		run->len = len;
		return 0;
	}
	if (want->len > m->border)
		return -ENOSPC;
	start = run->start / power_of_2(want->len) * power_of_2(want->len);
	if (start != run->start && !(want->flags & MEMMGR_RESIZE_DOWN))
		return -ENOSPC;
	len = max(end - start, block_len(m, start, want->len));
	if (len < want->len || start + len > m->border)
		return -ENOSPC;
	set(m, run->start, run->len, false);
	if (all_are(m, start, len, false)) {
		set(m, start, len, true);
		*run = (struct memmgr_run){ start, len };
		return 0;
	}
	set(m, run->start, run->len, true);
	return -ENOSPC;
}

/*
 * In first fit, the place nearest to where the run is: every start from its own downwards, so
 * far as the engine may go; the first that can hold it.
 */
int model_resize(struct model *m, const struct memmgr_resize *want, struct memmgr_run *run)
{
	u64 start, lowest = run->start, len;

	if (!want->len || !is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	if (!model_is_claimed(m, run))
		return -EUCLEAN;
	if (run->start < m->border)
		return resize_block(m, want, run);
	if (want->flags & MEMMGR_RESIZE_DOWN && m->border % want->align == 0)
		lowest = m->border;
	set(m, run->start, run->len, false);
	for (start = run->start + 1; start-- > lowest;) {
		/* Lower down, the old run stays within the new one. */
		len = start == run->start ? want->len : max(want->len, memmgr_run_end(run) - start);
		if (start % want->align || !all_are(m, start, len, false))
			continue;
		set(m, start, len, true);
		*run = (struct memmgr_run){ start, len };
		return 0;
	}
	set(m, run->start, run->len, true);
	return -ENOSPC;
}

bool model_next_free(const struct model *m, u64 from, struct memmgr_run *run)
{
	u64 i;

	for (i = from; i < m->granules && m->used[i]; i++)
		;
	if (i >= m->granules)
		return false;
	run->start = i;
	for (; i < m->granules && !m->used[i]; i++)
		;
	run->len = i - run->start;
	return true;
}

/* The longest claim below the border that would succeed: a block, maybe cut short. */
static u64 largest_block(const struct model *m)
{
	u64 power, start, block, largest = 0;

	for (power = 1; power < 2 * m->border; power *= 2) {
		for (start = 0; start < m->border; start += power) {
			block = min(power, m->border - start);
			if (block > largest && all_are(m, start, block, false))
				largest = block;
		}
	}
	return largest;
}

struct memmgr_engine_stat model_stat(const struct model *m)
{
	struct memmgr_engine_stat stat = { 0 };
	u64 i, len = 0;

	for (i = 0; i < m->granules; i++) {
		len = m->used[i] ? 0 : len + 1;
		stat.free += !m->used[i];
		if (i >= m->border)
			stat.largest = max(stat.largest, min(len, i - m->border + 1));
	}
	return stat;
}

u64 model_largest(const struct model *m)
{
	return max(model_stat(m).largest, largest_block(m));
}
