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
 *   publish -> kill      who kills reads the record after its compare-and-swap, a
 *                        full barrier; who reads it before, after an acquire.
 *   kill -> kill, lock   one compare-and-swap on one word: a total order. One that
 *                        follows a look swaps the very word of the view, which no
 *                        change of the record leaves alone.
 *   bury -> prepare      the stack's compare-and-swap is a full barrier on both
 *                        sides, so the next user of a slot sees it FREE.
 *   add -> everybody     a segment is complete before the count of slots, which
 *                        says that it exists, grows by a release store.
 *
 * tests/model/blocks.pml models the state word and the stack of free slots; make
 * check-model searches it.
 */
#include "blocks.h"

#define VERSION_ONE BIT_ULL(16)
#define VERSION_MASK GENMASK_ULL(31, 16)

/* What memmgr_block_try_read() tries. */
#define LOOKS 16

/* Lost races after which a bounded call does without. */
#define TRIES 8

static bool is_being_filled(u64 state)
{
	return state & VERSION_ONE;
}

static u64 next_version(u64 state)
{
	return (state & ~VERSION_MASK) | ((state + VERSION_ONE) & VERSION_MASK);
}

/* What @handle means for a slot in @state: 0 if it is alive. */
static int judge(u64 state, struct memmgr_handle handle)
{
	u32 generation = memmgr_generation_of(handle.raw);

	if (!generation || generation > memmgr_generation_of(state))
		return -ENOENT;
	if (generation < memmgr_generation_of(state))
		return -ESTALE;
	switch (memmgr_state_of(state)) {
	case MEMMGR_USED:
		return state & MEMMGR_RECORD_PEND ? -ESTALE : 0;
	case MEMMGR_DYING:
	case MEMMGR_RETIRED:
		return -ESTALE;
	default:
		return -ENOENT;
	}
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

void *memmgr_blocks_segment(const struct memmgr_blocks *table, u32 index)
{
	return index < table->slots / MEMMGR_SEGMENT_SLOTS ? table->segments[index] : NULL;
}

int memmgr_blocks_add(struct memmgr_blocks *table, void *segment)
{
	struct memmgr_record *rec = segment;
	u32 first = table->slots;
	u32 i;

	if (first >= table->max_slots)
		return -ENOSPC;
	for (i = 0; i < MEMMGR_SEGMENT_SLOTS; i++) {
		rec[i].state = BIT_ULL(MEMMGR_GENERATION_SHIFT) + MEMMGR_FREE;
		rec[i].link = first + i + 2;
	}
	table->segments[first / MEMMGR_SEGMENT_SLOTS] = rec;
	/* pairs with the acquire in memmgr_blocks_slots() */
	smp_store_release(&table->slots, first + MEMMGR_SEGMENT_SLOTS);
	memmgr_blocks_push(table, first, &rec[MEMMGR_SEGMENT_SLOTS - 1]);
	return 0;
}

int memmgr_block_try_prepare(struct memmgr_blocks *table, struct memmgr_record **rec)
{
	/* pairs with push: the slot's segment is there */
	u64 old = smp_load_acquire(&table->stack);
	u32 tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (!(u32)old)
			return -ENOSPC;
		if (!memmgr_blocks_pop(table, &old, rec))
			continue;
		memmgr_block_bear(*rec, (u32)old - 1);
		return 0;
	}
	return -EAGAIN;
}

void memmgr_block_abandon(struct memmgr_blocks *table, struct memmgr_record *rec)
{
	WRITE_ONCE(rec->state, READ_ONCE(rec->state) - MEMMGR_BORN + MEMMGR_FREE);
	memmgr_blocks_push(table, rec->link, rec);
}

/*
 * Others may set PEND and ORPHAN meanwhile, so even the holder must not store.
 * @clear are flags to take away. Returns the word before.
 */
static u64 bump_version(struct memmgr_record *rec, u64 clear)
{
	u64 old = READ_ONCE(rec->state);

	while (!try_cmpxchg(&rec->state, &old, next_version(old) & ~clear))
		;
	return old;
}

static u64 refill(struct memmgr_record *rec, const struct memmgr_view *view, u64 clear)
{
	u64 old;

	preempt_disable(); /* readers look again until the version is even */
	bump_version(rec, 0);
	memmgr_record_pack(rec, view);
	old = bump_version(rec, clear);
	preempt_enable();
	return old;
}

bool memmgr_block_refill(struct memmgr_record *rec, const struct memmgr_view *view)
{
	return refill(rec, view, 0) & MEMMGR_RECORD_ORPHAN;
}

void memmgr_block_change(struct memmgr_record *rec, const struct memmgr_view *view, bool adopt,
			 struct memmgr_view *was)
{
	u64 old = refill(rec, view, adopt ? MEMMGR_RECORD_ORPHAN : 0);

