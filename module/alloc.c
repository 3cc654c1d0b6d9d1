// SPDX-License-Identifier: GPL-2.0
/*
 * A block's birth and death.
 *
 *	slot taken -> granules claimed -> memory cleared -> accounted -> published
 *	killed -> granules released -> accounted -> slot buried
 *
 * Until the publication nobody else can name the block, so that what fails
 * before is undone without a trace; from then on everybody sees all of it. A
 * kill has exactly one winner, who does the rest alone.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arena.h"
#include "payload.h"
#include "trace.h"

/*
 * The memory is allocated before the lock is taken, so that a caller that has to
 * wait for memory makes nobody else wait.
 */
int memmgr_add_segment(struct memmgr_arena *arena)
{
	void *segment = kvzalloc(MEMMGR_SEGMENT_BYTES, GFP_KERNEL_ACCOUNT | __GFP_NOWARN |
							       __GFP_RETRY_MAYFAIL);
	int ret = 0;

	if (!segment)
		return -ENOMEM;
	spin_lock(&arena->grow);
	if (!memmgr_blocks_any_free(&arena->blocks)) {
		ret = memmgr_blocks_add(&arena->blocks, segment);
		if (!ret)
			segment = NULL;
	}
	spin_unlock(&arena->grow);
	kvfree(segment);
	return ret ? -ENOMEM : 0;
}

/* A prepared slot, or ERR_PTR. Context: process, may sleep. */
struct memmgr_record *memmgr_take_slot(struct memmgr_arena *arena)
{
	struct memmgr_record *rec;
	int ret;

	while (!(rec = memmgr_block_prepare(&arena->blocks))) {
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		ret = memmgr_add_segment(arena);
		if (ret)
			return ERR_PTR(ret);
	}
	return rec;
}

static int claim_and_fill(struct memmgr_owner *owner, const struct memmgr_wish *wish,
			  struct memmgr_record *rec, struct memmgr_view *view)
{
	struct memmgr_arena *arena = owner->arena;
	int ret = 0;

	view->handle = memmgr_block_handle(rec);
	if (wish->heir)
		ret = memmgr_heir_set(arena, view->handle, wish->heir, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	ret = memmgr_space_claim(arena, memmgr_granules(arena, wish->size), view->align,
				 &view->run);
	if (ret)
		return ret;
	if (wish->zero)
		memmgr_payload_clear(memmgr_payload(arena, view->run.start),
				     memmgr_bytes(arena, view->run.len));
	view->epoch = READ_ONCE(arena->epoch);
	memmgr_block_fill(rec, view);
	memmgr_note_start(arena, view);
	return 0;
}

/*
 * If the clock went on during the birth, the block is older than it should be: make it
 * younger, or try again if a sweep was faster.
 */
static int check_clock(struct memmgr_arena *arena, struct memmgr_view *view)
{
	smp_mb(); /* published, then looked; pairs with memmgr_epoch_advance() */
	if (likely(READ_ONCE(arena->epoch) == view->epoch))
		return 0;
	return memmgr_mark(arena, view->handle) == -ESTALE ? -EAGAIN : 0;
}

static int allocate(struct memmgr_owner *owner, const struct memmgr_wish *wish,
		    struct memmgr_view *view)
{
	struct memmgr_arena *arena = owner->arena;
	struct memmgr_record *rec;
	int ret;

	if (READ_ONCE(arena->broken))
		return -EUCLEAN;
	if (wish->size > arena->size)
		return -ENOMEM;
	rec = memmgr_take_slot(arena);
	if (IS_ERR(rec))
		return PTR_ERR(rec);
	ret = claim_and_fill(owner, wish, rec, view);
	if (ret) {
		memmgr_block_abandon(&arena->blocks, rec);
		return ret;
	}
	memmgr_account(arena, view, 1);
	memmgr_block_publish(rec);
	return check_clock(arena, view);
}

/**
 * memmgr_alloc - allocate a block
 * @owner: for whom
 * @wish: what
 * @view: the block
 *
 * Return: 0; -EINVAL for a size or alignment that is none; -ENOMEM, -ENOSPC;
 * -EUCLEAN if the arena is broken; -EINTR if a fatal signal came. Nothing changes
 * on failure. Context: process, may sleep.
 */
int memmgr_alloc(struct memmgr_owner *owner, const struct memmgr_wish *wish,
		 struct memmgr_view *view)
{
	struct memmgr_arena *arena = owner->arena;
	u64 drained;
	int ret;

	if (!memmgr_fulfil(owner, wish, view))
		return -EINVAL;
	do {
		drained = memmgr_drained(&arena->deferred);
		memmgr_begin(arena->counts);
		ret = allocate(owner, wish, view);
		memmgr_end(arena->counts);
	} while (ret == -EAGAIN ||
		 ((ret == -ENOMEM || ret == -ENOSPC) && memmgr_drain(arena) != drained));
	if (ret) {
		this_cpu_inc(arena->counts->failures);
		trace_memmgr_fail(arena, wish->size, wish->tag, ret);
		return ret;
	}
	trace_memmgr_alloc(arena, view);
	return 0;
}

/**
 * memmgr_finish_free - the rest of a free, for the one who won the kill
 * @arena: where
 * @rec: the block, DYING
 *
 * Context: any but NMI.
 */
void memmgr_finish_free(struct memmgr_arena *arena, struct memmgr_record *rec)
{
	struct memmgr_view view;

	memmgr_block_peek(rec, &view);
	memmgr_space_release(arena, &view.run);
	memmgr_account(arena, &view, -1);
	trace_memmgr_free(arena, &view);
	memmgr_block_bury(&arena->blocks, rec);
	memmgr_came_back(&arena->deferred);
}

/**
 * memmgr_free_as - free a block that was looked at
 * @arena: where
 * @view: what it was; nothing happens if it has changed since
 *
 * Return: 0 for exactly one of several callers; -EAGAIN if it has changed, -ESTALE if
 * the view shows it freed. Context: any but NMI.
 */
int memmgr_free_as(struct memmgr_arena *arena, const struct memmgr_view *view)
{
	struct memmgr_record *rec;
	int ret;

	memmgr_begin(arena->counts);
	ret = memmgr_block_kill_as(&arena->blocks, view, &rec);
	if (!ret)
		memmgr_finish_free(arena, rec);
	memmgr_end(arena->counts);
	return ret == -EINPROGRESS ? 0 : ret;
}

/**
 * memmgr_free - free a block
 * @arena: where
 * @handle: which
 * @expect: what it must look like, or NULL
 *
 * Return: 0 for exactly one of several callers; -ENOENT, -ESTALE, or -EBUSY as
 * memmgr_block_kill() has it. Context: any but NMI.
 */
int memmgr_free(struct memmgr_arena *arena, struct memmgr_handle handle,
		const struct memmgr_expect *expect)
{
	struct memmgr_record *rec;
	int ret;

	memmgr_begin(arena->counts);
	ret = memmgr_block_kill(&arena->blocks, handle, expect, &rec);
	if (!ret)
		memmgr_finish_free(arena, rec);
	memmgr_end(arena->counts);
	return ret == -EINPROGRESS ? 0 : ret;
}
