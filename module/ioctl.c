// SPDX-License-Identifier: GPL-2.0
/*
 * Commands.
 *
 * All take the same way: find the row for the number, check the caller's size and
 * right, copy the structure in once, zero its results, let a short handler check
 * the values and call the arena, copy the structure out. A row names its structure
 * and the last member of its first version, so that the rules of growth stated in
 * the ABI header hold for all commands by the same few lines.
 *
 * What a handler made and the caller may never learn of (the copy-out can fail) is
 * finished only after it: the handler leaves a file to be installed, or a block to
 * be taken back.
 *
 * No lock is held and nothing is half done while user memory is touched.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "arena.h"
#include "file.h"
#include "limits.h"
#include "params.h"

#define ITERATE_BATCH 64 /* blocks copied out at a time */
#define WALK_SLOTS 65536U /* most slots that ITERATE or SWEEP looks at in one call */
#define ACTS_PER_STEP 16 /* between two chances for others to run */

union structure {
	struct memmgr_info info;
	struct memmgr_arena_create arena_create;
	struct memmgr_attach attach;
	struct memmgr_alloc alloc;
	struct memmgr_free free;
	struct memmgr_realloc realloc;
	struct memmgr_query query;
	struct memmgr_iterate iterate;
	struct memmgr_stat stat;
	struct memmgr_validate validate;
	struct memmgr_act act;
	struct memmgr_epoch epoch;
	struct memmgr_sweep sweep;
};

/**
 * struct call - one command under way
 * @owner: of the file that it came through
 * @arg: the structure
 * @file: a file to install once the caller knows of it, or NULL
 * @block: a block to take back if the caller does not, or 0
 */
struct call {
	struct memmgr_owner *owner;
	union structure arg;
	struct memmgr_new_file file;
	struct memmgr_handle block;
};

/**
 * struct command - a row of the table
 * @number: the ioctl's number, with the structure's size as it is now
 * @first_size: size of the structure's first version
 * @out_from: where its results begin
 * @out_to: and where they end
 * @rights: what the file must have
 * @handler: what it does
 */
struct command {
	unsigned int number;
	u16 first_size;
	u16 out_from;
	u16 out_to;
	u32 rights;
	int (*handler)(struct call *call);
};

static const struct command commands[];
static u64 command_mask(void);

static struct memmgr_arena *arena_of(const struct call *call)
{
	return call->owner->arena;
}

static struct memmgr_handle handle_from(u64 raw)
{
	return (struct memmgr_handle){ raw };
}

static bool unknown_flags(u32 flags, u32 known)
{
	return flags & ~known;
}

static int handle_info(struct call *call)
{
	struct memmgr_info *arg = &call->arg.info;
	const struct memmgr_limits *limits = memmgr_limits_get();
	const struct memmgr_engine *engine = memmgr_engine_at(arg->engine_index);
	struct memmgr_arena *arena = arena_of(call);

	if (arg->flags)
		return -EINVAL;
	arg->out_features = MEMMGR_FEATURE_TRACE;
	if (IS_ENABLED(CONFIG_MEMCG_KMEM))
		arg->out_features |= MEMMGR_FEATURE_MEMCG;
	arg->out_commands = command_mask();
	arg->out_max_arena_size = limits->arena_size;
	arg->out_max_total_size = limits->total_size;
	arg->out_max_arenas = limits->arenas;
	while (memmgr_engine_at(arg->out_engine_count))
		arg->out_engine_count++;
	if (engine)
		strscpy(arg->out_engine_name, engine->name, sizeof(arg->out_engine_name));
	strscpy(arg->out_arena_engine, arena->engine->name, sizeof(arg->out_arena_engine));
	strscpy(arg->out_arena_name, arena->name, sizeof(arg->out_arena_name));
	arg->out_arena_size = arena->size;
	arg->out_arena_id = arena->id;
	arg->out_granule = memmgr_bytes(arena, 1);
	arg->out_owner = call->owner->id;
	arg->out_rights = call->owner->rights;
	return 0;
}

/* Printable, terminated, and zero from there on. */
static bool is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);
	size_t i;

	for (i = 0; i < len; i++)
		if (!isascii(text[i]) || !isprint(text[i]))
			return false;
	return len < size && !memchr_inv(text + len, 0, size - len);
}

