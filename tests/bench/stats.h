/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A few numbers that stand for many.
 */
#ifndef MEMMGR_BENCH_STATS_H
#define MEMMGR_BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

/* The middle one, or the mean of the two in the middle. Sorts @values. */
double stats_median(double *values, size_t count);

/*
 * The smallest value that at least @part (0..1) of all are not above: the nearest
 * rank, always one of the values. @values is sorted: see stats_sort().
 */
uint32_t stats_percentile(const uint32_t *values, size_t count, double part);

void stats_sort(uint32_t *values, size_t count);

/**
 * struct stats_mean - a mean, and how sure of it one can be
 * @mean: of the values
 * @half: the true mean lies within @mean +- @half with 95 % confidence, if the
 *	values are independent and not too far from normal; 0 for a single value,
 *	of which nothing can be said
 * @min: the smallest
 * @max: the largest
 */
struct stats_mean {
	double mean;
	double half;
	double min;
	double max;
};

struct stats_mean stats_mean(const double *values, size_t count);

#endif /* MEMMGR_BENCH_STATS_H */
