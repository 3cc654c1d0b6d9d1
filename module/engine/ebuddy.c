// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * ebuddy: a buddy heap, and at the arena's end a first-fit heap for emergencies.
 *
 *	0                                  border        granules
 *	|<------------- buddy ------------->|<- first_fit ->|
 *
 * A claim goes to the emergency heap only when the buddy heap cannot serve it, and
 * if the arena is made with MEMMGR_GEOMETRY_RESERVED, only if it may. Where that
 * share is 0, nothing is set aside and there is no border.
 *
 * The two heaps are the engines of these names, each with metadata of its own and
 * numbers of its own from 0; what is here adds the border to the one's numbers and
 * tells by it whose a run is.
 *
 * How large a share? Each tenth of the arena set aside adds about two hundredths to
 * how full it gets before a claim fails; bytes asked for, sizes 16..4096, their
 * logarithm uniform, blocks coming and going:
 *
 *	share	  0   3 %  10 %  20 %  30 %  40 %  50 %	      all: first_fit
 *	fill	.72   .73   .74   .76   .78   .80   .83	      .93
 *
 * Invariants, checked by validate(): those of the two heaps, one after the other.
 * A claimed run does not lie across the border and never grows across it; a free
 * run is reported as one on both sides of it.
 *
 * Locks: none; the caller's serialises all calls.
 * Cost: that of the one heap, then of the other. A claim whose alignment does not
 * divide the border looks at up to CANDIDATES places in the emergency heap, then
 * answers -EAGAIN; a run with such an alignment does not grow downwards there.
 * Memory: that of the two, and 64 bytes.
 */
#include "engine.h"

/* Aligned places in the emergency heap that one claim() tries. */
#define CANDIDATES 16

/* In a validation's cursor: it is about the emergency heap, the other is done. */
#define SECOND_HEAP BIT_ULL(63)

/**
 * struct ebuddy - start of the metadata; all of it immutable after init
 * @granules: length of the arena
 * @border: length of the buddy heap
 * @second: offset of the emergency heap's metadata, bytes; 0 if there is none
 * @flags: MEMMGR_GEOMETRY_RESERVED or 0
 * @mirror: complement of what was asked for, which nothing else vouches for
 *
 * The buddy heap's metadata comes next, then the emergency heap's.
 */
struct ebuddy {
	u64 granules;
	u64 border;
	u64 second;
	u64 flags;
	u64 mirror;
};

#define FIRST_HEAP ALIGN(sizeof(struct ebuddy), 64)

static inline void *buddy_of(const struct ebuddy *e)
{
	return (u8 *)(uintptr_t)e + FIRST_HEAP;
}

/* Only if there is one. */
static inline void *reserve_of(const struct ebuddy *e)
{
	return (u8 *)(uintptr_t)e + e->second;
}

static struct memmgr_geometry buddy_geometry(const struct ebuddy *e)
{
	return (struct memmgr_geometry){ .granules = e->border, .cpus = 1 };
}

static struct memmgr_geometry reserve_geometry(const struct ebuddy *e)
{
	return (struct memmgr_geometry){ .granules = e->granules - e->border, .cpus = 1 };
}

/* Fill @e for @geo; returns the bytes needed, 0 if it cannot be done. */
static u64 lay_out(struct ebuddy *e, const struct memmgr_geometry *geo)
{
	struct memmgr_geometry buddy, reserve;
	u64 bytes;

	memset(e, 0, sizeof(*e));
	if (geo->granules > MEMMGR_GRANULES_MAX || geo->reserve >= geo->granules)
		return 0;
	e->granules = geo->granules;
	e->border = geo->granules - geo->reserve;
	e->flags = geo->flags & MEMMGR_GEOMETRY_RESERVED;
	e->mirror = ~(e->granules | e->border << 32 | e->flags << 63);

	buddy = buddy_geometry(e);
	bytes = FIRST_HEAP + memmgr_buddy.footprint(&buddy);
	if (!geo->reserve)
		return bytes;
	reserve = reserve_geometry(e);
	e->second = ALIGN(bytes, 64);
	return e->second + memmgr_first_fit.footprint(&reserve);
}

