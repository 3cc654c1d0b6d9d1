/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef MEMMGR_ENGINE_CHUNK_CHECK_H
#define MEMMGR_ENGINE_CHUNK_CHECK_H

#include "engine.h"

/* One step of a validation; see engine.h. */
int memmgr_chunk_validate(const void *meta, struct memmgr_check *check);

#endif /* MEMMGR_ENGINE_CHUNK_CHECK_H */
