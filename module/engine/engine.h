/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The contract between an arena and its engine.
 *
 * An engine decides where: it finds, claims and releases runs of granules. It
 * knows nothing of handles, tags, owners or users. Its unit is the granule; it
 * never sees the payload, only numbers from 0 to the arena's length.
 *
 * Rules, for every engine and every call
 *   - All memory is the caller's: footprint() bytes, zeroed, before init().
 *     Nothing allocates, sleeps or takes a lock afterwards.
 *   - Each call does a bounded amount of work. What may take longer stops with
 *     -EAGAIN and goes on where it was when called again.
 *   - A call that fails has changed nothing. What is asked for out of the range
 *     stated for it is -EINVAL.
 *   - Claimed and free runs tile the arena exactly. The size of a run comes from
 *     the caller's record of it, never from the arena's memory.
 *   - release() and a shrinking resize() of a claimed run cannot fail. Of a run
 *     that is not claimed they are damage in the caller: -EUCLEAN, no change.
 *   - Calls on one engine are serialised by the caller's lock, unless the engine
 *     says MEMMGR_ENGINE_CONCURRENT, in which case it needs none, from any
 *     context.
 */
#ifndef MEMMGR_ENGINE_ENGINE_H
#define MEMMGR_ENGINE_ENGINE_H

#include "env.h"

/* Longest arena, in granules: 32 GiB of 16-byte granules. */
#define MEMMGR_GRANULES_MAX (1ULL << 31)

/**
 * struct memmgr_run - neighbouring granules
 * @start: the first one
 * @len: how many, > 0
 */
struct memmgr_run {
	u64 start;
	u64 len;
};

static inline u64 memmgr_run_end(const struct memmgr_run *run)
{
	return run->start + run->len;
}

/**
 * struct memmgr_geometry - what an engine is made for
 * @granules: length of the arena, 1..MEMMGR_GRANULES_MAX, any number
 * @cpus: how many callers a concurrent engine should keep apart, >= 1
 * @reserve: granules set aside for an emergency, by the engines that have one
 * @flags: MEMMGR_GEOMETRY_*
 */
struct memmgr_geometry {
	u64 granules;
	u32 cpus;
	u32 flags;
	u64 reserve;
};

/* The emergency heap serves only claims with MEMMGR_CLAIM_RESERVE. */
#define MEMMGR_GEOMETRY_RESERVED (1U << 0)

/**
 * struct memmgr_claim - what is asked of claim()
 * @len: granules, > 0
 * @align: the run's start is a multiple of it; a power of two, in granules
 * @from: where the search goes on after -EAGAIN; 0 at first, then the engine's
 * @hint: any number; a concurrent engine starts its search in a place of its own
 *	for each (the CPU, usually)
 * @flags: MEMMGR_CLAIM_*
 */
struct memmgr_claim {
	u64 len;
	u64 align;
	u64 from;
	u32 hint;
	u32 flags;
};

#define MEMMGR_CLAIM_FAST (1U << 0) /* give up early rather than search well */
#define MEMMGR_CLAIM_RESERVE (1U << 1) /* may use the emergency heap */

/**
 * struct memmgr_resize - what is asked of resize()
 * @len: new length in granules, > 0
 * @align: the start stays a multiple of it; a power of two, in granules
 * @flags: MEMMGR_RESIZE_*
 */
struct memmgr_resize {
	u64 len;
	u64 align;
	u32 flags;
};

/*
 * May also grow towards lower addresses. The granules that it had all stay its
 * own, even where alignment then makes it longer than wanted, so that the caller
 * can still copy what is in them; a second call without the flag cuts the end.
 */
#define MEMMGR_RESIZE_DOWN (1U << 0)

/**
 * struct memmgr_engine_stat - an engine's figures
 * @free: free granules
 * @largest: longest run that a claim can get, granules; a bound from above for
 *	engines that are concurrent
 * @lost_races: places found free that another caller claimed first (concurrent
 *	engines, as what follows)
 * @retries: exchanges made again because another caller changed the word
 * @ties_broken: times that a caller lost too often and changed its way
 */
struct memmgr_engine_stat {
	u64 free;
	u64 largest;
	u64 lost_races;
	u64 retries;
	u64 ties_broken;
};

/**
 * struct memmgr_check - a validation under way, one bounded step a call
 * @cursor: 0 at first, then the engine's: how far the walk has come
 * @free: free granules found so far
 * @changes: the engine's count of changes when the walk began; tells whether
 *	@free can be compared with the engine's own count at the end
 * @what: on damage, what it is
 * @at: on damage, the granule where it was found
 */
struct memmgr_check {
	u64 cursor;
	u64 free;
	u64 changes;
	const char *what;
	u64 at;
};

/**
 * struct memmgr_engine - an engine's operations; @meta is its memory
 * @name: what users select it by
 * @flags: MEMMGR_ENGINE_*
 *
 * @footprint: bytes of metadata for @geo; 0 if it cannot be served
 * @init: make a new engine in @meta, all granules free. Errors: -EINVAL
 * @claim: take a free run of at least @claim->len granules, aligned, into @run.
 *	-ENOMEM: fewer granules are free; -ENOSPC: no free run fits; -EAGAIN: not
 *	decided yet, call again (@claim->from has moved) or give up
 * @release: give back the claimed granules of @run, a whole claim or the end of
 *	one that the engine was asked to shrink by; -EUCLEAN if not claimed
 * @resize: make the claimed @run longer or shorter in place and update it; its
 *	new length is at least the wanted one, and just that if a concurrent
 *	engine makes it shorter. -ENOSPC: the neighbours are not
 *	free; -EAGAIN: lost a race, call again; -EUCLEAN if @run is not claimed
 * @next_free: first free run that starts at or after @from (a run that @from
 *	lies in is clipped); false if there is none
 * @stat: figures, at constant cost
 * @validate: one step of a walk over everything the engine keeps. 0: done;
 *	-EAGAIN: call again; -EUCLEAN: damage, see @check; from a concurrent
 *	engine certain only if nobody was at work during the step
 */
struct memmgr_engine {
	const char *name;
	u32 flags;

	u64 (*footprint)(const struct memmgr_geometry *geo);
	int (*init)(void *meta, const struct memmgr_geometry *geo);
	int (*claim)(void *meta, struct memmgr_claim *claim, struct memmgr_run *run);
	int (*release)(void *meta, const struct memmgr_run *run);
	int (*resize)(void *meta, const struct memmgr_resize *want, struct memmgr_run *run);
	bool (*next_free)(const void *meta, u64 from, struct memmgr_run *run);
	void (*stat)(const void *meta, struct memmgr_engine_stat *stat);
	int (*validate)(const void *meta, struct memmgr_check *check);
};

#define MEMMGR_ENGINE_CONCURRENT (1U << 0) /* needs no lock */
#define MEMMGR_ENGINE_RESERVE (1U << 1) /* has an emergency heap */

/* The engines there are, by index from 0; NULL past the last. */
const struct memmgr_engine *memmgr_engine_at(unsigned int index);

/* The engine called @name, or NULL. */
const struct memmgr_engine *memmgr_engine_find(const char *name);

extern const struct memmgr_engine memmgr_first_fit;
extern const struct memmgr_engine memmgr_best_fit;
extern const struct memmgr_engine memmgr_chunk;
extern const struct memmgr_engine memmgr_buddy;
extern const struct memmgr_engine memmgr_ebuddy;

#endif /* MEMMGR_ENGINE_ENGINE_H */