/* --- the emergency heap, in the arena's numbers --------------------------- */

/*
 * The heap knows nothing of the border, so it can care for alignment as far as the
 * border has it, too. What it gives beyond that may be aligned or not.
 */
static u64 common_align(const struct ebuddy *e, u64 align)
{
	return min(align, 1ULL << __ffs64(e->border));
}

static int claim_reserve(struct ebuddy *e, struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct memmgr_claim part = *claim;
	u32 tries;
	int ret;

	part.align = common_align(e, claim->align);
	for (tries = 0; tries < CANDIDATES; tries++) {
		part.from = max(claim->from, e->border) - e->border;
		ret = memmgr_first_fit.claim(reserve_of(e), &part, run);
		if (ret == -EAGAIN)
			claim->from = part.from + e->border;
		if (ret)
			return ret;
		if (IS_ALIGNED(run->start + e->border, claim->align)) {
			run->start += e->border;
			return 0;
		}
		memmgr_first_fit.release(reserve_of(e), run);
		claim->from = ALIGN(run->start + e->border, claim->align);
	}
	return -EAGAIN;
}

/* Downwards it is the new start that would have to be aligned: not beyond the border's. */
static int resize_reserve(struct ebuddy *e, const struct memmgr_resize *want,
			  struct memmgr_run *run)
{
	struct memmgr_run part = { run->start - e->border, run->len };
	struct memmgr_resize how = *want;
	int ret;

	if (!is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	how.align = common_align(e, want->align);
	if (how.align < want->align)
		how.flags &= ~MEMMGR_RESIZE_DOWN;
	ret = memmgr_first_fit.resize(reserve_of(e), &how, &part);
	if (!ret)
		*run = (struct memmgr_run){ part.start + e->border, part.len };
	return ret;
}

/* The first free run of the emergency heap from @from on. */
static bool next_in_reserve(const struct ebuddy *e, u64 from, struct memmgr_run *run)
{
	if (!e->second)
		return false;
	if (!memmgr_first_fit.next_free(reserve_of(e), max(from, e->border) - e->border, run))
		return false;
	run->start += e->border;
	return true;
}

/* --- the engine ----------------------------------------------------------- */

static u64 ebuddy_footprint(const struct memmgr_geometry *geo)
{
	struct ebuddy e;

	return lay_out(&e, geo);
}

static int ebuddy_init(void *meta, const struct memmgr_geometry *geo)
{
	struct memmgr_geometry part;
	struct ebuddy layout, *e = meta;
	int ret;

	if (!lay_out(&layout, geo))
		return -EINVAL;
	*e = layout;
	part = buddy_geometry(e);
	ret = memmgr_buddy.init(buddy_of(e), &part);
	if (ret || !e->second)
		return ret;
	part = reserve_geometry(e);
	return memmgr_first_fit.init(reserve_of(e), &part);
}

static void ebuddy_stat(const void *meta, struct memmgr_engine_stat *stat)
{
	const struct ebuddy *e = meta;
	struct memmgr_engine_stat reserve;

	memmgr_buddy.stat(buddy_of(e), stat);
	if (!e->second)
		return;
	memmgr_first_fit.stat(reserve_of(e), &reserve);
	stat->free += reserve.free;
	stat->largest = max(stat->largest, reserve.largest);
}

static bool may_dip(const struct ebuddy *e, const struct memmgr_claim *claim)
{
	if (!e->second)
		return false;
	return !(e->flags & MEMMGR_GEOMETRY_RESERVED) || claim->flags & MEMMGR_CLAIM_RESERVE;
}

/*
 * The buddy heap has said @ret. Whoever may dip into the emergency heap runs out of
 * memory when both heaps together have too little, and out of space when neither
 * has it in one piece.
 */
static noinline int claim_elsewhere(struct ebuddy *e, struct memmgr_claim *claim,
				    struct memmgr_run *run, int ret)
{
	struct memmgr_engine_stat stat;

