/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks that are born, live for a while, may change their size, and die.
 *
 * A block's last hour is known at its birth. The blocks due at each coming tick of
 * the clock are chained to one spoke of a wheel, as many ticks long as anybody
 * lives, so that birth and death take the same time however many there are.
 */
#ifndef MEMMGR_BENCH_MONTE_POPULATION_H
#define MEMMGR_BENCH_MONTE_POPULATION_H

#include "lifetimes.h"
#include "sizes.h"
#include "space.h"

struct being;

/**
 * struct population - all blocks of a space
 * @space: where they live
 * @rng: decides everything
 * @sizes: of those to be born
 * @lifetimes: likewise
 * @beings: the blocks, dead ones among them
 * @count: of @beings ever used
 * @dead: chain of the dead ones, by index plus one
 * @wheel: chains of those who die at a tick, by index plus one
 * @spokes: of the wheel, a power of two
 * @clock: ticks since the beginning
 * @live: blocks
 * @asked: bytes that these were asked for
 * @births: since the beginning
 */
struct population {
	struct space *space;
	struct rng rng;
	struct sizes sizes;
	enum lifetimes lifetimes;
	struct being *beings;
	uint32_t count;
	uint32_t dead;
	uint32_t *wheel;
	uint64_t spokes;
	uint64_t clock;
	uint64_t live;
	uint64_t asked;
	uint64_t births;
};

/* Nobody, in @space. @longest: mean lifetime at most. */
struct population population_new(struct space *space, const struct sizes *sizes,
				 enum lifetimes lifetimes, double longest, uint64_t seed);
void population_end(struct population *population);

/* A block of @size bytes, to live for about @mean ticks. False: no room. */
bool population_birth(struct population *population, uint32_t size, double mean);

/* Let a tick go by: those who are due die. */
void population_tick(struct population *population);

/* Any live block but a dead one; there is one. Returns its index. */
uint32_t population_pick(struct population *population);
uint32_t population_size(const struct population *population, uint32_t index);

/* Change a block's size, in place or not. False: no room, nothing has changed. */
bool population_resize(struct population *population, uint32_t index, uint32_t size);

#endif /* MEMMGR_BENCH_MONTE_POPULATION_H */
