// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What best_fit promises beyond the contract: which hole it takes, where short and
 * long ones meet as well, that its work is bounded, and that validate() finds what
 * is damaged.
 */
#include <stdlib.h>

#include "suites.h"
#include "damage.h"
#include "drawn.h"
#include "holeindex.h"
#include "tap.h"
#include "world.h"

static const struct drawn drawn[] = {
	{ "claim_takes_the_smallest_hole", "#....#.#", CLAIM, 0, 1, 1, 0, 0, 6, "#....###" },
	{ "claim_takes_the_lowest_of_equals", "#..#..#...", CLAIM, 0, 2, 1, 0, 0, 1, "####..#..." },
	{ "claim_takes_the_lowest_of_equals_that_are_larger", "#..#..#.#", CLAIM, 0, 2, 1, 0, 0, 1,
	  "####..#.#" },
	{ "claim_skips_holes_too_small", "##..#...", CLAIM, 0, 3, 1, 0, 0, 5, "##..####" },
	{ "claim_takes_the_smallest_that_is_larger", "#....#...#", CLAIM, 0, 2, 1, 0, 0, 6,
	  "#....###.#" },
	{ "claim_starts_at_the_hole", "#.....", CLAIM, 0, 2, 1, 0, 0, 1, "###..." },
	{ "claim_takes_the_last_granules", "..###.", CLAIM, 0, 1, 1, 0, 0, 5, "..####" },
	{ "claim_without_a_hole_is_enospc", "#..#..#.", CLAIM, 0, 3, 1, 0, -ENOSPC, 0, "#..#..#." },
	{ "claim_of_too_much_is_enomem", "#..#..##", CLAIM, 0, 5, 1, 0, -ENOMEM, 0, "#..#..##" },
	{ "aligned_claim_starts_inside_a_hole", "#.......", CLAIM, 0, 2, 4, 0, 0, 4, "#...##.." },
	{ "aligned_claim_prefers_the_smallest_with_a_place", "#.......##....##", CLAIM, 0, 2, 4, 0,
	  0, 12, "#.......##..####" },
	{ "aligned_claim_skips_the_smallest_without_one", "#...#........#..", CLAIM, 0, 3, 4, 0, 0,
	  8, "#...#...###..#.." },
	{ "aligned_claim_takes_the_lowest_of_equals", "....####....", CLAIM, 0, 2, 4, 0, 0, 0,
	  "##..####...." },
	{ "aligned_claim_takes_the_lowest_of_equals_with_a_place", "#...####...#####", CLAIM, 0, 3,
	  4, 0, 0, 8, "#...############" },
	{ "aligned_claim_without_place_is_enospc", "#...#...", CLAIM, 0, 2, 4, 0, -ENOSPC, 0,
	  "#...#..." },
	{ "release_joins_both_neighbours", "..##..", RELEASE, 2, 2, 0, 0, 0, 0, "......" },
	{ "release_joins_equal_neighbours", "#.#.#", RELEASE, 2, 1, 0, 0, 0, 0, "#...#" },
	{ "release_of_a_tail", ".####.", RELEASE, 3, 2, 0, 0, 0, 0, ".##..." },
	{ "release_of_half_free_is_euclean", ".##...", RELEASE, 2, 2, 0, 0, -EUCLEAN, 0, ".##..." },
	{ "resize_shrinks", ".####.", RESIZE, 1, 4, 2, 1, 0, 1, ".##..." },
	{ "resize_grows_up", ".##...", RESIZE, 1, 2, 4, 1, 0, 1, ".####." },
	{ "resize_over_a_neighbour_is_enospc", "..##.#", RESIZE, 2, 2, 4, 1, -ENOSPC, 0, "..##.#" },
	{ "resize_down_takes_the_rest_below", "..##.#", RESIZE_DOWN, 2, 2, 4, 1, 0, 1, ".#####" },
	{ "resize_down_keeps_alignment", "....##.#", RESIZE_DOWN, 4, 2, 4, 2, 0, 2, "..####.#" },
};

/* --- short and long holes --------------------------------------------------- */

/*
 * Holes of all lengths around the border between short and long ones, the longest
 * first. A claim of each length finds its own, the shortest first.
 */
static void every_length_finds_its_own_hole(void)
{
	const u64 most = HOLES_SHORT + 70;
	struct world w = world_new(&memmgr_best_fit, most * (most + 3) / 2);
	u64 starts[HOLES_SHORT + 71], at = 0, len;
	struct memmgr_run run;

	world_take(&w, w.geo.granules);
	for (len = most; len; len--) {
		starts[len] = at;
		world_give(&w, at, len);
		at += len + 1;
		CHECK_EQ(world_largest(&w), most);
	}
	world_check(&w);
	for (len = 1; len <= most; len++) {
		CHECK_EQ(world_claim(&w, len, 1, &run), 0);
		CHECK_EQ(run.start, starts[len]);
	}
	world_check(&w);
	CHECK_EQ(world_free_granules(&w), 0);
	world_free(&w);
}

