/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One valid call of each command, for the tests that are about all of them.
 */
#ifndef MEMMGR_COMMANDS_H
#define MEMMGR_COMMANDS_H

#include "memmgr_test.h"

#define T_NO_MEMBER ((size_t)-1)

/**
 * struct t_command - a command and what is known of its structure
 * @nr: its number
 * @size: size of the structure
 * @first_size: what it was in its first version
 * @outs: where the out_* members begin; @size if it has none
 * @outs_end: where they end
 * @flags: where the flags are
 * @known_flags: the flags that exist
 * @reserved: where the padding is, or T_NO_MEMBER
 * @fill: fill a zeroed structure for a call that succeeds; @handle is a block's
 */
struct t_command {
	unsigned int nr;
	size_t size;
	size_t first_size;
	size_t outs;
	size_t outs_end;
	size_t flags;
	__u32 known_flags;
	size_t reserved;
	void (*fill)(void *arg, __u64 handle);
};

static struct memmgr_block t_command_blocks[4];

static void t_fill_nothing(void *arg, __u64 handle)
{
	(void)arg;
	(void)handle;
}

static void t_fill_create(void *arg, __u64 handle)
{
	(void)handle;
	((struct memmgr_arena_create *)arg)->size = T_PAGE;
}

static void t_fill_alloc(void *arg, __u64 handle)
{
	(void)handle;
	((struct memmgr_alloc *)arg)->size = 64;
}

static void t_fill_free(void *arg, __u64 handle)
{
	((struct memmgr_free *)arg)->handle = handle;
}

static void t_fill_realloc(void *arg, __u64 handle)
{
	((struct memmgr_realloc *)arg)->handle = handle;
	((struct memmgr_realloc *)arg)->size = 256;
}

static void t_fill_query(void *arg, __u64 handle)
{
	((struct memmgr_query *)arg)->handle = handle;
}

static void t_fill_iterate(void *arg, __u64 handle)
{
	struct memmgr_iterate *it = arg;

	(void)handle;
	it->blocks = (uintptr_t)t_command_blocks;
	it->count = ARRAY_SIZE(t_command_blocks);
}

static struct memmgr_act_entry t_command_entry;

static void t_fill_act(void *arg, __u64 handle)
{
	struct memmgr_act *act = arg;

	t_command_entry = (struct memmgr_act_entry){
		.handle = handle, .action = MEMMGR_ACTION_MARK,
	};
	act->entries = (uintptr_t)&t_command_entry;
	act->count = 1;
}

static void t_fill_sweep(void *arg, __u64 handle)
{
	(void)handle;
	((struct memmgr_sweep *)arg)->epoch_before = 1;
}

/* Where a member ends. */
#define T_END(type, last) (offsetof(struct type, last) + sizeof(((struct type *)0)->last))

#define T_COMMAND(number, type, last, first_out, known, padding, filler)             \
	T_COMMAND_TO(number, type, last, first_out, sizeof(struct type), known, padding, filler)
#define T_COMMAND_TO(number, type, last, first_out, end_out, known, padding, filler) \
	{                                                                            \
		.nr = number, .size = sizeof(struct type),                           \
		.first_size = T_END(type, last), .outs = first_out,                  \
		.outs_end = end_out,                                                 \
		.flags = offsetof(struct type, flags), .known_flags = known,         \
		.reserved = padding, .fill = filler,                                 \
	}

