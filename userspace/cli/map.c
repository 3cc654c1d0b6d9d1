/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr map: draw the arena. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "blocks.h"
#include "common.h"
#include "numbers.h"
#include "picture.h"

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
		picture_print_json(&picture);
	else
		picture_print(&picture, width, want_color(args->context->color));
	picture_free(&picture);
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
