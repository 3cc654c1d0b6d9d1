// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Searching a chunk engine's map for a hole.
 *
 * A search has up to three stages: from home up to the end, then up to home; and,
 * where alignment matters, all once more, for holes that may fit although others of
 * their rank do not. It takes the shortest hole that fits of the first word that has
 * one. What is found is true if nobody interfered; a rank that promised too much is
 * lowered, so that each is believed in vain once. A search goes through a bounded
 * number of ranks and words a call; where it has come to lives in the claim's @from.
 */
#include "chunk_search.h"

#include "chunk_change.h"

/* Words that one claim() looks at, and one that has to be fast. */
#define LOOKS 32
#define LOOKS_FAST 8

/* Words that it looks at before, where there is room to spare. */
#define LOOKS_PART 16

/* Aligned places that one claim() looks at. */
#define PLACES 256

/* Lost races until a claim goes elsewhere, and searches before it gives up. */
#define LOST_MAX 4
#define ROUNDS_MAX 7

/* Families that one look goes through. */
#define STEPS 128

/* Stages of a search, in this order. */
enum {
	FROM_HOME = 1, /* from home up to the end */
	TO_HOME, /* the rest */
	EXACT, /* whatever may fit, of those before that fit for certain */
};

/**
 * struct hunt - a search; between two calls it lives in the claim's @from
 * @claim: what is asked for
 * @from: word where it goes on
 * @limit: word where the stage ends
 * @rank: ranks from here on are of interest
 * @stage: see there
 * @looks: words that may yet be looked at in this call
 * @lost: races lost in this call
 * @tick: calls that did not get to another word
 * @round: searches before
 * @disturbed: a hole may have been missed because of others
 */
struct hunt {
	const struct memmgr_claim *claim;
	u64 from;
	u64 limit;
	u32 rank;
	u32 stage;
	int looks;
	u32 lost;
	u32 tick;
	u32 round;
	bool disturbed;
};

#define FROM_TICK_BITS 8
#define FROM_WORD_BITS 26
#define FROM_WORD_SHIFT FROM_TICK_BITS
#define FROM_STAGE_SHIFT (FROM_WORD_SHIFT + FROM_WORD_BITS)
#define FROM_DISTURBED_SHIFT (FROM_STAGE_SHIFT + 2)
#define FROM_ROUND_SHIFT (FROM_DISTURBED_SHIFT + 1)

static u64 pack_from(const struct hunt *hunt)
{
	return (u64)hunt->round << FROM_ROUND_SHIFT | (u64)hunt->disturbed << FROM_DISTURBED_SHIFT |
	       (u64)hunt->stage << FROM_STAGE_SHIFT | hunt->from << FROM_WORD_SHIFT | hunt->tick;
}

/* The first word of a region from @index on whose rank is at least @rank. */
static u64 first_of_region(const struct chunk *ck, u64 index, u32 rank)
{
	const __le64 *eight = eight_at(ck, 0, index), *first = eight;
	u32 left = (REGION - index % REGION - 1) / 8;
	u64 hits = lanes_from(le64_to_cpu(READ_ONCE(*eight)), rank) & ~0ULL << 8 * (index % 8);

	while (!hits) {
		if (!left--)
			return NOWHERE;
		hits = lanes_from(le64_to_cpu(READ_ONCE(*++eight)), rank);
	}
	return ALIGN_DOWN(index, 8) + 8 * (u64)(eight - first) + lane_of(hits);
}

/*
 * The first word from @from on whose rank is at least @rank, or NOWHERE. What
 * other callers are changing can make it miss one; where many ranks are too high,
 * it stops at some word before. Ranks that promised too much are lowered in
 * @repair, if given.
 */
static u64 find(const struct chunk *ck, struct chunk *repair, u64 from, u32 rank)
{
	u64 index = from >> REGION_SHIFT, hits;
	u32 level = 1, top = ck->layout.top, steps;

	if (from >= ck->layout.words)
		return NOWHERE;
	if (from % REGION) {
		hits = first_of_region(ck, from, rank);
		if (hits != NOWHERE)
			return hits;
		index++;
	}
	for (; level < top && !(index % FAMILY); level++)
		index >>= FAMILY_SHIFT;
	hits = lanes_from(get_eight(ck, level, index), rank) & ~0ULL << 8 * (index % FAMILY);
	for (steps = 0; steps < STEPS; steps++) {
		if (unlikely(!hits)) {
			if (level++ == top)
				return NOWHERE;
			index >>= FAMILY_SHIFT;
			hits = lanes_from(get_eight(ck, level, index), rank);
			hits &= (~0ULL << 8 * (index % FAMILY)) << 8;
			continue;
		}
		index = ALIGN_DOWN(index, FAMILY) + lane_of(hits);
		if (level > 1) {
			level--;
			index <<= FAMILY_SHIFT;
			hits = lanes_from(get_eight(ck, level, index), rank);
			if (!hits && repair)
				memmgr_chunk_lower(repair, level + 1, index >> FAMILY_SHIFT);
			continue;
		}
		from = first_of_region(ck, index << REGION_SHIFT, rank);
		if (from != NOWHERE)
			return from;
		if (repair)
			memmgr_chunk_lower(repair, 1, index);
		hits &= hits - 1;
	}
	return min(index << span_shift(level), ck->layout.words - 1ULL);
}

