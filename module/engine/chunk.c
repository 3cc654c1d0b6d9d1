// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * chunk: tagged chunks for hot and atomic paths, without a lock.
 *
 * A claim looks for a hole by the hints of the map (chunk_map.h) and then takes
 * it with a compare-and-swap on each word that it lies in. Callers start in places
 * of their own, by @hint, and take the first hole from there that fits; so each
 * CPU packs its part of the arena from the start, as first_fit does the whole.
 *
 *	|#####.##.#.........|###.####............|##.#.................|
 *	 ^ home of CPU 0     ^ home of CPU 1      ^ home of CPU 2
 *
 * Best fit was tried within a region: it fills the arena no better, for the first
 * region with a hole that fits is full but for a few, and costs more. Starting
 * where the last claim succeeded (next fit) loses .07 to .22 of the arena.
 *
 * A search has up to three stages: holes that fit for certain, from home up to the
 * end and then up to home; and, where ranks are too coarse to tell (more than 64
 * granules, or aligned), whatever may fit. What is found by then is true if nobody
 * interfered. It goes through a bounded number of hints and words a call; where it
 * has come to lives in the claim's @from.
 *
 * Progress, path by path. No path waits for another caller, so that one who stops
 * anywhere, for ever, holds up nobody; he keeps what he has claimed.
 *   claim within a word	lock-free: who loses has lost to one who won. One
 *	compare-and-swap decides, and nothing has to be undone.
 *   claim over words		words are taken in ascending order and given back in
 *	reverse. Two callers can both lose, but only against one who holds a word
 *	further up, so of those who overlap the one furthest up wins, unless he
 *	loses to a claim within a word. No bound for any one of them.
 *   after LOST_MAX lost races in a call, a caller breaks the tie: it goes on in
 *	another region, further by its hint, and says -EAGAIN.
 *   claim, as a whole	bounded per call, and after ROUNDS_MAX searches that were
 *	disturbed it says what it saw, which another's claim that was rolled back
 *	may have made untrue: -ENOSPC is certain only if nobody interfered.
 *   fast claim		the same with fewer looks, for who cannot wait.
 *   release, shrink	wait-free where the machine has an atomic or (x86 has),
 *	and cannot fail. A run released twice is found out unless both calls are
 *	in the middle of it, or somebody has claimed it since.
 *   grow		as a claim of exactly those granules; -EAGAIN if it lost.
 *   hints		a bounded number of attempts, then a value that misleads
 *	but hides nothing.
 *   all of it in any context, NMI included: an interrupt finds a word claimed or
 *	free, and what it does itself is complete before the interrupted goes on.
 *
 * Cost: claim and release change a word per 64 granules of the run, a hint each,
 * and a count; the search goes through a level for every eightfold of the arena.
 * next_free() reads what it reports, 64 granules at a time.
 * Memory: 9 bytes for 64 granules, 0.9 % of an arena of 16-byte granules.
 *
 * validate() of an arena that others change can take what they are just about to
 * correct for damage: only of an arena at rest is damage certain. @free and
 * @largest are exact then, too, but @largest is a bound from above: exact to 1/16
 * below LONG granules; else what is free in the best chain of neighbouring zones.
 */
#include "chunk_map.h"

/* Words that one claim() looks at, and one that has to be fast. */
#define LOOKS 32
#define LOOKS_FAST 4

/* Aligned places that one claim() looks at. */
#define PLACES 256

/* Lost races until a claim goes elsewhere, and searches before it gives up. */
#define LOST_MAX 4
#define ROUNDS_MAX 7

/* Families that one look goes through. */
#define STEPS 128

/* Regions that one validate() looks at. */
#define CHECK_REGIONS 8

/* --- searching ------------------------------------------------------------ */

