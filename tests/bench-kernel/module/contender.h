/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What takes part. Each file of contenders has a few of them in a list.
 */
#ifndef MEMMGR_BENCH_CONTENDER_H
#define MEMMGR_BENCH_CONTENDER_H

#include <linux/types.h>

#include "memmgr_bench.h"

/**
 * struct contender - a way to manage memory
 * @name: of it
 * @linear: it searches from the start
 * @create: an empty heap, or an error; -EOPNOTSUPP if it cannot do such a run
 * @alloc: a block's name, 0 if there is none
 * @free: the block
 * @alloc_cold: the same while it is not timed; NULL if there is no other way
 * @free_cold: the same while it is not timed
 * @warm: from now on it is; may be NULL
 * @alloc_atomic: the same in hardirq; NULL if that cannot be
 * @free_atomic: the same in hardirq
 * @destroy: the heap; -EPROTO if it is not as empty as it was. Then it is left
 *	behind, as some of them stop the machine otherwise
 */
struct contender {
	const char *name;
	bool linear;
	void *(*create)(const struct contender *contender, const struct memmgr_bench_run *run);
	u64 (*alloc)(void *heap, u32 size);
	void (*free)(void *heap, u64 name, u32 size);
	u64 (*alloc_cold)(void *heap, u32 size);
	void (*free_cold)(void *heap, u64 name, u32 size);
	void (*warm)(void *heap);
	u64 (*alloc_atomic)(void *heap, u32 size);
	void (*free_atomic)(void *heap, u64 name, u32 size);
	int (*destroy)(void *heap);
};

/* Each ends with one that has no name. */
extern const struct contender slab_contenders[];
extern const struct contender gen_pool_contenders[];
extern const struct contender drm_buddy_contenders[];
extern const struct contender heap_contenders[];

int replay(const struct contender *contender, struct memmgr_bench_run *run,
	   const struct memmgr_bench_step *steps, struct memmgr_bench_sample *samples);

#endif /* MEMMGR_BENCH_CONTENDER_H */
