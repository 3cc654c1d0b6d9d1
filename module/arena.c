// SPDX-License-Identifier: GPL-2.0
/*
 * Making and ending arenas.
 *
 * An arena takes its memory in this order and gives it back in reverse: the
 * module's limits, counters, the payload, the engine's metadata, the block table's
 * directory, a map of where blocks start, a number, a folder in debugfs. Segments
 * of the block table follow as blocks do. All of it is charged to the memory cgroup
 * of whoever causes it, zeroed, and asked for in a way that fails rather than kills
 * a bystander.
 *
 * The payload is made of ordinary reference-counted pages, so that a page that
 * somebody still holds (a pipe, a device) outlives the arena.
 *
 * Arenas are found by number, for debugfs and for nothing else: a client reaches
 * an arena only through a file. The number is taken last, and given back first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arena.h"
#include "debugfs.h"
#include "limits.h"
#include "trace.h"

#define MEMMGR_GFP (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

static DEFINE_XARRAY_ALLOC1(arenas); /* under arenas_mutex */
static DEFINE_MUTEX(arenas_mutex);
static u32 last_id; /* under arenas_mutex */

/* Hold all arenas in place. Outermost lock; process context. */
void memmgr_arenas_lock(void)
{
	mutex_lock(&arenas_mutex);
}

void memmgr_arenas_unlock(void)
{
	mutex_unlock(&arenas_mutex);
}

/* The first arena numbered at or after *@id, which becomes its number; or NULL. */
struct memmgr_arena *memmgr_arena_next(unsigned long *id)
{
	lockdep_assert_held(&arenas_mutex);
	return xa_find(&arenas, id, ULONG_MAX, XA_PRESENT);
}

static int publish(struct memmgr_arena *arena)
{
	int ret;

	memmgr_arenas_lock();
	ret = xa_alloc_cyclic(&arenas, &arena->id, arena, xa_limit_31b, &last_id, GFP_KERNEL);
	memmgr_arenas_unlock();
	return min(ret, 0); /* 1 means that the numbers wrapped around */
}

static void unpublish(struct memmgr_arena *arena)
{
	memmgr_arenas_lock();
	xa_erase(&arenas, arena->id);
	memmgr_arenas_unlock();
}

static u64 arena_bytes(const struct memmgr_arena_config *config)
{
	return ALIGN(config->size, max_t(u64, PAGE_SIZE, config->granule));
}

static int make_engine(struct memmgr_arena *arena, const struct memmgr_arena_config *config)
{
	struct memmgr_geometry geo = {
		.granules = arena->granules,
		.cpus = num_possible_cpus(),
		.reserve = memmgr_granules(arena, config->reserve),
		.flags = config->reserved ? MEMMGR_GEOMETRY_RESERVED : 0,
	};
	int ret;

	arena->meta_bytes = arena->engine->footprint(&geo);
	if (!arena->meta_bytes)
		return -EINVAL;
	arena->meta = kvmalloc(arena->meta_bytes, MEMMGR_GFP);
	if (!arena->meta)
		return -ENOMEM;
	ret = arena->engine->init(arena->meta, &geo);
	if (ret)
		kvfree(arena->meta);
	return ret;
}

static int make_table(struct memmgr_arena *arena)
{
	void *directory = kvmalloc(memmgr_blocks_directory_bytes(arena->granules), MEMMGR_GFP);

	if (!directory)
		return -ENOMEM;
	memmgr_blocks_init(&arena->blocks, directory, arena->granules);
	return 0;
}

static int make_starts(struct memmgr_arena *arena, const struct memmgr_arena_config *config)
{
	if (!config->pointers)
		return 0;
	arena->starts = kvmalloc_array(arena->granules, sizeof(*arena->starts), MEMMGR_GFP);
	return arena->starts ? 0 : -ENOMEM;
}

static void free_table(struct memmgr_arena *arena)
{
	void *segment;
	u32 i;

	for (i = 0; (segment = memmgr_blocks_segment(&arena->blocks, i)); i++)
		kvfree(segment);
	kvfree(arena->blocks.segments);
}

static struct memmgr_arena *new_arena(const struct memmgr_arena_config *config)
{
	struct memmgr_arena *arena = kzalloc(sizeof(*arena), GFP_KERNEL_ACCOUNT);

