/* SPDX-License-Identifier: GPL-2.0 */
/* What stress prints: lines to read, or lines of JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "../numbers.h"
#include "../report.h"
#include "stress.h"

/**
 * struct sums - all threads' notes together
 * @operations: how much was done
 * @blocks: blocks that are held
 * @least: bytes that the thread with the fewest holds
 * @most: bytes that the thread with the most holds
 * @bytes: bytes that all hold
 */
struct sums {
	uint64_t operations;
	uint64_t blocks;
	uint64_t least;
	uint64_t most;
	uint64_t bytes;
};

static uint64_t thread_bytes(const struct stress *stress, unsigned int thread)
{
	unsigned int threads = stress->config.threads;

	return atomic_load(
		&stress->shared->processes[thread / threads].threads[thread % threads].bytes);
}

static void add_thread(struct sums *sums, const struct stress_thread *notes)
{
	uint64_t bytes = atomic_load(&notes->bytes);

	sums->operations += atomic_load(&notes->operations);
	sums->blocks += atomic_load(&notes->blocks);
	sums->bytes += bytes;
	if (bytes < sums->least)
		sums->least = bytes;
	if (bytes > sums->most)
		sums->most = bytes;
}

static struct sums sum_up(const struct stress *stress)
{
	struct sums sums = { .operations = stress->operations, .least = UINT64_MAX };
	unsigned int i, j;

	for (i = 0; i < stress->config.processes; i++)
		for (j = 0; j < stress->config.threads; j++)
			add_thread(&sums, &stress->shared->processes[i].threads[j]);
	return sums;
}

static void print_second_json(const struct stress *stress, uint64_t second, const struct sums *sums,
			      const struct memmgr_stat *stat)
{
	unsigned int threads = stress->config.processes * stress->config.threads;
	struct json_object *bytes = json_object_new_array();
	struct report report;
	unsigned int i;

	for (i = 0; i < threads; i++)
		json_object_array_add(bytes, json_object_new_uint64(thread_bytes(stress, i)));
	report_begin(&report, true);
	report_number(&report, "second", second);
	report_number(&report, "operations", sums->operations);
	report_number(&report, "blocks", sums->blocks);
	json_object_object_add(report.object, "thread_bytes", bytes);
	report_number(&report, "contended", stat->out_contended - stress->began.out_contended);
	report_number(&report, "lost_races", stat->out_lost_races - stress->began.out_lost_races);
	report_number(&report, "ties_broken",
		      stat->out_ties_broken - stress->began.out_ties_broken);
	report_number(&report, "retries", stat->out_retries - stress->began.out_retries);
	report_number(&report, "failures", stat->out_failures - stress->began.out_failures);
	report_number(&report, "killed", stress->kills);
	report_number(&report, "reclaimed_blocks", stress->back_blocks);
	report_number(&report, "reclaimed_bytes", stress->back_bytes);
	report_end(&report);
}

static void print_second_text(const struct stress *stress, uint64_t second, const struct sums *sums,
			      const struct memmgr_stat *stat)
{
	unsigned int threads = stress->config.processes * stress->config.threads;
	char least[NUMBER_LEN], mean[NUMBER_LEN], most[NUMBER_LEN], back[NUMBER_LEN];

	printf("%4" PRIu64 " s  %9" PRIu64 " ops  %5" PRIu64 " blocks  per thread %s..%s..%s"
	       "  contended %llu  lost races %llu  no memory %llu",
	       second, sums->operations, sums->blocks, format_bytes(least, sums->least),
	       format_bytes(mean, sums->bytes / threads), format_bytes(most, sums->most),
	       stat->out_contended - stress->began.out_contended,
	       stat->out_lost_races - stress->began.out_lost_races,
	       stat->out_failures - stress->began.out_failures);
	if (stress->config.kill)
		printf("  killed %" PRIu64 " (%" PRIu64 " blocks, %s back)", stress->kills,
		       stress->back_blocks, format_bytes(back, stress->back_bytes));
	putchar('\n');
}

void stress_print_second(const struct stress *stress, uint64_t second)
{
	struct sums sums = sum_up(stress);
	struct memmgr_stat stat;

	if (memmgr_stat(stress->arena, &stat)) {
		stress_fail(stress->shared, "stat failed");
		return;
	}
	if (stress->config.json)
		print_second_json(stress, second, &sums, &stat);
	else
		print_second_text(stress, second, &sums, &stat);
	fflush(stdout);
}

void stress_print_begin(const struct stress *stress)
{
	const struct stress_config *config = &stress->config;
	char size[NUMBER_LEN], block_max[NUMBER_LEN];
	struct report report;

	if (!config->json) {
		printf("%u processes of %u threads, blocks up to %s in an arena of %s, "
		       "seed %" PRIu64 "\n",
		       config->processes, config->threads,
		       format_bytes(block_max, config->block_max),
		       format_bytes(size, memmgr_size(stress->arena)), config->seed);
		printf("each second: operations, blocks held, least..mean..most bytes per thread\n");
	} else {
		report_begin(&report, true);
		report_number(&report, "seed", config->seed);
		report_number(&report, "processes", config->processes);
		report_number(&report, "threads", config->threads);
		report_number(&report, "size", memmgr_size(stress->arena));
		report_number(&report, "block_max", config->block_max);
		report_end(&report);
	}
	fflush(stdout);
}

void stress_print_round(const struct stress *stress)
{
	struct report report;

	if (!stress->config.json) {
		printf("round %" PRIu64 ": all released, %s\n", stress->rounds,
		       stress->began.out_blocks ?
			       "nothing of ours is left, bookkeeping sound" :
			       "the arena is one free run again, bookkeeping sound");
	} else {
		report_begin(&report, true);
		report_number(&report, "round", stress->rounds);
		report_bool(&report, "one_free_run", !stress->began.out_blocks);
		report_end(&report);
	}
	fflush(stdout);
}

void stress_print_end(const struct stress *stress, bool held)
{
	struct report report;

	if (!stress->config.json) {
		if (held)
			printf("all held; rounds: %" PRIu64 ", processes killed: %" PRIu64 "\n",
			       stress->rounds, stress->kills);
		else
			printf("FAILED: %s (seed %" PRIu64 ")\n", stress->shared->failure,
			       stress->config.seed);
		return;
	}
	report_begin(&report, true);
	report_bool(&report, "held", held);
	report_number(&report, "rounds", stress->rounds);
	report_number(&report, "killed", stress->kills);
	report_number(&report, "seed", stress->config.seed);
	if (!held)
		report_text(&report, "failure", stress->shared->failure);
	report_end(&report);
}
