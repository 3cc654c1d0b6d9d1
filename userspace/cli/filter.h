/* SPDX-License-Identifier: GPL-2.0 */
/* The options that select blocks. */
#ifndef MEMMGR_CLI_FILTER_H
#define MEMMGR_CLI_FILTER_H

#include "common.h"

/*
 * Children of the argp of a command that selects blocks, whose parser calls
 * pass_filter() for ARGP_KEY_INIT.
 */
extern const struct argp_child filter_children[];

static inline error_t pass_filter(struct argp_state *state, struct context *context,
				  struct memmgr_filter *filter)
{
	state->child_inputs[0] = context;
	state->child_inputs[1] = filter;
	return 0;
}

/* TAG or TAG/MASK, into @filter; @text is cut in two. Exits if it is neither. */
void parse_tag_match(struct argp_state *state, char *text, struct memmgr_filter *filter);

#endif /* MEMMGR_CLI_FILTER_H */
