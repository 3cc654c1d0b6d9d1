// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "exhaustive.h"

#include <stdlib.h>

#include "model.h"
#include "tap.h"
#include "world.h"

static void swap_u32(u32 *a, u32 *b)
{
	u32 c = *a;

	*a = *b;
	*b = c;
}

/* Heap's algorithm, unrolled: the next order of @order; false after the last. */
static bool next_order(u32 *order, u32 *count, u32 *i)
{
	while (*i < ORDERED && count[*i] >= *i)
		count[(*i)++] = 0;
	if (*i == ORDERED)
		return false;
	swap_u32(&order[*i % 2 ? count[*i] : 0], &order[*i]);
	count[*i]++;
	*i = 1;
	return true;
}

static void free_in_order(struct world *w, const u64 *lengths, const u32 *order)
{
	struct memmgr_run runs[ORDERED], run, expected;
	struct model m = model_new(w->engine, w->geo.granules, 0);
	u32 i;

	for (i = 0; i < ORDERED; i++) {
		CHECK_EQ(world_claim(w, lengths[i], 1, &runs[i]), 0);
		CHECK_EQ(model_claim(&m, lengths[i], 1, &expected), 0);
		CHECK_EQ(runs[i].start, expected.start);
	}
	for (i = 0; i < ORDERED; i++) {
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

void all_orders_of_free(const struct memmgr_engine *engine, const u64 *lengths, u64 granules)
{
	u32 order[ORDERED], count[ORDERED] = { 0 }, i;
	struct world w = world_new(engine, granules);
	u64 cases = 0;

	for (i = 0; i < ORDERED; i++)
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

void every_sequence_of_calls(const struct memmgr_engine *engine, u64 unit, u64 expected)
{
	const u64 granules = 6 * unit;
	struct branch root = { .w = world_new(engine, granules),
			       .m = model_new(engine, granules, 0) };

	CHECK_EQ(all_sequences(&root, 5, unit), expected);
	world_free(&root.w);
	model_free(&root.m);
}
