// SPDX-License-Identifier: GPL-2.0
/*
 * The arena's space: its engine, called under the arena's lock.
 *
 * A record of a published block changes here and nowhere else, under the same
 * lock as the engine, so that whoever holds the lock sees record and engine
 * agree. The lock is held for one call of the engine, which is bounded; what the
 * engine cannot decide within its bound goes on after others had their turn.
 * Engines that say they are concurrent are called without the lock.
 */
#include <linux/capability.h>
#include <linux/sched/signal.h>

#include "arena.h"

static bool needs_lock(const struct memmgr_arena *arena)
{
	return !(arena->engine->flags & MEMMGR_ENGINE_CONCURRENT);
}

static void lock_space(struct memmgr_arena *arena) __acquires(&arena->lock)
{
	if (!needs_lock(arena)) {
		__acquire(&arena->lock);
		return;
	}
	if (raw_spin_trylock(&arena->lock))
		return;
	this_cpu_inc(arena->counts->contended);
	raw_spin_lock(&arena->lock);
}

static void unlock_space(struct memmgr_arena *arena) __releases(&arena->lock)
{
	if (needs_lock(arena))
		raw_spin_unlock(&arena->lock);
	else
		__release(&arena->lock);
}

/* May the caller have what is set aside? */
static bool may_dip(const struct memmgr_arena *arena)
{
	return arena->reserved && has_capability_noaudit(current, CAP_SYS_RESOURCE);
}

/**
 * memmgr_space_claim - find and take a free run
 * @arena: where
 * @len: granules, > 0
 * @align: granules, a power of two
 * @run: what was taken
 *
 * Return: 0, -ENOMEM, -ENOSPC, or -EINTR if a fatal signal came. Context:
 * process; may sleep between bounded steps.
 */
