// SPDX-License-Identifier: GPL-2.0
#include "space.h"

#include <err.h>

#include "memory.h"

void space_is_damaged(const struct space *space, const char *what, int ret)
{
	errx(1, "%s: %s: error %d", space->engine->name, what, -ret);
}

int space_resize(struct space *space, u64 len, u32 flags, struct memmgr_run *run)
{
	struct memmgr_resize want = { .len = len, .align = 1, .flags = flags };
	int ret;

	do {
		space_lock(space);
		ret = space->engine->resize(space->meta, &want, run);
		space_unlock(space);
	} while (ret == -EAGAIN);
	if (ret && ret != -ENOSPC)
		space_is_damaged(space, "resize", ret);
	return ret;
}

bool space_init(struct space *space, const struct space_config *config)
{
	u64 granules = config->size / config->granule;
	struct memmgr_geometry geo = {
		.granules = granules,
		.cpus = config->cpus,
		.reserve = (u64)(config->share * (double)granules),
	};

	*space = (struct space){
		.engine = config->engine,
		.meta_bytes = config->engine->footprint(&geo),
		.granules = granules,
		.shift = (u32)ilog2(config->granule),
		.needs_lock = !(config->engine->flags & MEMMGR_ENGINE_CONCURRENT),
	};
	if (!space->meta_bytes)
		return false;
	space->meta = memory_new(space->meta_bytes);
	if (!config->engine->init(space->meta, &geo))
		return true;
	space_end(space);
	return false;
}

void space_end(struct space *space)
{
	memory_free(space->meta, space->meta_bytes);
}
