// SPDX-License-Identifier: GPL-2.0
/*
 * The arena's clock, and freeing what is old.
 *
 * The epoch goes on when somebody says so. A block has the epoch of its birth or of
 * its last mark; a collector lets the clock go on, marks what is to live, and sweeps
 * what is older. So that this is safe with others at work, a block whose birth or
 * mark takes effect after the clock went on has the new epoch: they look at the clock
 * again when they are done.
 *
 * A sweep walks over the slots. That a block is meant and its death are one step: see
 * change.c.
 */
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "arena.h"
#include "trace.h"

#define SLOTS_PER_STEP 64 /* between two chances for others to run */

/**
 * memmgr_epoch_advance - let the clock go on
 * @arena: whose
 *
 * Return: the new epoch, never 0. Context: any.
 */
u32 memmgr_epoch_advance(struct memmgr_arena *arena)
{
	u32 old = READ_ONCE(arena->epoch);
	u32 new;

	do { /* a full barrier: what looks at the clock before has written before */
		new = old + 1 ?: 1;
	} while (!try_cmpxchg(&arena->epoch, &old, new));
	return new;
}

/* The row for @tag; NULL if there is none and no room for one. */
static struct memmgr_sweep_row *row_for(struct memmgr_sweeping *sweeping, u32 tag)
{
	u32 i;

	for (i = 0; i < sweeping->used; i++)
		if (sweeping->rows[i].tag == tag)
			return &sweeping->rows[i];
	if (sweeping->used == sweeping->room)
		return NULL;
	sweeping->rows[i] = (struct memmgr_sweep_row){ .tag = tag };
	sweeping->used++;
	return &sweeping->rows[i];
}

static void count(struct memmgr_sweeping *sweeping, struct memmgr_sweep_row *row, u64 bytes)
{
	sweeping->count++;
	sweeping->bytes += bytes;
	if (!row)
		return;
	row->count++;
	row->bytes += bytes;
}

static bool is_meant(const struct memmgr_sweeping *sweeping, const struct memmgr_view *view)
{
	if (view->pending || !memmgr_selects(&sweeping->selection, view))
		return false;
	return sweeping->kernel || view->orphan ||
	       !memmgr_owner_is_kernel(sweeping->arena, view->owner);
}

/*
 * Look at a slot and free what is there if it is meant. 0: done with it; -EAGAIN: it
 * changed meanwhile; -ENOSPC: there is no row for it.
 */
static int look_and_free(struct memmgr_sweeping *sweeping, u32 slot)
{
	struct memmgr_arena *arena = sweeping->arena;
	struct memmgr_sweep_row *row = NULL;
	struct memmgr_view view;
	int ret;

	if (!memmgr_block_read_slot(&arena->blocks, slot, &view) || !is_meant(sweeping, &view))
		return 0;
	if (sweeping->room) {
		row = row_for(sweeping, view.tag);
		if (!row)
			return -ENOSPC;
	}
	ret = sweeping->dry ? 0 : memmgr_free_as(arena, &view);
	if (!ret)
		count(sweeping, row, memmgr_bytes(arena, view.run.len));
	else if (row && !row->count)
		sweeping->used--; /* made for this block */
	return ret == -EAGAIN ? ret : 0;
}

static int sweep_slot(struct memmgr_sweeping *sweeping, u32 slot)
{
	int ret;

	do {
		preempt_disable(); /* see change.c */
		ret = look_and_free(sweeping, slot);
		preempt_enable();
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * memmgr_sweep - free what is meant
 * @sweeping: what, and what came of it
 * @slot: where to begin
 * @end: slot to stop at; beyond the last slot is fine
 *
 * Ends early if there is no row for a tag, or a signal has come and something was
 * looked at. Return: the slot to go on at. Context: process, may sleep.
 */
u32 memmgr_sweep(struct memmgr_sweeping *sweeping, u32 slot, u32 end)
{
	end = min(end, memmgr_blocks_slots(&sweeping->arena->blocks));
	while (slot < end && !sweep_slot(sweeping, slot)) {
		if (++slot % SLOTS_PER_STEP)
			continue;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	if (sweeping->count && !sweeping->dry)
		trace_memmgr_sweep(sweeping);
	return slot;
}
