// SPDX-License-Identifier: GPL-2.0
#include "memory.h"

#include <err.h>
#include <sys/mman.h>

static void *map(size_t bytes, int flags)
{
	void *memory = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "%zu bytes of memory", bytes);
	return memory;
}

void *memory_new(size_t bytes)
{
	return map(bytes, MAP_POPULATE);
}

void *memory_reserve(size_t bytes)
{
	return map(bytes, MAP_NORESERVE);
}

void memory_free(void *memory, size_t bytes)
{
	munmap(memory, bytes ? bytes : 1);
}
