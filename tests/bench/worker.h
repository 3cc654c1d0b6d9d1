/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process in which one heap is measured, once.
 */
#ifndef MEMMGR_BENCH_WORKER_H
#define MEMMGR_BENCH_WORKER_H

#include "board.h"
#include "heap.h"
#include "trace.h"

/* Do what the board says. Returns the process's exit status. */
int worker_main(void);

/* speed.c */
void measure_speed(struct heap *heap, struct board *board);
void measure_instructions(struct heap *heap, struct board *board);

/* threads.c */
void measure_threads(struct heap *heap, struct board *board);

/* One user of a heap: a trace, and the blocks that it has. */
struct player {
	struct heap *heap;
	struct trace trace;
	uint64_t *names; /* by slot */
	uint32_t cpu;
	uint64_t failed;
};

/* @live blocks of its own; their sizes and fates follow from @seed. */
struct player player_new(struct heap *heap, const struct job *job, uint32_t live, size_t steps,
			 uint64_t seed);

/* Allocate the first blocks. */
void player_fill(struct player *player);

/* Do @count steps from @first on. */
void player_replay(struct player *player, size_t first, size_t count);

#endif /* MEMMGR_BENCH_WORKER_H */
