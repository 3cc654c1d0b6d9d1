/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * All of a small world, with an engine and its model side by side.
 */
#ifndef MEMMGR_TESTS_EXHAUSTIVE_H
#define MEMMGR_TESTS_EXHAUSTIVE_H

#include "branch.h"

#define ORDERED 7

/* Claim blocks of @lengths and free them, in each of the 5040 orders. */
void all_orders_of_free(const struct memmgr_engine *engine, const u64 *lengths, u64 granules,
			u64 reserve);

/* All sequences of @depth calls in an arena that is new; returns how many. */
u64 all_sequences_of_calls(const struct branch *root, const struct menu *menu, u32 depth);

#endif /* MEMMGR_TESTS_EXHAUSTIVE_H */
