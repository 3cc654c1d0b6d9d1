// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "slots.h"

#include <stdlib.h>

#include "tap.h"

struct table table_new(u64 blocks)
{
	struct table t = { .directory = calloc(1, memmgr_blocks_directory_bytes(blocks)) };

	CHECK(t.directory);
	memmgr_blocks_init(&t.blocks, t.directory, blocks);
	return t;
}

int table_grow(struct table *t)
{
	void *segment = calloc(1, MEMMGR_SEGMENT_BYTES);
	int err;

	CHECK(segment);
	err = memmgr_blocks_add(&t->blocks, segment);
	if (err)
		free(segment);
	return err;
}

struct table table_with_slots(void)
{
	struct table t = table_new(2000);

	CHECK_EQ(table_grow(&t), 0);
	return t;
}

void table_free(struct table *t)
{
	void *segment;
	u32 i;

	for (i = 0; (segment = memmgr_blocks_segment(&t->blocks, i)); i++)
		free(segment);
	free(t->directory);
}

bool same_content(const struct memmgr_view *a, const struct memmgr_view *b)
{
	return a->run.start == b->run.start && a->run.len == b->run.len && a->size == b->size &&
	       a->align == b->align && a->tag == b->tag && a->owner == b->owner &&
	       a->epoch == b->epoch && a->policy == b->policy;
}

struct memmgr_handle handle_of(u64 generation, u64 slot)
{
	return (struct memmgr_handle){ generation << 32 | slot };
}

void check_all_say(struct table *t, struct memmgr_handle handle, int err)
{
	struct memmgr_expect any = { false, 0 }, here = { true, 1 };
	struct memmgr_record *rec;
	struct memmgr_view view;

	CHECK_EQ(memmgr_block_read(&t->blocks, handle, &view), err);
	CHECK_EQ(memmgr_block_try_read(&t->blocks, handle, &view), err);
	CHECK_EQ(memmgr_block_kill(&t->blocks, handle, NULL, &rec), err);
	CHECK_EQ(memmgr_block_kill(&t->blocks, handle, &any, &rec), err);
	CHECK_EQ(memmgr_block_kill(&t->blocks, handle, &here, &rec), err);
	CHECK_EQ(memmgr_block_lock(&t->blocks, handle, NULL, &rec), err);
	CHECK_EQ(memmgr_block_orphan(&t->blocks, handle, 0, &view), err);
	CHECK_EQ(memmgr_block_pend(&t->blocks, handle), err);
}

/* What a call with this handle should say about whether the block is alive. */
static int slot_judge(const struct slot *s, u32 generation)
{
	if (!generation || generation > s->generation)
		return -ENOENT;
	if (generation < s->generation || s->pending)
		return -ESTALE;
	if (s->state == MEMMGR_DYING || s->state == MEMMGR_RETIRED)
		return -ESTALE;
	return s->state == MEMMGR_USED ? 0 : -ENOENT;
}

/* What is said to who asks what starts where the slot's content does. */
static int slot_name(const struct slot *s)
{
	if (s->state != MEMMGR_USED || s->pending)
		return -ENOENT;
	return s->locked ? -EBUSY : 0;
}

static int slot_kill(struct slot *s, u32 generation)
{
	int err = slot_judge(s, generation);

	if (err)
		return err;
	if (s->locked) {
		s->pending = true;
		return -EINPROGRESS;
	}
	s->state = MEMMGR_DYING;
	return 0;
}

static int slot_kill_at(struct slot *s, u32 generation, u64 start)
{
	int err = slot_judge(s, generation);

	if (err)
		return err;
	if (s->locked)
		return -EBUSY;
	return start == s->content.run.start ? slot_kill(s, generation) : -ENOENT;
}

bool is_allowed(const struct slot *s, enum act act)
{
	switch (act) {
	case PREPARE:
		return s->state == MEMMGR_FREE;
	case ABANDON:
	case PUBLISH:
		return s->state == MEMMGR_BORN;
	case BURY:
		return s->state == MEMMGR_DYING;
	case FILL:
		return s->state == MEMMGR_BORN || s->locked;
	case UNLOCK:
		return s->locked;
	case REAP:
		return s->state == MEMMGR_USED;
	default:
		return true;
	}
}

