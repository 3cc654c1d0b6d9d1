// SPDX-License-Identifier: GPL-2.0
#include "worker.h"

#include <err.h>

#include "memory.h"

struct player player_new(struct heap *heap, const struct job *job, uint32_t live, size_t steps,
			 uint64_t seed)
{
	return (struct player){
		.heap = heap,
		.trace = trace_new(&job->sizes, live, steps, seed),
		.names = memory_new(live * sizeof(uint64_t)),
	};
}

void player_fill(struct player *player)
{
	uint32_t slot;

	for (slot = 0; slot < player->trace.live; slot++) {
		player->names[slot] = player->heap->alloc(player->heap,
							  player->trace.fill[slot].size,
							  player->cpu);
		player->failed += !player->names[slot];
	}
}

void player_replay(struct player *player, size_t first, size_t count)
{
	const struct step *step = player->trace.steps + first;
	const struct step *end = step + count;
	struct heap *heap = player->heap;
	uint64_t *names = player->names;

	for (; step < end; step++) {
		heap->free(heap, names[step->slot]);
		names[step->slot] = heap->alloc(heap, step->size, player->cpu);
		player->failed += !names[step->slot];
	}
}

static bool open_heap(struct heap *heap, const struct job *job)
{
	struct heap_config config = {
		.size = job->size,
		.cpus = job->threads,
		.share = job->share,
		.touch = job->touch,
	};
	struct heap_kind kind;

	if (!heap_kind_find(job->heap, &kind))
		errx(2, "no heap called '%s'", job->heap);
	return heap_kind_is_loaded(&kind) && heap_init(heap, &kind, &config);
}

int worker_main(void)
{
	struct board *board = board_find();
	struct heap heap;

	board->result.loaded = open_heap(&heap, &board->job);
	if (!board->result.loaded)
		return 1;
	switch (board->job.kind) {
	case JOB_SPEED:
		measure_speed(&heap, board);
		break;
	case JOB_INSTRUCTIONS:
		measure_instructions(&heap, board);
		break;
	case JOB_THREADS:
		measure_threads(&heap, board);
		break;
	}
	board->result.done = true;
	return 0;
}
