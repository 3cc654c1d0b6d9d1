// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing under locks, with interrupts off and in interrupts.
 *
 * With an engine that needs no lock it is all lock-free, as in NMI, and a free gives
 * the memory back at once. With others the lock is tried, never waited for; a free
 * leaves it alone altogether and only says that the block is dead, see deferred.h.
 *
 * No tracepoint fires here: of what happens in interrupts there is too much, and a
 * handler's time is not its own.
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "nmi.h"

/* A new block under the engine's lock, if that is free. */
static struct memmgr_record *try_locked(struct memmgr_arena *arena, struct memmgr_view *view,
					int *error)
{
	struct memmgr_record *rec;

	*error = -EAGAIN;
	if (!raw_spin_trylock(&arena->lock)) {
		this_cpu_inc(arena->counts->contended);
		return NULL;
	}
	rec = memmgr_take_new(arena, view, 1, error);
	raw_spin_unlock(&arena->lock);
	return rec;
}

/**
 * memmgr_heap_alloc_atomic - allocate a block where nothing may be waited for
 * @heap: where; the block will be its
 * @wish: what; clearing costs what it costs
 * @place: where it is
 *
 * The engine chunk serves in a bounded number of steps without a lock. Of others the
 * lock is tried once; if it is taken, there are the ready blocks that the arena was
 * made with.
 *
 * Return: 0; -EINVAL; -EPERM if the heap may only look; -EUCLEAN; -ENOMEM, -ENOSPC
 * as the engine saw it; -EAGAIN if it lost a race, would have to search for long,
 * or the stock is used up: later it may be different. Context: any.
 */
int memmgr_heap_alloc_atomic(struct memmgr_heap *heap, const struct memmgr_wish *wish,
			     struct memmgr_place *place)
{
	struct memmgr_arena *arena = heap->owner->arena;
	struct memmgr_record *rec;
	struct memmgr_view view;
	int error, ret;

	if (memmgr_is_lockless(arena) || in_nmi())
		return memmgr_heap_alloc_nmi(heap, wish, place);
	ret = memmgr_at_once_begin(heap, wish, &view);
	if (ret)
		return ret;
	rec = try_locked(arena, &view, &error);
	return memmgr_at_once_end(heap, wish, rec, error, &view, place);
}
EXPORT_SYMBOL_GPL(memmgr_heap_alloc_atomic);

static int free_now(struct memmgr_arena *arena, u64 handle)
{
	struct memmgr_record *rec;
	struct memmgr_view view;
	int ret;

	memmgr_begin(arena->counts);
	ret = memmgr_block_kill(&arena->blocks, (struct memmgr_handle){ handle }, NULL, &rec);
	if (!ret) {
		memmgr_block_peek(rec, &view);
		memmgr_release_at_once(arena, &view.run);
		memmgr_account(arena, &view, -1);
		memmgr_block_bury(&arena->blocks, rec);
		memmgr_came_back(&arena->deferred);
	}
	memmgr_end(arena->counts);
	return ret == -EINPROGRESS ? 0 : ret;
}

/**
 * memmgr_heap_free_atomic - free a block where nothing may be waited for
 * @heap: where
 * @handle: which, whoever owns it
 *
 * Cannot fail for a block that is the caller's. The engine chunk has the memory back
 * when this returns; others have it soon, as after memmgr_heap_free_nmi().
 *
 * Return: 0 for exactly one of several callers; -ENOENT, -ESTALE; -EPERM if the
 * heap may only look. Context: any.
 */
int memmgr_heap_free_atomic(struct memmgr_heap *heap, u64 handle)
{
	struct memmgr_arena *arena = heap->owner->arena;

	if (!memmgr_is_lockless(arena) || in_nmi())
		return memmgr_heap_free_nmi(heap, handle);
	if (!(heap->owner->rights & MEMMGR_RIGHT_WRITE))
		return -EPERM;
	return free_now(arena, handle);
}
EXPORT_SYMBOL_GPL(memmgr_heap_free_atomic);

/**
 * memmgr_heap_free_at_atomic - the same for the block that starts at an address
 * @heap: where; its arena was made with MEMMGR_HEAP_POINTERS
 * @memory: the block's first byte
 *
 * Return: as memmgr_heap_free_atomic(); -ENOENT if no block starts there; -EBUSY if
 * another call is just changing one; -EOPNOTSUPP if the arena was not made for it.
 * Context: any.
 */
int memmgr_heap_free_at_atomic(struct memmgr_heap *heap, const void *memory)
{
	struct memmgr_arena *arena = heap->owner->arena;
	struct memmgr_handle handle;
	int ret;

	ret = memmgr_name_start(arena, (u64)(memory - arena->memory), &handle);
	return ret ?: memmgr_heap_free_atomic(heap, handle.raw);
}
EXPORT_SYMBOL_GPL(memmgr_heap_free_at_atomic);
