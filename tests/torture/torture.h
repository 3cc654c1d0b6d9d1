/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Torture of heaps: what its parts share.
 *
 *	torture.c	parameters, one engine after the other, figures, the verdict
 *	workers.c	getting into each context, again and again
 *	pool.c		what is done there: blocks that anybody makes and frees
 */
#ifndef MEMMGR_TORTURE_H
#define MEMMGR_TORTURE_H

#include <linux/atomic.h>
#include <linux/memmgr_kernel.h>
#include <linux/types.h>

enum context {
	IN_PROCESS,
	IN_SOFTIRQ,
	IN_HARDIRQ,
	IN_IRQ_WORK,
	IN_NMI,
	CONTEXTS,
};

extern const char * const context_names[CONTEXTS];

/**
 * struct figures - what was done in a context, by one worker
 * @allocs: blocks made
 * @frees: blocks freed
 * @reallocs: blocks changed in size
 * @again: allocations that were told to try again
 * @full: allocations that found no memory
 */
struct figures {
	u64 allocs;
	u64 frees;
	u64 reallocs;
	u64 again;
	u64 full;
};

/**
 * struct worker - who does something: a context on a CPU, or a thread
 * @context: which
 * @random: state of its random numbers; nobody else uses it
 * @done: what it has done
 */
struct worker {
	enum context context;
	u64 random;
	struct figures done;
};

/* torture.c */
void torture_fail(const struct worker *worker, const char *what, u64 handle, s64 value);
bool torture_failed(void);

/* pool.c: any context but where said */
int pool_make(struct memmgr_heap *heap, unsigned int items);
void pool_end(void);
void pool_step(struct worker *worker);
void pool_step_process(struct worker *worker);
void pool_drain(struct worker *worker);

/* workers.c; may sleep */
int workers_start(unsigned int threads, unsigned int period_us, bool nmi);
void workers_stop(void);
struct figures workers_figures(enum context context);
const char *workers_stalled(void);

#endif /* MEMMGR_TORTURE_H */
