/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An arena: memory, an engine that divides it, a table that says what is where,
 * owners, and accounts.
 *
 *	ioctl.c     one handler per command: checks, calls down, copies out
 *	heap.c      kernel code's way in: an owner on an arena
 *	heap_ops.c  what it can do there, where it may sleep
 *	atomic.c    under locks and in interrupts
 *	nmi.c       in NMI
 *	alloc.c     a block's birth and death
 *	realloc.c   a block's change of size
 *	owner.c     whose blocks they are, and what becomes of them
 *	credit.c    what each of them has
 *	change.c    a block's change of anything else
 *	sweep.c     the clock, and freeing what is old
 *	walk.c      looking at all blocks while others go on
 *	validate.c  checking all of it
 *	stat.c      figures
 *	space.c     the engine, under the arena's lock
 *	deferred.c  what callers that cannot wait leave to a process
 *	stock.c     what is kept ready for them
 *	accounts.c  counters
 *	arena.c     the arena itself: making, counting references, ending
 *
 * Each calls only those below it, the engine and the block table.
 *
 * Locks. arena->lock is innermost: it is held for a bounded number of the
 * engine's steps, never across user memory, sleep or callback. arena->grow keeps
 * two callers from adding a segment to the block table at once. Neither is ever
 * taken inside the other. Everything else is compare-and-swap on a block's state
 * word, or a counter.
 */
#ifndef MEMMGR_ARENA_H
#define MEMMGR_ARENA_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/kref.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include <linux/memmgr_kernel.h>

#include "accounts.h"
#include "blocks.h"
#include "deferred.h"
#include "engine/engine.h"

struct dentry;

/**
 * struct memmgr_arena - one arena
 * @refs: owners and the module's own reference; the last one out ends it
 * @id: its number, immutable
 * @size: bytes, immutable
 * @granules: @size in granules, immutable
 * @shift: log2 of the granule, immutable
 * @reserved: its emergency heap is not for everybody, immutable
 * @hidden: it is not shown in debugfs, immutable
 * @epoch: clock for garbage collection
 * @name: as the creator called it, immutable
 * @memory: the payload, mapped into processes; never read to decide anything
 * @engine: operations, immutable
 * @meta: the engine's memory, under @lock
 * @meta_bytes: its size, immutable
 * @lock: serialises the engine
 * @claimed: granules that the engine has given out
 * @peak: highest @claimed
 * @broken: damage was found; no more allocation. Only ever set
 * @grow: serialises memmgr_blocks_add()
 * @blocks: the block table
 * @starts: granule -> the slot of the last block that started there, or NULL; a
 *	hint, to be compared with the slot's record
 * @deferred: what is left to a process
 * @owners: number -> struct memmgr_owner; readers under RCU
 * @last_owner: the number given out last, under the lock of @owners
 * @owner_count: entries of @owners
 * @heirs: slot -> number of the owner that the block there goes to: see owner.c
 * @counts: what it has done and holds
 * @debugfs: its folder
 */
struct memmgr_arena {
	struct kref refs;
	u32 id;
	u64 size;
	u64 granules;
	u32 shift;
	bool reserved;
	bool hidden;
	u32 epoch;
	char name[MEMMGR_ARENA_NAME_LEN];
	void *memory;
	const struct memmgr_engine *engine;
	void *meta;
	u64 meta_bytes;
	raw_spinlock_t lock; /* the engine's */
	atomic64_t claimed;
	atomic64_t peak;
	bool broken;
	spinlock_t grow; /* memmgr_blocks_add() */
	struct memmgr_blocks blocks;
	u32 *starts;
	struct memmgr_deferred deferred;
	struct xarray owners;
	u32 last_owner;
	atomic_t owner_count;
	struct xarray heirs;
	struct memmgr_counts __percpu *counts;
	struct dentry *debugfs;
};

/**
 * struct memmgr_owner - one open file on an arena
 * @arena: which one; the owner holds a reference
 * @id: its number in the arena, never 0
 * @rights: MEMMGR_RIGHT_*, immutable
 * @kernel: it is kernel code; immutable once it has a block
 * @dying: it can be given no blocks any more; only ever set
 * @blocks: blocks that it owns
 * @bytes: bytes in them
 * @pid: who opened it, for humans to read; nothing is decided by it
 * @comm: likewise
 * @rcu: for freeing it after the last reader of arena->owners
 */
struct memmgr_owner {
	struct memmgr_arena *arena;
	u32 id;
	u32 rights;
	bool kernel;
	bool dying;
	atomic64_t blocks;
	atomic64_t bytes;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	struct rcu_head rcu;
};

