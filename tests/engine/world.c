// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "world.h"

#include <stdlib.h>

#include "tap.h"

/* Arenas up to here are validated at each check. */
#define VALIDATED_MAX 1048576

struct world world_new(const struct memmgr_engine *engine, u64 granules)
{
	struct memmgr_geometry geo = { .granules = granules, .cpus = 1 };

	return world_with(engine, &geo);
}

struct world world_with(const struct memmgr_engine *engine, const struct memmgr_geometry *geo)
{
	struct world w = { .engine = engine, .geo = *geo };

	w.bytes = engine->footprint(&w.geo);
	CHECK(w.bytes);
	w.meta = calloc(1, w.bytes);
	CHECK(w.meta);
	CHECK_EQ(engine->init(w.meta, &w.geo), 0);
	return w;
}

void world_free(struct world *w)
{
	free(w->meta);
	w->meta = NULL;
}

int world_claim_as(struct world *w, struct memmgr_claim *claim, struct memmgr_run *run)
{
	u64 from;
	int err;

	for (;;) {
		from = claim->from;
		err = w->engine->claim(w->meta, claim, run);
		if (err != -EAGAIN)
			return err;
		CHECK(claim->from > from);
	}
}

int world_claim(struct world *w, u64 len, u64 align, struct memmgr_run *run)
{
	struct memmgr_claim claim = { .len = len, .align = align };

	return world_claim_as(w, &claim, run);
}

u64 world_take(struct world *w, u64 len)
{
	struct memmgr_run run;

	CHECK_EQ(world_claim(w, len, 1, &run), 0);
	CHECK(run.len >= len);
	return run.start;
}

int world_release(struct world *w, u64 start, u64 len)
{
	struct memmgr_run run = { start, len };

	return w->engine->release(w->meta, &run);
}

void world_give(struct world *w, u64 start, u64 len)
{
	CHECK_EQ(world_release(w, start, len), 0);
}

int world_resize(struct world *w, u64 len, u64 align, u32 flags, struct memmgr_run *run)
{
	struct memmgr_resize want = { .len = len, .align = align, .flags = flags };

	return w->engine->resize(w->meta, &want, run);
}

u64 world_free_granules(const struct world *w)
{
	struct memmgr_engine_stat stat;

	w->engine->stat(w->meta, &stat);
	return stat.free;
}

u64 world_largest(const struct world *w)
{
	struct memmgr_engine_stat stat;

	w->engine->stat(w->meta, &stat);
	return stat.largest;
}

int world_validate(const struct world *w, struct memmgr_check *check)
{
	u64 steps = 0, most = 1000 + w->bytes;
	int err;

	*check = (struct memmgr_check){ 0 };
	do {
		err = w->engine->validate(w->meta, check);
		CHECK(++steps < most);
	} while (err == -EAGAIN);
	return err;
}

static void check_valid(const struct world *w)
{
	struct memmgr_check check;
	int err = world_validate(w, &check);

	if (err)
		tap_note("validate: %s at %llu", check.what, (unsigned long long)check.at);
	CHECK_EQ(err, 0);
}

void world_check(const struct world *w)
{
	u64 from = 0, free = 0, largest = 0;
	struct memmgr_run run;
	bool first = true;

	if (w->geo.granules <= VALIDATED_MAX)
		check_valid(w);
	while (w->engine->next_free(w->meta, from, &run)) {
		CHECK(run.len > 0 && run.start <= w->geo.granules);
		CHECK(run.len <= w->geo.granules - run.start);
		CHECK(first ? run.start >= from : run.start > from);
		free += run.len;
		largest = max(largest, run.len);
		from = memmgr_run_end(&run);
		first = false;
	}
	CHECK_EQ(free, world_free_granules(w));
	if (w->engine->flags & MEMMGR_ENGINE_CONCURRENT)
		CHECK(largest <= world_largest(w));
	else
		CHECK(world_largest(w) <= largest && !world_largest(w) == !largest);
}

void world_check_empty(const struct world *w)
{
	struct memmgr_run run;

	world_check(w);
	CHECK_EQ(world_free_granules(w), w->geo.granules);
	CHECK(w->engine->next_free(w->meta, 0, &run));
	CHECK_EQ(run.start, 0);
	CHECK_EQ(run.len, w->geo.granules);
}

struct rng rng_new(u64 seed)
{
	struct rng rng = { .state = seed * 2654435769u + 88172645463325252ULL };

	rng_next(&rng);
	return rng;
}

struct rng rng_chosen(const u8 *bytes, u64 count)
{
	return (struct rng){ .chosen = bytes, .left = count };
}

static u64 take_chosen(struct rng *rng, u32 bytes)
{
	u64 number = 0;

	for (; bytes && rng->left; bytes--, rng->left--)
		number = number << 8 | *rng->chosen++;
	return number;
}

static u32 bytes_for(u64 limit)
{
	return (u32)DIV_ROUND_UP(fls64(limit - 1), 8);
}

u64 rng_next(struct rng *rng)
{
	if (rng->chosen)
		return take_chosen(rng, sizeof(u64));
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * 2685821657736338717ULL;
}

u64 rng_below(struct rng *rng, u64 limit)
{
	if (rng->chosen)
		return take_chosen(rng, bytes_for(limit)) % limit;
	return (rng_next(rng) >> 11) % limit;
}

u64 rng_log(struct rng *rng, u64 limit)
{
	u64 bound = 1ULL << rng_below(rng, (u64)ilog2(limit) + 1);

	return bound + rng_below(rng, min(bound, limit - bound + 1));
}
