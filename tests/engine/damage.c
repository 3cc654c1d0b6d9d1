// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "damage.h"

#include <stdlib.h>

#include "tap.h"
#include "world.h"

/* Two worlds do the same for a while; all their answers must be the same. */
static void check_twins(struct world *a, struct world *b, u64 seed)
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
	struct world damaged = *w, twin = *w;
	u64 bit, found = 0, harmless = 0;
	struct memmgr_check check;

	damaged.meta = malloc(w->bytes);
	twin.meta = malloc(w->bytes);
	CHECK(damaged.meta && twin.meta);
	for (bit = 0; bit < w->bytes * 8; bit++) {
		tap_where("%llu granules, bit %llu", granules, (unsigned long long)bit);
		memcpy(damaged.meta, w->meta, w->bytes);
		((u8 *)damaged.meta)[bit / 8] ^= (u8)(1 << bit % 8);
		if (world_validate(&damaged, &check) == -EUCLEAN) {
			CHECK(check.what);
			found++;
			continue;
		}
		memcpy(twin.meta, w->meta, w->bytes);
		check_twins(&damaged, &twin, bit);
		CHECK_EQ(world_validate(&damaged, &check), 0);
		harmless++;
	}
	tap_note("%llu granules: %llu flips found, %llu harmless", granules,
		 (unsigned long long)found, (unsigned long long)harmless);
	CHECK_EQ(found + harmless, w->bytes * 8);
	CHECK_EQ(harmless, harmless_expected);
	free(damaged.meta);
	free(twin.meta);
}

void every_flipped_bit_is_found_or_harmless(const struct memmgr_engine *engine, u64 granules,
					    u64 reserve, u64 harmless_expected)
{
	struct world w = worn_world(engine, granules, reserve);

	flip_every_bit(&w, harmless_expected);
	world_free(&w);
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