int memmgr_space_claim(struct memmgr_arena *arena, u64 len, u64 align, struct memmgr_run *run)
{
	struct memmgr_claim claim = {
		.len = len,
		.align = align,
		.hint = raw_smp_processor_id(),
		.flags = may_dip(arena) ? MEMMGR_CLAIM_RESERVE : 0,
	};
	int ret;

	for (;;) {
		lock_space(arena);
		ret = arena->engine->claim(arena->meta, &claim, run);
		if (!ret)
			memmgr_count_claimed(arena, run->len);
		unlock_space(arena);
		if (ret != -EAGAIN)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/**
 * memmgr_space_release - give back a claimed run
 * @arena: where
 * @run: what the record says that was claimed
 */
void memmgr_space_release(struct memmgr_arena *arena, const struct memmgr_run *run)
{
	int ret;

	lock_space(arena);
	ret = arena->engine->release(arena->meta, run);
	if (!ret)
		memmgr_count_claimed(arena, -(s64)run->len);
	unlock_space(arena);
	if (ret)
		memmgr_arena_damaged(arena, "released granules were not claimed", run->start);
}

/*
 * What a block gives up is at once somebody else's where the engine needs no lock,
 * and two records must not say that they have it: this one is cut first. Such an
 * engine leaves it just what is wanted.
 */
static int shrink_unlocked(struct memmgr_arena *arena, struct memmgr_record *rec,
			   const struct memmgr_resize *want, struct memmgr_view *view)
{
	struct memmgr_run run = view->run;
	struct memmgr_view old;
	int ret;

	memmgr_block_peek(rec, &old);
	view->run.len = want->len;
	view->orphan = memmgr_block_refill(rec, view);
	ret = arena->engine->resize(arena->meta, want, &run);
	if (ret)
		memmgr_block_refill(rec, &old);
	return ret;
}

/* What a block gains is nobody else's before the record says so. */
static int resize_and_refill(struct memmgr_arena *arena, struct memmgr_record *rec,
			     const struct memmgr_resize *want, struct memmgr_view *view)
{
	int ret = arena->engine->resize(arena->meta, want, &view->run);

	if (!ret)
		view->orphan = memmgr_block_refill(rec, view);
	return ret;
}

/**
 * memmgr_space_resize - change a locked block's size in place
 * @arena: where
 * @rec: its record, locked by the caller
 * @want: the new length
 * @view: the block with its new size; updated to where it is now, and to whether
 *	it was an orphan when that took effect
 *
 * Return: 0; -ENOSPC if the neighbours are taken; -EUCLEAN on damage.
 */
int memmgr_space_resize(struct memmgr_arena *arena, struct memmgr_record *rec,
			const struct memmgr_resize *want, struct memmgr_view *view)
{
	struct memmgr_run old = view->run;
	int ret;

	lock_space(arena);
	if (want->len < old.len && !needs_lock(arena))
		ret = shrink_unlocked(arena, rec, want, view);
	else
		ret = resize_and_refill(arena, rec, want, view);
	if (!ret)
		memmgr_count_claimed(arena, (s64)(view->run.len - old.len));
	unlock_space(arena);
	if (ret == -EUCLEAN)
		memmgr_arena_damaged(arena, "resized granules were not claimed", old.start);
	return ret == -EAGAIN ? -ENOSPC : ret;
}

/**
 * memmgr_space_move - let a locked block be where it was copied to
 * @arena: where
 * @rec: its record, locked by the caller
 * @from: what it was; its run is released
 * @to: what it is now; updated to whether it was an orphan then
 */
void memmgr_space_move(struct memmgr_arena *arena, struct memmgr_record *rec,
		       const struct memmgr_view *from, struct memmgr_view *to)
{
	int ret;

	lock_space(arena);
	to->orphan = memmgr_block_refill(rec, to);
	ret = arena->engine->release(arena->meta, &from->run);
	if (!ret)
		memmgr_count_claimed(arena, -(s64)from->run.len);
	unlock_space(arena);
	if (ret)
		memmgr_arena_damaged(arena, "moved block was not claimed", from->run.start);
}

/**
 * memmgr_space_next_free - walk over the holes
 * @arena: where
 * @from: first granule of interest
 * @run: the first hole that ends after @from, clipped to what follows it
 *
 * Return: false if there is none.
 */
bool memmgr_space_next_free(struct memmgr_arena *arena, u64 from, struct memmgr_run *run)
{
	bool found;

	lock_space(arena);
	found = arena->engine->next_free(arena->meta, from, run);
	unlock_space(arena);
	return found;
}

/**
 * memmgr_space_stat - the engine's figures
 * @arena: where
 * @stat: the figures
 */
void memmgr_space_stat(struct memmgr_arena *arena, struct memmgr_engine_stat *stat)
{
	lock_space(arena);
	arena->engine->stat(arena->meta, stat);
	unlock_space(arena);
}

/**
 * memmgr_space_validate - one step of the engine's own check
 * @arena: where
 * @check: how far it has come
 *
 * Return: 0 at the end, -EAGAIN before it, -EUCLEAN on damage.
 */
int memmgr_space_validate(struct memmgr_arena *arena, struct memmgr_check *check)
{
	int ret;

	lock_space(arena);
	ret = arena->engine->validate(arena->meta, check);
	unlock_space(arena);
	return ret;
}

/**
 * memmgr_space_holds - does the engine agree that a block's granules are taken?
 * @arena: where
 * @view: the block as it was read before
 *
 * Return: false if it still is where @view says and the engine has any of that
 * free.
 */
bool memmgr_space_holds(struct memmgr_arena *arena, const struct memmgr_view *view)
{
	struct memmgr_view now;
	struct memmgr_run hole;
	bool holds = true;

	lock_space(arena);
	if (!memmgr_block_read(&arena->blocks, view->handle, &now) &&
	    now.run.start == view->run.start && now.run.len == view->run.len)
		holds = !arena->engine->next_free(arena->meta, view->run.start, &hole) ||
			hole.start >= memmgr_run_end(&view->run);
	unlock_space(arena);
	return holds;
}
