/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * An engine with memory of its own, and the calls that tests make all the time.
 */
#ifndef MEMMGR_TESTS_WORLD_H
#define MEMMGR_TESTS_WORLD_H

#include "engine.h"

struct world {
	const struct memmgr_engine *engine;
	struct memmgr_geometry geo;
	void *meta;
	u64 bytes;
};

/* Make a new engine; its memory is exactly footprint() bytes, for ASan to guard. */
struct world world_new(const struct memmgr_engine *engine, u64 granules);

/* The same with more to say of it. */
struct world world_with(const struct memmgr_engine *engine, const struct memmgr_geometry *geo);

void world_free(struct world *w);

/* claim(), called again as long as it says -EAGAIN; checks that this ends. */
int world_claim(struct world *w, u64 len, u64 align, struct memmgr_run *run);

/* The same with more to ask for. */
int world_claim_as(struct world *w, struct memmgr_claim *claim, struct memmgr_run *run);

/* A claim that must succeed; returns its start. */
u64 world_take(struct world *w, u64 len);

/* A release that must succeed. */
void world_give(struct world *w, u64 start, u64 len);

int world_release(struct world *w, u64 start, u64 len);

/* resize() of [@run->start, +@run->len) */
int world_resize(struct world *w, u64 len, u64 align, u32 flags, struct memmgr_run *run);

u64 world_free_granules(const struct world *w);
u64 world_largest(const struct world *w);

/* All of validate(), to its end. */
int world_validate(const struct world *w, struct memmgr_check *check);

/*
 * Checks that the engine is sound and that its free runs agree with its figures:
 * ascending, apart, inside the arena, as many granules and as long as it says.
 * Very long arenas are not validated here: that takes a second.
 */
void world_check(const struct world *w);

/* Checks that the arena is one free run. */
void world_check_empty(const struct world *w);

/*
 * Small random numbers: xorshift64*, for the same sequence everywhere. Or numbers that
 * somebody else has chosen, in as few bytes as they need; zeros when those are spent.
 */
struct rng {
	u64 state;
	const u8 *chosen;
	u64 left; /* bytes */
};

struct rng rng_new(u64 seed);
struct rng rng_chosen(const u8 *bytes, u64 count);
u64 rng_next(struct rng *rng);
u64 rng_below(struct rng *rng, u64 limit);

/* 1..@limit, small ones as likely as big ones: uniform in the logarithm. */
u64 rng_log(struct rng *rng, u64 limit);

#endif /* MEMMGR_TESTS_WORLD_H */
