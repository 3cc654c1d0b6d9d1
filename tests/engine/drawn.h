/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Cases that are drawn: # is a claimed granule, . a free one.
 */
#ifndef MEMMGR_TESTS_DRAWN_H
#define MEMMGR_TESTS_DRAWN_H

#include "engine.h"

enum operation { CLAIM, RELEASE, RESIZE, RESIZE_DOWN };

/* A drawing of an arena, a call, its answer, and the arena afterwards. */
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

void test_drawn(const struct memmgr_engine *engine, const struct drawn *d);

#endif /* MEMMGR_TESTS_DRAWN_H */
