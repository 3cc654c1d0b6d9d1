// SPDX-License-Identifier: GPL-2.0
/*
 * Comparisons of speed. Nanoseconds and instructions are those of the heap: what
 * the same loop took with the heap called "none" is taken off.
 */
#include <math.h>

#include "counter.h"
#include "plan.h"
#include "stats.h"

#define NONE 0
#define GLIBC 1
#define VALGRIND_WARMUP_MAX 200000

/* One comparison: each heap's repetitions; NAN where one failed. */
struct speeds {
	double ns[HEAPS_MAX][PLAN_REPS_MAX];
	double best[HEAPS_MAX];
	double worst[HEAPS_MAX];
	double ticks_per_ns;
	double clock_step;
};

static void measure_once(const struct plan *plan, struct board *board, const struct job *job,
			 unsigned int heap, unsigned int rep, struct speeds *speeds)
{
	const struct result *result = &board->result;
	double *best = &speeds->best[heap];
	double *worst = &speeds->worst[heap];

	if (!plan_run(plan, board, job, heap)) {
		speeds->ns[heap][rep] = NAN;
		return;
	}
	speeds->ns[heap][rep] = result->ns;
	*best = rep ? fmin(*best, result->ns_best) : result->ns_best;
	*worst = fmax(*worst, result->worst / result->ticks_per_ns);
	speeds->ticks_per_ns = result->ticks_per_ns;
	speeds->clock_step = result->clock_step / result->ticks_per_ns;
}

/*
 * The heap's own time, by repetition, and as a ratio to glibc's in the same one;
 * likewise the best of all, as on a machine that nobody else uses.
 */
static void report_throughput(const struct plan *plan, const struct job *job, const char *mix,
			      unsigned int heap, const struct speeds *speeds)
{
	double net[PLAN_REPS_MAX], ratio[PLAN_REPS_MAX];
	const char *name = plan->heaps[heap].name;
	double best = speeds->best[heap] - speeds->best[NONE];
	unsigned int i;

	for (i = 0; i < plan->reps; i++) {
		net[i] = speeds->ns[heap][i] - (heap == NONE ? 0 : speeds->ns[NONE][i]);
		ratio[i] = net[i] / (speeds->ns[GLIBC][i] - speeds->ns[NONE][i]);
	}
	csv_row("speed", name, mix, job->live, "ns", stats_median(net, plan->reps));
	if (heap == NONE)
		return;
	csv_row("speed", name, mix, job->live, "ratio", stats_median(ratio, plan->reps));
	csv_row("speed", name, mix, job->live, "best-ns", best);
	csv_row("speed", name, mix, job->live, "best-ratio",
		best / (speeds->best[GLIBC] - speeds->best[NONE]));
	progress("  %-10s %7.1f ns %7.2f x", name, stats_median(net, plan->reps),
		 stats_median(ratio, plan->reps));
}

static void report_latency(const struct plan *plan, struct board *board, const struct job *job,
			   const char *mix, unsigned int heap, const struct speeds *speeds)
{
	const char *name = plan->heaps[heap].name;
	size_t count = 2 * job->timed;
	uint32_t *samples = board->samples + heap * count;

	stats_sort(samples, count);
	csv_row("speed", name, mix, job->live, "p50",
		stats_percentile(samples, count, 0.5) / speeds->ticks_per_ns);
	csv_row("speed", name, mix, job->live, "p99.9",
		stats_percentile(samples, count, 0.999) / speeds->ticks_per_ns);
	csv_row("speed", name, mix, job->live, "worst", samples[count - 1] / speeds->ticks_per_ns);
	csv_row("speed", name, mix, job->live, "worst-seen", speeds->worst[heap]);
	csv_row("speed", name, mix, job->live, "clock-step", speeds->clock_step);
}

static bool all_succeeded(const struct plan *plan, const struct speeds *speeds, unsigned int heap)
{
	unsigned int i;

	for (i = 0; i < plan->reps; i++)
		if (isnan(speeds->ns[heap][i]))
			return false;
	return true;
}

static void compare(const struct plan *plan, struct board *board, const char *mix, uint32_t live)
{
	struct job job = plan_job(plan, JOB_SPEED, mix, live);
	struct speeds speeds = { 0 };
	unsigned int rep, heap;

	board_clear_samples(board);
	for (rep = 0; rep < plan->reps; rep++) {
		for (heap = 0; heap < plan->heap_count; heap++) {
			job.samples_at = heap * 2 * job.timed;
			if (!rep || !isnan(speeds.ns[heap][rep - 1]))
				measure_once(plan, board, &job, heap, rep, &speeds);
			else
				speeds.ns[heap][rep] = NAN;
		}
	}
	for (heap = 0; heap < plan->heap_count; heap++) {
		if (!all_succeeded(plan, &speeds, heap))
			continue;
		report_throughput(plan, &job, mix, heap, &speeds);
		report_latency(plan, board, &job, mix, heap, &speeds);
	}
}

void plan_speed(const struct plan *plan, struct board *board)
{
	unsigned int mix, live, done = 0;

	for (mix = 0; mix < plan->mixes.count; mix++) {
		for (live = 0; live < plan->lives.count; live++) {
			progress("speed %u/%u: sizes %s, %u live blocks", ++done,
				 plan->mixes.count * plan->lives.count, plan->mixes.at[mix],
				 plan->lives.at[live]);
			compare(plan, board, plan->mixes.at[mix], plan->lives.at[live]);
		}
	}
}

static void count_all(const struct plan *plan, struct board *board, const char *mix, uint32_t live,
		      bool valgrind)
{
	struct job job = plan_job(plan, JOB_INSTRUCTIONS, mix, live);
	double loop = 0, own;
	unsigned int heap;

	job.steps = plan->counted;
	job.valgrind = valgrind;
	if (valgrind)
		job.warmup = min(job.warmup, (size_t)VALGRIND_WARMUP_MAX);
	for (heap = 0; heap < plan->heap_count; heap++) {
		if (!plan_run(plan, board, &job, heap) || board->result.instructions < 0)
			continue;
		if (heap == NONE)
			loop = board->result.instructions;
		own = board->result.instructions - (heap == NONE ? 0 : loop);
		csv_row("instructions", plan->heaps[heap].name, mix, live, "instructions", own);
		progress("  %-10s %7.1f", plan->heaps[heap].name, own);
	}
}

/* Valgrind takes its time: not every pair of mix and number of blocks is worth it. */
static bool worth_counting(unsigned int mix, uint32_t live, bool valgrind)
{
	return !valgrind || !mix || live == 10000;
}

void plan_instructions(const struct plan *plan, struct board *board)
{
	bool valgrind = counter_open() < 0;
	unsigned int mix, live;

	for (mix = 0; mix < plan->mixes.count; mix++) {
		for (live = 0; live < plan->lives.count; live++) {
			if (!worth_counting(mix, plan->lives.at[live], valgrind))
				continue;
			progress("instructions, counted by %s: sizes %s, %u live blocks",
				 valgrind ? "valgrind" : "the processor", plan->mixes.at[mix],
				 plan->lives.at[live]);
			count_all(plan, board, plan->mixes.at[mix], plan->lives.at[live], valgrind);
		}
	}
}
