// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What is rare where runs change hands.
 */
#include "chunk_change.h"

/* Attempts at a word that others change, too. */
#define TRIES 16

noinline bool memmgr_chunk_take_again(struct chunk *ck, atomic64_t *word, u64 bits)
{
	u64 index = (u64)(word - word_at(ck, 0));
	s64 old = atomic64_read(word);
	u32 tries;

	for (tries = 0; tries < TRIES; tries++) {
		atomic64_inc(&part_of(ck, index << WORD_SHIFT)->retries);
		if (bits & ~(u64)old)
			return false;
		if (atomic64_try_cmpxchg(word, &old, (s64)((u64)old - bits)))
			return true;
	}
	return false;
}

/* Free the words of a run. A full barrier. */
static void give_any_words(struct chunk *ck, u64 start, u64 last)
{
	smp_mb__before_atomic(); /* all that the owner did there */
	if (in_one_word(start, last))
		atomic64_or((s64)bits_between(start, last), word_at(ck, start >> WORD_SHIFT));
	else
		give_words(ck, start, last);
	smp_mb__after_atomic(); /* and one looks around */
}

noinline void memmgr_chunk_undo(struct chunk *ck, u64 start, const atomic64_t *lost)
{
	u64 end = (u64)(lost - word_at(ck, 0)) << WORD_SHIFT;

	if (end <= start)
		return;
	give_any_words(ck, start, end - 1);
	memmgr_chunk_announce(ck, start, end - 1);
}

noinline void memmgr_chunk_count(struct chunk *ck, u64 start, u64 last, s64 sign)
{
	u64 part_len = 1ULL << ck->layout.part_shift, end;

	for (; start <= last; start = end + 1) {
		end = min(last, start | (part_len - 1));
		count_in(part_of(ck, start), sign * (s64)(end - start + 1));
	}
}

noinline int memmgr_chunk_announce(struct chunk *ck, u64 start, u64 last)
{
	start = hole_start(ck, start);
	return announce_any(ck, part_of(ck, start), start, hole_end(ck, last) - start);
}

noinline int memmgr_chunk_announce_behind(struct chunk *ck, u64 last)
{
	const atomic64_t *word = word_at(ck, (last + 1) >> WORD_SHIFT);

	if ((u64)atomic64_read(word) >> (last + 1) % WORD_BITS & 1)
		return announce_any(ck, part_of(ck, last + 1), last + 1,
				    hole_end_at(word, last + 1) - last - 1);
	return 0;
}

bool memmgr_chunk_take(struct chunk *ck, u64 start, u64 last)
{
	const atomic64_t *lost = take_words(ck, start, last, true);

	if (lost) {
		memmgr_chunk_undo(ck, start, lost);
		return false;
	}
	count_change(ck, start, last, -1);
	if (!in_one_word(start, last))
		cap_rank(ck, start);
	memmgr_chunk_announce_behind(ck, last);
	return true;
}

void memmgr_chunk_give(struct chunk *ck, u64 start, u64 last)
{
	give_any_words(ck, start, last);
	count_change(ck, start, last, 1);
	memmgr_chunk_announce(ck, start, last);
}
