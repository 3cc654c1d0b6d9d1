/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Arithmetic on the words of a chunk engine: 64 granules, a set bit is a free
 * one; and on ranks, the lengths of holes in 6 bits. No state.
 *
 * The rank of a hole of up to 16 granules is its length. Above, 8 ranks share an
 * octave, up to RANK_LONG for everything from LONG granules on:
 *
 *	length	1 .. 16, 18, 20 .. 32, 36, 40 .. 64, 72 .. 128 .. 256 .. 512 ..
 *	rank	1 .. 16, 17, 18 .. 24, 25, 26 .. 32, 33 ..  40 ..  48 ..  56
 *						 RANK_WORD		RANK_LONG
 *
 * Ranks are the bits of a u64 where some of them are chosen from; and eight ranks
 * lie in one u64 where they are compared at once, which is what the spare bit of
 * each is for.
 */
#ifndef MEMMGR_ENGINE_CHUNK_WORDS_H
#define MEMMGR_ENGINE_CHUNK_WORDS_H

#include "env.h"

#define WORD_SHIFT 6
#define WORD_BITS 64U

/* Ranks of an octave, binary logarithm. */
#define RANK_SHIFT 3

#define RANK_WORD 32U
#define RANK_LONG 56U
#define LONG 512U

/* One in every lane of eight ranks, and every lane's spare bit. */
#define LANES 0x0101010101010101ULL
#define SPARE (LANES << 7)

/* The rank of each length: the table is in chunk_map.c. */
extern const u8 memmgr_chunk_ranks[LONG + 1];

/* Rank of a hole of @len granules, LONG at most. */
static inline u32 rank_within(u64 len)
{
	return memmgr_chunk_ranks[len];
}

/* Rank of a hole of @len granules. */
static inline u32 rank_of(u64 len)
{
	return rank_within(min_t(u64, len, LONG));
}

/* Length of the shortest hole of @rank. */
static inline u64 rank_len(u32 rank)
{
	u32 step = rank >> RANK_SHIFT;

	if (step < 2)
		return rank;
	return (8 + rank % 8ULL) << (step - 1);
}

/* The lowest rank whose holes all have @len granules, 1 to LONG. */
static inline u32 rank_for_within(u64 len)
{
	return memmgr_chunk_ranks[len - 1] + 1U;
}

/* The same; RANK_LONG where there is none. */
static inline u32 rank_for(u64 len)
{
	return rank_for_within(min_t(u64, len, LONG));
}

/* The spare bit of each lane of @eight whose rank is at least @rank. */
static inline u64 lanes_from(u64 eight, u32 rank)
{
	return ((eight | SPARE) - rank * LANES) & SPARE;
}

/* The higher rank in each lane. */
static inline u64 lanes_max(u64 a, u64 b)
{
	u64 higher = ((a | SPARE) - b) & SPARE; /* where a >= b */

	higher -= higher >> 7;
	return (a & higher) | (b & ~higher & ~SPARE);
}

/* The highest rank of all. */
static inline u32 lanes_top(u64 eight)
{
	eight = lanes_max(eight, eight >> 32);
	eight = lanes_max(eight, eight >> 16);
	return lanes_max(eight, eight >> 8) & 127;
}

static inline u32 lane_of(u64 spare_bits)
{
	return (u32)__ffs64(spare_bits) >> 3;
}

static inline u32 lane_rank(u64 eight, u32 lane)
{
	return (eight >> (8 * lane)) & 127;
}

/* Free granules at the word's start. */
static inline u32 word_prefix(u64 word)
{
	return ~word ? (u32)__ffs64(~word) : WORD_BITS;
}

/* Free granules at its end. */
static inline u32 word_suffix(u64 word)
{
	return WORD_BITS - (u32)fls64(~word);
}

/**
 * struct hole - a hole and where a run may start in it
 * @start: granule in its word
 * @len: granules
 */
struct hole {
	u32 start;
	u32 len;
};

/* Cut the first hole out of @word, not 0, with its granules counted from @base. */
static inline struct hole cut_hole(u64 *word, u32 *base)
{
	u32 skip = (u32)__ffs64(*word), len;

	*word >>= skip;
	len = word_prefix(*word);
	*base += skip + len;
	*word = len < WORD_BITS ? *word >> len : 0;
	return (struct hole){ *base - len, len };
}

/* Longest hole in @word. */
static inline u32 word_longest(u64 word)
{
	u32 longest = 0, base = 0;

	while (word)
		longest = max(longest, cut_hole(&word, &base).len);
	return longest;
}

/* Rank of the longest hole in @word; @ahead: free granules right behind it. */
static inline u32 word_rank(u64 word, u32 ahead)
{
	u32 suffix = word_suffix(word), longest = suffix ? suffix + ahead : 0;

	if (suffix == WORD_BITS)
		return rank_of(longest);
	if (suffix)
		word &= ~0ULL >> suffix;
	return rank_of(max(longest, word_longest(word)));
}

#endif /* MEMMGR_ENGINE_CHUNK_WORDS_H */
