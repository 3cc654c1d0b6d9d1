/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Becoming an owner on an arena, and ceasing to be one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static void close_keeping_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

static int open_device(const char *path, unsigned int flags)
{
	int mode = flags & MEMMGR_READONLY ? O_RDONLY : O_RDWR;

	return open(path ? path : MEMMGR_DEVICE, mode | O_CLOEXEC);
}

/* Wrap a descriptor, which stays the caller's if that fails. */
static struct memmgr *wrap(int fd)
{
	struct memmgr_info info = {};
	struct memmgr *m;

	if (memmgr_ioctl(fd, MEMMGR_IOC_INFO, &info))
		return NULL;
	if (info.out_arena_size > SIZE_MAX) {
		errno = EOVERFLOW;
		return NULL;
	}

	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->fd = fd;
	m->writable = info.out_rights & MEMMGR_RIGHT_WRITE;
	m->size = (size_t)info.out_arena_size;
	m->base = memmgr_map(fd, m->size, m->writable);
	if (!m->base) {
		free(m);
		return NULL;
	}
	return m;
}

/* Wrap a descriptor of our own making; -1 is passed on. */
static struct memmgr *wrap_or_close(int fd)
{
	struct memmgr *m;

	if (fd < 0)
		return NULL;
	m = wrap(fd);
	if (!m)
		close_keeping_errno(fd);
	return m;
}

EXPORT struct memmgr *memmgr_open(const char *path, unsigned int flags)
{
	if (flags & ~MEMMGR_READONLY) {
		errno = EINVAL;
		return NULL;
	}
	return wrap_or_close(open_device(path, flags));
}

/* Copy a text member, NUL included; a missing text is an empty one. */
static int copy_text(char *to, const char *from, size_t room)
{
	size_t length = from ? strlen(from) : 0;

	if (length >= room) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (length)
		memcpy(to, from, length);
	return 0;
}

EXPORT struct memmgr *memmgr_create(const char *path, const struct memmgr_config *config)
{
	struct memmgr_arena_create create = {
		.size = config->size,
		.granule = config->granule,
		.flags = config->flags,
		.reserve = config->reserve,
	};
	int device, ret;

	if (copy_text(create.engine, config->engine, sizeof(create.engine)) ||
	    copy_text(create.name, config->name, sizeof(create.name)))
		return NULL;

	device = open_device(path, 0);
	if (device < 0)
		return NULL;
	ret = memmgr_ioctl(device, MEMMGR_IOC_ARENA_CREATE, &create);
	close_keeping_errno(device);
	return ret ? NULL : wrap_or_close(create.out_fd);
}

EXPORT struct memmgr *memmgr_attach(const struct memmgr *m, unsigned int flags)
{
	struct memmgr_attach attach = {};

	if (flags & ~MEMMGR_READONLY) {
		errno = EINVAL;
		return NULL;
	}
	if (flags & MEMMGR_READONLY)
		attach.flags = MEMMGR_ATTACH_READONLY;
	if (memmgr_ioctl(m->fd, MEMMGR_IOC_ATTACH, &attach))
		return NULL;
	return wrap_or_close(attach.out_fd);
}

EXPORT struct memmgr *memmgr_from_fd(int fd)
{
	struct memmgr *m = wrap(fd);

	if (m)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return m;
}

EXPORT void memmgr_close(struct memmgr *m)
{
	int saved = errno;

	if (!m)
		return;
	munmap(m->base, m->size);
	close(m->fd);
	free(m);
	errno = saved;
}
