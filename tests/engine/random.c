// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Seeded random runs: the engine and the slow model do the same, and every answer
 * is compared. SEED= sets the seed, OPS= the number of operations per arena.
 */
#include <stdlib.h>

#include "suites.h"
#include "model.h"
#include "tap.h"
#include "world.h"

#define RUNS_MAX 4096

struct twins {
	struct world w;
	struct model m;
	struct rng rng;
	struct memmgr_run runs[RUNS_MAX];
	u64 live;
};

static u64 random_align(struct rng *rng, u64 granules)
{
	if (rng_below(rng, 4))
		return 1;
	return 1ULL << rng_below(rng, (u64)ilog2(granules) + 2);
}

static void check_same_run(const struct memmgr_run *a, const struct memmgr_run *b)
{
	CHECK_EQ(a->start, b->start);
	CHECK_EQ(a->len, b->len);
}

static void claim_both(struct twins *t, u64 most)
{
	u64 len = rng_log(&t->rng, most), align = random_align(&t->rng, t->w.geo.granules);
	struct memmgr_run run, expected;
	int err;

	if (t->live == RUNS_MAX)
		return;
	err = world_claim(&t->w, len, align, &run);
	CHECK_EQ(err, model_claim(&t->m, len, align, &expected));
	if (err)
		return;
	check_same_run(&run, &expected);
	t->runs[t->live++] = run;
}

static void release_both(struct twins *t, u64 victim)
{
	CHECK_EQ(t->w.engine->release(t->w.meta, &t->runs[victim]), 0);
	CHECK_EQ(model_release(&t->m, &t->runs[victim]), 0);
	t->runs[victim] = t->runs[--t->live];
}

/* A run nobody claimed, mostly: both must say the same and stay as they were. */
static void release_wild(struct twins *t)
{
	struct memmgr_run run = { rng_below(&t->rng, t->w.geo.granules),
				  rng_log(&t->rng, t->w.geo.granules) };
	int err = model_release(&t->m, &run);

	if (!err) { /* it was: put it back, there is no other harm */
		memset(t->m.used + run.start, 1, run.len);
		return;
	}
	CHECK_EQ(t->w.engine->release(t->w.meta, &run), err);
}

static void resize_both(struct twins *t, u64 most)
{
	struct memmgr_run *run = &t->runs[rng_below(&t->rng, t->live)], expected = *run;
	struct memmgr_resize want = { .len = rng_log(&t->rng, most), .align = 1 };
	int err;

	if (rng_below(&t->rng, 2) && run->start)
		want.align = 1ULL << rng_below(&t->rng, __ffs64(run->start) + 1);
	if (rng_below(&t->rng, 2))
		want.flags = MEMMGR_RESIZE_DOWN;
	err = model_resize(&t->m, &want, &expected);
	CHECK_EQ(t->w.engine->resize(t->w.meta, &want, run), err);
	check_same_run(run, &expected);
}

static void look_both(struct twins *t)
{
	u64 from = rng_below(&t->rng, t->w.geo.granules + 2);
	struct memmgr_engine_stat stat, expected_stat = model_stat(&t->m);
	struct memmgr_run run, expected;
	bool found = t->w.engine->next_free(t->w.meta, from, &run);

	CHECK_EQ(found, model_next_free(&t->m, from, &expected));
	if (found)
		check_same_run(&run, &expected);
	t->w.engine->stat(t->w.meta, &stat);
	CHECK_EQ(stat.free, expected_stat.free);
	if (!t->m.border)
		CHECK_EQ(stat.largest, expected_stat.largest);
	else if (!rng_below(&t->rng, 16))
		CHECK_EQ(stat.largest, model_largest(&t->m));
}

/* @fill: how often of 16 times a claim rather than a release */
static void step(struct twins *t, u64 fill, u64 most)
{
	u64 dice = rng_below(&t->rng, 16);

	if (!t->live || dice < fill)
		claim_both(t, most);
	else
		release_both(t, rng_below(&t->rng, t->live));
	if (t->live && !rng_below(&t->rng, 4))
		resize_both(t, most);
	if (!rng_below(&t->rng, 8))
		release_wild(t);
	look_both(t);
}

static void run(const struct memmgr_engine *engine, u64 granules, u64 reserve, u64 ops, u64 seed)
{
	struct memmgr_geometry geo = { .granules = granules, .cpus = 1, .reserve = reserve };
	struct twins *t = calloc(1, sizeof(*t));
	u64 i, fill = 8, most = granules;

	CHECK(t);
	t->w = world_with(engine, &geo);
	t->m = model_new(engine, granules, reserve);
	t->rng = rng_new(seed + granules + reserve);
	for (i = 0; i < ops; i++) {
		tap_where("SEED=%llu, %llu granules, reserve %llu, operation %llu",
			  (unsigned long long)seed, (unsigned long long)granules,
			  (unsigned long long)reserve, (unsigned long long)i);
		if (!rng_below(&t->rng, 64)) {
			fill = 5 + rng_below(&t->rng, 7);
			most = rng_log(&t->rng, granules);
		}
		step(t, fill, most);
		if (!rng_below(&t->rng, 32))
			world_check(&t->w);
	}
	while (t->live)
		release_both(t, t->live - 1);
	world_check_empty(&t->w);
	world_free(&t->w);
	model_free(&t->m);
	free(t);
}

static void run_with_reserve(const struct memmgr_engine *engine, u64 granules, u64 ops, u64 seed)
{
	const u64 shares[] = { 1, granules / 2, granules / 3 + 1, granules - 1 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(shares); i++)
		run(engine, granules, shares[i], ops ? ops : 4000000 / (granules + 800), seed);
}

void random_suite(const struct memmgr_engine *engine)
{
	static const u64 sizes[] = {
		1, 2, 63, 64, 65, 200, 511, 512, 513, 1000, 1025, 4095, 4097, 17000, 40000,
	};
	u64 seed = tap_number("SEED", 1), ops = tap_number("OPS", 0);
	u32 i;

	tap_suite("random-%s", engine->name);
	tap_note("SEED=%llu", (unsigned long long)seed);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		tap_test("engine_answers_as_the_model_does_%llu", (unsigned long long)sizes[i]);
		run(engine, sizes[i], 0, ops ? ops : 20000000 / (sizes[i] + 800), seed);
	}
	if (engine != &memmgr_ebuddy)
		return;
	for (i = 1; i < ARRAY_SIZE(sizes); i++) {
		tap_test("engine_with_reserve_answers_as_the_model_does_%llu",
			 (unsigned long long)sizes[i]);
		run_with_reserve(engine, sizes[i], ops, seed);
	}
}
