/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * An engine and its model at one place in the tree of all sequences of calls, and
 * the calls that lead on from there.
 */
#ifndef MEMMGR_TESTS_BRANCH_H
#define MEMMGR_TESTS_BRANCH_H

#include "drawn.h"
#include "twins.h"

/* Most runs at a time. */
#define BRANCH_RUNS 16

/**
 * struct menu - which calls there are
 * @unit: all lengths and alignments are multiples of it
 * @longest: claims and resizes are for 1..@longest units
 * @aligns: claims are aligned to 1 granule and to 2, 4 .. units, so many
 * @resizes: whether there are any, up and down
 */
struct menu {
	u64 unit;
	u32 longest;
	u32 aligns;
	bool resizes;
};

struct call {
	enum operation operation;
	u32 run;
	u64 len;
	u64 align;
};

struct branch {
	struct twins t;
	struct memmgr_run runs[BRANCH_RUNS];
	u32 live;
};

struct branch branch_new(const struct memmgr_engine *engine, u64 granules, u64 reserve);
struct branch branch_fork(const struct branch *from);
void branch_free(struct branch *b);

/* Call number @index from 0 on; false if there is none. */
bool branch_menu(const struct branch *b, const struct menu *menu, u32 index, struct call *call);

/* Make it of both, and check that they agree. Returns what both said. */
int branch_call(struct branch *b, const struct call *call);

#endif /* MEMMGR_TESTS_BRANCH_H */
