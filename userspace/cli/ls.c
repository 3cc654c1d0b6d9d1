/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr ls: list blocks. */
#include <stdio.h>

#include "blocks.h"
#include "filter.h"
#include "numbers.h"
#include "report.h"

static const char doc[] =
	"List the blocks of the arena, sorted by address.\v"
	"TAG and MASK are numbers: '--tag 0x10/0xf0' lists the blocks whose tag has 1 in its "
	"second hexadecimal digit. The list is made while others allocate and free: a block "
	"that is born or dies meanwhile may be in it or not.";

struct arguments {
	struct context *context;
	struct memmgr_filter filter;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_filter(state, args->context, &args->filter);
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_line(const struct memmgr_block *block)
{
	char handle[NUMBER_LEN], size[NUMBER_LEN], usable[NUMBER_LEN];

	printf("%-18s %#12llx %10s %10s %#10x %6u %-6s %s", format_handle(handle, block->handle),
	       block->offset, format_bytes(size, block->size), format_bytes(usable, block->usable),
	       block->tag, block->owner, block_policy(block), block_state(block));
	if (block->state == MEMMGR_STATE_ORPHAN)
		printf(" of %u", block->relative);
	else if (block->policy == MEMMGR_POLICY_GIVE)
		printf(" for %u", block->relative);
	putchar('\n');
}

static void print_table(const struct blocks *blocks)
{
	size_t i;

	printf("%-18s %12s %10s %10s %10s %6s %-6s %s\n", "HANDLE", "OFFSET", "SIZE", "USABLE",
	       "TAG", "OWNER", "POLICY", "STATE");
	for (i = 0; i < blocks->count; i++)
		print_line(&blocks->at[i]);
}

static struct json_object *block_json(const struct memmgr_block *block)
{
	struct report report;

	report_begin(&report, true);
	report_handle(&report, "handle", block->handle);
	report_bytes(&report, "offset", block->offset);
	report_bytes(&report, "size", block->size);
	report_bytes(&report, "usable", block->usable);
	report_bytes(&report, "align", block->align);
	report_number(&report, "tag", block->tag);
	report_number(&report, "owner", block->owner);
	report_number(&report, "epoch", block->epoch);
	report_number(&report, "relative", block->relative);
	report_text(&report, "policy", block_policy(block));
	report_text(&report, "state", block_state(block));
	return report.object;
}

static void print_list_json(const struct blocks *blocks)
{
	struct json_object *list = json_object_new_array();
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < blocks->count; i++)
		json_object_array_add(list, block_json(&blocks->at[i]));
	json_object_object_add(object, "blocks", list);
	print_json(object);
}

static int list(const struct arguments *args, struct memmgr *m)
{
	struct blocks blocks;
	int ret = EXIT_OK;

	if (blocks_collect(&blocks, m, &args->filter))
		ret = failed("cannot list the blocks");
	else if (args->context->json)
		print_list_json(&blocks);
	else
		print_table(&blocks);
	blocks_free(&blocks);
	return ret;
}

int cmd_ls(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse_option,
		.doc = doc,
		.children = filter_children,
	};
	struct arguments args = { .context = context };
	struct memmgr *m;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	m = open_arena(context, MEMMGR_READONLY);
	ret = list(&args, m);
	memmgr_close(m);
	return ret;
}
