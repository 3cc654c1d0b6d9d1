// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The block table. What it is and who may do what is said in blocks.h; here is
 * how the words are packed and why the order of the accesses suffices.
 *
 * Memory order, pair by pair:
 *   publish -> read      the record is filled before the state becomes USED by a
 *                        release store; a reader loads the state with acquire.
 *   fill -> read         a record that stays USED is written between two
 *                        compare-and-swaps, both full barriers, that make the
 *                        version odd and even again. A reader loads state,
 *                        record, state in this order and accepts only one and
 *                        the same word with an even version twice.
 *   kill -> kill, lock   one compare-and-swap on one word: a total order.
 *   bury -> prepare      the stack's compare-and-swap is a full barrier on both
 *                        sides, so the next user of a slot sees it FREE.
 *   add -> everybody     a segment is complete before the count of slots, which
 *                        says that it exists, grows by a release store.
 */
#include "blocks.h"

#define STATE_MASK GENMASK_ULL(2, 0)
#define STATE_LOCK BIT_ULL(3)
#define STATE_PEND BIT_ULL(4)
#define STATE_ORPHAN BIT_ULL(5)
#define VERSION_ONE BIT_ULL(16)
#define VERSION_MASK GENMASK_ULL(31, 16)
#define GENERATION_SHIFT 32

#define ATTRS_SIZE_MASK GENMASK_ULL(47, 0)
#define ATTRS_ALIGN_SHIFT 48
#define ATTRS_ALIGN_MASK GENMASK_ULL(5, 0)
#define ATTRS_POLICY_SHIFT 56

static u32 generation_of(u64 state)
{
	return (u32)(state >> GENERATION_SHIFT);
}

static enum memmgr_record_state kind_of(u64 state)
{
	return state & STATE_MASK;
}

static u64 make_state(u32 generation, enum memmgr_record_state kind)
{
	return (u64)generation << GENERATION_SHIFT | kind;
}

static bool is_being_filled(u64 state)
{
	return state & VERSION_ONE;
}

static u64 next_version(u64 state)
{
	return (state & ~VERSION_MASK) | ((state + VERSION_ONE) & VERSION_MASK);
}

static struct memmgr_record *record_at(const struct memmgr_blocks *table, u32 slot)
{
	return &table->segments[slot / MEMMGR_SEGMENT_SLOTS][slot % MEMMGR_SEGMENT_SLOTS];
}

/* What a handle of @generation means for a slot in @state: 0 if it is alive. */
static int judge(u64 state, u32 generation)
{
	if (!generation || generation > generation_of(state))
		return -ENOENT;
	if (generation < generation_of(state))
		return -ESTALE;
	switch (kind_of(state)) {
	case MEMMGR_USED:
		return state & STATE_PEND ? -ESTALE : 0;
	case MEMMGR_DYING:
	case MEMMGR_RETIRED:
		return -ESTALE;
	default:
		return -ENOENT;
	}
}

/* The record that @handle points at, whatever lives there; NULL if out of range. */
static struct memmgr_record *find(const struct memmgr_blocks *table, struct memmgr_handle handle)
{
	u32 slots = memmgr_blocks_slots(table);
	u32 slot = (u32)handle.raw;

	if (slot >= slots)
		return NULL;
	return record_at(table, array_index_nospec(slot, slots));
}

u64 memmgr_blocks_directory_bytes(u64 blocks)
{
	return DIV_ROUND_UP(min_t(u64, blocks, MEMMGR_SLOTS_MAX), (u64)MEMMGR_SEGMENT_SLOTS) *
	       sizeof(struct memmgr_record *);
}

void memmgr_blocks_init(struct memmgr_blocks *table, void *directory, u64 blocks)
{
	table->segments = directory;
	table->slots = 0;
	table->max_slots = (u32)(memmgr_blocks_directory_bytes(blocks) /
				 sizeof(struct memmgr_record *)) *
			   MEMMGR_SEGMENT_SLOTS;
	table->stack = 0;
}

u32 memmgr_blocks_slots(const struct memmgr_blocks *table)
{
	/* pairs with the release in memmgr_blocks_add(): the segments are there */
	return smp_load_acquire(&table->slots);
}

bool memmgr_blocks_any_free(const struct memmgr_blocks *table)
{
	return (u32)READ_ONCE(table->stack);
}

void *memmgr_blocks_segment(const struct memmgr_blocks *table, u32 index)
{
	return index < table->slots / MEMMGR_SEGMENT_SLOTS ? table->segments[index] : NULL;
}

/*
 * Put the chain of free slots from @first to @last on the stack. The counter in
 * the upper half makes a head that was popped and pushed again look different.
 */
static void push_free(struct memmgr_blocks *table, u32 first, struct memmgr_record *last)
{
	u64 old = READ_ONCE(table->stack);
	u64 top;

	do {
		WRITE_ONCE(last->link, (u32)old);
		top = ((old >> 32) + 1) << 32 | (first + 1);
	} while (!try_cmpxchg(&table->stack, &old, top));
}

