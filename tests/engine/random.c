// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Seeded random runs: the engine and the slow model do the same, and every answer
 * is compared. SEED= sets the seed, OPS= the number of operations per arena.
 */
#include <stdlib.h>

#include "suites.h"
#include "tap.h"
#include "twins.h"

#define RUNS_MAX 4096
#define CPUS 4

struct experiment {
	struct twins t;
	struct rng rng;
	struct memmgr_run runs[RUNS_MAX];
	u64 live;
};

static u64 granules_of(const struct experiment *e)
{
	return e->t.w.geo.granules;
}

static void claim_some(struct experiment *e, u64 most)
{
	struct memmgr_claim claim = choose_claim(&e->rng, granules_of(e), most);

	claim.hint = (u32)rng_below(&e->rng, CPUS + 1);
	if (e->live < RUNS_MAX && !twins_claim(&e->t, &claim, &e->runs[e->live]))
		e->live++;
}

static void release_one(struct experiment *e, u64 victim)
{
	CHECK_EQ(twins_release(&e->t, &e->runs[victim]), 0);
	e->runs[victim] = e->runs[--e->live];
}

/* A run nobody claimed, mostly: both must say the same and stay as they were. */
static void release_wild(struct experiment *e)
{
	struct memmgr_run run = { rng_below(&e->rng, granules_of(e)),
				  rng_log(&e->rng, granules_of(e)) };

	if (!model_is_claimed(&e->t.m, &run))
		CHECK_EQ(twins_release(&e->t, &run), -EUCLEAN);
}

static void resize_one(struct experiment *e, u64 most)
{
	struct memmgr_run *run = &e->runs[rng_below(&e->rng, e->live)];
	struct memmgr_resize want = choose_resize(&e->rng, run, most);

	twins_resize(&e->t, &want, run);
}

static void look(struct experiment *e)
{
	twins_look(&e->t, rng_below(&e->rng, granules_of(e) + 2));
	if (e->t.m.border && !rng_below(&e->rng, 16))
		twins_look_for_largest(&e->t);
}

/* @fill: how often of 16 times a claim rather than a release */
static void step(struct experiment *e, u64 fill, u64 most)
{
	u64 dice = rng_below(&e->rng, 16);

	if (!e->live || dice < fill)
		claim_some(e, most);
	else
		release_one(e, rng_below(&e->rng, e->live));
	if (e->live && !rng_below(&e->rng, 4))
		resize_one(e, most);
	if (!rng_below(&e->rng, 8))
		release_wild(e);
	look(e);
}

static void run(const struct memmgr_engine *engine, u64 granules, u64 reserve, u64 ops, u64 seed)
{
	struct memmgr_geometry geo = { .granules = granules, .cpus = CPUS, .reserve = reserve };
	struct experiment *e = calloc(1, sizeof(*e));
	u64 i, fill = 8, most = granules;

	CHECK(e);
	e->t = twins_new(engine, &geo);
	e->rng = rng_new(seed + granules + reserve);
	for (i = 0; i < ops; i++) {
		tap_where("SEED=%llu, %llu granules, reserve %llu, operation %llu",
			  (unsigned long long)seed, (unsigned long long)granules,
			  (unsigned long long)reserve, (unsigned long long)i);
		if (!rng_below(&e->rng, 64)) {
			fill = 5 + rng_below(&e->rng, 7);
			most = rng_log(&e->rng, granules);
		}
		step(e, fill, most);
		if (!rng_below(&e->rng, 32))
			twins_check(&e->t);
	}
	while (e->live)
		release_one(e, e->live - 1);
	world_check_empty(&e->t.w);
	twins_free(&e->t);
	free(e);
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