	if ((ret != -ENOMEM && ret != -ENOSPC) || !may_dip(e, claim))
		return ret;
	ret = claim_reserve(e, claim, run);
	if (ret != -ENOMEM)
		return ret;
	ebuddy_stat(e, &stat);
	return claim->len > stat.free ? -ENOMEM : -ENOSPC;
}

static int ebuddy_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	int ret = memmgr_buddy.claim(buddy_of(meta), claim, run);

	return likely(!ret) ? 0 : claim_elsewhere(meta, claim, run, ret);
}

static int release_reserve(const struct ebuddy *e, const struct memmgr_run *run)
{
	struct memmgr_run part = { run->start - e->border, run->len };

	return e->second ? memmgr_first_fit.release(reserve_of(e), &part) : -EUCLEAN;
}

static int ebuddy_release(void *meta, const struct memmgr_run *run)
{
	const struct ebuddy *e = meta;

	if (run->start < e->border)
		return memmgr_buddy.release(buddy_of(e), run);
	return release_reserve(e, run);
}

static int ebuddy_resize(void *meta, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct ebuddy *e = meta;

	if (run->start < e->border || !e->second)
		return memmgr_buddy.resize(buddy_of(e), want, run);
	return resize_reserve(e, want, run);
}

static bool ebuddy_next_free(const void *meta, u64 from, struct memmgr_run *run)
{
	const struct ebuddy *e = meta;
	struct memmgr_run more;

	if (from >= e->border || !memmgr_buddy.next_free(buddy_of(e), from, run))
		return next_in_reserve(e, from, run);
	if (memmgr_run_end(run) == e->border && next_in_reserve(e, e->border, &more) &&
	    more.start == e->border)
		run->len += more.len;
	return true;
}

/* --- validation ----------------------------------------------------------- */

static bool header_is_sound(const struct ebuddy *e)
{
	struct memmgr_geometry geo = {
		.granules = e->granules,
		.reserve = e->granules - e->border,
		.flags = (u32)e->flags,
	};
	struct ebuddy layout;

	return lay_out(&layout, &geo) && !memcmp(&layout, e, sizeof(layout));
}

/* In @check, @free and @changes are those of the heap under way. */
static int validate_reserve(const struct ebuddy *e, struct memmgr_check *check)
{
	int ret;

	check->cursor &= ~SECOND_HEAP;
	ret = memmgr_first_fit.validate(reserve_of(e), check);
	check->cursor |= SECOND_HEAP;
	if (ret == -EUCLEAN)
		check->at += e->border;
	return ret;
}

static int ebuddy_validate(const void *meta, struct memmgr_check *check)
{
	const struct ebuddy *e = meta;
	int ret;

	if (!header_is_sound(e)) {
		check->what = "layout of the two heaps";
		check->at = 0;
		return -EUCLEAN;
	}
	if (check->cursor & SECOND_HEAP)
		return validate_reserve(e, check);
	ret = memmgr_buddy.validate(buddy_of(e), check);
	if (ret || !e->second)
		return ret;
	check->cursor = SECOND_HEAP;
	return -EAGAIN;
}

const struct memmgr_engine memmgr_ebuddy = {
	.name = "ebuddy",
	.flags = MEMMGR_ENGINE_RESERVE,
	.footprint = ebuddy_footprint,
	.init = ebuddy_init,
	.claim = ebuddy_claim,
	.release = ebuddy_release,
	.resize = ebuddy_resize,
	.next_free = ebuddy_next_free,
	.stat = ebuddy_stat,
	.validate = ebuddy_validate,
};
