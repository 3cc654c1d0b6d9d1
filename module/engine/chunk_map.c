// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The map of a chunk engine's arena: how words, ranks and counts change.
 *
 * Every change of words is followed by the same steps, which make the hints true
 * again whoever interferes, in whatever order:
 *
 *	change the words		by exchanges, each a full barrier
 *	set the ranks that depend on it	plain stores
 *	count				a full barrier
 *	look at the words again		not what they were: once more from "set"
 *	raise the ranks above
 *
 * Memory order, pair by pair. The first four are of one form: each side writes,
 * passes a full barrier, and reads what the other side writes, so that at least
 * one of them sees the other. tests/model/chunk.pml tries all orders, with ranks
 * on their way through store buffers.
 *   settle -> settle	of one word. Of two callers that set its rank, whoever's
 *			store comes last looks at the word after it: a change
 *			that he did not know of makes him set it again; a change
 *			that he cannot see yet has its own store still to come.
 *			That is also why a rank, once set, is looked at again even
 *			if by then it depends on the change no more.
 *   settle -> settle	of neighbouring words. One frees the end of a word, another
 *			the start of the next: by the barrier between its change
 *			and its look at the other word, one sees both.
 *   settle -> lower	one sets a rank and then reads the one above it; the other
 *			lowers that and then reads the ranks below again.
 *   raise -> lower	the same, a level up.
 *   give -> take	an exchange is a full barrier, the store of a whole word a
 *			release: who claims granules sees all that was written
 *			there before they were given back.
 *   settle -> find	none. A search may miss a hole that somebody is about to
 *			make known, or look in vain.
 *   count -> free	none. Each figure is right for some instant.
 */
#include "chunk_map.h"

/* Attempts at an unchanged word, hint, or set of hints. */
#define TRIES 16

/* Ranks of @level for @words words, in whole regions or families. */
static u64 ranks_of(u64 words, u32 level)
{
	return ALIGN(DIV_ROUND_UP(words, 1ULL << span_shift(level)), level ? FAMILY : REGION);
}

u64 memmgr_chunk_lay_out(struct layout *layout, const struct memmgr_geometry *geo)
{
	u64 bytes = sizeof(struct chunk);
	u32 level;

	memset(layout, 0, sizeof(*layout));
	if (!geo->granules || geo->granules > MEMMGR_GRANULES_MAX)
		return 0;
	layout->granules = geo->granules;
	layout->mirror = ~geo->granules;
	layout->words = (u32)DIV_ROUND_UP(geo->granules, WORD_BITS);
	layout->cpus = max(geo->cpus, 1U);

	layout->zone_shift = 6;
	while (layout->words > ZONES_MAX << layout->zone_shift)
		layout->zone_shift++;
	layout->zones = DIV_ROUND_UP(layout->words, 1U << layout->zone_shift);
	bytes += layout->zones * sizeof(struct zone);

	layout->top = 1;
	while (ranks_of(layout->words, layout->top) > FAMILY)
		layout->top++;
	for (level = 0; level <= layout->top; level++) {
		layout->rank[level] = (u32)bytes;
		bytes += ALIGN(ranks_of(layout->words, level), 64);
	}
	layout->word = (u32)bytes;
	return bytes + layout->words * sizeof(atomic64_t);
}

/* --- counts --------------------------------------------------------------- */

/* Count a change of [@start, @end); a full barrier. @sign: 1 if it became free */
static inline void count_change(struct chunk *ck, u64 start, u64 end, s64 sign)
{
	u64 zone = zone_of(ck, start), last = zone_of(ck, end - 1), limit;

	for (; unlikely(zone < last); zone++, start = limit) {
		limit = (zone + 1) << (WORD_SHIFT + ck->layout.zone_shift);
		atomic64_add((1LL << CHANGE_SHIFT) + sign * (s64)(limit - start),
			     &ck->zones[zone].count);
	}
	smp_mb__before_atomic(); /* ranks were set */
	atomic64_add((1LL << CHANGE_SHIFT) + sign * (s64)(end - start), &ck->zones[last].count);
	smp_mb__after_atomic(); /* and are looked at again */
}

u64 memmgr_chunk_free(const struct chunk *ck, u64 *changes)
{
	s64 count, free = 0;
	u32 i;

	*changes = 0;
	for (i = 0; i < ck->layout.zones; i++) {
		count = atomic64_read(&ck->zones[i].count);
		free += count_free(count);
		*changes += count_changes(count);
	}
	return free > 0 ? (u64)free : 0;
}

/* --- ranks ---------------------------------------------------------------- */

