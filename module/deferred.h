/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What cannot be done where it is found to be needed.
 *
 *	any context, NMI included	a process
 *
 *	memmgr_kick()  --irq_work-->  deferred_work(): give back what was freed,
 *						       refill the stock,
 *						       wake who waits for memory
 *
 * A kick costs an atomic or, is harmless when repeated, and is never lost: the work
 * runs from its beginning after the last one.
 *
 * A block is freed from any context by setting PEND in its state word; that one
 * instruction is all of the record that is made of it. Which of the slots have such
 * blocks is in a bitmap, a bit for each group of MEMMGR_GROUP slots: set after PEND
 * and cleared before the group is looked at, so that no block is missed.
 */
#ifndef MEMMGR_DEFERRED_H
#define MEMMGR_DEFERRED_H

#include <linux/bitops.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "stock.h"

struct memmgr_arena;

#define MEMMGR_GROUP 64U

/**
 * struct memmgr_deferred - an arena's deferred work
 * @kick: gets from any context to where work can be queued
 * @work: all that is deferred
 * @freed: who waits for memory
 * @wakes: how often they were woken
 * @dirty: groups of slots with blocks that were freed by PEND
 * @draining: serialises memmgr_drain()
 * @drained: blocks that it gave back
 * @stock: shelves for callers that cannot wait, or NULL: there are none
 * @ready_len: granules of a ready block
 * @ready_count: of them for each CPU
 * @stocked: granules of all of them
 * @hungry: a shelf could not be filled for want of memory
 * @damage: a granule where a free found damage, plus one; it could not say so
 */
struct memmgr_deferred {
	struct irq_work kick;
	struct work_struct work;
	wait_queue_head_t freed;
	u32 wakes;
	unsigned long *dirty;
	struct mutex draining; /* memmgr_drain() */
	u64 drained; /* under draining */
	struct memmgr_stock __percpu *stock;
	u64 ready_len;
	u32 ready_count;
	bool hungry;
	atomic64_t stocked;
	u64 damage;
};

int memmgr_deferred_init(struct memmgr_arena *arena);
void memmgr_deferred_end(struct memmgr_arena *arena);
u64 memmgr_deferred_bytes(const struct memmgr_arena *arena);
u64 memmgr_drain(struct memmgr_arena *arena);

/* Blocks that have been drained: whoever failed before that may try again. */
static inline u64 memmgr_drained(const struct memmgr_deferred *deferred)
{
	return READ_ONCE(deferred->drained);
}

/* Have the deferred work done soon. Context: any. */
static inline void memmgr_kick(struct memmgr_deferred *deferred)
{
	irq_work_queue(&deferred->kick);
}

/* The block in @slot has been freed by PEND. Context: any. */
static inline void memmgr_was_pended(struct memmgr_deferred *deferred, u32 slot)
{
	u32 group = slot / MEMMGR_GROUP;

	smp_mb__after_atomic(); /* PEND, then the bit; pairs with reap_group() */
	if (!test_bit(group, deferred->dirty))
		set_bit(group, deferred->dirty);
	memmgr_kick(deferred);
}

/*
 * Memory came back: somebody may be waiting for it. Whoever goes to sleep just now
 * looks again before long. Context: any.
 */
static inline void memmgr_came_back(struct memmgr_deferred *deferred)
{
	/* no barrier: see PATIENCE in heap_ops.c */
	if (waitqueue_active(&deferred->freed) || READ_ONCE(deferred->hungry))
		memmgr_kick(deferred);
}

#endif /* MEMMGR_DEFERRED_H */
