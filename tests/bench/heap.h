/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whatever can be measured, behind two calls: allocate a block, which gives it a
 * name, and free the block of that name.
 *
 *	none	does nothing; what it costs is the measuring itself
 *	glibc	malloc as the process has it
 *	others	the same calls in a process into which the peer was preloaded
 *	table	an arena whose engine does nothing: what block table and lock cost
 *	engines	an arena with this engine; a block's name is its handle
 *
 * Payload is not touched, unless asked for: then each allocation writes to the
 * block's first byte.
 */
#ifndef MEMMGR_BENCH_HEAP_H
#define MEMMGR_BENCH_HEAP_H

#include "arena.h"

#define HEAPS_MAX 32

struct heap;

/**
 * struct heap_kind - a heap that can be measured
 * @name: what it is called
 * @preload: library that replaces malloc, or NULL
 * @engine: divides an arena, or NULL
 */
struct heap_kind {
	const char *name;
	const char *preload;
	const struct memmgr_engine *engine;
};

/* All of them; returns how many. The first is "none", the second "glibc". */
unsigned int heap_kinds(struct heap_kind kinds[HEAPS_MAX]);

/* False if there is none of this name. */
bool heap_kind_find(const char *name, struct heap_kind *kind);

/* Is malloc, in this process, what @kind means by it? */
bool heap_kind_is_loaded(const struct heap_kind *kind);

/**
 * struct heap_config - how large, and for whom
 * @size: bytes of arena; malloc has no such limit
 * @cpus: threads or processors
 * @share: see struct space_config
 * @touch: write to each block
 */
struct heap_config {
	u64 size;
	u32 cpus;
	double share;
	bool touch;
};

/**
 * struct heap - one of them at work
 * @alloc: a block of @size bytes for the caller on @cpu; 0 if there is no room
 * @free: the block called @name, or none if that is 0
 */
struct heap {
	u64 (*alloc)(struct heap *heap, u32 size, u32 cpu);
	void (*free)(struct heap *heap, u64 name);
	struct arena arena;
	char *memory; /* the arena's payload, if it is touched */
	bool touch;
};

bool heap_init(struct heap *heap, const struct heap_kind *kind, const struct heap_config *config);

#endif /* MEMMGR_BENCH_HEAP_H */