static const struct t_command t_commands[] = {
	T_COMMAND(0, memmgr_info, out_rights, offsetof(struct memmgr_info, out_features), 0,
		  T_NO_MEMBER, t_fill_nothing),
	T_COMMAND(1, memmgr_arena_create, out_arena_id,
		  offsetof(struct memmgr_arena_create, out_size), 0, T_NO_MEMBER, t_fill_create),
	T_COMMAND(2, memmgr_attach, out_owner, offsetof(struct memmgr_attach, out_fd),
		  MEMMGR_ATTACH_READONLY, offsetof(struct memmgr_attach, reserved),
		  t_fill_nothing),
	T_COMMAND(3, memmgr_alloc, out_largest, offsetof(struct memmgr_alloc, out_handle),
		  MEMMGR_ALLOC_ZERO, offsetof(struct memmgr_alloc, heir), t_fill_alloc),
	T_COMMAND(4, memmgr_free, reserved, sizeof(struct memmgr_free), MEMMGR_CHECK_OFFSET,
		  offsetof(struct memmgr_free, reserved), t_fill_free),
	T_COMMAND(5, memmgr_realloc, out_largest, offsetof(struct memmgr_realloc, out_offset),
		  MEMMGR_CHECK_OFFSET | MEMMGR_REALLOC_IN_PLACE | MEMMGR_REALLOC_ZERO,
		  offsetof(struct memmgr_realloc, reserved), t_fill_realloc),
	T_COMMAND(6, memmgr_query, out_block, offsetof(struct memmgr_query, out_block),
		  MEMMGR_QUERY_BY_OFFSET, offsetof(struct memmgr_query, reserved),
		  t_fill_query),
	T_COMMAND_TO(7, memmgr_iterate, out_changed, offsetof(struct memmgr_iterate, out_cursor),
		     T_END(memmgr_iterate, out_changed), MEMMGR_ITERATE_OWNER, T_NO_MEMBER,
		     t_fill_iterate),
	T_COMMAND(8, memmgr_stat, out_owner_bytes, offsetof(struct memmgr_stat, out_size), 0,
		  offsetof(struct memmgr_stat, reserved), t_fill_nothing),
	T_COMMAND(9, memmgr_validate, out_what, offsetof(struct memmgr_validate, out_blocks), 0,
		  offsetof(struct memmgr_validate, reserved), t_fill_nothing),
	T_COMMAND(10, memmgr_act, out_reserved, offsetof(struct memmgr_act, out_done), 0,
		  T_NO_MEMBER, t_fill_act),
	T_COMMAND(11, memmgr_epoch, out_reserved, offsetof(struct memmgr_epoch, out_epoch),
		  MEMMGR_EPOCH_ADVANCE, offsetof(struct memmgr_epoch, reserved), t_fill_nothing),
	T_COMMAND(12, memmgr_sweep, out_reserved, offsetof(struct memmgr_sweep, out_cursor),
		  MEMMGR_SWEEP_OWNER | MEMMGR_SWEEP_DRY_RUN, T_NO_MEMBER, t_fill_sweep),
};

/* Declare the variants "one per command" of a fixture with a member "command". */
#define T_VARIANT_PER_COMMAND(fixture)                                               \
	FIXTURE_VARIANT_ADD(fixture, info) { .command = &t_commands[0] };            \
	FIXTURE_VARIANT_ADD(fixture, arena_create) { .command = &t_commands[1] };    \
	FIXTURE_VARIANT_ADD(fixture, attach) { .command = &t_commands[2] };          \
	FIXTURE_VARIANT_ADD(fixture, alloc) { .command = &t_commands[3] };           \
	FIXTURE_VARIANT_ADD(fixture, free) { .command = &t_commands[4] };            \
	FIXTURE_VARIANT_ADD(fixture, realloc) { .command = &t_commands[5] };         \
	FIXTURE_VARIANT_ADD(fixture, query) { .command = &t_commands[6] };           \
	FIXTURE_VARIANT_ADD(fixture, iterate) { .command = &t_commands[7] };         \
	FIXTURE_VARIANT_ADD(fixture, stat) { .command = &t_commands[8] };            \
	FIXTURE_VARIANT_ADD(fixture, validate) { .command = &t_commands[9] };        \
	FIXTURE_VARIANT_ADD(fixture, act) { .command = &t_commands[10] };            \
	FIXTURE_VARIANT_ADD(fixture, epoch) { .command = &t_commands[11] };          \
	FIXTURE_VARIANT_ADD(fixture, sweep) { .command = &t_commands[12] }

static inline unsigned long t_number(const struct t_command *command, size_t size)
{
	return _IOC(_IOC_READ | _IOC_WRITE, MEMMGR_IOC_MAGIC, command->nr, size);
}

static inline __u32 *t_member32(void *arg, size_t at)
{
	return (__u32 *)((char *)arg + at);
}

/* The descriptor that a successful call returned in @arg, or -1. */
static inline int t_new_fd(const struct t_command *command, const void *arg)
{
	if (command->nr == 1)
		return ((const struct memmgr_arena_create *)arg)->out_fd;
	if (command->nr == 2)
		return ((const struct memmgr_attach *)arg)->out_fd;
	return -1;
}

#endif /* MEMMGR_COMMANDS_H */
