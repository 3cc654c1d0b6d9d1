// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Small worlds, in full, for every engine beside its model: all orders of free, all
 * sequences of a few calls, and all states that any sequence leads to. How many
 * there are of each is known, so that none is left out unnoticed.
 *
 * Claims and releases alone show what an engine's choice of place is worth: with
 * resizes a caller can cut holes wherever it likes, of any engine's arena.
 *
 * DEEP=1 goes on to longer sequences and larger arenas.
 */
#include "suites.h"
#include "exhaustive.h"
#include "states.h"
#include "tap.h"

/**
 * struct small - one engine's worlds
 * @reserve: units of it that are for emergencies
 * @units: lengths of a unit, so that words, groups or nodes begin within the arena
 */
struct small {
	const struct memmgr_engine *engine;
	u32 reserve;
	u64 units[3];
};

static const struct small engines[] = {
	{ &memmgr_first_fit, 0, { 1, 32, 512 } }, { &memmgr_best_fit, 0, { 1, 64, 128 } },
	{ &memmgr_chunk, 0, { 1, 32, 128 } },	  { &memmgr_buddy, 0, { 1, 32, 512 } },
	{ &memmgr_ebuddy, 2, { 1, 32, 512 } },
};

/**
 * struct world_size - an arena, and how many cases it has
 * @granules: its length, in units
 * @unit: which of the engine's units
 * @depth: calls of a sequence
 * @deep: only if asked for
 * @cases: for each engine
 */
struct world_size {
	u32 granules;
	u32 unit;
	u32 depth;
	bool deep;
	u64 cases[ARRAY_SIZE(engines)];
};

static const struct world_size sequences[] = {
	{ 3, 0, 4, false, { 16198, 16198, 16198, 15638, 11270 } },
	{ 5, 0, 4, false, { 21924, 21924, 21924, 19236, 18746 } },
	{ 6, 0, 5, false, { 464092, 464092, 463630, 388198, 388198 } },
	{ 6, 1, 5, false, { 464092, 464092, 463630, 388198, 388198 } },
	{ 6, 2, 4, false, { 23268, 23268, 23268, 20552, 20552 } },
	{ 7, 0, 4, false, { 24136, 24136, 24136, 24024, 20006 } },
	{ 8, 0, 4, false, { 24332, 24332, 24332, 24136, 20748 } },
	{ 7, 1, 6, true, { 11401838, 11402552, 11365004, 11053630, 7730716 } },
};

/* Claims of up to three units, aligned or not, releases and resizes. */
static const struct world_size any_calls[] = {
	{ 5, 0, 0, false, { 84, 84, 84, 52, 55 } },
	{ 6, 0, 0, false, { 214, 214, 214, 130, 130 } },
	{ 7, 1, 0, false, { 545, 545, 545, 286, 260 } },
	{ 7, 2, 0, false, { 545, 545, 545, 286, 260 } },
	{ 8, 0, 0, false, { 1388, 1388, 1388, 676, 650 } },
	{ 8, 1, 0, false, { 1388, 1388, 1388, 676, 650 } },
	{ 9, 1, 0, true, { 3535, 3535, 3535, 1352, 1430 } },
	{ 11, 0, 0, true, { 22929, 22929, 22929, 7436, 6760 } },
};

/* Claims of up to four units, not aligned, and releases. */
static const struct world_size claims_and_releases[] = {
	{ 8, 0, 0, false, { 1532, 1532, 1532, 676, 650 } },
	{ 11, 0, 0, false, { 26680, 26680, 26680, 7436, 6760 } },
	{ 14, 0, 0, true, { 464641, 464641, 464641, 87880, 87880 } },
};

static const struct menu any_calls_menu = { .longest = 3, .aligns = 2, .resizes = true };
static const struct menu claims_and_releases_menu = { .longest = 4, .aligns = 1 };

static bool is_wanted(const struct world_size *size)
{
	return !size->deep || tap_number("DEEP", 0);
}

static struct menu menu_for(const struct menu *menu, const struct small *s,
			    const struct world_size *size)
{
	struct menu scaled = *menu;

	scaled.unit = s->units[size->unit];
	return scaled;
}

static void orders(const struct small *s)
{
	static const u64 within_a_word[ORDERED] = { 1, 2, 3, 1, 2, 3, 1 };
	static const u64 across_words[ORDERED] = { 60, 5, 193, 192, 1, 300, 90 };

	tap_test("all_5040_orders_of_free_within_a_word");
	all_orders_of_free(s->engine, within_a_word, 17, s->reserve ? 7 : 0);
	tap_test("all_5040_orders_of_free_across_words_and_nodes");
	all_orders_of_free(s->engine, across_words, 1400, s->reserve ? 700 : 0);
}

static void sequences_of(const struct small *s, const struct world_size *size)
{
	struct menu menu = menu_for(&any_calls_menu, s, size);
	struct branch root = branch_new(s->engine, size->granules * menu.unit,
					s->reserve * menu.unit);

	tap_test("every_sequence_of_%u_calls_in_%u_times_%llu_granules", size->depth,
		 size->granules, (unsigned long long)menu.unit);
	CHECK_EQ(all_sequences_of_calls(&root, &menu, size->depth), size->cases[s - engines]);
	branch_free(&root);
}

static void states_of(const struct small *s, const struct world_size *size,
		      const struct menu *plain, const char *what)
{
	struct menu menu = menu_for(plain, s, size);
	struct states_found found;

	tap_test("every_state_that_%s_lead_to_in_%u_times_%llu_granules", what, size->granules,
		 (unsigned long long)menu.unit);
	found = all_states(s->engine, &menu, size->granules, s->reserve);
	CHECK_EQ(found.states, size->cases[s - engines]);
}

static void suite_of(const struct small *s)
{
	u32 i;

	tap_suite("small-%s", s->engine->name);
	orders(s);
	for (i = 0; i < ARRAY_SIZE(sequences); i++)
		if (is_wanted(&sequences[i]))
			sequences_of(s, &sequences[i]);
	for (i = 0; i < ARRAY_SIZE(any_calls); i++)
		if (is_wanted(&any_calls[i]))
			states_of(s, &any_calls[i], &any_calls_menu, "any_calls");
	for (i = 0; i < ARRAY_SIZE(claims_and_releases); i++)
		if (is_wanted(&claims_and_releases[i]))
			states_of(s, &claims_and_releases[i], &claims_and_releases_menu,
				  "claims_and_releases");
}

void small_suite(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		suite_of(&engines[i]);
}
