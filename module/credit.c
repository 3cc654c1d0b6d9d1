// SPDX-License-Identifier: GPL-2.0
/*
 * Whose account a block is on. Runs in any context, NMI included: counters and a
 * look-up under RCU, nothing else.
 */
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include "arena.h"

/**
 * memmgr_owner_credit - a block comes to, goes from or changes with its owner
 * @arena: where
 * @view: the block; tells the owner, or that it has none
 * @blocks: blocks to add
 * @bytes: bytes to add
 *
 * Context: any.
 */
void memmgr_owner_credit(struct memmgr_arena *arena, const struct memmgr_view *view, s64 blocks,
			 s64 bytes)
{
	struct memmgr_owner *owner;

	if (view->orphan) {
		this_cpu_add(arena->counts->orphans, blocks);
		this_cpu_add(arena->counts->orphan_bytes, bytes);
		return;
	}
	rcu_read_lock();
	owner = xa_load(&arena->owners, view->owner);
	if (owner) { /* else it died, and its accounts with it */
		atomic64_add(blocks, &owner->blocks);
		atomic64_add(bytes, &owner->bytes);
	}
	rcu_read_unlock();
}

/**
 * memmgr_account - count a block in or out
 * @arena: where
 * @view: the block
 * @sign: 1 for a block that is being born, -1 for one that is dead
 *
 * What is added and what is taken away comes from the same record. Context: any.
 */
void memmgr_account(struct memmgr_arena *arena, const struct memmgr_view *view, int sign)
{
	s64 bytes = sign * (s64)memmgr_bytes(arena, view->run.len);

	memmgr_owner_credit(arena, view, sign, bytes);
	this_cpu_add(arena->counts->used, bytes);
	this_cpu_add(arena->counts->requested, sign * (s64)view->size);
	if (sign > 0)
		this_cpu_inc(arena->counts->allocs);
	else
		this_cpu_inc(arena->counts->frees);
}
