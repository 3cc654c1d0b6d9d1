// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating and freeing in NMI, and what other callers that cannot wait share
 * with it.
 *
 * This file, and all that it calls, is made of loads, stores, atomic instructions
 * and irq_work_queue(). No lock, no log, no warning, no tracepoint, nothing that
 * sleeps; a test looks at the undefined symbols of its objects. Every loop has a
 * bound.
 *
 *	granules claimed -> slot taken -> memory cleared -> accounted -> published
 *
 * The order is another than where one may sleep, because granules can be given
 * back in a bounded number of steps and a slot cannot.
 *
 * What was interrupted may be in the middle of anything. It holds granules, slots
 * or a block that are its alone; all others are as they should be.
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "nmi.h"

/**
 * memmgr_name_start - the name of the block that starts at a byte
 * @arena: where
 * @offset: the byte
 * @handle: the name
 *
 * Return: 0, -ENOENT, -EBUSY if another call is just changing the block, -EOPNOTSUPP
 * if the arena was not made for that. Context: any.
 */
int memmgr_name_start(struct memmgr_arena *arena, u64 offset, struct memmgr_handle *handle)
{
	u64 granule = offset >> arena->shift;

	if (!arena->starts)
		return -EOPNOTSUPP;
	if (offset >= arena->size || !IS_ALIGNED(offset, memmgr_bytes(arena, 1)))
		return -ENOENT;
	return memmgr_block_name(&arena->blocks, READ_ONCE(arena->starts[granule]), granule,
				 handle);
}

/* One of this CPU's shelves' records. */
static struct memmgr_record *take_from_stock(struct memmgr_arena *arena, bool ready)
{
	/* pairs with the release in memmgr_stock_make(); the CPU is a preference */
	struct memmgr_stock *stock = raw_cpu_ptr(smp_load_acquire(&arena->deferred.stock));
	struct memmgr_record *rec;
	bool low;

	rec = memmgr_shelf_take(ready ? &stock->ready : &stock->slots, &low);
	if (low)
		memmgr_kick(&arena->deferred);
	return rec;
}

static struct memmgr_record *take_slot(struct memmgr_arena *arena)
{
	struct memmgr_record *rec;

	if (!memmgr_block_try_prepare(&arena->blocks, &rec))
		return rec;
	return take_from_stock(arena, false);
}

/**
 * memmgr_release_at_once - give back a claimed run
 * @arena: where
 * @run: what the record says that was claimed
 *
 * Damage is reported later. Context: any, with the engine's lock held if it has one.
 */
void memmgr_release_at_once(struct memmgr_arena *arena, const struct memmgr_run *run)
{
	if (!arena->engine->release(arena->meta, run)) {
		memmgr_count_claimed(arena, -(s64)run->len);
		return;
	}
	WRITE_ONCE(arena->broken, true);
	WRITE_ONCE(arena->deferred.damage, run->start + 1);
	memmgr_kick(&arena->deferred);
}

/* Granules for @view, by up to @claims calls, each of which is bounded. */
static int claim_run(struct memmgr_arena *arena, struct memmgr_view *view, u32 claims)
{
	struct memmgr_claim claim = {
		.len = memmgr_granules(arena, view->size),
		.align = view->align,
		.hint = raw_smp_processor_id(),
		.flags = MEMMGR_CLAIM_FAST | MEMMGR_CLAIM_RESERVE,
	};
	int ret = -EAGAIN;

	for (; claims && ret == -EAGAIN; claims--)
		ret = arena->engine->claim(arena->meta, &claim, &view->run);
	if (!ret)
		memmgr_count_claimed(arena, view->run.len);
	else if (claim.len > arena->granules - atomic64_read(&arena->claimed))
		return -ENOMEM; /* whatever the engine would have found */
	return ret;
}

/**
 * memmgr_take_new - a slot and granules
 * @arena: where
 * @view: what for; gets the run
 * @claims: how often the engine may be asked
 * @error: -EAGAIN, -ENOMEM or -ENOSPC if there is none
 *
 * Return: a record that is the caller's alone, or NULL. Context: any, with the
 * engine's lock held if it has one.
 */
struct memmgr_record *memmgr_take_new(struct memmgr_arena *arena, struct memmgr_view *view,
				      u32 claims, int *error)
{
	struct memmgr_record *rec;

	*error = claim_run(arena, view, claims);
	if (*error)
		return NULL;
	rec = take_slot(arena);
	if (!rec) {
		*error = -EAGAIN;
		memmgr_release_at_once(arena, &view->run);
	}
	return rec;
}

/* A ready block that fits @view, or NULL. */
static struct memmgr_record *take_ready(struct memmgr_arena *arena, struct memmgr_view *view)
{
	struct memmgr_record *rec;
	struct memmgr_view ready;

	if (view->align > 1 ||
	    memmgr_granules(arena, view->size) > READ_ONCE(arena->deferred.ready_len))
		return NULL;
	rec = take_from_stock(arena, true);
	if (!rec)
		return NULL;
	memmgr_block_peek(rec, &ready);
	view->run = ready.run;
	atomic64_sub(view->run.len, &arena->deferred.stocked);
	return rec;
}

