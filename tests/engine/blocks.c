// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The block table, one caller at a time: what each call answers in each state of a
 * block, against a model of each slot.
 */
#include <stdlib.h>

#include "slots.h"
#include "tap.h"
#include "world.h"

/* A view in which every field says @n in its own way. */
static struct memmgr_view view_of(u32 n)
{
	return (struct memmgr_view){
		.run = { n, n + 1 },
		.size = (u64)n * 16 + 3,
		.align = 1ULL << n % 32,
		.tag = ~n,
		.owner = n ^ 0x55555555,
		.epoch = n + 7,
		.policy = (u8)(n % 3),
	};
}

static struct memmgr_record *prepare(struct table *t, u32 n)
{
	struct memmgr_record *rec = memmgr_block_prepare(&t->blocks);
	struct memmgr_view view = view_of(n);

	CHECK(rec);
	memmgr_block_fill(rec, &view);
	return rec;
}

static struct memmgr_handle publish(struct table *t, u32 n)
{
	struct memmgr_record *rec = prepare(t, n);
	struct memmgr_handle handle = memmgr_block_handle(rec);

	memmgr_block_publish(rec);
	return handle;
}

static void kill_and_bury(struct table *t, struct memmgr_handle handle)
{
	struct memmgr_record *rec;

	CHECK_EQ(memmgr_block_kill(&t->blocks, handle, NULL, &rec), 0);
	memmgr_block_bury(&t->blocks, rec);
}

static void test_growth(void)
{
	struct table t = table_new(3000);
	struct memmgr_record *recs[3072];
	struct memmgr_handle handle;
	u32 i, count;

	tap_test("new_table_has_no_slots");
	CHECK_EQ(memmgr_blocks_slots(&t.blocks), 0);
	CHECK(!memmgr_blocks_any_free(&t.blocks));
	CHECK(!memmgr_block_prepare(&t.blocks));
	CHECK(!memmgr_blocks_segment(&t.blocks, 0));
	check_all_say(&t, handle_of(1, 0), -ENOENT);

	tap_test("segment_brings_1024_slots");
	CHECK_EQ(table_grow(&t), 0);
	CHECK_EQ(memmgr_blocks_slots(&t.blocks), 1024);
	handle = publish(&t, 1);

	tap_test("table_grows_to_what_its_directory_holds");
	CHECK_EQ(table_grow(&t), 0);
	CHECK_EQ(table_grow(&t), 0);
	CHECK_EQ(table_grow(&t), -ENOSPC);
	CHECK_EQ(memmgr_blocks_slots(&t.blocks), 3072);
	CHECK(memmgr_blocks_segment(&t.blocks, 2) && !memmgr_blocks_segment(&t.blocks, 3));

	tap_test("every_slot_is_had_once");
	for (count = 0; (recs[count] = memmgr_block_prepare(&t.blocks)); count++) {
		CHECK(count < 3071);
		for (i = 0; i < count; i++)
			CHECK(recs[i] != recs[count]);
	}
	CHECK_EQ(count, 3071);
	CHECK(!memmgr_blocks_any_free(&t.blocks));
	kill_and_bury(&t, handle);
	CHECK(memmgr_blocks_any_free(&t.blocks));
	CHECK(memmgr_block_prepare(&t.blocks));
	table_free(&t);

	tap_test("directory_is_bounded");
	CHECK_EQ(memmgr_blocks_directory_bytes(1), sizeof(void *));
	CHECK_EQ(memmgr_blocks_directory_bytes(1024), sizeof(void *));
	CHECK_EQ(memmgr_blocks_directory_bytes(1025), 2 * sizeof(void *));
	CHECK(memmgr_blocks_directory_bytes(U64_MAX) / sizeof(void *) * 1024 <= U32_MAX);
	CHECK_EQ(memmgr_blocks_directory_bytes(U64_MAX),
		 memmgr_blocks_directory_bytes(MEMMGR_SLOTS_MAX));
}

