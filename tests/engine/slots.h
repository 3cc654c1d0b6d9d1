/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A block table with memory of its own, and what each slot of it should be: a model
 * that keeps the state in plain variables.
 */
#ifndef MEMMGR_TESTS_SLOTS_H
#define MEMMGR_TESTS_SLOTS_H

#include "../../module/blocks.h"

struct table {
	struct memmgr_blocks blocks;
	void *directory;
};

struct table table_new(u64 blocks);
int table_grow(struct table *t);
struct table table_with_slots(void);
void table_free(struct table *t);

bool same_content(const struct memmgr_view *a, const struct memmgr_view *b);
struct memmgr_handle handle_of(u64 generation, u64 slot);

/* Every call that takes a handle says @err to this one, which is of no use. */
void check_all_say(struct table *t, struct memmgr_handle handle, int err);

/* What one slot should be. */
struct slot {
	struct memmgr_record *rec;
	enum memmgr_record_state state;
	u32 generation;
	struct memmgr_view content;
	bool locked;
	bool pending;
	bool orphan;
};

/* The first FUZZED of them are what the fuzzer's inputs are made of. */
enum act {
	PREPARE,
	ABANDON,
	PUBLISH,
	KILL,
	KILL_START,
	BURY,
	LOCK,
	FILL,
	UNLOCK,
	ORPHAN,
	FUZZED,
	PEND = FUZZED,
	REAP,
	ACTS
};

/* May a caller who keeps the table's rules do this now? */
bool is_allowed(const struct slot *s, enum act act);

/*
 * Do it to the table and to the model of the slot, and compare. @generation is that
 * of the handle, where one is used; @content is what PUBLISH and FILL put in, and
 * whose start KILL_START expects.
 */
void do_act(struct table *t, struct slot *s, enum act act, u32 number, u32 generation,
	    const struct memmgr_view *content);

/* The table says of the slot what the model does. */
void check_slot(struct table *t, const struct slot *s, u32 number);

#endif /* MEMMGR_TESTS_SLOTS_H */