/* Stages of a search, in this order. */
enum {
	FROM_HOME = 1, /* holes that fit for certain, from home up to the end */
	TO_HOME, /* the rest of those */
	EXACT, /* whatever may fit */
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

/*
 * The first word from @from on whose rank is at least @rank, or NOWHERE. What
 * other callers are changing can make it miss one; where many ranks are too high,
 * it stops at some word before. Ranks that promised too much are lowered in
 * @repair, if given.
 */
static __always_inline u64 find(const struct chunk *ck, struct chunk *repair, u64 from, u32 rank)
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

/* Does the search need its last stage? Not where the ranks are exact. */
static bool is_vague(const struct memmgr_claim *claim)
{
	if (claim->align > 1)
		return claim->len < LONG;
	return claim->len > WORD_BITS && claim->len < LONG;
}

static u64 home_of(const struct chunk *ck, u32 hint)
{
	u64 regions = DIV_ROUND_UP(ck->layout.words, REGION);

	if (!hint)
		return 0;
	return hint % ck->layout.cpus * regions / ck->layout.cpus * REGION;
}

/* Enter @stage; false if there is none or it is empty. */
static bool enter_stage(const struct chunk *ck, struct hunt *hunt, u32 stage)
{
	const struct memmgr_claim *claim = hunt->claim;
	u64 home = home_of(ck, claim->hint), span;

	if (check_add_overflow(claim->len, claim->align - 1, &span))
		span = LONG;
	hunt->stage = stage;
	hunt->from = stage == FROM_HOME ? home : 0;
	hunt->limit = stage == TO_HOME ? home : ck->layout.words;
	hunt->rank = stage == EXACT ? rank_of(claim->len) : rank_for(span);
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

	if (!memmgr_chunk_take(ck, start, start + len)) {
		hunt->disturbed = true;
		hunt->lost++;
		return false;
	}
	*run = (struct memmgr_run){ start, len };
	return true;
}

/*
 * A hole at a word's start may have begun before: where, unless it is long, for
 * then there is room for many callers.
 */
static u64 hole_start(const struct chunk *ck, u64 index)
{
	u32 reach = REACH;
	u64 before;

	while (index && reach--) {
		before = get_word(ck, index - 1);
		if (~before)
			return (index << WORD_SHIFT) - word_suffix(before);
		index--;
	}
	return index << WORD_SHIFT;
}

/* The first hole in a word that fits: where in it, or NOWHERE. */
static inline u64 place_in(const struct chunk *ck, const struct memmgr_claim *claim, u64 index)
{
	bool is_long = get_rank(ck, 0, index) >= RANK_LONG;
	u64 word = get_word(ck, index), base = index << WORD_SHIFT, start, end;
	struct hole hole;
	u32 pos = 0;

	while (word) {
		hole = cut_hole(&word, &pos);
		end = base + pos;
		if (pos == WORD_BITS && hole.len < claim->len + claim->align - 1)
			end += ahead_of(ck, index);
		start = base + hole.start;
		if (!hole.start && !is_long)
			start = hole_start(ck, index);
		start = ALIGN(start, claim->align);
		if (start + claim->len <= end)
			return start;
	}
	return NOWHERE;
}

/* Look at holes that ranks can tell the length of. */
static bool look_near(struct chunk *ck, struct hunt *hunt, u64 index, struct memmgr_run *run)
{
	u64 start = place_in(ck, hunt->claim, index);

	hunt->from = index;
	if (start != NOWHERE)
		return take_for(ck, hunt, start, run);
	hunt->from++;
	if (hunt->stage != EXACT) { /* the rank was wrong, or is no longer true */
		hunt->disturbed = true;
		memmgr_chunk_correct(ck, index);
	}
	return false;
}

/* Most claims need no more than one look. */
static inline bool try_first(struct chunk *ck, const struct memmgr_claim *claim,
			     struct memmgr_run *run)
{
	u64 index, start;

	if (claim->len >= LONG)
		return false;
	index = find(ck, ck, home_of(ck, claim->hint), rank_for(claim->len));
	if (index == NOWHERE)
		return false;
	start = place_in(ck, claim, index);
	if (start == NOWHERE || !memmgr_chunk_take(ck, start, start + claim->len))
		return false;
	*run = (struct memmgr_run){ start, claim->len };
	return true;
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

	atomic64_inc(&ck->zones[zone_of(ck, index << WORD_SHIFT)].ties);
	hunt->from = ALIGN(hunt->from + 1 + (hunt->claim->hint % 8) * REGION, REGION);
	if (hunt->from > ck->layout.words)
		hunt->from = ck->layout.words;
}

/* One call's part of a search. */
static int search(struct chunk *ck, struct hunt *hunt, struct memmgr_run *run)
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

/* --- the engine ----------------------------------------------------------- */

static u64 chunk_footprint(const struct memmgr_geometry *geo)
{
	struct layout layout;

	return memmgr_chunk_lay_out(&layout, geo);
}

static int chunk_init(void *meta, const struct memmgr_geometry *geo)
{
	struct chunk *ck = meta;

	if (!memmgr_chunk_lay_out(&ck->layout, geo))
		return -EINVAL;
	memmgr_chunk_fill(ck);
	return 0;
}

static int chunk_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct chunk *ck = meta;
	struct hunt hunt;
	u64 changes;
	int ret;