static void test_birth(void)
{
	struct table t = table_with_slots();
	struct memmgr_view view, expected = view_of(77);
	struct memmgr_record *rec = prepare(&t, 77);
	struct memmgr_handle handle = memmgr_block_handle(rec);

	tap_test("prepared_block_exists_for_its_caller_alone");
	check_all_say(&t, handle, -ENOENT);
	CHECK(!memmgr_block_read_slot(&t.blocks, (u32)handle.raw, &view));
	memmgr_block_peek(rec, &view);
	CHECK(same_content(&view, &expected) && view.handle.raw == handle.raw);

	tap_test("abandoned_slot_keeps_its_generation");
	memmgr_block_abandon(&t.blocks, rec);
	check_all_say(&t, handle, -ENOENT);
	rec = prepare(&t, 77);
	CHECK_EQ(memmgr_block_handle(rec).raw, handle.raw);

	tap_test("published_block_reads_as_it_was_filled");
	memmgr_block_publish(rec);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK(same_content(&view, &expected) && view.handle.raw == handle.raw);
	CHECK(!view.orphan && !view.pending);
	CHECK(memmgr_block_read_slot(&t.blocks, (u32)handle.raw, &view));
	CHECK(same_content(&view, &expected) && view.handle.raw == handle.raw);

	tap_test("extreme_contents_survive");
	expected = (struct memmgr_view){ .run = { U32_MAX, U32_MAX },
					 .size = (1ULL << 48) - 1,
					 .align = 1ULL << 63,
					 .tag = U32_MAX,
					 .owner = U32_MAX,
					 .epoch = U32_MAX,
					 .policy = 255 };
	rec = memmgr_block_prepare(&t.blocks);
	memmgr_block_fill(rec, &expected);
	memmgr_block_publish(rec);
	CHECK_EQ(memmgr_block_read(&t.blocks, memmgr_block_handle(rec), &view), 0);
	CHECK(same_content(&view, &expected));

	tap_test("handles_never_given_are_enoent");
	check_all_say(&t, handle_of(0, 0), -ENOENT);
	check_all_say(&t, handle_of(0, handle.raw & U32_MAX), -ENOENT);
	check_all_say(&t, handle_of(2, handle.raw & U32_MAX), -ENOENT);
	check_all_say(&t, handle_of(U32_MAX, handle.raw & U32_MAX), -ENOENT);
	check_all_say(&t, handle_of(1, 500), -ENOENT);
	check_all_say(&t, handle_of(1, 1024), -ENOENT);
	check_all_say(&t, handle_of(1, U32_MAX), -ENOENT);
	CHECK(!memmgr_block_read_slot(&t.blocks, 1024, &view));
	CHECK(!memmgr_block_read_slot(&t.blocks, U32_MAX, &view));
	table_free(&t);
}

static void test_death(void)
{
	struct table t = table_with_slots();
	struct memmgr_handle handle = publish(&t, 5), next;
	struct memmgr_expect wrong = { true, 6 }, right = { true, 5 };
	struct memmgr_view view, expected = view_of(5);
	struct memmgr_record *rec;

	tap_test("kill_of_another_start_is_enoent_and_kills_nothing");
	CHECK_EQ(memmgr_block_kill(&t.blocks, handle, &wrong, &rec), -ENOENT);
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, &wrong, &rec), -ENOENT);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);

	tap_test("killed_block_is_estale_and_its_killers_to_read");
	CHECK_EQ(memmgr_block_kill(&t.blocks, handle, &right, &rec), 0);
	memmgr_block_peek(rec, &view);
	CHECK(same_content(&view, &expected) && view.handle.raw == handle.raw);
	check_all_say(&t, handle, -ESTALE);
	CHECK(!memmgr_block_read_slot(&t.blocks, (u32)handle.raw, &view));

	tap_test("buried_block_is_estale_for_ever");
	memmgr_block_bury(&t.blocks, rec);
	check_all_say(&t, handle, -ESTALE);
	next = publish(&t, 6);
	CHECK_EQ((u32)next.raw, (u32)handle.raw);
	CHECK_EQ(next.raw >> 32, (handle.raw >> 32) + 1);
	check_all_say(&t, handle, -ESTALE);
	CHECK_EQ(memmgr_block_read(&t.blocks, next, &view), 0);
	table_free(&t);
}

