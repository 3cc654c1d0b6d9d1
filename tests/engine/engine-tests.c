// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * All tests of engines: the contract for each engine of the table, then what is
 * promised by one of them alone. With the argument "random", the random runs only;
 * with "small", the small worlds.
 */
#include <string.h>

#include "suites.h"
#include "tap.h"

static void table_suite(void)
{
	u32 i, j;

	tap_suite("table");
	tap_test("default_engine_is_first_fit");
	CHECK(memmgr_engine_at(0) == &memmgr_first_fit);
	tap_test("ends_with_null");
	for (i = 0; memmgr_engine_at(i); i++)
		CHECK(i < 100);
	CHECK(!memmgr_engine_at(i + 1));
	CHECK(!memmgr_engine_at(U32_MAX));
	tap_test("names_differ");
	for (i = 0; memmgr_engine_at(i); i++)
		for (j = 0; j < i; j++)
			CHECK(strcmp(memmgr_engine_at(i)->name, memmgr_engine_at(j)->name));
	tap_test("other_names_are_not_found");
	CHECK(!memmgr_engine_find(""));
	CHECK(!memmgr_engine_find("first_fi"));
	CHECK(!memmgr_engine_find("first_fit "));
}

static void random_suites(void)
{
	random_suite(&memmgr_first_fit);
	random_suite(&memmgr_best_fit);
	random_suite(&memmgr_buddy);
	random_suite(&memmgr_ebuddy);
	random_suite(&memmgr_chunk);
}

static void contract_suites(void)
{
	const struct memmgr_engine *engine;
	u32 i;

	for (i = 0; (engine = memmgr_engine_at(i)); i++) {
		contract_suite(engine);
		known_suite(engine);
	}
}

static void engine_suites(void)
{
	first_fit_suite();
	best_fit_suite();
	chunk_suite();
	buddy_suite();
	ebuddy_suite();
	hints_suite();
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;

	if (!only) {
		table_suite();
		contract_suites();
		engine_suites();
	}
	if (!only || !strcmp(only, "small"))
		small_suite();
	if (!only || !strcmp(only, "random"))
		random_suites();
	return tap_done();
}
