/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Running a function once in a context of choice.
 */
#ifndef MEMMGR_TEST_CONTEXTS_H
#define MEMMGR_TEST_CONTEXTS_H

#include <linux/types.h>

enum context {
	IN_PROCESS,
	IN_LOCK, /* a raw spinlock, interrupts off */
	IN_SOFTIRQ, /* a tasklet */
	IN_HARDIRQ, /* an hrtimer */
	IN_IRQ_WORK,
	IN_NMI, /* sent to oneself */
	CONTEXTS,
};

extern const char * const context_names[CONTEXTS];

int contexts_init(void);
void contexts_exit(void);

/*
 * Run @fn(@arg) in @context on this CPU and wait for its end: what it returned;
 * -ESRCH if it ran somewhere else, -ETIME if not within ten seconds.
 */
int run_in(enum context context, int (*fn)(void *arg), void *arg);

#endif /* MEMMGR_TEST_CONTEXTS_H */
