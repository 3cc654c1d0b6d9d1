// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "damage.h"

#include <stdlib.h>

#include "tap.h"
#include "twins.h"

/* Two worlds do the same for a while; all their answers must be the same. */
static void check_alike(struct world *a, struct world *b, u64 seed)
{
	struct rng rng = rng_new(seed);
	struct memmgr_run ra, rb;
	bool found;
	u32 i;
	int err;

	for (i = 0; i < 24; i++) {
		u64 len = rng_log(&rng, a->geo.granules), from = rng_below(&rng, a->geo.granules);

		err = world_claim(a, len, 1, &ra);
		CHECK_EQ(world_claim(b, len, 1, &rb), err);
		if (!err)
			CHECK(ra.start == rb.start && ra.len == rb.len);
		len = 1 + len % 128;
		CHECK_EQ(world_release(a, from, len), world_release(b, from, len));
		found = a->engine->next_free(a->meta, from, &ra);
		CHECK_EQ(b->engine->next_free(b->meta, from, &rb), found);
		if (found)
			CHECK(ra.start == rb.start && ra.len == rb.len);
		CHECK_EQ(world_largest(a), world_largest(b));
		CHECK_EQ(world_free_granules(a), world_free_granules(b));
	}
}

/* An arena with everything in it: short and long holes, an odd end. */
static struct world worn_world(const struct memmgr_engine *engine, u64 granules, u64 reserve)
{
	struct memmgr_geometry geo = { .granules = granules, .cpus = 1, .reserve = reserve };
	struct world w = world_with(engine, &geo);
	struct memmgr_run run;
	u64 i;

	while (!world_claim(&w, 1, 1, &run))
		;
	for (i = 3; i + 9 < granules / 3; i += 17)
		world_give(&w, i, 1 + i % 7);
	world_give(&w, granules / 2, granules / 4);
	world_claim(&w, granules / 5, 1, &run); /* where the engine has room */
	world_check(&w);
	return w;
}

void flip_every_bit(const struct world *w, u64 harmless_expected)
{
	const unsigned long long granules = w->geo.granules;
	struct world damaged = *w, sound = *w;
	u64 bit, found = 0, harmless = 0;
	struct memmgr_check check;

	damaged.meta = malloc(w->bytes);
	sound.meta = malloc(w->bytes);
	CHECK(damaged.meta && sound.meta);
	for (bit = 0; bit < w->bytes * 8; bit++) {
		tap_where("%llu granules, bit %llu", granules, (unsigned long long)bit);
		memcpy(damaged.meta, w->meta, w->bytes);
		((u8 *)damaged.meta)[bit / 8] ^= (u8)(1 << bit % 8);
		if (world_validate(&damaged, &check) == -EUCLEAN) {
			CHECK(check.what);
			found++;
			continue;
		}
		memcpy(sound.meta, w->meta, w->bytes);
		check_alike(&damaged, &sound, bit);
		CHECK_EQ(world_validate(&damaged, &check), 0);
		harmless++;
	}
	tap_note("%llu granules: %llu flips found, %llu harmless", granules,
		 (unsigned long long)found, (unsigned long long)harmless);
	CHECK_EQ(found + harmless, w->bytes * 8);
	CHECK_EQ(harmless, harmless_expected);
	free(damaged.meta);
	free(sound.meta);
}

void every_flipped_bit_is_found_or_harmless(const struct memmgr_engine *engine, u64 granules,
					    u64 reserve, u64 harmless_expected)
{
	struct world w = worn_world(engine, granules, reserve);

	flip_every_bit(&w, harmless_expected);
	world_free(&w);
}

/* A model of what is claimed, whatever became of it. */
static struct model model_of(const struct world *w)
{
	struct model m = model_new(w->engine, w->geo.granules, 0);
	struct memmgr_run hole;
	u64 from = 0;

	memset(m.used, 1, m.granules);
	while (w->engine->next_free(w->meta, from, &hole)) {
		memset(m.used + hole.start, 0, hole.len);
		from = memmgr_run_end(&hole);
	}
	return m;
}

static void claim_and_release(struct twins *t, struct rng *rng)
{
	const u64 granules = t->w.geo.granules;
	struct memmgr_claim claim = { .len = rng_log(rng, granules / 8),
				      .align = 1ULL << rng_below(rng, 8) };
	struct memmgr_run run, released = { rng_below(rng, granules), 1 };

	twins_claim(t, &claim, &run);
	twins_release(t, &released);
}

static void release_all(struct twins *t)
{
	struct memmgr_run run = { 0, 1 };

	for (; run.start < t->m.granules; run.start++)
		if (model_is_claimed(&t->m, &run))
			CHECK_EQ(twins_release(t, &run), 0);
	world_check_empty(&t->w);
}

/* The longest hole is the only one that serves: none of them can be hidden. */
static void claim_all_longest_first(struct twins *t)
{
	struct memmgr_claim claim = { .align = 1 };
	struct memmgr_run run;

	while ((claim.len = model_stat(&t->m).largest))
		CHECK_EQ(twins_claim(t, &claim, &run), 0);
	claim.len = 1;
	CHECK_EQ(twins_claim(t, &claim, &run), -ENOMEM);
}

/* Use it, then give all of it back. */
static void check_works(struct twins *t, u64 seed)
{
	struct rng rng = rng_new(seed);
	u32 i;

	claim_all_longest_first(t);
	release_all(t);
	for (i = 0; i < 24; i++)
		claim_and_release(t, &rng);
	twins_check(t);
	twins_look_for_largest(t);
	release_all(t);
}

void every_flipped_bit_is_found_or_misleads(const struct memmgr_engine *engine, u64 granules)
{
	struct twins worn = { .w = worn_world(engine, granules, 0) }, damaged;
	struct memmgr_check check;
	u64 bit, found = 0;

	worn.m = model_of(&worn.w);
	for (bit = 0; bit < worn.w.bytes * 8; bit++) {
		tap_where("%llu granules, bit %llu", (unsigned long long)granules,
			  (unsigned long long)bit);
		damaged = twins_fork(&worn);
		((u8 *)damaged.w.meta)[bit / 8] ^= (u8)(1 << bit % 8);
		if (world_validate(&damaged.w, &check) == -EUCLEAN)
			found++;
		else
			check_works(&damaged, bit);
		twins_free(&damaged);
	}
	tap_note("%llu granules: %llu of %llu flips found", (unsigned long long)granules,
		 (unsigned long long)found, (unsigned long long)bit);
	CHECK(found >= granules);
	twins_free(&worn);
}

void validate_survives_garbage(const struct memmgr_engine *engine, u64 reserve)
{
	struct world w = worn_world(engine, 5000, reserve);
	u8 *good = malloc(w.bytes);
	struct rng rng = rng_new(5);
	struct memmgr_check check;
	u32 round, i;

	CHECK(good);
	memcpy(good, w.meta, w.bytes);
	for (round = 0; round < 3000; round++) {
		for (i = 0; i < 1 + round % 64; i++)
			((u8 *)w.meta)[rng_below(&rng, w.bytes)] = (u8)rng_next(&rng);
		world_validate(&w, &check);
		memcpy(w.meta, good, w.bytes);
	}
	memset(w.meta, 0xff, w.bytes);
	CHECK_EQ(world_validate(&w, &check), -EUCLEAN);
	memset(w.meta, 0, w.bytes);
	CHECK_EQ(world_validate(&w, &check), -EUCLEAN);
	free(good);
	world_free(&w);
}
