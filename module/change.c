// SPDX-License-Identifier: GPL-2.0
/*
 * A block's change of anything but size: tag, owner, epoch, policy.
 *
 * One looks at the block, decides, and acts on what was seen or not at all: a view
 * holds the state word it was read under, and whatever changes the record changes
 * that word. From the look to the act the caller is not preempted, so that the
 * word's version cannot come round in between.
 *
 * To act is to lock the record, write it anew and unlock it, within a few hundred
 * instructions. A free that comes meanwhile is carried out here; if it came before the
 * new content took effect, the change has not happened.
 */
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "arena.h"
#include "trace.h"

#define TRIES 32 /* for a block that others are changing */
#define TRIES_AT_ONCE 16 /* of these, without sleeping */

/*
 * The new owner is credited first: one who dies meanwhile looks for blocks as long as
 * there are some on its account. 0; or -ESTALE if the block was freed before.
 */
static int write_record(struct memmgr_arena *arena, struct memmgr_record *rec,
			const struct memmgr_view *old, struct memmgr_view *new, u32 heir)
{
	bool adopt = new->owner != old->owner;
	s64 bytes = memmgr_bytes(arena, old->run.len);
	struct memmgr_view from = *old;

	if (heir)
		memmgr_heir_set(arena, old->handle, heir, 0);
	if (adopt) {
		new->orphan = false;
		memmgr_owner_credit(arena, new, 1, bytes);
	}
	memmgr_block_change(rec, new, adopt, &from);
	if (adopt)
		memmgr_owner_credit(arena, &from, -1, -bytes);
	return from.pending ? -ESTALE : 0;
}

/**
 * memmgr_rewrite - change the record of a block that was looked at
 * @arena: where
 * @old: what it was; nothing happens if it has changed since
 * @new: what it shall be: tag, owner, epoch and policy count
 * @heir: and its heir, for which there is room; 0: as before
 *
 * A new owner makes of an orphan a block like others.
 *
 * Return: 0; -EAGAIN if it has changed; -EBUSY if it is locked; -ESTALE if it was
 * freed. Context: any but NMI.
 */
int memmgr_rewrite(struct memmgr_arena *arena, const struct memmgr_view *old,
		   struct memmgr_view *new, u32 heir)
{
	struct memmgr_record *rec;
	int ret;

	memmgr_begin(arena->counts);
	preempt_disable(); /* whoever finds it locked has not to wait for long */
	ret = memmgr_block_lock_as(&arena->blocks, old, &rec);
	if (!ret) {
		ret = write_record(arena, rec, old, new, heir);
		if (memmgr_block_unlock(rec))
			memmgr_finish_free(arena, rec);
	}
	preempt_enable();
	memmgr_end(arena->counts);
	return ret;
}

static int retag(struct memmgr_arena *arena, const struct memmgr_view *old, u32 tag)
{
	struct memmgr_view new = *old;
	int ret;

	new.tag = tag;
	ret = memmgr_rewrite(arena, old, &new, 0);
	if (!ret)
		trace_memmgr_retag(arena, old, &new);
	return ret;
}

/* Again if the clock goes on meanwhile: see enum memmgr_epoch_flags. */
static int mark(struct memmgr_arena *arena, const struct memmgr_view *old)
{
	struct memmgr_view new = *old;
	int ret;

	new.epoch = READ_ONCE(arena->epoch);
	ret = new.epoch == old->epoch ? 0 : memmgr_rewrite(arena, old, &new, 0);
	smp_mb(); /* pairs with memmgr_epoch_advance(): written, then looked at */
	return ret ?: new.epoch == READ_ONCE(arena->epoch) ? 0 : -EAGAIN;
}

static int set_policy(struct memmgr_arena *arena, const struct memmgr_view *old,
		      const struct memmgr_act_entry *entry)
{
	struct memmgr_view new = *old;

	new.policy = entry->value;
	return memmgr_rewrite(arena, old, &new, entry->heir);
}

