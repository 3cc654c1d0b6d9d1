// SPDX-License-Identifier: GPL-2.0
/*
 * What an arena full of blocks of one size needs besides its payload: the engine's
 * memory, the block table's segments, and its directory.
 *
 * "beyond40" is what is left of that after 40 bytes for each block, as a part of the
 * arena: the form in which targets are set.
 */
#include <unistd.h>

#include "plan.h"

#define ARENA (64ULL << 20)
#define GRANULE 16U

static uint64_t fill_up(struct arena *arena, uint64_t size)
{
	struct memmgr_run run;
	uint64_t blocks = 0;

	while (arena_alloc(arena, size, 1, 0, &run).raw)
		blocks++;
	return blocks;
}

static void measure(const struct plan *plan, const struct memmgr_engine *engine, uint64_t size)
{
	struct space_config config = {
		.engine = engine,
		.size = ARENA,
		.granule = GRANULE,
		.cpus = (u32)sysconf(_SC_NPROCESSORS_ONLN),
		.share = plan->share,
	};
	struct arena arena;
	double blocks, bytes;

	if (!arena_init(&arena, &config))
		return;
	blocks = (double)fill_up(&arena, size);
	bytes = (double)(arena_engine_bytes(&arena) + arena_table_bytes(&arena));
	csv_row("metadata", engine->name, "-", size, "blocks", blocks);
	csv_row("metadata", engine->name, "-", size, "engine", (double)arena_engine_bytes(&arena));
	csv_row("metadata", engine->name, "-", size, "table", (double)arena_table_bytes(&arena));
	csv_row("metadata", engine->name, "-", size, "per block", bytes / blocks);
	csv_row("metadata", engine->name, "-", size, "per byte", bytes / ARENA);
	csv_row("metadata", engine->name, "-", size, "beyond40", (bytes - 40 * blocks) / ARENA);
	progress("  %-10s %5llu-byte blocks: %6.1f bytes each", engine->name,
		 (unsigned long long)size, bytes / blocks);
	arena_end(&arena);
}

void plan_metadata(const struct plan *plan)
{
	static const uint64_t sizes[] = { 16, 64, 256, 1024, 4096 };
	const struct memmgr_engine *engine;
	unsigned int heap, i;

	progress("metadata");
	for (heap = 0; heap < plan->heap_count; heap++) {
		engine = memmgr_engine_find(plan->heaps[heap].name);
		for (i = 0; engine && i < ARRAY_SIZE(sizes); i++)
			measure(plan, engine, sizes[i]);
	}
}
