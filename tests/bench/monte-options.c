// SPDX-License-Identifier: GPL-2.0
/*
 * monte's command line.
 */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "monte.h"

enum {
	OPT_START = 256,
	OPT_STEP,
	OPT_TURNOVERS,
	OPT_LOAD,
	OPT_SHARE,
	OPT_SERIES,
	OPT_DRAWINGS,
	OPT_MATRICES,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "The arena:", 1 },
	{ "size", 's', "BYTES", 0, "Its size, also as 64M or 1G (64M)", 1 },
	{ "granule", 'g', "BYTES", 0, "A power of two (16)", 1 },
	{ "engine", 'e', "LIST", 0, "Engines (all)", 1 },
	{ "share", OPT_SHARE, "PART", 0, "Set aside by engines that have an emergency heap (0.42)",
	  1 },
	{ NULL, 0, NULL, 0, "The blocks:", 2 },
	{ "sizes", 'm', "LIST", 0,
	  "Mixes of sizes: log[:MIN:MAX], uniform[:MIN:MAX], fixed[:SIZE], knuth "
	  "(log,uniform,knuth)",
	  2 },
	{ "lifetimes", 'l', "NAME", 0, "exponential, uniform, fixed (exponential)", 2 },
	{ "reallocs", 'r', "PART", 0, "Events that change a block's size (0)", 2 },
	{ NULL, 0, NULL, 0, "The questions:", 3 },
	{ "question", 'q', "NAME", 0, "first, sustained, both (both)", 3 },
	{ "load", OPT_LOAD, "X", 0, "first: arenas that all blocks would fill (1.25)", 3 },
	{ "start", OPT_START, "PART", 0, "sustained: fill to begin with (0.3)", 3 },
	{ "step", OPT_STEP, "PART", 0, "sustained: what fill goes up by (0.01)", 3 },
	{ "turnovers", OPT_TURNOVERS, "X", 0, "sustained: of the live blocks, each step (3)", 3 },
	{ "runs", 'n', "N", 0, "Of each experiment (5)", 3 },
	{ "seed", 'S', "N", 0, "Of the first run; the next has the next (1)", 3 },
	{ NULL, 0, NULL, 0, "The answers:", 4 },
	{ "format", 'f', "NAME", 0, "text, csv, json (text)", 4 },
	{ "series", OPT_SERIES, "FILE", 0, "The first run of each over time, for gnuplot", 4 },
	{ "drawings", OPT_DRAWINGS, "FILE", 0,
	  "The arena at the last failure, in characters (with the answers, if text)", 4 },
	{ "matrices", OPT_MATRICES, "FILE", 0, "The same as numbers, for gnuplot", 4 },
	{ 0 },
};

static const char doc[] =
	"How full can an arena get before a block finds no room? Blocks of random sizes live "
	"for random times, once under an overload until the first failure, once at a fill "
	"that rises step by step until it cannot be kept.\v"
	"Fill is bytes asked for by bytes of arena. Examples:\n\n"
	"  monte -e first_fit -m log -q sustained\n"
	"  monte -s 1M -n 100 -m uniform:1:1024 -r 0.1 -f json\n";

static double parse_real(struct argp_state *state, const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= least && value <= most))
		argp_error(state, "'%s' is not between %g and %g", text, least, most);
	return value;
}

static uint64_t parse_number(struct argp_state *state, const char *text, uint64_t least,
			     uint64_t most)
{
	static const char units[] = "KMG";
	unsigned long long value;
	const char *unit;
	char *end;

	value = strtoull(text, &end, 0);
	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	if (unit) {
		value <<= 10 * (unit - units + 1);
		end++;
	}
	if (end == text || *end || *text == '-' || value < least || value > most)
		argp_error(state, "'%s' is not a number from %llu to %llu", text,
			   (unsigned long long)least, (unsigned long long)most);
	return value;
}

static unsigned int parse_word(struct argp_state *state, const char *text,
			       const char *const words[])
{
	unsigned int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	argp_error(state, "'%s' is not known here; see --help", text);
	return 0;
}

static void parse_engines(struct argp_state *state, char *text, struct monte *monte)
{
	char *name, *rest = NULL;

	monte->engine_count = 0;
	for (name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		const struct memmgr_engine *engine = memmgr_engine_find(name);

		if (!engine || monte->engine_count == MONTE_LIST_MAX)
			argp_error(state, "no engine called '%s'", name);
		monte->engines[monte->engine_count++] = engine;
	}
}

static void parse_sizes(struct argp_state *state, char *text, struct monte *monte)
{
	char *name, *rest = NULL;
	struct sizes sizes;

	monte->sizes_count = 0;
	for (name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (!sizes_parse(name, &sizes) || monte->sizes_count == MONTE_LIST_MAX)
			argp_error(state, "no mix of sizes called '%s'", name);
		monte->sizes[monte->sizes_count++] = name;
	}
}

