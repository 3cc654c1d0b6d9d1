/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Reading and writing prefixes; see prefix.h. */
#include <errno.h>
#include <string.h>

#include "prefix.h"

/* Others may write to the arena meanwhile: each value is loaded exactly once. */
static struct prefix load(const unsigned char *at)
{
	const volatile struct prefix *prefix = (const void *)at;

	return (struct prefix){ .handle = prefix->handle, .lead = prefix->lead };
}

static void store(unsigned char *at, const struct place *place)
{
	struct prefix prefix = { .handle = place->handle, .lead = place->lead };

	memcpy(at, &prefix, sizeof(prefix));
}

void *memmgr_prefix_write(const struct memmgr *m, const struct place *place)
{
	unsigned char *block = m->base + place->offset;
	unsigned char *payload = block + place->lead;

	store(block, place);
	store(payload - sizeof(struct prefix), place);
	return payload;
}

/* Can there be a lead as large as that before something at @offset? */
static bool lead_is_possible(uint64_t lead, uint64_t offset)
{
	return lead >= MEMMGR_LEAD_MIN && lead <= MEMMGR_ALIGN_MAX && lead <= offset &&
	       !(lead & (lead - 1));
}

int memmgr_prefix_read(const struct memmgr *m, const void *ptr, struct place *place)
{
	uintptr_t offset = (uintptr_t)ptr - (uintptr_t)m->base;
	struct prefix prefix;

	if (offset < sizeof(prefix) || offset >= m->size || offset % MEMMGR_ALIGN_MIN)
		goto invalid;
	prefix = load((const unsigned char *)ptr - sizeof(prefix));
	if (!lead_is_possible(prefix.lead, offset))
		goto invalid;

	place->handle = prefix.handle;
	place->lead = (size_t)prefix.lead;
	place->offset = offset - prefix.lead;
	return 0;

invalid:
	errno = EINVAL;
	return -1;
}

void *memmgr_prefix_find(const struct memmgr *m, const struct memmgr_block *block)
{
	struct prefix prefix;
	struct place place;
	unsigned char *ptr;

	if (block->size <= sizeof(prefix))
		goto invalid;
	prefix = load(m->base + block->offset);
	if (prefix.lead >= block->size)
		goto invalid;

	ptr = m->base + block->offset + prefix.lead;
	if (memmgr_prefix_read(m, ptr, &place))
		return NULL;
	if (place.handle != block->handle || place.offset != block->offset)
		goto invalid;
	return ptr;

invalid:
	errno = EINVAL;
	return NULL;
}
