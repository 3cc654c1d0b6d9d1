/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr free: free blocks by their handles. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "numbers.h"
#include "report.h"

static const char doc[] =
	"Free the blocks of these handles, whoever owns them.\v"
	"All are tried; exits with 1 if one could not be freed, because it was freed before "
	"or never existed.";

/**
 * struct arguments - what the user said, and what became of it
 * @context: options of every command
 * @handles: the blocks
 * @count: how many
 */
struct arguments {
	struct context *context;
	uint64_t *handles;
	size_t count;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, args->context);
	case ARGP_KEY_ARG:
		if (parse_number(arg, UINT64_MAX, &args->handles[args->count++]))
			argp_error(state, "'%s' is not a handle", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which blocks? 'memmgr ls' shows their handles");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void explain(const char *handle)
{
	const char *why = errno == ENOENT ? "there is no such block" :
			  errno == ESTALE ? "it was freed before" :
					    strerror(errno);

	fprintf(stderr, "memmgr: cannot free %s: %s\n", handle, why);
}

/* Free the blocks; those that could not be are left over, at the front. */
static size_t free_all(struct memmgr *m, uint64_t *handles, size_t count, struct report *report)
{
	char text[NUMBER_LEN];
	size_t left = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		format_handle(text, handles[i]);
		if (memmgr_block_free(m, handles[i])) {
			explain(text);
			handles[left++] = handles[i];
		} else if (report->object) {
			report_word(report, "freed", text);
		}
	}
	return left;
}

static void report_left(struct report *report, const uint64_t *handles, size_t count)
{
	char text[NUMBER_LEN];
	size_t i;

	report_list(report, "failed");
	for (i = 0; i < count; i++)
		report_word(report, "failed", format_handle(text, handles[i]));
}

static int free_and_report(struct memmgr *m, const struct arguments *args)
{
	struct report report;
	size_t left;

	report_begin(&report, args->context->json);
	if (report.object)
		report_list(&report, "freed");
	left = free_all(m, args->handles, args->count, &report);
	if (report.object)
		report_left(&report, args->handles, left);
	report_end(&report);
	return left ? EXIT_FAILED : EXIT_OK;
}

int cmd_free(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse_option,
		.args_doc = "HANDLE...",
		.doc = doc,
		.children = context_children,
	};
	struct arguments args = { .context = context };
	struct memmgr *m;
	int ret;

	args.handles = calloc((size_t)argc, sizeof(*args.handles));
	if (!args.handles)
		return failed("arguments");
	argp_parse(&argp, argc, argv, 0, NULL, &args);

	m = open_arena(context, 0);
	ret = free_and_report(m, &args);
	memmgr_close(m);
	free(args.handles);
	return ret;
}
