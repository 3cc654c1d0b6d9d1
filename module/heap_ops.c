// SPDX-License-Identifier: GPL-2.0
/*
 * What kernel code can do with a heap where it may sleep: the commands of the ABI,
 * without copying, and waiting for memory.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "heap.h"

/* Longest sleep before a caller that waits for memory looks again by itself. */
#define PATIENCE (HZ / 4 + 1)

static struct memmgr_arena *arena_of(const struct memmgr_heap *heap)
{
	return heap->owner->arena;
}

static bool may_change(const struct memmgr_heap *heap)
{
	return heap->owner->rights & MEMMGR_RIGHT_WRITE;
}

static struct memmgr_handle handle_from(u64 raw)
{
	return (struct memmgr_handle){ raw };
}

static void report_place(const struct memmgr_heap *heap, const struct memmgr_view *view,
			 struct memmgr_place *place)
{
	place->handle = view->handle.raw;
	place->memory = memmgr_payload(arena_of(heap), view->run.start);
	place->usable = memmgr_bytes(arena_of(heap), view->run.len);
}

/* --- births and deaths ---------------------------------------------------- */

static bool worth_waiting(const struct memmgr_heap *heap, const struct memmgr_wish *wish, int error)
{
	return (error == -ENOMEM || error == -ENOSPC) && wish->size <= arena_of(heap)->size;
}

/* Sleep until memory came back since @seen, or for @nap jiffies; what is left of it. */
static long sleep_on(struct memmgr_deferred *deferred, u32 seen, long nap)
{
	set_current_state(TASK_KILLABLE);
	if (READ_ONCE(deferred->wakes) == seen)
		nap = schedule_timeout(nap);
	__set_current_state(TASK_RUNNING);
	return nap;
}

/* Try again whenever memory came back, until @timeout jiffies are over. */
static int wait_and_alloc(struct memmgr_heap *heap, const struct memmgr_wish *wish, long timeout,
			  struct memmgr_view *view)
{
	struct memmgr_deferred *deferred = &arena_of(heap)->deferred;
	DECLARE_WAITQUEUE(wait, current);
	long nap;
	u32 seen;
	int ret;

	add_wait_queue(&deferred->freed, &wait);
	for (;;) {
		seen = READ_ONCE(deferred->wakes);
		ret = memmgr_alloc(heap->owner, wish, view);
		if (!worth_waiting(heap, wish, ret) || timeout <= 0)
			break;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		nap = min(timeout, (long)PATIENCE);
		nap -= sleep_on(deferred, seen, nap);
		if (timeout != MAX_SCHEDULE_TIMEOUT)
			timeout -= nap;
	}
	remove_wait_queue(&deferred->freed, &wait);
	return ret;
}

/**
 * memmgr_heap_alloc - allocate a block
 * @heap: where; the block will be its
 * @wish: what
 * @timeout: jiffies to wait for memory if there is none; 0: do not wait;
 *	MAX_SCHEDULE_TIMEOUT: wait until there is, or a fatal signal comes
 * @place: where it is
 *
 * Return: 0; -EINVAL; -EPERM if the heap may only look; -ENOMEM, -ENOSPC when the
 * time was over; -EINTR; -EUCLEAN. Context: process, may sleep.
 */
int memmgr_heap_alloc(struct memmgr_heap *heap, const struct memmgr_wish *wish, long timeout,
		      struct memmgr_place *place)
{
	struct memmgr_view view;
	int ret;

	might_sleep();
	if (!may_change(heap))
		return -EPERM;
	if (wish->policy > MEMMGR_POLICY_KEEP || timeout < 0)
		return -EINVAL;
	ret = memmgr_alloc(heap->owner, wish, &view);
	if (timeout && worth_waiting(heap, wish, ret))
		ret = wait_and_alloc(heap, wish, timeout, &view);
	if (ret)
		return ret;
	memmgr_stack_note(heap, view.handle);
	report_place(heap, &view, place);
	return 0;
}
EXPORT_SYMBOL_GPL(memmgr_heap_alloc);

/**
 * memmgr_heap_free - free a block, whoever owns it
 * @heap: where
 * @handle: which
 *
 * Return: 0 for exactly one of several callers; -ENOENT, -ESTALE; -EPERM if the
 * heap may only look. Context: process, may sleep.
 */
int memmgr_heap_free(struct memmgr_heap *heap, u64 handle)
{
	might_sleep();
	if (!may_change(heap))
		return -EPERM;
	return memmgr_free(arena_of(heap), handle_from(handle), NULL);
}
EXPORT_SYMBOL_GPL(memmgr_heap_free);

