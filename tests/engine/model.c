// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "model.h"

#include <stdlib.h>

#include "tap.h"

struct model model_new(u64 granules)
{
	struct model m = { calloc(granules, 1), granules };

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

static void set(struct model *m, u64 start, u64 len, bool used)
{
	memset(m->used + start, used, len);
}

int model_claim(struct model *m, u64 len, u64 align, struct memmgr_run *run)
{
	u64 i, start;

	if (model_stat(m).free < len)
		return -ENOMEM;
	for (i = 0; i < m->granules; i++) {
		start = i * align;
		if (align != 1 && start / align != i)
			break;
		if (!inside(m, start, len))
			break;
		if (!all_are(m, start, len, false))
			continue;
		set(m, start, len, true);
		*run = (struct memmgr_run){ start, len };
		return 0;
	}
	return -ENOSPC;
}

int model_release(struct model *m, const struct memmgr_run *run)
{
	if (!run->len || !all_are(m, run->start, run->len, true))
		return -EUCLEAN;
	set(m, run->start, run->len, false);
	return 0;
}

/*
 * The place nearest to where the run is: every start from its own downwards, so
 * far as the engine may go; the first that can hold it.
 */
int model_resize(struct model *m, const struct memmgr_resize *want, struct memmgr_run *run)
{
	u64 start, lowest = want->flags & MEMMGR_RESIZE_DOWN ? 0 : run->start;
	u64 len;

	if (!run->len || !all_are(m, run->start, run->len, true))
		return -EUCLEAN;
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

struct memmgr_engine_stat model_stat(const struct model *m)
{
	struct memmgr_engine_stat stat = { 0 };
	u64 i, len = 0;

	for (i = 0; i < m->granules; i++) {
		len = m->used[i] ? 0 : len + 1;
		stat.free += !m->used[i];
		stat.largest = max(stat.largest, len);
	}
	return stat;
}
