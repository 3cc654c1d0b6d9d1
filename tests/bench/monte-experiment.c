// SPDX-License-Identifier: GPL-2.0
#include "monte-experiment.h"

#include <math.h>

/* An experiment under way. */
struct course {
	const struct experiment *experiment;
	struct population *population;
	struct outcome *outcome;
	double room; /* blocks of mean size that the arena could hold */
	uint64_t interval; /* births between two moments of the series */
};

static double fill_of(const struct course *course)
{
	return (double)course->population->asked / (double)course->experiment->space.size;
}

/* When the series is full, every other moment goes, and they come half as often. */
static void thin_out(struct course *course)
{
	struct outcome *outcome = course->outcome;
	unsigned int i;

	for (i = 0; i < SERIES_MAX / 2; i++)
		outcome->series[i] = outcome->series[2 * i];
	outcome->count = SERIES_MAX / 2;
	course->interval *= 2;
}

static void note(struct course *course)
{
	struct population *population = course->population;
	struct outcome *outcome = course->outcome;
	struct memmgr_engine_stat stat;

	if (outcome->count == SERIES_MAX)
		thin_out(course);
	population->space->engine->stat(population->space->meta, &stat);
	outcome->series[outcome->count++] = (struct moment){
		.births = (double)population->births,
		.fill = fill_of(course),
		.largest = (double)stat.largest / (double)population->space->granules,
	};
}

static bool is_realloc(struct course *course)
{
	return course->experiment->reallocs > 0 && course->population->live &&
	       rng_unit(&course->population->rng) < course->experiment->reallocs;
}

static bool birth(struct course *course, uint32_t size, double mean)
{
	if (course->population->births % course->interval == 0)
		note(course);
	return population_birth(course->population, size, mean);
}

/* The first question: loaded with more than it can hold. */
static void overload(struct course *course)
{
	struct population *population = course->population;
	double mean = course->room * course->experiment->load;
	bool room = true;
	uint32_t size;

	while (room) {
		size = sizes_draw(&population->sizes, &population->rng);
		if (is_realloc(course)) {
			room = population_resize(population, population_pick(population), size);
			continue;
		}
		population_tick(population);
		room = birth(course, size, mean);
	}
	course->outcome->fill = fill_of(course);
}

/* Let time go by until @more bytes keep the population within @most. */
static void make_room(struct population *population, uint64_t more, uint64_t most)
{
	while (population->asked + more > most && population->live)
		population_tick(population);
}

/*
 * One event at a constant fill. The block whose size changes must not die while
 * room is made for it, so it is chosen afterwards; that it may overshoot by its
 * own growth is made good by the next birth.
 */
static bool turn(struct course *course, uint64_t most)
{
	struct population *population = course->population;
	uint32_t size = sizes_draw(&population->sizes, &population->rng);
	uint32_t index;

	if (is_realloc(course)) {
		make_room(population, size, most);
		if (!population->live)
			return true;
		index = population_pick(population);
		return population_resize(population, index, size);
	}
	make_room(population, size, most);
	return birth(course, size, (double)population->live + 1);
}

/* Keep the arena at @fill until as many blocks as it holds were replaced often. */
static bool sustain(struct course *course, double fill)
{
	uint64_t most = (uint64_t)(fill * (double)course->experiment->space.size);
	double events = course->experiment->turnovers * fill * course->room;

	for (; events > 0; events--)
		if (!turn(course, most))
			return false;
	return true;
}

/*
 * Fill up to the start. Time goes by, or all who are born on the way would have
 * their last hours close together; few die before it is over.
 */
static bool rise(struct course *course)
{
	struct population *population = course->population;
	double mean = 2 * course->room * course->experiment->start;

	while (fill_of(course) < course->experiment->start) {
		population_tick(population);
		if (!birth(course, sizes_draw(&population->sizes, &population->rng), mean))
			return false;
	}
	return true;
}

static void climb(struct course *course)
{
	const struct experiment *experiment = course->experiment;
	unsigned int step;
	double fill;

	if (!rise(course))
		return;
	for (step = 0;; step++) {
		fill = experiment->start + step * experiment->step;
		if (fill > 1 || !sustain(course, fill))
			return;
		course->outcome->fill = fill;
	}
}

bool experiment_run(const struct experiment *experiment, enum question question,
		    struct space *space, struct outcome *outcome)
{
	double room = (double)experiment->space.size / sizes_mean(&experiment->sizes);
	struct population population;
	struct course course = {
		.experiment = experiment,
		.population = &population,
		.outcome = outcome,
		.room = room,
		.interval = (uint64_t)(room / 100) + 1,
	};

	*outcome = (struct outcome){ 0 };
	if (!space_init(space, &experiment->space))
		return false;
	population = population_new(space, &experiment->sizes, experiment->lifetimes,
				    room * fmax(experiment->load, 2), experiment->seed);
	if (question == QUESTION_FIRST)
		overload(&course);
	else
		climb(&course);
	note(&course);
	outcome->at_failure = fill_of(&course);
	outcome->births = (double)population.births;
	population_end(&population);
	return true;
}
