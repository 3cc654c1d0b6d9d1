// SPDX-License-Identifier: GPL-2.0
/*
 * memmgr's heaps, a contender for each engine. A block's name is its handle, and all
 * that a heap does for its clients is done: tag, owner, generation, accounts.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/memmgr_kernel.h>

#include "contender.h"

#define TAG 0xbe4c
#define NAP 20 /* milliseconds */
#define NAPS 100

static void *heap_create(const struct contender *contender, const struct memmgr_bench_run *run)
{
	struct memmgr_heap_config config = {
		.name = "memmgr_bench",
		.engine = contender->name,
		.size = run->arena_size,
	};

	return memmgr_heap_create(&config);
}

static u64 heap_alloc(void *heap, u32 size)
{
	struct memmgr_wish wish = { .size = size, .tag = TAG };
	struct memmgr_place place;

	return memmgr_heap_alloc(heap, &wish, 0, &place) ? 0 : place.handle;
}

static u64 heap_alloc_atomic(void *heap, u32 size)
{
	struct memmgr_wish wish = { .size = size, .tag = TAG };
	struct memmgr_place place;

	return memmgr_heap_alloc_atomic(heap, &wish, &place) ? 0 : place.handle;
}

static void heap_free(void *heap, u64 name, u32 size)
{
	memmgr_heap_free(heap, name);
}

static void heap_free_atomic(void *heap, u64 name, u32 size)
{
	memmgr_heap_free_atomic(heap, name);
}

/* Blocks that were freed in an interrupt come back a little later. */
static bool is_empty(struct memmgr_heap *heap)
{
	struct memmgr_stat stat;
	int i;

	for (i = 0; i < NAPS; i++) {
		memmgr_heap_stat(heap, &stat);
		if (!stat.out_blocks)
			return stat.out_allocs == stat.out_frees;
		msleep(NAP);
	}
	return false;
}

static int heap_destroy(void *heap)
{
	int ret = is_empty(heap) ? 0 : -EPROTO;

	memmgr_heap_destroy(heap);
	return ret;
}

#define CONTENDER(_name)                             \
	{                                            \
		.name = _name,                       \
		.create = heap_create,               \
		.alloc = heap_alloc,                 \
		.free = heap_free,                   \
		.alloc_atomic = heap_alloc_atomic,   \
		.free_atomic = heap_free_atomic,     \
		.destroy = heap_destroy,             \
	}

const struct contender heap_contenders[] = {
	CONTENDER("chunk"),
	CONTENDER("first_fit"),
	CONTENDER("best_fit"),
	CONTENDER("buddy"),
	CONTENDER("ebuddy"),
	{ }
};
