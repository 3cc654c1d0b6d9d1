// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What is known to go wrong in small allocators and is not asked elsewhere, of any
 * engine, in granules of 16 bytes.
 */
#include <stdint.h>

#include "suites.h"
#include "tap.h"
#include "world.h"

#define GRANULE 16

/* All of it in blocks of powers of two, the largest first; then all in equal ones. */
static void used_in_full(const struct memmgr_engine *engine, u64 granules)
{
	struct world w = world_new(engine, granules);
	u64 block, count = 0;

	for (block = MEMMGR_GRANULES_MAX; block; block /= 2)
		if (granules & block)
			world_take(&w, block);
	CHECK_EQ(world_free_granules(&w), 0);
	world_give(&w, 0, granules);
	world_check_empty(&w);

	for (; world_free_granules(&w) >= 4096; count++)
		world_take(&w, 4096);
	CHECK_EQ(count, granules / 4096);
	world_free(&w);
}

/* In 32 bits of bytes it would be one granule. */
static void request_of_4_gib_and_1_byte_is_served_or_refused(const struct memmgr_engine *engine)
{
	const u64 len = (1ULL << 32) / GRANULE + 1;
	struct world small = world_new(engine, len - 1), large = world_new(engine, 2 * len);
	struct memmgr_run run;

	CHECK_EQ(world_claim(&small, len, 1, &run), -ENOMEM);
	CHECK_EQ(world_claim(&small, 1, 1, &run), 0);
	CHECK_EQ(world_resize(&small, len, 1, 0, &run), -ENOSPC);
	CHECK_EQ(world_claim(&large, len, 1, &run), 0);
	CHECK(run.len >= len);
	CHECK_EQ(world_free_granules(&large), 2 * len - run.len);
	world_give(&large, run.start, run.len);
	CHECK_EQ(world_free_granules(&large), 2 * len);
	world_free(&small);
	world_free(&large);
}

/* A little of what 32 bits cannot count, and what is below zero. */
static void enormous_and_negative_sizes_are_refused(const struct memmgr_engine *engine)
{
	const s64 sizes[] = { 1LL << 31,     (1LL << 32) + 1, 1LL << 62, INT64_MAX, INT64_MIN,
			      INT64_MIN + 1, -4096,	      -16,	 -2,	    -1 };
	struct world w = world_new(engine, 1000);
	struct memmgr_run first, run;
	u32 i;

	CHECK_EQ(world_claim(&w, 10, 1, &first), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_EQ(world_claim(&w, (u64)sizes[i], 1, &run), -ENOMEM);
		CHECK_EQ(world_claim(&w, (u64)sizes[i], 64, &run), -ENOMEM);
		CHECK_EQ(world_resize(&w, (u64)sizes[i], 1, 0, &first), -ENOSPC);
		CHECK_EQ(world_resize(&w, (u64)sizes[i], 1, MEMMGR_RESIZE_DOWN, &first), -ENOSPC);
		CHECK_EQ(world_release(&w, first.start, (u64)sizes[i]), -EUCLEAN);
		CHECK_EQ(world_release(&w, (u64)sizes[i], first.len), -EUCLEAN);
	}
	world_check(&w);
	world_give(&w, first.start, first.len);
	world_check_empty(&w);
	world_free(&w);
}

static void blocks_of_every_length_are_aligned(const struct memmgr_engine *engine)
{
	struct world w = world_new(engine, 5003);
	struct memmgr_run run;
	u64 align, len;

	world_take(&w, 1);
	for (align = 1; align <= 2048; align *= 2) {
		for (len = 1; len < 400; len++) {
			CHECK_EQ(world_claim(&w, len, align, &run), 0);
			CHECK(IS_ALIGNED(run.start, align) && run.len >= len);
			world_give(&w, run.start, run.len);
		}
	}
	world_check(&w);
	world_free(&w);
}

/* A block shrinks to a length that nothing is aligned to; others follow it. */
static void shrinking_leaves_later_blocks_aligned(const struct memmgr_engine *engine)
{
	struct memmgr_run block, run;
	u64 len, align;

	for (len = 1; len < 256; len++) {
		struct world w = world_new(engine, 3001);

		CHECK_EQ(world_claim(&w, 256, 64, &block), 0);
		CHECK_EQ(world_resize(&w, len, 64, 0, &block), 0);
		CHECK(IS_ALIGNED(block.start, 64));
		CHECK_EQ(world_free_granules(&w), w.geo.granules - block.len);
		for (align = 1; align <= 256; align *= 2) {
			CHECK_EQ(world_claim(&w, 3, align, &run), 0);
			CHECK(IS_ALIGNED(run.start, align));
			CHECK(run.start >= memmgr_run_end(&block) ||
			      memmgr_run_end(&run) <= block.start);
		}
		world_check(&w);
		world_free(&w);
	}
}

void known_suite(const struct memmgr_engine *engine)
{
	tap_suite("known-%s", engine->name);
	tap_test("arena_of_196608_bytes_is_used_in_full");
	used_in_full(engine, 196608 / GRANULE);
	tap_test("arena_of_3_gib_and_16_kib_is_used_in_full");
	used_in_full(engine, ((3ULL << 30) + 16384) / GRANULE);
	tap_test("request_of_4_gib_and_1_byte_is_served_or_refused");
	request_of_4_gib_and_1_byte_is_served_or_refused(engine);
	tap_test("enormous_and_negative_sizes_are_refused");
	enormous_and_negative_sizes_are_refused(engine);
	tap_test("blocks_of_every_length_are_aligned");
	blocks_of_every_length_are_aligned(engine);
	tap_test("shrinking_leaves_later_blocks_aligned");
	shrinking_leaves_later_blocks_aligned(engine);
}
