// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * chunk: tagged chunks for hot and atomic paths, without a lock.
 *
 * The truth is a bit per granule (chunk_map.h), and a claim is a compare-and-swap
 * on each word of bits that it lies in. To know where, a claim tries, in this order:
 *
 *   hints	of its home, the part of the arena that callers with this @hint start
 *		in: where a hole of each rank was last seen. The shortest that fits is
 *		taken; what is left becomes a hint again. This is most claims while
 *		more than 3/8 of the part is free.
 *   away	the same in another part, while there is no room to spare at home.
 *   next fit	where such a part has room to spare, but no hint: the first word that
 *		has a hole that fits, on from where the last such search ended.
 *   good fit	a hint whose hole has the rank of what is asked for, or of which
 *		nothing is left behind it, where there is no room to spare anywhere.
 *   search	of the map (chunk_search.c): the first word from home on that has a
 *		hole that fits, and the shortest one in it. First fit packs an arena
 *		well, so that is the way as soon as it matters.
 *
 * A fast claim (MEMMGR_CLAIM_FAST) is the same with fewer words looked at in the
 * search.
 *
 * Progress, path by path. No path waits for another caller, so that one who stops
 * anywhere, for ever, holds up nobody; he keeps what he has claimed, and a hole
 * that he was about to announce can be missed by searches.
 *   claim within a word	lock-free: who loses has lost to one who won. One
 *	compare-and-swap decides, and nothing has to be undone.
 *   claim over words		words are taken in ascending order and given back in
 *	reverse. A claim by a hint gives up at the first exchange that it loses; one
 *	by a search makes it again if all that it needs is free still. Two callers can
 *	both lose, but only against one who holds a word further up, so of those who
 *	overlap the one furthest up wins, unless he loses to a claim within a word. No
 *	bound for any one of them.
 *   after LOST_MAX lost races in a call, a search breaks the tie: it goes on in
 *	another region, further by its hint, and says -EAGAIN.
 *   claim, as a whole	bounded per call, and after ROUNDS_MAX searches that were
 *	disturbed it says what it saw, which another's claim that was rolled back
 *	may have made untrue: -ENOSPC is certain only if nobody interfered.
 *   release, shrink	wait-free where the machine has an atomic or (x86 has),
 *	and cannot fail. A run released twice is found out unless both calls are
 *	in the middle of it, or somebody has claimed it since.
 *   grow		as a claim of exactly those granules; -EAGAIN if it lost.
 *   ranks		a bounded number of attempts, then a value that misleads
 *	but hides nothing.
 *   hints		plain stores, lost or overwritten without harm.
 *   all of it in any context, NMI included: an interrupt finds a word claimed or
 *	free, and what it does itself is complete before the interrupted goes on.
 *
 * Memory order: see chunk_map.c, pair by pair.
 * Cost: claim and release change a word per 64 granules of the run, a hint and a
 * count each; a search goes through a level for every eightfold of the arena. For
 * 16 to 4096 bytes, log-uniform, on granules of 16, a claim and its release take 280
 * instructions in an arena that is half full, 1210 in one that is 79 % full.
 * next_free() reads what it reports, 64 granules at a time.
 * Memory: 9 bytes for 64 granules, and 512 for each part: 0.9 % of a large arena of
 * 16-byte granules.
 *
 * @free is exact when nobody is at work. @largest is a bound from above, for ranks
 * may be too high; it comes closer to the truth with each search in vain.
 */
#include "chunk_change.h"
#include "chunk_check.h"
#include "chunk_search.h"

/* Hints that a claim follows. */
#define HINTS 3

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

/* Where callers at @home go while there is no room to spare. */
static __always_inline struct part *away_from(struct chunk *ck, const struct part *home)
{
	u64 away = READ_ONCE(home->away);

	return &ck->parts[likely(away < ck->layout.parts) ? away : 0];
}

/*
 * Claim a hole that a part has a hint of: the shortest that fits, as far as ranks
 * can tell; where there is no room to spare, only if little or nothing is left.
 */