/* Equal holes, given back in a random order, are taken from the lowest upwards. */
static void equal_holes_are_taken_lowest_first(u64 len)
{
	const u64 count = 3000;
	struct world w = world_new(&memmgr_best_fit, count * (len + 1));
	u64 *order = calloc(count, sizeof(*order));
	struct rng rng = rng_new(len);
	u64 i, j, swap;

	CHECK(order);
	world_take(&w, w.geo.granules);
	for (i = 0; i < count; i++)
		order[i] = i;
	for (i = count; i > 1; i--) {
		j = rng_below(&rng, i);
		swap = order[i - 1];
		order[i - 1] = order[j];
		order[j] = swap;
	}
	for (i = 0; i < count; i++) {
		world_give(&w, order[i] * (len + 1), len);
		if (i % 100 == 0)
			world_check(&w);
	}
	world_check(&w);
	for (i = 0; i < count; i++) {
		CHECK_EQ(world_take(&w, len), i * (len + 1));
		if (i % 100 == 0)
			world_check(&w);
	}
	CHECK_EQ(world_largest(&w), 0);
	world_check(&w);
	free(order);
	world_free(&w);
}

/*
 * As many long holes as there can be, in each of several orders, so that every node
 * of the tree is in use; then they go again.
 */
static void all_nodes_can_be_used(void)
{
	const u64 step = HOLES_SHORT + 2, count = 2000;
	u64 round, i, at, stride;

	for (round = 0; round < 4; round++) {
		struct world w = world_new(&memmgr_best_fit, count * step - 1);

		stride = (const u64[]){ 1, count - 1, 7, 1201 }[round];
		world_take(&w, w.geo.granules);
		for (i = at = 0; i < count; i++, at = (at + stride) % count)
			world_give(&w, at * step, HOLES_SHORT + 1);
		world_check(&w);
		CHECK_EQ(world_free_granules(&w), count * (HOLES_SHORT + 1));
		for (i = at = 0; i < count; i++, at = (at + stride) % count) {
			if (at + 1 < count)
				world_release(&w, at * step + HOLES_SHORT + 1, 1);
			if (i % 64 == 0)
				world_check(&w);
		}
		world_check_empty(&w);
		world_free(&w);
	}
}

/* Long holes of random lengths come and go; the tree is checked every time. */
static void tree_stays_sound(void)
{
	const u64 step = 1000, count = 300;
	struct world w = world_new(&memmgr_best_fit, count * step);
	u64 lengths[300] = { 0 }, i, round;
	struct rng rng = rng_new(77);

	world_take(&w, w.geo.granules);
	for (round = 0; round < 6000; round++) {
		i = rng_below(&rng, count);
		if (lengths[i]) {
			struct memmgr_run run = { i * step, 1 };

			/* below is another block, so that this can only go up */
			CHECK_EQ(world_resize(&w, 1 + lengths[i], 1, 0, &run), 0);
			lengths[i] = 0;
		} else {
			lengths[i] = HOLES_SHORT - 2 + rng_below(&rng, step - HOLES_SHORT - 2);
			world_give(&w, i * step + 1, lengths[i]);
		}
		if (round % 8 == 0)
			world_check(&w);
	}
	world_free(&w);
}

/* --- bounded work ----------------------------------------------------------- */

/* Many holes long enough, none of them with an aligned place but the longest. */
static void aligned_claim_goes_on_where_it_stopped(u64 len)
{
	const u64 align = 1024, count = 200, last = count * align;
	struct memmgr_claim claim = { .len = len, .align = align };
	struct world w = world_new(&memmgr_best_fit, last + 2 * align);
	u64 free, calls = 0, from, i;
	struct memmgr_run run;
	int err;

	world_take(&w, w.geo.granules);
	for (i = 0; i < count; i++)
		world_give(&w, i * align + 1, len + i % 7);
	world_give(&w, last - 1, len + 8);
	free = world_free_granules(&w);
	do {
		from = claim.from;
		err = w.engine->claim(w.meta, &claim, &run);
		if (err != -EAGAIN)
			break;
		CHECK(claim.from > from);
		CHECK_EQ(world_free_granules(&w), free);
		CHECK(++calls < 100);
	} while (true);
	CHECK_EQ(err, 0);
	CHECK_EQ(calls, count / 16);
	CHECK_EQ(run.start, last);
	world_check(&w);
	world_free(&w);
}

