/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* The one way into the kernel. */
#include <errno.h>
#include <sys/ioctl.h>

#include "internal.h"

/*
 * A command that returns EINTR has changed nothing, so it may be repeated.
 * glibc declares the command unsigned long, musl int.
 */
int memmgr_ioctl(int fd, unsigned long command, void *arg)
{
	int saved = errno;
	int ret;

	do {
		ret = ioctl(fd, (__typeof__(_IO(0, 0)))command, arg);
	} while (ret < 0 && errno == EINTR);

	if (ret < 0)
		return -1;
	errno = saved;
	return 0;
}
