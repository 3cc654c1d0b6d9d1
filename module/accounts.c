// SPDX-License-Identifier: GPL-2.0
/*
 * Sums over the counters of all CPUs: see accounts.h.
 */
#include <linux/cpumask.h>

#include "accounts.h"

/* All members of struct memmgr_counts are of one type, so it is also an array. */
#define COUNTERS (sizeof(struct memmgr_counts) / sizeof(s64))

static s64 total(const struct memmgr_counts __percpu *counts, size_t index)
{
	const s64 *counter;
	s64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		counter = (const s64 *)per_cpu_ptr(counts, cpu) + index;
		sum += READ_ONCE(*counter);
	}
	return sum;
}

#define total_of(counts, member) total(counts, offsetof(struct memmgr_counts, member) / sizeof(s64))

/**
 * memmgr_totals - all figures
 * @counts: the counters
 *
 * Return: their sums. A figure that is a balance can be off while others work; it
 * is then never reported as less than zero.
 */
struct memmgr_counts memmgr_totals(const struct memmgr_counts __percpu *counts)
{
	struct memmgr_counts totals;
	size_t i;

	for (i = 0; i < COUNTERS; i++)
		((s64 *)&totals)[i] = max_t(s64, total(counts, i), 0);
	return totals;
}

/**
 * memmgr_stands_still - is nothing under way?
 * @counts: the counters
 * @begun: for memmgr_stood_still()
 *
 * Return: true if there was an instant during this call with nothing under way.
 */
bool memmgr_stands_still(const struct memmgr_counts __percpu *counts, s64 *begun)
{
	s64 ended = total_of(counts, ended);

	smp_rmb(); /* pairs with memmgr_end(): the ends first */
	*begun = total_of(counts, begun);
	smp_rmb(); /* what is read from here on was changed before that end */
	return ended == *begun;
}

/**
 * memmgr_begun - what has ever begun
 * @counts: the counters
 *
 * Return: how many changes have begun before all that was read before this call was
 * read.
 */
s64 memmgr_begun(const struct memmgr_counts __percpu *counts)
{
	smp_rmb(); /* pairs with memmgr_begin(): what was read first */
	return total_of(counts, begun);
}

/**
 * memmgr_stood_still - has nothing begun since?
 * @counts: the counters
 * @begun: as memmgr_stands_still() set it
 *
 * Return: true if nothing changed since that was called.
 */
bool memmgr_stood_still(const struct memmgr_counts __percpu *counts, s64 begun)
{
	return memmgr_begun(counts) == begun;
}
