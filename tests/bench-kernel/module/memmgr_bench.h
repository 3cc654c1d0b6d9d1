/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is said between memmgr_bench.ko, in /dev/memmgr_bench, and the program that
 * measures with it. All that is drawn and summed up is the program's business; the
 * module goes through a trace with one of the contenders and says what each call took.
 */
#ifndef MEMMGR_BENCH_H
#define MEMMGR_BENCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MEMMGR_BENCH_NAME_LEN 24

/* A sample of what did not take place. */
#define MEMMGR_BENCH_NONE (~0U)

/**
 * struct memmgr_bench_contender - who takes part
 * @index: from 0; ENOENT past the last one
 * @out_linear: 1 if it searches from the start, so that its time grows with the number
 *	of blocks, and long traces are out of question
 * @out_name: NUL-terminated
 */
struct memmgr_bench_contender {
	__u32 index;
	__u32 out_linear;
	char out_name[MEMMGR_BENCH_NAME_LEN];
};

/**
 * enum memmgr_bench_context - where the steps are done
 * @MEMMGR_BENCH_PROCESS: by the caller, with what may sleep
 * @MEMMGR_BENCH_HARDIRQ: in a timer's interrupt, a few at a time, with what may not
 */
enum memmgr_bench_context {
	MEMMGR_BENCH_PROCESS,
	MEMMGR_BENCH_HARDIRQ,
	MEMMGR_BENCH_CONTEXTS
};

/**
 * struct memmgr_bench_step - free the block in a slot, allocate another there
 * @slot: which
 * @size: of the new one, bytes
 */
struct memmgr_bench_step {
	__u32 slot;
	__u32 size;
};

/**
 * struct memmgr_bench_sample - what a step took, in ticks of the CPU's clock
 * @free: or MEMMGR_BENCH_NONE if there was nothing to free
 * @alloc: or MEMMGR_BENCH_NONE if it got nothing
 */
struct memmgr_bench_sample {
	__u32 free;
	__u32 alloc;
};

/**
 * struct memmgr_bench_run - go through a trace
 * @contender: index
 * @context: enum memmgr_bench_context
 * @live: number of slots; they are filled first, in process context
 * @warmup: steps after that, in process context as well
 * @count: of steps after that, which are timed
 * @fixed_size: if all blocks have the same size, that; otherwise 0
 * @arena_size: for those that need to know, bytes
 * @steps: address of @live + @warmup + @count steps, those that fill first
 * @samples: address of @count samples
 * @out_tick_khz: frequency of the clock
 * @out_refused: allocations that got nothing
 *
 * Errors: EINVAL, EOPNOTSUPP (not this contender there, or not with such sizes),
 * ENOMEM, ENOSPC (it has no room for that many), EPROTO (it does not add up: what
 * was freed is not what was allocated).
 */
struct memmgr_bench_run {
	__u32 contender;
	__u32 context;
	__u32 live;
	__u32 warmup;
	__u32 count;
	__u32 fixed_size;
	__u64 arena_size;
	__u64 steps;
	__u64 samples;
	__u32 out_tick_khz;
	__u32 out_refused;
};

#define MEMMGR_BENCH_IOC_CONTENDER _IOWR('b', 0, struct memmgr_bench_contender)
#define MEMMGR_BENCH_IOC_RUN _IOWR('b', 1, struct memmgr_bench_run)

#endif /* MEMMGR_BENCH_H */