static bool follow_hints(struct chunk *ck, struct part *part, u64 len, struct memmgr_run *run)
{
	u64 hinted = hinted_from(part, rank_of(len)), start, last;
	bool roomy = is_roomy(part);
	u32 rank, tries;

	for (tries = 0; hinted && tries < HINTS; tries++, hinted &= hinted - 1) {
		rank = (u32)__ffs64(hinted);
		start = hint_start(read_hint(part, rank));
		last = start + len - 1;
		if (last >= ck->layout.granules || !is_free(ck, start)) {
			drop_hint(part, rank);
			continue;
		}
		if (same_until(ck, start, last + 1, true) <= last) {
			drop_hint(part, rank);
			announce_any(ck, part, start, hole_end(ck, start) - start);
			continue;
		}
		if (!roomy && rank > rank_of(len) && is_free(ck, last + 1))
			return false;
		drop_hint(part, rank);
		if (memmgr_chunk_take(ck, start, last)) {
			*run = (struct memmgr_run){ start, len };
			return true;
		}
		atomic64_inc(&part->lost);
	}
	return false;
}

/* Claim in whatever way there is. */
static noinline int claim_somehow(struct chunk *ck, struct memmgr_claim *claim,
				  struct memmgr_run *run)
{
	struct part *home = &ck->parts[home_of(ck, claim->hint)], *away = away_from(ck, home);

	if (!claim->len || !is_power_of_2(claim->align))
		return -EINVAL;
	if (claim->len > ck->layout.granules)
		return -ENOMEM;
	if (!claim->from && claim->align == 1) {
		if (follow_hints(ck, home, claim->len, run))
			return 0;
		if (away != home && follow_hints(ck, away, claim->len, run))
			return 0;
		if (is_roomy(home) && memmgr_chunk_search_part(ck, home, claim, run))
			return 0;
		if (is_roomy(away) && memmgr_chunk_search_part(ck, away, claim, run))
			return 0;
	}
	if (!is_roomy(away))
		WRITE_ONCE(home->away, (u64)(away - ck->parts) + 1);
	return memmgr_chunk_search(ck, claim, run);
}

/* Claim after another caller came between a look and the exchange. */
static noinline int claim_again(struct chunk *ck, struct memmgr_claim *claim,
				struct memmgr_run *run, struct part *part)
{
	atomic64_inc(&part->retries);
	return claim_somehow(ck, claim, run);
}

/*
 * Is the rank of @pos's word high enough for a hole that starts at @pos, if one does?
 * If it is not the highest one, the hole has to end in the word.
 */
static __always_inline bool is_high_enough(const struct chunk *ck, u64 pos)
{
	u64 index = pos >> WORD_SHIFT;
	u32 rank = get_rank(ck, 0, index);

	return rank == RANK_LONG ||
	       (rank >= RANK_WORD && ~get_word(ck, index) >> pos % WORD_BITS);
}

/* Claim within a word what @part's hint for @rank says. */
static noinline int claim_near(struct chunk *ck, struct memmgr_claim *claim, struct memmgr_run *run,
			       struct part *part, u64 hint, u32 rank)
{
	u64 len = claim->len, start = hint_start(hint), bits, old;
	atomic64_t *word;
	bool known;

	if (unlikely(start >= ck->layout.granules))
		return claim_somehow(ck, claim, run);
	word = word_at(ck, start >> WORD_SHIFT);
	bits = ~0ULL >> -len % WORD_BITS << start % WORD_BITS;
	old = (u64)atomic64_read(word);
	if (unlikely(bits & ~old))
		return claim_somehow(ck, claim, run);
	/* what is left starts in this word, as the hole did: its rank is high enough */
	known = (s64)bits >= 0 && ~old & (bits - 1);
	if (unlikely(!atomic64_try_cmpxchg(word, (s64 *)&old, (s64)(old - bits))))
		return claim_again(ck, claim, run, part);
	count_in(part_of(ck, start), -(s64)len);
	*run = (struct memmgr_run){ start, len };
	cut_hint(part, rank, hint, len);
	if (likely(known) || is_high_enough(ck, start + len))
		return 0;
	return memmgr_chunk_announce_behind(ck, start + len - 1);
}

/* Claim after the words from @start up to the one at @lost were claimed. */
static noinline int claim_lost(struct chunk *ck, struct memmgr_claim *claim,
			       struct memmgr_run *run, u64 start, const atomic64_t *lost)
{
	memmgr_chunk_undo(ck, start, lost);
	return claim_somehow(ck, claim, run);
}

/* The same over several words. */
static noinline int claim_far(struct chunk *ck, struct memmgr_claim *claim, struct memmgr_run *run,
			      struct part *part, u64 hint, u32 rank)
{
	u64 len = claim->len, start = hint_start(hint), last = start + len - 1;
	const atomic64_t *lost;