/* Whatever number a caller makes up to go on from, there is no harm. */
static void any_place_to_go_on_from_is_harmless(void)
{
	struct world w = world_new(&memmgr_best_fit, 5000);
	struct rng rng = rng_new(9);
	struct memmgr_run run;
	u64 i;
	int err;

	world_take(&w, 5000);
	for (i = 0; i < 20; i++)
		world_give(&w, i * 250, 1 + i * 12);
	for (i = 0; i < 20000; i++) {
		struct memmgr_claim claim = {
			.len = 1 + rng_below(&rng, 230),
			.align = 1ULL << rng_below(&rng, 4),
			.from = rng_next(&rng) >> rng_below(&rng, 64),
		};

		err = w.engine->claim(w.meta, &claim, &run);
		if (err) {
			CHECK(err == -ENOSPC || err == -EAGAIN);
			continue;
		}
		CHECK(IS_ALIGNED(run.start, claim.align) && run.len == claim.len);
		world_give(&w, run.start, run.len);
	}
	world_check(&w);
	world_free(&w);
}

/* No change is made granule by granule, so no lock is held for a long one. */
static void long_run_writes_little(void)
{
	const u64 granules = 1 << 22, len = granules / 2 + 12345;
	struct world w = world_new(&memmgr_best_fit, granules);
	u8 *before = malloc(w.bytes);
	u64 start, i, changed = 0;

	CHECK(before);
	world_take(&w, 777);
	memcpy(before, w.meta, w.bytes);
	start = world_take(&w, len);
	world_give(&w, start, len);
	start = world_take(&w, len);
	for (i = 0; i < w.bytes; i++)
		changed += before[i] != ((u8 *)w.meta)[i];
	CHECK(changed < 200);
	world_check(&w);
	free(before);
	world_free(&w);
}

/* The promise is 2.7 % of an arena, and a page where it is small. */
static void footprint_is_as_promised(void)
{
	struct memmgr_geometry geo = { .cpus = 1 };

	for (geo.granules = 1; geo.granules <= MEMMGR_GRANULES_MAX; geo.granules *= 2)
		CHECK(memmgr_best_fit.footprint(&geo) <= geo.granules * 16 * 27 / 1000 + 4096);
}

/* --- damage ------------------------------------------------------------------- */

/* Enough long holes for a tree, enough groups for two levels of each bitmap. */
static void every_flipped_bit_of_a_tree_is_found_or_harmless(void)
{
	struct world w = world_new(&memmgr_best_fit, 17000);
	u64 i;

	world_take(&w, w.geo.granules);
	for (i = 0; i < 40; i++)
		world_give(&w, i * 400 + 9, i % 2 ? HOLES_SHORT + i * 7 % 101 + 1 : i + 1);
	world_check(&w);
	flip_every_bit(&w, 128);
	world_free(&w);
}

void best_fit_suite(void)
{
	const u64 lengths[] = { 1, 63, 64, 65, HOLES_SHORT, HOLES_SHORT + 1, 700 };
	u32 i;

	tap_suite("best_fit");
	for (i = 0; i < ARRAY_SIZE(drawn); i++) {
		tap_test("%s", drawn[i].name);
		test_drawn(&memmgr_best_fit, &drawn[i]);
	}
	tap_test("every_length_finds_its_own_hole");
	every_length_finds_its_own_hole();
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		tap_test("equal_holes_are_taken_lowest_first_%llu", (unsigned long long)lengths[i]);
		equal_holes_are_taken_lowest_first(lengths[i]);
	}
	tap_test("all_nodes_can_be_used");
	all_nodes_can_be_used();
	tap_test("tree_stays_sound");
	tree_stays_sound();
	tap_test("aligned_claim_goes_on_where_it_stopped");
	aligned_claim_goes_on_where_it_stopped(3);
	tap_test("aligned_claim_goes_on_where_it_stopped_among_long_holes");
	aligned_claim_goes_on_where_it_stopped(500);
	tap_test("any_place_to_go_on_from_is_harmless");
	any_place_to_go_on_from_is_harmless();
	tap_test("long_run_writes_little");
	long_run_writes_little();
	tap_test("footprint_is_as_promised");
	footprint_is_as_promised();
	tap_test("every_flipped_bit_is_found_or_harmless_in_a_word");
	/* harmless are the count of changes, and what moves the edges to a line's start */
	every_flipped_bit_is_found_or_harmless(&memmgr_best_fit, 50, 0, 128);
	tap_test("every_flipped_bit_is_found_or_harmless_in_groups");
	every_flipped_bit_is_found_or_harmless(&memmgr_best_fit, 2500, 0, 128);
	tap_test("every_flipped_bit_of_a_tree_is_found_or_harmless");
	every_flipped_bit_of_a_tree_is_found_or_harmless();
	tap_test("validate_survives_garbage");
	validate_survives_garbage(&memmgr_best_fit, 0);
}
