/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A record of the block table: how a few words hold what is known of a block.
 *
 *	 63                     32 31        16 15          6   5    4    3   2   0
 *	|       generation        |  version   |   spare    |ORPH|PEND|LOCK| state |  state
 *
 *	 63                     32 31                      0
 *	|         length          |      first granule      |  where
 *	|          owner          |           tag           |  whose
 *
 *	 63        56 55   54 53   48 47                   0
 *	|   policy   |       | align |         size         |  attrs
 *
 * What the state word means and when the rest may be written is said in blocks.h.
 * Others read a record while it changes, and judge afterwards whether that was of
 * use; therefore each word is written in one piece.
 */
#ifndef MEMMGR_RECORD_H
#define MEMMGR_RECORD_H

#include "engine/env.h"
#include "engine/engine.h"

/* A structure, so that it is not mixed up with a slot, an offset or a size. */
struct memmgr_handle {
	u64 raw;
};

/* A handle's and a state word's upper half. */
#define MEMMGR_GENERATION_SHIFT 32

enum memmgr_record_state {
	MEMMGR_FREE = 0,
	MEMMGR_BORN,
	MEMMGR_USED,
	MEMMGR_DYING,
	MEMMGR_RETIRED,
};

#define MEMMGR_RECORD_STATE GENMASK_ULL(2, 0)
#define MEMMGR_RECORD_LOCK BIT_ULL(3)
#define MEMMGR_RECORD_PEND BIT_ULL(4)
#define MEMMGR_RECORD_ORPHAN BIT_ULL(5)

/**
 * struct memmgr_record - one block
 * @state: the state word
 * @where: first granule and length, packed
 * @attrs: size asked for, alignment and policy, packed
 * @whose: tag and owner, packed
 * @epoch: the arena's epoch at birth
 * @link: FREE: the next free slot, plus one; otherwise: the record's own slot
 */
struct memmgr_record {
	u64 state;
	u64 where;
	u64 attrs;
	u64 whose;
	u32 epoch;
	u32 link;
};

static_assert(sizeof(struct memmgr_record) == 40);

/**
 * struct memmgr_view - a record, unpacked and consistent
 * @state: the state word that it was read under
 * @handle: its name
 * @run: where it is
 * @size: bytes asked for
 * @align: in granules
 * @tag: the user's
 * @owner: number of the owner, the last one if @orphan
 * @epoch: the arena's epoch at birth
 * @policy: enum memmgr_policy
 * @orphan: the owner is gone
 * @pending: freed, but not yet given back
 */
struct memmgr_view {
	u64 state;
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

static inline u32 memmgr_generation_of(u64 state)
{
	return (u32)(state >> MEMMGR_GENERATION_SHIFT);
}

static inline enum memmgr_record_state memmgr_state_of(u64 state)
{
	return state & MEMMGR_RECORD_STATE;
}

#define MEMMGR_ATTRS_SIZE GENMASK_ULL(47, 0)
#define MEMMGR_ATTRS_ALIGN_SHIFT 48
#define MEMMGR_ATTRS_ALIGN GENMASK_ULL(5, 0)
#define MEMMGR_ATTRS_POLICY_SHIFT 56

/* Write all but the state and the link. */
static inline void memmgr_record_pack(struct memmgr_record *rec, const struct memmgr_view *view)
{
	WRITE_ONCE(rec->where, view->run.start | view->run.len << 32);
	WRITE_ONCE(rec->attrs, view->size | (u64)ilog2(view->align) << MEMMGR_ATTRS_ALIGN_SHIFT |
				       (u64)view->policy << MEMMGR_ATTRS_POLICY_SHIFT);
	WRITE_ONCE(rec->whose, view->tag | (u64)view->owner << 32);
	WRITE_ONCE(rec->epoch, view->epoch);
}

/* Where the block is, of a record that nobody else writes to. */
static inline struct memmgr_run memmgr_record_run(const struct memmgr_record *rec)
{
	return (struct memmgr_run){ (u32)rec->where, rec->where >> 32 };
}

/* All but the handle, of such a record, whose state is @state. */
static inline void memmgr_record_unpack(const struct memmgr_record *rec, u64 state,
					struct memmgr_view *view)
{
	view->state = state;
	view->run = memmgr_record_run(rec);
	view->size = rec->attrs & MEMMGR_ATTRS_SIZE;
	view->align = BIT_ULL((rec->attrs >> MEMMGR_ATTRS_ALIGN_SHIFT) & MEMMGR_ATTRS_ALIGN);
	view->policy = (u8)(rec->attrs >> MEMMGR_ATTRS_POLICY_SHIFT);
	view->tag = (u32)rec->whose;
	view->owner = (u32)(rec->whose >> 32);
	view->epoch = rec->epoch;
	view->orphan = state & MEMMGR_RECORD_ORPHAN;
	view->pending = state & MEMMGR_RECORD_PEND;
}

#endif /* MEMMGR_RECORD_H */
