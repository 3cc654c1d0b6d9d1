// SPDX-License-Identifier: GPL-2.0
/*
 * A pool of places, each empty or with a block. Whoever comes by takes any place:
 * if it is empty he makes a block, fills and puts it there; if there is one he
 * checks every byte and frees it. So each block is freed by somebody else, mostly,
 * in another context, on another CPU.
 *
 *	EMPTY  --(BUSY: alloc, fill)-->  FULL  --(BUSY: check, free)-->  EMPTY
 *
 * Who finds a place BUSY goes on; so nobody ever waits, and an NMI can do all of it.
 *
 * Besides there are duels: a thread reallocates a block for ever while interrupts
 * free it under its hands.
 */
#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "torture.h"

#define DUELS 16U
#define LARGE 8192U

enum { EMPTY, BUSY, FULL };

struct item {
	int state;
	u32 size;
	u32 tag;
	u64 handle;
	void *memory;
};

/* The first bytes of each block; the rest is of one value. */
struct head {
	u64 handle;
	u32 size;
	u32 tag;
};

static struct memmgr_heap *heap;
static struct item *pool;
static unsigned int places;
static atomic64_t duels[DUELS]; /* handles of blocks that are fought over, or 0 */

static u32 random_below(struct worker *worker, u32 bound)
{
	worker->random = worker->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (worker->random >> 33) % bound;
}

static u32 random_size(struct worker *worker)
{
	u32 most = random_below(worker, 64) ? 512 : LARGE;

	return sizeof(struct head) + random_below(worker, most - sizeof(struct head));
}

static u8 byte_of(const struct item *item)
{
	return item->tag ^ item->tag >> 8 ^ item->handle;
}

static void fill_item(struct item *item)
{
	*(struct head *)item->memory = (struct head){ item->handle, item->size, item->tag };
	memset(item->memory + sizeof(struct head), byte_of(item),
	       item->size - sizeof(struct head));
}

/* Does the block hold what was written, as far as @kept bytes? */
static void check_content(struct worker *worker, const struct item *item, u32 kept)
{
	const struct head *head = item->memory;

	if (head->handle != item->handle || head->size != item->size || head->tag != item->tag)
		torture_fail(worker, "a block's head was overwritten", item->handle, head->handle);
	if (memchr_inv(item->memory + sizeof(*head), byte_of(item), kept - sizeof(*head)))
		torture_fail(worker, "a block was overwritten", item->handle, item->size);
}

static void check_record(struct worker *worker, const struct item *item)
{
	struct memmgr_block block;
	int ret = memmgr_heap_query(heap, item->handle, &block);

	if (ret)
		torture_fail(worker, "a block is not known", item->handle, ret);
	else if (block.tag != item->tag || block.size != item->size)
		torture_fail(worker, "a block's record is wrong", item->handle, block.tag);
	else if (memmgr_heap_memory(heap, block.offset) != item->memory)
		torture_fail(worker, "a block has moved", item->handle, block.offset);
}

static int alloc_here(struct worker *worker, const struct memmgr_wish *wish,
		      struct memmgr_place *place)
{
	switch (worker->context) {
	case IN_PROCESS:
		return memmgr_heap_alloc(heap, wish, random_below(worker, 8) ? 0 : 1, place);
	case IN_NMI:
		return memmgr_heap_alloc_nmi(heap, wish, place);
	default:
		return memmgr_heap_alloc_atomic(heap, wish, place);
	}
}

static int free_here(struct worker *worker, u64 handle)
{
	switch (worker->context) {
	case IN_PROCESS:
		return memmgr_heap_free(heap, handle);
	case IN_NMI:
		return memmgr_heap_free_nmi(heap, handle);
	default:
		return memmgr_heap_free_atomic(heap, handle);
	}
}

static void count_refusal(struct worker *worker, int error)
{
	if (error == -EAGAIN && worker->context != IN_PROCESS)
		worker->done.again++;
	else if (error == -ENOMEM || error == -ENOSPC)
		worker->done.full++;
	else
		torture_fail(worker, "an allocation failed in a way of its own", 0, error);
}

static bool make_item(struct worker *worker, struct item *item)
{
	struct memmgr_wish wish = {
		.size = random_size(worker),
		.tag = random_below(worker, U32_MAX),
		.align = random_below(worker, 8) ? 0 : 16U << random_below(worker, 5),
	};
	struct memmgr_place place;
	int ret = alloc_here(worker, &wish, &place);

	if (ret) {
		count_refusal(worker, ret);
		return false;
	}
	item->size = wish.size;
	item->tag = wish.tag;
	item->handle = place.handle;
	item->memory = place.memory;
	if (place.usable < wish.size || (wish.align && !IS_ALIGNED((uintptr_t)place.memory -
			(uintptr_t)memmgr_heap_memory(heap, 0), wish.align)))
		torture_fail(worker, "a block is not what was asked for", place.handle, wish.align);
	fill_item(item);
	worker->done.allocs++;
	return true;
}

