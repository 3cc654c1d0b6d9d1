/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Blocks by handle: the kernel's commands as they are. */
#include "internal.h"

EXPORT int memmgr_block_alloc(struct memmgr *m, struct memmgr_alloc *want)
{
	return memmgr_ioctl(m->fd, MEMMGR_IOC_ALLOC, want);
}

EXPORT int memmgr_block_realloc(struct memmgr *m, struct memmgr_realloc *want)
{
	return memmgr_ioctl(m->fd, MEMMGR_IOC_REALLOC, want);
}

EXPORT int memmgr_block_free(struct memmgr *m, uint64_t handle)
{
	struct memmgr_free want = { .handle = handle };

	return memmgr_ioctl(m->fd, MEMMGR_IOC_FREE, &want);
}

static int query(const struct memmgr *m, struct memmgr_query *want, struct memmgr_block *block)
{
	if (memmgr_ioctl(m->fd, MEMMGR_IOC_QUERY, want))
		return -1;
	*block = want->out_block;
	return 0;
}

EXPORT int memmgr_block_query(const struct memmgr *m, uint64_t handle, struct memmgr_block *block)
{
	struct memmgr_query want = { .handle = handle };

	return query(m, &want, block);
}

EXPORT int memmgr_block_at(const struct memmgr *m, uint64_t offset, struct memmgr_block *block)
{
	struct memmgr_query want = { .offset = offset, .flags = MEMMGR_QUERY_BY_OFFSET };

	return query(m, &want, block);
}
