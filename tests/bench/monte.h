/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What monte was asked, and the forms its answers come in.
 */
#ifndef MEMMGR_BENCH_MONTE_H
#define MEMMGR_BENCH_MONTE_H

#include <stdio.h>

#include "monte-experiment.h"
#include "stats.h"

#define MONTE_LIST_MAX 16
#define MONTE_RUNS_MAX 1000

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

/**
 * struct monte - what to do
 * @experiment: its parameters, but for engine, sizes and seed
 * @engines: to be asked
 * @engine_count: of them
 * @sizes: mixes of sizes, by name
 * @sizes_count: of them
 * @ask: which questions
 * @lifetimes: name of the distribution
 * @runs: of each experiment, with seeds @seed, @seed + 1 and so on
 * @seed: of the first
 * @format: of the answers
 * @series: where the course of each first run goes, or NULL
 * @drawings: where each arena goes as its last failure left it, in characters, or
 *	NULL: with the answers, if those are text
 * @matrices: the same as numbers, or NULL
 */
struct monte {
	struct experiment experiment;
	const struct memmgr_engine *engines[MONTE_LIST_MAX];
	unsigned int engine_count;
	const char *sizes[MONTE_LIST_MAX];
	unsigned int sizes_count;
	bool ask[QUESTIONS];
	const char *lifetimes;
	unsigned int runs;
	uint64_t seed;
	enum format format;
	FILE *series;
	FILE *drawings;
	FILE *matrices;
};

/* monte-options.c: ends the process if the command line makes no sense. */
void monte_parse(struct monte *monte, int argc, char **argv);

/**
 * struct answer - one experiment's, over all runs
 * @engine: name
 * @sizes: name of the mix
 * @question: which
 * @fills: by run
 * @runs: how many
 * @fill: their mean, and how sure of it one can be
 * @last: the arena after the last run
 */
struct answer {
	const char *engine;
	const char *sizes;
	enum question question;
	double fills[MONTE_RUNS_MAX];
	unsigned int runs;
	struct stats_mean fill;
	const struct space *last;
};

/* monte-output.c */
void output_begin(const struct monte *monte);
void output_answer(const struct monte *monte, const struct answer *answer);
void output_series(const struct monte *monte, const struct answer *answer,
		   const struct outcome *outcome);
void output_end(const struct monte *monte);

#endif /* MEMMGR_BENCH_MONTE_H */
