// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps: how kernel code gets at an arena, and how it leaves it.
 *
 * A heap is an owner, as an open file is, so that its blocks are accounted,
 * shown and inherited by the same rules. The arena lives as long as any owner:
 * destroying the heap that made it while a process has it mapped takes the heap's
 * blocks, not the process's memory.
 *
 * A module that uses a heap uses this module's symbols, and so keeps it loaded.
 * One that went without destroying its heaps is reported when this module goes,
 * and its heaps are destroyed then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "file.h"
#include "heap.h"
#include "params.h"

static LIST_HEAD(heaps); /* under heaps_mutex */
static DEFINE_MUTEX(heaps_mutex);

static struct memmgr_heap *new_heap(struct memmgr_owner *owner, u32 flags)
{
	struct memmgr_heap *heap;
	int ret;

	if (IS_ERR(owner))
		return ERR_CAST(owner);
	heap = kzalloc(sizeof(*heap), GFP_KERNEL_ACCOUNT);
	if (!heap) {
		memmgr_owner_close(owner);
		return ERR_PTR(-ENOMEM);
	}
	heap->owner = owner;
	owner->kernel = true;
	heap->flags = flags;
	xa_init(&heap->stacks);
	mutex_lock(&heaps_mutex);
	ret = memmgr_stock_make(owner->arena);
	list_add(&heap->all, &heaps);
	mutex_unlock(&heaps_mutex);
	if (!ret)
		return heap;
	memmgr_heap_destroy(heap);
	return ERR_PTR(ret);
}

static int check_config(const struct memmgr_heap_config *config,
			struct memmgr_arena_config *arena)
{
	u32 known = MEMMGR_HEAP_VISIBLE | MEMMGR_HEAP_MAPPABLE | MEMMGR_HEAP_POINTERS |
		    MEMMGR_HEAP_STACKS;

	*arena = (struct memmgr_arena_config){
		.size = config->size,
		.granule = config->granule ?: MEMMGR_GRANULE_DEFAULT,
		.reserve = config->reserve,
		.reserved = config->reserve,
		.name = config->name ?: "",
		.hidden = !(config->flags & MEMMGR_HEAP_VISIBLE),
		.pointers = config->flags & MEMMGR_HEAP_POINTERS,
		.engine = config->engine ? memmgr_engine_find(config->engine) :
					   memmgr_params_engine(),
	};
	if (config->flags & ~known || !arena->size || !memmgr_granule_exists(arena->granule))
		return -EINVAL;
	if (!arena->engine)
		return -ENOENT;
	if (arena->reserve && (arena->reserve >= arena->size ||
			       !(arena->engine->flags & MEMMGR_ENGINE_RESERVE)))
		return -EINVAL;
	if (config->ready_count > MEMMGR_SHELF || config->ready_size > arena->size ||
	    !config->ready_count != !config->ready_size)
		return -EINVAL;
	return 0;
}

/**
 * memmgr_heap_create - make an arena for kernel code
 * @config: what it shall be
 *
 * The memory is zero, and charged to the memory cgroup of the calling process.
 *
 * Return: a heap on the new arena, to be destroyed; or ERR_PTR: -EINVAL, -ENOENT
 * (engine), -EDQUOT (the module's limits), -ENOMEM. Context: process, may sleep.
 */
struct memmgr_heap *memmgr_heap_create(const struct memmgr_heap_config *config)
{
	struct memmgr_arena_config arena_config;
	struct memmgr_arena *arena;
	struct memmgr_heap *heap;
	int ret;

