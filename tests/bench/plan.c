// SPDX-License-Identifier: GPL-2.0
#include "plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* Few blocks vary much in their sum: a small arena has room for that. */
#define ARENA_LEAST (256U << 10)

static uint64_t arena_size(const struct plan *plan, const struct sizes *sizes, uint32_t live)
{
	u64 size = (u64)(sizes_mean(sizes) * live / plan->occupancy);

	return max(ALIGN(size, 4096UL), (u64)ARENA_LEAST);
}

struct job plan_job(const struct plan *plan, enum job_kind kind, const char *mix, uint32_t live)
{
	struct job job = {
		.kind = kind,
		.live = live,
		.steps = plan->steps,
		.timed = plan->timed,
		.warmup = min(max((size_t)live, plan->steps / 5), plan->warmup_max),
		.threads = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.share = plan->share,
		.seed = plan->seed,
		.touch = plan->touch,
	};

	sizes_parse(mix, &job.sizes);
	job.size = arena_size(plan, &job.sizes, live);
	return job;
}

bool plan_run(const struct plan *plan, struct board *board, const struct job *job,
	      unsigned int heap)
{
	board->job = *job;
	snprintf(board->job.heap, sizeof(board->job.heap), "%s", plan->heaps[heap].name);
	if (board_run(board, plan->heaps[heap].preload) && !board->result.failed)
		return true;
	progress("  %s: %s", plan->heaps[heap].name,
		 !board->result.loaded ? "not there" :
		 !board->result.done   ? "did not come to its end" :
					 "had no room");
	return false;
}

void csv_head(void)
{
	printf("part,heap,sizes,count,metric,value\n");
}

void csv_row(const char *part, const char *heap, const char *mix, uint64_t count,
	     const char *metric, double value)
{
	printf("%s,%s,%s,%llu,%s,%.6g\n", part, heap, mix, (unsigned long long)count, metric,
	       value);
	fflush(stdout);
}

void progress(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
