// SPDX-License-Identifier: GPL-2.0
#include "heap.h"

#include <stdlib.h>

#include "tap.h"

/* Arenas up to here are checked as a whole after each step, the longer the less often. */
#define ALWAYS_CHECKED 128

/* Arenas up to here are asked for the longest claim in the end. */
#define LARGEST_CHECKED 1024

static u64 choose(struct heap *h, u64 limit)
{
	return rng_below(&h->in, limit);
}

static u64 granules_of(const struct heap *h)
{
	return h->t.w.geo.granules;
}

/* --- what the fuzzer is told ------------------------------------------------ */

/*
 * libFuzzer counts these as it does the module's branches: for each engine, what
 * became of a resize, much of which no branch tells from the rest.
 */
static u8 seen[8][64] __attribute__((section("__libfuzzer_extra_counters")));

static u8 *seen_of(const struct memmgr_engine *engine)
{
	u32 i = 0;

	while (memmgr_engine_at(i) != engine)
		i++;
	CHECK(i < ARRAY_SIZE(seen));
	return seen[i];
}

static void saw_resize(const struct heap *h, const struct memmgr_resize *want,
		       const struct memmgr_run *old, const struct memmgr_run *new, int err)
{
	int what = (err == 0) | (want->len > old->len) << 1 | (want->align > 1) << 2 |
		   (new->start < old->start) << 3 | (new->len > want->len) << 4 |
		   (memmgr_run_end(new) > memmgr_run_end(old)) << 5;

	seen_of(h->t.w.engine)[what] = 1;
}

/* --- the table grows -------------------------------------------------------- */

/* As many as there can be: a short arena's table is soon as long as it ever gets. */
static u64 blocks_of(const struct heap *h)
{
	return min(granules_of(h), (u64)HEAP_SLOTS);
}

static bool grow_table(struct heap *h)
{
	u32 first = memmgr_blocks_slots(&h->table.blocks), i;
	struct memmgr_record *rec;
	bool full = first >= blocks_of(h);

	CHECK_EQ(table_grow(&h->table), full ? -ENOSPC : 0);
	if (full)
		return false;
	rec = memmgr_blocks_segment(&h->table.blocks, first / MEMMGR_SEGMENT_SLOTS);
	for (i = 0; i < MEMMGR_SEGMENT_SLOTS; i++)
		h->slots[first + i] = (struct slot){ .rec = &rec[i], .generation = 1 };
	return true;
}

void heap_begin(struct heap *h, const struct memmgr_engine *engine,
		const struct memmgr_geometry *geo, struct rng in)
{
	h->t = twins_new(engine, geo);
	h->table = table_new(blocks_of(h));
	h->top = 0;
	h->steps = 0;
	h->check = (struct memmgr_check){ 0 };
	h->in = in;
}

/* --- what may be asked for -------------------------------------------------- */

/* A number that a caller may get wrong. */
static u64 choose_wild(struct heap *h)
{
	const u64 wild[] = {
		0,
		1,
		3,
		granules_of(h) - 1,
		granules_of(h),
		granules_of(h) + 1,
		(1ULL << 31) + 1,
		1ULL << 32,
		(1ULL << 32) + 1,
		1ULL << 63,
		U64_MAX,
		1 + choose(h, granules_of(h)),
	};

	return wild[choose(h, ARRAY_SIZE(wild))];
}

static struct memmgr_claim choose_claim_here(struct heap *h)
{
	struct memmgr_claim claim = choose_claim(&h->in, granules_of(h), granules_of(h));
	u64 more = choose(h, 32);

	claim.flags = (u32)more & (MEMMGR_CLAIM_FAST | MEMMGR_CLAIM_RESERVE);
	claim.hint = (u32)more >> 2;
	return claim;
}

static struct memmgr_claim choose_wild_claim(struct heap *h)
{
	struct memmgr_claim claim = choose_claim_here(h);

	if (choose(h, 2))
		claim.len = choose_wild(h);
	else
		claim.align = choose_wild(h);
	return claim;
}

/* How long @run, which is claimed, could be. */
static u64 room_of(const struct heap *h, const struct memmgr_run *run)
{
	const u8 *used = h->t.m.used;
	u64 start = run->start, end = memmgr_run_end(run);

	while (start && !used[start - 1])
		start--;
	while (end < granules_of(h) && !used[end])
		end++;
	return end - start;
}

