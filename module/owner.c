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
 * and is paid by the one who closes. Others may free the same blocks meanwhile, or
 * take them: each block has one winner, who does the accounting.
 *
 * Who gives a block to an owner looks afterwards whether that one has begun to die,
 * and the dying say so before they walk: of the two, at least one sees the other.
 *
 * The heirs of blocks with MEMMGR_POLICY_GIVE are kept by slot, beside the table. An
 * entry counts as long as such a block lives there, and whoever makes one writes it.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "arena.h"
#include "trace.h"

#define SLOTS_PER_STEP 512 /* between two chances for others to run */
#define PATIENCE 1000 /* naps of one who dies, for blocks that others are changing */

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

/**
 * memmgr_owner_takes - can an owner be given blocks?
 * @arena: where
 * @id: the owner's number
 *
 * Return: 0; -ENOENT if there is none, or it is dying; -EPERM if it may only look, or
 * is kernel code. Context: any.
 */
int memmgr_owner_takes(struct memmgr_arena *arena, u32 id)
{
	struct memmgr_owner *owner;
	int ret = 0;

	rcu_read_lock();
	owner = xa_load(&arena->owners, id);
	if (!owner || READ_ONCE(owner->dying))
		ret = -ENOENT;
	else if (owner->kernel || !(owner->rights & MEMMGR_RIGHT_WRITE))
		ret = -EPERM;
	rcu_read_unlock();
	return ret;
}

/* Does this number mean kernel code? Context: any. */
bool memmgr_owner_is_kernel(struct memmgr_arena *arena, u32 id)
{
	struct memmgr_owner *owner;
	bool kernel;

	rcu_read_lock();
	owner = xa_load(&arena->owners, id);
	kernel = owner && owner->kernel;
	rcu_read_unlock();
	return kernel;
}

/**
 * memmgr_heir_set - say who gets a block when its owner dies
 * @arena: where
 * @handle: the block, the caller's alone
 * @heir: an owner's number; 0: only make room for one, for any handle
 * @gfp: how to get memory; 0 if there is room
 *
 * Return: 0 or -ENOMEM.
 */
int memmgr_heir_set(struct memmgr_arena *arena, struct memmgr_handle handle, u32 heir, gfp_t gfp)
{
	if (!heir)
		return xa_reserve(&arena->heirs, (u32)handle.raw, gfp);
	return xa_err(xa_store(&arena->heirs, (u32)handle.raw, xa_mk_value(heir), gfp));
}

/* The heir of a block with MEMMGR_POLICY_GIVE. Context: any. */
u32 memmgr_heir(const struct memmgr_arena *arena, struct memmgr_handle handle)
{
	void *heir = xa_load((struct xarray *)&arena->heirs, (u32)handle.raw);

	return xa_is_value(heir) ? xa_to_value(heir) : 0;
}

/**
 * memmgr_give - give a block that was looked at to another owner
 * @arena: where
 * @view: what it was; nothing happens if it has changed since
 * @to: the new owner's number
 *
 * memmgr_settle() has to follow. Return: 0; -ENOENT, -EPERM as memmgr_owner_takes(),
 * -EAGAIN, -EBUSY, -ESTALE as memmgr_rewrite() has it. Context: any but NMI.
 */
int memmgr_give(struct memmgr_arena *arena, const struct memmgr_view *view, u32 to)
{
	struct memmgr_view new = *view;
	int ret = memmgr_owner_takes(arena, to);

	new.owner = to;
	if (!ret)
		ret = memmgr_rewrite(arena, view, &new, 0);
	if (!ret)
		trace_memmgr_transfer(arena, view, &new);
	return ret;
}

/* What an owner leaves behind, for the trace; and how long it still waits. */
struct legacy {
	u64 freed;
	u64 kept;
	u64 given;
	u64 bytes;
	u32 patience;
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

static void give_block(struct memmgr_arena *arena, struct memmgr_view *view,
		       struct legacy *legacy)
{
	u32 heir = memmgr_heir(arena, view->handle);
	int ret = memmgr_give(arena, view, heir);

	if (ret == -EBUSY && legacy->patience) {
		legacy->patience--;
		usleep_range(50, 100);
	} else if (ret == -EBUSY || ret == -ENOENT || ret == -EPERM) {
		orphan_block(arena, view, legacy);
	} else if (!ret) {
		legacy->given++;
		legacy->bytes += memmgr_bytes(arena, view->run.len);
		memmgr_settle(arena, (u32)view->handle.raw, heir);
	}
}

/* Until there is nothing of the owner's in @slot: it may change meanwhile. */
static void inherit_slot(struct memmgr_arena *arena, u32 slot, u32 owner, struct legacy *legacy)
{
	struct memmgr_view view;

	while (memmgr_block_read_slot(&arena->blocks, slot, &view) && view.owner == owner &&
	       !view.orphan && !view.pending) {
		if (view.policy == MEMMGR_POLICY_KEEP)
			orphan_block(arena, &view, legacy);
		else if (view.policy == MEMMGR_POLICY_GIVE)
			give_block(arena, &view, legacy);
		else
			free_block(arena, &view, legacy);
	}
}

/**
 * memmgr_settle - see to a block whose new owner may be dying
 * @arena: where
 * @slot: the block's slot
 * @owner: to whom it was given
 *
 * Context: process, may sleep.
 */
void memmgr_settle(struct memmgr_arena *arena, u32 slot, u32 owner)
{
	struct legacy legacy = {};

	smp_mb(); /* given, then looked; pairs with memmgr_owner_close() */
	if (memmgr_owner_takes(arena, owner))
		inherit_slot(arena, slot, owner, &legacy);
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
	struct legacy legacy = { .patience = PATIENCE };

	WRITE_ONCE(owner->dying, true);
	smp_mb(); /* told, then looked; pairs with memmgr_settle() */
	inherit_blocks(owner, &legacy);
	trace_memmgr_owner_death(owner, legacy.freed, legacy.kept, legacy.given, legacy.bytes);
	xa_erase(&arena->owners, owner->id);
	atomic_dec(&arena->owner_count);
	kfree_rcu(owner, rcu);
	memmgr_arena_put(arena);
}
