// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the engine contract promises, asked of any engine at arenas of many sizes.
 * Nothing here knows where an engine puts a run.
 */
#include <stdlib.h>

#include "suites.h"
#include "tap.h"
#include "world.h"

/* Arenas small enough to be filled granule by granule. */
static const u64 sizes[] = {
	1,   2,	  3,	5,    63,   64,	  65,	127,  128,  129,   511,
	512, 513, 1000, 1023, 1024, 1025, 4095, 4096, 4097, 12345,
};

/* Arenas of any size up to the longest. */
static const u64 big_sizes[] = {
	65536, 1000003, 3 << 20, (1 << 24) + 7, (1u << 31) - 1, MEMMGR_GRANULES_MAX,
};

typedef void (*size_test)(struct world *w);

/*
 * A number that stands for where exactly the free runs are. A concurrent engine may
 * learn from a failure: what it knows of the largest can come closer to the truth.
 */
static u64 picture(const struct world *w)
{
	u64 from = 0, hash = world_free_granules(w) * 31;
	struct memmgr_run run;

	if (!(w->engine->flags & MEMMGR_ENGINE_CONCURRENT))
		hash += world_largest(w);
	while (w->engine->next_free(w->meta, from, &run)) {
		hash = (hash ^ run.start) * 1099511628211u;
		hash = (hash ^ run.len) * 1099511628211u;
		from = memmgr_run_end(&run);
	}
	return hash;
}

/* Claim single granules until there are no more; returns them. */
static struct memmgr_run *fill(struct world *w, u64 *count)
{
	struct memmgr_run *runs = calloc(w->geo.granules, sizeof(*runs));
	int err;

	CHECK(runs);
	for (*count = 0;; ++*count) {
		struct memmgr_run run;

		err = world_claim(w, 1, 1, &run);
		if (err)
			break;
		CHECK(*count < w->geo.granules);
		runs[*count] = run;
	}
	CHECK_EQ(err, -ENOMEM);
	return runs;
}

static void new_arena_is_one_free_run(struct world *w)
{
	world_check_empty(w);
}

static void whole_arena_can_be_claimed(struct world *w)
{
	struct memmgr_run run;

	CHECK_EQ(world_claim(w, w->geo.granules, 1, &run), 0);
	CHECK_EQ(run.start, 0);
	CHECK_EQ(run.len, w->geo.granules);
	CHECK_EQ(world_free_granules(w), 0);
	CHECK(!w->engine->next_free(w->meta, 0, &run));
	CHECK_EQ(world_claim(w, 1, 1, &run), -ENOMEM);
	world_check(w);
	world_give(w, 0, w->geo.granules);
	world_check_empty(w);
}

static void every_granule_can_be_claimed_exactly_once(struct world *w)
{
	u8 *seen = calloc(w->geo.granules, 1);
	struct memmgr_run *runs;
	u64 count, i;

	CHECK(seen);
	runs = fill(w, &count);
	CHECK_EQ(count, w->geo.granules);
	for (i = 0; i < count; i++) {
		CHECK_EQ(runs[i].len, 1);
		CHECK(runs[i].start < w->geo.granules && !seen[runs[i].start]);
		seen[runs[i].start] = 1;
	}
	world_check(w);
	for (i = 0; i < count; i++)
		world_give(w, runs[i].start, 1);
	world_check_empty(w);
	free(runs);
	free(seen);
}

static void all_coalesces_in_whatever_order_it_is_freed(struct world *w)
{
	struct rng rng = rng_new(w->geo.granules);
	struct memmgr_run *runs;
	u64 count, i, order, other;

	for (order = 0; order < 3; order++) {
		runs = fill(w, &count);
		for (i = count; order && i > 1; i--) {
			other = order == 1 ? i - 1 - (i - 1) % 2 : rng_below(&rng, i);
			struct memmgr_run swap = runs[i - 1];

			runs[i - 1] = runs[other];
			runs[other] = swap;
		}
		for (i = 0; i < count; i++)
			world_give(w, runs[i].start, runs[i].len);
		world_check_empty(w);
		free(runs);
	}
}

