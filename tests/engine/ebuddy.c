// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What ebuddy promises beyond the contract: when the emergency heap serves, whom,
 * and that the border between the two heaps shows nowhere else.
 */
#include "suites.h"
#include "damage.h"
#include "tap.h"
#include "world.h"

#define GRANULES 1000
#define RESERVE 100
#define BORDER (GRANULES - RESERVE)

static struct world world_of(u64 reserve, u32 flags)
{
	struct memmgr_geometry geo = {
		.granules = GRANULES,
		.cpus = 1,
		.flags = flags,
		.reserve = reserve,
	};

	return world_with(&memmgr_ebuddy, &geo);
}

static int claim_with(struct world *w, u64 len, u32 flags, struct memmgr_run *run)
{
	struct memmgr_claim claim = { .len = len, .align = 1, .flags = flags };

	return w->engine->claim(w->meta, &claim, run);
}

static void nothing_is_set_aside_without_a_reserve(void)
{
	struct memmgr_geometry geo = { .granules = GRANULES, .cpus = 1 };
	struct world w = world_of(0, MEMMGR_GEOMETRY_RESERVED);

	CHECK(w.bytes <= memmgr_buddy.footprint(&geo) + 64);
	CHECK_EQ(world_take(&w, GRANULES), 0);
	CHECK_EQ(world_free_granules(&w), 0);
	world_free(&w);
}

static void reserve_serves_only_what_buddy_cannot(void)
{
	struct world w = world_of(RESERVE, 0);
	struct memmgr_run run;

	CHECK_EQ(world_take(&w, 3), 0);
	CHECK_EQ(world_take(&w, 300), 512);
	CHECK_EQ(world_take(&w, 256), 256);
	CHECK_EQ(world_take(&w, 100), 128);
	/* There is no block of 128 left below the border. */
	CHECK_EQ(world_claim(&w, 70, 1, &run), 0);
	CHECK(run.start == BORDER && run.len == 70);
	CHECK_EQ(world_take(&w, 3), 4);
	CHECK_EQ(world_claim(&w, 70, 1, &run), -ENOSPC);
	world_check(&w);
	world_free(&w);
}

static void reserve_is_kept_for_who_may_dip_into_it(void)
{
	struct world w = world_of(RESERVE, MEMMGR_GEOMETRY_RESERVED);
	struct memmgr_run run;

	CHECK_EQ(claim_with(&w, BORDER, 0, &run), 0);
	CHECK_EQ(claim_with(&w, 1, 0, &run), -ENOMEM);
	CHECK_EQ(claim_with(&w, 1, MEMMGR_CLAIM_RESERVE, &run), 0);
	CHECK_EQ(run.start, BORDER);
	CHECK_EQ(claim_with(&w, RESERVE, MEMMGR_CLAIM_RESERVE, &run), -ENOMEM);
	world_check(&w);
	world_free(&w);
}

static void reserve_is_for_everybody_otherwise(void)
{
	struct world w = world_of(RESERVE, 0);
	struct memmgr_run run;

	CHECK_EQ(claim_with(&w, BORDER, 0, &run), 0);
	CHECK_EQ(claim_with(&w, RESERVE, 0, &run), 0);
	CHECK_EQ(run.start, BORDER);
	CHECK_EQ(claim_with(&w, 1, 0, &run), -ENOMEM);
	world_free(&w);
}

static void enough_in_both_heaps_together_is_enospc(void)
{
	struct world w = world_of(RESERVE, 0);
	struct memmgr_run run;

	CHECK_EQ(world_claim(&w, GRANULES, 1, &run), -ENOSPC);
	CHECK_EQ(world_claim(&w, GRANULES + 1, 1, &run), -ENOMEM);
	world_check_empty(&w);
	world_free(&w);
}