static void test_last_generation(void)
{
	struct table t = table_with_slots();
	struct memmgr_record *rec = prepare(&t, 9);
	struct memmgr_handle handle;
	u32 slot, left = 0;

	tap_test("slot_whose_generation_would_wrap_is_retired");
	rec->state = (rec->state & U32_MAX) | (u64)U32_MAX << 32;
	handle = memmgr_block_handle(rec);
	slot = (u32)handle.raw;
	memmgr_block_publish(rec);
	kill_and_bury(&t, handle);
	CHECK_EQ(rec->state & 7, MEMMGR_RETIRED);
	check_all_say(&t, handle, -ESTALE);
	check_all_say(&t, handle_of(1, slot), -ESTALE);
	check_all_say(&t, handle_of(0, slot), -ENOENT);
	while ((rec = memmgr_block_prepare(&t.blocks))) {
		CHECK((u32)memmgr_block_handle(rec).raw != slot);
		left++;
	}
	CHECK_EQ(left, 1023);
	table_free(&t);
}

static void test_lock(void)
{
	struct table t = table_with_slots();
	struct memmgr_handle handle = publish(&t, 5);
	struct memmgr_expect here = { true, 5 };
	struct memmgr_record *rec, *other;
	struct memmgr_view view, changed = view_of(50);

	tap_test("lock_is_had_once");
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, &here, &rec), 0);
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &other), -EBUSY);
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, &here, &other), -EBUSY);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);

	tap_test("locked_block_is_refilled_for_all_to_see");
	CHECK(!memmgr_block_refill(rec, &changed));
	CHECK_EQ(memmgr_block_handle(rec).raw, handle.raw);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK(same_content(&view, &changed));
	CHECK(!memmgr_block_unlock(rec));
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &rec), 0);

	tap_test("kill_that_looks_at_a_locked_block_is_ebusy");
	CHECK_EQ(memmgr_block_kill(&t.blocks, handle, &here, &other), -EBUSY);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);

	tap_test("kill_of_a_locked_block_is_einprogress_then_estale");
	CHECK_EQ(memmgr_block_kill(&t.blocks, handle, NULL, &other), -EINPROGRESS);
	check_all_say(&t, handle, -ESTALE);
	CHECK(memmgr_block_read_slot(&t.blocks, (u32)handle.raw, &view));
	CHECK(view.pending);

	tap_test("holder_of_the_lock_completes_the_kill");
	changed = view_of(51);
	memmgr_block_refill(rec, &changed);
	CHECK(memmgr_block_unlock(rec));
	CHECK_EQ(rec->state & 7, MEMMGR_DYING);
	memmgr_block_peek(rec, &view);
	CHECK(same_content(&view, &changed));
	memmgr_block_bury(&t.blocks, rec);
	check_all_say(&t, handle, -ESTALE);
	table_free(&t);
}

static void test_interrupted_change(void)
{
	const u64 half_a_change = 1 << 16; /* memmgr_block_refill() makes two */
	struct table t = table_with_slots();
	struct memmgr_handle handle = publish(&t, 5);
	struct memmgr_view view, expected = view_of(5);
	struct memmgr_record *rec;

	tap_test("reader_that_interrupted_a_change_does_not_wait_for_its_end");
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &rec), 0);
	rec->state += half_a_change;
	CHECK_EQ(memmgr_block_try_read(&t.blocks, handle, &view), -EBUSY);

	tap_test("and_says_of_another_handle_what_is_true");
	CHECK_EQ(memmgr_block_try_read(&t.blocks, handle_of(0, (u32)handle.raw), &view), -ENOENT);
	CHECK_EQ(memmgr_block_try_read(&t.blocks, handle_of(2, (u32)handle.raw), &view), -ENOENT);
	CHECK_EQ(memmgr_block_kill(&t.blocks, handle, NULL, &rec), -EINPROGRESS);
	CHECK_EQ(memmgr_block_try_read(&t.blocks, handle, &view), -ESTALE);

	tap_test("and_reads_what_the_change_has_made");
	rec->state += half_a_change;
	rec->state &= ~MEMMGR_RECORD_PEND;
	CHECK_EQ(memmgr_block_try_read(&t.blocks, handle, &view), 0);
	CHECK(same_content(&view, &expected) && view.handle.raw == handle.raw);
	table_free(&t);
}

