// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static int compare_u32s(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

double stats_median(double *values, size_t count)
{
	if (!count)
		return 0;
	qsort(values, count, sizeof(*values), compare_doubles);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

void stats_sort(uint32_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_u32s);
}

uint32_t stats_percentile(const uint32_t *values, size_t count, double part)
{
	size_t rank = (size_t)ceil(part * (double)count);

	if (!count)
		return 0;
	return values[rank ? rank - 1 : 0];
}

/*
 * Student's t, two-sided 95 %, by degrees of freedom: exact up to ten, then close
 * enough, from 1.96 + 2.4/n + 3/n^2.
 */
static double student(size_t freedom)
{
	static const double t[] = { 0,	   12.706, 4.303, 3.182, 2.776, 2.571,
				    2.447, 2.365,  2.306, 2.262, 2.228 };
	double n = (double)freedom;

	if (freedom < sizeof(t) / sizeof(t[0]))
		return t[freedom];
	return 1.96 + 2.4 / n + 3 / (n * n);
}

struct stats_mean stats_mean(const double *values, size_t count)
{
	struct stats_mean result = { .min = INFINITY, .max = -INFINITY };
	double n = (double)count, squares = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		result.mean += values[i] / n;
		result.min = fmin(result.min, values[i]);
		result.max = fmax(result.max, values[i]);
	}
	for (i = 0; i < count; i++)
		squares += (values[i] - result.mean) * (values[i] - result.mean);
	if (count > 1)
		result.half = student(count - 1) * sqrt(squares / (n - 1) / n);
	return result;
}