/* The block that starts at @memory, by a search if it must be. */
static int find_at(struct memmgr_heap *heap, const void *memory, struct memmgr_view *view)
{
	struct memmgr_arena *arena = arena_of(heap);
	u64 offset = (u64)(memory - arena->memory);
	int ret;

	if (arena->starts)
		return memmgr_find_start(arena, offset, view);
	ret = memmgr_find_offset(arena, offset, view);
	if (!ret && memmgr_bytes(arena, view->run.start) != offset)
		return -ENOENT;
	return ret;
}

/**
 * memmgr_heap_free_at - free the block that starts at an address
 * @heap: where
 * @memory: its first byte
 *
 * Return: as memmgr_heap_free(); -ENOENT if no block starts there; -EBUSY if
 * another call is changing it. Context: process, may sleep.
 */
int memmgr_heap_free_at(struct memmgr_heap *heap, const void *memory)
{
	struct memmgr_expect expect = { .check_start = true };
	struct memmgr_view view;
	int ret;

	might_sleep();
	if (!may_change(heap))
		return -EPERM;
	ret = find_at(heap, memory, &view);
	if (ret)
		return ret;
	expect.start = view.run.start;
	return memmgr_free(arena_of(heap), view.handle, &expect);
}
EXPORT_SYMBOL_GPL(memmgr_heap_free_at);

/**
 * memmgr_heap_realloc - change a block's size
 * @heap: where
 * @handle: which; it keeps handle, tag, owner, policy and alignment
 * @size: bytes, > 0
 * @flags: MEMMGR_REALLOC_IN_PLACE, MEMMGR_REALLOC_ZERO
 * @place: where it is now
 *
 * Return: 0; -EINVAL, -EPERM, -ENOENT, -ESTALE, -EBUSY, -ENOMEM, -ENOSPC, -EINTR,
 * -EUCLEAN: the block is what it was. Context: process, may sleep.
 */
int memmgr_heap_realloc(struct memmgr_heap *heap, u64 handle, u64 size, u32 flags,
			struct memmgr_place *place)
{
	struct memmgr_view view;
	int ret;

	might_sleep();
	if (!may_change(heap))
		return -EPERM;
	if (flags & ~(u32)(MEMMGR_REALLOC_IN_PLACE | MEMMGR_REALLOC_ZERO))
		return -EINVAL;
	ret = memmgr_realloc(heap->owner, handle_from(handle), NULL, size, flags, &view);
	if (ret)
		return ret;
	memmgr_stack_note(heap, view.handle);
	report_place(heap, &view, place);
	return 0;
}
EXPORT_SYMBOL_GPL(memmgr_heap_realloc);

/**
 * memmgr_heap_realloc_at - change the size of the block that starts at an address
 * @heap: where
 * @memory: its first byte
 * @size: bytes, > 0
 * @flags: as for memmgr_heap_realloc()
 * @place: where it is now
 *
 * Return: as memmgr_heap_realloc(). Context: process, may sleep.
 */
int memmgr_heap_realloc_at(struct memmgr_heap *heap, const void *memory, u64 size, u32 flags,
			   struct memmgr_place *place)
{
	struct memmgr_view view;
	int ret;

	might_sleep();
	ret = find_at(heap, memory, &view);
	return ret ?: memmgr_heap_realloc(heap, view.handle.raw, size, flags, place);
}
EXPORT_SYMBOL_GPL(memmgr_heap_realloc_at);

/* --- looking -------------------------------------------------------------- */

/**
 * memmgr_heap_query - describe a block
 * @heap: where
 * @handle: which
 * @block: what it is
 *
 * Return: 0, -ENOENT, -ESTALE; -EBUSY if it is being changed at this instant, maybe
 * by whom the caller has interrupted. Context: any.
 */
int memmgr_heap_query(struct memmgr_heap *heap, u64 handle, struct memmgr_block *block)
{
	struct memmgr_view view;
	int ret = memmgr_block_try_read(&arena_of(heap)->blocks, handle_from(handle), &view);

	if (!ret)
		memmgr_describe(arena_of(heap), &view, block);
	return ret;
}
EXPORT_SYMBOL_GPL(memmgr_heap_query);

/**
 * memmgr_heap_query_at - describe the block that an address belongs to
 * @heap: where
 * @memory: any of its bytes
 * @block: what it is
 *
 * The first byte is found at once in an arena with MEMMGR_HEAP_POINTERS; else all
 * blocks are searched.
 *
 * Return: 0, -ENOENT, -EINTR. Context: process, may sleep.
 */
