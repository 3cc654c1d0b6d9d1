// SPDX-License-Identifier: GPL-2.0
/*
 * bench-kernel: what memmgr costs in the kernel, beside what the kernel has.
 */
#include <stdlib.h>

#include "csv.h"
#include "plan.h"
#include "sizes.h"

#define REPS_MAX 100
#define STEPS_MAX 1000000

enum { OPT_REACH = 256, OPT_INSTRUCTION, OPT_QUICK };

static const struct argp_option options[] = {
	{ "sizes", 's', "LIST", 0,
	  "Mixes of sizes: log[:MIN:MAX], uniform[:MIN:MAX], fixed[:SIZE], knuth "
	  "(log:16:1024,fixed:64)",
	  1 },
	{ "live", 'l', "LIST", 0, "Numbers of live blocks (100,1000,10000,100000)", 1 },
	{ "reps", 'r', "N", 0, "Repetitions; of each call the fastest counts (2)", 2 },
	{ "timed", 't', "N", 0, "Replacements in each that count (5000)", 2 },
	{ "reach", OPT_REACH, "N", 0,
	  "Live blocks times replacements, for what searches from the start (50000000)", 2 },
	{ "seed", 'S', "N", 0, "Of the traces (1)", 2 },
	{ "instruction", OPT_INSTRUCTION, "TICKS", 0,
	  "The clock moves so many ticks with each instruction: show instructions", 3 },
	{ "quick", OPT_QUICK, NULL, 0, "Less of everything", 3 },
	{ 0 },
};

static const char doc[] =
	"Measure memmgr's heaps in the kernel beside its own allocators, and the device's calls.\v"
	"memmgr.ko and memmgr_bench.ko are loaded. Figures go to standard output as CSV, progress "
	"to standard error.";

static void be_quick(struct plan *plan)
{
	plan->lives = (struct numbers){ 2, { 100, 1000 } };
	plan->reps = 2;
	plan->timed = 1000;
	plan->reach = 2000000;
}

static void check_mixes(struct argp_state *state, const struct names *mixes)
{
	struct sizes sizes;
	unsigned int i;

	for (i = 0; i < mixes->count; i++)
		if (!sizes_parse(mixes->at[i], &sizes))
			argp_error(state, "no mix of sizes called '%s'", mixes->at[i]);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;

	switch (key) {
	case 's':
		args_names(state, arg, &plan->mixes);
		check_mixes(state, &plan->mixes);
		return 0;
	case 'l':
		args_numbers(state, arg, &plan->lives, STEPS_MAX);
		return 0;
	case 'r':
		plan->reps = (unsigned int)args_number(state, arg, REPS_MAX);
		return 0;
	case 't':
		plan->timed = (uint32_t)args_number(state, arg, STEPS_MAX);
		return 0;
	case OPT_REACH:
		plan->reach = args_number(state, arg, UINT64_MAX);
		return 0;
	case 'S':
		plan->seed = args_number(state, arg, UINT64_MAX);
		return 0;
	case OPT_INSTRUCTION:
		plan->instruction = (double)args_number(state, arg, 1000);
		return 0;
	case OPT_QUICK:
		be_quick(plan);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse_option, NULL, doc, NULL, NULL, NULL };
	struct plan plan = {
		.mixes = { 2, { "log:16:1024", "fixed:64" } },
		.lives = { 4, { 100, 1000, 10000, 100000 } },
		.reps = 2,
		.timed = 5000,
		.reach = 50000000,
		.seed = 1,
	};

	argp_parse(&argp, argc, argv, 0, NULL, &plan);
	csv_head();
	compare_calls(&plan);
	compare_contenders(&plan);
	return 0;
}