	was->orphan = old & MEMMGR_RECORD_ORPHAN;
	was->pending = old & MEMMGR_RECORD_PEND;
}

/*
 * Look at @rec once. False if it was changing; else @view is consistent, under
 * @state, if that says that there is a block.
 */
static bool look(const struct memmgr_record *rec, u64 *state, struct memmgr_view *view)
{
	struct memmgr_record seen;

	/* pairs with publish, and with the versions that refill makes */
	*state = smp_load_acquire(&rec->state);
	if (memmgr_state_of(*state) != MEMMGR_USED)
		return true;
	seen.where = READ_ONCE(rec->where);
	seen.attrs = READ_ONCE(rec->attrs);
	seen.whose = READ_ONCE(rec->whose);
	seen.epoch = READ_ONCE(rec->epoch);
	smp_rmb(); /* the record before the second look at its state */
	if (is_being_filled(*state) || READ_ONCE(rec->state) != *state)
		return false;
	memmgr_record_unpack(&seen, *state, view);
	return true;
}

/* Look until that is of use. Returns the state. */
static u64 read_record(const struct memmgr_record *rec, struct memmgr_view *view)
{
	u64 state;

	while (!look(rec, &state, view))
		cpu_relax();
	return state;
}

int memmgr_block_read(const struct memmgr_blocks *table, struct memmgr_handle handle,
		      struct memmgr_view *view)
{
	struct memmgr_record *rec;

	if (!memmgr_record_find(table, handle, &rec))
		return -ENOENT;
	view->handle = handle;
	return judge(read_record(rec, view), handle);
}

int memmgr_block_try_read(const struct memmgr_blocks *table, struct memmgr_handle handle,
			  struct memmgr_view *view)
{
	struct memmgr_record *rec;
	u32 looks;
	u64 state;
	int ret;

	if (!memmgr_record_find(table, handle, &rec))
		return -ENOENT;
	view->handle = handle;
	for (looks = 0; looks < LOOKS; looks++)
		if (look(rec, &state, view))
			return judge(state, handle);
	ret = judge(state, handle);
	return ret ? ret : -EBUSY;
}

bool memmgr_block_read_slot(const struct memmgr_blocks *table, u32 slot, struct memmgr_view *view)
{
	u32 slots = memmgr_blocks_slots(table);
	u64 state;

	if (slot >= slots)
		return false;
	slot = array_index_nospec(slot, slots);
	state = read_record(memmgr_record_at(table, slot), view);
	view->handle.raw = (state & ~(u64)U32_MAX) | slot;
	return memmgr_state_of(state) == MEMMGR_USED;
}

/* Does the block in @state, so far unchanged, start where it should? */
static int meets(const struct memmgr_record *rec, u64 state, const struct memmgr_expect *expect)
{
	if (!expect || !expect->check_start)
		return 0;
	if (state & MEMMGR_RECORD_LOCK)
		return -EBUSY;
	return (u32)READ_ONCE(rec->where) == expect->start ? 0 : -ENOENT;
}

/* A used block's word when it is killed, or was freed while it was locked. */
static u64 dying(u64 state)
{
	return (state & ~(MEMMGR_RECORD_STATE | MEMMGR_RECORD_LOCK | MEMMGR_RECORD_PEND)) |
	       MEMMGR_DYING;
}

/* And once somebody has freed it: whoever holds it, if any, has to know. */
static u64 freed(u64 state)
{
	return state & MEMMGR_RECORD_LOCK ? state | MEMMGR_RECORD_PEND : dying(state);
}

int memmgr_block_try_kill(struct memmgr_record *rec, struct memmgr_handle handle,
			  const struct memmgr_expect *expect)
{
	/* pairs with publish: meets() reads the record */
	u64 old = smp_load_acquire(&rec->state);
	int ret;

	do {
		ret = judge(old, handle);
		if (!ret)
			ret = meets(rec, old, expect);
		if (ret)
			return ret;
	} while (!try_cmpxchg(&rec->state, &old, freed(old)));
	return old & MEMMGR_RECORD_LOCK ? -EINPROGRESS : 0;
}

/* Change the word of the block that @view was read from, unless it has changed. */
static int change_as(struct memmgr_blocks *table, const struct memmgr_view *view, u64 new,
		     struct memmgr_record **rec)
{
	u64 old = view->state;
	int ret = judge(old, view->handle);

	if (ret)
		return ret;
	if (!memmgr_record_find(table, view->handle, rec))
		return -ENOENT;
	return try_cmpxchg(&(*rec)->state, &old, new) ? 0 : -EAGAIN;
}

