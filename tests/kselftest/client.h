/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Running the cases of memmgr_test.ko, a client in the kernel.
 */
#ifndef MEMMGR_TEST_CLIENT_H
#define MEMMGR_TEST_CLIENT_H

#include "module.h"
#include "text.h"

#define T_CLIENT T_DEBUGFS "/memmgr_test"

static inline int t_client_load(void)
{
	t_mount("debugfs", T_DEBUGFS);
	return t_load_other("memmgr_test", "");
}

/* Run a case: 0, -EPROTO where it failed, -ENOENT if there is none. */
static inline int t_client(const char *name, long arg)
{
	char text[64];
	int fd = open(T_CLIENT "/run", O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	snprintf(text, sizeof(text), "%s %ld", name, arg);
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Where the last case failed, or what it said. */
static inline const char *t_client_result(void)
{
	static char text[256];
	int fd = open(T_CLIENT "/result", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	text[got < 0 ? 0 : got] = '\0';
	close(fd);
	return text;
}

#define T_CLIENT_PASSES(name, arg)                                                   \
	do {                                                                         \
		int __ret = t_client(name, arg);                                     \
		ASSERT_EQ(0, __ret)                                                  \
			TH_LOG("%s: %s", name, t_client_result());                   \
	} while (0)

#endif /* MEMMGR_TEST_CLIENT_H */