static void too_much_is_enomem_and_changes_nothing(struct world *w)
{
	const u64 lengths[] = {
		w->geo.granules + 1, 2 * w->geo.granules, (1ULL << 32) + 1, 1ULL << 63, U64_MAX,
	};
	u64 before = picture(w);
	struct memmgr_run run;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		CHECK_EQ(world_claim(w, lengths[i], 1, &run), -ENOMEM);
		CHECK_EQ(world_claim(w, lengths[i], 1ULL << 63, &run), -ENOMEM);
	}
	CHECK_EQ(picture(w), before);
	world_check_empty(w);
}

static void no_hole_is_enospc_and_changes_nothing(struct world *w)
{
	struct memmgr_run *runs, run;
	u64 count, i, before;

	runs = fill(w, &count);
	for (i = 0; i < count; i++)
		if (runs[i].start % 2)
			world_give(w, runs[i].start, 1);
	before = picture(w);
	if (w->geo.granules >= 4) {
		CHECK_EQ(world_claim(w, 2, 1, &run), -ENOSPC);
		CHECK_EQ(world_claim(w, world_free_granules(w), 1, &run), -ENOSPC);
	}
	CHECK_EQ(world_claim(w, world_free_granules(w) + 1, 1, &run), -ENOMEM);
	CHECK_EQ(picture(w), before);
	world_check(w);
	for (i = 0; i < count; i++)
		if (runs[i].start % 2 == 0)
			world_give(w, runs[i].start, 1);
	world_check_empty(w);
	free(runs);
}

/* What the engine says is the longest claim that would succeed is just that. */
static void largest_can_be_claimed_and_no_more(struct world *w)
{
	struct rng rng = rng_new(w->geo.granules);
	struct memmgr_run *runs, run;
	u64 count, i, round, largest;

	if (w->engine->flags & MEMMGR_ENGINE_CONCURRENT)
		return;
	runs = fill(w, &count);
	for (round = 0; round < 64; round++) {
		for (i = 0; i < 1 + count / 8; i++)
			world_release(w, rng_below(&rng, w->geo.granules), 1);
		largest = world_largest(w);
		CHECK(world_claim(w, largest + 1, 1, &run) < 0);
		if (!largest)
			continue;
		CHECK_EQ(world_claim(w, largest, 1, &run), 0);
		world_give(w, run.start, run.len);
		CHECK_EQ(world_largest(w), largest);
	}
	world_check(w);
	free(runs);
}

static void every_alignment_is_kept(struct world *w)
{
	struct memmgr_run *runs, run;
	u64 align, count, i;
	u32 shift;

	for (shift = 0; shift < 64; shift++) {
		align = 1ULL << shift;
		if (align < w->geo.granules / 500)
			continue;
		runs = calloc(w->geo.granules / align + 2, sizeof(*runs));
		CHECK(runs);
		for (count = 0; !world_claim(w, 1, align, &run); count++) {
			CHECK(IS_ALIGNED(run.start, align));
			runs[count] = run;
		}
		CHECK_EQ(count, (w->geo.granules - 1) / align + 1);
		world_check(w);
		for (i = 0; i < count; i++)
			world_give(w, runs[i].start, runs[i].len);
		world_check_empty(w);
		free(runs);
	}
}

static void no_aligned_place_is_enospc(struct world *w)
{
	struct memmgr_run first, run;
	u32 shift;

	if (w->geo.granules < 2)
		return;
	CHECK_EQ(world_claim(w, 1, 1ULL << 63, &first), 0);
	CHECK_EQ(first.start, 0);
	for (shift = (u32)fls64(w->geo.granules - 1); shift < 64; shift++)
		CHECK_EQ(world_claim(w, 1, 1ULL << shift, &run), -ENOSPC);
	world_give(w, 0, first.len);
	world_check_empty(w);
}