static int check_arena_create(const struct memmgr_arena_create *arg)
{
	if (unknown_flags(arg->flags, MEMMGR_ARENA_RESERVED) || !arg->size)
		return -EINVAL;
	if (arg->reserve >= arg->size || (arg->flags && !arg->reserve))
		return -EINVAL;
	if (!memmgr_granule_exists(arg->granule))
		return -EINVAL;
	if (!is_text(arg->engine, sizeof(arg->engine)) || !is_text(arg->name, sizeof(arg->name)))
		return -EINVAL;
	return 0;
}

static int handle_arena_create(struct call *call)
{
	struct memmgr_arena_create *arg = &call->arg.arena_create;
	u32 granule = arg->granule;
	struct memmgr_arena_config config = {};
	struct memmgr_arena *arena;
	int ret;

	if (!arg->granule)
		arg->granule = MEMMGR_GRANULE_DEFAULT;
	ret = check_arena_create(arg);
	if (ret)
		return ret;
	config.size = arg->size;
	config.granule = arg->granule;
	config.name = arg->name;
	config.engine = arg->engine[0] ? memmgr_engine_find(arg->engine) :
					 memmgr_params_engine();
	if (!config.engine)
		return -ENOENT;
	if (arg->reserve && !(config.engine->flags & MEMMGR_ENGINE_RESERVE))
		return -EINVAL;
	config.reserve = arg->reserve;
	config.reserved = arg->flags & MEMMGR_ARENA_RESERVED;
	arena = memmgr_arena_create(&config);
	if (IS_ERR(arena))
		return PTR_ERR(arena);
	ret = memmgr_file_prepare(arena, MEMMGR_RIGHT_READ | MEMMGR_RIGHT_WRITE, &call->file);
	if (!ret) {
		arg->out_fd = call->file.fd;
		arg->out_size = arena->size;
		arg->out_arena_id = arena->id;
	}
	arg->granule = granule;
	memmgr_arena_put(arena);
	return ret;
}

static int handle_attach(struct call *call)
{
	struct memmgr_attach *arg = &call->arg.attach;
	u32 rights = call->owner->rights;
	int ret;

	if (unknown_flags(arg->flags, MEMMGR_ATTACH_READONLY) || arg->reserved)
		return -EINVAL;
	if (arg->flags & MEMMGR_ATTACH_READONLY)
		rights &= ~MEMMGR_RIGHT_WRITE;
	ret = memmgr_file_prepare(arena_of(call), rights, &call->file);
	if (ret)
		return ret;
	arg->out_fd = call->file.fd;
	arg->out_owner = memmgr_owner_of(call->file.file)->id;
	return 0;
}

static u64 largest_hole(struct memmgr_arena *arena, int error)
{
	struct memmgr_engine_stat stat;

	if (error != -ENOSPC)
		return 0;
	memmgr_space_stat(arena, &stat);
	return memmgr_bytes(arena, stat.largest);
}

static int handle_alloc(struct call *call)
{
	struct memmgr_alloc *arg = &call->arg.alloc;
	bool given = arg->policy == MEMMGR_POLICY_GIVE;
	struct memmgr_arena *arena = arena_of(call);
	struct memmgr_view view;
	struct memmgr_wish wish = {
		.size = arg->size,
		.align = arg->align,
		.tag = arg->tag,
		.heir = arg->heir,
		.policy = arg->policy,
		.zero = arg->flags & MEMMGR_ALLOC_ZERO,
	};
	int ret = 0;

	if (unknown_flags(arg->flags, MEMMGR_ALLOC_ZERO) || arg->policy > MEMMGR_POLICY_GIVE ||
	    given == !arg->heir)
		return -EINVAL;
	if (arg->heir)
		ret = memmgr_owner_takes(arena, arg->heir);
	if (ret)
		return ret;
	ret = memmgr_alloc(call->owner, &wish, &view);
	if (ret) {
		arg->out_largest = largest_hole(arena, ret);
		return ret;
	}
	call->block = view.handle;
	arg->out_handle = view.handle.raw;
	arg->out_offset = memmgr_bytes(arena, view.run.start);
	arg->out_usable = memmgr_bytes(arena, view.run.len);
	return 0;
}

