/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr free, mark, retag, transfer: act on blocks by their handles. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "filter.h"
#include "numbers.h"
#include "report.h"

#define AFTERWARDS                                                                            \
	"All are tried; exits with 1 if one could not be done, because it was freed before, " \
	"never existed, or its tag is not that of --if-tag. The look at the tag and the act " \
	"are one step."

/**
 * struct deed - what one of these commands does
 * @action: to each block
 * @verb: "cannot VERB ..."
 * @done: what it is called when it is done
 * @value: what the first argument is, if it is not a handle
 * @args_doc: for --help
 * @doc: likewise
 */
struct deed {
	enum memmgr_action action;
	const char *verb;
	const char *done;
	const char *value;
	const char *args_doc;
	const char *doc;
};

enum {
	KEY_IF_TAG = 'i',
};

static const struct argp_option options[] = {
	{ "if-tag", KEY_IF_TAG, "TAG[/MASK]", 0,
	  "Only blocks that have this tag, in the bits of MASK", 0 },
	{},
};

/**
 * struct arguments - what the user said, and what became of it
 * @context: options of every command
 * @deed: what to do
 * @expected: the tag that blocks must have
 * @value: the first argument, if it is not a handle
 * @have_value: it was given
 * @entries: the blocks
 * @count: how many
 */
struct arguments {
	struct context *context;
	const struct deed *deed;
	struct memmgr_filter expected;
	uint32_t value;
	bool have_value;
	struct memmgr_act_entry *entries;
	size_t count;
};

static void parse_value(struct argp_state *state, const char *text, struct arguments *args)
{
	uint64_t value;

	if (parse_number(text, UINT32_MAX, &value))
		argp_error(state, "'%s' is not %s: a number of 32 bits", text, args->deed->value);
	args->value = (uint32_t)value;
	args->have_value = true;
}

static void parse_handle(struct argp_state *state, const char *text, struct arguments *args)
{
	uint64_t handle;

	if (parse_number(text, UINT64_MAX, &handle))
		argp_error(state, "'%s' is not a handle", text);
	args->entries[args->count++].handle = handle;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, args->context);
	case KEY_IF_TAG:
		parse_tag_match(state, arg, &args->expected);
		return 0;
	case ARGP_KEY_ARG:
		if (args->deed->value && !args->have_value)
			parse_value(state, arg, args);
		else
			parse_handle(state, arg, args);
		return 0;
	case ARGP_KEY_END:
		if (!args->count)
			argp_error(state, "which blocks? 'memmgr ls' shows their handles");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *reason(const struct deed *deed, int error)
{
	switch (error) {
	case ENOENT:
		return deed->action == MEMMGR_ACTION_TRANSFER ? "there is no such block or owner" :
								"there is no such block";
	case ESTALE:
		return "it was freed before";
	case ECANCELED:
		return "it has another tag";
	default:
		return strerror(error);
	}
}

static void complete(const struct arguments *args)
{
	size_t i;

	for (i = 0; i < args->count; i++) {
		args->entries[i].action = args->deed->action;
		args->entries[i].value = args->value;
		args->entries[i].tag_value = args->expected.tag_value;
		args->entries[i].tag_mask = args->expected.tag_mask;
		args->entries[i].out_result = -EINPROGRESS;
	}
}

/* Name the blocks that had @success; say why the others did not. */
static void report_blocks(struct report *report, const struct arguments *args, bool success)
{
	const char *list = success ? args->deed->done : "failed";
	char handle[NUMBER_LEN];
	size_t i;

	if (report->object)
		report_list(report, list);
	for (i = 0; i < args->count; i++) {
		int error = -args->entries[i].out_result;

		if (success != !error)
			continue;
		format_handle(handle, args->entries[i].handle);
		if (report->object)
			report_word(report, list, handle);
		if (error)
			fprintf(stderr, "memmgr: cannot %s %s: %s\n", args->deed->verb, handle,
				reason(args->deed, error));
	}
}

/* What failed as a whole has failed for each entry that has no result of its own. */
static void fail_unfinished(const struct arguments *args, int error)
{
	size_t i;

	for (i = 0; i < args->count; i++)
		if (args->entries[i].out_result == -EINPROGRESS)
			args->entries[i].out_result = -error;
}

static int act(struct memmgr *m, const struct arguments *args)
{
	struct report report;
	int ret;

	complete(args);
	ret = memmgr_block_act(m, args->entries, args->count);
	if (ret)
		fail_unfinished(args, errno);
	report_begin(&report, args->context->json);
	report_blocks(&report, args, true);
	report_blocks(&report, args, false);
	report_end(&report);
	return ret ? EXIT_FAILED : EXIT_OK;
}

static int run(const struct deed *deed, struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = deed->args_doc,
		.doc = deed->doc,
		.children = context_children,
	};
	struct arguments args = { .context = context, .deed = deed };
	struct memmgr *m;
	int ret;

	args.entries = calloc((size_t)argc, sizeof(*args.entries));
	if (!args.entries)
		return failed("arguments");
	argp_parse(&argp, argc, argv, 0, NULL, &args);

	m = open_arena(context, 0);
	ret = act(m, &args);
	memmgr_close(m);
	free(args.entries);
	return ret;
}

int cmd_free(struct context *context, int argc, char **argv)
{
	static const struct deed deed = {
		.action = MEMMGR_ACTION_FREE,
		.verb = "free",
		.done = "freed",
		.args_doc = "HANDLE...",
		.doc = "Free the blocks of these handles, whoever owns them.\v" AFTERWARDS,
	};

	return run(&deed, context, argc, argv);
}

int cmd_mark(struct context *context, int argc, char **argv)
{
	static const struct deed deed = {
		.action = MEMMGR_ACTION_MARK,
		.verb = "mark",
		.done = "marked",
		.args_doc = "HANDLE...",
		.doc = "Put the blocks of these handles into the current epoch, so that no sweep "
		       "takes them before it goes on.\v" AFTERWARDS,
	};

	return run(&deed, context, argc, argv);
}

int cmd_retag(struct context *context, int argc, char **argv)
{
	static const struct deed deed = {
		.action = MEMMGR_ACTION_RETAG,
		.verb = "retag",
		.done = "retagged",
		.value = "a tag",
		.args_doc = "TAG HANDLE...",
		.doc = "Give the blocks of these handles another tag.\v" AFTERWARDS,
	};

	return run(&deed, context, argc, argv);
}

int cmd_transfer(struct context *context, int argc, char **argv)
{
	static const struct deed deed = {
		.action = MEMMGR_ACTION_TRANSFER,
		.verb = "transfer",
		.done = "transferred",
		.value = "an owner's number",
		.args_doc = "OWNER HANDLE...",
		.doc = "Give the blocks of these handles to another owner, orphans, too.\v" AFTERWARDS,
	};

	return run(&deed, context, argc, argv);
}