static struct memmgr_resize choose_resize_here(struct heap *h, const struct memmgr_run *run)
{
	struct memmgr_resize want = choose_resize(&h->in, run, granules_of(h));
	u64 wild = choose(h, 16);

	if (wild < 10 && model_is_claimed(&h->t.m, run))
		want.len = 1 + choose(h, room_of(h, run) + 1);
	if (wild == 14)
		want.len = choose_wild(h);
	if (wild == 15)
		want.align = choose_wild(h);
	return want;
}

/* Everything but where it is. */
static struct memmgr_view choose_content(struct heap *h, struct memmgr_run run)
{
	u64 n = choose(h, 256);

	return (struct memmgr_view){
		.run = run,
		.size = n == 255 ? GENMASK_ULL(47, 0) : n * n,
		.align = 1ULL << n % 64,
		.tag = ~(u32)n,
		.owner = (u32)n + 1,
		.epoch = (u32)n << 24,
		.policy = (u8)n,
	};
}

/* --- blocks ----------------------------------------------------------------- */

static void act_on(struct heap *h, u32 number, enum act act, const struct memmgr_view *content)
{
	do_act(&h->table, &h->slots[number], act, number, h->slots[number].generation, content);
}

static bool owns_granules(const struct slot *s)
{
	return s->state == MEMMGR_USED || s->state == MEMMGR_DYING;
}

/* The first slot from @number on, all around, in which @act is allowed in @state. */
static bool find_slot(const struct heap *h, enum act act, enum memmgr_record_state state,
		      u32 *number)
{
	u32 left;

	for (left = h->top; left; left--, ++*number) {
		if (*number >= h->top)
			*number = 0;
		if (h->slots[*number].state == state && is_allowed(&h->slots[*number], act))
			return true;
	}
	return false;
}

static bool choose_slot(struct heap *h, enum act act, enum memmgr_record_state state, u32 *number)
{
	if (!h->top)
		return false;
	*number = (u32)choose(h, h->top);
	return find_slot(h, act, state, number);
}

/* Which slot it is, is the table's affair. */
static bool prepare(struct heap *h, u32 *number)
{
	struct memmgr_record *rec;
	struct slot *s;

	if (!memmgr_blocks_any_free(&h->table.blocks) && !grow_table(h))
		return false;
	rec = memmgr_block_prepare(&h->table.blocks);
	CHECK(rec);
	*number = (u32)memmgr_block_handle(rec).raw;
	CHECK(*number < memmgr_blocks_slots(&h->table.blocks));
	s = &h->slots[*number];
	CHECK(s->rec == rec && s->state == MEMMGR_FREE);
	CHECK_EQ(memmgr_block_handle(rec).raw, handle_of(s->generation, *number).raw);
	s->state = MEMMGR_BORN;
	h->top = max(h->top, *number + 1);
	check_slot(&h->table, s, *number);
	return true;
}

/* Find room for a block and let everybody see it, or give it up. */
static int publish(struct heap *h, u32 number, const struct memmgr_claim *claim)
{
	struct memmgr_run run = { 0 };
	int err = twins_claim(&h->t, claim, &run);
	struct memmgr_view content = choose_content(h, run);

	act_on(h, number, err ? ABANDON : PUBLISH, &content);
	return err;
}

static void bury(struct heap *h, u32 number)
{
	const struct slot *s = &h->slots[number];
	struct memmgr_view view;

	memmgr_block_peek(s->rec, &view);
	CHECK(same_content(&view, &s->content) && view.orphan == s->orphan);
	CHECK_EQ(twins_release(&h->t, &view.run), 0);
	act_on(h, number, BURY, &view);
}

/* Resize a block that is locked, or give other content to one that is not born yet. */
static void refill(struct heap *h, u32 number)
{
	struct slot *s = &h->slots[number];
	struct memmgr_view content = choose_content(h, s->content.run);
	struct memmgr_resize want;
	int err;

	if (owns_granules(s)) {
		want = choose_resize_here(h, &content.run);
		err = twins_resize(&h->t, &want, &content.run);
		saw_resize(h, &want, &s->content.run, &content.run, err);
	}
	act_on(h, number, FILL, &content);
}

