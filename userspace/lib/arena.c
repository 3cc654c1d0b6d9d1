/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What an arena is and how it does. */
#include <errno.h>
#include <string.h>

#include "internal.h"

EXPORT int memmgr_fd(const struct memmgr *m)
{
	return m->fd;
}

EXPORT void *memmgr_base(const struct memmgr *m)
{
	return m->base;
}

EXPORT size_t memmgr_size(const struct memmgr *m)
{
	return m->size;
}

EXPORT int memmgr_info(const struct memmgr *m, struct memmgr_info *info)
{
	memset(info, 0, sizeof(*info));
	return memmgr_ioctl(m->fd, MEMMGR_IOC_INFO, info);
}

EXPORT int memmgr_engine_name(const struct memmgr *m, unsigned int index,
			      char name[MEMMGR_ENGINE_NAME_LEN])
{
	struct memmgr_info info = { .engine_index = index };

	if (memmgr_ioctl(m->fd, MEMMGR_IOC_INFO, &info))
		return -1;
	if (index >= info.out_engine_count) {
		errno = ENOENT;
		return -1;
	}
	memcpy(name, info.out_engine_name, MEMMGR_ENGINE_NAME_LEN);
	return 0;
}

EXPORT int memmgr_stat(const struct memmgr *m, struct memmgr_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	return memmgr_ioctl(m->fd, MEMMGR_IOC_STAT, stat);
}

EXPORT int memmgr_epoch(const struct memmgr *m, unsigned int flags, uint32_t *epoch)
{
	struct memmgr_epoch want = { .flags = flags };

	if (memmgr_ioctl(m->fd, MEMMGR_IOC_EPOCH, &want))
		return -1;
	*epoch = want.out_epoch;
	return 0;
}

EXPORT int memmgr_validate(const struct memmgr *m, struct memmgr_validate *result)
{
	memset(result, 0, sizeof(*result));
	return memmgr_ioctl(m->fd, MEMMGR_IOC_VALIDATE, result);
}