	if (!arena)
		return NULL;
	kref_init(&arena->refs);
	raw_spin_lock_init(&arena->lock);
	spin_lock_init(&arena->grow);
	xa_init_flags(&arena->owners, XA_FLAGS_ALLOC1);
	xa_init_flags(&arena->heirs, XA_FLAGS_ACCOUNT);
	strscpy(arena->name, config->name, sizeof(arena->name));
	arena->engine = config->engine;
	arena->size = arena_bytes(config);
	arena->shift = ilog2(config->granule);
	arena->granules = arena->size >> arena->shift;
	arena->reserved = config->reserved;
	arena->hidden = config->hidden;
	arena->epoch = 1;
	return arena;
}

/**
 * memmgr_arena_create - make an arena
 * @config: what it shall be; valid
 *
 * Return: the arena with one reference, or an ERR_PTR: -EDQUOT if the module's
 * limits forbid it, -EINVAL if it has more granules than the engine can serve,
 * -ENOMEM. Context: process, may sleep.
 */
struct memmgr_arena *memmgr_arena_create(const struct memmgr_arena_config *config)
{
	struct memmgr_arena *arena;
	int ret;

	if (config->size > memmgr_limits_get()->arena_size)
		return ERR_PTR(-EDQUOT);
	arena = new_arena(config);
	if (!arena)
		return ERR_PTR(-ENOMEM);
	ret = memmgr_limits_charge(arena->size);
	if (ret)
		goto free_arena;
	ret = -ENOMEM;
	arena->counts = alloc_percpu_gfp(struct memmgr_counts, GFP_KERNEL_ACCOUNT);
	if (!arena->counts)
		goto uncharge;
	arena->memory = __vmalloc(arena->size, MEMMGR_GFP);
	if (!arena->memory)
		goto free_counts;
	ret = make_engine(arena, config);
	if (ret)
		goto free_memory;
	ret = make_table(arena);
	if (ret)
		goto free_engine;
	ret = make_starts(arena, config);
	if (ret)
		goto free_directory;
	ret = memmgr_deferred_init(arena);
	if (ret)
		goto free_starts;
	ret = publish(arena);
	if (ret)
		goto end_deferred;
	if (!arena->hidden)
		memmgr_debugfs_add(arena);
	trace_memmgr_arena_create(arena);
	return arena;

end_deferred:
	memmgr_deferred_end(arena);
free_starts:
	kvfree(arena->starts);
free_directory:
	free_table(arena);
free_engine:
	kvfree(arena->meta);
free_memory:
	vfree(arena->memory);
free_counts:
	free_percpu(arena->counts);
uncharge:
	memmgr_limits_uncharge(arena->size);
free_arena:
	kfree(arena);
	return ERR_PTR(ret);
}

static void destroy(struct kref *refs)
{
	struct memmgr_arena *arena = container_of(refs, struct memmgr_arena, refs);

	trace_memmgr_arena_destroy(arena);
	memmgr_debugfs_remove(arena);
	unpublish(arena);
	memmgr_deferred_end(arena);
	xa_destroy(&arena->owners);
	xa_destroy(&arena->heirs);
	kvfree(arena->starts);
	free_table(arena);
	kvfree(arena->meta);
	vfree(arena->memory);
	free_percpu(arena->counts);
	memmgr_limits_uncharge(arena->size);
	kfree(arena);
}

void memmgr_arena_get(struct memmgr_arena *arena)
{
	kref_get(&arena->refs);
}

/* Context: process, may sleep: the last reference frees the memory. */
void memmgr_arena_put(struct memmgr_arena *arena)
{
	kref_put(&arena->refs, destroy);
}

/**
 * memmgr_arena_damaged - an invariant of our own does not hold
 * @arena: where
 * @what: which one
 * @granule: at which granule
 *
 * The arena allocates no more; what is allocated stays usable.
 */
void memmgr_arena_damaged(struct memmgr_arena *arena, const char *what, u64 granule)
{
	WRITE_ONCE(arena->broken, true);
	WARN_ONCE(1, "memmgr: arena %u: %s at offset %llu; it allocates no more\n", arena->id,
		  what, memmgr_bytes(arena, granule));
}

/* Bytes of kernel memory that describe the arena's content. */
u64 memmgr_arena_metadata(const struct memmgr_arena *arena)
{
	u64 segments = memmgr_blocks_slots(&arena->blocks) / MEMMGR_SEGMENT_SLOTS;

	return sizeof(*arena) + arena->meta_bytes +
	       (arena->starts ? arena->granules * sizeof(*arena->starts) : 0) +
	       memmgr_deferred_bytes(arena) +
	       memmgr_blocks_directory_bytes(arena->granules) + segments * MEMMGR_SEGMENT_BYTES;
}
