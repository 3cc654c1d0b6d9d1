// SPDX-License-Identifier: GPL-2.0
/*
 * The graphics drivers' buddy system. It counts in pages at least, so what is a
 * granule for others is a page for it. Locking is its user's; a mutex, as its callers
 * take, for it allocates memory and cannot be used in interrupts.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <drm/drm_buddy.h>

#include "contender.h"

#define GRANULE 16U

struct buddies {
	struct drm_buddy buddy;
	struct mutex lock; /* of buddy */
};

/* The list of a block's parts, for a size is made of powers of two; 0 is no name. */
static u64 buddy_alloc(void *heap, u32 size)
{
	struct buddies *buddies = heap;
	struct list_head *parts = kmalloc(sizeof(*parts), GFP_KERNEL);
	int ret;

	if (!parts)
		return 0;
	INIT_LIST_HEAD(parts);
	mutex_lock(&buddies->lock);
	ret = drm_buddy_alloc_blocks(&buddies->buddy, 0, buddies->buddy.size,
				     (u64)DIV_ROUND_UP(size, GRANULE) * PAGE_SIZE, PAGE_SIZE,
				     parts, 0);
	mutex_unlock(&buddies->lock);
	if (!ret)
		return (uintptr_t)parts;
	kfree(parts);
	return 0;
}

static void buddy_free(void *heap, u64 name, u32 size)
{
	struct list_head *parts = (void *)(uintptr_t)name;
	struct buddies *buddies = heap;

	mutex_lock(&buddies->lock);
	drm_buddy_free_list(&buddies->buddy, parts);
	mutex_unlock(&buddies->lock);
	kfree(parts);
}

static void *buddy_create(const struct contender *contender, const struct memmgr_bench_run *run)
{
	struct buddies *buddies = kzalloc(sizeof(*buddies), GFP_KERNEL);
	int ret;

	if (!buddies)
		return ERR_PTR(-ENOMEM);
	mutex_init(&buddies->lock);
	ret = drm_buddy_init(&buddies->buddy, run->arena_size / GRANULE * PAGE_SIZE, PAGE_SIZE);
	if (!ret)
		return buddies;
	kfree(buddies);
	return ERR_PTR(ret);
}

static int buddy_destroy(void *heap)
{
	struct buddies *buddies = heap;

	if (buddies->buddy.avail != buddies->buddy.size)
		return -EPROTO;
	drm_buddy_fini(&buddies->buddy);
	kfree(buddies);
	return 0;
}

const struct contender drm_buddy_contenders[] = {
	{
		.name = "drm_buddy",
		.create = buddy_create,
		.alloc = buddy_alloc,
		.free = buddy_free,
		.destroy = buddy_destroy,
	},
	{ }
};
