/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The block table: one record per block, named by handles.
 *
 * A handle is a slot's index and the generation of what lives there:
 *
 *	 63                     32 31                      0
 *	|       generation        |        slot             |
 *
 * A record's state word holds that generation, the state, and the flags that
 * change with it, so that each transition is one compare-and-swap which a stale
 * handle cannot win:
 *
 *	 63                     32 31        16 15          6   5    4    3   2   0
 *	|       generation        |  version   |   spare    |ORPH|PEND|LOCK| state |
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
 *   ORPHAN       the owner is gone; the record still says who it was.
 *   version      counts the changes of a record that stays USED and is odd while
 *                one is under way, so that a reader can tell a consistent view,
 *                and a kill that looked at the record first cannot act on what
 *                has changed since.
 *
 * Who may wait for whom: nobody. All of it is lock-free and usable from any
 * context except memmgr_blocks_add(), whose callers are serialised, and reading
 * in an interrupt of memmgr_block_fill(). A reader is fooled if exactly a multiple
 * of 32,768 changes to its block fall between its two looks at the state word, a
 * few instructions apart.
 *
 * Free slots form a stack whose head carries a counter against ABA. Memory comes
 * from the caller, a segment at a time, and is never given back before the end.
 */
#ifndef MEMMGR_BLOCKS_H
#define MEMMGR_BLOCKS_H

#include "engine/env.h"
#include "engine/engine.h"

/* A structure, so that it is not mixed up with a slot, an offset or a size. */
struct memmgr_handle {
	u64 raw;
};

/* Slots in a segment, and the most that a table can have. */
#define MEMMGR_SEGMENT_SLOTS 1024U
#define MEMMGR_SLOTS_MAX (U32_MAX - MEMMGR_SEGMENT_SLOTS)

enum memmgr_record_state {
	MEMMGR_FREE = 0,
	MEMMGR_BORN,
	MEMMGR_USED,
	MEMMGR_DYING,
	MEMMGR_RETIRED,
};

/**
 * struct memmgr_record - one block
 * @state: the state word
 * @start: first granule
 * @len: granules
 * @attrs: size asked for, alignment and policy, packed
 * @tag: the user's
 * @owner: number of the owner
 * @epoch: the arena's epoch at birth
 * @link: FREE: the next free slot, plus one; otherwise: the record's own slot
 */
struct memmgr_record {
	u64 state;
	u32 start;
	u32 len;
	u64 attrs;
	u32 tag;
	u32 owner;
	u32 epoch;
	u32 link;
};

static_assert(sizeof(struct memmgr_record) == 40);

#define MEMMGR_SEGMENT_BYTES (MEMMGR_SEGMENT_SLOTS * sizeof(struct memmgr_record))

/**
 * struct memmgr_view - a record, unpacked and consistent
 * @handle: its name
 * @run: where it is
 * @size: bytes asked for
 * @align: in granules
 * @tag: the user's
 * @owner: number of the owner, the last one if @orphan
 * @epoch: the arena's epoch at birth
 * @policy: enum memmgr_policy
 * @orphan: the owner is gone
 * @pending: freed, but still held by a lock
 */
struct memmgr_view {
	struct memmgr_handle handle;
	struct memmgr_run run;
	u64 size;
	u64 align;
	u32 tag;
	u32 owner;
	u32 epoch;
	u8 policy;
	bool orphan;
	bool pending;
};

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
bool memmgr_blocks_any_free(const struct memmgr_blocks *table);

/* Slots that exist, used or not: the bound of a walk over all blocks. */
u32 memmgr_blocks_slots(const struct memmgr_blocks *table);

/* Take a free slot; NULL if there is none. The record is the caller's alone. */
struct memmgr_record *memmgr_block_prepare(struct memmgr_blocks *table);

/* Give back a prepared slot that was not published. */
void memmgr_block_abandon(struct memmgr_blocks *table, struct memmgr_record *rec);

/*
 * Fill a record; only while it is BORN or locked by the caller. Returns whether
 * the block was an orphan at the instant that its new content took effect.
 */
bool memmgr_block_fill(struct memmgr_record *rec, const struct memmgr_view *view);

/*
 * The handle that publish will give to the prepared or locked record. It exists
 * for the caller alone until then.
 */
struct memmgr_handle memmgr_block_handle(const struct memmgr_record *rec);

/* Let everybody see the record: the last act of an allocation. */
void memmgr_block_publish(struct memmgr_record *rec);

/*
 * Read the block called @handle.
 * -ENOENT: there never was one; -ESTALE: it was freed since.
 */
int memmgr_block_read(const struct memmgr_blocks *table, struct memmgr_handle handle,
		      struct memmgr_view *view);

/* Read whatever block lives in @slot; false if none does. */
bool memmgr_block_read_slot(const struct memmgr_blocks *table, u32 slot,
			    struct memmgr_view *view);

/**
 * struct memmgr_expect - what must be true of a block for a kill or a lock
 * @check_start: @start counts
 * @start: the block's first granule
 */
struct memmgr_expect {
	bool check_start;
	u64 start;
};

/*
 * Free a block, part one: exactly one caller gets 0 and with it *@rec, now DYING,
 * whose run it releases and which it then buries.
 * -EINPROGRESS: freed, and whoever holds the lock does the rest;
 * -ENOENT, -ESTALE as above, -ENOENT also if it is not as @expect (or NULL) says;
 * -EBUSY: @expect cannot be judged while the block is locked.
 */
int memmgr_block_kill(struct memmgr_blocks *table, struct memmgr_handle handle,
		      const struct memmgr_expect *expect, struct memmgr_record **rec);

/* Free a block, part two: its slot may be used again, under another handle. */
void memmgr_block_bury(struct memmgr_blocks *table, struct memmgr_record *rec);

/*
 * Lock a block for changing its record: 0 and *@rec, or -ENOENT, -ESTALE, or
 * -EBUSY if it is locked already. Held without a bound on time, but only by a
 * caller that runs on: nobody waits for it.
 */
int memmgr_block_lock(struct memmgr_blocks *table, struct memmgr_handle handle,
		      const struct memmgr_expect *expect, struct memmgr_record **rec);

/*
 * Unlock. True: the block was freed meanwhile; it is DYING now and the caller's
 * to release and bury.
 */
bool memmgr_block_unlock(struct memmgr_record *rec);

/*
 * Make the block an orphan, if it still exists, locked or not. 0: done by this
 * call, and @view is what it was at that instant; -ENOENT, -ESTALE; -EALREADY: it
 * was one before.
 */
int memmgr_block_orphan(struct memmgr_blocks *table, struct memmgr_handle handle,
			struct memmgr_view *view);

/* The content of a record that is the caller's: BORN, DYING or locked. */
void memmgr_block_peek(const struct memmgr_record *rec, struct memmgr_view *view);

#endif /* MEMMGR_BLOCKS_H */
