/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What cannot be done where it is found to be needed.
 *
 *	any context, NMI included	a process
 *
 *	memmgr_kick()  --irq_work-->  deferred_work(): wake who waits for memory
 *
 * A kick costs a compare-and-swap, is harmless when repeated, and is never lost:
 * the work runs from its beginning after the last one.
 */
#ifndef MEMMGR_DEFERRED_H
#define MEMMGR_DEFERRED_H

#include <linux/irq_work.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct memmgr_arena;

/**
 * struct memmgr_deferred - an arena's deferred work
 * @kick: gets from any context to where work can be queued
 * @work: all that is deferred
 * @freed: who waits for memory
 */
struct memmgr_deferred {
	struct irq_work kick;
	struct work_struct work;
	wait_queue_head_t freed;
};

void memmgr_deferred_init(struct memmgr_deferred *deferred);
void memmgr_deferred_end(struct memmgr_deferred *deferred);

/* Have the deferred work done soon. Context: any. */
static inline void memmgr_kick(struct memmgr_deferred *deferred)
{
	irq_work_queue(&deferred->kick);
}

/*
 * Memory came back: somebody may be waiting for it. Whoever goes to sleep just now
 * looks again before long. Context: any.
 */
static inline void memmgr_came_back(struct memmgr_deferred *deferred)
{
	if (waitqueue_active(&deferred->freed)) /* see PATIENCE in heap_ops.c */
		memmgr_kick(deferred);
}

#endif /* MEMMGR_DEFERRED_H */
