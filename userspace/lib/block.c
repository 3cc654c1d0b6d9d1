/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Blocks by handle: the kernel's commands as they are. */
#include <errno.h>

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

/* The error of the first entry that has one, or 0. */
static int first_error(const struct memmgr_act_entry *entries, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (entries[i].out_result)
			return -entries[i].out_result;
	return 0;
}

static int act_on_some(struct memmgr *m, struct memmgr_act_entry *entries, uint32_t count,
		       int *error)
{
	struct memmgr_act act = { .entries = (uintptr_t)entries, .count = count };

	if (memmgr_ioctl(m->fd, MEMMGR_IOC_ACT, &act))
		return -1;
	if (!*error && act.out_done < count)
		*error = first_error(entries, count);
	return 0;
}

EXPORT int memmgr_block_act(struct memmgr *m, struct memmgr_act_entry *entries, size_t count)
{
	uint32_t some;
	int error = 0;

	for (; count; count -= some, entries += some) {
		some = count < MEMMGR_ACT_MAX ? (uint32_t)count : MEMMGR_ACT_MAX;
		if (act_on_some(m, entries, some, &error))
			return -1;
	}
	if (!error)
		return 0;
	errno = error;
	return -1;
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
