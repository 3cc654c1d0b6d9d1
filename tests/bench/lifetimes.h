/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long blocks live, in ticks of a clock that their mean is given in.
 *
 *	exponential	who has lived long is not more likely to die: any block may
 *			be the next
 *	uniform		anything up to twice the mean
 *	fixed		all the same: first in, first out
 */
#ifndef MEMMGR_BENCH_LIFETIMES_H
#define MEMMGR_BENCH_LIFETIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

enum lifetimes { LIFETIMES_EXPONENTIAL, LIFETIMES_UNIFORM, LIFETIMES_FIXED };

/* False if @text names none. */
bool lifetimes_parse(const char *text, enum lifetimes *lifetimes);

/* One lifetime, >= 1 */
uint64_t lifetimes_draw(enum lifetimes lifetimes, double mean, struct rng *rng);

#endif /* MEMMGR_BENCH_LIFETIMES_H */
