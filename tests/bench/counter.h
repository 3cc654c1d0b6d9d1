/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions executed in this process, outside the kernel: by the processor's
 * counter where the kernel lets us (many virtual machines have none), otherwise
 * by valgrind, which sees each of them and is told when to count.
 */
#ifndef MEMMGR_BENCH_COUNTER_H
#define MEMMGR_BENCH_COUNTER_H

#include <stdint.h>

/* A descriptor, or -1 if this machine does not count. */
int counter_open(void);
void counter_start(int counter);
uint64_t counter_stop(int counter);

/* The same for valgrind, which keeps the sum to itself until the end. */
void counter_valgrind_start(void);
void counter_valgrind_stop(void);

#endif /* MEMMGR_BENCH_COUNTER_H */
