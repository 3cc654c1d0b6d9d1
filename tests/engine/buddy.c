// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What buddy promises beyond the contract: which block it takes, what it grows
 * into, that arenas of any length are used in full, and that long runs cost what
 * short ones do.
 */
#include <stdlib.h>

#include "suites.h"
#include "damage.h"
#include "drawn.h"
#include "tap.h"
#include "world.h"

static const struct drawn drawn[] = {
	{ "claim_takes_the_lowest_block", "###.#...", CLAIM, 0, 1, 1, 0, 0, 3, "#####..." },
	{ "claim_prefers_low_to_small", "#...##.#", CLAIM, 0, 1, 1, 0, 0, 1, "##..##.#" },
	{ "claim_is_rounded_up", "#.......", CLAIM, 0, 3, 1, 0, 0, 4, "#...####" },
	{ "claim_passes_what_is_not_aligned", "#..#....", CLAIM, 0, 2, 1, 0, 0, 4, "#..###.." },
	{ "claim_without_a_block_is_enospc", "#......#", CLAIM, 0, 3, 1, 0, -ENOSPC, 0,
	  "#......#" },
	{ "claim_of_too_much_is_enomem", "#......#", CLAIM, 0, 7, 1, 0, -ENOMEM, 0, "#......#" },
	{ "claim_too_much_when_rounded_is_enospc", "##.###.###.", CLAIM, 0, 3, 1, 0, -ENOSPC, 0,
	  "##.###.###." },
	{ "last_block_is_cut_short", "########...", CLAIM, 0, 3, 1, 0, 0, 8, "###########" },
	{ "cut_block_must_hold_it", "########..", CLAIM, 0, 2, 1, 0, 0, 8, "##########" },
	{ "cut_block_comes_last", "####....########...", CLAIM, 0, 3, 1, 0, 0, 4,
	  "################..." },
	{ "cut_block_is_aligned", "####...", CLAIM, 0, 3, 8, 0, -ENOSPC, 0, "####..." },
	{ "cut_block_must_be_all_free", "########.#.", CLAIM, 0, 2, 1, 0, -ENOSPC, 0,
	  "########.#." },
	{ "whole_arena_is_a_cut_block", ".......", CLAIM, 0, 7, 1, 0, 0, 0, "#######" },
	{ "aligned_claim_skips_blocks", "#...............", CLAIM, 0, 1, 8, 0, 0, 8,
	  "#.......#......." },
	{ "aligned_claim_without_place_is_enospc", "#...#...", CLAIM, 0, 2, 4, 0, -ENOSPC, 0,
	  "#...#..." },
	{ "buddies_need_no_merging", "##..##..", RELEASE, 0, 2, 0, 0, 0, 0, "....##.." },
	{ "release_of_a_tail", "####....", RELEASE, 2, 2, 0, 0, 0, 0, "##......" },
	{ "release_of_half_free_is_euclean", "##......", RELEASE, 0, 4, 0, 0, -EUCLEAN, 0,
	  "##......" },
	{ "shrink_gives_back_the_tail", "########", RESIZE, 0, 8, 2, 1, 0, 0, "##......" },
	{ "shrink_within_the_power_is_no_change", "########", RESIZE, 0, 8, 5, 1, 0, 0,
	  "########" },
	{ "lower_buddy_grows_in_place", "##......", RESIZE, 0, 2, 3, 1, 0, 0, "####...." },
	{ "lower_buddy_grows_twice_over", "##......", RESIZE, 0, 2, 5, 1, 0, 0, "########" },
	{ "buddy_in_use_stops_growth", "##.#....", RESIZE, 0, 2, 3, 1, -ENOSPC, 0, "##.#...." },
	{ "upper_buddy_does_not_grow_up", "..##....", RESIZE, 2, 2, 3, 1, -ENOSPC, 0, "..##...." },
	{ "upper_buddy_grows_down", "..##....", RESIZE_DOWN, 2, 2, 3, 1, 0, 0, "####...." },
	{ "middle_grows_both_ways", "..##....", RESIZE_DOWN, 2, 2, 8, 2, 0, 0, "########" },
	{ "lower_buddy_in_use_stops_growth", "#.##....", RESIZE_DOWN, 2, 2, 3, 1, -ENOSPC, 0,
	  "#.##...." },
	{ "grows_into_a_cut_block", "##.....", RESIZE, 0, 2, 7, 1, 0, 0, "#######" },
	{ "cut_block_too_short_stops_growth", "....##.", RESIZE, 4, 2, 4, 1, -ENOSPC, 0,
	  "....##." },
};

