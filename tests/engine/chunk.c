// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What chunk promises beyond the contract, to one caller at a time: where it puts
 * things, that each CPU has a place of its own and may use all of the others', and
 * what validate() finds. What it promises to many at once is in concurrent.c.
 */
#include <stdlib.h>

#include "suites.h"
#include "damage.h"
#include "drawn.h"
#include "tap.h"
#include "world.h"

#define CPUS 4

/* Which of several holes it takes is not promised, so that there is one in each case. */
static const struct drawn drawn[] = {
	{ "claim_takes_a_hole_that_fits", "##..#...", CLAIM, 0, 3, 1, 0, 0, 5, "##..####" },
	{ "claim_takes_an_exact_fit", "#.##..##", CLAIM, 0, 2, 1, 0, 0, 4, "#.######" },
	{ "claim_takes_the_first_granules", "..##.###", CLAIM, 0, 2, 1, 0, 0, 0, "####.###" },
	{ "claim_takes_the_last_granules", "#.###..", CLAIM, 0, 2, 1, 0, 0, 5, "#.#####" },
	{ "claim_without_a_hole_is_enospc", "#..#..#.", CLAIM, 0, 3, 1, 0, -ENOSPC, 0, "#..#..#." },
	{ "claim_of_too_much_is_enomem", "#..#..##", CLAIM, 0, 5, 1, 0, -ENOMEM, 0, "#..#..##" },
	{ "aligned_claim_starts_inside_a_hole", "#.......", CLAIM, 0, 2, 4, 0, 0, 4, "#...##.." },
	{ "aligned_claim_skips_a_hole", "###...##....", CLAIM, 0, 3, 4, 0, 0, 8, "###...#####." },
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
};

/* --- a hole over words ------------------------------------------------------ */

/*
 * One hole, of every length up to three words, from every place in a word: a claim
 * of its length finds it, one longer does not, and an aligned one if it has a place.
 */
static void every_hole_is_found(void)
{
	const u64 granules = 5 * 64 + 7;
	struct world w = world_new(&memmgr_chunk, granules);
	struct memmgr_run run;
	u64 start, len, align;
	int err;

	world_take(&w, granules);
	for (start = 0; start < granules; start += 1 + start / 70) {
		for (len = 1; len <= granules - start && len < 200; len++) {
			world_give(&w, start, len);
			CHECK_EQ(world_claim(&w, len + 1, 1, &run), -ENOMEM);
			for (align = 1; align <= 256; align *= 4) {
				err = world_claim(&w, 1, align, &run);
				CHECK_EQ(!err, ALIGN(start, align) < start + len);
				if (!err)
					world_give(&w, run.start, run.len);
			}
			CHECK_EQ(world_take(&w, len), start);
		}
	}
	world_check(&w);
	world_free(&w);
}

/* --- places of their own ---------------------------------------------------- */

static struct world shared_world(u64 granules)
{
	struct memmgr_geometry geo = { .granules = granules, .cpus = CPUS };

	return world_with(&memmgr_chunk, &geo);
}

static int claim_as(struct world *w, u32 cpu, u64 len, struct memmgr_run *run)
{
	struct memmgr_claim claim = { .len = len, .align = 1, .hint = cpu };

	return world_claim_as(w, &claim, run);
}

static u64 take_as(struct world *w, u32 cpu, u64 len)
{
	struct memmgr_run run;

	CHECK_EQ(claim_as(w, cpu, len, &run), 0);
	return run.start;
}

/* Ten claims each, by turns: everybody's lie side by side, far from the others'. */
static void each_cpu_packs_a_place_of_its_own(void)
{
	struct world w = shared_world(1 << 18);
	u64 home[CPUS];
	u32 cpu, i;

	for (cpu = 0; cpu < CPUS; cpu++) {
		home[cpu] = take_as(&w, cpu, 3);
		for (i = 0; i < cpu; i++)
			CHECK(home[cpu] >= home[i] + w.geo.granules / (2 * CPUS));
	}
	for (i = 1; i < 10; i++)
		for (cpu = 0; cpu < CPUS; cpu++)
			CHECK_EQ(take_as(&w, cpu, 3), home[cpu] + 3 * i);
	world_check(&w);
	world_free(&w);
}