/*
 * Change one rank of eight that others change too, unless somebody has done as
 * much. A full barrier where it was changed. Too high a rank is true enough, and
 * that is what a caller leaves who has lost too often. Returns what it is at least.
 */
static noinline u32 change_rank(struct chunk *ck, u32 level, u64 index, u32 from, u32 to)
{
	__le64 *eight = eight_at(ck, level, index), old = READ_ONCE(*eight);
	u32 lane = index % FAMILY, now, tries;
	u64 new;

	for (tries = 0; tries < TRIES; tries++) {
		new = le64_to_cpu(old);
		now = lane_rank(new, lane);
		if (to > from ? now >= to : now != from)
			return to;
		new = (new & ~(255ULL << (8 * lane))) | (u64)to << (8 * lane);
		if (try_cmpxchg(eight, &old, cpu_to_le64(new)))
			return to;
	}
	if (to > from) {
		WRITE_ONCE(*rank_at(ck, level, index), RANK_LONG);
		smp_mb(); /* as the exchange would have been */
	}
	return RANK_LONG;
}

/* Let a rank and all above it be at least @rank. */
static inline void raise(struct chunk *ck, u32 level, u64 index, u32 rank)
{
	u32 old;

	for (; level <= ck->layout.top; level++, index >>= FAMILY_SHIFT) {
		old = get_rank(ck, level, index);
		if (likely(old >= rank))
			return;
		rank = change_rank(ck, level, index, old, rank);
	}
}

/* The highest rank of a region. */
static u32 region_rank(const struct chunk *ck, u64 region)
{
	const __le64 *eights = eight_at(ck, 0, region << REGION_SHIFT);
	u64 eight = 0;
	u32 i;

	for (i = 0; i < REGION / 8; i++)
		eight = lanes_max(eight, le64_to_cpu(READ_ONCE(eights[i])));
	return lanes_top(eight);
}

u32 memmgr_chunk_rank_below(const struct chunk *ck, u32 level, u64 index)
{
	if (level == 1)
		return region_rank(ck, index);
	return lanes_top(get_eight(ck, level - 1, index << FAMILY_SHIFT));
}

/* Is any rank below one of @level > 0 higher than @rank? */
static bool is_above(const struct chunk *ck, u32 level, u64 index, u32 rank)
{
	if (level == 1)
		return first_of_region(ck, index << REGION_SHIFT, rank + 1) != NOWHERE;
	return lanes_from(get_eight(ck, level - 1, index << FAMILY_SHIFT), rank + 1);
}

/* A search found that a rank promises too much: lower it to what is below. */
void memmgr_chunk_lower(struct chunk *ck, u32 level, u64 index)
{
	u32 old = get_rank(ck, level, index), rank = memmgr_chunk_rank_below(ck, level, index);

	if (rank >= old)
		return;
	change_rank(ck, level, index, old, rank);
	/* the exchange was a full barrier; pairs with settle() and raise() */
	if (unlikely(is_above(ck, level, index, rank)))
		raise(ck, level, index, memmgr_chunk_rank_below(ck, level, index));
}

/* Does the rank of the word before depend on a run from @start on? */
static inline bool goes_on_below(const struct chunk *ck, u64 start, u64 index, u64 word)
{
	u64 first = start >> WORD_SHIFT;

	if (index > first)
		return true;
	if (!index || (index == first ? !!(~word & ((1ULL << start % WORD_BITS) - 1)) :
					~word || first - index >= REACH))
		return false;
	return get_word(ck, index - 1) >> 63;
}

/*
 * Set the ranks of all words that depend on [@start, @end), and raise those above
 * if @above. Was any wrong? *@low is the first word that was ever looked at for
 * this change: a rank that was once set must be looked at again, even if nothing
 * seems to depend on the change by then.
 */
static bool refresh(struct chunk *ck, u64 start, u64 end, bool above, u64 *low)
{
	u64 index = (end - 1) >> WORD_SHIFT, word = get_word(ck, index);
	u32 ahead = word >> 63 ? ahead_of(ck, index) : 0, rank;
	bool wrong = false;

	for (;; index--) {
		rank = word_rank(word, ahead);
		if (get_rank(ck, 0, index) != rank) {
			WRITE_ONCE(*rank_at(ck, 0, index), (u8)rank);
			wrong = true;
		}
		if (above)
			raise(ck, 1, index >> REGION_SHIFT, rank);
		if (index <= *low && !goes_on_below(ck, start, index, word))
			break;
		ahead = ~word ? word_prefix(word) : min(ahead + WORD_BITS, LONG);
		word = get_word(ck, index - 1);
	}
	*low = index;
	return wrong;
}