/**
 * struct memmgr_arena_config - what an arena shall be
 * @size: bytes, > 0
 * @reserve: bytes of that for emergencies; 0 if @engine has no heap for them
 * @reserved: they are only for those who may dip into them
 * @granule: bytes, a power of two in the documented range
 * @engine: its engine
 * @name: NUL-terminated, shorter than MEMMGR_ARENA_NAME_LEN
 * @hidden: do not show it in debugfs
 * @pointers: keep what memmgr_find_start() needs
 */
struct memmgr_arena_config {
	u64 size;
	u64 reserve;
	bool reserved;
	bool hidden;
	bool pointers;
	u32 granule;
	const struct memmgr_engine *engine;
	const char *name;
};

/**
 * struct memmgr_selection - which blocks are meant
 * @tag_value: with @tag_mask
 * @tag_mask: the bits of the tag that count
 * @by_owner: @owner counts
 * @owner: the owner's number; 0: orphans
 * @states: mask of enum memmgr_block_state
 * @epoch_from: this epoch or later; 0: any
 * @epoch_before: earlier than this epoch; 0: any
 * @size_min: that many bytes or more
 * @size_max: or less; 0: or any number
 */
struct memmgr_selection {
	u32 tag_value;
	u32 tag_mask;
	bool by_owner;
	u32 owner;
	u32 states;
	u32 epoch_from;
	u32 epoch_before;
	u64 size_min;
	u64 size_max;
};

/**
 * struct memmgr_sweeping - a sweep under way
 * @arena: where
 * @selection: of what
 * @dry: only count
 * @kernel: blocks of kernel code, too
 * @count: blocks freed so far
 * @bytes: bytes in them
 * @rows: the same by tag, or NULL
 * @room: rows that there are
 * @used: rows that are in use
 */
struct memmgr_sweeping {
	struct memmgr_arena *arena;
	struct memmgr_selection selection;
	bool dry;
	bool kernel;
	u64 count;
	u64 bytes;
	struct memmgr_sweep_row *rows;
	u32 room;
	u32 used;
};

static inline bool memmgr_granule_exists(u64 granule)
{
	return is_power_of_2(granule) && granule >= MEMMGR_GRANULE_MIN &&
	       granule <= MEMMGR_GRANULE_MAX;
}

static inline u64 memmgr_bytes(const struct memmgr_arena *arena, u64 granules)
{
	return granules << arena->shift;
}

/* Granules that hold @bytes; @bytes is not larger than an arena can be. */
static inline u64 memmgr_granules(const struct memmgr_arena *arena, u64 bytes)
{
	return (bytes + BIT_ULL(arena->shift) - 1) >> arena->shift;
}

static inline void *memmgr_payload(const struct memmgr_arena *arena, u64 granule)
{
	return arena->memory + memmgr_bytes(arena, granule);
}

/* Granules were given out, or came back. */
static inline void memmgr_count_claimed(struct memmgr_arena *arena, s64 granules)
{
	s64 claimed = atomic64_add_return(granules, &arena->claimed);
	s64 peak = atomic64_read(&arena->peak);

	while (claimed > peak && !atomic64_try_cmpxchg(&arena->peak, &peak, claimed))
		;
}

/* The alignment in granules that @align bytes mean; 0 if it is not one. */
static inline u64 memmgr_align_granules(const struct memmgr_arena *arena, u64 align)
{
	if (!align)
		return 1;
	if (!is_power_of_2(align) || align > roundup_pow_of_two(arena->size))
		return 0;
	return max_t(u64, align >> arena->shift, 1);
}

/* What a block for @owner will be like; false if there can be none like @wish. */
static inline bool memmgr_fulfil(const struct memmgr_owner *owner, const struct memmgr_wish *wish,
				 struct memmgr_view *view)
{
	*view = (struct memmgr_view){
		.size = wish->size,
		.align = memmgr_align_granules(owner->arena, wish->align),
		.tag = wish->tag,
		.owner = owner->id,
		.epoch = READ_ONCE(owner->arena->epoch),
		.policy = wish->policy,
	};
	return wish->size && view->align;
}

/* A block is about to start where @view says. */
static inline void memmgr_note_start(struct memmgr_arena *arena, const struct memmgr_view *view)
{
	if (arena->starts)
		WRITE_ONCE(arena->starts[view->run.start], (u32)view->handle.raw);
}

/* arena.c; may sleep */
struct memmgr_arena *memmgr_arena_create(const struct memmgr_arena_config *config);
void memmgr_arena_get(struct memmgr_arena *arena);
void memmgr_arena_put(struct memmgr_arena *arena);
struct memmgr_arena *memmgr_arena_next(unsigned long *id);
void memmgr_arenas_lock(void);
void memmgr_arenas_unlock(void);
void memmgr_arena_damaged(struct memmgr_arena *arena, const char *what, u64 granule);
u64 memmgr_arena_metadata(const struct memmgr_arena *arena);

