// SPDX-License-Identifier: GPL-2.0
/*
 * bench's command line.
 */
#include <argp.h>
#include <err.h>
#include <stdlib.h>

#include "args.h"
#include "plan.h"

/* A thread's chunk of work; see threads.c. */
#define STEPS_LEAST 1000

enum { OPT_OCCUPANCY = 256, OPT_SHARE, OPT_TOUCH, OPT_QUICK, OPT_STEPS };

static const struct argp_option options[] = {
	{ "part", 'p', "LIST", 0, "speed, instructions, threads, metadata (all)", 1 },
	{ "heap", 'H', "LIST", 0,
	  "Heaps besides glibc: engines, jemalloc, mimalloc (all there are)", 1 },
	{ "sizes", 's', "LIST", 0,
	  "Mixes of sizes: log[:MIN:MAX], uniform[:MIN:MAX], fixed[:SIZE], knuth (log,fixed,knuth)",
	  2 },
	{ "live", 'l', "LIST", 0, "Numbers of live blocks (100,1000,10000,100000,1000000)", 2 },
	{ "threads", 't', "LIST", 0, "Numbers of threads on one heap (1,2,4)", 2 },
	{ "occupancy", OPT_OCCUPANCY, "PART", 0,
	  "Bytes asked for by bytes of arena; malloc has no such limit (0.5)", 3 },
	{ "share", OPT_SHARE, "PART", 0,
	  "Of the arena, for the emergency heap of engines that have one (0.42)", 3 },
	{ "touch", OPT_TOUCH, NULL, 0, "Write to the first byte of each block", 3 },
	{ "reps", 'r', "N", 0, "Repetitions; their median counts (5)", 4 },
	{ "steps", OPT_STEPS, "N", 0, "Replacements in each (500000)", 4 },
	{ "quick", OPT_QUICK, NULL, 0, "Less of everything: half a minute or so", 4 },
	{ "seed", 'S', "N", 0, "Of the traces (1)", 4 },
	{ 0 },
};

static const char doc[] =
	"Measure memmgr's engines, with block table and handles, beside the C library's "
	"malloc, jemalloc and mimalloc.\v"
	"Every heap is given the same random trace: a number of live blocks, of which a "
	"random one is replaced at each step. Each is measured in a process of its own, and "
	"the repetitions of one comparison follow each other, so that what else the machine "
	"does hits all alike. Figures go to standard output as CSV, progress to standard "
	"error.";

static double parse_part(struct argp_state *state, const char *text)
{
	char *end;
	double part = strtod(text, &end);

	if (end == text || *end || !(part >= 0 && part < 1))
		argp_error(state, "'%s' is not a part of 1, like 0.5", text);
	return part;
}

static void check_names(struct argp_state *state, const struct plan *plan)
{
	static const char known[] = ",speed,instructions,threads,metadata,";
	struct sizes sizes;
	char name[64];
	unsigned int i;

	for (i = 0; i < plan->parts.count; i++) {
		snprintf(name, sizeof(name), ",%s,", plan->parts.at[i]);
		if (!strstr(known, name))
			argp_error(state, "no part called '%s'", plan->parts.at[i]);
	}
	for (i = 0; i < plan->mixes.count; i++)
		if (!sizes_parse(plan->mixes.at[i], &sizes))
			argp_error(state, "no mix of sizes called '%s'", plan->mixes.at[i]);
	if (plan->occupancy <= 0)
		argp_error(state, "an arena of no finite size");
}

static void choose_heaps(struct argp_state *state, struct plan *plan, char *text)
{
	struct names names;
	unsigned int i;

	args_names(state, text, &names);
	plan->heap_count = 2;
	for (i = 0; i < names.count; i++) {
		if (!strcmp(names.at[i], "none") || !strcmp(names.at[i], "glibc"))
			continue;
		if (!heap_kind_find(names.at[i], &plan->heaps[plan->heap_count++]))
			argp_error(state, "no heap called '%s'", names.at[i]);
	}
}

static void be_quick(struct plan *plan)
{
	plan->lives = (struct numbers){ 3, { 1000, 10000, 100000 } };
	plan->reps = 3;
	plan->steps = 100000;
	plan->timed = 50000;
	plan->milliseconds = 50;
	plan->warmup_max = 100000;
}

/* What is compared. */
static error_t parse_lists(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;

	switch (key) {
	case 'p':
		args_names(state, arg, &plan->parts);
		return 0;
	case 'H':
		choose_heaps(state, plan, arg);
		return 0;
	case 's':
		args_names(state, arg, &plan->mixes);
		return 0;
	case 'l':
		args_numbers(state, arg, &plan->lives, 10000000);
		return 0;
	case 't':
		args_numbers(state, arg, &plan->threads, BOARD_THREADS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* How. */
static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;

	switch (key) {
	case OPT_OCCUPANCY:
		plan->occupancy = parse_part(state, arg);
		return 0;
	case OPT_SHARE:
		plan->share = parse_part(state, arg);
		return 0;
	case OPT_TOUCH:
		plan->touch = true;
		return 0;
	case 'r':
		plan->reps = max((unsigned int)args_number(state, arg, PLAN_REPS_MAX), 1U);
		return 0;
	case OPT_STEPS:
		plan->steps = max(args_number(state, arg, 100000000), (uint64_t)STEPS_LEAST);
		return 0;
	case OPT_QUICK:
		be_quick(plan);
		return 0;
	case 'S':
		plan->seed = args_number(state, arg, UINT64_MAX);
		return 0;
	case ARGP_KEY_END:
		check_names(state, plan);
		return 0;
	default:
		return parse_lists(key, arg, state);
	}
}

void plan_parse(struct plan *plan, int argc, char **argv)
{
	static const struct argp argp = { options, parse_option, NULL, doc, NULL, NULL, NULL };

	*plan = (struct plan){
		.parts = { 4, { "speed", "instructions", "threads", "metadata" } },
		.mixes = { 3, { "log", "fixed", "knuth" } },
		.lives = { 5, { 100, 1000, 10000, 100000, 1000000 } },
		.threads = { 3, { 1, 2, 4 } },
		.reps = 5,
		.steps = 500000,
		.timed = 100000,
		.counted = 20000,
		.milliseconds = 200,
		.warmup_max = 1000000,
		.occupancy = 0.5,
		.share = 0.42,
		.seed = 1,
	};
	plan->heap_count = heap_kinds(plan->heaps);
	argp_parse(&argp, argc, argv, 0, NULL, plan);
}
