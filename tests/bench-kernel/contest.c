// SPDX-License-Identifier: GPL-2.0
/*
 * Every contender goes through the same trace, in turn and again: of each call the
 * fastest repetition counts, so that what remains is the contender's own doing and
 * not an interrupt's. What the same call of "none" takes is taken off.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "csv.h"
#include "memory.h"
#include "module/memmgr_bench.h"
#include "plan.h"
#include "stats.h"
#include "trace.h"

#define CONTENDERS_MAX 16
#define TEXT_LEN 32
#define OCCUPANCY 0.5
#define LEAST_STEPS 200

/* Whom the others are compared with. */
#define NONE "none"
#define KMALLOC "kmalloc"
#define GEN_POOL "gen_pool_first"

static const char *const contexts[MEMMGR_BENCH_CONTEXTS] = { "process", "hardirq" };

_Static_assert(sizeof(struct step) == sizeof(struct memmgr_bench_step), "same steps");

/**
 * struct calls - what calls of one kind took
 * @ticks: of each
 * @count: of @ticks
 * @mean: in the unit of the report, as the others
 * @p50: the median
 * @p999: no more than one in a thousand takes longer
 * @worst: of all
 */
struct calls {
	uint32_t *ticks;
	size_t count;
	double mean;
	double p50;
	double p999;
	double worst;
};

/**
 * struct entry - a contender in a contest
 * @told: by the module
 * @steps: that are timed
 * @samples: of them, the fastest so far
 * @free: from these
 * @alloc: from these
 * @refused: allocations, in all repetitions
 * @absent: it does not take part
 */
struct entry {
	struct memmgr_bench_contender told;
	uint32_t steps;
	struct memmgr_bench_sample *samples;
	struct calls free;
	struct calls alloc;
	uint32_t refused;
	bool absent;
};

/**
 * struct contest - all of them
 * @plan: where it is from
 * @device: the module's
 * @context: in which it is held
 * @mix: of sizes
 * @sizes: the same
 * @live: blocks
 * @tick_khz: of the clock
 * @entries: who takes part
 * @count: of @entries
 */
struct contest {
	const struct plan *plan;
	int device;
	enum memmgr_bench_context context;
	const char *mix;
	struct sizes sizes;
	uint32_t live;
	uint32_t tick_khz;
	struct entry entries[CONTENDERS_MAX];
	unsigned int count;
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What searches from the start is timed for less of the trace than others. */
static uint32_t steps_of(const struct contest *contest, const struct entry *entry)
{
	uint64_t reach = contest->plan->reach / contest->live;
	uint32_t timed = contest->plan->timed;

	if (!entry->told.out_linear || reach >= timed)
		return timed;
	return reach < LEAST_STEPS ? LEAST_STEPS : (uint32_t)reach;
}

static void enter_all(struct contest *contest)
{
	struct entry *entry = contest->entries;

	for (; contest->count < CONTENDERS_MAX; contest->count++, entry++) {
		*entry = (struct entry){ .told.index = contest->count };
		if (ioctl(contest->device, MEMMGR_BENCH_IOC_CONTENDER, &entry->told))
			return;
		entry->steps = steps_of(contest, entry);
		entry->samples = memory_new(entry->steps * sizeof(*entry->samples));
		memset(entry->samples, 0xff, entry->steps * sizeof(*entry->samples));
	}
	errx(1, "more contenders than expected");
}

static void keep_fastest(struct entry *entry, const struct memmgr_bench_sample *now)
{
	struct memmgr_bench_sample *best = entry->samples;
	uint32_t i;

	for (i = 0; i < entry->steps; i++) {
		best[i].free = min_u32(best[i].free, now[i].free);
		best[i].alloc = min_u32(best[i].alloc, now[i].alloc);
	}
}

static void run_once(struct contest *contest, struct entry *entry, const struct trace *trace)
{
	size_t bytes = entry->steps * sizeof(*entry->samples);
	struct memmgr_bench_sample *samples = memory_new(bytes);
	struct memmgr_bench_run run = {
		.contender = entry->told.index,
		.context = contest->context,
		.live = contest->live,
		.warmup = contest->live,
		.count = entry->steps,
		.arena_size = sizes_arena(&contest->sizes, contest->live, OCCUPANCY),
		.fixed_size = contest->sizes.kind == SIZES_FIXED ? contest->sizes.min : 0,
		.steps = (uintptr_t)trace->fill,
		.samples = (uintptr_t)samples,
	};

	if (!ioctl(contest->device, MEMMGR_BENCH_IOC_RUN, &run)) {
		keep_fastest(entry, samples);
		entry->refused += run.out_refused;
		contest->tick_khz = run.out_tick_khz;
	} else if (errno == EOPNOTSUPP) {
		entry->absent = true;
	} else {
		err(1, "%s, %u blocks", entry->told.out_name, contest->live);
	}
	memory_free(samples, bytes);
}

/* --- figures -------------------------------------------------------------- */

static double unit(const struct contest *contest)
{
	if (contest->plan->instruction > 0)
		return 1 / contest->plan->instruction;
	return 1e6 / contest->tick_khz;
}

static void sum_up(struct calls *calls, double ticks, double cost)
{
	double sum = 0;
	size_t i;

	stats_sort(calls->ticks, calls->count);
	for (i = 0; i < calls->count; i++)
		sum += calls->ticks[i];
	calls->mean = sum / (double)calls->count * ticks - cost;
	calls->p50 = stats_percentile(calls->ticks, calls->count, 0.5) * ticks - cost;
	calls->p999 = stats_percentile(calls->ticks, calls->count, 0.999) * ticks - cost;
	calls->worst = stats_percentile(calls->ticks, calls->count, 1) * ticks - cost;
}

static void add(struct calls *calls, uint32_t ticks)
{
	if (ticks != MEMMGR_BENCH_NONE)
		calls->ticks[calls->count++] = ticks;
}

/* @cost of measuring is that of "none", if this is another. */
static void evaluate(const struct contest *contest, struct entry *entry, const struct entry *none)
{
	size_t bytes = entry->steps * sizeof(uint32_t);
	uint32_t i;

	entry->free.ticks = memory_new(bytes);
	entry->alloc.ticks = memory_new(bytes);
	for (i = 0; i < entry->steps; i++) {
		add(&entry->free, entry->samples[i].free);
		add(&entry->alloc, entry->samples[i].alloc);
	}
	sum_up(&entry->free, unit(contest), none ? none->free.p50 : 0);
	sum_up(&entry->alloc, unit(contest), none ? none->alloc.p50 : 0);
	memory_free(entry->free.ticks, bytes);
	memory_free(entry->alloc.ticks, bytes);
}

static double pair(const struct entry *entry)
{
	return entry->alloc.mean + entry->free.mean;
}

static const struct entry *find(const struct contest *contest, const char *name)
{
	unsigned int i;

	for (i = 0; i < contest->count; i++)
		if (!strcmp(contest->entries[i].told.out_name, name))
			return &contest->entries[i];
	errx(1, "there is no %s to compare with", name);
}

static void row(const struct contest *contest, const struct entry *entry, const char *metric,
		double value)
{
	char part[TEXT_LEN];

	snprintf(part, sizeof(part), "%s%s", contexts[contest->context],
		 contest->plan->instruction > 0 ? "" : "-ns");
	csv_row(part, entry->told.out_name, contest->mix, contest->live, metric, value);
}

static void report_calls(const struct contest *contest, const struct entry *entry, const char *kind,
			 const struct calls *calls)
{
	const struct {
		const char *name;
		double value;
	} figures[] = { { "mean", calls->mean },
			{ "p50", calls->p50 },
			{ "p99.9", calls->p999 },
			{ "worst", calls->worst } };
	char metric[TEXT_LEN];
	size_t i;

	for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		snprintf(metric, sizeof(metric), "%s-%s", kind, figures[i].name);
		row(contest, entry, metric, figures[i].value);
	}
}

