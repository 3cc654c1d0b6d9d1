/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bench was asked to measure.
 */
#ifndef MEMMGR_BENCH_PLAN_H
#define MEMMGR_BENCH_PLAN_H

#include "args.h"
#include "board.h"
#include "csv.h"
#include "heap.h"

#define PLAN_REPS_MAX 100

/**
 * struct plan - the whole of it
 * @parts: of the measurements, by name
 * @heaps: the first is "none", the second "glibc", to which others are compared
 * @heap_count: of @heaps
 * @mixes: of sizes
 * @lives: numbers of live blocks
 * @threads: numbers of threads
 * @reps: repetitions, interleaved over the heaps
 * @steps: replacements for each measurement of speed
 * @timed: replacements whose calls are timed one by one
 * @counted: replacements whose instructions are counted
 * @milliseconds: that threads work for
 * @warmup_max: replacements at most before a measurement; otherwise as many as
 *	there are live blocks, or @steps / 5 if these are few
 * @occupancy: bytes asked for / bytes of arena
 * @share: of the arena that is set aside, by the engines that do this
 * @seed: of all traces
 * @touch: write to each block
 */
struct plan {
	struct names parts;
	struct heap_kind heaps[HEAPS_MAX];
	unsigned int heap_count;
	struct names mixes;
	struct numbers lives;
	struct numbers threads;
	unsigned int reps;
	size_t steps;
	size_t timed;
	size_t counted;
	uint32_t milliseconds;
	size_t warmup_max;
	double occupancy;
	double share;
	uint64_t seed;
	bool touch;
};

/* The plan that the command line asks for. Ends the process if it is no plan. */
void plan_parse(struct plan *plan, int argc, char **argv);

/* A job of it, complete but for its heap. */
struct job plan_job(const struct plan *plan, enum job_kind kind, const char *mix, uint32_t live);

/* Put the job for heap number @heap on the board and have it done. */
bool plan_run(const struct plan *plan, struct board *board, const struct job *job,
	      unsigned int heap);

void plan_speed(const struct plan *plan, struct board *board);
void plan_instructions(const struct plan *plan, struct board *board);
void plan_threads(const struct plan *plan, struct board *board);
void plan_metadata(const struct plan *plan);

#endif /* MEMMGR_BENCH_PLAN_H */
