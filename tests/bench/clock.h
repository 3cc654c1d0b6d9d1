/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two clocks: the processor's own, which is fine and cheap enough to time one
 * operation, and the kernel's, which knows what a nanosecond is.
 */
#ifndef MEMMGR_BENCH_CLOCK_H
#define MEMMGR_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * The fences keep what is measured between the two readings; they cost some 20 ns,
 * the same each time: see timer_cost().
 */
static inline uint64_t ticks(void)
{
	uint64_t now;

	__builtin_ia32_lfence();
	now = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return now;
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static inline uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#endif /* MEMMGR_BENCH_CLOCK_H */
