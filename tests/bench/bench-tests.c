// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the measuring tools: what is drawn has the distribution it is called by,
 * what is summed up is summed up rightly, and the same seed gives the same again.
 */
#include <math.h>
#include <stdlib.h>

#include "../engine/tap.h"
#include "arena.h"
#include "lifetimes.h"
#include "monte-experiment.h"
#include "monte-picture.h"
#include "stats.h"
#include "trace.h"

#define DRAWS 200000

static bool is_near(double value, double wanted, double part)
{
	if (fabs(value - wanted) <= part * wanted)
		return true;
	tap_note("%g is not near %g", value, wanted);
	return false;
}

static void test_stats(void)
{
	uint32_t ranks[1000];
	double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 }, values[] = { 1, 2, 3, 4, 5 };
	struct stats_mean mean = stats_mean(values, 5);
	size_t i;

	for (i = 0; i < 1000; i++)
		ranks[i] = (uint32_t)(1000 - i);
	stats_sort(ranks, 1000);

	tap_test("percentile is the nearest rank");
	CHECK_EQ(stats_percentile(ranks, 1000, 0), 1);
	CHECK_EQ(stats_percentile(ranks, 1000, 0.5), 500);
	CHECK_EQ(stats_percentile(ranks, 1000, 0.999), 999);
	CHECK_EQ(stats_percentile(ranks, 1000, 1), 1000);
	CHECK_EQ(stats_percentile(ranks, 1, 0.999), 1);
	CHECK_EQ(stats_percentile(ranks, 0, 0.5), 0);

	tap_test("median of an even count is between the middle two");
	CHECK(stats_median(odd, 3) == 2);
	CHECK(stats_median(even, 4) == 2.5);

	tap_test("confidence interval is Student's");
	CHECK(mean.mean == 3 && mean.min == 1 && mean.max == 5);
	CHECK(is_near(mean.half, 2.776 * sqrt(2.5 / 5), 1e-6));
	CHECK(stats_mean(values, 1).half == 0);
}

static struct sizes sizes_of(const char *name)
{
	struct sizes sizes;

	CHECK(sizes_parse(name, &sizes));
	return sizes;
}

/* The part of draws that lie in @min..@max; checks that none is out of the mix. */
static double part_within(const char *name, uint32_t min, uint32_t max)
{
	struct sizes sizes = sizes_of(name);
	struct rng rng = rng_new(7);
	uint32_t size;
	int i, hits = 0;

	for (i = 0; i < DRAWS; i++) {
		size = sizes_draw(&sizes, &rng);
		CHECK(size >= sizes.min && size <= sizes.max);
		hits += size >= min && size <= max;
	}
	return (double)hits / DRAWS;
}

static void test_sizes(void)
{
	static const char *const nonsense[] = { "",	   "log:",	  "log:16",
						"log:0:9", "uniform:9:8", "uniform:1:2x",
						"fixed:0", "knuth:1",	  "logs" };
	struct sizes sizes;
	size_t i;

	tap_test("log sizes are uniform in the logarithm");
	CHECK(is_near(part_within("log", 16, 255), 0.5, 0.01));
	CHECK(is_near(part_within("log:1:1023", 1, 31), 0.5, 0.01));

	tap_test("uniform sizes are uniform");
	CHECK(is_near(part_within("uniform", 1, 256), 0.25, 0.02));
	CHECK(is_near(part_within("uniform:5:6", 5, 5), 0.5, 0.01));

	tap_test("half of a Knuth mix is below 64 bytes, some above 4 KiB");
	CHECK(is_near(part_within("knuth", 1, 63), 0.5, 0.01));
	CHECK(is_near(part_within("knuth", 4096, 8192), 0.1 / 3, 0.05));

	tap_test("fixed sizes are one size");
	CHECK(part_within("fixed:80", 80, 80) == 1);

	tap_test("a mix of sizes that makes no sense is refused");
	for (i = 0; i < ARRAY_SIZE(nonsense); i++) {
		tap_where("'%s'", nonsense[i]);
		CHECK(!sizes_parse(nonsense[i], &sizes));
	}
}

static double mean_lifetime(enum lifetimes lifetimes, double *longer)
{
	struct rng rng = rng_new(3);
	double sum = 0, life;
	int i, count = 0;

	for (i = 0; i < DRAWS; i++) {
		life = (double)lifetimes_draw(lifetimes, 1000, &rng);
		CHECK(life >= 1);
		sum += life;
		count += life > 1000;
	}
	*longer = (double)count / DRAWS;
	return sum / DRAWS;
}