/* Others changed the same words too often: say that there may be anything. */
static noinline void overrate(struct chunk *ck, u64 index, u64 last)
{
	for (; index <= last; index++) {
		WRITE_ONCE(*rank_at(ck, 0, index), RANK_LONG);
		smp_mb(); /* as count_change() would have been */
		raise(ck, 1, index >> REGION_SHIFT, RANK_LONG);
	}
}

/*
 * Ranks were set from the word @low on, and a full barrier came after: look again
 * until nothing that they were made from has changed, and let those above follow.
 */
static noinline void confirm(struct chunk *ck, u64 start, u64 end, u64 low)
{
	u32 tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (likely(!refresh(ck, start, end, true, &low)))
			return;
		smp_mb(); /* as count_change() was, the first time */
	}
	overrate(ck, low, (end - 1) >> WORD_SHIFT);
}

/* Ranks that depend on more than a word and the one behind it. */
static noinline void settle_far(struct chunk *ck, u64 start, u64 end, s64 sign)
{
	u64 low = start >> WORD_SHIFT;

	refresh(ck, start, end, false, &low);
	count_change(ck, start, end, sign);
	confirm(ck, start, end, low);
}

/* The word behind, or a used one at the end of the arena. */
static inline u64 next_word(const struct chunk *ck, u64 index)
{
	return index + 1 < ck->layout.words ? get_word(ck, index + 1) : 0;
}

/* Set the rank of a word; @ahead: free granules behind it, and with it on return. */
static inline u32 set_rank(struct chunk *ck, u64 index, u64 word, u32 *ahead)
{
	u32 rank = word_rank(word, *ahead);

	if (get_rank(ck, 0, index) != rank)
		WRITE_ONCE(*rank_at(ck, 0, index), (u8)rank);
	*ahead = ~word ? word_prefix(word) : min(*ahead + WORD_BITS, LONG);
	return rank;
}

/*
 * The words of [@start, @end), two at least, were changed: let ranks and counts
 * follow.
 *
 *	 below    head                       tail      next
 *	|......##|##......|........|........|....####|###.....|
 *		     ^start                      ^end
 *
 * Where no rank depends on more than these words, the ranks are confirmed by a
 * look at what they were made from; all others are made again.
 */
static noinline void settle(struct chunk *ck, u64 start, u64 end, s64 sign)
{
	u64 first = start >> WORD_SHIFT, last = (end - 1) >> WORD_SHIFT, index;
	u64 head = get_word(ck, first), tail = get_word(ck, last), next = next_word(ck, last);
	u64 below = 0, middle = sign > 0 ? ~0ULL : 0;
	u32 ahead = word_prefix(next), rank;
	bool deep = goes_on_below(ck, start, first, head);

	if (deep)
		below = get_word(ck, first - 1);
	if (!~next || !~below || (first - deep) >> REGION_SHIFT != last >> REGION_SHIFT) {
		settle_far(ck, start, end, sign);
		return;
	}
	rank = set_rank(ck, last, tail, &ahead);
	for (index = last - 1; index > first; index--) {
		if (middle)
			rank = max(rank, set_rank(ck, index, middle, &ahead));
		else
			WRITE_ONCE(*rank_at(ck, 0, index), 0);
	}
	rank = max(rank, set_rank(ck, first, head, &ahead));
	if (deep)
		rank = max(rank, set_rank(ck, first - 1, below, &ahead));
	count_change(ck, start, end, sign);
	for (index = first + 1; index < last; index++)
		if (get_word(ck, index) != middle)
			break;
	if (index == last && get_word(ck, first) == head && get_word(ck, last) == tail &&
	    next_word(ck, last) == next && (!deep || get_word(ck, first - 1) == below))
		raise(ck, 1, first >> REGION_SHIFT, rank);
	else
		confirm(ck, start, end, first - deep);
}

/* A look found that a word's rank promises too much. */
void memmgr_chunk_correct(struct chunk *ck, u64 index)
{
	confirm(ck, index << WORD_SHIFT, (index << WORD_SHIFT) + 1, index);
}