void check_slot(struct table *t, const struct slot *s, u32 number)
{
	struct memmgr_handle handle;
	struct memmgr_view view;
	u32 generation;
	bool lives;

	for (generation = s->generation - 1; generation != s->generation + 2; generation++)
		CHECK_EQ(memmgr_block_read(&t->blocks, handle_of(generation, number), &view),
			 slot_judge(s, generation));
	lives = memmgr_block_read_slot(&t->blocks, number, &view);
	CHECK_EQ(lives, s->state == MEMMGR_USED);
	if (!lives)
		return;
	CHECK_EQ(memmgr_block_name(&t->blocks, number, s->content.run.start, &handle),
		 slot_name(s));
	CHECK(slot_name(s) || handle.raw == handle_of(s->generation, number).raw);
	CHECK(same_content(&view, &s->content));
	CHECK(view.orphan == s->orphan && view.pending == s->pending);
	CHECK_EQ(view.handle.raw, handle_of(s->generation, number).raw);
}

/* The next one who lives there has the next generation, if there is one. */
static void slot_bury(struct slot *s)
{
	s->orphan = false;
	s->state = s->generation == U32_MAX ? MEMMGR_RETIRED : MEMMGR_FREE;
	s->generation += s->generation != U32_MAX;
}

static void reap(struct table *t, struct slot *s)
{
	struct memmgr_record *first = memmgr_blocks_segment(&t->blocks, 0), *rec;
	bool is_due = s->pending && !s->locked;

	CHECK_EQ(memmgr_block_reap(&t->blocks, (u32)(s->rec - first), &rec), is_due);
	if (!is_due)
		return;
	CHECK(rec == s->rec);
	s->state = MEMMGR_DYING;
	s->pending = false;
}

/* An act without a handle, which is allowed in the slot's state. */
static void act_as_holder(struct table *t, struct slot *s, enum act act,
			  const struct memmgr_view *content)
{
	switch (act) {
	case PREPARE:
		CHECK(memmgr_block_prepare(&t->blocks) == s->rec);
		s->state = MEMMGR_BORN;
		break;
	case ABANDON:
		memmgr_block_abandon(&t->blocks, s->rec);
		s->state = MEMMGR_FREE;
		break;
	case PUBLISH:
		memmgr_block_fill(s->rec, content);
		memmgr_block_publish(s->rec);
		s->content = *content;
		s->state = MEMMGR_USED;
		break;
	case BURY:
		memmgr_block_bury(&t->blocks, s->rec);
		slot_bury(s);
		break;
	case FILL:
		if (s->locked)
			CHECK_EQ(memmgr_block_refill(s->rec, content), s->orphan);
		else
			memmgr_block_fill(s->rec, content);
		s->content = *content;
		break;
	case UNLOCK:
		CHECK_EQ(memmgr_block_unlock(s->rec), s->pending);
		if (s->pending)
			s->state = MEMMGR_DYING;
		s->locked = false;
		s->pending = false;
		break;
	case REAP:
		reap(t, s);
		break;
	default:
		break;
	}
}

/* An act by a handle of @generation, which anybody may try. */
static void act_by_handle(struct table *t, struct slot *s, enum act act, u32 number, u32 generation,
			  u64 start)
{
	struct memmgr_expect there = { true, start };
	struct memmgr_handle handle = handle_of(generation, number);
	struct memmgr_record *rec;
	struct memmgr_view view;
	int err = slot_judge(s, generation);

	switch (act) {
	case KILL:
		err = slot_kill(s, generation);
		CHECK_EQ(memmgr_block_kill(&t->blocks, handle, NULL, &rec), err);
		CHECK(err || rec == s->rec);
		break;
	case KILL_START:
		err = slot_kill_at(s, generation, start);
		CHECK_EQ(memmgr_block_kill(&t->blocks, handle, &there, &rec), err);
		CHECK(err || rec == s->rec);
		break;
	case LOCK:
		if (!err && s->locked)
			err = -EBUSY;
		CHECK_EQ(memmgr_block_lock(&t->blocks, handle, NULL, &rec), err);
		CHECK(err || rec == s->rec);
		s->locked |= !err;
		break;
	case ORPHAN:
		if (!err && s->orphan)
			err = -EALREADY;
		CHECK_EQ(memmgr_block_orphan(&t->blocks, handle, s->content.owner, &view), err);
		CHECK(err || same_content(&view, &s->content));
		s->orphan |= !err;
		break;
	case PEND:
		CHECK_EQ(memmgr_block_pend(&t->blocks, handle), err);
		s->pending |= !err;
		break;
	default:
		break;
	}
}

void do_act(struct table *t, struct slot *s, enum act act, u32 number, u32 generation,
	    const struct memmgr_view *content)
{
	if (act == KILL || act == KILL_START || act == LOCK || act == ORPHAN || act == PEND)
		act_by_handle(t, s, act, number, generation, content->run.start);
	else
		act_as_holder(t, s, act, content);
	check_slot(t, s, number);
}
