/* SPDX-License-Identifier: GPL-2.0 */
/* The parent: announces phases, waits, and has things proved. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "stress.h"

#define TICK 10 /* milliseconds */

/* Milliseconds after which a thread that has not settled hangs. */
#define SETTLE_MAX 60000

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = signal;
}

void stress_fail(struct stress_shared *shared, const char *format, ...)
{
	uint32_t none = 0;
	va_list args;

	if (!atomic_compare_exchange_strong(&shared->failed, &none, 1))
		return;
	va_start(args, format);
	vsnprintf(shared->failure, sizeof(shared->failure), format, args);
	va_end(args);
	atomic_store(&shared->failed, 2);
}

uint64_t stress_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void stress_sleep(unsigned int milliseconds)
{
	const struct timespec time = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * 1000000L,
	};

	nanosleep(&time, NULL);
}

static void announce(struct stress *stress, uint32_t phase)
{
	stress->phase = phase;
	atomic_store(&stress->shared->phase, phase);
}

static void tick(struct stress *stress)
{
	stress_watch(stress);
	stress_kill_sometimes(stress);
	stress_sleep(TICK);
}

static bool goes_on(const struct stress *stress)
{
	return !stress_has_failed(stress->shared) && !interrupted;
}

/* Mutate until @end, with a line each second since @begin. */
static void mutate(struct stress *stress, uint64_t begin, uint64_t end)
{
	uint64_t second = (stress_now() - begin) / 1000;

	announce(stress, stress->phase + 1);
	while (goes_on(stress) && stress_now() < end) {
		tick(stress);
		if ((stress_now() - begin) / 1000 == second)
			continue;
		second = (stress_now() - begin) / 1000;
		stress_print_second(stress, second);
	}
}

static bool process_has_settled(const struct stress *stress, unsigned int process)
{
	const struct stress_process *notes = &stress->shared->processes[process];
	unsigned int i;

	for (i = 0; i < stress->config.threads; i++)
		if (atomic_load(&notes->threads[i].settled) != stress->phase)
			return false;
	return true;
}

static bool all_have_settled(const struct stress *stress)
{
	unsigned int i;

	for (i = 0; i < stress->config.processes; i++)
		if (!process_has_settled(stress, i))
			return false;
	return true;
}

static void release(struct stress *stress)
{
	uint64_t deadline = stress_now() + SETTLE_MAX;

	announce(stress, stress->phase + 1);
	while (!all_have_settled(stress)) {
		if (stress_has_failed(stress->shared))
			return;
		if (stress_now() > deadline) {
			stress_fail(stress->shared, "not all threads released within %d seconds",
				    SETTLE_MAX / 1000);
			return;
		}
		tick(stress);
	}
	stress_prove_empty(stress);
}

static void run_rounds(struct stress *stress)
{
	uint64_t begin = stress_now();
	uint64_t end = begin + stress->config.seconds * 1000;
	uint64_t until = begin;

	while (goes_on(stress) && stress_now() < end) {
		until = stress_now() + stress->config.round * 1000;
		mutate(stress, begin, until < end ? until : end);
		release(stress);
		if (stress_has_failed(stress->shared))
			return;
		stress->rounds++;
		stress_print_round(stress);
	}
}

int stress_prepare(struct stress *stress)
{
	struct sigaction action = { .sa_handler = interrupt };

	stress->random = stress_seed(stress->config.seed, 0, 0, ~0U);
	stress->shared = mmap(NULL, sizeof(*stress->shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stress->shared == MAP_FAILED)
		return -1;
	sigaction(SIGINT, &action, NULL);
	return memmgr_stat(stress->arena, &stress->began);
}

/* A failure that is being written just now is worth waiting for. */
static bool has_held(struct stress *stress)
{
	unsigned int patience;

	for (patience = 1000; patience && atomic_load(&stress->shared->failed) == 1; patience--)
		stress_sleep(1);
	return !stress_has_failed(stress->shared);
}

/* Phases begin with 2, so that none of them is STRESS_STOP. */
bool stress_run(struct stress *stress)
{
	stress_print_begin(stress);
	announce(stress, 2);
	stress_spawn_all(stress);
	run_rounds(stress);
	announce(stress, STRESS_STOP);
	stress_end_all(stress);
	return has_held(stress);
}
