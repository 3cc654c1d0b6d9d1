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

/* Load a module that was built beside memmgr.ko. */
static inline int t_load_other(const char *name, const char *params)
{
	const char *slash = strrchr(t_module(), '/');
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "%.*s/%s.ko", slash ? (int)(slash - t_module()) : 1,
		 slash ? t_module() : ".", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static inline int t_load(const char *params)
{
	return t_load_other("memmgr", params);
}

/* -EWOULDBLOCK: somebody uses it. */
static inline int t_unload_other(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static inline int t_unload(void)
{
	return t_unload_other("memmgr");
}

static inline bool t_loaded(void)
{
	return !access(T_MODULE, F_OK);
}

#endif /* MEMMGR_TEST_MODULE_H */