/* What MEMMGR_CHECK_OFFSET asks for; -ENOENT if no block can start there. */
static int expectation(const struct memmgr_arena *arena, u32 flags, u64 offset,
		       struct memmgr_expect *expect)
{
	*expect = (struct memmgr_expect){
		.check_start = flags & MEMMGR_CHECK_OFFSET,
		.start = offset >> arena->shift,
	};
	if (!expect->check_start)
		return offset ? -EINVAL : 0;
	return IS_ALIGNED(offset, memmgr_bytes(arena, 1)) ? 0 : -ENOENT;
}

static int handle_free(struct call *call)
{
	struct memmgr_free *arg = &call->arg.free;
	struct memmgr_arena *arena = arena_of(call);
	struct memmgr_expect expect;
	int ret;

	if (unknown_flags(arg->flags, MEMMGR_CHECK_OFFSET) || arg->reserved)
		return -EINVAL;
	ret = expectation(arena, arg->flags, arg->offset, &expect);
	if (ret)
		return ret;
	return memmgr_free(arena, handle_from(arg->handle), &expect);
}

static int handle_realloc(struct call *call)
{
	struct memmgr_realloc *arg = &call->arg.realloc;
	struct memmgr_arena *arena = arena_of(call);
	struct memmgr_expect expect;
	struct memmgr_view view;
	int ret;

	if (unknown_flags(arg->flags, MEMMGR_CHECK_OFFSET | MEMMGR_REALLOC_IN_PLACE |
					      MEMMGR_REALLOC_ZERO) ||
	    arg->reserved || !arg->size)
		return -EINVAL;
	ret = expectation(arena, arg->flags, arg->offset, &expect);
	if (ret)
		return ret;
	ret = memmgr_realloc(call->owner, handle_from(arg->handle), &expect, arg->size,
			     arg->flags, &view);
	if (ret) {
		arg->out_largest = largest_hole(arena, ret);
		return ret;
	}
	arg->out_offset = memmgr_bytes(arena, view.run.start);
	arg->out_usable = memmgr_bytes(arena, view.run.len);
	return 0;
}

static int handle_query(struct call *call)
{
	struct memmgr_query *arg = &call->arg.query;
	struct memmgr_arena *arena = arena_of(call);
	bool by_offset = arg->flags & MEMMGR_QUERY_BY_OFFSET;
	struct memmgr_view view;
	int ret;

	if (unknown_flags(arg->flags, MEMMGR_QUERY_BY_OFFSET) || arg->reserved ||
	    (by_offset ? arg->handle : arg->offset))
		return -EINVAL;
	if (by_offset)
		ret = memmgr_find_offset(arena, arg->offset, &view);
	else
		ret = memmgr_block_read(&arena->blocks, handle_from(arg->handle), &view);
	if (!ret)
		memmgr_describe(arena, &view, &arg->out_block);
	return ret;
}

/*
 * A cursor is the slot to go on at and, above it, what is known of the walk so far: a
 * stamp, the count of changes that had begun when the walk began, as far as there are
 * bits; and whether something was under way then.
 */
#define CURSOR_UNSETTLED BIT_ULL(63)
#define CURSOR_STAMP GENMASK_ULL(62, 32)
#define CURSOR_STAMP_SHIFT 32

static u64 begin_walk(struct memmgr_arena *arena)
{
	s64 begun;
	bool still = memmgr_stands_still(arena->counts, &begun);

	return ((u64)begun << CURSOR_STAMP_SHIFT & CURSOR_STAMP) | (still ? 0 : CURSOR_UNSETTLED);
}

static bool changed_since(struct memmgr_arena *arena, u64 walk)
{
	u64 stamp = (u64)memmgr_begun(arena->counts) << CURSOR_STAMP_SHIFT & CURSOR_STAMP;

	return walk & CURSOR_UNSETTLED || stamp != (walk & CURSOR_STAMP);
}