static void parse_question(struct argp_state *state, const char *text, struct monte *monte)
{
	static const char *const words[] = { "first", "sustained", "both", NULL };
	unsigned int word = parse_word(state, text, words);

	monte->ask[QUESTION_FIRST] = word != 1;
	monte->ask[QUESTION_SUSTAINED] = word != 0;
}

static void parse_lifetimes(struct argp_state *state, const char *text, struct monte *monte)
{
	if (!lifetimes_parse(text, &monte->experiment.lifetimes))
		argp_error(state, "no lifetimes called '%s'", text);
	monte->lifetimes = text;
}

static FILE *open_for_writing(struct argp_state *state, const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		argp_failure(state, 1, errno, "%s", path);
	return file;
}

static void check(struct argp_state *state, const struct monte *monte)
{
	const struct space_config *space = &monte->experiment.space;

	if (!is_power_of_2(space->granule))
		argp_error(state, "a granule of %u bytes is not a power of two", space->granule);
	if (space->size / space->granule < 2 || space->size / space->granule > MEMMGR_GRANULES_MAX)
		argp_error(state, "the arena has not between 2 and 2^31 granules");
	if (!monte->engine_count || !monte->sizes_count)
		argp_error(state, "an empty list");
}

/* What the arena and its blocks are. */
static error_t parse_world(int key, char *arg, struct argp_state *state)
{
	struct monte *monte = state->input;
	struct experiment *experiment = &monte->experiment;

	switch (key) {
	case 's':
		experiment->space.size = parse_number(state, arg, 32, 1ULL << 40);
		return 0;
	case 'g':
		experiment->space.granule = (u32)parse_number(state, arg, 1, 1U << 30);
		return 0;
	case OPT_SHARE:
		experiment->space.share = parse_real(state, arg, 0, 0.99);
		return 0;
	case 'e':
		parse_engines(state, arg, monte);
		return 0;
	case 'm':
		parse_sizes(state, arg, monte);
		return 0;
	case 'l':
		parse_lifetimes(state, arg, monte);
		return 0;
	case 'r':
		experiment->reallocs = parse_real(state, arg, 0, 0.99);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What is asked about them. */
static error_t parse_questions(int key, char *arg, struct argp_state *state)
{
	struct monte *monte = state->input;
	struct experiment *experiment = &monte->experiment;

	switch (key) {
	case 'q':
		parse_question(state, arg, monte);
		return 0;
	case OPT_LOAD:
		experiment->load = parse_real(state, arg, 1.001, 100);
		return 0;
	case OPT_START:
		experiment->start = parse_real(state, arg, 0.001, 1);
		return 0;
	case OPT_STEP:
		experiment->step = parse_real(state, arg, 0.0001, 1);
		return 0;
	case OPT_TURNOVERS:
		experiment->turnovers = parse_real(state, arg, 0.01, 1000);
		return 0;
	case 'n':
		monte->runs = (unsigned int)parse_number(state, arg, 1, MONTE_RUNS_MAX);
		return 0;
	case 'S':
		monte->seed = parse_number(state, arg, 0, UINT64_MAX);
		return 0;
	default:
		return parse_world(key, arg, state);
	}
}

/* How the answers come. */
static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	static const char *const formats[] = { "text", "csv", "json", NULL };
	struct monte *monte = state->input;

	switch (key) {
	case 'f':
		monte->format = (enum format)parse_word(state, arg, formats);
		return 0;
	case OPT_SERIES:
		monte->series = open_for_writing(state, arg);
		return 0;
	case OPT_DRAWINGS:
		monte->drawings = open_for_writing(state, arg);
		return 0;
	case OPT_MATRICES:
		monte->matrices = open_for_writing(state, arg);
		return 0;
	case ARGP_KEY_END:
		check(state, monte);
		return 0;
	default:
		return parse_questions(key, arg, state);
	}
}

void monte_parse(struct monte *monte, int argc, char **argv)
{
	static const struct argp argp = { options, parse_option, NULL, doc, NULL, NULL, NULL };
	const struct memmgr_engine *engine;
	unsigned int i;

	*monte = (struct monte){
		.experiment = {
			.space = { .size = 64 << 20, .granule = 16, .cpus = 1, .share = 0.42 },
			.load = 1.25,
			.start = 0.3,
			.step = 0.01,
			.turnovers = 3,
		},
		.sizes = { "log", "uniform", "knuth" },
		.sizes_count = 3,
		.ask = { true, true },
		.lifetimes = "exponential",
		.runs = 5,
		.seed = 1,
	};
	for (i = 0; (engine = memmgr_engine_at(i)) && i < MONTE_LIST_MAX; i++)
		monte->engines[monte->engine_count++] = engine;
	argp_parse(&argp, argc, argv, 0, NULL, monte);
}