	if (unlikely(last >= ck->layout.granules))
		return claim_somehow(ck, claim, run);
	lost = take_words(ck, start, last, false);
	if (unlikely(lost))
		return claim_lost(ck, claim, run, start, lost);
	count_change(ck, start, last, -1);
	cap_rank(ck, start);
	*run = (struct memmgr_run){ start, len };
	cut_hint(part, rank, hint, len);
	if (likely(is_high_enough(ck, last + 1)))
		return 0;
	return memmgr_chunk_announce_behind(ck, last);
}

/* The most common case, in a straight line: by a hint, with room to spare. */
static int chunk_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct chunk *ck = meta;
	struct part *part = &ck->parts[home_of(ck, claim->hint)];
	u64 len = claim->len, hinted, hint;
	u32 rank;

	if (unlikely(len - 1 >= LONG || (claim->from | (claim->align - 1))))
		return claim_somehow(ck, claim, run);
	if (!is_roomy(part)) {
		part = away_from(ck, part);
		if (unlikely(!is_roomy(part)))
			return claim_somehow(ck, claim, run);
	}
	hinted = hinted_from(part, rank_for_within(len));
	if (unlikely(!hinted))
		return claim_somehow(ck, claim, run);
	rank = (u32)__ffs64(hinted);
	hint = read_hint(part, rank); /* once, for others change it */
	if (hint % WORD_BITS + len <= WORD_BITS)
		return claim_near(ck, claim, run, part, hint, rank);
	return claim_far(ck, claim, run, part, hint, rank);
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

/* Release over several words. */
static noinline int release_far(struct chunk *ck, const struct memmgr_run *run)
{
	u64 start = run->start, last = start + run->len - 1;

	if (unlikely(start >= last || last >= ck->layout.granules ||
		     !words_are_claimed(ck, start, last)))
		return -EUCLEAN;
	give_words(ck, start, last);
	count_change(ck, start, last, 1);
	start = hole_start(ck, start);
	return announce_any(ck, part_of(ck, start), start, hole_end(ck, last) - start);
}

/*
 * The most common case, in a straight line: in a word, to become part of a hole that
 * begins and ends in that word.
 */
static int chunk_release(void *meta, const struct memmgr_run *run)
{
	struct chunk *ck = meta;
	u64 start = run->start, last = start + run->len - 1, bits, low, below, above, len;
	struct part *part;
	atomic64_t *word;

	if (!in_one_word(start, last) ||
	    unlikely(run->len - 1 >= WORD_BITS || last >= ck->layout.granules))
		return release_far(ck, run);
	word = word_at(ck, start >> WORD_SHIFT);
	low = 1ULL << start % WORD_BITS;
	bits = (2ULL << last % WORD_BITS) - low;
	if (unlikely((u64)atomic64_read(word) & bits))
		return -EUCLEAN;
	smp_mb__before_atomic(); /* all that the owner did there */
	atomic64_or((s64)bits, word);
	part = part_of(ck, start);
	count_in(part, (s64)run->len);
	above = ~(u64)atomic64_read(word);
	below = above & (low - 1);
	above &= -(low + bits);
	if (unlikely(!below || !above))
		return memmgr_chunk_announce(ck, start, last);
	low = (u64)(u32)ilog2(below) + 1;
	len = __ffs64(above) - low;
	return announce(ck, part, rank_within(len), ALIGN_DOWN(start, WORD_BITS) + low, len);
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
	if (new_end > end && !memmgr_chunk_take(ck, end, new_end - 1))
		return -EAGAIN;
	if (start < run->start && !memmgr_chunk_take(ck, start, run->start - 1)) {
		if (new_end > end)
			memmgr_chunk_give(ck, end, new_end - 1);
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
	if (want->len < run->len)
		memmgr_chunk_give(ck, run->start + want->len, memmgr_run_end(run) - 1);
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
		index = memmgr_chunk_next_word(ck, index + 1);
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
	s64 part_len = (s64)1 << ck->layout.part_shift, chain = 0, longest = 0, free;
	u32 i;

	for (i = 0; i < ck->layout.parts; i++) {
		free = count_free(atomic64_read(&ck->parts[i].count));
		longest = max(longest, chain + free);
		chain = free < part_len ? free : chain + free;
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
	for (i = 0; i < ck->layout.parts; i++) {
		stat->lost_races += (u64)atomic64_read(&ck->parts[i].lost);
		stat->retries += (u64)atomic64_read(&ck->parts[i].retries);
		stat->ties_broken += (u64)atomic64_read(&ck->parts[i].ties);
	}
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
	.validate = memmgr_chunk_validate,
};
