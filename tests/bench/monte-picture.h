/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an arena looks like: cells of equal length, each shown by how much of it is
 * used. The engine is asked for its free runs; all the rest is used.
 */
#ifndef MEMMGR_BENCH_MONTE_PICTURE_H
#define MEMMGR_BENCH_MONTE_PICTURE_H

#include <stdio.h>

#include "space.h"

/*
 * The used part, 0..1, of each of @count cells that divide the @len granules from
 * @start on, as evenly as it goes.
 */
void picture_cells(const struct space *space, u64 start, u64 len, double *cells, u64 count);

/* In characters: the whole arena; some of it so near that single granules show. */
void picture_print(const struct space *space, FILE *out);

/* As a matrix of numbers, a line of it a line of text, for gnuplot. */
void picture_matrix(const struct space *space, FILE *out);

#endif /* MEMMGR_BENCH_MONTE_PICTURE_H */
