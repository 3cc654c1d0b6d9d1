/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading and unloading the module from a test. MEMMGR_KO names it.
 */
#ifndef MEMMGR_TEST_MODULE_H
#define MEMMGR_TEST_MODULE_H

#include "memmgr_test.h"

#define T_MODULE "/sys/module/memmgr"

static inline const char *t_module(void)
{
	const char *path = getenv("MEMMGR_KO");

	return path && !access(path, R_OK) ? path : NULL;
}

/* For tests that cannot do without. */
#define T_NEEDS_MODULE()                                                             \
	do {                                                                         \
		if (!t_module())                                                     \
			SKIP(return, "MEMMGR_KO does not name the module");          \
	} while (0)

static inline int t_load(const char *params)
{
	int fd = open(t_module(), O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* -EWOULDBLOCK: somebody uses it. */
static inline int t_unload(void)
{
	return syscall(SYS_delete_module, "memmgr", O_NONBLOCK) ? -errno : 0;
}

static inline bool t_loaded(void)
{
	return !access(T_MODULE, F_OK);
}

#endif /* MEMMGR_TEST_MODULE_H */
