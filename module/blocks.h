/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The block table: one record per block, named by handles.
 *
 * A handle is a slot's index and the generation of what lives there:
 *
 *	 63                     32 31                      0
 *	|       generation        |        slot             |
 *
 * A record's state word (record.h) holds that generation, the state, and the flags
 * that change with it, so that each transition is one compare-and-swap which a
 * stale handle cannot win:
 *
 *	FREE --prepare--> BORN --publish--> USED --kill--> DYING --bury--> FREE'
 *	                   '--abandon--> FREE    '--lock/unlock--'
 *
 * FREE' carries the next generation. A slot whose generation would wrap is
 * RETIRED for ever: a handle that was once valid never means another block.
 *
 *   BORN, DYING  belong to one caller, who alone may write the record.
 *   USED         may be read by anybody: memmgr_block_read().
 *   LOCK         on USED: its holder alone may write the record. Whoever frees
 *                the block meanwhile sets PEND, and the holder completes that.
 *   PEND         on USED: the block is dead, its memory not yet given back. Whoever
 *                cannot give it back sets PEND even where nobody holds a LOCK, and
 *                memmgr_block_reap() completes that.
 *   ORPHAN       the owner is gone; the record still says who it was.
 *   version      counts the changes of a record that stays USED and is odd while
 *                one is under way, so that a reader can tell a consistent view,
 *                and a kill that looked at the record first cannot act on what
 *                has changed since.
 *
 * Who may wait for whom: nobody, but that a reader looks again as long as a change
 * to what it reads is under way, which is for a few instructions with preemption
 * off. A reader that may have interrupted these does not wait for their end:
 * memmgr_block_try_read(). All else is lock-free and usable from any context except
 * memmgr_blocks_add(), whose callers are serialised. A reader is fooled if exactly
 * a multiple of 32,768 changes to its block fall between its two looks at the state
 * word, a few instructions apart.
 *
 * Free slots form a stack whose head carries a counter against ABA. Memory comes
 * from the caller, a segment at a time, and is never given back before the end.
 *
 * What every allocation and every free does is inline here, for the ordinary case;
 * what is rare, in blocks.c, where the order of the accesses is argued, too.
 */
#ifndef MEMMGR_BLOCKS_H
#define MEMMGR_BLOCKS_H

#include "record.h"

/* Slots in a segment, and the most that a table can have. */
#define MEMMGR_SEGMENT_SLOTS 1024U
#define MEMMGR_SLOTS_MAX (U32_MAX - MEMMGR_SEGMENT_SLOTS)

#define MEMMGR_SEGMENT_BYTES (MEMMGR_SEGMENT_SLOTS * sizeof(struct memmgr_record))

/**
 * struct memmgr_blocks - a table
 * @segments: directory, the caller's memory; entries below @slots are valid
 * @slots: slots that exist, a multiple of MEMMGR_SEGMENT_SLOTS
 * @max_slots: slots that the directory has room for
 * @stack: free slots: a counter and the top slot plus one
 */
struct memmgr_blocks {
	struct memmgr_record **segments;
	u32 slots;
	u32 max_slots;
	u64 stack;
};

/**
 * struct memmgr_expect - what must be true of a block for a kill or a lock
 * @check_start: @start counts
 * @start: the block's first granule
 */
struct memmgr_expect {
	bool check_start;
	u64 start;
};

/* Bytes of directory for a table of up to @blocks blocks. */
u64 memmgr_blocks_directory_bytes(u64 blocks);

/* Make an empty table over @directory (zeroed) for up to @blocks blocks. */
void memmgr_blocks_init(struct memmgr_blocks *table, void *directory, u64 blocks);

/*
 * Add a segment: MEMMGR_SEGMENT_BYTES of zeroed memory. Callers are serialised.
 * Returns -ENOSPC if the table has as many slots as it ever can.
 */
int memmgr_blocks_add(struct memmgr_blocks *table, void *segment);

/* The segments again, for their memory to be freed; NULL past the last. */
void *memmgr_blocks_segment(const struct memmgr_blocks *table, u32 index);

/* Is there a free slot at this instant? */
static inline bool memmgr_blocks_any_free(const struct memmgr_blocks *table)
{
	return (u32)READ_ONCE(table->stack);
}

/* Slots that exist, used or not: the bound of a walk over all blocks. */
static inline u32 memmgr_blocks_slots(const struct memmgr_blocks *table)
{
	/* pairs with the release in memmgr_blocks_add(): the segments are there */
	return smp_load_acquire(&table->slots);
}

/* --- what is behind the calls below ----------------------------------------- */

/* @slot exists. */
static inline struct memmgr_record *memmgr_record_at(const struct memmgr_blocks *table, u32 slot)
{
	return &table->segments[slot / MEMMGR_SEGMENT_SLOTS][slot % MEMMGR_SEGMENT_SLOTS];
}

