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
#define ITERATE_SLOTS 65536U /* most slots looked at in one call */

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
 * @rights: what the file must have
 * @handler: what it does
 */
struct command {
	unsigned int number;
	u16 first_size;
	u16 out_from;
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
	struct memmgr_arena *arena = arena_of(call);
	struct memmgr_view view;
	struct memmgr_wish wish = {
		.size = arg->size,
		.align = arg->align,
		.tag = arg->tag,
		.policy = arg->policy,
		.zero = arg->flags & MEMMGR_ALLOC_ZERO,
	};
	int ret;

	if (unknown_flags(arg->flags, MEMMGR_ALLOC_ZERO) || arg->reserved ||
	    arg->policy > MEMMGR_POLICY_KEEP)
		return -EINVAL;
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

static bool matches(const struct memmgr_iterate *arg, const struct memmgr_block *block)
{
	u32 states = arg->states ?: MEMMGR_STATE_OWNED | MEMMGR_STATE_ORPHAN;

	return (block->state & states) && !((block->tag ^ arg->tag_value) & arg->tag_mask) &&
	       (!(arg->flags & MEMMGR_ITERATE_OWNER) || block->owner == arg->owner);
}

/* Up to @room matching blocks from *@slot on into @batch; returns how many. */
static u32 collect(struct call *call, u32 *slot, u32 end, struct memmgr_block *batch, u32 room)
{
	struct memmgr_view view;
	u32 count = 0;

	while (count < room && memmgr_next_block(arena_of(call), slot, end, &view)) {
		memmgr_describe(arena_of(call), &view, &batch[count]);
		if (matches(&call->arg.iterate, &batch[count]))
			count++;
	}
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
	u32 slots = memmgr_blocks_slots(&arena_of(call)->blocks);
	u32 slot = min_t(u64, arg->cursor, slots);
	u32 end = min_t(u64, (u64)slot + ITERATE_SLOTS, slots);
	struct memmgr_block *batch;
	int ret;

	if (unknown_flags(arg->flags, MEMMGR_ITERATE_OWNER) ||
	    unknown_flags(arg->states, MEMMGR_STATE_ALL) || !arg->count ||
	    (arg->owner && !(arg->flags & MEMMGR_ITERATE_OWNER)))
		return -EINVAL;
	batch = kmalloc_array(ITERATE_BATCH, sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	ret = copy_blocks(call, &slot, end, batch);
	kfree(batch);
	if (!ret)
		arg->out_cursor = slot < slots ? slot : MEMMGR_CURSOR_END;
	return ret;
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

#define ROW(NAME, name, last, out, needed)                                              \
	[_IOC_NR(MEMMGR_IOC_##NAME)] = {                                                \
		.number = MEMMGR_IOC_##NAME,                                            \
		.first_size = offsetofend(struct memmgr_##name, last),                  \
		.out_from = out,                                                        \
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
	ROW(ITERATE, iterate, out_reserved, OUT(iterate, out_cursor), LOOK),
	ROW(STAT, stat, out_owner_bytes, OUT(stat, out_size), LOOK),
	ROW(VALIDATE, validate, out_what, OUT(validate, out_blocks), LOOK),
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
		memset((void *)&call->arg + command->out_from, 0, size - command->out_from);
	return ret;
}

static int copy_out(const struct command *command, const struct call *call, void __user *user,
		    size_t user_size)
{
	size_t size = min_t(size_t, _IOC_SIZE(command->number), user_size);
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