static void report(const struct contest *contest, const struct entry *entry)
{
	const struct entry *kmalloc = find(contest, KMALLOC);

	row(contest, entry, "pair", pair(entry));
	row(contest, entry, "of-kmalloc", pair(entry) / pair(kmalloc));
	row(contest, entry, "free-of-kfree", entry->free.mean / kmalloc->free.mean);
	row(contest, entry, "gain", pair(find(contest, GEN_POOL)) / pair(entry));
	report_calls(contest, entry, "alloc", &entry->alloc);
	report_calls(contest, entry, "free", &entry->free);
	row(contest, entry, "steps", entry->steps);
	row(contest, entry, "refused", entry->refused / (double)entry->steps / contest->plan->reps);
	progress("  %-16s %10.1f, %6.2f times kmalloc", entry->told.out_name, pair(entry),
		 pair(entry) / pair(kmalloc));
}

/* --- contests ------------------------------------------------------------- */

static void report_all(struct contest *contest)
{
	const struct entry *none = find(contest, NONE);
	struct entry *entry, *end = contest->entries + contest->count;

	for (entry = contest->entries; entry < end; entry++)
		if (!entry->absent)
			evaluate(contest, entry, entry == none ? NULL : none);
	for (entry = contest->entries; entry < end; entry++)
		if (!entry->absent && entry != none)
			report(contest, entry);
}

static void go_through(struct contest *contest)
{
	struct entry *entry, *end = contest->entries + contest->count;
	struct trace trace = trace_new(&contest->sizes, contest->live,
				       contest->live + contest->plan->timed, contest->plan->seed);
	unsigned int rep;

	for (rep = 0; rep < contest->plan->reps; rep++)
		for (entry = contest->entries; entry < end; entry++)
			if (!entry->absent)
				run_once(contest, entry, &trace);
	trace_free(&trace);
}

static void hold(struct contest *contest)
{
	struct entry *entry;

	progress("%s, sizes %s, %u live blocks", contexts[contest->context], contest->mix,
		 contest->live);
	sizes_parse(contest->mix, &contest->sizes);
	enter_all(contest);
	go_through(contest);
	report_all(contest);
	for (entry = contest->entries; contest->count; contest->count--, entry++)
		memory_free(entry->samples, entry->steps * sizeof(*entry->samples));
}

void compare_contenders(const struct plan *plan)
{
	struct contest contest = { .plan = plan, .device = open("/dev/memmgr_bench", O_RDWR) };
	unsigned int mix, live, context;

	if (contest.device < 0)
		err(1, "/dev/memmgr_bench");
	for (context = 0; context < MEMMGR_BENCH_CONTEXTS; context++) {
		for (mix = 0; mix < plan->mixes.count; mix++) {
			for (live = 0; live < plan->lives.count; live++) {
				contest.context = context;
				contest.mix = plan->mixes.at[mix];
				contest.live = plan->lives.at[live];
				hold(&contest);
			}
		}
	}
	close(contest.device);
}