/* Act as on a view of the block; nothing is to be done unless @err is 0. */
static void check_acts_say(struct table *t, const struct memmgr_view *view, int err)
{
	struct memmgr_record *rec;

	CHECK_EQ(memmgr_block_kill_as(&t->blocks, view, &rec), err);
	CHECK_EQ(memmgr_block_lock_as(&t->blocks, view, &rec), err);
}

static void test_look_then_act(void)
{
	struct table t = table_with_slots();
	struct memmgr_handle handle = publish(&t, 5);
	struct memmgr_view view, was, changed = view_of(6), expected = view_of(5);
	struct memmgr_record *rec;

	tap_test("block_is_locked_as_it_was_seen");
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK_EQ(memmgr_block_lock_as(&t.blocks, &view, &rec), 0);
	CHECK_EQ(memmgr_block_lock_as(&t.blocks, &view, &rec), -EAGAIN);
	CHECK(!memmgr_block_unlock(rec));

	tap_test("view_from_before_a_change_is_of_no_use");
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &rec), 0);
	memmgr_block_refill(rec, &changed);
	CHECK(!memmgr_block_unlock(rec));
	check_acts_say(&t, &view, -EAGAIN);

	tap_test("view_from_before_the_owner_s_death_is_of_no_use");
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK_EQ(memmgr_block_orphan(&t.blocks, handle, changed.owner, &view), 0);
	check_acts_say(&t, &view, -EAGAIN);

	tap_test("adopted_orphan_is_none");
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &rec), 0);
	memmgr_block_change(rec, &expected, false, &was);
	CHECK(was.orphan && !was.pending);
	memmgr_block_change(rec, &expected, true, &was);
	CHECK(was.orphan && !was.pending);
	memmgr_block_change(rec, &expected, true, &was);
	CHECK(!was.orphan && !was.pending);
	CHECK(!memmgr_block_unlock(rec));
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK(!view.orphan && same_content(&view, &expected));

	tap_test("locked_block_is_killed_as_seen_and_left_to_the_holder");
	CHECK_EQ(memmgr_block_lock_as(&t.blocks, &view, &rec), 0);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK_EQ(memmgr_block_lock_as(&t.blocks, &view, &rec), -EBUSY);
	CHECK_EQ(memmgr_block_kill_as(&t.blocks, &view, &rec), -EINPROGRESS);
	CHECK_EQ(memmgr_block_read_slot(&t.blocks, (u32)handle.raw, &view), true);
	check_acts_say(&t, &view, -ESTALE);
	memmgr_block_change(rec, &expected, true, &was);
	CHECK(was.pending);
	CHECK(memmgr_block_unlock(rec));
	memmgr_block_bury(&t.blocks, rec);

	tap_test("block_is_killed_as_it_was_seen_and_its_successor_is_not");
	handle = publish(&t, 5);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK_EQ(memmgr_block_kill_as(&t.blocks, &view, &rec), 0);
	CHECK_EQ(memmgr_block_kill_as(&t.blocks, &view, &rec), -EAGAIN);
	memmgr_block_bury(&t.blocks, rec);
	publish(&t, 5);
	check_acts_say(&t, &view, -EAGAIN);
	table_free(&t);
}

