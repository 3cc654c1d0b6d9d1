/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bench was asked to measure.
 */
#ifndef MEMMGR_BENCH_PLAN_H
#define MEMMGR_BENCH_PLAN_H

#include "board.h"
#include "heap.h"

#define PLAN_LIST_MAX 16
#define PLAN_REPS_MAX 100

/* A list of names, as in "log,fixed,knuth". */
struct names {
	unsigned int count;
	char *at[PLAN_LIST_MAX];
};

/* A list of numbers. */
struct numbers {
	unsigned int count;
	uint32_t at[PLAN_LIST_MAX];
};

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

/* One line of the results: a figure, and all that it is about. */
void csv_head(void);
void csv_row(const char *part, const char *heap, const char *mix, uint64_t count,
	     const char *metric, double value);

/* What is being done, for whoever waits: on stderr. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

void plan_speed(const struct plan *plan, struct board *board);
void plan_instructions(const struct plan *plan, struct board *board);
void plan_threads(const struct plan *plan, struct board *board);
void plan_metadata(const struct plan *plan);

#endif /* MEMMGR_BENCH_PLAN_H */
