// SPDX-License-Identifier: GPL-2.0
/*
 * Deferred work: see deferred.h.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "arena.h"

/* Give back what was freed in a group of slots; how many blocks. */
static u32 reap_group(struct memmgr_arena *arena, u32 group)
{
	u32 slot = group * MEMMGR_GROUP, end = slot + MEMMGR_GROUP;
	struct memmgr_record *rec;
	u32 reaped = 0;

	/* a full barrier: blocks that are freed from here on set the bit anew */
	if (!test_and_clear_bit(group, arena->deferred.dirty))
		return 0;
	for (; slot < end; slot++) {
		memmgr_begin(arena->counts);
		if (memmgr_block_reap(&arena->blocks, slot, &rec)) {
			memmgr_finish_free(arena, rec);
			reaped++;
		}
		memmgr_end(arena->counts);
	}
	return reaped;
}

/**
 * memmgr_drain - give back what was freed by PEND before this call
 * @arena: where
 *
 * Return: how many blocks have ever been given back so, by whomever; see
 * memmgr_drained(). Context: process, may sleep.
 */
u64 memmgr_drain(struct memmgr_arena *arena)
{
	u32 groups = memmgr_blocks_slots(&arena->blocks) / MEMMGR_GROUP;
	struct memmgr_deferred *deferred = &arena->deferred;
	u32 group;
	u64 drained;

	mutex_lock(&deferred->draining); /* so that all of it is done in the end */
	for_each_set_bit(group, deferred->dirty, groups) {
		drained = deferred->drained + reap_group(arena, group);
		WRITE_ONCE(deferred->drained, drained);
		cond_resched();
	}
	drained = deferred->drained;
	mutex_unlock(&deferred->draining);
	return drained;
}

static void deferred_work(struct work_struct *work)
{
	struct memmgr_deferred *deferred = container_of(work, struct memmgr_deferred, work);
	struct memmgr_arena *arena = container_of(deferred, struct memmgr_arena, deferred);
	u64 damage = READ_ONCE(deferred->damage);

	if (damage)
		memmgr_arena_damaged(arena, "freed granules were not claimed", damage - 1);
	memmgr_drain(arena);
	memmgr_stock_refill(arena);
	WRITE_ONCE(deferred->wakes, deferred->wakes + 1);
	wake_up_all(&deferred->freed);
}

static void queue_deferred(struct irq_work *kick)
{
	struct memmgr_deferred *deferred = container_of(kick, struct memmgr_deferred, kick);

	queue_work(system_unbound_wq, &deferred->work);
}

static u64 dirty_bytes(const struct memmgr_arena *arena)
{
	return BITS_TO_LONGS(DIV_ROUND_UP(arena->blocks.max_slots, MEMMGR_GROUP)) * sizeof(long);
}

/**
 * memmgr_deferred_init - let things be deferred
 * @arena: where; it has a block table
 *
 * Return: 0 or -ENOMEM.
 */
int memmgr_deferred_init(struct memmgr_arena *arena)
{
	struct memmgr_deferred *deferred = &arena->deferred;

	deferred->dirty = kvzalloc(dirty_bytes(arena), GFP_KERNEL_ACCOUNT | __GFP_NOWARN |
							       __GFP_RETRY_MAYFAIL);
	if (!deferred->dirty)
		return -ENOMEM;
	init_irq_work(&deferred->kick, queue_deferred);
	mutex_init(&deferred->draining);
	INIT_WORK(&deferred->work, deferred_work);
	init_waitqueue_head(&deferred->freed);
	return 0;
}

/**
 * memmgr_deferred_end - nothing is deferred any more
 * @arena: where; nobody kicks any more
 */
void memmgr_deferred_end(struct memmgr_arena *arena)
{
	irq_work_sync(&arena->deferred.kick);
	cancel_work_sync(&arena->deferred.work);
	free_percpu(arena->deferred.stock);
	kvfree(arena->deferred.dirty);
}

/* Bytes of kernel memory that this takes. */
u64 memmgr_deferred_bytes(const struct memmgr_arena *arena)
{
	u64 stock = arena->deferred.stock ? sizeof(struct memmgr_stock) : 0;

	return dirty_bytes(arena) + num_possible_cpus() * stock;
}
