// SPDX-License-Identifier: GPL-2.0
/*
 * The steps lie in anonymous memory of their own: the heap under test, which may
 * be this process's malloc, must not notice them.
 */
#include "trace.h"

#include "memory.h"

static size_t bytes_of(const struct trace *trace)
{
	return (trace->live + trace->count) * sizeof(struct step);
}

struct trace trace_new(const struct sizes *sizes, uint32_t live, size_t count, uint64_t seed)
{
	struct trace trace = { .live = live, .count = count };
	struct rng rng = rng_new(seed);
	uint32_t slot;
	size_t i;

	trace.fill = memory_new(bytes_of(&trace));
	trace.steps = trace.fill + live;
	for (slot = 0; slot < live; slot++)
		trace.fill[slot] = (struct step){ slot, sizes_draw(sizes, &rng) };
	for (i = 0; i < count; i++) {
		trace.steps[i].slot = rng_below(&rng, live);
		trace.steps[i].size = sizes_draw(sizes, &rng);
	}
	return trace;
}

void trace_free(struct trace *trace)
{
	memory_free(trace->fill, bytes_of(trace));
}
