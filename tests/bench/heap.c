// SPDX-License-Identifier: GPL-2.0
#include "heap.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "memory.h"

#define GRANULE 16U

/* An engine that gives everybody the same place. */
static u64 idle_footprint(const struct memmgr_geometry *geo)
{
	(void)geo;
	return 1;
}

static int idle_init(void *meta, const struct memmgr_geometry *geo)
{
	(void)meta;
	(void)geo;
	return 0;
}

static int idle_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	(void)meta;
	*run = (struct memmgr_run){ 0, claim->len };
	return 0;
}

static int idle_release(void *meta, const struct memmgr_run *run)
{
	(void)meta;
	(void)run;
	return 0;
}

static const struct memmgr_engine idle = {
	.name = "table",
	.footprint = idle_footprint,
	.init = idle_init,
	.claim = idle_claim,
	.release = idle_release,
};

static const struct heap_kind others[] = {
	{ .name = "none" },
	{ .name = "glibc" },
	{ .name = "jemalloc", .preload = "libjemalloc.so.2" },
	{ .name = "mimalloc", .preload = "libmimalloc.so.2" },
	{ .name = "table", .engine = &idle },
};

unsigned int heap_kinds(struct heap_kind kinds[HEAPS_MAX])
{
	const struct memmgr_engine *engine;
	unsigned int i, count = 0;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		kinds[count++] = others[i];
	for (i = 0; (engine = memmgr_engine_at(i)) && count < HEAPS_MAX; i++)
		kinds[count++] = (struct heap_kind){ .name = engine->name, .engine = engine };
	return count;
}

bool heap_kind_find(const char *name, struct heap_kind *kind)
{
	struct heap_kind kinds[HEAPS_MAX];
	unsigned int i, count = heap_kinds(kinds);

	for (i = 0; i < count; i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		*kind = kinds[i];
		return true;
	}
	return false;
}

bool heap_kind_is_loaded(const struct heap_kind *kind)
{
	Dl_info info;

	if (!kind->preload)
		return true;
	return dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info) &&
	       strstr(info.dli_fname, kind->preload);
}

static u64 none_alloc(struct heap *heap, u32 size, u32 cpu)
{
	(void)heap;
	(void)cpu;
	return size;
}

static void none_free(struct heap *heap, u64 name)
{
	(void)heap;
	(void)name;
}

static u64 malloc_alloc(struct heap *heap, u32 size, u32 cpu)
{
	volatile char *block = malloc(size);

	(void)cpu;
	if (heap->touch && block)
		*block = 1;
	return (uintptr_t)block;
}

static void malloc_free(struct heap *heap, u64 name)
{
	(void)heap;
	free((void *)(uintptr_t)name);
}

static u64 engine_alloc(struct heap *heap, u32 size, u32 cpu)
{
	struct memmgr_run run;
	struct memmgr_handle handle = arena_alloc(&heap->arena, size, 1, cpu, &run);

	if (unlikely(heap->touch) && handle.raw)
		*(volatile char *)&heap->memory[run.start * GRANULE] = 1;
	return handle.raw;
}

static void engine_free(struct heap *heap, u64 name)
{
	if (name)
		arena_free(&heap->arena, (struct memmgr_handle){ name });
}

static bool init_engine(struct heap *heap, const struct memmgr_engine *engine,
			const struct heap_config *config)
{
	struct space_config arena = {
		.engine = engine,
		.size = config->size,
		.granule = GRANULE,
		.cpus = config->cpus,
		.share = config->share,
	};

	heap->alloc = engine_alloc;
	heap->free = engine_free;
	if (heap->touch)
		heap->memory = memory_reserve(config->size);
	return arena_init(&heap->arena, &arena);
}

bool heap_init(struct heap *heap, const struct heap_kind *kind, const struct heap_config *config)
{
	bool none = !strcmp(kind->name, "none");

	*heap = (struct heap){ .touch = config->touch };
	if (kind->engine)
		return init_engine(heap, kind->engine, config);
	heap->alloc = none ? none_alloc : malloc_alloc;
	heap->free = none ? none_free : malloc_free;
	return true;
}