static void test_lifetimes(void)
{
	enum lifetimes lifetimes;
	double longer;

	tap_test("lifetimes have the mean they are asked for");
	for (lifetimes = 0; lifetimes <= LIFETIMES_FIXED; lifetimes++)
		CHECK(is_near(mean_lifetime(lifetimes, &longer), 1000, 0.02));

	tap_test("exponential lifetimes have no memory");
	mean_lifetime(LIFETIMES_EXPONENTIAL, &longer);
	CHECK(is_near(longer, exp(-1), 0.02));
}

static void test_traces(void)
{
	struct sizes sizes = sizes_of("log");
	struct trace one = trace_new(&sizes, 100, 1000, 5);
	struct trace same = trace_new(&sizes, 100, 1000, 5);
	struct trace other = trace_new(&sizes, 100, 1000, 6);
	size_t i, steps = 1100;

	tap_test("the same seed gives the same trace");
	CHECK(!memcmp(one.fill, same.fill, steps * sizeof(struct step)));
	CHECK(memcmp(one.fill, other.fill, steps * sizeof(struct step)));

	tap_test("a trace fills each slot once, and stays within them");
	for (i = 0; i < 100; i++)
		CHECK_EQ(one.fill[i].slot, i);
	for (i = 0; i < 1000; i++)
		CHECK(one.steps[i].slot < 100);
	trace_free(&one);
	trace_free(&same);
	trace_free(&other);
}

static struct space_config small_space(const struct memmgr_engine *engine)
{
	return (struct space_config){ .engine = engine, .size = 65536, .granule = 16, .cpus = 1 };
}

static void test_arena(const struct memmgr_engine *engine)
{
	struct space_config config = small_space(engine);
	struct memmgr_handle handle;
	struct memmgr_run run;
	struct arena arena;

	tap_test("%s: a handle frees its block once", engine->name);
	CHECK(arena_init(&arena, &config));
	handle = arena_alloc(&arena, 100, 1, 0, &run);
	CHECK(handle.raw);
	CHECK(run.len >= 7);
	CHECK(arena_free(&arena, handle));
	CHECK(!arena_free(&arena, handle));

	tap_test("%s: a full arena gives no block, and has metadata", engine->name);
	while (arena_alloc(&arena, 100, 1, 0, &run).raw)
		;
	CHECK(arena_table_bytes(&arena) >= MEMMGR_SEGMENT_BYTES);
	CHECK(arena_engine_bytes(&arena) > 0);
	arena_end(&arena);
}

static double answer(const struct memmgr_engine *engine, enum question question, uint64_t seed,
		     double reallocs)
{
	static struct outcome outcome;
	struct experiment experiment = {
		.space = small_space(engine),
		.sizes = sizes_of("uniform:1:512"),
		.reallocs = reallocs,
		.load = 1.25,
		.start = 0.3,
		.step = 0.01,
		.turnovers = 3,
		.seed = seed,
	};
	struct space space;

	CHECK(experiment_run(&experiment, question, &space, &outcome));
	space_end(&space);
	CHECK(outcome.count > 10);
	CHECK(outcome.fill >= 0.3 && outcome.fill < 1);
	CHECK(outcome.at_failure <= 1 && outcome.births > 0);
	return outcome.fill;
}

static void test_experiments(const struct memmgr_engine *engine)
{
	enum question question;

	for (question = 0; question < QUESTIONS; question++) {
		tap_test("%s: the same seed gives the same fill, question %d", engine->name,
			 question);
		CHECK(answer(engine, question, 1, 0) == answer(engine, question, 1, 0));
		CHECK(answer(engine, question, 1, 0.3) == answer(engine, question, 1, 0.3));
	}
	tap_test("%s: another seed gives another fill", engine->name);
	CHECK(answer(engine, QUESTION_FIRST, 1, 0) != answer(engine, QUESTION_FIRST, 2, 0));
}

static void test_pictures(const struct memmgr_engine *engine)
{
	struct space_config config = small_space(engine);
	struct memmgr_run run;
	struct space space;
	double cells[10], sum = 0;
	int i;

	tap_test("%s: a picture shows what is used", engine->name);
	CHECK(space_init(&space, &config));
	picture_cells(&space, 0, space.granules, cells, 10);
	for (i = 0; i < 10; i++)
		CHECK(cells[i] == 0);
	CHECK_EQ(space_claim(&space, 1024, 1, 0, &run), 0);
	picture_cells(&space, 0, space.granules, cells, 10);
	for (i = 0; i < 10; i++)
		sum += cells[i] / 10;
	CHECK(is_near(sum, 0.25, 0.01));
	space_end(&space);
}

int main(void)
{
	const struct memmgr_engine *engine;
	unsigned int i;

	tap_suite("bench");
	test_stats();
	test_sizes();
	test_lifetimes();
	test_traces();
	for (i = 0; (engine = memmgr_engine_at(i)); i++) {
		test_arena(engine);
		test_experiments(engine);
		test_pictures(engine);
	}
	return tap_done();
}
