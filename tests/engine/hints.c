// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Hints of the chunk engine are guesses, and ranks may be too high: neither may ever
 * lead to a wrong answer. Here they are overwritten with garbage between any two
 * calls, and each answer is compared with a byte per granule.
 */
#include "chunk_map.h"

#include <stdlib.h>

#include "suites.h"
#include "tap.h"
#include "world.h"

#define RUNS 512

struct vandalism {
	struct world w;
	struct rng rng;
	u8 *used;
	struct memmgr_run runs[RUNS];
	u32 live;
};

typedef void (*vandal)(struct vandalism *v);

static struct chunk *chunk_of(const struct vandalism *v)
{
	return v->w.meta;
}

static struct part *any_part(struct vandalism *v)
{
	return &chunk_of(v)->parts[rng_below(&v->rng, chunk_of(v)->layout.parts)];
}

static void leave_all(struct vandalism *v)
{
	(void)v;
}

/* Hints of granules in the arena and outside, for ranks that they have or not. */
static void mislead(struct vandalism *v)
{
	struct part *part = any_part(v);
	u64 limit = rng_below(&v->rng, 2) ? v->w.geo.granules + 2 : 1ULL << 32;
	u32 i, rank;

	for (i = 0; i < 8; i++) {
		rank = (u32)rng_below(&v->rng, RANK_LONG + 1);
		part->hint[rank] = rng_below(&v->rng, limit) | rng_below(&v->rng, limit) << 32;
	}
	part->hinted = rng_next(&v->rng);
	part->away = rng_below(&v->rng, 4) ? rng_below(&v->rng, 5) : rng_next(&v->rng);
}

static void forget(struct vandalism *v)
{
	u32 i;

	for (i = 0; i < chunk_of(v)->layout.parts; i++)
		chunk_of(v)->parts[i].hinted = 0;
}

/* As if nobody had ever looked. */
static void overrate(struct vandalism *v)
{
	const struct chunk *ck = chunk_of(v);
	u64 index = rng_below(&v->rng, ck->layout.words);
	u32 level;

	for (level = 0; level <= ck->layout.top; level++)
		*rank_at(ck, level, index >> span_shift(level)) = RANK_LONG;
}

static u64 longest_free(const struct vandalism *v)
{
	u64 i, len = 0, longest = 0;

	for (i = 0; i < v->w.geo.granules; i++) {
		len = v->used[i] ? 0 : len + 1;
		longest = max(longest, len);
	}
	return longest;
}

static void set_used(struct vandalism *v, const struct memmgr_run *run, u8 used)
{
	u64 i;

	CHECK(run->len && memmgr_run_end(run) <= v->w.geo.granules);
	for (i = run->start; i < memmgr_run_end(run); i++) {
		CHECK_EQ(v->used[i], !used);
		v->used[i] = used;
	}
}

static void claim(struct vandalism *v)
{
	struct memmgr_claim claim = {
		.len = rng_log(&v->rng, min(v->w.geo.granules, (u64)700)),
		.align = 1,
		.hint = (u32)rng_below(&v->rng, 5),
	};
	struct memmgr_run *run = &v->runs[v->live];
	int err;

	do {
		err = memmgr_chunk.claim(v->w.meta, &claim, run);
	} while (err == -EAGAIN);
	if (err) {
		CHECK(longest_free(v) < claim.len);
		return;
	}
	CHECK_EQ(run->len, claim.len);
	set_used(v, run, 1);
	v->live++;
}

static void release(struct vandalism *v, u32 victim)
{
	const struct memmgr_run run = v->runs[victim];

	world_give(&v->w, run.start, run.len);
	CHECK_EQ(world_release(&v->w, run.start, run.len), -EUCLEAN);
	set_used(v, &run, 0);
	v->runs[victim] = v->runs[--v->live];
}

static void run(u64 granules, vandal vandal)
{
	struct memmgr_geometry geo = { .granules = granules, .cpus = 4 };
	struct vandalism v = { .w = world_with(&memmgr_chunk, &geo), .rng = rng_new(granules) };
	u32 i;

	v.used = calloc(granules, 1);
	CHECK(v.used);
	for (i = 0; i < 20000; i++) {
		tap_where("%llu granules, operation %u", (unsigned long long)granules, i);
		vandal(&v);
		if (v.live < RUNS && rng_below(&v.rng, 16) < (i / 1000 % 2 ? 7 : 9))
			claim(&v);
		else if (v.live)
			release(&v, (u32)rng_below(&v.rng, v.live));
	}
	while (v.live)
		release(&v, v.live - 1);
	forget(&v);
	world_check_empty(&v.w);
	free(v.used);
	world_free(&v.w);
}

static void run_all(vandal vandal)
{
	static const u64 sizes[] = { 1, 64, 200, 2500, 20000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		run(sizes[i], vandal);
}

void hints_suite(void)
{
	tap_suite("hints");
	tap_test("answers_are_right");
	run_all(leave_all);
	tap_test("answers_are_right_whatever_hints_say");
	run_all(mislead);
	tap_test("answers_are_right_without_hints");
	run_all(forget);
	tap_test("answers_are_right_if_ranks_are_too_high");
	run_all(overrate);
}