static void senseless_requests_are_einval(struct world *w)
{
	struct memmgr_run run = { 0, 1 };

	CHECK_EQ(world_claim(w, 0, 1, &run), -EINVAL);
	CHECK_EQ(world_claim(w, 1, 0, &run), -EINVAL);
	CHECK_EQ(world_claim(w, 1, 3, &run), -EINVAL);
	CHECK_EQ(world_claim(w, 1, U64_MAX, &run), -EINVAL);
	world_check_empty(w);
	world_take(w, 1);
	CHECK_EQ(world_resize(w, 0, 1, 0, &run), -EINVAL);
	CHECK_EQ(world_resize(w, 1, 0, 0, &run), -EINVAL);
	CHECK_EQ(world_resize(w, 1, 6, 0, &run), -EINVAL);
	run = (struct memmgr_run){ 1, 1 };
	CHECK_EQ(world_resize(w, 1, 2, 0, &run), -EINVAL);
	world_give(w, 0, 1);
	world_check_empty(w);
}

static void release_of_free_run_is_euclean_and_changes_nothing(struct world *w)
{
	const u64 n = w->geo.granules, half = (n + 1) / 2;
	struct memmgr_run run;
	u64 before;

	CHECK_EQ(world_release(w, 0, n), -EUCLEAN);
	CHECK_EQ(world_claim(w, half, 1, &run), 0);
	before = picture(w);
	CHECK_EQ(world_release(w, run.start, 0), -EUCLEAN);
	CHECK_EQ(world_release(w, run.start, n + 1), -EUCLEAN);
	CHECK_EQ(world_release(w, run.start + 1, U64_MAX), -EUCLEAN);
	CHECK_EQ(world_release(w, U64_MAX, 1), -EUCLEAN);
	CHECK_EQ(world_release(w, n, 1), -EUCLEAN);
	CHECK_EQ(world_release(w, 1ULL << 32, 1), -EUCLEAN);
	if (run.len < n) {
		CHECK_EQ(world_release(w, 0, n), -EUCLEAN);
		CHECK_EQ(world_release(w, run.start + run.len - 1, 2), -EUCLEAN);
		CHECK_EQ(world_release(w, n - 1, 1), -EUCLEAN);
	}
	CHECK_EQ(picture(w), before);
	world_check(w);
	world_give(w, run.start, run.len);
	world_check_empty(w);
}

static void releasing_twice_is_euclean(struct world *w)
{
	struct memmgr_run run;

	CHECK_EQ(world_claim(w, w->geo.granules, 1, &run), 0);
	world_give(w, run.start, run.len);
	CHECK_EQ(world_release(w, run.start, run.len), -EUCLEAN);
	CHECK_EQ(world_release(w, run.start, 1), -EUCLEAN);
	world_check_empty(w);
}

static void shrinking_gives_back_the_end(struct world *w)
{
	struct memmgr_run run, next;
	u64 len;

	CHECK_EQ(world_claim(w, w->geo.granules, 1, &run), 0);
	while (run.len > 1) {
		len = run.len;
		CHECK_EQ(world_resize(w, (len + 1) / 2, 1, 0, &run), 0);
		CHECK(run.start == 0 && run.len < len);
		if (w->engine->flags & MEMMGR_ENGINE_CONCURRENT)
			CHECK_EQ(run.len, (len + 1) / 2);
		CHECK_EQ(world_free_granules(w), w->geo.granules - run.len);
		CHECK(w->engine->next_free(w->meta, 0, &next));
		CHECK_EQ(next.start, run.len);
		world_check(w);
	}
	world_give(w, run.start, run.len);
	world_check_empty(w);
}

