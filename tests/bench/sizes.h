/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mixes of sizes, by name:
 *
 *	log[:MIN:MAX]		uniform in the logarithm; 16..4096
 *	uniform[:MIN:MAX]	each size as likely as any other; 1..1024
 *	fixed[:SIZE]		one size; 64
 *	knuth			half 1..63, four tenths log 64..1024, one tenth
 *				log 1024..8192: many small ones, a few large
 */
#ifndef MEMMGR_BENCH_SIZES_H
#define MEMMGR_BENCH_SIZES_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

enum sizes_kind { SIZES_LOG, SIZES_UNIFORM, SIZES_FIXED, SIZES_KNUTH };

struct sizes {
	enum sizes_kind kind;
	uint32_t min;
	uint32_t max;
};

/* False if @text names no mix. */
bool sizes_parse(const char *text, struct sizes *sizes);

/* One size, > 0. */
uint32_t sizes_draw(const struct sizes *sizes, struct rng *rng);

/* The mean of many of them. */
double sizes_mean(const struct sizes *sizes);

/* How large an arena has to be, for @live blocks to take @occupancy (0..1) of it. */
uint64_t sizes_arena(const struct sizes *sizes, uint32_t live, double occupancy);

#endif /* MEMMGR_BENCH_SIZES_H */
