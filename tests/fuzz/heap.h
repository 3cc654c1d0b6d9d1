/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heap as the device has it, and beside it what it should be: an engine with the
 * block table on top, their models, and somebody who decides what is done to them.
 *
 * Each block's record says which granules are its own. Whoever kills a block releases
 * them, whoever locks it resizes them; as in the module, the record goes first.
 */
#ifndef MEMMGR_TESTS_HEAP_H
#define MEMMGR_TESTS_HEAP_H

#include "slots.h"
#include "twins.h"

/* The most blocks that the table can have here: two segments. */
#define HEAP_SLOTS (2 * MEMMGR_SEGMENT_SLOTS)

/**
 * struct heap - all of it
 * @t: the engine and its model
 * @table: the block table
 * @slots: what is in each slot that the table has
 * @top: slots from here on were never used
 * @steps: how many there were
 * @check: a validation under way, one call a step
 * @in: decides
 */
struct heap {
	struct twins t;
	struct table table;
	struct slot slots[HEAP_SLOTS];
	u32 top;
	u64 steps;
	struct memmgr_check check;
	struct rng in;
};

void heap_begin(struct heap *h, const struct memmgr_engine *engine,
		const struct memmgr_geometry *geo, struct rng in);

/* Do what @h->in says, until it has no more to say; every answer is compared. */
void heap_run(struct heap *h);

/* Free all blocks, whatever state they are in: the arena must be one free run. */
void heap_end(struct heap *h);

#endif /* MEMMGR_TESTS_HEAP_H */
