/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What first fit means, said slowly: a byte for each granule, and loops.
 */
#ifndef MEMMGR_TESTS_MODEL_H
#define MEMMGR_TESTS_MODEL_H

#include "engine.h"

struct model {
	u8 *used;
	u64 granules;
};

struct model model_new(u64 granules);
void model_free(struct model *m);

int model_claim(struct model *m, u64 len, u64 align, struct memmgr_run *run);
int model_release(struct model *m, const struct memmgr_run *run);
int model_resize(struct model *m, const struct memmgr_resize *want, struct memmgr_run *run);
bool model_next_free(const struct model *m, u64 from, struct memmgr_run *run);
struct memmgr_engine_stat model_stat(const struct model *m);

#endif /* MEMMGR_TESTS_MODEL_H */
