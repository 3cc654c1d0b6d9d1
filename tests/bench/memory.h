/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zeroed memory that comes from the kernel and not from malloc, whose behaviour
 * is what we measure. It is there from the start: nobody pays for its page faults
 * later. Without it there is nothing to measure, so it is given or we end.
 */
#ifndef MEMMGR_BENCH_MEMORY_H
#define MEMMGR_BENCH_MEMORY_H

#include <stddef.h>

void *memory_new(size_t bytes);

/* Address space that gets its pages when it is touched, as malloc's does. */
void *memory_reserve(size_t bytes);

void memory_free(void *memory, size_t bytes);

#endif /* MEMMGR_BENCH_MEMORY_H */