static void growing_takes_what_is_free_behind(struct world *w)
{
	struct memmgr_run run;
	u64 len;

	CHECK_EQ(world_claim(w, 1, 1, &run), 0);
	CHECK_EQ(run.start, 0);
	for (len = 1; len < w->geo.granules; len = min(len * 3, w->geo.granules)) {
		CHECK_EQ(world_resize(w, len, 1ULL << 63, 0, &run), 0);
		CHECK(run.start == 0 && run.len >= len);
		CHECK_EQ(world_free_granules(w), w->geo.granules - run.len);
		world_check(w);
	}
	CHECK_EQ(world_resize(w, w->geo.granules, 1, 0, &run), 0);
	CHECK_EQ(run.len, w->geo.granules);
	CHECK_EQ(world_free_granules(w), 0);
	world_give(w, run.start, run.len);
	world_check_empty(w);
}

static void growing_without_room_is_enospc_and_changes_nothing(struct world *w)
{
	const u64 lengths[] = { w->geo.granules + 1, 1ULL << 32, 1ULL << 63, U64_MAX };
	struct memmgr_run run = { 0, w->geo.granules }, same = run;
	u64 before;
	u32 i;

	CHECK_EQ(world_claim(w, w->geo.granules, 1, &run), 0);
	before = picture(w);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		CHECK_EQ(world_resize(w, lengths[i], 1, 0, &run), -ENOSPC);
		CHECK_EQ(world_resize(w, lengths[i], 1, MEMMGR_RESIZE_DOWN, &run), -ENOSPC);
		CHECK(run.start == same.start && run.len == same.len);
	}
	CHECK_EQ(picture(w), before);
	world_check(w);
}

static void neighbour_stops_growth(struct world *w)
{
	struct memmgr_run *runs, run;
	u64 count, i, before;

	runs = fill(w, &count);
	if (count > 1) {
		before = picture(w);
		run = (struct memmgr_run){ 0, 1 };
		CHECK_EQ(world_resize(w, 2, 1, MEMMGR_RESIZE_DOWN, &run), -ENOSPC);
		run = (struct memmgr_run){ count - 1, 1 };
		CHECK_EQ(world_resize(w, 2, 1, MEMMGR_RESIZE_DOWN, &run), -ENOSPC);
		CHECK(run.start == count - 1 && run.len == 1);
		CHECK_EQ(picture(w), before);
	}
	for (i = 0; i < count; i++)
		world_give(w, runs[i].start, runs[i].len);
	world_check_empty(w);
	free(runs);
}

static void resizing_what_is_not_claimed_is_euclean(struct world *w)
{
	const u64 n = w->geo.granules;
	struct memmgr_run run = { 0, n };
	u64 before;

	CHECK_EQ(world_resize(w, 1, 1, 0, &run), -EUCLEAN);
	CHECK_EQ(world_resize(w, n, 1, 0, &run), -EUCLEAN);
	world_take(w, (n + 1) / 2);
	before = picture(w);
	run = (struct memmgr_run){ 0, n + 1 };
	CHECK_EQ(world_resize(w, 1, 1, 0, &run), -EUCLEAN);
	run = (struct memmgr_run){ 1, U64_MAX };
	CHECK_EQ(world_resize(w, 1, 1, 0, &run), -EUCLEAN);
	run = (struct memmgr_run){ 0, 0 };
	CHECK_EQ(world_resize(w, 1, 1, 0, &run), -EUCLEAN);
	CHECK_EQ(picture(w), before);
	world_check(w);
}

static void resizing_to_its_length_does_nothing(struct world *w)
{
	struct memmgr_run run, same;
	u64 before;

	CHECK_EQ(world_claim(w, (w->geo.granules + 1) / 2, 1, &run), 0);
	before = picture(w);
	same = run;
	CHECK_EQ(world_resize(w, run.len, 1, MEMMGR_RESIZE_DOWN, &run), 0);
	CHECK(run.start == same.start && run.len == same.len);
	CHECK_EQ(picture(w), before);
}