static void test_orphan(void)
{
	struct table t = table_with_slots();
	struct memmgr_handle handle = publish(&t, 5);
	struct memmgr_view view, expected = view_of(5);
	struct memmgr_record *rec;

	tap_test("block_is_orphaned_once");
	CHECK_EQ(memmgr_block_orphan(&t.blocks, handle, expected.owner, &view), 0);
	CHECK(same_content(&view, &expected));
	CHECK_EQ(memmgr_block_orphan(&t.blocks, handle, expected.owner, &view), -EALREADY);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK(view.orphan && same_content(&view, &expected));

	tap_test("block_of_another_owner_is_not_orphaned");
	CHECK_EQ(memmgr_block_orphan(&t.blocks, publish(&t, 6), expected.owner, &view), -EALREADY);

	tap_test("orphan_stays_one_when_refilled");
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &rec), 0);
	CHECK(memmgr_block_refill(rec, &expected));
	CHECK(!memmgr_block_unlock(rec));
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK(view.orphan);

	tap_test("killed_orphan_leaves_an_orphan_to_its_killer_only");
	CHECK_EQ(memmgr_block_kill(&t.blocks, handle, NULL, &rec), 0);
	memmgr_block_peek(rec, &view);
	CHECK(view.orphan);
	memmgr_block_bury(&t.blocks, rec);
	handle = publish(&t, 5);
	CHECK_EQ(memmgr_block_read(&t.blocks, handle, &view), 0);
	CHECK(!view.orphan);

	tap_test("locked_block_is_orphaned_too");
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &rec), 0);
	CHECK_EQ(memmgr_block_orphan(&t.blocks, handle, expected.owner, &view), 0);
	CHECK(memmgr_block_refill(rec, &expected));
	CHECK_EQ(memmgr_block_kill(&t.blocks, handle, NULL, &rec), -EINPROGRESS);
	CHECK(memmgr_block_unlock(rec));
	memmgr_block_peek(rec, &view);
	CHECK(view.orphan);
	table_free(&t);
}

#define NO_SLOT (MEMMGR_SEGMENT_SLOTS * 64)

static void test_pend(void)
{
	struct table t = table_with_slots();
	struct memmgr_handle handle = publish(&t, 5), name;
	u32 slot = (u32)handle.raw;
	struct memmgr_record *rec;
	struct memmgr_view view;

	tap_test("block_is_pended_once");
	CHECK(!memmgr_block_reap(&t.blocks, slot, &rec));
	CHECK_EQ(memmgr_block_pend(&t.blocks, handle_of(2, slot)), -ENOENT);
	CHECK_EQ(memmgr_block_pend(&t.blocks, handle_of(1, NO_SLOT)), -ENOENT);
	CHECK_EQ(memmgr_block_pend(&t.blocks, handle), 0);
	CHECK_EQ(memmgr_block_pend(&t.blocks, handle), -ESTALE);
	check_all_say(&t, handle, -ESTALE);
	CHECK(memmgr_block_read_slot(&t.blocks, slot, &view));
	CHECK(view.pending);

	tap_test("pended_block_is_reaped_once");
	CHECK(memmgr_block_reap(&t.blocks, slot, &rec));
	CHECK(!memmgr_block_reap(&t.blocks, slot, &rec));
	CHECK_EQ(rec->state & 7, MEMMGR_DYING);
	memmgr_block_bury(&t.blocks, rec);
	check_all_say(&t, handle, -ESTALE);

	tap_test("locked_block_is_pended_but_not_reaped");
	handle = publish(&t, 6);
	slot = (u32)handle.raw;
	CHECK_EQ(memmgr_block_lock(&t.blocks, handle, NULL, &rec), 0);
	CHECK_EQ(memmgr_block_name(&t.blocks, slot, 6, &name), -EBUSY);
	CHECK_EQ(memmgr_block_pend(&t.blocks, handle), 0);
	CHECK(!memmgr_block_reap(&t.blocks, slot, &rec));
	CHECK(memmgr_block_unlock(rec));
	memmgr_block_bury(&t.blocks, rec);

	tap_test("block_is_named_by_its_start");
	handle = publish(&t, 7);
	slot = (u32)handle.raw;
	CHECK_EQ(memmgr_block_name(&t.blocks, slot, 7, &name), 0);
	CHECK_EQ(name.raw, handle.raw);
	CHECK_EQ(memmgr_block_name(&t.blocks, slot, 6, &name), -ENOENT);
	CHECK_EQ(memmgr_block_name(&t.blocks, NO_SLOT, 7, &name), -ENOENT);

	tap_test("bounded_prepare_ends_with_the_slots");
	while (!memmgr_block_try_prepare(&t.blocks, &rec))
		;
	CHECK_EQ(memmgr_block_try_prepare(&t.blocks, &rec), -ENOSPC);
	CHECK(!memmgr_block_prepare(&t.blocks));
	table_free(&t);
}

