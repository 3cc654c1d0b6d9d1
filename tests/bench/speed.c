// SPDX-License-Identifier: GPL-2.0
/*
 * How long an operation takes, an operation being one allocation or one free.
 *
 * The same trace goes on through three phases:
 *
 *	fill, warm-up	not measured: the heap becomes what it is in the long run
 *	throughput	no timer inside; in PARTS parts, whose median counts, so that
 *			an interrupt does not; each is shorter than the time that a
 *			busy machine lets a process run undisturbed, so that the
 *			fastest one says what an idle machine would
 *	latency		each operation timed by itself, the timer's own cost taken off
 */
#include "clock.h"
#include "counter.h"
#include "stats.h"
#include "worker.h"

#define PARTS 100
#define ROUNDING 2 /* ticks */

/*
 * What two readings of the clock with nothing between them show, usually; and by
 * how much such differences differ at least, for many clocks move in leaps. A
 * virtual clock's leaps are a tick longer or shorter: that is rounding.
 */
static uint32_t timer_cost(uint32_t *step)
{
	static uint32_t costs[10001];
	size_t i, count = ARRAY_SIZE(costs);
	uint64_t start;

	for (i = 0; i < count; i++) {
		start = ticks();
		costs[i] = (uint32_t)(ticks() - start);
	}
	stats_sort(costs, count);
	*step = UINT32_MAX;
	for (i = 1; i < count; i++)
		if (costs[i] - costs[i - 1] > ROUNDING)
			*step = min(*step, costs[i] - costs[i - 1]);
	return stats_percentile(costs, count, 0.5);
}

static void measure_throughput(struct player *player, const struct job *job, struct result *result)
{
	size_t part, count = job->steps / PARTS;
	double ns[PARTS];
	uint64_t start;

	for (part = 0; part < PARTS; part++) {
		start = now_ns();
		player_replay(player, job->warmup + part * count, count);
		ns[part] = (double)(now_ns() - start) / (2.0 * (double)count);
	}
	result->ns = stats_median(ns, PARTS);
	result->ns_best = ns[0]; /* they are sorted now */
}

/* Keep what an operation took, if no run before was faster. */
static void keep(struct board *board, size_t index, uint64_t taken, uint32_t cost)
{
	uint32_t *sample = &board->samples[board->job.samples_at + index];
	uint32_t own = taken > cost ? (uint32_t)(taken - cost) : 0;

	*sample = min(*sample, own);
	board->result.worst = max(board->result.worst, own);
}

static void measure_latency(struct player *player, struct board *board, size_t first)
{
	const struct step *step = player->trace.steps + first;
	struct heap *heap = player->heap;
	uint64_t start, freed, end, name;
	uint32_t cost = timer_cost(&board->result.clock_step);
	size_t i;

	for (i = 0; i < board->job.timed; i++, step++) {
		name = player->names[step->slot];
		start = ticks();
		heap->free(heap, name);
		freed = ticks();
		name = heap->alloc(heap, step->size, player->cpu);
		end = ticks();
		player->names[step->slot] = name;
		player->failed += !name;
		keep(board, 2 * i, freed - start, cost);
		keep(board, 2 * i + 1, end - freed, cost);
	}
}

void measure_speed(struct heap *heap, struct board *board)
{
	const struct job *job = &board->job;
	struct player player = player_new(heap, job, job->live,
					  job->warmup + job->steps + job->timed, job->seed);
	uint64_t start_ticks, start_ns;

	player_fill(&player);
	player_replay(&player, 0, job->warmup);
	start_ticks = ticks();
	start_ns = now_ns();
	measure_throughput(&player, job, &board->result);
	measure_latency(&player, board, job->warmup + job->steps);
	board->result.ticks_per_ns = (double)(ticks() - start_ticks) /
				     (double)(now_ns() - start_ns);
	board->result.failed = player.failed;
}

void measure_instructions(struct heap *heap, struct board *board)
{
	const struct job *job = &board->job;
	struct player player = player_new(heap, job, job->live, job->warmup + job->steps,
					  job->seed);
	int counter = job->valgrind ? -1 : counter_open();

	player_fill(&player);
	player_replay(&player, 0, job->warmup);
	if (job->valgrind) {
		counter_valgrind_start();
		player_replay(&player, job->warmup, job->steps);
		counter_valgrind_stop();
	} else if (counter >= 0) {
		counter_start(counter);
		player_replay(&player, job->warmup, job->steps);
		board->result.instructions = (double)counter_stop(counter) /
					     (2.0 * (double)job->steps);
	}
	board->result.failed = player.failed;
}