int memmgr_blocks_add(struct memmgr_blocks *table, void *segment)
{
	struct memmgr_record *rec = segment;
	u32 first = table->slots;
	u32 i;

	if (first >= table->max_slots)
		return -ENOSPC;
	for (i = 0; i < MEMMGR_SEGMENT_SLOTS; i++) {
		rec[i].state = make_state(1, MEMMGR_FREE);
		rec[i].link = first + i + 2;
	}
	table->segments[first / MEMMGR_SEGMENT_SLOTS] = rec;
	/* pairs with the acquire in memmgr_blocks_slots() */
	smp_store_release(&table->slots, first + MEMMGR_SEGMENT_SLOTS);
	push_free(table, first, &rec[MEMMGR_SEGMENT_SLOTS - 1]);
	return 0;
}

struct memmgr_record *memmgr_block_prepare(struct memmgr_blocks *table)
{
	/* pairs with push_free(): the slot's segment is there */
	u64 old = smp_load_acquire(&table->stack);
	struct memmgr_record *rec;
	u64 top;

	do { /* what is read of a slot that others took counts for nothing */
		if (!(u32)old)
			return NULL;
		rec = record_at(table, (u32)old - 1);
		top = ((old >> 32) + 1) << 32 | READ_ONCE(rec->link);
	} while (!try_cmpxchg(&table->stack, &old, top));
	WRITE_ONCE(rec->link, (u32)old - 1);
	WRITE_ONCE(rec->state, make_state(generation_of(READ_ONCE(rec->state)), MEMMGR_BORN));
	return rec;
}

void memmgr_block_abandon(struct memmgr_blocks *table, struct memmgr_record *rec)
{
	WRITE_ONCE(rec->state, make_state(generation_of(READ_ONCE(rec->state)), MEMMGR_FREE));
	push_free(table, rec->link, rec);
}

struct memmgr_handle memmgr_block_handle(const struct memmgr_record *rec)
{
	u64 generation = generation_of(READ_ONCE(rec->state));

	return (struct memmgr_handle){ generation << GENERATION_SHIFT | rec->link };
}

static void pack(struct memmgr_record *rec, const struct memmgr_view *view)
{
	WRITE_ONCE(rec->start, (u32)view->run.start);
	WRITE_ONCE(rec->len, (u32)view->run.len);
	WRITE_ONCE(rec->attrs, (view->size & ATTRS_SIZE_MASK) |
				       (u64)ilog2(view->align) << ATTRS_ALIGN_SHIFT |
				       (u64)view->policy << ATTRS_POLICY_SHIFT);
	WRITE_ONCE(rec->tag, view->tag);
	WRITE_ONCE(rec->owner, view->owner);
	WRITE_ONCE(rec->epoch, view->epoch);
}

static void unpack(const struct memmgr_record *rec, u64 state, struct memmgr_view *view)
{
	u64 attrs = READ_ONCE(rec->attrs);

	view->run.start = READ_ONCE(rec->start);
	view->run.len = READ_ONCE(rec->len);
	view->size = attrs & ATTRS_SIZE_MASK;
	view->align = BIT_ULL((attrs >> ATTRS_ALIGN_SHIFT) & ATTRS_ALIGN_MASK);
	view->policy = (u8)(attrs >> ATTRS_POLICY_SHIFT);
	view->tag = READ_ONCE(rec->tag);
	view->owner = READ_ONCE(rec->owner);
	view->epoch = READ_ONCE(rec->epoch);
	view->orphan = state & STATE_ORPHAN;
	view->pending = state & STATE_PEND;
}

/*
 * Others may set PEND and ORPHAN meanwhile, so even the holder must not store.
 * Returns the word before.
 */
static u64 bump_version(struct memmgr_record *rec)
{
	u64 old = READ_ONCE(rec->state);

	while (!try_cmpxchg(&rec->state, &old, next_version(old)))
		;
	return old;
}

bool memmgr_block_fill(struct memmgr_record *rec, const struct memmgr_view *view)
{
	u64 old;

	if (kind_of(READ_ONCE(rec->state)) != MEMMGR_USED) {
		pack(rec, view);
		return false;
	}
	preempt_disable(); /* readers look again until the version is even */
	bump_version(rec);
	pack(rec, view);
	old = bump_version(rec);
	preempt_enable();
	return old & STATE_ORPHAN;
}

void memmgr_block_publish(struct memmgr_record *rec)
{
	u32 generation = generation_of(READ_ONCE(rec->state));

	/* pairs with the acquire in read_record() */
	smp_store_release(&rec->state, make_state(generation, MEMMGR_USED));
}

void memmgr_block_peek(const struct memmgr_record *rec, struct memmgr_view *view)
{
	view->handle = memmgr_block_handle(rec);
	unpack(rec, READ_ONCE(rec->state), view);
}