/* space.c; claim may sleep, the others run in any context but NMI */
int memmgr_space_claim(struct memmgr_arena *arena, u64 len, u64 align, struct memmgr_run *run);
void memmgr_space_release(struct memmgr_arena *arena, const struct memmgr_run *run);
int memmgr_space_resize(struct memmgr_arena *arena, struct memmgr_record *rec,
			const struct memmgr_resize *want, struct memmgr_view *view);
void memmgr_space_move(struct memmgr_arena *arena, struct memmgr_record *rec,
		       const struct memmgr_view *from, struct memmgr_view *to);
bool memmgr_space_next_free(struct memmgr_arena *arena, u64 from, struct memmgr_run *run);
void memmgr_space_stat(struct memmgr_arena *arena, struct memmgr_engine_stat *stat);
int memmgr_space_validate(struct memmgr_arena *arena, struct memmgr_check *check);
bool memmgr_space_holds(struct memmgr_arena *arena, const struct memmgr_view *view);

/* owner.c; open, close and settle may sleep, and setting an heir with such a @gfp */
struct memmgr_owner *memmgr_owner_open(struct memmgr_arena *arena, u32 rights);
void memmgr_owner_close(struct memmgr_owner *owner);
int memmgr_owner_takes(struct memmgr_arena *arena, u32 id);
bool memmgr_owner_is_kernel(struct memmgr_arena *arena, u32 id);
int memmgr_heir_set(struct memmgr_arena *arena, struct memmgr_handle handle, u32 heir, gfp_t gfp);
u32 memmgr_heir(const struct memmgr_arena *arena, struct memmgr_handle handle);
int memmgr_give(struct memmgr_arena *arena, const struct memmgr_view *view, u32 to);
void memmgr_settle(struct memmgr_arena *arena, u32 slot, u32 owner);

/* change.c; act and mark may sleep */
int memmgr_rewrite(struct memmgr_arena *arena, const struct memmgr_view *old,
		   struct memmgr_view *new, u32 heir);
int memmgr_act(struct memmgr_arena *arena, const struct memmgr_act_entry *entry);
int memmgr_mark(struct memmgr_arena *arena, struct memmgr_handle handle);

/* sweep.c; the sweep may sleep */
u32 memmgr_epoch_advance(struct memmgr_arena *arena);
u32 memmgr_sweep(struct memmgr_sweeping *sweeping, u32 slot, u32 end);

/* credit.c; any context */
void memmgr_owner_credit(struct memmgr_arena *arena, const struct memmgr_view *view, s64 blocks,
			 s64 bytes);
void memmgr_account(struct memmgr_arena *arena, const struct memmgr_view *view, int sign);

/* alloc.c, realloc.c; may sleep */
int memmgr_alloc(struct memmgr_owner *owner, const struct memmgr_wish *wish,
		 struct memmgr_view *view);
int memmgr_free(struct memmgr_arena *arena, struct memmgr_handle handle,
		const struct memmgr_expect *expect);
int memmgr_free_as(struct memmgr_arena *arena, const struct memmgr_view *view);
void memmgr_finish_free(struct memmgr_arena *arena, struct memmgr_record *rec);
struct memmgr_record *memmgr_take_slot(struct memmgr_arena *arena);
int memmgr_add_segment(struct memmgr_arena *arena);
int memmgr_realloc(struct memmgr_owner *owner, struct memmgr_handle handle,
		   const struct memmgr_expect *expect, u64 size, u32 flags,
		   struct memmgr_view *view);

/* nmi.c; any context */
int memmgr_name_start(struct memmgr_arena *arena, u64 offset, struct memmgr_handle *handle);

/* walk.c; may sleep */
bool memmgr_selects(const struct memmgr_selection *selection, const struct memmgr_view *view);
bool memmgr_next_block(struct memmgr_arena *arena, u32 *slot, u32 end, struct memmgr_view *view);
int memmgr_find_offset(struct memmgr_arena *arena, u64 offset, struct memmgr_view *view);
int memmgr_find_start(struct memmgr_arena *arena, u64 offset, struct memmgr_view *view);
void memmgr_describe(const struct memmgr_arena *arena, const struct memmgr_view *view,
		     struct memmgr_block *block);

/* stat.c */
void memmgr_owner_stat(struct memmgr_owner *owner, struct memmgr_stat *out);

/* validate.c; may sleep */
int memmgr_arena_validate(struct memmgr_arena *arena, struct memmgr_validate *out);

#endif /* MEMMGR_ARENA_H */