static int allocate(struct heap *h, struct memmgr_claim claim)
{
	u32 number;

	return prepare(h, &number) ? publish(h, number, &claim) : -ENOSPC;
}

static void free_block(struct heap *h, u32 number)
{
	act_on(h, number, KILL, &h->slots[number].content);
	if (h->slots[number].state == MEMMGR_DYING)
		bury(h, number);
}

static void free_one(struct heap *h)
{
	u32 number;

	if (choose_slot(h, KILL, MEMMGR_USED, &number))
		free_block(h, number);
}

static void unlock(struct heap *h, u32 number)
{
	act_on(h, number, UNLOCK, NULL);
	if (h->slots[number].state == MEMMGR_DYING)
		bury(h, number);
}

static void reallocate(struct heap *h)
{
	u32 number;

	if (!choose_slot(h, LOCK, MEMMGR_USED, &number))
		return;
	if (!h->slots[number].locked)
		act_on(h, number, LOCK, &h->slots[number].content);
	refill(h, number);
	if (choose(h, 4))
		unlock(h, number);
}

/* One call by a handle that may be too old or too new, and expect another start. */
static void call_by_handle(struct heap *h, enum act act)
{
	u32 number = (u32)choose(h, h->top + 1ULL), wrong = (u32)choose(h, 16);
	struct slot *s = &h->slots[number];
	struct memmgr_view there;

	if (number >= memmgr_blocks_slots(&h->table.blocks))
		return;
	there = s->content;
	there.run.start += wrong == 15;
	do_act(&h->table, s, act, number, s->generation + (wrong == 13) - (wrong == 14), &there);
}

/* One call of whom the rules allow it. */
static void call_as_holder(struct heap *h, enum act act)
{
	static const enum memmgr_record_state states[FUZZED] = {
		[ABANDON] = MEMMGR_BORN, [PUBLISH] = MEMMGR_BORN, [BURY] = MEMMGR_DYING,
		[FILL] = MEMMGR_USED,	 [UNLOCK] = MEMMGR_USED,
	};
	struct memmgr_claim claim;
	u32 number;

	if (act == PREPARE) {
		prepare(h, &number);
		return;
	}
	if (!choose_slot(h, act, states[act], &number))
		return;
	if (act == PUBLISH) {
		claim = choose_claim_here(h);
		publish(h, number, &claim);
	} else if (act == BURY) {
		bury(h, number);
	} else if (act == FILL) {
		refill(h, number);
	} else {
		act_on(h, number, act, NULL);
	}
}

static void call_once(struct heap *h)
{
	enum act act = (enum act)choose(h, FUZZED);

	if (act == KILL || act == KILL_START || act == LOCK || act == ORPHAN)
		call_by_handle(h, act);
	else
		call_as_holder(h, act);
}

/* Free every @stride-th block that is used. */
static void sweep(struct heap *h, u32 first, u32 stride)
{
	u32 number;

	for (number = first; number < h->top; number += stride)
		if (h->slots[number].state == MEMMGR_USED && !h->slots[number].locked)
			free_block(h, number);
}

/* Many blocks of one size side by side, then holes between them. */
static void comb(struct heap *h)
{
	struct memmgr_claim claim = { .len = 1 + choose(h, 256), .align = 1 };
	u64 left = 1 + choose(h, 256);

	while (left-- && !allocate(h, claim))
		;
	sweep(h, (u32)choose(h, 4), 2 + (u32)choose(h, 3));
}

/* --- wrong calls ------------------------------------------------------------ */

static struct memmgr_run choose_wild_run(struct heap *h)
{
	struct memmgr_run run = { choose(h, granules_of(h)), 0 };

	run.len = 1 + choose(h, granules_of(h));
	switch (choose(h, 4)) {
	case 0:
		run.start = choose_wild(h);
		break;
	case 1:
		run.len = choose_wild(h);
		break;
	default:
		break;
	}
	return run;
}