/* Everything that can be done to one slot, in every order, to @depth. */
static u64 all_acts(struct table *t, const struct slot *from, u32 number, u32 depth)
{
	u64 stack = t->blocks.stack, count = 0;
	struct memmgr_view content = view_of(depth);
	struct memmgr_record saved = *from->rec;
	struct slot s;
	u32 act;

	for (act = 0; depth && act < ACTS; act++) {
		if (!is_allowed(from, act))
			continue;
		s = *from;
		do_act(t, &s, act, number, s.generation, act == KILL_START ? &s.content : &content);
		count += 1 + all_acts(t, &s, number, depth - 1);
		*from->rec = saved;
		t->blocks.stack = stack;
	}
	return count;
}

static void test_every_sequence(void)
{
	struct table t = table_with_slots();
	struct slot s = { .rec = memmgr_block_prepare(&t.blocks), .generation = 1 };
	u32 number = (u32)memmgr_block_handle(s.rec).raw;

	tap_test("every_sequence_of_8_calls_on_one_slot");
	while (memmgr_block_prepare(&t.blocks))
		;
	memmgr_block_abandon(&t.blocks, s.rec);
	CHECK_EQ(all_acts(&t, &s, number, 8), 4485590);
	table_free(&t);
}

#define SLOTS MEMMGR_SEGMENT_SLOTS

static void test_random(u64 seed, u64 ops)
{
	struct slot *slots = calloc(SLOTS, sizeof(*slots));
	struct table t = table_with_slots();
	struct rng rng = rng_new(seed);
	struct memmgr_view content;
	struct memmgr_record *rec;
	u32 i, act, generation;
	u64 op;

	CHECK(slots);
	rec = memmgr_blocks_segment(&t.blocks, 0);
	for (i = 0; i < SLOTS; i++)
		slots[i] = (struct slot){ .rec = &rec[i], .generation = 1 };
	for (op = 0; op < ops; op++) {
		tap_where("SEED=%llu, operation %llu", (unsigned long long)seed,
			  (unsigned long long)op);
		act = (u32)rng_below(&rng, ACTS);
		i = (u32)rng_below(&rng, 64);
		if (act == PREPARE) { /* the table chooses the slot */
			u64 top = t.blocks.stack & U32_MAX;

			CHECK_EQ(!top, !memmgr_blocks_any_free(&t.blocks));
			if (!top)
				continue;
			i = (u32)top - 1;
		}
		if (!is_allowed(&slots[i], act))
			continue;
		generation = slots[i].generation;
		if (!rng_below(&rng, 4))
			generation += (u32)rng_below(&rng, 4) - 2;
		content = view_of((u32)rng_next(&rng) >> 1);
		if (act == KILL_START && rng_below(&rng, 2))
			content.run.start = slots[i].content.run.start;
		do_act(&t, &slots[i], act, i, generation, &content);
	}
	table_free(&t);
	free(slots);
}

int main(void)
{
	u64 seed = tap_number("SEED", 1);

	tap_suite("blocks");
	test_growth();
	test_birth();
	test_death();
	test_last_generation();
	test_lock();
	test_interrupted_change();
	test_look_then_act();
	test_orphan();
	test_pend();
	test_every_sequence();
	tap_note("SEED=%llu", (unsigned long long)seed);
	tap_test("table_answers_as_the_model_does");
	test_random(seed, tap_number("OPS", 400000));
	return tap_done();
}
