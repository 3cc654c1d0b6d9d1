// SPDX-License-Identifier: GPL-2.0
/*
 * Owners: whose a block is, and what becomes of it when they die.
 *
 * An owner is born with an open file and dies when the last descriptor and the
 * last mapping of that file are gone, however their processes ended. No process
 * is ever looked at. A block names its owner by number; numbers are not given
 * out again before 2^32 others were.
 *
 * Death walks over the block table and frees or orphans what is the owner's. It
 * costs a step per slot of the table, only as long as the owner still has blocks,
 * and is paid by the one who closes. Others may free the same blocks meanwhile:
 * each block has one winner, who does the accounting.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "arena.h"
#include "trace.h"

#define SLOTS_PER_STEP 512 /* between two chances for others to run */

/**
 * memmgr_owner_open - a new owner on an arena
 * @arena: on which; gets a reference
 * @rights: MEMMGR_RIGHT_*
 *
 * Return: the owner or ERR_PTR(-ENOMEM). Context: process, may sleep.
 */
struct memmgr_owner *memmgr_owner_open(struct memmgr_arena *arena, u32 rights)
{
	struct memmgr_owner *owner = kzalloc(sizeof(*owner), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!owner)
		return ERR_PTR(-ENOMEM);
	owner->arena = arena;
	owner->rights = rights;
	owner->pid = task_tgid_nr(current);
	get_task_comm(owner->comm, current);
	ret = xa_alloc_cyclic(&arena->owners, &owner->id, owner, xa_limit_32b,
			      &arena->last_owner, GFP_KERNEL_ACCOUNT);
	if (ret < 0) {
		kfree(owner);
		return ERR_PTR(-ENOMEM);
	}
	memmgr_arena_get(arena);
	atomic_inc(&arena->owner_count);
	return owner;
}

/* What an owner leaves behind, for the trace. */
struct legacy {
	u64 freed;
	u64 kept;
	u64 bytes;
};

static void orphan_block(struct memmgr_arena *arena, struct memmgr_view *view,
			 struct legacy *legacy)
{
	s64 bytes;

	if (memmgr_block_orphan(&arena->blocks, view->handle, view->owner, view))
		return; /* somebody else freed it first, or took it */
	bytes = memmgr_bytes(arena, view->run.len);
	view->orphan = false;
	memmgr_owner_credit(arena, view, -1, -bytes);
	view->orphan = true;
	memmgr_owner_credit(arena, view, 1, bytes);
	legacy->kept++;
	legacy->bytes += bytes;
}

static void free_block(struct memmgr_arena *arena, const struct memmgr_view *view,
		       struct legacy *legacy)
{
	if (memmgr_free_as(arena, view))
		return;
	legacy->freed++;
	legacy->bytes += memmgr_bytes(arena, view->run.len);
}

/* Until there is nothing of the owner's in @slot: it may change meanwhile. */
static void inherit_slot(struct memmgr_arena *arena, u32 slot, u32 owner, struct legacy *legacy)
{
	struct memmgr_view view;

	while (memmgr_block_read_slot(&arena->blocks, slot, &view) && view.owner == owner &&
	       !view.orphan && !view.pending) {
		if (view.policy == MEMMGR_POLICY_KEEP)
			orphan_block(arena, &view, legacy);
		else
			free_block(arena, &view, legacy);
	}
}

static void inherit_blocks(struct memmgr_owner *owner, struct legacy *legacy)
{
	struct memmgr_arena *arena = owner->arena;
	u32 slots = memmgr_blocks_slots(&arena->blocks);
	u32 slot;

	for (slot = 0; slot < slots && atomic64_read(&owner->blocks); slot++) {
		inherit_slot(arena, slot, owner->id, legacy);
		if (slot % SLOTS_PER_STEP == 0)
			cond_resched();
	}
}

/**
 * memmgr_owner_close - an owner's death
 * @owner: who; no call on its behalf is under way any more
 *
 * Context: process, may sleep. Not stopped by signals.
 */
void memmgr_owner_close(struct memmgr_owner *owner)
{
	struct memmgr_arena *arena = owner->arena;
	struct legacy legacy = {};

	inherit_blocks(owner, &legacy);
	trace_memmgr_owner_death(owner, legacy.freed, legacy.kept, legacy.bytes);
	xa_erase(&arena->owners, owner->id);
	atomic_dec(&arena->owner_count);
	kfree_rcu(owner, rcu);
	memmgr_arena_put(arena);
}
