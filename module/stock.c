// SPDX-License-Identifier: GPL-2.0
/*
 * Filling the shelves: see stock.h. Only the deferred work does, of which there is
 * one at a time in an arena.
 */
#include <linux/cpumask.h>
#include <linux/err.h>

#include "arena.h"

static struct memmgr_record *make_ready(struct memmgr_arena *arena)
{
	struct memmgr_view view = { .size = 1, .align = 1 };
	struct memmgr_record *rec = memmgr_take_slot(arena);
	int ret;

	if (IS_ERR(rec))
		return rec;
	memmgr_begin(arena->counts);
	ret = memmgr_space_claim(arena, arena->deferred.ready_len, 1, &view.run);
	if (!ret) {
		memmgr_block_fill(rec, &view);
		atomic64_add(view.run.len, &arena->deferred.stocked);
	} else {
		memmgr_block_abandon(&arena->blocks, rec);
	}
	memmgr_end(arena->counts);
	return ret ? ERR_PTR(ret) : rec;
}

/* Fill the first @count places; false if that was not possible. */
static bool fill(struct memmgr_arena *arena, struct memmgr_shelf *shelf, u32 count,
		 struct memmgr_record *(*make)(struct memmgr_arena *arena))
{
	struct memmgr_record *rec;
	u32 i;

	for (i = 0; i < count; i++) {
		if (READ_ONCE(shelf->place[i]))
			continue;
		rec = make(arena);
		if (IS_ERR(rec))
			return false;
		memmgr_shelf_put(shelf, i, rec);
	}
	return true;
}

/**
 * memmgr_stock_refill - fill all shelves as far as there is memory
 * @arena: whose
 *
 * Context: the deferred work.
 */
void memmgr_stock_refill(struct memmgr_arena *arena)
{
	struct memmgr_deferred *deferred = &arena->deferred;
	/* pairs with the release in memmgr_stock_make() */
	struct memmgr_stock __percpu *stock = smp_load_acquire(&deferred->stock);
	bool full = true;
	int cpu;

	if (!stock)
		return;
	if (!memmgr_blocks_any_free(&arena->blocks))
		memmgr_add_segment(arena);
	for_each_possible_cpu(cpu) {
		full &= fill(arena, &per_cpu_ptr(stock, cpu)->slots, MEMMGR_SHELF,
			     memmgr_take_slot);
		full &= fill(arena, &per_cpu_ptr(stock, cpu)->ready,
			     READ_ONCE(deferred->ready_count), make_ready);
	}
	WRITE_ONCE(deferred->hungry, !full);
}

/* Have all shelves full now. */
static int fill_now(struct memmgr_arena *arena)
{
	queue_work(system_unbound_wq, &arena->deferred.work);
	flush_work(&arena->deferred.work);
	return READ_ONCE(arena->deferred.hungry) ? -ENOMEM : 0;
}

/**
 * memmgr_stock_make - have shelves, with slots on them
 * @arena: whose; from now on they are filled and refilled
 *
 * Return: 0 or -ENOMEM.
 */
int memmgr_stock_make(struct memmgr_arena *arena)
{
	struct memmgr_stock __percpu *stock;

	if (arena->deferred.stock)
		return 0; /* then it is, or was, full once */
	stock = alloc_percpu_gfp(struct memmgr_stock, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!stock)
		return -ENOMEM;
	/* it is all empty before it is found */
	smp_store_release(&arena->deferred.stock, stock);
	return fill_now(arena);
}

/**
 * memmgr_stock_ready - have ready blocks on the shelves
 * @arena: whose; it has shelves, and nobody else uses it yet
 * @bytes: size of each
 * @count: how many for each CPU, at most MEMMGR_SHELF
 *
 * Return: 0, or -ENOMEM if not all of them could be made.
 */
int memmgr_stock_ready(struct memmgr_arena *arena, u64 bytes, u32 count)
{
	arena->deferred.ready_len = memmgr_granules(arena, bytes);
	WRITE_ONCE(arena->deferred.ready_count, count);
	return fill_now(arena);
}

/**
 * memmgr_stock_end_ready - give ready blocks back to the arena
 * @arena: whose
 */
void memmgr_stock_end_ready(struct memmgr_arena *arena)
{
	struct memmgr_record *rec;
	struct memmgr_view view;
	bool low;
	int cpu;

	if (!arena->deferred.stock)
		return;
	WRITE_ONCE(arena->deferred.ready_count, 0);
	flush_work(&arena->deferred.work);
	for_each_possible_cpu(cpu) {
		while ((rec = memmgr_shelf_take(&per_cpu_ptr(arena->deferred.stock, cpu)->ready,
						&low))) {
			memmgr_begin(arena->counts);
			memmgr_block_peek(rec, &view);
			memmgr_space_release(arena, &view.run);
			atomic64_sub(view.run.len, &arena->deferred.stocked);
			memmgr_block_abandon(&arena->blocks, rec);
			memmgr_end(arena->counts);
		}
	}
}