static void any_cpu_can_have_all_of_the_arena(void)
{
	static const u32 cpus[] = { 0, 1, CPUS - 1, CPUS, 12345, U32_MAX };
	struct memmgr_run run;
	u64 granules, taken;
	u32 i;

	for (granules = 1; granules < 70000; granules = granules * 3 + 1) {
		struct world w = shared_world(granules);

		for (i = 0; i < ARRAY_SIZE(cpus); i++) {
			CHECK_EQ(take_as(&w, cpus[i], granules), 0);
			world_give(&w, 0, granules);
			for (taken = 0; !claim_as(&w, cpus[i], 1, &run); taken++)
				;
			CHECK_EQ(taken, granules);
			world_give(&w, 0, granules);
		}
		world_check_empty(&w);
		world_free(&w);
	}
}

/* The only room is far away from whoever asks, and just as much as asked for. */
static void the_last_hole_is_found_from_anywhere(void)
{
	struct world w = shared_world(100003);
	struct rng rng = rng_new(3);
	u64 len, start;
	u32 i;

	world_take(&w, w.geo.granules);
	for (i = 0; i < 4000; i++) {
		len = rng_log(&rng, 3000);
		start = rng_below(&rng, w.geo.granules - len);
		world_give(&w, start, len);
		CHECK_EQ(take_as(&w, (u32)rng_below(&rng, 2 * CPUS), len), start);
	}
	CHECK_EQ(world_free_granules(&w), 0);
	world_check(&w);
	world_free(&w);
}

/* --- bounded work ------------------------------------------------------------ */

/* Who cannot wait is told soon: a run, or that there may be one. */
static void fast_claim_is_one_call(void)
{
	struct memmgr_claim claim = { .len = 2, .align = 1, .flags = MEMMGR_CLAIM_FAST };
	struct world w = world_new(&memmgr_chunk, 1 << 18);
	struct memmgr_run run;
	u64 i;

	CHECK_EQ(w.engine->claim(w.meta, &claim, &run), 0);
	CHECK_EQ(run.len, 2);
	world_take(&w, world_free_granules(&w));
	for (i = 1; i < w.geo.granules; i += 2)
		world_give(&w, i, 1);
	claim.from = 0;
	CHECK(w.engine->claim(w.meta, &claim, &run) < 0);
	world_check(&w);
	world_free(&w);
}

/* Holes of three, none of them with an aligned place but the last. */
static void aligned_claim_goes_on_where_it_stopped(void)
{
	const u64 last = 64 * 1000;
	struct memmgr_claim claim = { .len = 3, .align = 64 };
	struct world w = world_new(&memmgr_chunk, last + 64);
	u64 i, calls = 0, from;
	struct memmgr_run run;
	int err;

	world_take(&w, w.geo.granules);
	for (i = 0; i < 1000; i++)
		world_give(&w, i * 64 + 1 + i % 60, 3);
	world_give(&w, last, 3);
	do {
		from = claim.from;
		err = w.engine->claim(w.meta, &claim, &run);
		CHECK(++calls < 1000);
	} while (err == -EAGAIN && claim.from > from);
	CHECK_EQ(err, 0);
	CHECK(calls > 1);
	CHECK_EQ(run.start, last);
	world_check(&w);
	world_free(&w);
}

void chunk_suite(void)
{
	u32 i;

	tap_suite("chunk");
	for (i = 0; i < ARRAY_SIZE(drawn); i++) {
		tap_test("%s", drawn[i].name);
		test_drawn(&memmgr_chunk, &drawn[i]);
	}
	tap_test("every_hole_is_found");
	every_hole_is_found();
	tap_test("each_cpu_packs_a_place_of_its_own");
	each_cpu_packs_a_place_of_its_own();
	tap_test("any_cpu_can_have_all_of_the_arena");
	any_cpu_can_have_all_of_the_arena();
	tap_test("the_last_hole_is_found_from_anywhere");
	the_last_hole_is_found_from_anywhere();
	tap_test("fast_claim_is_one_call");
	fast_claim_is_one_call();
	tap_test("aligned_claim_goes_on_where_it_stopped");
	aligned_claim_goes_on_where_it_stopped();
	tap_test("every_flipped_bit_is_found_or_misleads_in_a_word");
	every_flipped_bit_is_found_or_misleads(&memmgr_chunk, 50);
	tap_test("every_flipped_bit_is_found_or_misleads_over_words");
	every_flipped_bit_is_found_or_misleads(&memmgr_chunk, 2500);
}