int memmgr_block_kill_as(struct memmgr_blocks *table, const struct memmgr_view *view,
			 struct memmgr_record **rec)
{
	int ret = change_as(table, view, freed(view->state), rec);

	return !ret && (view->state & MEMMGR_RECORD_LOCK) ? -EINPROGRESS : ret;
}

int memmgr_block_lock_as(struct memmgr_blocks *table, const struct memmgr_view *view,
			 struct memmgr_record **rec)
{
	int ret = judge(view->state, view->handle);

	if (!ret && (view->state & MEMMGR_RECORD_LOCK))
		ret = -EBUSY;
	return ret ? ret : change_as(table, view, view->state | MEMMGR_RECORD_LOCK, rec);
}

int memmgr_block_lock(struct memmgr_blocks *table, struct memmgr_handle handle,
		      const struct memmgr_expect *expect, struct memmgr_record **rec)
{
	u64 old;
	int ret;

	if (!memmgr_record_find(table, handle, rec))
		return -ENOENT;
	/* pairs with publish: meets() reads the record */
	old = smp_load_acquire(&(*rec)->state);
	do {
		ret = judge(old, handle);
		if (!ret && (old & MEMMGR_RECORD_LOCK))
			ret = -EBUSY;
		if (!ret)
			ret = meets(*rec, old, expect);
		if (ret)
			return ret;
	} while (!try_cmpxchg(&(*rec)->state, &old, old | MEMMGR_RECORD_LOCK));
	return 0;
}

bool memmgr_block_unlock(struct memmgr_record *rec)
{
	u64 old = READ_ONCE(rec->state);
	u64 new;

	do {
		if (old & MEMMGR_RECORD_PEND)
			new = dying(old);
		else
			new = old & ~MEMMGR_RECORD_LOCK;
	} while (!try_cmpxchg(&rec->state, &old, new));
	return old & MEMMGR_RECORD_PEND;
}

int memmgr_block_orphan(struct memmgr_blocks *table, struct memmgr_handle handle, u32 owner,
			struct memmgr_view *view)
{
	struct memmgr_record *rec;
	u64 old;
	int ret;

	if (!memmgr_record_find(table, handle, &rec))
		return -ENOENT;
	view->handle = handle;
	do {
		old = read_record(rec, view);
		ret = judge(old, handle);
		if (!ret && ((old & MEMMGR_RECORD_ORPHAN) || view->owner != owner))
			ret = -EALREADY;
		if (ret)
			return ret;
	} while (!try_cmpxchg(&rec->state, &old, old | MEMMGR_RECORD_ORPHAN));
	return 0;
}

int memmgr_block_pend(struct memmgr_blocks *table, struct memmgr_handle handle)
{
	struct memmgr_record *rec;
	u32 tries;
	u64 old;
	int ret;

	if (!memmgr_record_find(table, handle, &rec))
		return -ENOENT;
	old = READ_ONCE(rec->state);
	for (tries = 0; tries < TRIES; tries++) {
		ret = judge(old, handle);
		if (ret || try_cmpxchg(&rec->state, &old, old | MEMMGR_RECORD_PEND))
			return ret;
	}
	/*
	 * Eight changes of this one block, each within a few instructions: it is
	 * being reallocated in a loop. It is used nevertheless, and if the caller is
	 * the only one to free it, it still is.
	 */
	atomic64_or(MEMMGR_RECORD_PEND, (atomic64_t *)&rec->state);
	return 0;
}

bool memmgr_block_reap(struct memmgr_blocks *table, u32 slot, struct memmgr_record **rec)
{
	const u64 mask = MEMMGR_RECORD_STATE | MEMMGR_RECORD_LOCK | MEMMGR_RECORD_PEND;
	u64 old;

	*rec = memmgr_record_at(table, slot);
	old = READ_ONCE((*rec)->state);
	do {
		if ((old & mask) != (MEMMGR_USED | MEMMGR_RECORD_PEND))
			return false;
	} while (!try_cmpxchg(&(*rec)->state, &old, dying(old)));
	return true;
}

int memmgr_block_name(const struct memmgr_blocks *table, u32 slot, u64 start,
		      struct memmgr_handle *handle)
{
	struct memmgr_record *rec;
	u64 state;

	handle->raw = slot;
	if (!memmgr_record_find(table, *handle, &rec))
		return -ENOENT;
	/* pairs with publish: the record is read next */
	state = smp_load_acquire(&rec->state);
	handle->raw |= state & ~(u64)U32_MAX;
	if (judge(state, *handle) || (u32)READ_ONCE(rec->where) != start)
		return -ENOENT;
	return state & MEMMGR_RECORD_LOCK ? -EBUSY : 0;
}
