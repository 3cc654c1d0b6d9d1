/* SPDX-License-Identifier: GPL-2.0 */
/* A picture of an arena in characters; see picture.h. */
#include "picture.h"

#include <stdio.h>
#include <stdlib.h>

#include "numbers.h"
#include "report.h"

int picture_init(struct picture *picture, uint64_t size, uint64_t granule, uint64_t cells)
{
	uint64_t share = (size + cells - 1) / cells;
	uint64_t i;

	share = (share + granule - 1) / granule * granule;
	picture->size = size;
	picture->share = share;
	picture->count = (size + share - 1) / share;
	picture->cells = calloc(picture->count, sizeof(*picture->cells));
	if (!picture->cells)
		return -1;
	for (i = 0; i < picture->count; i++)
		picture->cells[i].size = share;
	picture->cells[picture->count - 1].size = size - share * (picture->count - 1);
	return 0;
}

void picture_free(struct picture *picture)
{
	free(picture->cells);
}

static void cell_add(struct cell *cell, const struct memmgr_block *block, uint64_t bytes)
{
	cell->used += bytes;
	if (bytes <= cell->owner_bytes)
		return;
	cell->owner = block->owner;
	cell->owner_bytes = bytes;
}

/* Blocks that moved during the walk may overlap: a cell holds no more than it can. */
void picture_add(struct picture *picture, const struct memmgr_block *block)
{
	uint64_t end = block->offset + block->usable;
	uint64_t at = block->offset;
	uint64_t next;

	for (; at < end && at < picture->size; at = next) {
		struct cell *cell = &picture->cells[at / picture->share];

		next = (at / picture->share + 1) * picture->share;
		cell_add(cell, block, (next < end ? next : end) - at);
		if (cell->used > cell->size)
			cell->used = cell->size;
	}
}

static char cell_character(const struct cell *cell)
{
	if (!cell->used)
		return '.';
	if (cell->used == cell->size)
		return '#';
	return cell->used * 2 < cell->size ? '-' : '+';
}

/* Sequence that selects a cell's colour; the default one if it is free. */
static const char *cell_color(const struct cell *cell)
{
	static const char *const owners[] = { "\033[32m", "\033[34m", "\033[35m",
					      "\033[36m", "\033[33m", "\033[37m" };

	if (!cell->used)
		return "\033[0m";
	if (!cell->owner)
		return "\033[31m";
	return owners[cell->owner % (sizeof(owners) / sizeof(*owners))];
}

static void print_row(const struct cell *cells, uint64_t count, bool color)
{
	const char *now = NULL;
	uint64_t i;

	for (i = 0; i < count; i++) {
		const char *want = cell_color(&cells[i]);

		if (color && want != now)
			fputs(want, stdout);
		now = want;
		putchar(cell_character(&cells[i]));
	}
	puts(color ? "\033[0m" : "");
}

void picture_print(const struct picture *picture, uint64_t width, bool color)
{
	char share[NUMBER_LEN], size[NUMBER_LEN];
	uint64_t at;

	for (at = 0; at < picture->count; at += width)
		print_row(&picture->cells[at],
			  picture->count - at < width ? picture->count - at : width, color);
	printf("%s; each character is %s: . free, - less than half, + half or more, # all in use\n",
	       format_bytes(size, picture->size), format_bytes(share, picture->share));
}

void picture_print_json(const struct picture *picture)
{
	char *text = calloc(picture->count + 1, 1);
	struct report report;
	uint64_t i;

	for (i = 0; text && i < picture->count; i++)
		text[i] = cell_character(&picture->cells[i]);
	report_begin(&report, true);
	report_bytes(&report, "size", picture->size);
	report_bytes(&report, "share", picture->share);
	report_text(&report, "map", text ? text : "");
	report_end(&report);
	free(text);
}
