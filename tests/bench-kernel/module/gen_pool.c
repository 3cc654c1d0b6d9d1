// SPDX-License-Identifier: GPL-2.0
/*
 * gen_pool over a range of addresses as large as a heap's arena, with granules of
 * the same size. Nobody touches what is there, so there need not be anything.
 *
 * It searches one bit after the other from the start, so that filling it and
 * replacing every block would take hours where blocks are many. But where it would
 * find room is known sooner: memmgr's engines first_fit and best_fit choose the same
 * place as gen_pool's searches of these names. So until time is taken, a heap with
 * that engine, the guide, gets every block as well, and gen_pool is told where it is.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/genalloc.h>
#include <linux/memmgr_kernel.h>
#include <linux/numa.h>
#include <linux/slab.h>

#include "contender.h"

#define GRANULE_SHIFT 4
#define BASE 0x10000UL /* 0 is no name */

struct pool {
	struct gen_pool *pool;
	genpool_algo_t search;
	struct memmgr_heap *guide;
	u64 guided; /* offset where the guide is */
};

/* A search, in gen_pool's sense, that finds what the guide has found. */
static unsigned long follow(unsigned long *map, unsigned long bits, unsigned long start,
			    unsigned int wanted, void *data, struct gen_pool *unused,
			    unsigned long address)
{
	struct pool *pool = data;
	unsigned long at = pool->guided >> GRANULE_SHIFT;

	return find_next_bit(map, at + wanted, at) == at + wanted ? at : bits;
}

static struct memmgr_heap *guide_create(const char *engine, const struct memmgr_bench_run *run)
{
	struct memmgr_heap_config config = {
		.name = "guide",
		.engine = engine,
		.size = run->arena_size,
		.granule = 1 << GRANULE_SHIFT,
		.flags = MEMMGR_HEAP_POINTERS,
	};

	return memmgr_heap_create(&config);
}

static void guide_end(struct pool *pool)
{
	struct memmgr_match all = { };
	u64 bytes;

	if (!pool->guide)
		return;
	memmgr_heap_sweep(pool->guide, &all, &bytes);
	memmgr_heap_destroy(pool->guide);
	pool->guide = NULL;
}

static void *create(const struct memmgr_bench_run *run, genpool_algo_t search, const char *guide)
{
	struct pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!pool)
		return ERR_PTR(ret);
	pool->search = search;
	pool->pool = gen_pool_create(GRANULE_SHIFT, NUMA_NO_NODE);
	if (!pool->pool)
		goto free_struct;
	ret = gen_pool_add(pool->pool, BASE, run->arena_size, NUMA_NO_NODE);
	if (ret)
		goto free_pool;
	pool->guide = guide_create(guide, run);
	ret = PTR_ERR_OR_ZERO(pool->guide);
	if (ret)
		goto free_pool;
	gen_pool_set_algo(pool->pool, follow, pool);
	return pool;

free_pool:
	gen_pool_destroy(pool->pool);
free_struct:
	kfree(pool);
	return ERR_PTR(ret);
}

static void *create_first(const struct contender *contender, const struct memmgr_bench_run *run)
{
	return create(run, gen_pool_first_fit, "first_fit");
}

static void *create_best(const struct contender *contender, const struct memmgr_bench_run *run)
{
	return create(run, gen_pool_best_fit, "best_fit");
}

static u64 pool_alloc(void *heap, u32 size)
{
	return gen_pool_alloc(((struct pool *)heap)->pool, size);
}

static void pool_free(void *heap, u64 name, u32 size)
{
	gen_pool_free(((struct pool *)heap)->pool, name, size);
}

static u64 pool_alloc_guided(void *heap, u32 size)
{
	struct memmgr_wish wish = { .size = size };
	struct memmgr_place place;
	struct pool *pool = heap;

	if (memmgr_heap_alloc(pool->guide, &wish, 0, &place))
		return 0;
	pool->guided = place.memory - memmgr_heap_memory(pool->guide, 0);
	return pool_alloc(pool, size);
}

static void pool_free_guided(void *heap, u64 name, u32 size)
{
	struct pool *pool = heap;

	memmgr_heap_free_at(pool->guide, memmgr_heap_memory(pool->guide, name - BASE));
	pool_free(pool, name, size);
}

static void pool_warm(void *heap)
{
	struct pool *pool = heap;

	guide_end(pool);
	gen_pool_set_algo(pool->pool, pool->search, NULL);
}

/* gen_pool stops the machine if a pool is destroyed that has blocks. */
static int pool_destroy(void *heap)
{
	struct pool *pool = heap;

	guide_end(pool);
	if (gen_pool_avail(pool->pool) != gen_pool_size(pool->pool))
		return -EPROTO;
	gen_pool_destroy(pool->pool);
	kfree(pool);
	return 0;
}

#define CONTENDER(_name, _create)                 \
	{                                         \
		.name = _name,                    \
		.linear = true,                   \
		.create = _create,                \
		.alloc_cold = pool_alloc_guided,  \
		.free_cold = pool_free_guided,    \
		.warm = pool_warm,                \
		.alloc = pool_alloc,              \
		.free = pool_free,                \
		.alloc_atomic = pool_alloc,       \
		.free_atomic = pool_free,         \
		.destroy = pool_destroy,          \
	}

const struct contender gen_pool_contenders[] = {
	CONTENDER("gen_pool_first", create_first),
	CONTENDER("gen_pool_best", create_best),
	{ }
};
