/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr stat: what changes. */
#include "common.h"
#include "report.h"

static const char doc[] = "Show how full the arena is and what has happened in it so far.\v"
			  "The figures are read while others go on working, so that they need not "
			  "add up exactly. memmgr(1) explains each.";

/* Both are read while others go on, so that their difference can be off. */
static uint64_t internal_fragmentation(const struct memmgr_stat *stat)
{
	return stat->out_used > stat->out_requested ? stat->out_used - stat->out_requested : 0;
}

static void report_stat(struct report *report, const struct memmgr_stat *stat)
{
	report_bytes(report, "size", stat->out_size);
	report_bytes(report, "used", stat->out_used);
	report_bytes(report, "requested", stat->out_requested);
	report_bytes(report, "internal_fragmentation", internal_fragmentation(stat));
	report_bytes(report, "free", stat->out_free);
	report_bytes(report, "pending", stat->out_pending);
	report_bytes(report, "largest", stat->out_largest);
	report_bytes(report, "peak", stat->out_peak);
	report_bytes(report, "metadata", stat->out_metadata);
	report_number(report, "blocks", stat->out_blocks);
	report_number(report, "orphans", stat->out_orphans);
	report_bytes(report, "orphan_bytes", stat->out_orphan_bytes);
	report_number(report, "owners", stat->out_owners);
	report_number(report, "epoch", stat->out_epoch);
	report_number(report, "allocs", stat->out_allocs);
	report_number(report, "frees", stat->out_frees);
	report_number(report, "reallocs", stat->out_reallocs);
	report_number(report, "moves", stat->out_moves);
	report_number(report, "failures", stat->out_failures);
	report_number(report, "contended", stat->out_contended);
	report_number(report, "lost_races", stat->out_lost_races);
	report_number(report, "ties_broken", stat->out_ties_broken);
	report_number(report, "retries", stat->out_retries);
	report_bool(report, "broken", stat->out_broken);
}

int cmd_stat(struct context *context, int argc, char **argv)
{
	struct memmgr_stat stat;
	struct report report;
	struct memmgr *m;

	parse_context_only(doc, context, argc, argv);
	m = open_arena(context, MEMMGR_READONLY);
	if (memmgr_stat(m, &stat))
		return failed("stat");

	report_begin(&report, context->json);
	report_stat(&report, &stat);
	report_end(&report);
	memmgr_close(m);
	return EXIT_OK;
}