/* Does the search need its last stage? */
static bool is_vague(const struct memmgr_claim *claim)
{
	return claim->align > 1 && claim->len < LONG;
}

/* Enter @stage; false if there is none or it is empty. */
static bool enter_stage(const struct chunk *ck, struct hunt *hunt, u32 stage)
{
	const struct memmgr_claim *claim = hunt->claim;
	u64 home = (u64)home_of(ck, claim->hint) << (ck->layout.part_shift - WORD_SHIFT), span;

	if (check_add_overflow(claim->len, claim->align - 1, &span))
		span = LONG;
	hunt->stage = stage;
	hunt->from = stage == FROM_HOME ? home : 0;
	hunt->limit = stage == TO_HOME ? home : ck->layout.words;
	hunt->rank = claim->align == 1 || stage == EXACT ? rank_of(claim->len) : rank_for(span);
	return stage == EXACT ? is_vague(claim) : hunt->limit > 0;
}

static void resume(const struct chunk *ck, struct hunt *hunt, const struct memmgr_claim *claim)
{
	bool fast = claim->flags & MEMMGR_CLAIM_FAST;
	u64 from = claim->from;

	*hunt = (struct hunt){
		.claim = claim,
		.looks = fast ? LOOKS_FAST : LOOKS,
	};
	if (likely(!from)) {
		enter_stage(ck, hunt, FROM_HOME);
		return;
	}
	enter_stage(ck, hunt, from >> FROM_STAGE_SHIFT & 3);
	hunt->from = from >> FROM_WORD_SHIFT & ((1ULL << FROM_WORD_BITS) - 1);
	hunt->tick = from & ((1U << FROM_TICK_BITS) - 1);
	hunt->disturbed = from >> FROM_DISTURBED_SHIFT & 1;
	hunt->round = (u32)(from >> FROM_ROUND_SHIFT);
}

/* Where a search is at the end of a call must be past where the call began. */
static int pause(struct hunt *hunt, struct memmgr_claim *claim)
{
	u64 before = claim->from;

	hunt->tick = 0;
	claim->from = pack_from(hunt);
	if (claim->from <= before)
		claim->from = before + 1; /* the tick; in the end, the next word */
	return -EAGAIN;
}

/* Take [@start, +len) for the hunt. */
static bool take_for(struct chunk *ck, struct hunt *hunt, u64 start, struct memmgr_run *run)
{
	u64 len = hunt->claim->len;

	if (!memmgr_chunk_take(ck, start, start + len - 1)) {
		atomic64_inc(&part_of(ck, start)->lost);
		hunt->disturbed = true;
		hunt->lost++;
		return false;
	}
	*run = (struct memmgr_run){ start, len };
	return true;
}

/* The shortest hole in a word that fits: where in it, or NOWHERE. */
static inline u64 place_in(const struct chunk *ck, const struct memmgr_claim *claim, u64 index)
{
	u64 word = get_word(ck, index), base = index << WORD_SHIFT, start, end;
	u64 best = NOWHERE, least = U64_MAX;
	struct hole hole;
	u32 pos = 0;

	while (word) {
		hole = cut_hole(&word, &pos);
		start = base + hole.start;
		end = base + pos;
		if (!hole.start)
			start = hole_start(ck, start);
		if (pos == WORD_BITS)
			end = hole_end(ck, end - 1);
		if (end - start < least && ALIGN(start, claim->align) + claim->len <= end) {
			best = ALIGN(start, claim->align);
			least = end - start;
		}
	}
	return best;
}

/* Look at holes that ranks can tell the length of. */
static bool look_near(struct chunk *ck, struct hunt *hunt, u64 index, struct memmgr_run *run)
{
	u64 start = place_in(ck, hunt->claim, index);

	hunt->from = index;
	if (start != NOWHERE)
		return take_for(ck, hunt, start, run);
	hunt->from++;
	memmgr_chunk_lower(ck, 0, index);
	return false;
}

/* Is [@start, +len) free? If not, *@from is the word to go on at. */
static bool is_place(const struct chunk *ck, struct hunt *hunt, u64 start)
{
	u64 len = hunt->claim->len, stop;

	if (start > ck->layout.granules || len > ck->layout.granules - start) {
		hunt->from = ck->layout.words;
		return false;
	}
	stop = same_until(ck, start, start + len, true);
	if (stop == start + len)
		return true;
	hunt->looks -= (int)min((stop - start) >> (WORD_SHIFT + 4), (u64)LOOKS);
	hunt->from = stop >> WORD_SHIFT;
	return false;
}