/* What ITERATE and SWEEP are about: they call it the same. */
#define SELECTION(from, flag) ({                                                        \
	const __auto_type _from = (from);                                               \
	(struct memmgr_selection){                                                      \
		.tag_value = _from->tag_value,                                          \
		.tag_mask = _from->tag_mask,                                            \
		.by_owner = _from->flags & (flag),                                      \
		.owner = _from->owner,                                                  \
		.states = _from->states ?: MEMMGR_STATE_OWNED | MEMMGR_STATE_ORPHAN,    \
		.epoch_from = _from->epoch_from,                                        \
		.epoch_before = _from->epoch_before,                                    \
		.size_min = _from->size_min,                                            \
		.size_max = _from->size_max,                                            \
	};                                                                              \
})

/* Up to @room blocks that are meant, from *@slot on, into @batch; returns how many. */
static u32 collect(struct call *call, u32 *slot, u32 end, struct memmgr_block *batch, u32 room)
{
	struct memmgr_selection selection =
		SELECTION(&call->arg.iterate, MEMMGR_ITERATE_OWNER);
	struct memmgr_view view;
	u32 count = 0;

	while (count < room && memmgr_next_block(arena_of(call), slot, end, &view))
		if (memmgr_selects(&selection, &view))
			memmgr_describe(arena_of(call), &view, &batch[count++]);
	return count;
}

/* Collect and copy out, batch by batch, from *@slot to @end. */
static int copy_blocks(struct call *call, u32 *slot, u32 end, struct memmgr_block *batch)
{
	struct memmgr_iterate *arg = &call->arg.iterate;
	struct memmgr_block __user *to = u64_to_user_ptr(arg->blocks);
	u32 done = 0;
	u32 room, count;

	while (done < arg->count && *slot < end) {
		room = min_t(u32, arg->count - done, ITERATE_BATCH);
		count = collect(call, slot, end, batch, room);
		if (copy_to_user(to + done, batch, count * sizeof(*batch)))
			return -EFAULT;
		done += count;
		if (signal_pending(current))
			break;
	}
	arg->out_count = done;
	return 0;
}

static int handle_iterate(struct call *call)
{
	struct memmgr_iterate *arg = &call->arg.iterate;
	u64 walk = arg->cursor ? arg->cursor & ~(u64)U32_MAX : begin_walk(arena_of(call));
	u32 slots = memmgr_blocks_slots(&arena_of(call)->blocks);
	u32 slot = min_t(u32, arg->cursor, slots);
	u32 end = min_t(u64, (u64)slot + WALK_SLOTS, slots);
	struct memmgr_block *batch;
	int ret;

	if (unknown_flags(arg->flags, MEMMGR_ITERATE_OWNER) ||
	    unknown_flags(arg->states, MEMMGR_STATE_ALL) || !arg->count ||
	    (arg->owner && !(arg->flags & MEMMGR_ITERATE_OWNER)) ||
	    (arg->size_max && arg->size_max < arg->size_min))
		return -EINVAL;
	batch = kmalloc_array(ITERATE_BATCH, sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	ret = copy_blocks(call, &slot, end, batch);
	kfree(batch);
	if (ret)
		return ret;
	arg->out_cursor = slot < slots ? walk | slot : MEMMGR_CURSOR_END;
	arg->out_changed = changed_since(arena_of(call), walk);
	return 0;
}

static int handle_stat(struct call *call)
{
	struct memmgr_stat *arg = &call->arg.stat;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	memmgr_owner_stat(call->owner, arg);
	return 0;
}

static int handle_validate(struct call *call)
{
	struct memmgr_validate *arg = &call->arg.validate;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	return memmgr_arena_validate(arena_of(call), arg);
}

/* Entries one by one, until a fatal signal comes. */
static void act_on_entries(struct call *call, struct memmgr_act_entry *entries, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (fatal_signal_pending(current))
			entries[i].out_result = -EINTR;
		else
			entries[i].out_result = memmgr_act(arena_of(call), &entries[i]);
		call->arg.act.out_done += !entries[i].out_result;
		if (i % ACTS_PER_STEP == 0)
			cond_resched();
	}
}

/* Before anything is done, find out whether the results can be written. */
static int announce_results(void __user *user, struct memmgr_act_entry *entries, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		entries[i].out_result = -EINPROGRESS;
	return copy_to_user(user, entries, count * sizeof(*entries)) ? -EFAULT : 0;
}

