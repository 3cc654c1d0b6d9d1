/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The map of a chunk engine's arena: which granules are free, and hints of where
 * to look for holes. Any number of callers work on it at once, in any context.
 *
 * The truth is the words, a bit per granule, set where it is free. Who clears a
 * bit owns the granule; who owns it sets the bit again. Everything else may be
 * wrong and costs no more than a look in vain:
 *
 *	level 2	      a family of 8 ranks, each the highest of 8 below
 *	level 1	      a family of 8 ranks, each the highest of a region
 *	level 0	      a region of 64 ranks, one per word: the longest hole that
 *		      starts in it or covers its start, up to LONG granules, which
 *		      may reach over the words behind
 *	words	      64 granules each
 *
 * A hint of level 0 is right whenever nobody is at work near it. Those above are
 * raised at once, but lowered only by a search that they led astray; so they may
 * be too high, never too low.
 *
 * Counts of free granules and of changes are kept for each of up to ZONES_MAX
 * zones, equal parts of the arena, so that callers in different places do not
 * share a cache line.
 */
#ifndef MEMMGR_ENGINE_CHUNK_MAP_H
#define MEMMGR_ENGINE_CHUNK_MAP_H

#include "engine.h"
#include "chunk_words.h"

/* Words of a region, ranks of a family. */
#define REGION_SHIFT 6
#define REGION 64U
#define FAMILY_SHIFT 3
#define FAMILY 8U

/* Level of the highest ranks in the longest arena. */
#define TOP_MAX 7

/* Words that a rank looks ahead. */
#define REACH (LONG / WORD_BITS)

/* Parts of the arena with a count of their own. */
#define ZONES_MAX 64U

/* A zone's count: free granules below, signed; changes above. */
#define CHANGE_SHIFT 36

#define NOWHERE U64_MAX

static_assert(MEMMGR_GRANULES_MAX == 1ULL << 31);
static_assert((1ULL << 31) >> (WORD_SHIFT + REGION_SHIFT + FAMILY_SHIFT * (TOP_MAX - 1)) <= FAMILY);

/**
 * struct layout - where things are in the metadata; immutable after init
 * @granules: length of the arena
 * @mirror: ~@granules, the one number that nothing else vouches for
 * @words: words of granules
 * @cpus: places to start a search from
 * @zone_shift: words of a zone, binary logarithm
 * @zones: how many there are
 * @top: level of the highest ranks, of which there is one family
 * @word: offset of the words, bytes
 * @rank: offset of each level's ranks, bytes; 0 above the top
 */
struct layout {
	u64 granules;
	u64 mirror;
	u32 words;
	u32 cpus;
	u32 zone_shift;
	u32 zones;
	u32 top;
	u32 word;
	u32 rank[TOP_MAX + 1];
};

/**
 * struct zone - what is counted for a part of the arena, in a cache line
 * @count: free granules and changes
 * @lost: attempts that another caller came before
 * @ties: times that a caller lost too often
 * @zero: fills the line
 */
struct zone {
	atomic64_t count;
	atomic64_t lost;
	atomic64_t ties;
	u64 zero[5];
};

static_assert(sizeof(struct zone) == 64);

struct chunk {
	struct layout layout;
	u64 zero[(128 - sizeof(struct layout)) / sizeof(u64)];
	struct zone zones[];
};

static_assert(sizeof(struct chunk) == 128);

/* Fill @layout for @geo; returns the bytes needed, 0 if it cannot be done. */
u64 memmgr_chunk_lay_out(struct layout *layout, const struct memmgr_geometry *geo);

/* Let all granules of a new map, laid out, be free. */
void memmgr_chunk_fill(struct chunk *ck);

/* Claim [@start, @end), all or nothing; false if another caller came before. */
bool memmgr_chunk_take(struct chunk *ck, u64 start, u64 end);

/* Free [@start, @end), which is the caller's. */
void memmgr_chunk_give(struct chunk *ck, u64 start, u64 end);

