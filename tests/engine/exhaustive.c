// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "exhaustive.h"

#include "tap.h"

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

static void free_in_order(const struct branch *root, const u64 *lengths, const u32 *order)
{
	struct branch b = branch_fork(root);
	struct memmgr_run runs[ORDERED];
	struct call call = { .align = 1 };
	u32 i;

	for (i = 0; i < ORDERED; i++) {
		call.len = lengths[i];
		CHECK_EQ(branch_call(&b, &call), 0);
	}
	memcpy(runs, b.runs, sizeof(runs));
	for (i = 0; i < ORDERED; i++) {
		CHECK_EQ(twins_release(&b.t, &runs[order[i]]), 0);
		twins_check(&b.t);
		twins_look_for_largest(&b.t);
	}
	world_check_empty(&b.t.w);
	branch_free(&b);
}

void all_orders_of_free(const struct memmgr_engine *engine, const u64 *lengths, u64 granules,
			u64 reserve)
{
	struct branch root = branch_new(engine, granules, reserve);
	u32 order[ORDERED], count[ORDERED] = { 0 }, i;
	u64 cases = 0;

	for (i = 0; i < ORDERED; i++)
		order[i] = i;
	i = 1;
	do {
		free_in_order(&root, lengths, order);
		cases++;
	} while (next_order(order, count, &i));
	CHECK_EQ(cases, 5040);
	branch_free(&root);
}

u64 all_sequences_of_calls(const struct branch *root, const struct menu *menu, u32 depth)
{
	struct branch b;
	struct call call;
	u64 count = 0;
	u32 i;

	for (i = 0; depth && branch_menu(root, menu, i, &call); i++) {
		b = branch_fork(root);
		branch_call(&b, &call);
		count += 1 + all_sequences_of_calls(&b, menu, depth - 1);
		branch_free(&b);
	}
	return count;
}