/* The record that @handle points at, whatever lives there; false if out of range. */
static inline bool memmgr_record_find(const struct memmgr_blocks *table,
				      struct memmgr_handle handle, struct memmgr_record **rec)
{
	u32 slots = memmgr_blocks_slots(table);
	u32 slot = (u32)handle.raw;

	if (unlikely(slot >= slots))
		return false;
	*rec = memmgr_record_at(table, array_index_nospec(slot, slots));
	return true;
}

/* The upper half plus one, and nothing in the lower half. 0 if that wraps. */
static inline u64 memmgr_next_upper(u64 word)
{
	return (word | U32_MAX) + 1;
}

/*
 * Put the chain of free slots from @first to @last on the stack. The counter in
 * the upper half makes a head that was popped and pushed again look different; that
 * pushes count suffices for this.
 */
static inline void memmgr_blocks_push(struct memmgr_blocks *table, u32 first,
				      struct memmgr_record *last)
{
	u64 old = READ_ONCE(table->stack);

	do {
		WRITE_ONCE(last->link, (u32)old);
	} while (!try_cmpxchg(&table->stack, &old, memmgr_next_upper(old) + first + 1));
}

/* Rest of memmgr_block_kill(), where the case is not the ordinary one. */
int memmgr_block_try_kill(struct memmgr_record *rec, struct memmgr_handle handle,
			  const struct memmgr_expect *expect);

/* Try to take the slot on top of the stack, which is *@old, updated if it is not. */
static inline bool memmgr_blocks_pop(struct memmgr_blocks *table, u64 *old,
				     struct memmgr_record **rec)
{
	/* what is read of a slot that others took counts for nothing */
	*rec = memmgr_record_at(table, (u32)*old - 1);
	return try_cmpxchg(&table->stack, old, *old - (u32)*old + READ_ONCE((*rec)->link));
}

/* The free slot @slot has been taken. */
static inline void memmgr_block_bear(struct memmgr_record *rec, u32 slot)
{
	WRITE_ONCE(rec->link, slot);
	WRITE_ONCE(rec->state, READ_ONCE(rec->state) - MEMMGR_FREE + MEMMGR_BORN);
}

/* --- birth ------------------------------------------------------------------ */

/* Take a free slot; NULL if there is none. The record is the caller's alone. */
static inline struct memmgr_record *memmgr_block_prepare(struct memmgr_blocks *table)
{
	/* pairs with push: the slot's segment is there */
	u64 old = smp_load_acquire(&table->stack);
	struct memmgr_record *rec;

	do {
		if (unlikely(!(u32)old))
			return NULL;
	} while (!memmgr_blocks_pop(table, &old, &rec));
	memmgr_block_bear(rec, (u32)old - 1);
	return rec;
}

/*
 * Take a free slot in a bounded number of steps: 0; -ENOSPC if there is none;
 * -EAGAIN if too many others did the same.
 */
int memmgr_block_try_prepare(struct memmgr_blocks *table, struct memmgr_record **rec);

/* Give back a prepared slot that was not published. */
void memmgr_block_abandon(struct memmgr_blocks *table, struct memmgr_record *rec);

/* Fill a record; only while it is BORN. */
static inline void memmgr_block_fill(struct memmgr_record *rec, const struct memmgr_view *view)
{
	memmgr_record_pack(rec, view);
}

/*
 * The handle that publish will give to the prepared or locked record. It exists
 * for the caller alone until then.
 */
static inline struct memmgr_handle memmgr_block_handle(const struct memmgr_record *rec)
{
	return (struct memmgr_handle){ (READ_ONCE(rec->state) & ~(u64)U32_MAX) | rec->link };
}

/* Let everybody see the record: the last act of an allocation. */
static inline void memmgr_block_publish(struct memmgr_record *rec)
{
	/* pairs with the acquire of those who read the record */
	smp_store_release(&rec->state, READ_ONCE(rec->state) - MEMMGR_BORN + MEMMGR_USED);
}

/* --- life ------------------------------------------------------------------- */

/*
 * Read the block called @handle; not from what may have interrupted a change to it.
 * -ENOENT: there never was one; -ESTALE: it was freed since.
 */
int memmgr_block_read(const struct memmgr_blocks *table, struct memmgr_handle handle,
		      struct memmgr_view *view);

/*
 * The same from any context. -EBUSY: it is being changed at this instant, maybe by
 * whom the caller has interrupted.
 */
int memmgr_block_try_read(const struct memmgr_blocks *table, struct memmgr_handle handle,
			  struct memmgr_view *view);

/* As memmgr_block_read(), whatever block lives in @slot; false if none does. */
bool memmgr_block_read_slot(const struct memmgr_blocks *table, u32 slot,
			    struct memmgr_view *view);

/* What starts at granule @start and lives in @slot: 0 and its name, -ENOENT, -EBUSY. */
int memmgr_block_name(const struct memmgr_blocks *table, u32 slot, u64 start,
		      struct memmgr_handle *handle);