/* A search found that a rank of @level > 0 promises too much: correct it. */
void memmgr_chunk_lower(struct chunk *ck, u32 level, u64 index);

/* A look found that a word's rank promises too much: correct it. */
void memmgr_chunk_correct(struct chunk *ck, u64 index);

/* All free granules; changes so far in *@changes. */
u64 memmgr_chunk_free(const struct chunk *ck, u64 *changes);

/* What a rank of @level > 0 is if those below it are right. */
u32 memmgr_chunk_rank_below(const struct chunk *ck, u32 level, u64 index);

/* Words below a rank of @level, binary logarithm. */
static inline u32 span_shift(u32 level)
{
	return level ? REGION_SHIFT + FAMILY_SHIFT * (level - 1) : 0;
}

static inline void *at_offset(const struct chunk *ck, u32 offset)
{
	return (u8 *)(uintptr_t)ck + offset;
}

static inline atomic64_t *word_at(const struct chunk *ck, u64 index)
{
	return (atomic64_t *)at_offset(ck, ck->layout.word) + index;
}

static inline u8 *rank_at(const struct chunk *ck, u32 level, u64 index)
{
	return (u8 *)at_offset(ck, ck->layout.rank[level]) + index;
}

/* The eight ranks that @index is among. */
static inline __le64 *eight_at(const struct chunk *ck, u32 level, u64 index)
{
	return (__le64 *)at_offset(ck, ck->layout.rank[level]) + index / 8;
}

static inline u64 get_word(const struct chunk *ck, u64 index)
{
	return (u64)atomic64_read(word_at(ck, index));
}

static inline u32 get_rank(const struct chunk *ck, u32 level, u64 index)
{
	return READ_ONCE(*rank_at(ck, level, index));
}

static inline u64 get_eight(const struct chunk *ck, u32 level, u64 index)
{
	return le64_to_cpu(READ_ONCE(*eight_at(ck, level, index)));
}

/* The granule past the last one of @pos's word. */
static inline u64 word_end(u64 pos)
{
	return ALIGN(pos + 1, WORD_BITS);
}

/* The bits of [@start, @end) in the word of @start. */
static inline u64 bits_of(u64 start, u64 end)
{
	u64 base = ALIGN_DOWN(start, WORD_BITS);

	return word_mask(start - base, min(end - base, (u64)WORD_BITS));
}

static inline u64 zone_of(const struct chunk *ck, u64 pos)
{
	return pos >> (WORD_SHIFT + ck->layout.zone_shift);
}

static inline s64 count_free(s64 count)
{
	return (s64)((u64)count << (64 - CHANGE_SHIFT)) >> (64 - CHANGE_SHIFT);
}

static inline u64 count_changes(s64 count)
{
	return (u64)(count - count_free(count)) >> CHANGE_SHIFT;
}

/* The first word of a region from @index on whose rank is at least @rank. */
static inline u64 first_of_region(const struct chunk *ck, u64 index, u32 rank)
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

/* Free granules right behind a word, as far as ranks look. */
static u32 ahead_of(const struct chunk *ck, u64 index)
{
	u32 ahead = 0;
	u64 word;

	while (ahead < LONG && ++index < ck->layout.words) {
		word = get_word(ck, index);
		ahead += word_prefix(word);
		if (~word)
			break;
	}
	return ahead;
}

/* The first granule of [@pos, @end) that is not in the state @free, or @end. */
static inline u64 same_until(const struct chunk *ck, u64 pos, u64 end, bool free)
{
	u64 odd;

	for (; pos < end; pos = word_end(pos)) {
		odd = get_word(ck, pos >> WORD_SHIFT) ^ (free ? ~0ULL : 0);
		odd &= ~0ULL << pos % WORD_BITS;
		if (odd)
			return min(end, ALIGN_DOWN(pos, WORD_BITS) + __ffs64(odd));
	}
	return end;
}

#endif /* MEMMGR_ENGINE_CHUNK_MAP_H */