	if (!claim->len || !is_power_of_2(claim->align))
		return -EINVAL;
	if (claim->len > ck->layout.granules)
		return -ENOMEM;
	if (likely(!claim->from && claim->align == 1 && try_first(ck, claim, run)))
		return 0;
	resume(ck, &hunt, claim);
	ret = search(ck, &hunt, run);
	if (likely(!ret))
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

static bool is_claimed(const struct chunk *ck, const struct memmgr_run *run)
{
	u64 end;

	if (!run->len || check_add_overflow(run->start, run->len, &end))
		return false;
	if (end > ck->layout.granules)
		return false;
	return same_until(ck, run->start, end, false) == end;
}

static int chunk_release(void *meta, const struct memmgr_run *run)
{
	struct chunk *ck = meta;

	if (!is_claimed(ck, run))
		return -EUCLEAN;
	memmgr_chunk_give(ck, run->start, memmgr_run_end(run));
	return 0;
}

/*
 * Lengthen @run: upwards as far as that goes, for then nothing has to move, and
 * the rest downwards, if that is allowed.
 *
 *	       start        end
 *	|......|############|....|######|	free, the run, free, another run
 *	    |<--------- want --->|
 */
static int grow(struct chunk *ck, const struct memmgr_resize *want, struct memmgr_run *run)
{
	u64 start = run->start, end = memmgr_run_end(run), limit, new_end;

	if (check_add_overflow(start, want->len, &limit))
		return -ENOSPC;
	new_end = same_until(ck, end, min(limit, ck->layout.granules), true);
	if (new_end < limit) {
		if (!(want->flags & MEMMGR_RESIZE_DOWN) || want->len > new_end)
			return -ENOSPC;
		start = ALIGN_DOWN(new_end - want->len, want->align);
		new_end = max(end, start + want->len);
		if (same_until(ck, start, run->start, true) != run->start)
			return -ENOSPC;
	}
	if (!memmgr_chunk_take(ck, end, new_end))
		return -EAGAIN;
	if (!memmgr_chunk_take(ck, start, run->start)) {
		memmgr_chunk_give(ck, end, new_end);
		return -EAGAIN;
	}
	*run = (struct memmgr_run){ start, new_end - start };
	return 0;
}

static int chunk_resize(void *meta, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct chunk *ck = meta;

	if (!want->len || !is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	if (!is_claimed(ck, run))
		return -EUCLEAN;
	if (want->len > run->len)
		return grow(ck, want, run);
	memmgr_chunk_give(ck, run->start + want->len, memmgr_run_end(run));
	run->len = want->len;
	return 0;
}

static bool chunk_next_free(const void *meta, u64 from, struct memmgr_run *run)
{
	const struct chunk *ck = meta;
	u64 index = from >> WORD_SHIFT, word;

	if (from >= ck->layout.granules)
		return false;
	word = get_word(ck, index) & ~0ULL << from % WORD_BITS;
	while (!word) {
		index = find(ck, NULL, index + 1, 1);
		if (index == NOWHERE)
			return false;
		word = get_word(ck, index);
	}
	run->start = (index << WORD_SHIFT) + __ffs64(word);
	run->len = same_until(ck, run->start, ck->layout.granules, true) - run->start;
	return true;
}

/*
 * A hole reaches over zones only where those between its ends are free: no hole
 * is longer than the longest such chain has free granules.
 */
static u64 longest_chain(const struct chunk *ck)
{
	s64 zone_len = (s64)1 << (WORD_SHIFT + ck->layout.zone_shift), chain = 0, longest = 0, free;
	u32 i;

	for (i = 0; i < ck->layout.zones; i++) {
		free = count_free(atomic64_read(&ck->zones[i].count));
		longest = max(longest, chain + free);
		chain = free < zone_len ? free : chain + free;
	}
	return (u64)longest;
}

static void chunk_stat(const void *meta, struct memmgr_engine_stat *stat)
{
	const struct chunk *ck = meta;
	u32 rank = lanes_top(get_eight(ck, ck->layout.top, 0)), i;
	u64 changes;

	*stat = (struct memmgr_engine_stat){ .free = memmgr_chunk_free(ck, &changes) };
	stat->largest = longest_chain(ck);
	if (rank < RANK_LONG)
		stat->largest = min(stat->largest, rank_len(rank + 1) - 1);
	for (i = 0; i < ck->layout.zones; i++) {
		stat->lost_races += (u64)atomic64_read(&ck->zones[i].lost);
		stat->ties_broken += (u64)atomic64_read(&ck->zones[i].ties);
	}
}

/* --- validation ----------------------------------------------------------- */

static const char *header_damage(const struct chunk *ck)
{
	struct memmgr_geometry geo = { .granules = ck->layout.granules, .cpus = ck->layout.cpus };
	struct layout layout;

	memmgr_chunk_lay_out(&layout, &geo);
	if (memcmp(&layout, &ck->layout, sizeof(layout)))
		return "layout of the metadata";
	return NULL;
}

static int damage(struct memmgr_check *check, const char *what, u64 at)
{
	check->what = what;
	check->at = at;
	return -EUCLEAN;
}

/* What is wrong with a word or its rank, or NULL. */
static const char *word_damage(const struct chunk *ck, u64 index)
{
	u64 word = get_word(ck, index), past = ck->layout.granules - (index << WORD_SHIFT);
	u32 ahead = word >> 63 ? ahead_of(ck, index) : 0;

	if (past < WORD_BITS && word >> past)
		return "free granules past the end";
	if (get_rank(ck, 0, index) < word_rank(word, ahead))
		return "a word's rank is too low";
	return NULL;
}

/* What is wrong with a rank, at any level, or NULL. */
static const char *rank_damage(const struct chunk *ck, u32 level, u64 index)
{
	u32 rank = get_rank(ck, level, index);

	if (rank > RANK_LONG)
		return "a rank that is none";
	if (index >= DIV_ROUND_UP((u64)ck->layout.words, 1ULL << span_shift(level)))
		return rank ? "a rank past the end" : NULL;
	if (level && rank < memmgr_chunk_rank_below(ck, level, index))
		return "a rank is lower than those below it";
	return NULL;
}

/* What is wrong with @count ranks of @level, or NULL. */
static const char *ranks_damage(const struct chunk *ck, u32 level, u64 first, u32 count)
{
	const char *what = NULL;
	u64 index;

	for (index = first; index < first + count && !what; index++) {
		what = rank_damage(ck, level, index);
		if (!what && !level && index < ck->layout.words)
			what = word_damage(ck, index);
	}
	return what;
}

/* What is wrong with a region, and the families that start with it, or NULL. */
static const char *region_damage(const struct chunk *ck, u64 region)
{
	const char *what = ranks_damage(ck, 0, region << REGION_SHIFT, REGION);
	u32 level;

	for (level = 1; level <= ck->layout.top && !what; level++) {
		if (region % FAMILY)
			break;
		what = ranks_damage(ck, level, region, FAMILY);
		region >>= FAMILY_SHIFT;
	}
	return what;
}

static u64 region_free(const struct chunk *ck, u64 region)
{
	u64 index = region << REGION_SHIFT, end = min(index + REGION, (u64)ck->layout.words);
	u64 free = 0;

	for (; index < end; index++)
		free += hweight64(get_word(ck, index));
	return free;
}

/* The cursor is the next region. */
static int chunk_validate(const void *meta, struct memmgr_check *check)
{
	const struct chunk *ck = meta;
	u64 regions = DIV_ROUND_UP(ck->layout.words, REGION), changes;
	const char *what = header_damage(ck);
	u32 i;

	if (what)
		return damage(check, what, 0);
	if (!check->cursor) {
		check->free = 0;
		memmgr_chunk_free(ck, &check->changes);
	}
	for (i = 0; check->cursor < regions; i++) {
		if (i == CHECK_REGIONS)
			return -EAGAIN;
		what = region_damage(ck, check->cursor);
		if (what)
			return damage(check, what, check->cursor << (REGION_SHIFT + WORD_SHIFT));
		check->free += region_free(ck, check->cursor++);
	}
	if (memmgr_chunk_free(ck, &changes) != check->free && changes == check->changes)
		return damage(check, "count of free granules", 0);
	return 0;
}

const struct memmgr_engine memmgr_chunk = {
	.name = "chunk",
	.flags = MEMMGR_ENGINE_CONCURRENT,
	.footprint = chunk_footprint,
	.init = chunk_init,
	.claim = chunk_claim,
	.release = chunk_release,
	.resize = chunk_resize,
	.next_free = chunk_next_free,
	.stat = chunk_stat,
	.validate = chunk_validate,
};
