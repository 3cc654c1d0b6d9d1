// SPDX-License-Identifier: GPL-2.0
#include "plan.h"

#include <stdio.h>
#include <unistd.h>

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
	job.size = sizes_arena(&job.sizes, live, plan->occupancy);
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
