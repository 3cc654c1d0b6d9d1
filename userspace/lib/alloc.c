/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Blocks by pointer: allocating, changing and freeing them. */
#include <errno.h>

#include "prefix.h"

/* Bytes of a block for @size bytes of payload. */
static int block_size(size_t lead, size_t size, __u64 *total)
{
	size_t sum;

	if (__builtin_add_overflow(lead, size ? size : 1, &sum)) {
		errno = EOVERFLOW;
		return -1;
	}
	*total = sum;
	return 0;
}

EXPORT void *memmgr_alloc(struct memmgr *m, size_t size, uint32_t tag)
{
	return memmgr_aligned_alloc(m, 0, size, tag, 0);
}

EXPORT void *memmgr_calloc(struct memmgr *m, size_t count, size_t size, uint32_t tag)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = EOVERFLOW;
		return NULL;
	}
	return memmgr_aligned_alloc(m, 0, total, tag, MEMMGR_ZERO);
}

EXPORT void *memmgr_aligned_alloc(struct memmgr *m, size_t align, size_t size, uint32_t tag,
				  unsigned int flags)
{
	size_t lead = align > MEMMGR_LEAD_MIN ? align : MEMMGR_LEAD_MIN;
	struct memmgr_alloc want = {
		.align = lead,
		.tag = tag,
		.flags = flags & MEMMGR_ZERO ? MEMMGR_ALLOC_ZERO : 0,
		.policy = flags & MEMMGR_KEEP ? MEMMGR_POLICY_KEEP : MEMMGR_POLICY_FREE,
	};

	if ((align && !is_power_of_two(align)) || align > MEMMGR_ALIGN_MAX ||
	    flags & ~(MEMMGR_ZERO | MEMMGR_KEEP)) {
		errno = EINVAL;
		return NULL;
	}
	if (block_size(lead, size, &want.size))
		return NULL;
	if (memmgr_block_alloc(m, &want))
		return NULL;
	return memmgr_prefix_write(m, &(struct place){ want.out_handle, want.out_offset, lead });
}

/*
 * A block that moves is copied from its start: the prefixes move along, and what
 * they say stays true.
 */
EXPORT void *memmgr_realloc(struct memmgr *m, void *ptr, size_t size)
{
	struct memmgr_realloc want = { .flags = MEMMGR_CHECK_OFFSET };
	struct place place;

	if (!ptr)
		return memmgr_alloc(m, size, 0);
	if (!m->writable) {
		errno = EPERM;
		return NULL;
	}
	if (memmgr_prefix_read(m, ptr, &place) || block_size(place.lead, size, &want.size))
		return NULL;

	want.handle = place.handle;
	want.offset = place.offset;
	if (memmgr_block_realloc(m, &want))
		return NULL;
	return m->base + want.out_offset + place.lead;
}

EXPORT int memmgr_free(struct memmgr *m, void *ptr)
{
	struct memmgr_free want = { .flags = MEMMGR_CHECK_OFFSET };
	struct place place;

	if (!ptr)
		return 0;
	if (!m->writable) {
		errno = EPERM;
		return -1;
	}
	if (memmgr_prefix_read(m, ptr, &place))
		return -1;

	want.handle = place.handle;
	want.offset = place.offset;
	return memmgr_ioctl(m->fd, MEMMGR_IOC_FREE, &want);
}
