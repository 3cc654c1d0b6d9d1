// SPDX-License-Identifier: GPL-2.0
/*
 * How much more several threads get done on one heap than one does.
 */
#include "plan.h"
#include "stats.h"

#define LIVE 10000U
#define MIX "log"

/* Rates of one heap: millions of operations a second, by number of threads. */
struct rates {
	double rate[ARGS_LIST_MAX][PLAN_REPS_MAX];
	double busy[ARGS_LIST_MAX][PLAN_REPS_MAX];
	bool failed;
};

static void measure_once(const struct plan *plan, struct board *board, unsigned int heap,
			 unsigned int which, unsigned int rep, struct rates *rates)
{
	struct job job = plan_job(plan, JOB_THREADS, MIX, LIVE);

	job.threads = plan->threads.at[which];
	job.milliseconds = plan->milliseconds;
	if (!plan_run(plan, board, &job, heap)) {
		rates->failed = true;
		return;
	}
	rates->rate[which][rep] = board->result.mops;
	rates->busy[which][rep] = board->result.busy;
}

/* @scaling: by repetition, then the median: neighbours in time are compared. */
static void report(const struct plan *plan, unsigned int heap, struct rates *rates)
{
	const char *name = plan->heaps[heap].name;
	double one[PLAN_REPS_MAX], scaling[PLAN_REPS_MAX];
	unsigned int which, rep;
	double rate, ratio;

	memcpy(one, rates->rate[0], sizeof(one));
	for (which = 0; which < plan->threads.count; which++) {
		for (rep = 0; rep < plan->reps; rep++)
			scaling[rep] = rates->rate[which][rep] / one[rep];
		rate = stats_median(rates->rate[which], plan->reps);
		ratio = stats_median(scaling, plan->reps);
		csv_row("threads", name, MIX, plan->threads.at[which], "Mops", rate);
		csv_row("threads", name, MIX, plan->threads.at[which], "scaling", ratio);
		csv_row("threads", name, MIX, plan->threads.at[which], "busy",
			stats_median(rates->busy[which], plan->reps));
		progress("  %-10s %2u threads: %7.2f million operations/s, %.2f x", name,
			 plan->threads.at[which], rate, ratio);
	}
}

void plan_threads(const struct plan *plan, struct board *board)
{
	static struct rates rates[HEAPS_MAX];
	unsigned int heap, which, rep;

	for (rep = 0; rep < plan->reps; rep++) {
		progress("threads %u/%u", rep + 1, plan->reps);
		for (heap = 1; heap < plan->heap_count; heap++)
			for (which = 0; which < plan->threads.count; which++)
				if (!rates[heap].failed)
					measure_once(plan, board, heap, which, rep, &rates[heap]);
	}
	for (heap = 1; heap < plan->heap_count; heap++)
		if (!rates[heap].failed)
			report(plan, heap, &rates[heap]);
}
