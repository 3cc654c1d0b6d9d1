/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr validate: is the kernel's bookkeeping sound? */
#include <errno.h>

#include "common.h"
#include "report.h"

static const char doc[] =
	"Have the kernel check its bookkeeping of the arena, and show what it found.\v"
	"Exits with 4 if there is damage. 'complete' tells whether blocks and holes were seen "
	"to cover the arena without gap or overlap, which takes a moment in which nobody "
	"allocates or frees; otherwise each part was checked by itself.";

int cmd_validate(struct context *context, int argc, char **argv)
{
	struct memmgr_validate result;
	struct report report;
	struct memmgr *m;
	bool sound;

	parse_context_only(doc, context, argc, argv);
	m = open_arena(context, MEMMGR_READONLY);
	sound = !memmgr_validate(m, &result);
	if (!sound && errno != EUCLEAN)
		return failed("validate");

	report_begin(&report, context->json);
	report_bool(&report, "sound", sound);
	report_bool(&report, "complete", result.out_complete);
	report_number(&report, "blocks", result.out_blocks);
	report_bytes(&report, "used", result.out_used);
	report_number(&report, "holes", result.out_holes);
	report_bytes(&report, "free", result.out_free);
	if (!sound) {
		report_text(&report, "damage", result.out_what);
		report_number(&report, "damage_at", result.out_at);
	}
	report_end(&report);
	memmgr_close(m);
	return sound ? EXIT_OK : EXIT_DAMAGE;
}