static int handle_act(struct call *call)
{
	struct memmgr_act *arg = &call->arg.act;
	void __user *user = u64_to_user_ptr(arg->entries);
	size_t bytes = arg->count * sizeof(struct memmgr_act_entry);
	struct memmgr_act_entry *entries;
	int ret;

	if (arg->flags || !arg->count || arg->count > MEMMGR_ACT_MAX)
		return -EINVAL;
	entries = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	ret = copy_from_user(entries, user, bytes) ? -EFAULT : 0;
	if (!ret)
		ret = announce_results(user, entries, arg->count);
	if (!ret) {
		act_on_entries(call, entries, arg->count);
		ret = copy_to_user(user, entries, bytes) ? -EFAULT : 0;
	}
	kvfree(entries);
	return ret;
}

static int handle_epoch(struct call *call)
{
	struct memmgr_epoch *arg = &call->arg.epoch;
	struct memmgr_arena *arena = arena_of(call);

	if (unknown_flags(arg->flags, MEMMGR_EPOCH_ADVANCE) || arg->reserved)
		return -EINVAL;
	if (!arg->flags)
		arg->out_epoch = READ_ONCE(arena->epoch);
	else if (call->owner->rights & MEMMGR_RIGHT_WRITE)
		arg->out_epoch = memmgr_epoch_advance(arena);
	else
		return -EPERM;
	return 0;
}

static int check_sweep(const struct memmgr_arena *arena, const struct memmgr_sweep *arg)
{
	if (unknown_flags(arg->flags, MEMMGR_SWEEP_OWNER | MEMMGR_SWEEP_DRY_RUN) ||
	    unknown_flags(arg->states, MEMMGR_STATE_OWNED | MEMMGR_STATE_ORPHAN))
		return -EINVAL;
	if (arg->owner && !(arg->flags & MEMMGR_SWEEP_OWNER))
		return -EINVAL;
	if (arg->size_max && arg->size_max < arg->size_min)
		return -EINVAL;
	if (!arg->epoch_before || (s32)(READ_ONCE(arena->epoch) - arg->epoch_before) < 0)
		return -EINVAL;
	return arg->room > MEMMGR_SWEEP_ROWS_MAX || !arg->room != !arg->rows ? -EINVAL : 0;
}

static void sweep_slice(struct memmgr_sweep *arg, struct memmgr_sweeping *sweeping)
{
	u32 slots = memmgr_blocks_slots(&sweeping->arena->blocks);
	u32 slot = min_t(u64, arg->cursor, slots);
	u32 end = min_t(u64, (u64)slot + WALK_SLOTS, slots);

	slot = memmgr_sweep(sweeping, slot, end);
	arg->out_cursor = slot < slots ? slot : MEMMGR_CURSOR_END;
	arg->out_count = sweeping->count;
	arg->out_bytes = sweeping->bytes;
	arg->out_rows = sweeping->used;
}

static int handle_sweep(struct call *call)
{
	struct memmgr_sweep *arg = &call->arg.sweep;
	void __user *user = u64_to_user_ptr(arg->rows);
	struct memmgr_sweeping sweeping = {
		.arena = arena_of(call),
		.selection = SELECTION(arg, MEMMGR_SWEEP_OWNER),
		.dry = arg->flags & MEMMGR_SWEEP_DRY_RUN,
		.room = arg->room,
	};
	size_t size = sizeof(*sweeping.rows);
	int ret;

	ret = check_sweep(sweeping.arena, arg);
	if (ret)
		return ret;
	sweeping.rows = kcalloc(max(arg->room, 1U), size, GFP_KERNEL_ACCOUNT);
	if (!sweeping.rows)
		return -ENOMEM;
	ret = clear_user(user, arg->room * size) ? -EFAULT : 0;
	if (!ret) {
		sweep_slice(arg, &sweeping);
		ret = copy_to_user(user, sweeping.rows, sweeping.used * size) ? -EFAULT : 0;
	}
	kfree(sweeping.rows);
	return ret;
}

