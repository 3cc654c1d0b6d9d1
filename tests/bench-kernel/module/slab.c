// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own: kmalloc() and a cache of objects of one size. And none, which
 * does nothing at all: what that takes is the measuring itself.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "contender.h"

static void *no_heap(const struct contender *contender, const struct memmgr_bench_run *run)
{
	return NULL;
}

static int nothing_to_destroy(void *heap)
{
	return 0;
}

static u64 none_alloc(void *heap, u32 size)
{
	return 1;
}

static void none_free(void *heap, u64 name, u32 size)
{
}

static u64 kmalloc_alloc(void *heap, u32 size)
{
	return (uintptr_t)kmalloc(size, GFP_KERNEL);
}

static u64 kmalloc_alloc_atomic(void *heap, u32 size)
{
	return (uintptr_t)kmalloc(size, GFP_ATOMIC | __GFP_NOWARN);
}

static void kmalloc_free(void *heap, u64 name, u32 size)
{
	kfree((void *)(uintptr_t)name);
}

static void *cache_create(const struct contender *contender, const struct memmgr_bench_run *run)
{
	if (!run->fixed_size)
		return ERR_PTR(-EOPNOTSUPP);
	return kmem_cache_create("memmgr_bench", run->fixed_size, 0, 0, NULL) ?: ERR_PTR(-ENOMEM);
}

static u64 cache_alloc(void *cache, u32 size)
{
	return (uintptr_t)kmem_cache_alloc(cache, GFP_KERNEL);
}

static u64 cache_alloc_atomic(void *cache, u32 size)
{
	return (uintptr_t)kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
}

static void cache_free(void *cache, u64 name, u32 size)
{
	kmem_cache_free(cache, (void *)(uintptr_t)name);
}

static int cache_destroy(void *cache)
{
	kmem_cache_destroy(cache);
	return 0;
}

const struct contender slab_contenders[] = {
	{
		.name = "none",
		.create = no_heap,
		.alloc = none_alloc,
		.free = none_free,
		.alloc_atomic = none_alloc,
		.free_atomic = none_free,
		.destroy = nothing_to_destroy,
	},
	{
		.name = "kmalloc",
		.create = no_heap,
		.alloc = kmalloc_alloc,
		.free = kmalloc_free,
		.alloc_atomic = kmalloc_alloc_atomic,
		.free_atomic = kmalloc_free,
		.destroy = nothing_to_destroy,
	},
	{
		.name = "kmem_cache",
		.create = cache_create,
		.alloc = cache_alloc,
		.free = cache_free,
		.alloc_atomic = cache_alloc_atomic,
		.free_atomic = cache_free,
		.destroy = cache_destroy,
	},
	{ }
};
