/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bench-kernel was asked to measure.
 */
#ifndef MEMMGR_BENCH_KERNEL_PLAN_H
#define MEMMGR_BENCH_KERNEL_PLAN_H

#include "args.h"

/**
 * struct plan - the whole of it
 * @mixes: of sizes
 * @lives: numbers of live blocks
 * @reps: repetitions, of which the fastest counts, call by call
 * @timed: replacements that count; before them, as many as there are live blocks
 *	do not
 * @reach: live blocks times @timed at most, for contenders that search from the
 *	start
 * @seed: of all traces
 * @instruction: ticks of the clock for each instruction, then figures are
 *	instructions; or 0, then they are nanoseconds
 */
struct plan {
	struct names mixes;
	struct numbers lives;
	unsigned int reps;
	uint32_t timed;
	uint64_t reach;
	uint64_t seed;
	double instruction;
};

/* Traces, gone through by every contender in every context. Parts of the results
 * are called by the context; with "-ns" behind it if they are times. */
void compare_contenders(const struct plan *plan);

/* Calls of the device: "calls", and "calls-ns". */
void compare_calls(const struct plan *plan);

#endif /* MEMMGR_BENCH_KERNEL_PLAN_H */