/* Fill the arena with blocks, the largest first; every granule is used. */
static void used_in_full(u64 granules)
{
	struct world w = world_new(&memmgr_buddy, granules);
	u64 block, end = 0, count = 0;

	for (block = 1ULL << 31; block; block /= 2) {
		if (!(granules & block))
			continue;
		CHECK_EQ(world_take(&w, block), end);
		end += block;
	}
	CHECK_EQ(world_free_granules(&w), 0);
	CHECK_EQ(world_largest(&w), 0);
	world_check(&w);
	world_give(&w, 0, granules);
	world_check_empty(&w);
	CHECK_EQ(world_largest(&w), granules);

	while (world_free_granules(&w) >= 4096)
		CHECK_EQ(world_take(&w, 4096), 4096 * count++);
	CHECK_EQ(count, granules / 4096);
	world_free(&w);
}

/* A block takes its place among its equals by address, not by when it was freed. */
static void lowest_of_equal_blocks_comes_first(void)
{
	static const u64 order[] = { 3, 0, 6, 5, 1, 2, 7, 4 };
	struct world w = world_new(&memmgr_buddy, 16 * 64);
	u64 i;

	world_take(&w, 16 * 64);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		world_give(&w, order[i] * 128, 64);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		CHECK_EQ(world_take(&w, 64), i * 128);
	world_free(&w);
}

/* Only the last page has its first granule free, which 16 tries do not get to. */
static void aligned_claim_goes_on_where_it_stopped(void)
{
	struct memmgr_claim claim = { .len = 1, .align = 256 };
	struct world w = world_new(&memmgr_buddy, 256 * 100);
	struct memmgr_run run;
	u64 i, free, calls = 0;
	int err;

	world_take(&w, w.geo.granules);
	for (i = 0; i < 99; i++)
		world_give(&w, i * 256 + 3, 200);
	world_give(&w, 99 * 256, 1);
	free = world_free_granules(&w);
	while ((err = w.engine->claim(w.meta, &claim, &run)) == -EAGAIN) {
		CHECK_EQ(world_free_granules(&w), free);
		CHECK(++calls < 100);
	}
	CHECK_EQ(err, 0);
	CHECK(calls > 1);
	CHECK_EQ(run.start, 99 * 256);
	claim.from = U64_MAX;
	CHECK_EQ(w.engine->claim(w.meta, &claim, &run), -ENOSPC);
	world_check(&w);
	world_free(&w);
}

static void search_never_goes_back(void)
{
	struct memmgr_claim claim = { .len = 7, .align = 1, .from = U64_MAX };
	struct world w = world_new(&memmgr_buddy, 7);
	struct memmgr_run run;

	CHECK_EQ(w.engine->claim(w.meta, &claim, &run), -ENOSPC);
	claim.len = 1;
	CHECK_EQ(w.engine->claim(w.meta, &claim, &run), -ENOSPC);
	world_free(&w);
}

/* Not a byte of the bitmap in the middle is written, so no lock is held for it. */
static void long_run_writes_little(void)
{
	const u64 granules = (1 << 22) + 12345;
	struct world w = world_new(&memmgr_buddy, granules);
	u8 *before = malloc(w.bytes);
	u64 start, i, changed = 0;

	CHECK(before);
	world_take(&w, 777);
	memcpy(before, w.meta, w.bytes);
	start = world_take(&w, granules / 3);
	for (i = 0; i < w.bytes; i++)
		changed += before[i] != ((u8 *)w.meta)[i];
	CHECK(changed < 256);
	world_give(&w, start, 1 << 21);
	world_check(&w);
	free(before);
	world_free(&w);
}

void buddy_suite(void)
{
	u32 i;

	tap_suite("buddy");
	for (i = 0; i < ARRAY_SIZE(drawn); i++) {
		tap_test("%s", drawn[i].name);
		test_drawn(&memmgr_buddy, &drawn[i]);
	}
	tap_test("arena_of_any_length_is_used_in_full");
	for (i = 1; i < 1200; i += 1 + i / 40)
		used_in_full(i);
	tap_test("lowest_of_equal_blocks_comes_first");
	lowest_of_equal_blocks_comes_first();
	tap_test("aligned_claim_goes_on_where_it_stopped");
	aligned_claim_goes_on_where_it_stopped();
	tap_test("search_never_goes_back");
	search_never_goes_back();
	tap_test("long_run_writes_little");
	long_run_writes_little();
	tap_test("every_flipped_bit_is_found_or_harmless_in_a_word");
	every_flipped_bit_is_found_or_harmless(&memmgr_buddy, 50, 0, 256);
	tap_test("every_flipped_bit_is_found_or_harmless_in_a_tree");
	every_flipped_bit_is_found_or_harmless(&memmgr_buddy, 2500, 0, 256);
	tap_test("validate_survives_garbage");
	validate_survives_garbage(&memmgr_buddy, 0);
}
