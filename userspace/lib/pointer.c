/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Pointers, handles and offsets, and what they say of each other. */
#include <errno.h>

#include "prefix.h"

/* The block of a pointer, as the kernel describes it, and the pointer's place. */
static int resolve(const struct memmgr *m, const void *ptr, struct place *place,
		   struct memmgr_block *block)
{
	if (memmgr_prefix_read(m, ptr, place))
		return -1;
	if (memmgr_block_query(m, place->handle, block))
		return -1;
	if (block->offset != place->offset || block->usable <= place->lead) {
		errno = ENOENT;
		return -1;
	}
	return 0;
}

EXPORT size_t memmgr_usable_size(const struct memmgr *m, const void *ptr)
{
	struct memmgr_block block;
	struct place place;

	if (resolve(m, ptr, &place, &block))
		return 0;
	return (size_t)block.usable - place.lead;
}

EXPORT int memmgr_tag(const struct memmgr *m, const void *ptr, uint32_t *tag)
{
	struct memmgr_block block;
	struct place place;

	if (resolve(m, ptr, &place, &block))
		return -1;
	*tag = block.tag;
	return 0;
}

EXPORT uint64_t memmgr_handle(const struct memmgr *m, const void *ptr)
{
	struct memmgr_block block;
	struct place place;

	if (resolve(m, ptr, &place, &block))
		return 0;
	return block.handle;
}

EXPORT void *memmgr_pointer(const struct memmgr *m, uint64_t handle)
{
	struct memmgr_block block;

	if (memmgr_block_query(m, handle, &block))
		return NULL;
	return memmgr_prefix_find(m, &block);
}

EXPORT uint64_t memmgr_offset(const struct memmgr *m, const void *ptr)
{
	uintptr_t offset = (uintptr_t)ptr - (uintptr_t)m->base;

	if (offset >= m->size) {
		errno = EINVAL;
		return MEMMGR_OFFSET_NONE;
	}
	return offset;
}

EXPORT void *memmgr_at(const struct memmgr *m, uint64_t offset)
{
	if (offset >= m->size) {
		errno = EINVAL;
		return NULL;
	}
	return m->base + offset;
}