/* Of what belongs to blocks the engine cannot know that it is not the caller's. */
static void use_what_is_not_claimed(struct heap *h)
{
	struct memmgr_run run = choose_wild_run(h);
	struct memmgr_resize want;

	if (model_is_claimed(&h->t.m, &run))
		return;
	if (choose(h, 2)) {
		CHECK_EQ(twins_release(&h->t, &run), -EUCLEAN);
		return;
	}
	want = choose_resize_here(h, &run);
	CHECK(twins_resize(&h->t, &want, &run) < 0);
}

static void use_slots_that_do_not_exist(struct heap *h)
{
	u32 slots = memmgr_blocks_slots(&h->table.blocks);
	u64 generation = choose(h, 3);

	check_all_say(&h->table, handle_of(generation, slots), -ENOENT);
	check_all_say(&h->table, handle_of(generation, U32_MAX), -ENOENT);
}

/* As if its slot had been used four thousand million times. */
static void age(struct heap *h)
{
	struct slot *s;
	u32 number;

	if (!choose_slot(h, PREPARE, MEMMGR_FREE, &number))
		return;
	s = &h->slots[number];
	s->generation = U32_MAX - (u32)choose(h, 2);
	s->rec->state = (s->rec->state & U32_MAX) | (u64)s->generation << 32;
	check_slot(&h->table, s, number);
}

/* --- all of it -------------------------------------------------------------- */

/* Every granule that is claimed belongs to one block, and the other way round. */
static void check_owners(const struct heap *h)
{
	u8 *owned = calloc(granules_of(h), 1);
	const struct slot *s;
	u64 i;

	CHECK(owned);
	for (s = h->slots; s < h->slots + h->top; s++)
		for (i = 0; owns_granules(s) && i < s->content.run.len; i++)
			CHECK(!owned[s->content.run.start + i]++);
	CHECK(!memcmp(owned, h->t.m.used, granules_of(h)));
	free(owned);
}

static void check_all(const struct heap *h)
{
	twins_check(&h->t);
	check_owners(h);
}

static void step(struct heap *h)
{
	switch (choose(h, 16)) {
	case 0 ... 2:
		allocate(h, choose_claim_here(h));
		break;
	case 3 ... 4:
		free_one(h);
		break;
	case 5 ... 6:
		reallocate(h);
		break;
	case 7 ... 8:
		call_once(h);
		break;
	case 9:
		allocate(h, choose_wild_claim(h));
		break;
	case 10:
		use_what_is_not_claimed(h);
		break;
	case 11:
		twins_look(&h->t, choose(h, granules_of(h) + 2));
		break;
	case 12:
		comb(h);
		break;
	case 13:
		sweep(h, (u32)choose(h, 4), 1 + (u32)choose(h, 8));
		break;
	case 14:
		use_slots_that_do_not_exist(h);
		break;
	case 15:
		age(h);
		break;
	}
}

/* A validation that takes its time finds no damage in what changes meanwhile. */
static void validate_on(struct heap *h)
{
	int err = h->t.w.engine->validate(h->t.w.meta, &h->check);

	if (err == -EAGAIN)
		return;
	if (err)
		tap_note("validate: %s at %llu", h->check.what, (unsigned long long)h->check.at);
	CHECK_EQ(err, 0);
	h->check = (struct memmgr_check){ 0 };
}

void heap_run(struct heap *h)
{
	while (h->in.left) {
		tap_where("step %llu", (unsigned long long)h->steps);
		step(h);
		validate_on(h);
		if (!(h->steps++ % DIV_ROUND_UP(granules_of(h), ALWAYS_CHECKED)))
			check_all(h);
	}
	check_all(h);
	if (granules_of(h) <= LARGEST_CHECKED)
		twins_look_for_largest(&h->t);
}

static void end_block(struct heap *h, u32 number)
{
	const struct slot *s = &h->slots[number];

	if (s->locked)
		unlock(h, number);
	if (s->state == MEMMGR_BORN)
		act_on(h, number, ABANDON, NULL);
	if (s->state == MEMMGR_USED)
		free_block(h, number);
	if (s->state == MEMMGR_DYING)
		bury(h, number);
	check_slot(&h->table, s, number);
}

void heap_end(struct heap *h)
{
	u32 number;

	for (number = 0; number < h->top; number++)
		end_block(h, number);
	world_check_empty(&h->t.w);
	twins_free(&h->t);
	table_free(&h->table);
}
