// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at all blocks while others go on.
 *
 * A walk goes over the slots of the block table. A block keeps its slot for life,
 * whatever happens to its size and place, so a block that lives through the walk
 * is met exactly once. Nobody is stopped, and no lock is held.
 */
#include <linux/sched/signal.h>

#include "arena.h"

#define SLOTS_PER_STEP 512 /* between two chances for others to run */

static u32 state_of(const struct memmgr_view *view)
{
	if (view->pending)
		return MEMMGR_STATE_PENDING;
	return view->orphan ? MEMMGR_STATE_ORPHAN : MEMMGR_STATE_OWNED;
}

static bool is_before(u32 epoch, u32 other)
{
	return (s32)(epoch - other) < 0;
}

/**
 * memmgr_selects - is this block meant?
 * @selection: which are
 * @view: the block
 *
 * Return: whether it is. Context: any.
 */
bool memmgr_selects(const struct memmgr_selection *selection, const struct memmgr_view *view)
{
	if ((view->tag ^ selection->tag_value) & selection->tag_mask)
		return false;
	if (!(selection->states & state_of(view)))
		return false;
	if (selection->by_owner && selection->owner != (view->orphan ? 0 : view->owner))
		return false;
	if (selection->epoch_from && is_before(view->epoch, selection->epoch_from))
		return false;
	if (selection->epoch_before && !is_before(view->epoch, selection->epoch_before))
		return false;
	return view->size >= selection->size_min &&
	       (!selection->size_max || view->size <= selection->size_max);
}

/**
 * memmgr_next_block - the next block of a walk
 * @arena: where
 * @slot: where to begin to look; then, the slot after the block
 * @end: slot to stop at; beyond the last slot is fine
 * @view: the block
 *
 * Return: false if there is none before @end. Context: process, may sleep.
 */
bool memmgr_next_block(struct memmgr_arena *arena, u32 *slot, u32 end, struct memmgr_view *view)
{
	end = min(end, memmgr_blocks_slots(&arena->blocks));
	while (*slot < end) {
		if (*slot % SLOTS_PER_STEP == 0)
			cond_resched();
		if (memmgr_block_read_slot(&arena->blocks, (*slot)++, view))
			return true;
	}
	return false;
}

/**
 * memmgr_find_offset - the block that a byte belongs to
 * @arena: where
 * @offset: the byte
 * @view: the block
 *
 * Return: 0, -ENOENT, or -EINTR if a fatal signal came. Context: process, may
 * sleep. Cost: a step per slot of the block table.
 */
int memmgr_find_offset(struct memmgr_arena *arena, u64 offset, struct memmgr_view *view)
{
	u64 granule = offset >> arena->shift;
	u32 slot = 0;

	if (offset >= arena->size)
		return -ENOENT;
	while (memmgr_next_block(arena, &slot, U32_MAX, view)) {
		if (!view->pending && granule - view->run.start < view->run.len)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return -ENOENT;
}

/**
 * memmgr_find_start - the block that starts at a byte
 * @arena: where
 * @offset: the byte
 * @view: the block
 *
 * Return: 0, -ENOENT, -EBUSY if another call is just changing it, -EOPNOTSUPP if the
 * arena was not made for that. Context: process.
 */
int memmgr_find_start(struct memmgr_arena *arena, u64 offset, struct memmgr_view *view)
{
	struct memmgr_handle handle;
	int ret = memmgr_name_start(arena, offset, &handle);

	return ret ?: memmgr_block_read(&arena->blocks, handle, view);
}

static u32 relative_of(const struct memmgr_arena *arena, const struct memmgr_view *view)
{
	if (view->orphan)
		return view->owner;
	return view->policy == MEMMGR_POLICY_GIVE ? memmgr_heir(arena, view->handle) : 0;
}

/**
 * memmgr_describe - a block in the words of the ABI
 * @arena: where
 * @view: the block
 * @block: its description, all of it
 */
void memmgr_describe(const struct memmgr_arena *arena, const struct memmgr_view *view,
		     struct memmgr_block *block)
{
	*block = (struct memmgr_block){
		.handle = view->handle.raw,
		.offset = memmgr_bytes(arena, view->run.start),
		.size = view->size,
		.usable = memmgr_bytes(arena, view->run.len),
		.align = memmgr_bytes(arena, view->align),
		.tag = view->tag,
		.owner = view->orphan ? 0 : view->owner,
		.epoch = view->epoch,
		.policy = view->policy,
		.state = state_of(view),
		.relative = relative_of(arena, view),
	};
}