static void no_run_crosses_the_border(void)
{
	struct world w = world_of(RESERVE, 0);
	struct memmgr_run all, run;

	CHECK_EQ(world_claim(&w, BORDER, 1, &all), 0);
	CHECK_EQ(world_resize(&w, BORDER + 1, 1, MEMMGR_RESIZE_DOWN, &all), -ENOSPC);
	CHECK_EQ(world_claim(&w, 10, 1, &run), 0);
	CHECK_EQ(run.start, BORDER);
	world_give(&w, 0, BORDER);
	CHECK_EQ(world_resize(&w, RESERVE + 1, 1, MEMMGR_RESIZE_DOWN, &run), -ENOSPC);
	CHECK_EQ(world_resize(&w, RESERVE, 1, 0, &run), 0);
	CHECK_EQ(run.start, BORDER);
	CHECK_EQ(world_take(&w, 1), 0);
	CHECK_EQ(world_release(&w, BORDER - 1, 2), -EUCLEAN);
	world_check(&w);
	world_free(&w);
}

static void free_run_over_the_border_is_one(void)
{
	struct world w = world_of(RESERVE, 0);
	struct memmgr_run run;

	CHECK_EQ(world_take(&w, 512), 0);
	CHECK(w.engine->next_free(w.meta, 600, &run));
	CHECK(run.start == 600 && run.len == GRANULES - 600);
	CHECK(w.engine->next_free(w.meta, BORDER + 5, &run));
	CHECK(run.start == BORDER + 5 && run.len == RESERVE - 5);
	world_free(&w);
}

static void impossible_shares_are_refused(void)
{
	static const u64 shares[] = { GRANULES, GRANULES + 1, U64_MAX };
	struct memmgr_geometry geo = { .granules = GRANULES, .cpus = 1 };
	u64 memory[64] = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		geo.reserve = shares[i];
		CHECK_EQ(memmgr_ebuddy.footprint(&geo), 0);
		CHECK_EQ(memmgr_ebuddy.init(memory, &geo), -EINVAL);
	}
}

/* The border is at 900: a multiple of 4, not of 256. */
static void alignment_is_the_arenas_beyond_the_border(void)
{
	struct world w = world_of(RESERVE + 300, 0); /* 600 */
	struct memmgr_run run;

	world_take(&w, 600);
	CHECK_EQ(world_claim(&w, 3, 256, &run), 0);
	CHECK(run.start == 768 && run.len == 3);
	CHECK_EQ(world_claim(&w, 3, 256, &run), -ENOSPC);
	CHECK_EQ(world_claim(&w, 3, 8, &run), 0);
	CHECK_EQ(run.start, 600);
	CHECK_EQ(world_claim(&w, 3, 16, &run), 0);
	CHECK_EQ(run.start, 608);
	CHECK_EQ(world_resize(&w, 5, 32, MEMMGR_RESIZE_DOWN, &run), 0);
	CHECK(run.start == 608 && run.len == 5);
	CHECK_EQ(world_resize(&w, 5, 64, MEMMGR_RESIZE_DOWN, &run), -EINVAL);
	world_check(&w);
	world_free(&w);
}

void ebuddy_suite(void)
{
	tap_suite("ebuddy");
	tap_test("nothing_is_set_aside_without_a_reserve");
	nothing_is_set_aside_without_a_reserve();
	tap_test("reserve_serves_only_what_buddy_cannot");
	reserve_serves_only_what_buddy_cannot();
	tap_test("reserve_is_kept_for_who_may_dip_into_it");
	reserve_is_kept_for_who_may_dip_into_it();
	tap_test("reserve_is_for_everybody_otherwise");
	reserve_is_for_everybody_otherwise();
	tap_test("enough_in_both_heaps_together_is_enospc");
	enough_in_both_heaps_together_is_enospc();
	tap_test("no_run_crosses_the_border");
	no_run_crosses_the_border();
	tap_test("free_run_over_the_border_is_one");
	free_run_over_the_border_is_one();
	tap_test("impossible_shares_are_refused");
	impossible_shares_are_refused();
	tap_test("alignment_is_the_arenas_beyond_the_border");
	alignment_is_the_arenas_beyond_the_border();
	tap_test("every_flipped_bit_is_found_or_harmless");
	every_flipped_bit_is_found_or_harmless(&memmgr_ebuddy, 2500, 1500, 832);
	tap_test("validate_survives_garbage");
	validate_survives_garbage(&memmgr_ebuddy, 3000);
}
