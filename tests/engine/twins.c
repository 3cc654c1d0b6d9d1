// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "twins.h"

#include <stdlib.h>

#include "tap.h"

struct twins twins_new(const struct memmgr_engine *engine, const struct memmgr_geometry *geo)
{
	return (struct twins){ world_with(engine, geo),
			       model_new(engine, geo->granules, geo->reserve) };
}

static void *copy_of(const void *from, size_t bytes)
{
	void *copy = malloc(bytes);

	CHECK(copy);
	return memcpy(copy, from, bytes);
}

struct twins twins_fork(const struct twins *from)
{
	struct twins t = *from;

	t.w.meta = copy_of(from->w.meta, from->w.bytes);
	t.m.used = copy_of(from->m.used, from->m.granules);
	return t;
}

void twins_free(struct twins *t)
{
	world_free(&t->w);
	model_free(&t->m);
}

static bool chooses_places(const struct twins *t)
{
	return t->w.engine->flags & MEMMGR_ENGINE_CONCURRENT;
}

static void check_same_run(const struct memmgr_run *a, const struct memmgr_run *b)
{
	CHECK_EQ(a->start, b->start);
	CHECK_EQ(a->len, b->len);
}

/* Who may not dip into the reserve finds an arena that ends at the border. */
static int claim_model(struct twins *t, const struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct model m = t->m;

	if (t->w.geo.flags & MEMMGR_GEOMETRY_RESERVED && !(claim->flags & MEMMGR_CLAIM_RESERVE))
		m.granules = m.border;
	return model_claim(&m, claim->len, claim->align, run);
}

/* Let the model, which put it at @from, have it where the engine did. */
static void move_model(struct twins *t, const struct memmgr_claim *claim,
		       const struct memmgr_run *from, const struct memmgr_run *to)
{
	CHECK_EQ(model_release(&t->m, from), 0);
	CHECK_EQ(to->len, claim->len);
	CHECK(IS_ALIGNED(to->start, claim->align));
	CHECK(model_take(&t->m, to));
}

int twins_claim(struct twins *t, const struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct memmgr_claim engines = *claim;
	struct memmgr_run expected;
	int err = world_claim_as(&t->w, &engines, run);

	CHECK_EQ(err, claim_model(t, claim, &expected));
	if (err)
		return err;
	if (chooses_places(t))
		move_model(t, claim, &expected, run);
	else
		check_same_run(run, &expected);
	return 0;
}

int twins_release(struct twins *t, const struct memmgr_run *run)
{
	int err = t->w.engine->release(t->w.meta, run);

	CHECK_EQ(err, model_release(&t->m, run));
	return err;
}

int twins_resize(struct twins *t, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct memmgr_run expected = *run;
	int err = t->w.engine->resize(t->w.meta, want, run);

	CHECK_EQ(err, model_resize(&t->m, want, &expected));
	check_same_run(run, &expected);
	return err;
}

static bool look_at_run(const struct twins *t, u64 from, struct memmgr_run *run)
{
	struct memmgr_run expected;
	bool found = t->w.engine->next_free(t->w.meta, from, run);

	CHECK_EQ(found, model_next_free(&t->m, from, &expected));
	if (found)
		check_same_run(run, &expected);
	return found;
}

/* Who chooses places may say too much, up to all that is free. */
static void check_largest(const struct twins *t, u64 largest,
			  const struct memmgr_engine_stat *expected)
{
	if (chooses_places(t))
		CHECK(expected->largest <= largest && largest <= expected->free);
	else
		CHECK_EQ(largest, expected->largest);
}

void twins_look(const struct twins *t, u64 from)
{
	struct memmgr_engine_stat stat, expected = model_stat(&t->m);
	struct memmgr_run run;

	look_at_run(t, from, &run);
	t->w.engine->stat(t->w.meta, &stat);
	CHECK_EQ(stat.free, expected.free);
	CHECK_EQ(stat.lost_races + stat.retries + stat.ties_broken, 0); /* nobody else is there */
	if (!t->m.border)
		check_largest(t, stat.largest, &expected);
}

void twins_look_for_largest(const struct twins *t)
{
	struct memmgr_engine_stat expected = model_stat(&t->m);

	expected.largest = model_largest(&t->m);
	check_largest(t, world_largest(&t->w), &expected);
}

void twins_check(const struct twins *t)
{
	struct memmgr_run run = { 0 };

	world_check(&t->w);
	while (look_at_run(t, memmgr_run_end(&run), &run))
		;
}

static u64 choose_align(struct rng *rng, u64 granules)
{
	if (rng_below(rng, 4))
		return 1;
	return 1ULL << rng_below(rng, (u64)ilog2(granules) + 2);
}

struct memmgr_claim choose_claim(struct rng *rng, u64 granules, u64 most)
{
	return (struct memmgr_claim){ .len = rng_log(rng, most),
				      .align = choose_align(rng, granules) };
}

struct memmgr_resize choose_resize(struct rng *rng, const struct memmgr_run *run, u64 most)
{
	struct memmgr_resize want = { .len = rng_log(rng, most), .align = 1 };

	if (rng_below(rng, 2) && run->start)
		want.align = 1ULL << rng_below(rng, __ffs64(run->start) + 1);
	if (rng_below(rng, 2))
		want.flags = MEMMGR_RESIZE_DOWN;
	return want;
}
