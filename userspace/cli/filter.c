/* SPDX-License-Identifier: GPL-2.0 */
/* The options that select blocks. */
#include "filter.h"

#include <string.h>

#include "numbers.h"

enum {
	KEY_OWNER = 'o',
	KEY_STATE = 's',
	KEY_TAG = 't',
	KEY_BEFORE = 0x2000,
	KEY_FROM,
	KEY_SIZE_MIN,
	KEY_SIZE_MAX,
};

static const struct argp_option options[] = {
	{ "tag", KEY_TAG, "TAG[/MASK]", 0, "Only blocks with this tag, in the bits of MASK", 0 },
	{ "owner", KEY_OWNER, "N", 0, "Only blocks of owner N; 0: of none", 0 },
	{ "state", KEY_STATE, "STATE", 0,
	  "Only 'owned', 'orphan' or 'pending' blocks; may be repeated (owned and orphan)", 0 },
	{ "size-min", KEY_SIZE_MIN, "SIZE", 0, "Only blocks of that size or more", 0 },
	{ "size-max", KEY_SIZE_MAX, "SIZE", 0, "Only blocks of that size or less", 0 },
	{ "epoch-from", KEY_FROM, "N", 0, "Only blocks of epoch N or later", 0 },
	{ "epoch-before", KEY_BEFORE, "N", 0, "Only blocks of an earlier epoch than N", 0 },
	{},
};

void parse_tag_match(struct argp_state *state, char *text, struct memmgr_filter *filter)
{
	char *slash = strchr(text, '/');
	uint64_t value;
	uint64_t mask = UINT32_MAX;

	if (slash)
		*slash = '\0';
	if (parse_number(text, UINT32_MAX, &value) ||
	    (slash && parse_number(slash + 1, UINT32_MAX, &mask)))
		argp_error(state, "'%s' is not a tag, or a tag and a mask, of 32 bits", text);
	filter->tag_value = (uint32_t)value;
	filter->tag_mask = (uint32_t)mask;
}

static uint32_t parse_u32(struct argp_state *state, const char *text, const char *what)
{
	uint64_t value;

	if (parse_number(text, UINT32_MAX, &value))
		argp_error(state, "'%s' is not %s", text, what);
	return (uint32_t)value;
}

static uint64_t parse_bytes(struct argp_state *state, const char *text)
{
	uint64_t bytes;

	if (parse_size(text, &bytes))
		argp_error(state, "'%s' is not a size", text);
	return bytes;
}

static int parse_state(const char *text, struct memmgr_filter *filter)
{
	if (!strcmp(text, "owned"))
		filter->states |= MEMMGR_STATE_OWNED;
	else if (!strcmp(text, "orphan"))
		filter->states |= MEMMGR_STATE_ORPHAN;
	else if (!strcmp(text, "pending"))
		filter->states |= MEMMGR_STATE_PENDING;
	else
		return -1;
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct memmgr_filter *filter = state->input;

	switch (key) {
	case KEY_TAG:
		parse_tag_match(state, arg, filter);
		return 0;
	case KEY_OWNER:
		filter->owner = parse_u32(state, arg, "an owner's number");
		filter->flags |= MEMMGR_ITERATE_OWNER;
		return 0;
	case KEY_STATE:
		if (parse_state(arg, filter))
			argp_error(state, "the state is owned, orphan or pending, not '%s'", arg);
		return 0;
	case KEY_SIZE_MIN:
		filter->size_min = parse_bytes(state, arg);
		return 0;
	case KEY_SIZE_MAX:
		filter->size_max = parse_bytes(state, arg);
		return 0;
	case KEY_FROM:
		filter->epoch_from = parse_u32(state, arg, "an epoch");
		return 0;
	case KEY_BEFORE:
		filter->epoch_before = parse_u32(state, arg, "an epoch");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp filter_argp = {
	.options = options,
	.parser = parse_option,
};

const struct argp_child filter_children[] = {
	{ &context_argp, 0, "Options of every command:", 1 },
	{ &filter_argp, 0, NULL, 0 },
	{},
};
