// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What first_fit promises beyond the contract: where exactly it puts things, that
 * long runs cost what short ones do, and that validate() finds what is damaged.
 */
#include <stdlib.h>

#include "suites.h"
#include "damage.h"
#include "drawn.h"
#include "tap.h"
#include "world.h"

/* --- drawn cases ---------------------------------------------------------- */

static const struct drawn drawn[] = {
	{ "claim_takes_the_lowest_hole", "##..#...", CLAIM, 0, 1, 1, 0, 0, 2, "###.#..." },
	{ "claim_skips_holes_too_small", "##..#...", CLAIM, 0, 3, 1, 0, 0, 5, "##..####" },
	{ "claim_takes_an_exact_fit", "##..#...", CLAIM, 0, 2, 1, 0, 0, 2, "#####..." },
	{ "claim_prefers_low_to_tight", "#....#.#", CLAIM, 0, 1, 1, 0, 0, 1, "##...#.#" },
	{ "claim_without_a_hole_is_enospc", "#..#..#.", CLAIM, 0, 3, 1, 0, -ENOSPC, 0, "#..#..#." },
	{ "claim_of_too_much_is_enomem", "#..#..##", CLAIM, 0, 5, 1, 0, -ENOMEM, 0, "#..#..##" },
	{ "aligned_claim_starts_inside_a_hole", "#.......", CLAIM, 0, 2, 4, 0, 0, 4, "#...##.." },
	{ "aligned_claim_skips_a_hole", "###...##........", CLAIM, 0, 3, 4, 0, 0, 8,
	  "###...#####....." },
	{ "aligned_claim_without_place_is_enospc", "#...#...", CLAIM, 0, 2, 4, 0, -ENOSPC, 0,
	  "#...#..." },
	{ "aligned_claim_that_would_stick_out_is_enospc", "######..", CLAIM, 0, 2, 8, 0, -ENOSPC, 0,
	  "######.." },
	{ "release_joins_both_neighbours", "..##..", RELEASE, 2, 2, 0, 0, 0, 0, "......" },
	{ "release_of_a_tail", ".####.", RELEASE, 3, 2, 0, 0, 0, 0, ".##..." },
	{ "release_of_free_is_euclean", ".##...", RELEASE, 3, 2, 0, 0, -EUCLEAN, 0, ".##..." },
	{ "release_of_half_free_is_euclean", ".##...", RELEASE, 2, 2, 0, 0, -EUCLEAN, 0, ".##..." },
	{ "resize_shrinks", ".####.", RESIZE, 1, 4, 2, 1, 0, 1, ".##..." },
	{ "resize_grows_up", ".##...", RESIZE, 1, 2, 4, 1, 0, 1, ".####." },
	{ "resize_grows_up_to_the_end", ".##...", RESIZE, 1, 2, 5, 1, 0, 1, ".#####" },
	{ "resize_past_the_end_is_enospc", ".##...", RESIZE, 1, 2, 6, 1, -ENOSPC, 0, ".##..." },
	{ "resize_over_a_neighbour_is_enospc", "..##.#", RESIZE, 2, 2, 4, 1, -ENOSPC, 0, "..##.#" },
	{ "resize_down_goes_up_if_it_can", "..##..", RESIZE_DOWN, 2, 2, 4, 1, 0, 2, "..####" },
	{ "resize_down_takes_the_rest_below", "..##.#", RESIZE_DOWN, 2, 2, 4, 1, 0, 1, ".#####" },
	{ "resize_down_alone", "...##", RESIZE_DOWN, 3, 2, 5, 1, 0, 0, "#####" },
	{ "resize_down_too_far_is_enospc", "#..##", RESIZE_DOWN, 3, 2, 5, 1, -ENOSPC, 0, "#..##" },
	{ "resize_down_keeps_alignment", "....##.#", RESIZE_DOWN, 4, 2, 4, 2, 0, 2, "..####.#" },
	{ "resize_of_half_free_is_euclean", "..##..", RESIZE, 1, 2, 1, 1, -EUCLEAN, 0, "..##.." },
	{ "resize_down_aligned_is_longer_than_wanted", "....####", RESIZE_DOWN, 4, 4, 5, 4, 0, 0,
	  "########" },
	{ "resize_down_aligned_without_room_is_enospc", "#...####", RESIZE_DOWN, 4, 4, 5, 4,
	  -ENOSPC, 0, "#...####" },
};

/* --- bounded work --------------------------------------------------------- */

/* Holes of three at 1, 9, 17.., none of them with an aligned place but the last. */
static void aligned_claim_goes_on_where_it_stopped(void)
{
	struct memmgr_claim claim = { .len = 3, .align = 4 };
	struct world w = world_new(&memmgr_first_fit, 8 * 100 + 8);
	u64 free, last = 800, calls = 0, i;
	struct memmgr_run run;
	int err;

	world_take(&w, w.geo.granules);
	for (i = 0; i < 100; i++)
		world_give(&w, i * 8 + 1, 3);
	world_give(&w, last, 3);
	free = world_free_granules(&w);
	while ((err = w.engine->claim(w.meta, &claim, &run)) == -EAGAIN) {
		CHECK_EQ(world_free_granules(&w), free);
		CHECK(++calls < 100);
	}
	CHECK_EQ(err, 0);
	CHECK(calls > 1);
	CHECK_EQ(run.start, last);
	claim.from = U64_MAX;
	CHECK_EQ(w.engine->claim(w.meta, &claim, &run), -ENOSPC);
	world_check(&w);
	world_free(&w);
}

static u64 bytes_changed(const u8 *a, const u8 *b, u64 bytes)
{
	u64 i, count = 0;

	for (i = 0; i < bytes; i++)
		count += a[i] != b[i];
	return count;
}

/* Not a byte of the bitmap in the middle is written, so no lock is held for it. */
static void long_run_writes_little(void)
{
	const u64 granules = 1 << 22, len = granules / 2 + 12345;
	struct world w = world_new(&memmgr_first_fit, granules);
	u8 *before = malloc(w.bytes);
	u64 start;

	CHECK(before);
	world_take(&w, 777);
	memcpy(before, w.meta, w.bytes);
	start = world_take(&w, len);
	CHECK(bytes_changed(before, w.meta, w.bytes) < 4096);
	memcpy(before, w.meta, w.bytes);
	world_give(&w, start, len);
	CHECK(bytes_changed(before, w.meta, w.bytes) < 4096);
	world_check(&w);
	free(before);
	world_free(&w);
}

void first_fit_suite(void)
{
	u32 i;

	tap_suite("first_fit");
	for (i = 0; i < ARRAY_SIZE(drawn); i++) {
		tap_test("%s", drawn[i].name);
		test_drawn(&memmgr_first_fit, &drawn[i]);
	}
	tap_test("aligned_claim_goes_on_where_it_stopped");
	aligned_claim_goes_on_where_it_stopped();
	tap_test("long_run_writes_little");
	long_run_writes_little();
	tap_test("every_flipped_bit_is_found_or_harmless_in_a_word");
	every_flipped_bit_is_found_or_harmless(&memmgr_first_fit, 50, 0, 256);
	tap_test("every_flipped_bit_is_found_or_harmless_in_a_tree");
	every_flipped_bit_is_found_or_harmless(&memmgr_first_fit, 2500, 0, 256);
	tap_test("validate_survives_garbage");
	validate_survives_garbage(&memmgr_first_fit, 0);
}