/* Results end where the structure does, unless it has grown behind them. */
#define ROW(NAME, name, last, out, needed)                                              \
	ROW_TO(NAME, name, last, out, sizeof(struct memmgr_##name), needed)
#define ROW_TO(NAME, name, last, out, end, needed)                                      \
	[_IOC_NR(MEMMGR_IOC_##NAME)] = {                                                \
		.number = MEMMGR_IOC_##NAME,                                            \
		.first_size = offsetofend(struct memmgr_##name, last),                  \
		.out_from = out,                                                        \
		.out_to = end,                                                          \
		.rights = needed,                                                       \
		.handler = handle_##name,                                               \
	}
#define OUT(name, first) offsetof(struct memmgr_##name, first)
#define LOOK MEMMGR_RIGHT_READ
#define CHANGE MEMMGR_RIGHT_WRITE

static const struct command commands[] = {
	ROW(INFO, info, out_rights, OUT(info, out_features), LOOK),
	ROW(ARENA_CREATE, arena_create, out_arena_id, OUT(arena_create, out_size), CHANGE),
	ROW(ATTACH, attach, out_owner, OUT(attach, out_fd), LOOK),
	ROW(ALLOC, alloc, out_largest, OUT(alloc, out_handle), CHANGE),
	ROW(FREE, free, reserved, sizeof(struct memmgr_free), CHANGE),
	ROW(REALLOC, realloc, out_largest, OUT(realloc, out_offset), CHANGE),
	ROW(QUERY, query, out_block, OUT(query, out_block), LOOK),
	ROW_TO(ITERATE, iterate, out_changed, OUT(iterate, out_cursor),
	       offsetofend(struct memmgr_iterate, out_changed), LOOK),
	ROW(STAT, stat, out_owner_bytes, OUT(stat, out_size), LOOK),
	ROW(VALIDATE, validate, out_what, OUT(validate, out_blocks), LOOK),
	ROW(ACT, act, out_reserved, OUT(act, out_done), CHANGE),
	ROW(EPOCH, epoch, out_reserved, OUT(epoch, out_epoch), LOOK),
	ROW(SWEEP, sweep, out_reserved, OUT(sweep, out_cursor), CHANGE),
};

static u64 command_mask(void)
{
	return GENMASK_ULL(ARRAY_SIZE(commands) - 1, 0);
}

static const struct command *find_command(unsigned int number)
{
	unsigned int nr = _IOC_NR(number);

	if (_IOC_TYPE(number) != MEMMGR_IOC_MAGIC || _IOC_DIR(number) != (_IOC_READ | _IOC_WRITE) ||
	    nr >= ARRAY_SIZE(commands))
		return NULL;
	return &commands[array_index_nospec(nr, ARRAY_SIZE(commands))];
}

static int copy_in(const struct command *command, struct call *call, void __user *user,
		   size_t user_size)
{
	size_t size = _IOC_SIZE(command->number);
	int ret;

	if (user_size < command->first_size)
		return -EINVAL;
	ret = copy_struct_from_user(&call->arg, size, user, user_size);
	if (!ret)
		memset((void *)&call->arg + command->out_from, 0,
		       command->out_to - command->out_from);
	return ret;
}

static int copy_out(const struct command *command, const struct call *call, void __user *user,
		    size_t user_size)
{
	size_t size = min_t(size_t, command->out_to, user_size);
	size_t from = command->out_from;

	if (size <= from)
		return 0;
	return copy_to_user(user + from, (void *)&call->arg + from, size - from) ? -EFAULT : 0;
}

/* The caller knows, or does not know, what was made for it. */
static void finish(struct call *call, bool known)
{
	if (call->file.file && known)
		memmgr_file_install(&call->file);
	else if (call->file.file)
		memmgr_file_cancel(&call->file);
	else if (call->block.raw && !known)
		memmgr_free(arena_of(call), call->block, NULL);
}

static int carry_out(const struct command *command, struct call *call, void __user *user,
		     size_t user_size)
{
	int ret = command->handler(call);
	int copied = copy_out(command, call, user, user_size);

	finish(call, !copied);
	return ret ?: copied;
}

long memmgr_ioctl(struct file *file, unsigned int number, unsigned long arg)
{
	const struct command *command = find_command(number);
	struct call call = { .owner = memmgr_owner_of(file) };
	void __user *user = (void __user *)arg;
	int ret;

	if (!command)
		return -ENOTTY;
	if ((call.owner->rights & command->rights) != command->rights)
		return -EPERM;
	ret = copy_in(command, &call, user, _IOC_SIZE(number));
	return ret ?: carry_out(command, &call, user, _IOC_SIZE(number));
}
