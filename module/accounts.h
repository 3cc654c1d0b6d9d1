/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an arena has done and holds, counted where it happens: each CPU has
 * counters of its own (this_cpu_add(arena->counts->..., n)), so that counting
 * neither waits nor makes others wait, in any context. A figure is the sum over
 * all CPUs; it is exact when nobody is at work, and right for some instant each
 * when others are.
 *
 * Every change of a block is counted when it begins and when it ends, which lets
 * a walk over everything know that it saw the arena standing still: the sum of
 * all ends, taken first, equals the sum of all beginnings, taken second, only if
 * nothing was under way in between; and if the beginnings are still the same when
 * the walk is over, nothing was under way during it.
 */
#ifndef MEMMGR_ACCOUNTS_H
#define MEMMGR_ACCOUNTS_H

#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct memmgr_counts - one CPU's counters, or the sum of all
 * @begun: changes of blocks that were begun
 * @ended: and ended, well or not
 * @allocs: blocks born
 * @frees: blocks dead
 * @reallocs: changes of size
 * @moves: those that moved the block
 * @failures: calls that found no memory
 * @contended: times that the arena's lock was found taken
 * @used: bytes in blocks
 * @requested: bytes in blocks as asked for
 * @orphans: blocks without an owner
 * @orphan_bytes: bytes in them
 */
struct memmgr_counts {
	s64 begun;
	s64 ended;
	s64 allocs;
	s64 frees;
	s64 reallocs;
	s64 moves;
	s64 failures;
	s64 contended;
	s64 used;
	s64 requested;
	s64 orphans;
	s64 orphan_bytes;
};

/* The beginning is visible before any of the change is ... */
static inline void memmgr_begin(struct memmgr_counts __percpu *counts)
{
	this_cpu_inc(counts->begun);
	smp_wmb(); /* pairs with memmgr_stood_still() */
}

/* ... and all of the change before its end. */
static inline void memmgr_end(struct memmgr_counts __percpu *counts)
{
	smp_wmb(); /* pairs with memmgr_stands_still() */
	this_cpu_inc(counts->ended);
}

struct memmgr_counts memmgr_totals(const struct memmgr_counts __percpu *counts);
s64 memmgr_begun(const struct memmgr_counts __percpu *counts);
bool memmgr_stands_still(const struct memmgr_counts __percpu *counts, s64 *begun);
bool memmgr_stood_still(const struct memmgr_counts __percpu *counts, s64 begun);

#endif /* MEMMGR_ACCOUNTS_H */
