/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How runs of a chunk engine's map change hands.
 *
 * Every change goes through the same steps:
 *
 *	change the words	by exchanges, each a full barrier
 *	count			a full barrier
 *	look at the words around, for the hole that there is now
 *	announce it		leave a hint, raise ranks that are too low for it
 *
 * A claim announces what it leaves behind its end; what it leaves in front starts
 * where it did. Runs are given by their first and last granule.
 *
 * The functions here are those that most calls go through, each a straight line.
 */
#ifndef MEMMGR_ENGINE_CHUNK_CHANGE_H
#define MEMMGR_ENGINE_CHUNK_CHANGE_H

#include "chunk_map.h"

/* Claim @bits of a word that another caller has just changed. */
bool memmgr_chunk_take_again(struct chunk *ck, atomic64_t *word, u64 bits);

/* Give back what was claimed from @start up to the word that was lost. */
void memmgr_chunk_undo(struct chunk *ck, u64 start, const atomic64_t *lost);

/* Count a change of a run that lies in several parts. @sign: 1 if it became free */
void memmgr_chunk_count(struct chunk *ck, u64 start, u64 last, s64 sign);

/* Let others find the hole that the free @start to @last are in. Returns 0. */
int memmgr_chunk_announce(struct chunk *ck, u64 start, u64 last);

/* Let others find what a claim up to @last has left behind. Returns 0. */
int memmgr_chunk_announce_behind(struct chunk *ck, u64 last);

/*
 * Claim @start to @last and announce what is left. False if some of it is not free, or
 * another caller came before.
 */
bool memmgr_chunk_take(struct chunk *ck, u64 start, u64 last);

/* Free @start to @last, which are the caller's, and announce it. */
void memmgr_chunk_give(struct chunk *ck, u64 start, u64 last);

static __always_inline bool in_one_word(u64 start, u64 last)
{
	return (start ^ last) < WORD_BITS;
}

/* The bits from @start to @last, which are in one word. */
static __always_inline u64 bits_between(u64 start, u64 last)
{
	return (2ULL << last % WORD_BITS) - (1ULL << start % WORD_BITS);
}

static __always_inline u64 bits_before(u64 pos)
{
	return (1ULL << pos % WORD_BITS) - 1;
}

static __always_inline u64 bits_from(u64 pos)
{
	return ~0ULL << pos % WORD_BITS;
}

static __always_inline u64 bits_to(u64 pos)
{
	return ~0ULL >> (~pos % WORD_BITS);
}

/*
 * Claim @bits of a word, all or none. False if one is not free, or was lost, or, for
 * who does not try @again, if another caller has changed the word.
 */
static __always_inline bool take_bits(struct chunk *ck, atomic64_t *word, u64 bits, bool again)
{
	s64 old = atomic64_read(word);

	if (unlikely(bits & ~(u64)old))
		return false;
	if (likely(atomic64_try_cmpxchg(word, &old, (s64)((u64)old - bits))))
		return true;
	return again && memmgr_chunk_take_again(ck, word, bits);
}

/*
 * Claim the words of a run, from its start to its end. Returns NULL, or the word that
 * could not be had: those before it are to be given back.
 */
static __always_inline atomic64_t *take_words(struct chunk *ck, u64 start, u64 last, bool again)
{
	atomic64_t *word = word_at(ck, start >> WORD_SHIFT);
	atomic64_t *end = word_at(ck, last >> WORD_SHIFT);
	u64 bits = bits_from(start);

	if (word < end) {
		if (unlikely(!take_bits(ck, word, bits, again)))
			return word;
		while (++word < end)
			if (unlikely(!take_bits(ck, word, ~0ULL, again)))
				return word;
		bits = ~0ULL;
	}
	return likely(take_bits(ck, word, bits & bits_to(last), again)) ? NULL : word;
}

/* Are the words of a run that lies in several all claimed? */
static __always_inline bool words_are_claimed(const struct chunk *ck, u64 start, u64 last)
{
	const atomic64_t *word = word_at(ck, start >> WORD_SHIFT);
	const atomic64_t *end = word_at(ck, last >> WORD_SHIFT);
	u64 free = (u64)atomic64_read(word) & bits_from(start);

	free |= (u64)atomic64_read(end) & bits_to(last);
	while (++word < end)
		free |= (u64)atomic64_read(word);
	return !free;
}