static void end_item(struct worker *worker, struct item *item)
{
	int ret;

	check_content(worker, item, item->size);
	check_record(worker, item);
	if (random_below(worker, 8))
		ret = free_here(worker, item->handle);
	else
		ret = memmgr_heap_free_at_atomic(heap, item->memory);
	if (ret)
		torture_fail(worker, "a block cannot be freed", item->handle, ret);
	worker->done.frees++;
	if (random_below(worker, 16))
		return;
	ret = free_here(worker, item->handle);
	if (ret != -ESTALE)
		torture_fail(worker, "a block was freed twice", item->handle, ret);
}

/* A place that was in @state, now the caller's alone, or NULL. */
static struct item *take_place(struct worker *worker, int state)
{
	struct item *item = &pool[random_below(worker, places)];

	return cmpxchg(&item->state, state, BUSY) == state ? item : NULL;
}

static void leave_place(struct item *item, int state)
{
	/* what is in it is complete before others find it */
	smp_store_release(&item->state, state);
}

/* Make a block or end one. */
static void toggle(struct worker *worker)
{
	struct item *item = take_place(worker, EMPTY);

	if (item) {
		leave_place(item, make_item(worker, item) ? FULL : EMPTY);
		return;
	}
	item = take_place(worker, FULL);
	if (!item)
		return;
	end_item(worker, item);
	leave_place(item, EMPTY);
}

/* Free a block that a thread is about to reallocate: it is ours to free. */
static void strike(struct worker *worker)
{
	u64 handle = atomic64_xchg(&duels[random_below(worker, DUELS)], 0);
	int ret = handle ? free_here(worker, handle) : 0;

	if (ret)
		torture_fail(worker, "a block under realloc cannot be freed", handle, ret);
	worker->done.frees += !!handle;
}

/* One of what can be done anywhere. */
void pool_step(struct worker *worker)
{
	if (random_below(worker, 8))
		toggle(worker);
	else
		strike(worker);
}

/* --- where one may sleep -------------------------------------------------- */

static bool is_short(int error)
{
	return error == -ENOMEM || error == -ENOSPC;
}

static void realloc_item(struct worker *worker)
{
	struct item *item = take_place(worker, FULL);
	u32 size = random_size(worker), kept;
	struct memmgr_place place;
	int ret;

	if (!item)
		return;
	kept = min(size, item->size);
	ret = memmgr_heap_realloc(heap, item->handle, size, 0, &place);
	if (ret && !is_short(ret))
		torture_fail(worker, "a realloc failed", item->handle, ret);
	if (!ret) {
		item->memory = place.memory;
		check_content(worker, item, kept);
		item->size = size;
		fill_item(item);
		worker->done.reallocs++;
	}
	leave_place(item, FULL);
}

/* Begin a duel or go on with it: the block may be freed at any instant. */
static void duel(struct worker *worker)
{
	struct memmgr_wish wish = { .size = 64, .tag = 0xd0e1 };
	atomic64_t *cell = &duels[random_below(worker, DUELS)];
	u64 handle = atomic64_read(cell);
	struct memmgr_place place;
	int ret;

	if (handle) {
		ret = memmgr_heap_realloc(heap, handle, random_size(worker), 0, &place);
		if (ret && !is_short(ret) && ret != -ESTALE && ret != -EBUSY)
			torture_fail(worker, "a realloc under attack failed", handle, ret);
		worker->done.reallocs += !ret;
		return;
	}
	ret = memmgr_heap_alloc(heap, &wish, 0, &place);
	if (ret) {
		count_refusal(worker, ret);
		return;
	}
	worker->done.allocs++;
	if (atomic64_cmpxchg(cell, 0, place.handle)) {
		memmgr_heap_free(heap, place.handle);
		worker->done.frees++;
	}
}

/* Some of a walk, over whatever there is. */
static void walk(struct worker *worker)
{
	u32 cursor = random_below(worker, 4096), blocks;
	struct memmgr_block block;

	for (blocks = 0; blocks < 64 && memmgr_heap_next(heap, NULL, &cursor, &block); blocks++)
		if (!memmgr_heap_memory(heap, block.offset) || block.size > block.usable)
			torture_fail(worker, "nonsense was met", block.handle, block.size);
}

void pool_step_process(struct worker *worker)
{
	switch (random_below(worker, 16)) {
	case 0:
		walk(worker);
		break;
	case 1 ... 3:
		realloc_item(worker);
		break;
	case 4 ... 7:
		duel(worker);
		break;
	default:
		pool_step(worker);
	}
}

/* Free all that is left, when nobody else is at it any more. */
void pool_drain(struct worker *worker)
{
	struct item *item;
	unsigned int i;
	u64 handle;

	for (item = pool; item < pool + places; item++) {
		if (item->state == BUSY)
			torture_fail(worker, "a place was left busy", item->handle, 0);
		if (item->state == FULL)
			end_item(worker, item);
		item->state = EMPTY;
	}
	for (i = 0; i < DUELS; i++) {
		handle = atomic64_xchg(&duels[i], 0);
		if (handle && memmgr_heap_free(heap, handle))
			torture_fail(worker, "a block that was fought over is gone", handle, 0);
	}
}

int pool_make(struct memmgr_heap *on, unsigned int items)
{
	pool = kvcalloc(items, sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return -ENOMEM;
	heap = on;
	places = items;
	return 0;
}

void pool_end(void)
{
	kvfree(pool);
}