static void growing_down_keeps_what_it_had_and_its_alignment(struct world *w)
{
	const u64 n = w->geo.granules;
	struct memmgr_run *runs, run;
	u64 count, i, align;
	int err;

	if (n < 8)
		return;
	for (align = 1; align <= n / 4; align *= 2) {
		runs = fill(w, &count);
		for (i = 0; i < count; i++)
			if (runs[i].start < n / 2)
				world_give(w, runs[i].start, 1);
		run = (struct memmgr_run){ ALIGN(n / 2, align), 1 };
		err = world_resize(w, 2, align, MEMMGR_RESIZE_DOWN, &run);
		if (!err) {
			CHECK(IS_ALIGNED(run.start, align));
			CHECK(run.start <= ALIGN(n / 2, align) && run.len >= 2);
			CHECK(memmgr_run_end(&run) > ALIGN(n / 2, align));
		} else {
			CHECK_EQ(err, -ENOSPC);
		}
		world_check(w);
		for (i = 0; i < n; i++)
			world_release(w, i, 1);
		world_check_empty(w);
		free(runs);
	}
}

static void next_free_clips_the_run_it_starts_in(struct world *w)
{
	const u64 n = w->geo.granules;
	struct memmgr_run run;
	u64 from;

	for (from = 0; from < n; from += 1 + from / 16) {
		CHECK(w->engine->next_free(w->meta, from, &run));
		CHECK_EQ(run.start, from);
		CHECK_EQ(run.len, n - from);
	}
	CHECK(!w->engine->next_free(w->meta, n, &run));
	CHECK(!w->engine->next_free(w->meta, n + 1, &run));
	CHECK(!w->engine->next_free(w->meta, 1ULL << 32, &run));
	CHECK(!w->engine->next_free(w->meta, U64_MAX, &run));
}

/* Between any two steps of a validation, somebody claims and releases. */
static void validation_stands_changes_meanwhile(struct world *w)
{
	struct rng rng = rng_new(w->geo.granules);
	struct memmgr_check check = { 0 };
	struct memmgr_run runs[16] = { 0 };
	u64 steps = 0;
	u32 i;
	int err;

	do {
		i = (u32)rng_below(&rng, ARRAY_SIZE(runs));
		if (runs[i].len)
			world_give(w, runs[i].start, runs[i].len);
		if (world_claim(w, rng_log(&rng, w->geo.granules), 1, &runs[i]))
			runs[i].len = 0;
		err = w->engine->validate(w->meta, &check);
		CHECK(++steps < 100000);
	} while (err == -EAGAIN);
	CHECK_EQ(err, 0);
	world_check(w);
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		if (runs[i].len)
			world_give(w, runs[i].start, runs[i].len);
	world_check_empty(w);
}

/* Halves, a quarter in the middle of a released half: few live nodes, all levels. */
static void longest_arena_is_valid(struct world *w)
{
	struct memmgr_check check;

	world_take(w, w->geo.granules - 5);
	world_give(w, 77, w->geo.granules / 2);
	world_take(w, w->geo.granules / 4);
	CHECK_EQ(world_validate(w, &check), 0);
	CHECK_EQ(check.free, world_free_granules(w));
}

static void impossible_arenas_are_refused(const struct memmgr_engine *engine)
{
	const u64 granules[] = { 0, MEMMGR_GRANULES_MAX + 1, 1ULL << 40, U64_MAX };
	struct memmgr_geometry geo = { .cpus = 1 };
	u64 memory[64] = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		geo.granules = granules[i];
		CHECK_EQ(engine->footprint(&geo), 0);
		CHECK_EQ(engine->init(memory, &geo), -EINVAL);
	}
}

/* Metadata must not outgrow 3 % of an arena of 16-byte granules, and a page. */
static void footprint_is_a_few_percent(const struct memmgr_engine *engine)
{
	struct memmgr_geometry geo = { .cpus = 1 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(big_sizes); i++) {
		geo.granules = big_sizes[i];
		tap_note("%llu granules: %.3f %%", (unsigned long long)geo.granules,
			 (double)engine->footprint(&geo) * 100 / (double)(geo.granules * 16));
		CHECK(engine->footprint(&geo) < geo.granules * 16 * 3 / 100 + 4096);
	}
}

#define SIZE_TEST(name)            \
	{                          \
#name, name, false \
	}