/* What belongs to kernel code is its alone, but for being freed and marked. */
static bool may_change(struct memmgr_arena *arena, const struct memmgr_view *view)
{
	return view->orphan || !memmgr_owner_is_kernel(arena, view->owner);
}

static int act_on(struct memmgr_arena *arena, const struct memmgr_act_entry *entry,
		  const struct memmgr_view *view)
{
	if (entry->action == MEMMGR_ACTION_FREE)
		return memmgr_free_as(arena, view);
	if (entry->action == MEMMGR_ACTION_MARK)
		return mark(arena, view);
	if (!may_change(arena, view))
		return -EPERM;
	if (entry->action == MEMMGR_ACTION_RETAG)
		return retag(arena, view, entry->value);
	if (entry->action == MEMMGR_ACTION_TRANSFER)
		return memmgr_give(arena, view, entry->value);
	return set_policy(arena, view, entry);
}

static int look_and_act(struct memmgr_arena *arena, const struct memmgr_act_entry *entry)
{
	struct memmgr_view view;
	int ret;

	preempt_disable();
	ret = memmgr_block_read(&arena->blocks, (struct memmgr_handle){ entry->handle }, &view);
	if (!ret && ((view.tag ^ entry->tag_value) & entry->tag_mask))
		ret = -ECANCELED;
	if (!ret)
		ret = act_on(arena, entry, &view);
	preempt_enable();
	return ret;
}

/* Everything about the heir that may fail or sleep. */
static int prepare_heir(struct memmgr_arena *arena, const struct memmgr_act_entry *entry)
{
	struct memmgr_handle handle = { entry->handle };
	struct memmgr_view view;
	int ret;

	ret = memmgr_block_read(&arena->blocks, handle, &view);
	if (!ret)
		ret = memmgr_owner_takes(arena, entry->heir);
	return ret ?: memmgr_heir_set(arena, handle, 0, GFP_KERNEL_ACCOUNT);
}

static int check_entry(const struct memmgr_act_entry *entry)
{
	bool policy = entry->action == MEMMGR_ACTION_POLICY;

	if (entry->action < MEMMGR_ACTION_FREE || entry->action > MEMMGR_ACTION_POLICY)
		return -EINVAL;
	if (policy && entry->value > MEMMGR_POLICY_GIVE)
		return -EINVAL;
	if (!entry->heir != !(policy && entry->value == MEMMGR_POLICY_GIVE))
		return -EINVAL;
	if (entry->value && (entry->action == MEMMGR_ACTION_FREE ||
			     entry->action == MEMMGR_ACTION_MARK))
		return -EINVAL;
	return 0;
}

/**
 * memmgr_act - look at a block, and act if its tag is as expected
 * @arena: where
 * @entry: what to do
 *
 * Return: 0 or an error as the ABI has it for an entry. Context: process, may sleep.
 */
int memmgr_act(struct memmgr_arena *arena, const struct memmgr_act_entry *entry)
{
	int ret = check_entry(entry);
	u32 tries = 0;

	if (!ret && entry->heir)
		ret = prepare_heir(arena, entry);
	if (ret)
		return ret;
	do {
		if (tries > TRIES_AT_ONCE)
			usleep_range(20, 50);
		ret = look_and_act(arena, entry);
	} while ((ret == -EAGAIN || ret == -EBUSY) && ++tries < TRIES);
	if (!ret && entry->action == MEMMGR_ACTION_TRANSFER)
		memmgr_settle(arena, (u32)entry->handle, entry->value);
	return ret == -EAGAIN ? -EBUSY : ret;
}

/**
 * memmgr_mark - make a block as young as can be
 * @arena: where
 * @handle: which
 *
 * Return: 0, -ENOENT, -ESTALE, -EBUSY. Context: process, may sleep.
 */
int memmgr_mark(struct memmgr_arena *arena, struct memmgr_handle handle)
{
	struct memmgr_act_entry entry = {
		.handle = handle.raw,
		.action = MEMMGR_ACTION_MARK,
	};

	return memmgr_act(arena, &entry);
}
