/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same everywhere for the same seed: xorshift64*.
 * Not for secrets; good enough to draw sizes and slots from, and cheap.
 */
#ifndef MEMMGR_BENCH_RNG_H
#define MEMMGR_BENCH_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * 2685821657736338717ULL;
}

/* Seeds that differ by one bit give sequences that have nothing in common. */
static inline struct rng rng_new(uint64_t seed)
{
	struct rng rng = { (seed + 1) * 0x9e3779b97f4a7c15ULL | 1 };
	int i;

	for (i = 0; i < 8; i++)
		rng_next(&rng);
	return rng;
}

/* 0 <= x < @limit; @limit is far below 2^32, so that the bias does not matter. */
static inline uint32_t rng_below(struct rng *rng, uint32_t limit)
{
	return (uint32_t)(((rng_next(rng) >> 32) * limit) >> 32);
}

/* 0 <= x < 1 */
static inline double rng_unit(struct rng *rng)
{
	return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

#endif /* MEMMGR_BENCH_RNG_H */
