// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What first_fit promises beyond the contract: where exactly it puts things, that
 * long runs cost what short ones do, and that validate() finds what is damaged.
 */
#include <stdlib.h>

#include "suites.h"
#include "model.h"
#include "tap.h"
#include "world.h"

/* --- drawn cases ---------------------------------------------------------- */

enum operation { CLAIM, RELEASE, RESIZE, RESIZE_DOWN };

/* A case is a drawing of an arena, a call, its answer, and the arena afterwards. */
struct drawn {
	const char *name;
	const char *before;
	enum operation operation;
	u64 start; /* of the run to release or resize */
	u64 len; /* of the run, or to claim */
	u64 want; /* alignment of a claim; new length */
	u64 align; /* of a resize */
	int err;
	u64 out_start;
	const char *after;
};

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

static struct world world_drawn(const char *drawing)
{
	struct world w = world_new(&memmgr_first_fit, strlen(drawing));
	u64 i;

	world_take(&w, w.geo.granules);
	for (i = 0; i < w.geo.granules; i++)
		if (drawing[i] == '.')
			world_give(&w, i, 1);
	return w;
}

static void draw(const struct world *w, char *drawing)
{
	struct memmgr_run run;
	u64 from = 0;

	memset(drawing, '#', w->geo.granules);
	drawing[w->geo.granules] = '\0';
	while (w->engine->next_free(w->meta, from, &run)) {
		memset(drawing + run.start, '.', run.len);
		from = memmgr_run_end(&run);
	}
}

static int act(struct world *w, const struct drawn *d, struct memmgr_run *run)
{
	*run = (struct memmgr_run){ d->start, d->len };
	switch (d->operation) {
	case CLAIM:
		return world_claim(w, d->len, d->want, run);
	case RELEASE:
		return world_release(w, d->start, d->len);
	case RESIZE:
		return world_resize(w, d->want, d->align, 0, run);
	case RESIZE_DOWN:
		return world_resize(w, d->want, d->align, MEMMGR_RESIZE_DOWN, run);
	}
	return -EINVAL;
}

static void test_drawn(const struct drawn *d)
{
	struct world w = world_drawn(d->before);
	struct memmgr_run run;
	char drawing[64];
	int err;

	draw(&w, drawing);
	CHECK(!strcmp(drawing, d->before));
	err = act(&w, d, &run);
	CHECK_EQ(err, d->err);
	if (!err && d->operation != RELEASE)
		CHECK_EQ(run.start, d->out_start);
	draw(&w, drawing);
	if (strcmp(drawing, d->after))
		tap_note("is %s, not %s", drawing, d->after);
	CHECK(!strcmp(drawing, d->after));
	world_check(&w);
	world_free(&w);
}

/* --- all of a small world ------------------------------------------------- */

#define BLOCKS 7

static void swap_u32(u32 *a, u32 *b)
{
	u32 c = *a;

	*a = *b;
	*b = c;
}

/* Heap's algorithm, unrolled: the next order of @order; false after the last. */
static bool next_order(u32 *order, u32 *count, u32 *i)
{
	while (*i < BLOCKS && count[*i] >= *i)
		count[(*i)++] = 0;
	if (*i == BLOCKS)
		return false;
	swap_u32(&order[*i % 2 ? count[*i] : 0], &order[*i]);
	count[*i]++;
	*i = 1;
	return true;
}

static void free_in_order(struct world *w, const u64 *lengths, const u32 *order)
{
	struct memmgr_run runs[BLOCKS], run, expected;
	struct model m = model_new(w->geo.granules);
	u32 i;

	for (i = 0; i < BLOCKS; i++) {
		CHECK_EQ(world_claim(w, lengths[i], 1, &runs[i]), 0);
		CHECK_EQ(model_claim(&m, lengths[i], 1, &expected), 0);
		CHECK_EQ(runs[i].start, expected.start);
	}
	for (i = 0; i < BLOCKS; i++) {
		world_give(w, runs[order[i]].start, runs[order[i]].len);
		model_release(&m, &runs[order[i]]);
		world_check(w);
		CHECK_EQ(world_largest(w), model_stat(&m).largest);
		CHECK(w->engine->next_free(w->meta, 0, &run));
		CHECK(model_next_free(&m, 0, &expected));
		CHECK(run.start == expected.start && run.len == expected.len);
	}
	world_check_empty(w);
	model_free(&m);
}

