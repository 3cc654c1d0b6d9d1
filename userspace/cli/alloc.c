/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr alloc: allocate a block for a script. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "numbers.h"
#include "report.h"

static const char doc[] =
	"Allocate a block of SIZE bytes and print its handle.\v"
	"SIZE and BYTES may end in k, M, G or T. The policy says what becomes of the block when "
	"its owner is gone: free it, keep it, or give it to another one. It is 'keep' unless said "
	"otherwise, because this process, the owner, ends at once; with 'free' the block lives on only in an arena "
	"whose descriptor is held by another (see 'memmgr create --help').";

enum {
	KEY_ALIGN = 'a',
	KEY_HEIR = 'h',
	KEY_POLICY = 'p',
	KEY_TAG = 't',
	KEY_ZERO = 'z',
};

static const struct argp_option options[] = {
	{ "align", KEY_ALIGN, "BYTES", 0,
	  "The block's offset is a multiple of BYTES, a power of two", 0 },
	{ "tag", KEY_TAG, "TAG", 0, "Tag of the block, 32 bits (0)", 0 },
	{ "zero", KEY_ZERO, NULL, 0, "Set the memory to zero", 0 },
	{ "policy", KEY_POLICY, "POLICY", 0, "'free', 'keep' or 'give' (keep)", 0 },
	{ "heir", KEY_HEIR, "OWNER", 0, "With 'give': number of the owner that it goes to", 0 },
	{},
};

struct arguments {
	struct context *context;
	struct memmgr_alloc want;
	bool have_size;
};

static void parse_policy(struct argp_state *state, const char *text, struct memmgr_alloc *want)
{
	if (!strcmp(text, "free"))
		want->policy = MEMMGR_POLICY_FREE;
	else if (!strcmp(text, "keep"))
		want->policy = MEMMGR_POLICY_KEEP;
	else if (!strcmp(text, "give"))
		want->policy = MEMMGR_POLICY_GIVE;
	else
		argp_error(state, "the policy is 'free', 'keep' or 'give', not '%s'", text);
}

static uint32_t parse_u32(struct argp_state *state, const char *text, const char *what)
{
	uint64_t value;

	if (parse_number(text, UINT32_MAX, &value))
		argp_error(state, "'%s' is not %s: a number of 32 bits", text, what);
	return (uint32_t)value;
}

static uint64_t parse_bytes(struct argp_state *state, const char *text)
{
	uint64_t bytes;

	if (parse_size(text, &bytes))
		argp_error(state, "'%s' is not a size", text);
	return bytes;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, args->context);
	case KEY_ALIGN:
		args->want.align = parse_bytes(state, arg);
		return 0;
	case KEY_TAG:
		args->want.tag = parse_u32(state, arg, "a tag");
		return 0;
	case KEY_HEIR:
		args->want.heir = parse_u32(state, arg, "an owner's number");
		return 0;
	case KEY_ZERO:
		args->want.flags = MEMMGR_ALLOC_ZERO;
		return 0;
	case KEY_POLICY:
		parse_policy(state, arg, &args->want);
		return 0;
	case ARGP_KEY_ARG:
		if (args->have_size)
			argp_error(state, "unexpected argument '%s'", arg);
		args->want.size = parse_bytes(state, arg);
		args->have_size = true;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "how many bytes?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int explain(const struct memmgr_alloc *want)
{
	char size[NUMBER_LEN], largest[NUMBER_LEN];
	int saved = errno;

	failed("cannot allocate %s", format_bytes(size, want->size));
	if (saved == ENOSPC)
		fprintf(stderr,
			"That much is free, but not in one piece: the largest hole has %s. "
			"See 'memmgr map'.\n",
			format_bytes(largest, want->out_largest));
	else if (saved == ENOMEM)
		fprintf(stderr, "The arena has less than that free: see 'memmgr stat'.\n");
	return EXIT_FAILED;
}

static void print(const struct context *context, const struct memmgr_alloc *got)
{
	char handle[NUMBER_LEN];
	struct report report;

	if (!context->json) {
		puts(format_handle(handle, got->out_handle));
		return;
	}
	report_begin(&report, true);
	report_handle(&report, "handle", got->out_handle);
	report_bytes(&report, "offset", got->out_offset);
	report_bytes(&report, "usable", got->out_usable);
	report_end(&report);
}

int cmd_alloc(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "SIZE",
		.doc = doc,
		.children = context_children,
	};
	struct arguments args = {
		.context = context,
		.want = { .policy = MEMMGR_POLICY_KEEP },
	};
	struct memmgr *m;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	m = open_arena(context, 0);
	ret = memmgr_block_alloc(m, &args.want) ? explain(&args.want) : EXIT_OK;
	if (ret == EXIT_OK)
		print(context, &args.want);
	memmgr_close(m);
	return ret;
}
