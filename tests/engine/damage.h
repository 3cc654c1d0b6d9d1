/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What validate() makes of damaged metadata.
 */
#ifndef MEMMGR_TESTS_DAMAGE_H
#define MEMMGR_TESTS_DAMAGE_H

#include "world.h"

/*
 * Flip every single bit of the metadata. Either validate() says so, or it makes no
 * difference to anything that the engine ever answers: what pads the metadata, and
 * the count of changes.
 */
void flip_every_bit(const struct world *w, u64 harmless_expected);

/* The same in an arena with everything in it. */
void every_flipped_bit_is_found_or_harmless(const struct memmgr_engine *engine, u64 granules,
					    u64 reserve, u64 harmless_expected);

/*
 * For an engine that needs no lock, whose hints may be wrong: either validate() says
 * so, or all calls that follow are answered as if nothing had happened, but for the
 * places. A wrong granule is always found.
 */
void every_flipped_bit_is_found_or_misleads(const struct memmgr_engine *engine, u64 granules);

/* Any bytes at all: it may find nothing wrong with them, but it comes to an end. */
void validate_survives_garbage(const struct memmgr_engine *engine, u64 reserve);

#endif /* MEMMGR_TESTS_DAMAGE_H */
