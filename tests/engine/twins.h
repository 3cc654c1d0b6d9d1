/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * An engine and its slow model: both are asked the same, and every answer is compared.
 *
 * The model of an engine that chooses its places as it likes (a concurrent one) says
 * only whether there must be one; where it is must be free, aligned and as long as
 * was asked for.
 */
#ifndef MEMMGR_TESTS_TWINS_H
#define MEMMGR_TESTS_TWINS_H

#include "model.h"
#include "world.h"

struct twins {
	struct world w;
	struct model m;
};

struct twins twins_new(const struct memmgr_engine *engine, const struct memmgr_geometry *geo);
struct twins twins_fork(const struct twins *from);
void twins_free(struct twins *t);

/* Their common answer; a claim is repeated as long as the engine says -EAGAIN. */
int twins_claim(struct twins *t, const struct memmgr_claim *claim, struct memmgr_run *run);
int twins_release(struct twins *t, const struct memmgr_run *run);
int twins_resize(struct twins *t, const struct memmgr_resize *want, struct memmgr_run *run);

/* Compare the first free run from @from on, and what is free in all. */
void twins_look(const struct twins *t, u64 from);

/* Compare the longest claim that would succeed; slow. */
void twins_look_for_largest(const struct twins *t);

/* The engine is sound, and all its free runs are the model's. */
void twins_check(const struct twins *t);

/* A claim of up to @most granules and a resize of @run that make sense, mostly. */
struct memmgr_claim choose_claim(struct rng *rng, u64 granules, u64 most);
struct memmgr_resize choose_resize(struct rng *rng, const struct memmgr_run *run, u64 most);

#endif /* MEMMGR_TESTS_TWINS_H */
