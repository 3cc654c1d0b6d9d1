// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads on one heap. Each has its share of the live blocks and replaces
 * those, going round its trace until time is up; all begin together.
 *
 * The processor time they got is measured as well: where it is much less than
 * threads times wall time, they waited, or others used the machine.
 */
#include <err.h>
#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"
#include "worker.h"

#define CHUNK 500

static pthread_barrier_t barrier;
static bool time_is_up;

struct runner {
	pthread_t thread;
	struct player player;
	const struct job *job;
	uint64_t steps;
	uint64_t wall_ns;
	uint64_t cpu_ns;
};

static uint64_t replay_until_time_is_up(struct runner *runner)
{
	size_t chunks = runner->job->steps / CHUNK;
	uint64_t done = 0;

	while (!__atomic_load_n(&time_is_up, __ATOMIC_RELAXED)) {
		player_replay(&runner->player, done % chunks * CHUNK, CHUNK);
		done++;
	}
	return done * CHUNK;
}

static void *run(void *arg)
{
	struct runner *runner = arg;
	uint64_t cpu, wall;

	player_fill(&runner->player);
	player_replay(&runner->player, 0, min(runner->job->warmup, runner->job->steps));
	pthread_barrier_wait(&barrier);
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	wall = now_ns();
	runner->steps = replay_until_time_is_up(runner);
	runner->wall_ns = now_ns() - wall;
	runner->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	return NULL;
}

static void start(struct runner *runner, struct heap *heap, const struct job *job, uint32_t number)
{
	uint32_t live = max(job->live / job->threads, 1U);
	int ret;

	runner->job = job;
	runner->player = player_new(heap, job, live, job->steps, job->seed + number);
	runner->player.cpu = number;
	ret = pthread_create(&runner->thread, NULL, run, runner);
	if (ret) {
		errno = ret;
		err(1, "thread");
	}
}

static void finish(struct runner *runner, struct result *result)
{
	double wall;

	pthread_join(runner->thread, NULL);
	wall = (double)runner->wall_ns;
	result->mops += 2e3 * (double)runner->steps / wall;
	result->busy += (double)runner->cpu_ns / wall;
	result->failed += runner->player.failed;
}

void measure_threads(struct heap *heap, struct board *board)
{
	const struct job *job = &board->job;
	struct runner *runners = memory_new(job->threads * sizeof(*runners));
	uint32_t i;

	pthread_barrier_init(&barrier, NULL, job->threads + 1);
	for (i = 0; i < job->threads; i++)
		start(&runners[i], heap, job, i);
	pthread_barrier_wait(&barrier);
	usleep(job->milliseconds * 1000);
	__atomic_store_n(&time_is_up, true, __ATOMIC_RELAXED);
	for (i = 0; i < job->threads; i++)
		finish(&runners[i], &board->result);
}