/*
 * Lock a block for changing its record: 0 and *@rec, or -ENOENT, -ESTALE, or
 * -EBUSY if it is locked already. Held without a bound on time, but only by a
 * caller that runs on: nobody waits for it.
 */
int memmgr_block_lock(struct memmgr_blocks *table, struct memmgr_handle handle,
		      const struct memmgr_expect *expect, struct memmgr_record **rec);

/*
 * Fill a locked record anew. Returns whether the block was an orphan at the instant
 * that its new content took effect.
 */
bool memmgr_block_refill(struct memmgr_record *rec, const struct memmgr_view *view);

/* Lock the block that @view was read from: see memmgr_block_kill_as(). */
int memmgr_block_lock_as(struct memmgr_blocks *table, const struct memmgr_view *view,
			 struct memmgr_record **rec);

/*
 * As memmgr_block_refill(). @was->orphan and @was->pending tell how the block was at
 * the instant that its new content took effect; with @adopt, because its new owner
 * lives, an orphan is none from then on.
 */
void memmgr_block_change(struct memmgr_record *rec, const struct memmgr_view *view, bool adopt,
			 struct memmgr_view *was);

/*
 * Unlock. True: the block was freed meanwhile; it is DYING now and the caller's
 * to release and bury.
 */
bool memmgr_block_unlock(struct memmgr_record *rec);

/*
 * Make the block an orphan, if it still exists and is @owner's, locked or not; reads
 * it as memmgr_block_read() does. 0: done by this call, and @view is what it was at
 * that instant; -ENOENT, -ESTALE; -EALREADY: it was one before, or is another's.
 */
int memmgr_block_orphan(struct memmgr_blocks *table, struct memmgr_handle handle, u32 owner,
			struct memmgr_view *view);

/* The content of a record that is the caller's: BORN, DYING or locked. */
static inline void memmgr_block_peek(const struct memmgr_record *rec, struct memmgr_view *view)
{
	view->handle = memmgr_block_handle(rec);
	memmgr_record_unpack(rec, READ_ONCE(rec->state), view);
}

/* --- death ------------------------------------------------------------------ */

/* Is a block in @state the one called @handle, used, not locked and not freed? */
static inline bool memmgr_is_at_rest(u64 state, struct memmgr_handle handle)
{
	const u64 flags = MEMMGR_RECORD_STATE | MEMMGR_RECORD_LOCK | MEMMGR_RECORD_PEND;

	return !memmgr_generation_of(state ^ handle.raw) && (state & flags) == MEMMGR_USED;
}

/*
 * Free a block, part one: exactly one caller gets 0 and with it *@rec, now DYING,
 * whose run it releases and which it then buries.
 * -EINPROGRESS: freed, and whoever holds the lock does the rest;
 * -ENOENT, -ESTALE as above, -ENOENT also if it is not as @expect (or NULL) says;
 * -EBUSY: @expect cannot be judged while the block is locked.
 */
static inline int memmgr_block_kill(struct memmgr_blocks *table, struct memmgr_handle handle,
				    const struct memmgr_expect *expect, struct memmgr_record **rec)
{
	u64 old;

	if (!memmgr_record_find(table, handle, rec))
		return -ENOENT;
	old = READ_ONCE((*rec)->state);
	if (!(expect && expect->check_start) && memmgr_is_at_rest(old, handle) &&
	    try_cmpxchg(&(*rec)->state, &old, old - MEMMGR_USED + MEMMGR_DYING))
		return 0;
	return memmgr_block_try_kill(*rec, handle, expect);
}

/*
 * Look, then act: the same for the block that @view was read from, if nothing about
 * it has changed since; whatever was decided on the view still holds when the block
 * dies. -EAGAIN: something has changed, so look again.
 */
int memmgr_block_kill_as(struct memmgr_blocks *table, const struct memmgr_view *view,
			 struct memmgr_record **rec);

/* Free a block, part two: its slot may be used again, under another handle. */
static inline void memmgr_block_bury(struct memmgr_blocks *table, struct memmgr_record *rec)
{
	u64 next = memmgr_next_upper(READ_ONCE(rec->state));

	if (unlikely(!next)) {
		WRITE_ONCE(rec->state, READ_ONCE(rec->state) - MEMMGR_DYING + MEMMGR_RETIRED);
		return;
	}
	WRITE_ONCE(rec->state, next);
	memmgr_blocks_push(table, rec->link, rec);
}

/*
 * Free a block, part one, in a bounded number of steps, and leave all the rest to
 * others: 0; -ENOENT, -ESTALE. memmgr_block_reap() finds it, or whoever has locked
 * it completes it.
 */
int memmgr_block_pend(struct memmgr_blocks *table, struct memmgr_handle handle);

/*
 * True if what is in @slot was freed by memmgr_block_pend() and is not locked:
 * *@rec is DYING now and the caller's to release and bury.
 */
bool memmgr_block_reap(struct memmgr_blocks *table, u32 slot, struct memmgr_record **rec);

#endif /* MEMMGR_BLOCKS_H */
