/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Mapping an arena at an aligned address.
 *
 * The alignment that a pointer can have in every process is that of the mapping.
 * More address space than needed is reserved, the arena is mapped over its
 * aligned part, and the rest is given back:
 *
 *	| head |        arena        | tail |
 *	       ^ multiple of MEMMGR_ALIGN_MAX
 */
#include <errno.h>
#include <sys/mman.h>

#include "internal.h"

static void unmap(unsigned char *from, const unsigned char *to)
{
	if (from < to)
		munmap(from, (size_t)(to - from));
}

void *memmgr_map(int fd, size_t size, bool writable)
{
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	unsigned char *reserved, *end, *base;
	size_t length;
	int saved;

	if (__builtin_add_overflow(size, MEMMGR_ALIGN_MAX, &length)) {
		errno = EOVERFLOW;
		return NULL;
	}

	reserved = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			0);
	if (reserved == MAP_FAILED)
		return NULL;
	end = reserved + length;
	base = reserved + (-(uintptr_t)reserved & (MEMMGR_ALIGN_MAX - 1));

	if (mmap(base, size, prot, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
		saved = errno;
		unmap(reserved, end);
		errno = saved;
		return NULL;
	}

	unmap(reserved, base);
	unmap(base + size, end);
	return base;
}
