// SPDX-License-Identifier: GPL-2.0
/*
 * Deferred work: see deferred.h.
 */
#include "deferred.h"

static void deferred_work(struct work_struct *work)
{
	struct memmgr_deferred *deferred = container_of(work, struct memmgr_deferred, work);

	wake_up_all(&deferred->freed);
}

static void queue_deferred(struct irq_work *kick)
{
	struct memmgr_deferred *deferred = container_of(kick, struct memmgr_deferred, kick);

	queue_work(system_unbound_wq, &deferred->work);
}

void memmgr_deferred_init(struct memmgr_deferred *deferred)
{
	init_irq_work(&deferred->kick, queue_deferred);
	INIT_WORK(&deferred->work, deferred_work);
	init_waitqueue_head(&deferred->freed);
}

/* Nobody kicks any more. Context: process, may sleep. */
void memmgr_deferred_end(struct memmgr_deferred *deferred)
{
	irq_work_sync(&deferred->kick);
	cancel_work_sync(&deferred->work);
}
