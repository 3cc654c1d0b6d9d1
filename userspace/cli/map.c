/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memmgr map: draw the arena in characters.
 *
 * The arena is cut into as many equal cells as the picture has characters (the
 * last may be smaller). A cell shows how much of it is in blocks, and its colour
 * who owns most of what is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "blocks.h"
#include "common.h"
#include "numbers.h"
#include "report.h"

static const char doc[] =
	"Draw the arena, lowest address first: each character is an equal share of it.\v"
	"  .  free          -  less than half in use\n"
	"  #  all in use    +  half or more in use\n\n"
	"In colour, each owner has one of six colours, and what has no owner any more is red.";

enum {
	KEY_ROWS = 'r',
	KEY_WIDTH = 'w',
};

#define DEFAULT_WIDTH 80
#define DEFAULT_ROWS 16
#define MAX_CELLS 4096

static const struct argp_option options[] = {
	{ "width", KEY_WIDTH, "N", 0, "Characters in a row (as wide as the terminal)", 0 },
	{ "rows", KEY_ROWS, "N", 0, "Rows (16)", 0 },
	{},
};

struct arguments {
	struct context *context;
	uint64_t width;
	uint64_t rows;
};

/**
 * struct cell - a share of the arena
 * @size: bytes of it
 * @used: bytes in blocks
 * @owner: who has the largest part of a block in here; 0: nobody
 * @owner_bytes: how large that part is
 */
struct cell {
	uint64_t size;
	uint64_t used;
	uint32_t owner;
	uint64_t owner_bytes;
};

struct picture {
	struct cell *cells;
	uint64_t count;
	uint64_t share;
	uint64_t size;
};

static uint64_t parse_cells(struct argp_state *state, const char *text)
{
	uint64_t n;

	if (parse_number(text, MAX_CELLS, &n) || !n)
		argp_error(state, "'%s' is not a number from 1 to %d", text, MAX_CELLS);
	return n;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, args->context);
	case KEY_WIDTH:
		args->width = parse_cells(state, arg);
		return 0;
	case KEY_ROWS:
		args->rows = parse_cells(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static uint64_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return DEFAULT_WIDTH;
	return size.ws_col;
}

static bool want_color(enum color_mode mode)
{
	const char *no_color = getenv("NO_COLOR");

	if (mode != COLOR_AUTO)
		return mode == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

/* Cut @size bytes into at most @cells shares, whole granules each. */
static int picture_init(struct picture *picture, uint64_t size, uint64_t granule, uint64_t cells)
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

static void cell_add(struct cell *cell, const struct memmgr_block *block, uint64_t bytes)
{
	cell->used += bytes;
	if (bytes <= cell->owner_bytes)
		return;
	cell->owner = block->owner;
	cell->owner_bytes = bytes;
}

/* Blocks that moved during the walk may overlap: a cell holds no more than it can. */
static void picture_add(struct picture *picture, const struct memmgr_block *block)
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

static void print_picture(const struct picture *picture, uint64_t width, bool color)
{
	char share[NUMBER_LEN], size[NUMBER_LEN];
	uint64_t at;

	for (at = 0; at < picture->count; at += width)
		print_row(&picture->cells[at],
			  picture->count - at < width ? picture->count - at : width, color);
	printf("%s; each character is %s: . free, - less than half, + half or more, # all in use\n",
	       format_bytes(size, picture->size), format_bytes(share, picture->share));
}

static void print_picture_json(const struct picture *picture)
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

static int draw(const struct arguments *args, const struct blocks *blocks,
		const struct memmgr_info *info)
{
	uint64_t width = args->width ? args->width : terminal_width();
	struct picture picture;
	size_t i;

	if (picture_init(&picture, info->out_arena_size, info->out_granule, width * args->rows))
		return failed("cannot draw");
	for (i = 0; i < blocks->count; i++)
		picture_add(&picture, &blocks->at[i]);
	if (args->context->json)
		print_picture_json(&picture);
	else
		print_picture(&picture, width, want_color(args->context->color));
	free(picture.cells);
	return EXIT_OK;
}

int cmd_map(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = doc,
		.children = context_children,
	};
	const struct memmgr_filter everything = { .states = MEMMGR_STATE_ALL };
	struct arguments args = { .context = context, .rows = DEFAULT_ROWS };
	struct memmgr_info info;
	struct blocks blocks;
	struct memmgr *m;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	m = open_arena(context, MEMMGR_READONLY);
	if (memmgr_info(m, &info) || blocks_collect(&blocks, m, &everything))
		return failed("cannot look at the arena");
	ret = draw(&args, &blocks, &info);
	blocks_free(&blocks);
	memmgr_close(m);
	return ret;
}
