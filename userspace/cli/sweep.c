/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr epoch, sweep: the arena's clock, and freeing what is old. */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "filter.h"
#include "numbers.h"
#include "report.h"

enum {
	KEY_ADVANCE = 'a',
	KEY_DRY_RUN = 'n',
};

static const struct argp_option epoch_options[] = {
	{ "advance", KEY_ADVANCE, NULL, 0, "Go on to the next epoch first", 0 },
	{},
};

static const struct argp_option sweep_options[] = {
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "Free nothing, show what would be freed", 0 },
	{},
};

struct arguments {
	struct context *context;
	struct memmgr_filter filter;
	unsigned int flags;
};

static error_t parse_epoch(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, args->context);
	case KEY_ADVANCE:
		args->flags = MEMMGR_EPOCH_ADVANCE;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_epoch(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.options = epoch_options,
		.parser = parse_epoch,
		.doc = "Print the arena's epoch: its clock for garbage collection.\v"
		       "A block has the epoch that it was born in, or marked in last; "
		       "'memmgr sweep' frees older ones.",
		.children = context_children,
	};
	struct arguments args = { .context = context };
	struct report report;
	uint32_t epoch;
	struct memmgr *m;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	m = open_arena(context, args.flags ? 0 : MEMMGR_READONLY);
	if (memmgr_epoch(m, args.flags, &epoch))
		return failed("epoch");
	memmgr_close(m);
	if (!context->json) {
		printf("%u\n", epoch);
		return EXIT_OK;
	}
	report_begin(&report, true);
	report_number(&report, "epoch", epoch);
	report_end(&report);
	return EXIT_OK;
}

static error_t parse_sweep(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_filter(state, args->context, &args->filter);
	case KEY_DRY_RUN:
		args->filter.flags |= MEMMGR_SWEEP_DRY_RUN;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What was freed of each tag, in the order of their first blocks. */
struct tags {
	struct memmgr_sweep_row *rows;
	size_t count;
	bool incomplete;
};

static struct memmgr_sweep_row *row_for(struct tags *tags, uint32_t tag)
{
	struct memmgr_sweep_row *rows;
	size_t i;

	for (i = 0; i < tags->count; i++)
		if (tags->rows[i].tag == tag)
			return &tags->rows[i];
	rows = reallocarray(tags->rows, tags->count + 1, sizeof(*rows));
	if (!rows)
		return NULL;
	tags->rows = rows;
	tags->count++;
	rows[i] = (struct memmgr_sweep_row){ .tag = tag };
	return &rows[i];
}

static void add_row(struct memmgr *m, const struct memmgr_sweep_row *row, void *context)
{
	struct tags *tags = context;
	struct memmgr_sweep_row *sum = row_for(tags, row->tag);

	(void)m;
	if (!sum) {
		tags->incomplete = true;
		return;
	}
	sum->count += row->count;
	sum->bytes += row->bytes;
}

static void print_table(const struct tags *tags, const struct memmgr_swept *swept)
{
	char bytes[NUMBER_LEN];
	size_t i;

	printf("%10s %10s %10s\n", "TAG", "BLOCKS", "BYTES");
	for (i = 0; i < tags->count; i++)
		printf("%#10x %10llu %10s\n", tags->rows[i].tag, tags->rows[i].count,
		       format_bytes(bytes, tags->rows[i].bytes));
	printf("%10s %10llu %10s\n", "all", (unsigned long long)swept->count,
	       format_bytes(bytes, swept->bytes));
}

static struct json_object *row_json(const struct memmgr_sweep_row *row)
{
	struct report report;

	report_begin(&report, true);
	report_number(&report, "tag", row->tag);
	report_number(&report, "blocks", row->count);
	report_bytes(&report, "bytes", row->bytes);
	return report.object;
}

static void print_swept_json(const struct tags *tags, const struct memmgr_swept *swept)
{
	struct json_object *list = json_object_new_array();
	struct report report;
	size_t i;

	for (i = 0; i < tags->count; i++)
		json_object_array_add(list, row_json(&tags->rows[i]));
	report_begin(&report, true);
	report_number(&report, "blocks", swept->count);
	report_bytes(&report, "bytes", swept->bytes);
	json_object_object_add(report.object, "tags", list);
	report_end(&report);
}

static int sweep(const struct arguments *args, struct memmgr *m)
{
	struct memmgr_filter filter = args->filter;
	struct memmgr_swept swept;
	struct tags tags = { 0 };
	int ret = EXIT_OK;

	if (!filter.epoch_before && memmgr_epoch(m, 0, &filter.epoch_before))
		return failed("epoch");
	if (memmgr_sweep(m, &filter, &swept, add_row, &tags))
		ret = failed("cannot sweep before epoch %u", filter.epoch_before);
	else if (args->context->json)
		print_swept_json(&tags, &swept);
	else
		print_table(&tags, &swept);
	if (tags.incomplete)
		fprintf(stderr, "memmgr: no memory for a row for each tag\n");
	free(tags.rows);
	return ret;
}

int cmd_sweep(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.options = sweep_options,
		.parser = parse_sweep,
		.doc = "Free the blocks that were neither born nor marked in the current epoch, or "
		       "since the one that --epoch-before names.\v"
		       "'memmgr epoch --advance' makes all blocks of now old; those of kernel code "
		       "are spared in any case. Prints what was freed of each tag.",
		.children = filter_children,
	};
	struct arguments args = { .context = context };
	struct memmgr *m;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	m = open_arena(context, 0);
	ret = sweep(&args, m);
	memmgr_close(m);
	return ret;
}
