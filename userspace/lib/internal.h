/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What the library's files share. */
#ifndef LIBMEMMGR_INTERNAL_H
#define LIBMEMMGR_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <memmgr.h>

#define EXPORT __attribute__((visibility("default")))

/**
 * struct memmgr - an owner and a mapping; nothing in it changes once it exists
 * @fd: descriptor
 * @writable: the descriptor has MEMMGR_RIGHT_WRITE
 * @base: mapping
 * @size: its length
 */
struct memmgr {
	int fd;
	bool writable;
	unsigned char *base;
	size_t size;
};

/* ioctl() that is not disturbed by signals. */
int memmgr_ioctl(int fd, unsigned long command, void *arg);

/* Map @size bytes of @fd at a multiple of MEMMGR_ALIGN_MAX; NULL and errno. */
void *memmgr_map(int fd, size_t size, bool writable);

static inline bool is_power_of_two(size_t n)
{
	return n && !(n & (n - 1));
}

#endif /* LIBMEMMGR_INTERNAL_H */