/* Look at the hole at the end of a word, which is long. */
static bool look_far(struct chunk *ck, struct hunt *hunt, u64 index, struct memmgr_run *run)
{
	u64 word = get_word(ck, index), start;

	hunt->from = index;
	start = ((index + 1) << WORD_SHIFT) - word_suffix(word);
	start = ALIGN(start, hunt->claim->align);
	if (is_place(ck, hunt, start))
		return take_for(ck, hunt, start, run);
	memmgr_chunk_lower(ck, 0, index);
	hunt->from = max(hunt->from, index + 1);
	return false;
}

/* Look at aligned places, one after the other. */
static int try_places(struct chunk *ck, struct hunt *hunt, struct memmgr_run *run)
{
	u64 start = hunt->from << WORD_SHIFT;
	u32 i;

	for (i = 0; i < PLACES && hunt->from < hunt->limit && hunt->lost < LOST_MAX; i++) {
		start = ALIGN(start, hunt->claim->align);
		if (is_place(ck, hunt, start)) {
			if (take_for(ck, hunt, start, run))
				return 0;
			hunt->from = start >> WORD_SHIFT;
		}
		start = max(hunt->from << WORD_SHIFT, start + 1);
	}
	if (hunt->from >= hunt->limit)
		return -ENOSPC;
	hunt->from = ALIGN(start, hunt->claim->align) >> WORD_SHIFT;
	if (hunt->from > ck->layout.words)
		hunt->from = ck->layout.words;
	return -EAGAIN;
}

/* -ENOSPC: the stage is over */
static int try_ranks(struct chunk *ck, struct hunt *hunt, struct memmgr_run *run)
{
	u64 index;
	bool took;

	for (; hunt->looks > 0; hunt->looks--) {
		index = find(ck, ck, hunt->from, hunt->rank);
		if (index >= hunt->limit)
			return -ENOSPC;
		took = hunt->rank < RANK_LONG ? look_near(ck, hunt, index, run) :
						look_far(ck, hunt, index, run);
		if (took)
			return 0;
		if (hunt->lost >= LOST_MAX)
			return -EAGAIN;
	}
	return -EAGAIN;
}

/* A caller that has lost too often goes on elsewhere, each in another place. */
static void break_tie(struct chunk *ck, struct hunt *hunt)
{
	u64 index = min(hunt->from, ck->layout.words - 1ULL);

	atomic64_inc(&part_of(ck, index << WORD_SHIFT)->ties);
	hunt->from = ALIGN(hunt->from + 1 + (hunt->claim->hint % 8) * REGION, REGION);
	if (hunt->from > ck->layout.words)
		hunt->from = ck->layout.words;
}

/* One call's part of a search. */
static int go_on(struct chunk *ck, struct hunt *hunt, struct memmgr_run *run)
{
	int ret;

	for (;;) {
		if (hunt->stage == EXACT && hunt->claim->align > WORD_BITS)
			ret = try_places(ck, hunt, run);
		else
			ret = try_ranks(ck, hunt, run);
		if (ret == -EAGAIN && hunt->lost >= LOST_MAX)
			break_tie(ck, hunt);
		if (ret != -ENOSPC)
			return ret;
		if (hunt->stage != FROM_HOME || !enter_stage(ck, hunt, TO_HOME))
			if (hunt->stage == EXACT || !enter_stage(ck, hunt, EXACT))
				return -ENOSPC;
	}
}

int memmgr_chunk_search(struct chunk *ck, struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct hunt hunt;
	u64 changes;
	int ret;

	resume(ck, &hunt, claim);
	ret = go_on(ck, &hunt, run);
	if (!ret)
		return 0;
	if (ret == -EAGAIN)
		return pause(&hunt, claim);
	if (hunt.disturbed && hunt.round < ROUNDS_MAX) {
		hunt.disturbed = false;
		hunt.round++;
		enter_stage(ck, &hunt, FROM_HOME);
		return pause(&hunt, claim);
	}
	return memmgr_chunk_free(ck, &changes) < claim->len ? -ENOMEM : -ENOSPC;
}

bool memmgr_chunk_search_part(struct chunk *ck, struct part *part,
			      const struct memmgr_claim *claim, struct memmgr_run *run)
{
	u64 words = 1ULL << (ck->layout.part_shift - WORD_SHIFT);
	u64 first = (u64)(part - ck->parts) * words;
	struct hunt hunt = {
		.claim = claim,
		.from = first + READ_ONCE(part->hint[ROVER]) % words,
		.limit = first + words,
		.rank = rank_for(claim->len),
		.looks = LOOKS_PART,
	};
	int ret = try_ranks(ck, &hunt, run);

	if (ret == -ENOSPC) {
		hunt.from = first;
		ret = try_ranks(ck, &hunt, run);
	}
	WRITE_ONCE(part->hint[ROVER], hunt.from - first);
	return !ret;
}

u64 memmgr_chunk_next_word(const struct chunk *ck, u64 index)
{
	return find(ck, NULL, index, 1);
}