static void all_orders_of_free(const u64 *lengths, u64 granules)
{
	u32 order[BLOCKS], count[BLOCKS] = { 0 }, i;
	struct world w = world_new(&memmgr_first_fit, granules);
	u64 cases = 0;

	for (i = 0; i < BLOCKS; i++)
		order[i] = i;
	i = 1;
	do {
		free_in_order(&w, lengths, order);
		cases++;
	} while (next_order(order, count, &i));
	CHECK_EQ(cases, 5040);
	world_free(&w);
}

/* Engine and model at one place in the tree of all sequences of calls. */
struct branch {
	struct world w;
	struct model m;
	struct memmgr_run runs[8];
	u32 live;
};

#define SMALL 6

static struct branch fork_branch(const struct branch *from)
{
	struct branch b = *from;

	b.w.meta = malloc(from->w.bytes);
	b.m.used = malloc(from->m.granules);
	CHECK(b.w.meta && b.m.used);
	memcpy(b.w.meta, from->w.meta, from->w.bytes);
	memcpy(b.m.used, from->m.used, from->m.granules);
	return b;
}

/* Do call number @call on both; false if there is no such call any more. */
static bool call_both(struct branch *b, u32 call, u64 unit)
{
	static const u64 claims[][2] = { { 1, 1 }, { 2, 1 }, { 3, 1 }, { 1, 2 }, { 2, 2 } };
	static const u64 lengths[] = { 1, 2, 4 };
	const u32 resizes = 2 * ARRAY_SIZE(lengths);
	struct memmgr_run run, expected;
	struct memmgr_resize want;
	u32 block;
	int err;

	if (call < ARRAY_SIZE(claims)) {
		err = world_claim(&b->w, claims[call][0] * unit, claims[call][1] * unit, &run);
		CHECK_EQ(err, model_claim(&b->m, claims[call][0] * unit, claims[call][1] * unit,
					  &expected));
		if (!err) {
			CHECK(run.start == expected.start && run.len == expected.len);
			b->runs[b->live++] = run;
		}
		return true;
	}
	call -= (u32)ARRAY_SIZE(claims);
	if (call < b->live) {
		CHECK_EQ(b->w.engine->release(b->w.meta, &b->runs[call]), 0);
		CHECK_EQ(model_release(&b->m, &b->runs[call]), 0);
		b->runs[call] = b->runs[--b->live];
		return true;
	}
	call -= b->live;
	block = call / resizes;
	if (block >= b->live)
		return false;
	want = (struct memmgr_resize){ lengths[call % resizes / 2] * unit, unit, call % 2 };
	expected = b->runs[block];
	err = model_resize(&b->m, &want, &expected);
	CHECK_EQ(b->w.engine->resize(b->w.meta, &want, &b->runs[block]), err);
	CHECK(b->runs[block].start == expected.start && b->runs[block].len == expected.len);
	return true;
}

static u64 all_sequences(const struct branch *from, u32 depth, u64 unit)
{
	struct branch b;
	u64 count = 0;
	bool done;
	u32 call;

	for (call = 0; depth; call++) {
		b = fork_branch(from);
		done = !call_both(&b, call, unit);
		if (!done) {
			world_check(&b.w);
			count += 1 + all_sequences(&b, depth - 1, unit);
		}
		world_free(&b.w);
		model_free(&b.m);
		if (done)
			break;
	}
	return count;
}

static void every_sequence_of_calls(u64 unit, u64 granules)
{
	struct branch root = { .w = world_new(&memmgr_first_fit, granules),
			       .m = model_new(granules) };

	CHECK_EQ(all_sequences(&root, 5, unit), 298115);
	world_free(&root.w);
	model_free(&root.m);
}

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

/* --- damage --------------------------------------------------------------- */

/* Two worlds do the same for a while; all their answers must be the same. */
static void check_twins(struct world *a, struct world *b, u64 seed)
{
	struct rng rng = rng_new(seed);
	struct memmgr_run ra, rb;
	bool found;
	u32 i;
	int err;

	for (i = 0; i < 24; i++) {
		u64 len = rng_log(&rng, a->geo.granules), from = rng_below(&rng, a->geo.granules);

		err = world_claim(a, len, 1, &ra);
		CHECK_EQ(world_claim(b, len, 1, &rb), err);
		if (!err)
			CHECK(ra.start == rb.start && ra.len == rb.len);
		len = 1 + len % 128;
		CHECK_EQ(world_release(a, from, len), world_release(b, from, len));
		found = a->engine->next_free(a->meta, from, &ra);
		CHECK_EQ(b->engine->next_free(b->meta, from, &rb), found);
		if (found)
			CHECK(ra.start == rb.start && ra.len == rb.len);
		CHECK_EQ(world_largest(a), world_largest(b));
		CHECK_EQ(world_free_granules(a), world_free_granules(b));
	}
}

