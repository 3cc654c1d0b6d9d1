/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two questions to an engine. Fill is always bytes asked for by bytes of arena: what
 * rounding to granules costs counts against it.
 *
 *	first	The arena is loaded with more than it can hold: at each tick of the
 *		clock a block is born, and if all had room there would be @load
 *		times the arena in the end. How full is it when a block first has
 *		none?
 *	sustained	The arena is kept at a fill, blocks dying only to make room for
 *		others, until the live blocks were replaced @turnovers times; then
 *		a step higher. What is the highest fill that was kept to the end?
 *
 * A part of all events are changes of a live block's size instead of births.
 */
#ifndef MEMMGR_BENCH_MONTE_EXPERIMENT_H
#define MEMMGR_BENCH_MONTE_EXPERIMENT_H

#include "monte-population.h"

#define SERIES_MAX 1024

enum question { QUESTION_FIRST, QUESTION_SUSTAINED, QUESTIONS };

/**
 * struct experiment - all that it depends on
 * @space: arena and engine
 * @sizes: of blocks
 * @lifetimes: of blocks
 * @reallocs: part of events that are changes of size
 * @load: of the first question
 * @start: fill that the second begins with
 * @step: what it goes up by
 * @turnovers: at each step
 * @seed: of everything random
 */
struct experiment {
	struct space_config space;
	struct sizes sizes;
	enum lifetimes lifetimes;
	double reallocs;
	double load;
	double start;
	double step;
	double turnovers;
	uint64_t seed;
};

/* The state of things at one time. */
struct moment {
	double births;
	double fill;
	double largest; /* free run, as a part of the arena */
};

/**
 * struct outcome - the answer
 * @fill: the answer itself
 * @at_failure: fill at the moment of the failure
 * @births: until then
 * @series: how it came to that
 * @count: of @series
 */
struct outcome {
	double fill;
	double at_failure;
	double births;
	struct moment series[SERIES_MAX];
	unsigned int count;
};

/*
 * Ask @question. The space is as the failure left it and the caller's to end.
 * False if the engine cannot serve such an arena.
 */
bool experiment_run(const struct experiment *experiment, enum question question,
		    struct space *space, struct outcome *outcome);

#endif /* MEMMGR_BENCH_MONTE_EXPERIMENT_H */