/* The same where one word was changed, and it is @word now. */
static inline void settle_word(struct chunk *ck, u64 start, u64 end, u64 word, s64 sign)
{
	u64 index = start >> WORD_SHIFT, next = word >> 63 ? next_word(ck, index) : 0, below = 0;
	bool deep = goes_on_below(ck, start, index, word);
	u32 ahead = word_prefix(next), rank;

	if (deep)
		below = get_word(ck, index - 1);
	if (unlikely(!~next || !~below || (deep && !(index % REGION)))) {
		settle_far(ck, start, end, sign);
		return;
	}
	rank = set_rank(ck, index, word, &ahead);
	if (deep)
		rank = max(rank, set_rank(ck, index - 1, below, &ahead));
	count_change(ck, start, end, sign);
	if (likely(get_word(ck, index) == word && (!(word >> 63) || next_word(ck, index) == next) &&
		   (!deep || get_word(ck, index - 1) == below)))
		raise(ck, 1, index >> REGION_SHIFT, rank);
	else
		confirm(ck, start, end, index - deep);
}

/* --- words ---------------------------------------------------------------- */

/* Claim @bits of a word, all or none; *@word is what it was last seen to be. */
static inline bool take_bits(struct chunk *ck, u64 index, u64 bits, u64 *word)
{
	s64 old = (s64)*word;
	u32 tries;

	for (tries = 0; tries < TRIES; tries++) {
		*word = (u64)old;
		if (bits & ~(u64)old)
			return false;
		if (atomic64_try_cmpxchg(word_at(ck, index), &old, (s64)(*word & ~bits))) {
			*word &= ~bits;
			return true;
		}
	}
	return false;
}

/* Free [@start, @end), which is the caller's, from its end to its start. */
static void give_words(struct chunk *ck, u64 start, u64 end)
{
	u64 from, bits;
	atomic64_t *word;

	for (; end > start; end = from) {
		from = max(start, ALIGN_DOWN(end - 1, WORD_BITS));
		bits = bits_of(from, end);
		word = word_at(ck, from >> WORD_SHIFT);
		if (!~bits) {
			atomic64_set_release(word, -1); /* nobody else's granules are in it */
			continue;
		}
		smp_mb__before_atomic(); /* all that the owner did there */
		atomic64_or((s64)bits, word);
	}
}

static bool take_words(struct chunk *ck, u64 start, u64 end)
{
	u64 pos, word;

	for (pos = start; pos < end; pos = word_end(pos)) {
		word = get_word(ck, pos >> WORD_SHIFT);
		if (!take_bits(ck, pos >> WORD_SHIFT, bits_of(pos, end), &word))
			break;
	}
	if (pos >= end)
		return true;
	if (pos > start) {
		give_words(ck, start, pos);
		smp_mb(); /* words given back before ranks are made */
		confirm(ck, start, pos, start >> WORD_SHIFT);
	}
	return false;
}

bool memmgr_chunk_take(struct chunk *ck, u64 start, u64 end)
{
	u64 word, bits;

	if (start == end)
		return true;
	if (start >> WORD_SHIFT != (end - 1) >> WORD_SHIFT) {
		if (!take_words(ck, start, end))
			goto lost;
		settle(ck, start, end, -1);
		return true;
	}
	bits = bits_of(start, end);
	word = get_word(ck, start >> WORD_SHIFT);
	if (!take_bits(ck, start >> WORD_SHIFT, bits, &word))
		goto lost;
	settle_word(ck, start, end, word, -1);
	return true;
lost:
	atomic64_inc(&ck->zones[zone_of(ck, start)].lost);
	return false;
}

void memmgr_chunk_give(struct chunk *ck, u64 start, u64 end)
{
	u64 word, bits;

	if (start == end)
		return;
	if (start >> WORD_SHIFT != (end - 1) >> WORD_SHIFT) {
		give_words(ck, start, end);
		smp_mb(); /* words given back before ranks are made */
		settle(ck, start, end, 1);
		return;
	}
	bits = bits_of(start, end);
	smp_mb__before_atomic(); /* all that the owner did there */
	atomic64_or((s64)bits, word_at(ck, start >> WORD_SHIFT));
	smp_mb__after_atomic(); /* given back before ranks are made */
	word = get_word(ck, start >> WORD_SHIFT);
	settle_word(ck, start, end, word, 1);
}

/* --- a new map ------------------------------------------------------------ */

void memmgr_chunk_fill(struct chunk *ck)
{
	u64 zone_len = 1ULL << (WORD_SHIFT + ck->layout.zone_shift), low = 0, pos, end;

	give_words(ck, 0, ck->layout.granules);
	refresh(ck, 0, ck->layout.granules, true, &low);
	for (pos = 0; pos < ck->layout.granules; pos = end) {
		end = min(pos + zone_len, ck->layout.granules);
		atomic64_set(&ck->zones[zone_of(ck, pos)].count, (s64)(end - pos));
	}
}
