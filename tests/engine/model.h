/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What first fit, best fit and buddy mean, said slowly: a byte for each granule, and loops.
 */
#ifndef MEMMGR_TESTS_MODEL_H
#define MEMMGR_TESTS_MODEL_H

#include "engine.h"

/**
 * struct model - the slow twin of an engine
 * @used: a byte for each granule
 * @granules: how many
 * @border: below it blocks of powers of two, from it on first fit, in case the
 *	others cannot serve a claim
 * @best: the smallest hole from the border on, not the first
 */
struct model {
	u8 *used;
	u64 granules;
	u64 border;
	bool best;
};

/* A model of @engine with @reserve granules for emergencies. */
struct model model_new(const struct memmgr_engine *engine, u64 granules, u64 reserve);
void model_free(struct model *m);

/* Is every granule of @run claimed? */
bool model_is_claimed(const struct model *m, const struct memmgr_run *run);

/* Claim just @run; false if it is not all free. */
bool model_take(struct model *m, const struct memmgr_run *run);

int model_claim(struct model *m, u64 len, u64 align, struct memmgr_run *run);
int model_release(struct model *m, const struct memmgr_run *run);
int model_resize(struct model *m, const struct memmgr_resize *want, struct memmgr_run *run);
bool model_next_free(const struct model *m, u64 from, struct memmgr_run *run);

/* What is free; and the longest run from the border on. */
struct memmgr_engine_stat model_stat(const struct model *m);

/* The longest claim that would succeed; slower. */
u64 model_largest(const struct model *m);

#endif /* MEMMGR_TESTS_MODEL_H */
