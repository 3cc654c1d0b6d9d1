/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where bench and its workers meet: shared memory that holds one job, its result,
 * and the time that each operation took.
 *
 * Each heap is measured in a process of its own, which is bench once more, with
 * the heap's library preloaded, so that no heap finds memory, caches or page
 * tables as another left them. The worker does what the board says, writes what it
 * found, and ends; whatever ends it otherwise leaves @done false.
 */
#ifndef MEMMGR_BENCH_BOARD_H
#define MEMMGR_BENCH_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sizes.h"

#define BOARD_THREADS_MAX 64

enum job_kind { JOB_SPEED, JOB_INSTRUCTIONS, JOB_THREADS };

/**
 * struct job - what is to be measured
 * @kind: which measurement
 * @heap: name of the heap
 * @sizes: of the blocks
 * @live: blocks at any time, over all threads
 * @warmup: replacements before the measurement
 * @steps: replacements in it
 * @timed: replacements whose calls are timed one by one
 * @samples_at: where in the samples their times go
 * @threads: that work on the one heap
 * @milliseconds: for which they do
 * @size: bytes of arena
 * @share: of the arena that is set aside for an emergency
 * @seed: of the trace
 * @touch: write to each block
 * @valgrind: the instructions are being counted from outside
 */
struct job {
	enum job_kind kind;
	char heap[32];
	struct sizes sizes;
	uint32_t live;
	size_t warmup;
	size_t steps;
	size_t timed;
	size_t samples_at;
	uint32_t threads;
	uint32_t milliseconds;
	uint64_t size;
	double share;
	uint64_t seed;
	bool touch;
	bool valgrind;
};

/**
 * struct result - what was found
 * @done: the worker came to its end
 * @loaded: the heap was there to be measured
 * @failed: allocations that failed
 * @ns: per operation, in the measurement without timers: the median of its parts
 * @ns_best: the fastest part
 * @ticks_per_ns: of the processor's clock
 * @clock_step: smallest difference that the processor's clock shows, in ticks
 * @worst: longest operation of this run, in ticks
 * @instructions: per operation; < 0 if they could not be counted
 * @mops: million operations a second, of all threads together
 * @busy: processors that they had, on the average
 */
struct result {
	bool done;
	bool loaded;
	uint64_t failed;
	double ns;
	double ns_best;
	double ticks_per_ns;
	uint32_t clock_step;
	uint32_t worst;
	double instructions;
	double mops;
	double busy;
};

/**
 * struct board - the memory itself
 * @job: written by bench
 * @result: written by the worker
 * @samples: ticks that each timed operation took, the least of all runs of the
 *	same job: what is the heap's own doing happens each time, interrupts do not
 * @samples_max: how many there is room for
 */
struct board {
	struct job job;
	struct result result;
	size_t samples_max;
	uint32_t samples[];
};

/* Make the board, for @samples timed operations of all heaps together. */
struct board *board_new(size_t samples);

/* The board, in a worker. */
struct board *board_find(void);

/* Forget the times of the jobs before. */
void board_clear_samples(struct board *board);

/*
 * Run the job on the board in a new process, @preload into it, under valgrind if
 * the job says so. True if it was done.
 */
bool board_run(struct board *board, const char *preload);

#endif /* MEMMGR_BENCH_BOARD_H */
