/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An engine with memory of its own, called under a lock unless it needs none: what
 * module/space.c does, in a process.
 */
#ifndef MEMMGR_BENCH_SPACE_H
#define MEMMGR_BENCH_SPACE_H

#include "engine/engine.h"
#include "lock.h"

/**
 * struct space_config - what is divided, and by whom
 * @engine: divides it
 * @size: bytes
 * @granule: bytes, a power of two
 * @cpus: callers that a concurrent engine should keep apart
 * @share: of the space, set aside by engines that have an emergency heap; 0..1
 */
struct space_config {
	const struct memmgr_engine *engine;
	u64 size;
	u32 granule;
	u32 cpus;
	double share;
};

struct space {
	const struct memmgr_engine *engine;
	void *meta;
	u64 meta_bytes;
	u64 granules;
	u32 shift;
	bool needs_lock;
	struct lock lock;
};

/* False if the engine cannot serve such a space. */
bool space_init(struct space *space, const struct space_config *config);
void space_end(struct space *space);

static inline u64 space_granules(const struct space *space, u64 bytes)
{
	return (bytes + BIT_ULL(space->shift) - 1) >> space->shift;
}

static inline void space_lock(struct space *space)
{
	if (space->needs_lock)
		lock_take(&space->lock);
}

static inline void space_unlock(struct space *space)
{
	if (space->needs_lock)
		lock_give(&space->lock);
}

/* 0, -ENOMEM or -ENOSPC. Inline, as is release: what it costs is measured too. */
static inline int space_claim(struct space *space, u64 len, u64 align, u32 cpu,
			      struct memmgr_run *run)
{
	struct memmgr_claim claim = { .len = len, .align = align, .hint = cpu };
	int ret;

	do {
		space_lock(space);
		ret = space->engine->claim(space->meta, &claim, run);
		space_unlock(space);
	} while (unlikely(ret == -EAGAIN));
	return ret;
}

/* Ends the process. */
void space_is_damaged(const struct space *space, const char *what, int ret)
	__attribute__((noreturn));

/* Cannot fail. */
static inline void space_release(struct space *space, const struct memmgr_run *run)
{
	int ret;

	space_lock(space);
	ret = space->engine->release(space->meta, run);
	space_unlock(space);
	if (unlikely(ret))
		space_is_damaged(space, "release", ret);
}

/* 0 or -ENOSPC. @flags: MEMMGR_RESIZE_* */
int space_resize(struct space *space, u64 len, u32 flags, struct memmgr_run *run);

#endif /* MEMMGR_BENCH_SPACE_H */
