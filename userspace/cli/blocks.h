/* SPDX-License-Identifier: GPL-2.0 */
/* All blocks of an arena at one time, sorted by address. */
#ifndef MEMMGR_CLI_BLOCKS_H
#define MEMMGR_CLI_BLOCKS_H

#include <stddef.h>

#include <memmgr.h>

struct blocks {
	struct memmgr_block *at;
	size_t count;
	size_t room;
};

/* 0, or -1 and errno; forget the result with blocks_free() in both cases. */
int blocks_collect(struct blocks *blocks, struct memmgr *m, const struct memmgr_filter *filter);

void blocks_free(struct blocks *blocks);

const char *block_state(const struct memmgr_block *block);
const char *block_policy(const struct memmgr_block *block);

#endif /* MEMMGR_CLI_BLOCKS_H */
