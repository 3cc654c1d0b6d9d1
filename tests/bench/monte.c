// SPDX-License-Identifier: GPL-2.0
/*
 * monte - how full engines get, by Monte Carlo
 *
 *	monte.c			this: each engine, mix, question, run
 *	monte-options.c		the command line
 *	monte-experiment.c	the questions, and how they are put
 *	monte-population.c	blocks that are born and die
 *	monte-picture.c		what the arena looks like in the end
 *	monte-output.c		text, CSV, JSON
 *
 * Nothing here takes time into account, so that what else the machine does changes
 * no figure: the same seed gives the same answer.
 */
#include "monte.h"

static void progress(const struct answer *answer, unsigned int runs, double fill)
{
	static const char *const names[] = { "first failure", "sustained" };

	fprintf(stderr, "  %-10s %-8s %-13s %u/%u: %.3f\n", answer->engine, answer->sizes,
		names[answer->question], answer->runs, runs, fill);
}

/* One run; the arena is left for the picture. */
static bool run(const struct monte *monte, struct experiment *experiment, struct answer *answer,
		struct space *space)
{
	static struct outcome outcome;

	experiment->seed = monte->seed + answer->runs;
	if (!experiment_run(experiment, answer->question, space, &outcome)) {
		fprintf(stderr, "monte: %s cannot serve such an arena\n", answer->engine);
		return false;
	}
	if (!answer->runs && monte->series)
		output_series(monte, answer, &outcome);
	answer->fills[answer->runs++] = outcome.fill;
	progress(answer, monte->runs, outcome.fill);
	return true;
}

static void ask(const struct monte *monte, struct experiment *experiment, struct answer *answer)
{
	struct space space;
	unsigned int i;

	for (i = 0; i < monte->runs; i++) {
		if (!run(monte, experiment, answer, &space))
			return;
		if (i + 1 < monte->runs)
			space_end(&space);
	}
	answer->fill = stats_mean(answer->fills, answer->runs);
	answer->last = &space;
	output_answer(monte, answer);
	space_end(&space);
}

static void ask_all(const struct monte *monte, const struct memmgr_engine *engine,
		    const char *sizes)
{
	struct experiment experiment = monte->experiment;
	enum question question;

	experiment.space.engine = engine;
	sizes_parse(sizes, &experiment.sizes);
	for (question = 0; question < QUESTIONS; question++) {
		struct answer answer = { .engine = engine->name,
					 .sizes = sizes,
					 .question = question };

		if (monte->ask[question])
			ask(monte, &experiment, &answer);
	}
}

int main(int argc, char **argv)
{
	struct monte monte;
	unsigned int engine, sizes;

	monte_parse(&monte, argc, argv);
	output_begin(&monte);
	for (sizes = 0; sizes < monte.sizes_count; sizes++)
		for (engine = 0; engine < monte.engine_count; engine++)
			ask_all(&monte, monte.engines[engine], monte.sizes[sizes]);
	output_end(&monte);
	return 0;
}
