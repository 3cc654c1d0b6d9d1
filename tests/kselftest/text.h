/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that the kernel shows: reading it whole, and looking for what must not be
 * in it.
 */
#ifndef MEMMGR_TEST_TEXT_H
#define MEMMGR_TEST_TEXT_H

#include "memmgr_test.h"

#include <ctype.h>

/* All of @fd from where it is, @step bytes at a time; malloc'd, or NULL. */
static inline char *t_read_fd(int fd, size_t step)
{
	size_t room = 1 << 16, len = 0;
	char *text = malloc(room + 1);

	for (;;) {
		ssize_t got;

		if (room - len < step)
			text = realloc(text, (room *= 2) + 1);
		got = read(fd, text + len, step);
		if (got < 0) {
			free(text);
			return NULL;
		}
		if (!got)
			break;
		len += got;
	}
	text[len] = '\0';
	return text;
}

static inline char *t_read(const char *path, size_t step)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0)
		return NULL;
	text = t_read_fd(fd, step);
	close(fd);
	return text;
}

static inline int t_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Something that looks like an address of the kernel's: ffff and 12 digits more. */
static inline const char *t_kernel_address(const char *text)
{
	for (const char *at = text; (at = strstr(at, "ffff")); at++) {
		int digits = 4;

		while (isxdigit(at[digits]))
			digits++;
		if (digits == 16 && (at == text || !isxdigit(at[-1])))
			return at;
	}
	return NULL;
}

#endif /* MEMMGR_TEST_TEXT_H */