/* Goes through nearly all of the arena, several times. */
#define LONG_TEST(name)           \
	{                         \
#name, name, true \
	}

static const struct size_test_entry {
	const char *name;
	size_test run;
	bool is_long;
} size_tests[] = {
	SIZE_TEST(new_arena_is_one_free_run),
	SIZE_TEST(whole_arena_can_be_claimed),
	SIZE_TEST(every_granule_can_be_claimed_exactly_once),
	SIZE_TEST(all_coalesces_in_whatever_order_it_is_freed),
	SIZE_TEST(too_much_is_enomem_and_changes_nothing),
	SIZE_TEST(no_hole_is_enospc_and_changes_nothing),
	SIZE_TEST(largest_can_be_claimed_and_no_more),
	SIZE_TEST(every_alignment_is_kept),
	SIZE_TEST(no_aligned_place_is_enospc),
	SIZE_TEST(senseless_requests_are_einval),
	SIZE_TEST(release_of_free_run_is_euclean_and_changes_nothing),
	SIZE_TEST(releasing_twice_is_euclean),
	SIZE_TEST(shrinking_gives_back_the_end),
	SIZE_TEST(growing_takes_what_is_free_behind),
	SIZE_TEST(growing_without_room_is_enospc_and_changes_nothing),
	SIZE_TEST(neighbour_stops_growth),
	SIZE_TEST(resizing_what_is_not_claimed_is_euclean),
	SIZE_TEST(resizing_to_its_length_does_nothing),
	SIZE_TEST(growing_down_keeps_what_it_had_and_its_alignment),
	SIZE_TEST(next_free_clips_the_run_it_starts_in),
	SIZE_TEST(validation_stands_changes_meanwhile),
}, big_tests[] = {
	SIZE_TEST(new_arena_is_one_free_run),
	SIZE_TEST(whole_arena_can_be_claimed),
	SIZE_TEST(too_much_is_enomem_and_changes_nothing),
	LONG_TEST(every_alignment_is_kept),
	SIZE_TEST(no_aligned_place_is_enospc),
	LONG_TEST(release_of_free_run_is_euclean_and_changes_nothing),
	LONG_TEST(shrinking_gives_back_the_end),
	LONG_TEST(growing_takes_what_is_free_behind),
	LONG_TEST(next_free_clips_the_run_it_starts_in),
};

/* Without a lock a long run is gone through word by word, for seconds under ASan. */
static bool takes_long(const struct memmgr_engine *engine, const struct size_test_entry *test,
		       u64 granules)
{
	return (engine->flags & MEMMGR_ENGINE_CONCURRENT) && test->is_long && granules > 1 << 25;
}

static void run_at_size(const struct memmgr_engine *engine, u64 granules, size_test test)
{
	struct world w = world_new(engine, granules);

	tap_where("%llu granules", (unsigned long long)granules);
	test(&w);
	world_free(&w);
}

void contract_suite(const struct memmgr_engine *engine)
{
	u32 i, j;

	tap_suite("contract-%s", engine->name);
	tap_test("is_found_by_its_name");
	CHECK(memmgr_engine_find(engine->name) == engine);
	tap_test("impossible_arenas_are_refused");
	impossible_arenas_are_refused(engine);
	tap_test("footprint_is_a_few_percent");
	footprint_is_a_few_percent(engine);
	for (i = 0; i < ARRAY_SIZE(size_tests); i++) {
		tap_test("%s", size_tests[i].name);
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			run_at_size(engine, sizes[j], size_tests[i].run);
	}
	tap_test("longest_arena_is_valid");
	run_at_size(engine, MEMMGR_GRANULES_MAX, longest_arena_is_valid);
	for (i = 0; i < ARRAY_SIZE(big_tests); i++) {
		tap_test("%s_in_big_arenas", big_tests[i].name);
		for (j = 0; j < ARRAY_SIZE(big_sizes); j++)
			if (!takes_long(engine, &big_tests[i], big_sizes[j]))
				run_at_size(engine, big_sizes[j], big_tests[i].run);
	}
}