int memmgr_heap_query_at(struct memmgr_heap *heap, const void *memory, struct memmgr_block *block)
{
	struct memmgr_arena *arena = arena_of(heap);
	u64 offset = (u64)(memory - arena->memory);
	struct memmgr_view view;
	int ret;

	might_sleep();
	ret = memmgr_find_start(arena, offset, &view);
	if (ret)
		ret = memmgr_find_offset(arena, offset, &view);
	if (!ret)
		memmgr_describe(arena, &view, block);
	return ret;
}
EXPORT_SYMBOL_GPL(memmgr_heap_query_at);

/**
 * memmgr_heap_memory - where an offset of the arena is in memory
 * @heap: where
 * @offset: bytes from the arena's start, as processes see it
 *
 * Return: the address, or NULL beyond the end. Context: any.
 */
void *memmgr_heap_memory(struct memmgr_heap *heap, u64 offset)
{
	struct memmgr_arena *arena = arena_of(heap);

	return offset < arena->size ? arena->memory + offset : NULL;
}
EXPORT_SYMBOL_GPL(memmgr_heap_memory);

/* Never what is just being freed. */
static struct memmgr_selection selection_of(const struct memmgr_heap *heap,
					    const struct memmgr_match *match)
{
	struct memmgr_selection selection = {
		.states = MEMMGR_STATE_OWNED | MEMMGR_STATE_ORPHAN,
		.owner = heap->owner->id,
	};

	if (match) {
		selection.tag_value = match->tag_value;
		selection.tag_mask = match->tag_mask;
		selection.epoch_before = match->before;
		selection.by_owner = match->own;
	}
	return selection;
}

/**
 * memmgr_heap_next - walk over blocks
 * @heap: where
 * @match: which; NULL for all
 * @cursor: 0 at first, then left alone
 * @block: the next one
 *
 * A block that lives through the whole walk is met exactly once, whatever others do
 * meanwhile, in no particular order. Nothing is held between two calls.
 *
 * Return: false at the end. Context: process, may sleep.
 */
bool memmgr_heap_next(struct memmgr_heap *heap, const struct memmgr_match *match, u32 *cursor,
		      struct memmgr_block *block)
{
	struct memmgr_selection selection = selection_of(heap, match);
	struct memmgr_view view;

	might_sleep();
	while (memmgr_next_block(arena_of(heap), cursor, U32_MAX, &view)) {
		if (!memmgr_selects(&selection, &view))
			continue;
		memmgr_describe(arena_of(heap), &view, block);
		return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(memmgr_heap_next);

/**
 * memmgr_heap_tick - let the arena's clock for garbage collection go on
 * @heap: whose arena
 *
 * Return: the new epoch, in which blocks are born from now on. Context: any.
 */
u32 memmgr_heap_tick(struct memmgr_heap *heap)
{
	return memmgr_epoch_advance(arena_of(heap));
}
EXPORT_SYMBOL_GPL(memmgr_heap_tick);

/**
 * memmgr_heap_sweep - free all blocks of a kind
 * @heap: whose blocks
 * @match: which of them; NULL for all
 * @bytes: bytes that were freed, or NULL
 *
 * Return: how many were freed by this call. Context: process, may sleep.
 */
u64 memmgr_heap_sweep(struct memmgr_heap *heap, const struct memmgr_match *match, u64 *bytes)
{
	struct memmgr_sweeping sweeping = {
		.arena = arena_of(heap),
		.selection = selection_of(heap, match),
		.kernel = true,
	};
	u32 slots = memmgr_blocks_slots(&arena_of(heap)->blocks);
	u32 slot = 0;

	might_sleep();
	sweeping.selection.by_owner = true;
	while (may_change(heap) && slot < slots)
		slot = memmgr_sweep(&sweeping, slot, slots);
	if (bytes)
		*bytes = sweeping.bytes;
	return sweeping.count;
}
EXPORT_SYMBOL_GPL(memmgr_heap_sweep);

/**
 * memmgr_heap_stat - figures
 * @heap: whose arena; its own blocks are told apart
 * @stat: all of it is written
 *
 * Context: process, softirq; in hardirq, too, with the engine chunk.
 */
void memmgr_heap_stat(struct memmgr_heap *heap, struct memmgr_stat *stat)
{
	*stat = (struct memmgr_stat){};
	memmgr_owner_stat(heap->owner, stat);
}
EXPORT_SYMBOL_GPL(memmgr_heap_stat);

/**
 * memmgr_heap_validate - check an arena's bookkeeping
 * @heap: whose arena
 * @out: all of it is written
 *
 * Return: 0; -EUCLEAN on damage; -ENOMEM, -EINTR. Context: process, may sleep.
 */
int memmgr_heap_validate(struct memmgr_heap *heap, struct memmgr_validate *out)
{
	might_sleep();
	*out = (struct memmgr_validate){};
	return memmgr_arena_validate(arena_of(heap), out);
}
EXPORT_SYMBOL_GPL(memmgr_heap_validate);