	might_sleep();
	ret = check_config(config, &arena_config);
	if (ret)
		return ERR_PTR(ret);
	arena = memmgr_arena_create(&arena_config);
	if (IS_ERR(arena))
		return ERR_CAST(arena);
	heap = new_heap(memmgr_owner_open(arena, MEMMGR_RIGHT_READ | MEMMGR_RIGHT_WRITE),
			config->flags);
	memmgr_arena_put(arena);
	if (IS_ERR(heap))
		return heap;
	heap->made = true;
	ret = memmgr_stock_ready(arena, config->ready_size, config->ready_count);
	if (!ret)
		return heap;
	memmgr_heap_destroy(heap);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(memmgr_heap_create);

/**
 * memmgr_heap_attach - let kernel code share an arena of the calling process
 * @fd: a descriptor of an arena
 *
 * The heap outlives the descriptor, and keeps the arena. From a descriptor that is
 * read-only comes a heap that may only look.
 *
 * Return: a heap, to be destroyed; or ERR_PTR: -EBADF, -EINVAL if @fd is something
 * else, -ENOMEM. Context: process, may sleep.
 */
struct memmgr_heap *memmgr_heap_attach(int fd)
{
	might_sleep();
	return new_heap(memmgr_file_attach(fd), MEMMGR_HEAP_MAPPABLE);
}
EXPORT_SYMBOL_GPL(memmgr_heap_attach);

/**
 * memmgr_heap_destroy - give up a heap
 * @heap: no call on it is under way; NULL or ERR_PTR is fine
 *
 * Blocks that were never freed are reported in the log by tag, then freed, or kept
 * if that is their policy and others use the arena. Those of others stay. The arena
 * ends with its last user.
 *
 * Context: process, may sleep.
 */
void memmgr_heap_destroy(struct memmgr_heap *heap)
{
	might_sleep();
	if (IS_ERR_OR_NULL(heap))
		return;
	mutex_lock(&heaps_mutex);
	list_del(&heap->all);
	mutex_unlock(&heaps_mutex);
	memmgr_leaks_report(heap);
	memmgr_stacks_free(heap);
	if (heap->made)
		memmgr_stock_end_ready(heap->owner->arena);
	memmgr_owner_close(heap->owner);
	kfree(heap);
}
EXPORT_SYMBOL_GPL(memmgr_heap_destroy);

/**
 * memmgr_heap_fd - hand a heap's arena to the calling process
 * @heap: whose arena
 * @flags: MEMMGR_ATTACH_READONLY or 0
 *
 * The descriptor is an owner of its own. It is close-on-exec, and can be mapped and
 * used in all ways that <linux/memmgr.h> has. As nothing takes it back, getting it
 * is the last thing that can fail of what a driver does for its caller.
 *
 * Return: the descriptor; -EINVAL; -EPERM if the heap is not MEMMGR_HEAP_MAPPABLE;
 * -EMFILE, -ENFILE, -ENOMEM. Context: process, may sleep.
 */
int memmgr_heap_fd(struct memmgr_heap *heap, u32 flags)
{
	u32 rights = heap->owner->rights;
	struct memmgr_new_file new;
	int ret;

	might_sleep();
	if (flags & ~(u32)MEMMGR_ATTACH_READONLY)
		return -EINVAL;
	if (!(heap->flags & MEMMGR_HEAP_MAPPABLE))
		return -EPERM;
	if (flags & MEMMGR_ATTACH_READONLY)
		rights &= ~MEMMGR_RIGHT_WRITE;
	ret = memmgr_file_prepare(heap->owner->arena, rights, &new);
	if (ret)
		return ret;
	memmgr_file_install(&new);
	return new.fd;
}
EXPORT_SYMBOL_GPL(memmgr_heap_fd);

static struct memmgr_heap *any_heap(void)
{
	struct memmgr_heap *heap;

	mutex_lock(&heaps_mutex);
	heap = list_first_entry_or_null(&heaps, struct memmgr_heap, all);
	mutex_unlock(&heaps_mutex);
	return heap;
}

/* Destroy what was forgotten by modules that are gone: nobody else is left. */
void memmgr_heaps_end(void)
{
	struct memmgr_heap *heap;

	while ((heap = any_heap())) {
		pr_warn("heap %s: was never destroyed\n", heap->owner->arena->name);
		memmgr_heap_destroy(heap);
	}
}