/**
 * memmgr_at_once_begin - begin an allocation that cannot wait
 * @heap: where
 * @wish: what
 * @view: the block as far as it is known
 *
 * Return: 0, then memmgr_at_once_end() follows; -EINVAL, -EPERM, -ENOMEM, -EUCLEAN.
 */
int memmgr_at_once_begin(struct memmgr_heap *heap, const struct memmgr_wish *wish,
			 struct memmgr_view *view)
{
	struct memmgr_arena *arena = heap->owner->arena;

	if (!(heap->owner->rights & MEMMGR_RIGHT_WRITE))
		return -EPERM;
	if (wish->policy > MEMMGR_POLICY_KEEP || !memmgr_fulfil(heap->owner, wish, view))
		return -EINVAL;
	if (READ_ONCE(arena->broken))
		return -EUCLEAN;
	if (wish->size > arena->size)
		return -ENOMEM;
	memmgr_begin(arena->counts);
	return 0;
}

static void give_birth(struct memmgr_heap *heap, const struct memmgr_wish *wish,
		       struct memmgr_record *rec, struct memmgr_view *view)
{
	struct memmgr_arena *arena = heap->owner->arena;
	void *memory = memmgr_payload(arena, view->run.start);

	if (wish->zero)
		memset(memory, 0, memmgr_bytes(arena, view->run.len));
	view->handle = memmgr_block_handle(rec);
	memmgr_block_fill(rec, view);
	memmgr_note_start(arena, view);
	memmgr_account(arena, view, 1);
	memmgr_block_publish(rec);
}

/**
 * memmgr_at_once_end - end an allocation that cannot wait
 * @heap: where
 * @wish: what
 * @rec: a new block, or NULL: take a ready one if there is one
 * @error: with NULL: what happened
 * @view: the block
 * @place: where it is
 *
 * Return: 0 or @error.
 */
int memmgr_at_once_end(struct memmgr_heap *heap, const struct memmgr_wish *wish,
		       struct memmgr_record *rec, int error, struct memmgr_view *view,
		       struct memmgr_place *place)
{
	struct memmgr_arena *arena = heap->owner->arena;

	if (!rec)
		rec = take_ready(arena, view);
	if (rec) {
		give_birth(heap, wish, rec, view);
		place->handle = view->handle.raw;
		place->memory = memmgr_payload(arena, view->run.start);
		place->usable = memmgr_bytes(arena, view->run.len);
		error = 0;
	} else {
		this_cpu_inc(arena->counts->failures);
	}
	memmgr_end(arena->counts);
	return error;
}

/**
 * memmgr_heap_alloc_nmi - allocate a block in NMI
 * @heap: where; the block will be its
 * @wish: what; clearing costs what it costs
 * @place: where it is
 *
 * The engine chunk serves at once, in a bounded number of steps. Of others, whose
 * lock cannot be taken here, there are the ready blocks that the arena was made
 * with.
 *
 * Return: 0; -EINVAL; -EPERM if the heap may only look; -EUCLEAN; -ENOMEM, -ENOSPC
 * as the engine saw it; -EAGAIN if it lost a race, would have to search for long,
 * or the stock is used up: later it may be different. Context: any.
 */
int memmgr_heap_alloc_nmi(struct memmgr_heap *heap, const struct memmgr_wish *wish,
			  struct memmgr_place *place)
{
	struct memmgr_record *rec = NULL;
	struct memmgr_view view;
	int error = -EAGAIN;
	int ret;

	ret = memmgr_at_once_begin(heap, wish, &view);
	if (ret)
		return ret;
	if (memmgr_is_lockless(heap->owner->arena))
		rec = memmgr_take_new(heap->owner->arena, &view, MEMMGR_CLAIMS, &error);
	return memmgr_at_once_end(heap, wish, rec, error, &view, place);
}
EXPORT_SYMBOL_GPL(memmgr_heap_alloc_nmi);

/**
 * memmgr_heap_free_nmi - free a block in NMI
 * @heap: where
 * @handle: which, whoever owns it
 *
 * The block is dead when this returns, its handle invalid. Its memory comes back
 * soon, when a process has drained what was freed so. Wait-free: a look and an
 * atomic instruction, and a bounded number more if somebody changes the block at
 * this instant.
 *
 * Return: 0; -ENOENT, -ESTALE; -EPERM if the heap may only look. Context: any.
 */
int memmgr_heap_free_nmi(struct memmgr_heap *heap, u64 handle)
{
	struct memmgr_arena *arena = heap->owner->arena;
	int ret;

	if (!(heap->owner->rights & MEMMGR_RIGHT_WRITE))
		return -EPERM;
	memmgr_begin(arena->counts);
	ret = memmgr_block_pend(&arena->blocks, (struct memmgr_handle){ handle });
	memmgr_end(arena->counts);
	if (!ret)
		memmgr_was_pended(&arena->deferred, (u32)handle);
	return ret;
}
EXPORT_SYMBOL_GPL(memmgr_heap_free_nmi);
