/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr info: what never changes. */
#include <stdio.h>

#include "common.h"
#include "report.h"

static const char doc[] = "Show what the arena is, and what the module can do.";

static void report_arena(struct report *report, const struct memmgr_info *info)
{
	report_number(report, "arena", info->out_arena_id);
	report_text(report, "name", info->out_arena_name);
	report_text(report, "engine", info->out_arena_engine);
	report_bytes(report, "size", info->out_arena_size);
	report_bytes(report, "granule", info->out_granule);
	report_number(report, "owner", info->out_owner);
	report_text(report, "rights",
		    info->out_rights & MEMMGR_RIGHT_WRITE ? "read-write" : "read-only");
}

static void report_features(struct report *report, uint64_t features)
{
	report_list(report, "features");
	if (features & MEMMGR_FEATURE_MEMCG)
		report_word(report, "features", "memcg");
	if (features & MEMMGR_FEATURE_TRACE)
		report_word(report, "features", "trace");
	report_list_end(report);
}

static void report_engines(struct report *report, const struct memmgr *m)
{
	char name[MEMMGR_ENGINE_NAME_LEN];
	unsigned int i;

	report_list(report, "engines");
	for (i = 0; !memmgr_engine_name(m, i, name); i++)
		report_word(report, "engines", name);
	report_list_end(report);
}

static void report_module(struct report *report, const struct memmgr_info *info)
{
	report_bytes(report, "max_arena_size", info->out_max_arena_size);
	report_bytes(report, "max_total_size", info->out_max_total_size);
	report_number(report, "max_arenas", info->out_max_arenas);
	report_features(report, info->out_features);
}

int cmd_info(struct context *context, int argc, char **argv)
{
	struct memmgr_info info;
	struct report report;
	struct memmgr *m;

	parse_context_only(doc, context, argc, argv);
	m = open_arena(context, MEMMGR_READONLY);
	if (memmgr_info(m, &info))
		return failed("info");

	report_begin(&report, context->json);
	report_arena(&report, &info);
	report_module(&report, &info);
	report_engines(&report, m);
	report_end(&report);
	memmgr_close(m);
	return EXIT_OK;
}
