/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * All of a small world, with an engine and its model side by side.
 */
#ifndef MEMMGR_TESTS_EXHAUSTIVE_H
#define MEMMGR_TESTS_EXHAUSTIVE_H

#include "engine.h"

#define ORDERED 7

/* Claim blocks of @lengths and free them, in each of the 5040 orders. */
void all_orders_of_free(const struct memmgr_engine *engine, const u64 *lengths, u64 granules);

/*
 * All sequences of five claims, releases and resizes in an arena of six units of
 * @unit granules. There are @expected.
 */
void every_sequence_of_calls(const struct memmgr_engine *engine, u64 unit, u64 expected);

#endif /* MEMMGR_TESTS_EXHAUSTIVE_H */
