// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "branch.h"

#include "tap.h"

struct branch branch_new(const struct memmgr_engine *engine, u64 granules, u64 reserve)
{
	struct memmgr_geometry geo = { .granules = granules, .cpus = 1, .reserve = reserve };

	return (struct branch){ .t = twins_new(engine, &geo) };
}

struct branch branch_fork(const struct branch *from)
{
	struct branch b = *from;

	b.t = twins_fork(&from->t);
	return b;
}

void branch_free(struct branch *b)
{
	twins_free(&b->t);
}

bool branch_menu(const struct branch *b, const struct menu *menu, u32 index, struct call *call)
{
	const u32 claims = menu->longest * menu->aligns, resizes = 2 * menu->longest;

	if (index < claims) {
		*call = (struct call){
			.operation = CLAIM,
			.len = menu->unit * (1 + index % menu->longest),
			.align = index < menu->longest ? 1 : menu->unit << index / menu->longest,
		};
		return true;
	}
	index -= claims;
	if (index < b->live) {
		*call = (struct call){ .operation = RELEASE, .run = index };
		return true;
	}
	index -= b->live;
	if (!menu->resizes)
		return false;
	*call = (struct call){
		.operation = index % 2 ? RESIZE_DOWN : RESIZE,
		.run = index / resizes,
		.len = menu->unit * (1 + index % resizes / 2),
		.align = menu->unit,
	};
	return call->run < b->live;
}

static int claim(struct branch *b, const struct call *call)
{
	struct memmgr_claim claim = { .len = call->len, .align = call->align };
	struct memmgr_run run;
	int err = twins_claim(&b->t, &claim, &run);

	if (err)
		return err;
	CHECK(b->live < BRANCH_RUNS);
	b->runs[b->live++] = run;
	return 0;
}

static int release(struct branch *b, u32 victim)
{
	int err = twins_release(&b->t, &b->runs[victim]);

	CHECK_EQ(err, 0);
	b->runs[victim] = b->runs[--b->live];
	return err;
}

static int resize(struct branch *b, const struct call *call)
{
	struct memmgr_resize want = {
		.len = call->len,
		.align = call->align,
		.flags = call->operation == RESIZE_DOWN ? MEMMGR_RESIZE_DOWN : 0,
	};

	return twins_resize(&b->t, &want, &b->runs[call->run]);
}

int branch_call(struct branch *b, const struct call *call)
{
	int err;

	if (call->operation == CLAIM)
		err = claim(b, call);
	else if (call->operation == RELEASE)
		err = release(b, call->run);
	else
		err = resize(b, call);
	twins_check(&b->t);
	twins_look_for_largest(&b->t);
	return err;
}