/* Free the words of a run that lies in several, from its end to its start. */
static __always_inline void give_words(struct chunk *ck, u64 start, u64 last)
{
	atomic64_t *first = word_at(ck, start >> WORD_SHIFT);
	atomic64_t *word = word_at(ck, last >> WORD_SHIFT);

	smp_mb__before_atomic(); /* all that the owner did there */
	atomic64_or((s64)bits_to(last), word);
	while (--word > first)
		atomic64_set_release(word, -1); /* nobody else's granules are in it */
	smp_mb__before_atomic(); /* likewise */
	atomic64_or((s64)bits_from(start), first);
}

/* Count @change free granules in @part. A full barrier. */
static __always_inline void count_in(struct part *part, s64 change)
{
	smp_mb__before_atomic(); /* words were changed */
	atomic64_add((1LL << CHANGE_SHIFT) + change, &part->count);
	smp_mb__after_atomic(); /* and are looked at, with those around and ranks */
}

/* The same of one that may go on behind it. */
static __always_inline void count_change(struct chunk *ck, u64 start, u64 last, s64 sign)
{
	if (likely(!((start ^ last) >> ck->layout.part_shift)))
		count_in(part_of(ck, start), sign * (s64)(last - start + 1));
	else
		memmgr_chunk_count(ck, start, last, sign);
}

/*
 * The end of @start's word was claimed: no hole that starts there is longer than
 * the word, until this run is freed.
 */
static __always_inline void cap_rank(struct chunk *ck, u64 start)
{
	u64 index = start >> WORD_SHIFT;

	if (get_rank(ck, 0, index) > RANK_CAP)
		memmgr_chunk_cap(ck, index);
}

/* The ranks from @rank on that @part has a hint of. */
static __always_inline u64 hinted_from(const struct part *part, u32 rank)
{
	return READ_ONCE(part->hinted) & RANKS & ~0ULL << rank;
}

static __always_inline u64 read_hint(const struct part *part, u32 rank)
{
	return READ_ONCE(part->hint[rank]);
}

static __always_inline u64 hint_start(u64 hint)
{
	return (u32)hint;
}

static __always_inline u64 hint_len(u64 hint)
{
	return hint >> HINT_LEN_SHIFT;
}

static __always_inline void leave_hint(struct part *part, u32 rank, u64 start, u64 len)
{
	WRITE_ONCE(part->hint[rank], start | len << HINT_LEN_SHIFT);
	WRITE_ONCE(part->hinted, READ_ONCE(part->hinted) | BIT_ULL(rank));
}

static __always_inline void drop_hint(struct part *part, u32 rank)
{
	WRITE_ONCE(part->hinted, READ_ONCE(part->hinted) & ~BIT_ULL(rank));
}

/* @hint's first @len granules were claimed: what it says is left becomes a hint. */
static __always_inline void cut_hint(struct part *part, u32 rank, u64 hint, u64 len)
{
	u64 hinted = READ_ONCE(part->hinted) & ~BIT_ULL(rank), left = hint_len(hint) - len;

	if ((s64)left > 0) {
		rank = rank_of(left);
		WRITE_ONCE(part->hint[rank], hint + len - (len << HINT_LEN_SHIFT));
		hinted |= BIT_ULL(rank);
	}
	WRITE_ONCE(part->hinted, hinted);
}

/* Let others find a hole at @start, of @rank, as far as is known of @len. Returns 0. */
static __always_inline int announce(struct chunk *ck, struct part *part, u32 rank, u64 start,
				    u64 len)
{
	leave_hint(part, rank, start, len);
	if (likely(get_rank(ck, 0, start >> WORD_SHIFT) >= rank))
		return 0;
	return memmgr_chunk_overrate(ck, start >> WORD_SHIFT, rank);
}

/* The same of any length: where a long hole ends, nobody looks, until a claim fails. */
static __always_inline int announce_any(struct chunk *ck, struct part *part, u64 start, u64 len)
{
	if (unlikely(len >= LONG))
		return announce(ck, part, RANK_LONG, start, MEMMGR_GRANULES_MAX);
	return announce(ck, part, rank_within(len), start, len);
}

#endif /* MEMMGR_ENGINE_CHUNK_CHANGE_H */
