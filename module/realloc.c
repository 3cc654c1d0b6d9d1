// SPDX-License-Identifier: GPL-2.0
/*
 * A block's change of size.
 *
 * The block is locked throughout, so that nobody else changes or moves it; it
 * stays visible, and a free that comes meanwhile is carried out at the end. Three
 * ways are tried:
 *
 *	in place    |block|....|   the hole behind it, or nothing to do, or less
 *	moved       |block|####|  ...  |block.........|   copied, then released
 *	slid down   |..|block|####|  ->  |block..|####|   when no other hole is
 *	                                 large enough
 *
 * Shrinking is always possible in place.
 */
#include <linux/sched/signal.h>

#include "arena.h"
#include "payload.h"
#include "trace.h"

/* What a change is about: the block before and after. */
struct change {
	struct memmgr_record *rec;
	struct memmgr_view old;
	struct memmgr_view new;
	u32 flags;
};

static u64 kept_bytes(const struct change *change)
{
	return min(change->old.size, change->new.size);
}

static int resize(struct memmgr_arena *arena, struct change *change, u32 direction)
{
	struct memmgr_resize want = {
		.len = memmgr_granules(arena, change->new.size),
		.align = change->new.align,
		.flags = direction,
	};

	return memmgr_space_resize(arena, change->rec, &want, &change->new);
}

static int move(struct memmgr_arena *arena, struct change *change)
{
	int ret = memmgr_space_claim(arena, memmgr_granules(arena, change->new.size),
				     change->new.align, &change->new.run);

	if (ret)
		return ret;
	memmgr_payload_copy(memmgr_payload(arena, change->new.run.start),
			    memmgr_payload(arena, change->old.run.start), kept_bytes(change));
	memmgr_space_move(arena, change->rec, &change->old, &change->new);
	return 0;
}

/*
 * The record says where the block will be before its content is there: for
 * others the content of a block under realloc is undefined anyway.
 */
static int slide_down(struct memmgr_arena *arena, struct change *change)
{
	int ret = resize(arena, change, MEMMGR_RESIZE_DOWN);

	if (ret)
		return ret;
	memmgr_payload_copy(memmgr_payload(arena, change->new.run.start),
			    memmgr_payload(arena, change->old.run.start), kept_bytes(change));
	return resize(arena, change, 0); /* gives back what alignment made too long */
}

static int find_place(struct memmgr_arena *arena, struct change *change)
{
	int ret = resize(arena, change, 0);
	int moved;

	if (ret != -ENOSPC || (change->flags & MEMMGR_REALLOC_IN_PLACE))
		return ret;
	moved = move(arena, change);
	if (moved != -ENOSPC && moved != -ENOMEM)
		return moved;
	ret = slide_down(arena, change);
	return ret == -ENOSPC ? moved : ret;
}

static void account_change(struct memmgr_arena *arena, const struct change *change)
{
	s64 bytes = memmgr_bytes(arena, change->new.run.len) -
		    memmgr_bytes(arena, change->old.run.len);

	memmgr_owner_credit(arena, &change->new, 0, bytes);
	this_cpu_add(arena->counts->used, bytes);
	this_cpu_add(arena->counts->requested, (s64)(change->new.size - change->old.size));
	this_cpu_inc(arena->counts->reallocs);
	if (change->new.run.start != change->old.run.start) {
		this_cpu_inc(arena->counts->moves);
		memmgr_note_start(arena, &change->new);
	}
	memmgr_came_back(&arena->deferred);
}

static void clear_tail(struct memmgr_arena *arena, const struct change *change)
{
	u64 end = memmgr_bytes(arena, change->new.run.len);

	if ((change->flags & MEMMGR_REALLOC_ZERO) && end > change->old.size)
		memmgr_payload_clear(memmgr_payload(arena, change->new.run.start) +
					     change->old.size,
				     end - change->old.size);
}

static int change_size(struct memmgr_arena *arena, struct change *change)
{
	int ret;

	if (change->new.size > arena->size)
		return -ENOMEM;
	if (change->new.size > change->old.size && READ_ONCE(arena->broken))
		return -EUCLEAN;
	ret = find_place(arena, change);
	if (ret)
		return ret;
	account_change(arena, change);
	clear_tail(arena, change);
	return 0;
}

/* With the block locked: change it, report, unlock. */
static int realloc_locked(struct memmgr_arena *arena, struct change *change, u64 size)
{
	int ret;

	memmgr_block_peek(change->rec, &change->old);
	change->new = change->old;
	change->new.size = size;
	ret = change_size(arena, change);
	if (ret) {
		this_cpu_inc(arena->counts->failures);
		trace_memmgr_fail(arena, size, change->old.tag, ret);
	} else {
		trace_memmgr_realloc(arena, &change->old, &change->new);
	}
	if (memmgr_block_unlock(change->rec))
		memmgr_finish_free(arena, change->rec);
	return ret;
}

/**
 * memmgr_realloc - change a block's size
 * @owner: who asks; need not be the block's owner
 * @handle: which block
 * @expect: what it must look like, or NULL
 * @size: bytes, > 0
 * @flags: MEMMGR_REALLOC_*
 * @view: the block afterwards
 *
 * Return: 0; -EINVAL for size 0; -ENOENT, -ESTALE, -EBUSY as memmgr_block_lock()
 * has it; -ENOMEM, -ENOSPC; -EUCLEAN; -EINTR if a fatal signal came. The block is
 * unchanged on failure. Context: process, may sleep.
 */
int memmgr_realloc(struct memmgr_owner *owner, struct memmgr_handle handle,
		   const struct memmgr_expect *expect, u64 size, u32 flags,
		   struct memmgr_view *view)
{
	struct memmgr_arena *arena = owner->arena;
	struct change change = { .flags = flags };
	int ret;

	if (!size)
		return -EINVAL;
	memmgr_begin(arena->counts);
	ret = memmgr_block_lock(&arena->blocks, handle, expect, &change.rec);
	if (!ret)
		ret = realloc_locked(arena, &change, size);
	memmgr_end(arena->counts);
	if (!ret)
		*view = change.new;
	return ret;
}