/*
 * A consistent view of @rec under one unchanged state word, which is returned.
 * A repetition means that somebody else changed this block: lock-free.
 */
static u64 read_record(const struct memmgr_record *rec, struct memmgr_view *view)
{
	u64 state;

	do {
		/* pairs with publish, and with the versions that fill makes */
		state = smp_load_acquire(&rec->state);
		if (kind_of(state) != MEMMGR_USED)
			return state;
		unpack(rec, state, view);
		smp_rmb(); /* the record before the second look at its state */
	} while (is_being_filled(state) || READ_ONCE(rec->state) != state);
	return state;
}

int memmgr_block_read(const struct memmgr_blocks *table, struct memmgr_handle handle,
		      struct memmgr_view *view)
{
	const struct memmgr_record *rec = find(table, handle);

	if (!rec)
		return -ENOENT;
	view->handle = handle;
	return judge(read_record(rec, view), generation_of(handle.raw));
}

bool memmgr_block_read_slot(const struct memmgr_blocks *table, u32 slot, struct memmgr_view *view)
{
	u32 slots = memmgr_blocks_slots(table);
	u64 state;

	if (slot >= slots)
		return false;
	slot = array_index_nospec(slot, slots);
	state = read_record(record_at(table, slot), view);
	view->handle.raw = (u64)generation_of(state) << GENERATION_SHIFT | slot;
	return kind_of(state) == MEMMGR_USED;
}

/* Does the block in @state, so far unchanged, start where it should? */
static int meets(const struct memmgr_record *rec, u64 state, const struct memmgr_expect *expect)
{
	if (!expect || !expect->check_start)
		return 0;
	if (state & STATE_LOCK)
		return -EBUSY;
	return READ_ONCE(rec->start) == expect->start ? 0 : -ENOENT;
}

int memmgr_block_kill(struct memmgr_blocks *table, struct memmgr_handle handle,
		      const struct memmgr_expect *expect, struct memmgr_record **rec)
{
	u32 generation = generation_of(handle.raw);
	u64 old, new;
	int ret;

	*rec = find(table, handle);
	if (!*rec)
		return -ENOENT;
	/* pairs with publish: meets() reads the record */
	old = smp_load_acquire(&(*rec)->state);
	do {
		ret = judge(old, generation);
		if (!ret)
			ret = meets(*rec, old, expect);
		if (ret)
			return ret;
		if (old & STATE_LOCK)
			new = old | STATE_PEND;
		else
			new = make_state(generation, MEMMGR_DYING) | (old & STATE_ORPHAN);
	} while (!try_cmpxchg(&(*rec)->state, &old, new));
	return old & STATE_LOCK ? -EINPROGRESS : 0;
}

void memmgr_block_bury(struct memmgr_blocks *table, struct memmgr_record *rec)
{
	u32 generation = generation_of(READ_ONCE(rec->state));

	if (generation == U32_MAX) {
		WRITE_ONCE(rec->state, make_state(generation, MEMMGR_RETIRED));
		return;
	}
	WRITE_ONCE(rec->state, make_state(generation + 1, MEMMGR_FREE));
	push_free(table, rec->link, rec);
}

int memmgr_block_lock(struct memmgr_blocks *table, struct memmgr_handle handle,
		      const struct memmgr_expect *expect, struct memmgr_record **rec)
{
	u64 old;
	int ret;

	*rec = find(table, handle);
	if (!*rec)
		return -ENOENT;
	/* pairs with publish: meets() reads the record */
	old = smp_load_acquire(&(*rec)->state);
	do {
		ret = judge(old, generation_of(handle.raw));
		if (!ret && (old & STATE_LOCK))
			ret = -EBUSY;
		if (!ret)
			ret = meets(*rec, old, expect);
		if (ret)
			return ret;
	} while (!try_cmpxchg(&(*rec)->state, &old, old | STATE_LOCK));
	return 0;
}

bool memmgr_block_unlock(struct memmgr_record *rec)
{
	u64 old = READ_ONCE(rec->state);
	u64 new;

	do {
		if (old & STATE_PEND)
			new = make_state(generation_of(old), MEMMGR_DYING) | (old & STATE_ORPHAN);
		else
			new = old & ~STATE_LOCK;
	} while (!try_cmpxchg(&rec->state, &old, new));
	return old & STATE_PEND;
}

int memmgr_block_orphan(struct memmgr_blocks *table, struct memmgr_handle handle,
			struct memmgr_view *view)
{
	struct memmgr_record *rec = find(table, handle);
	u64 old;
	int ret;

	if (!rec)
		return -ENOENT;
	view->handle = handle;
	do {
		old = read_record(rec, view);
		ret = judge(old, generation_of(handle.raw));
		if (!ret && (old & STATE_ORPHAN))
			ret = -EALREADY;
		if (ret)
			return ret;
	} while (!try_cmpxchg(&rec->state, &old, old | STATE_ORPHAN));
	return 0;
}
