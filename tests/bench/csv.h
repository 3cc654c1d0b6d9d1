/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What measuring programs say.
 */
#ifndef MEMMGR_BENCH_CSV_H
#define MEMMGR_BENCH_CSV_H

#include <stdint.h>

/* One line of the results: a figure, and all that it is about. */
void csv_head(void);
void csv_row(const char *part, const char *heap, const char *mix, uint64_t count,
	     const char *metric, double value);

/* What is being done, for whoever waits: on stderr. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* MEMMGR_BENCH_CSV_H */
