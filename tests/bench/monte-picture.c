// SPDX-License-Identifier: GPL-2.0
#include "monte-picture.h"

#define COLUMNS 64
#define ROWS 16
#define MATRIX_COLUMNS 384
#define MATRIX_ROWS 192

/* The part of the arena that one of @count cells shows: at least a granule. */
static struct memmgr_run cell_run(u64 start, u64 len, u64 cell, u64 count)
{
	u64 from = start + cell * len / count;
	u64 end = start + (cell + 1) * len / count;

	return (struct memmgr_run){ from, max(end, from + 1) - from };
}

/* Granules that both have. */
static u64 overlap(const struct memmgr_run *a, const struct memmgr_run *b)
{
	u64 from = max(a->start, b->start);
	u64 end = min(memmgr_run_end(a), memmgr_run_end(b));

	return from < end ? end - from : 0;
}

static double free_part(const struct space *space, const struct memmgr_run *part)
{
	struct memmgr_run hole;
	u64 at = part->start, found = 0;

	while (at < memmgr_run_end(part) && space->engine->next_free(space->meta, at, &hole)) {
		found += overlap(part, &hole);
		at = memmgr_run_end(&hole);
	}
	return (double)found / (double)part->len;
}

void picture_cells(const struct space *space, u64 start, u64 len, double *cells, u64 count)
{
	struct memmgr_run part;
	u64 cell;

	for (cell = 0; cell < count; cell++) {
		part = cell_run(start, len, cell, count);
		cells[cell] = 1 - free_part(space, &part);
	}
}

/* '.' free, '1' to '9' tenths used, '#' full: as in memmgr map. */
static char character_of(double used)
{
	if (used < 0.001)
		return '.';
	if (used > 0.999)
		return '#';
	return (char)('0' + max(1, min(9, (int)(used * 10))));
}

static void print_part(const struct space *space, u64 start, u64 len, FILE *out)
{
	double cells[COLUMNS * ROWS];
	int row, column;

	picture_cells(space, start, len, cells, COLUMNS * ROWS);
	for (row = 0; row < ROWS; row++) {
		fputs("    ", out);
		for (column = 0; column < COLUMNS; column++)
			fputc(character_of(cells[row * COLUMNS + column]), out);
		fputc('\n', out);
	}
}

/* Where a hole in the middle of the arena lies in the middle of what is shown. */
static u64 near_a_hole(const struct space *space, u64 shown)
{
	struct memmgr_run hole;
	u64 start;

	if (!space->engine->next_free(space->meta, space->granules / 2, &hole))
		return 0;
	start = hole.start > shown / 2 ? hole.start - shown / 2 : 0;
	return min(start, space->granules - shown);
}

void picture_print(const struct space *space, FILE *out)
{
	u64 shown = min(space->granules, (u64)COLUMNS * ROWS);
	u64 each = DIV_ROUND_UP(space->granules, (u64)COLUMNS * ROWS);

	fprintf(out,
		"  the arena, %llu granules to a character ('.' free, 1-9 tenths, '#' full):\n",
		(unsigned long long)each);
	print_part(space, 0, space->granules, out);
	if (shown == space->granules)
		return;
	fprintf(out, "  its middle, one granule to a character:\n");
	print_part(space, near_a_hole(space, shown), shown, out);
}

void picture_matrix(const struct space *space, FILE *out)
{
	static double cells[MATRIX_COLUMNS * MATRIX_ROWS];
	int row, column;

	picture_cells(space, 0, space->granules, cells, MATRIX_COLUMNS * MATRIX_ROWS);
	for (row = 0; row < MATRIX_ROWS; row++) {
		for (column = 0; column < MATRIX_COLUMNS; column++)
			fprintf(out, "%.3f ", cells[row * MATRIX_COLUMNS + column]);
		fputc('\n', out);
	}
}
