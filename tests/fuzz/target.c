// SPDX-License-Identifier: GPL-2.0
/*
 * An input is a sequence of numbers, each in as few bytes as it needs: which engine,
 * how long its arena, what is set aside of it, and then what is done.
 */
#include "target.h"

#include "heap.h"

static u32 count_engines(void)
{
	u32 count = 0;

	while (memmgr_engine_at(count))
		count++;
	return count;
}

const struct memmgr_engine *target_engine(u8 first)
{
	return memmgr_engine_at(first % count_engines());
}

/* Short arenas often, long ones rarely: the models are slow. */
static u64 choose_granules(struct rng *in)
{
	static const u64 most[] = { 24,	 24,  64,  64,	130, 130,  130,	 130,
				    600, 600, 600, 600, 600, 3000, 3000, 40000 };

	return 1 + rng_below(in, most[rng_below(in, ARRAY_SIZE(most))]);
}

static struct memmgr_geometry choose_geometry(const struct memmgr_engine *engine, struct rng *in)
{
	struct memmgr_geometry geo = { .granules = choose_granules(in), .cpus = 1 };

	if (engine->flags & MEMMGR_ENGINE_CONCURRENT)
		geo.cpus += (u32)rng_below(in, 9);
	if (engine->flags & MEMMGR_ENGINE_RESERVE) {
		geo.reserve = rng_below(in, geo.granules);
		geo.flags = rng_below(in, 2) ? MEMMGR_GEOMETRY_RESERVED : 0;
	}
	return geo;
}

/* Too long to be had anew for each input. */
static struct heap heap;

int LLVMFuzzerTestOneInput(const u8 *input, size_t size)
{
	const struct memmgr_engine *engine;
	struct memmgr_geometry geo;
	struct rng in;

	if (!size)
		return 0;
	engine = target_engine(input[0]);
	in = rng_chosen(input + 1, size - 1);
	geo = choose_geometry(engine, &in);
	heap_begin(&heap, engine, &geo, in);
	heap_run(&heap);
	heap_end(&heap);
	return 0;
}