/* An arena with everything in it: live, stale, uniform, mixed, an odd end. */
static struct world worn_world(u64 granules)
{
	struct world w = world_new(&memmgr_first_fit, granules);
	u64 i;

	world_take(&w, granules);
	for (i = 3; i + 9 < granules / 3; i += 17)
		world_give(&w, i, 1 + i % 7);
	world_give(&w, granules / 2, granules / 4);
	world_take(&w, granules / 5);
	world_check(&w);
	return w;
}

/*
 * Flip every single bit of the metadata. Either validate() says so, or it makes no
 * difference to anything that the engine ever answers: the count of changes, and
 * the gaps that alignment leaves.
 */
static void every_flipped_bit_is_found_or_harmless(u64 granules, u64 harmless_expected)
{
	struct world w = worn_world(granules), damaged = w, twin = w;
	u64 bit, found = 0, harmless = 0;
	struct memmgr_check check;

	damaged.meta = malloc(w.bytes);
	twin.meta = malloc(w.bytes);
	CHECK(damaged.meta && twin.meta);
	for (bit = 0; bit < w.bytes * 8; bit++) {
		tap_where("%llu granules, bit %llu", (unsigned long long)granules,
			  (unsigned long long)bit);
		memcpy(damaged.meta, w.meta, w.bytes);
		((u8 *)damaged.meta)[bit / 8] ^= (u8)(1 << bit % 8);
		if (world_validate(&damaged, &check) == -EUCLEAN) {
			CHECK(check.what);
			found++;
			continue;
		}
		memcpy(twin.meta, w.meta, w.bytes);
		check_twins(&damaged, &twin, bit);
		CHECK_EQ(world_validate(&damaged, &check), 0);
		harmless++;
	}
	tap_note("%llu granules: %llu flips found, %llu harmless", (unsigned long long)granules,
		 (unsigned long long)found, (unsigned long long)harmless);
	CHECK_EQ(found + harmless, w.bytes * 8);
	CHECK_EQ(harmless, harmless_expected);
	free(damaged.meta);
	free(twin.meta);
	world_free(&w);
}

/* Any bytes at all: it may find nothing wrong with them, but it comes to an end. */
static void validate_survives_garbage(void)
{
	struct world w = worn_world(5000);
	u8 *good = malloc(w.bytes);
	struct rng rng = rng_new(5);
	struct memmgr_check check;
	u32 round, i;

	CHECK(good);
	memcpy(good, w.meta, w.bytes);
	for (round = 0; round < 3000; round++) {
		for (i = 0; i < 1 + round % 64; i++)
			((u8 *)w.meta)[rng_below(&rng, w.bytes)] = (u8)rng_next(&rng);
		world_validate(&w, &check);
		memcpy(w.meta, good, w.bytes);
	}
	memset(w.meta, 0xff, w.bytes);
	CHECK_EQ(world_validate(&w, &check), -EUCLEAN);
	memset(w.meta, 0, w.bytes);
	CHECK_EQ(world_validate(&w, &check), -EUCLEAN);
	free(good);
	world_free(&w);
}

void first_fit_suite(void)
{
	static const u64 tiny[BLOCKS] = { 1, 2, 3, 1, 2, 3, 1 };
	static const u64 mixed[BLOCKS] = { 60, 5, 64, 128, 1, 1500, 90 };
	u32 i;

	tap_suite("first_fit");
	for (i = 0; i < ARRAY_SIZE(drawn); i++) {
		tap_test("%s", drawn[i].name);
		test_drawn(&drawn[i]);
	}
	tap_test("all_5040_orders_of_free_within_a_word");
	all_orders_of_free(tiny, 13);
	tap_test("all_5040_orders_of_free_across_words_and_nodes");
	all_orders_of_free(mixed, 1900);
	tap_test("every_sequence_of_5_calls_within_a_word");
	every_sequence_of_calls(1, SMALL);
	tap_test("every_sequence_of_5_calls_across_words");
	every_sequence_of_calls(32, SMALL * 32);
	tap_test("every_sequence_of_5_calls_across_nodes");
	every_sequence_of_calls(512, SMALL * 512);
	tap_test("aligned_claim_goes_on_where_it_stopped");
	aligned_claim_goes_on_where_it_stopped();
	tap_test("long_run_writes_little");
	long_run_writes_little();
	tap_test("every_flipped_bit_is_found_or_harmless_in_a_word");
	every_flipped_bit_is_found_or_harmless(50, 256);
	tap_test("every_flipped_bit_is_found_or_harmless_in_a_tree");
	every_flipped_bit_is_found_or_harmless(2500, 256);
	tap_test("validate_survives_garbage");
	validate_survives_garbage();
}
