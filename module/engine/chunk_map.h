/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The map of a chunk engine's arena: which granules are free, and how much may be
 * free where. Any number of callers work on it at once, in any context.
 *
 * The truth is the words, a bit per granule, set where it is free. Who clears a
 * bit owns the granule; who owns it sets the bit again. Ranks say where to look:
 *
 *	level 2	      a family of 8 ranks, each the highest of 8 below
 *	level 1	      a family of 8 ranks, each the highest of a region
 *	level 0	      a region of 64 ranks, one per word: the longest hole that
 *		      starts in it
 *	words	      a used one, 64 granules each, a used one
 *
 * A rank may be too high, never too low but for an instant: whoever makes a hole
 * raises the rank of the word that it starts in, and those above, where they are
 * not as high; a search that was led astray lowers them. So most changes change no
 * rank at all. Only of holes that go on behind their word it matters that searches
 * are not misled often, for these are searched for most: their ranks are capped,
 * cheaply, by whoever claims the end of the word.
 *
 * The arena is divided into up to PARTS_MAX equal parts. Each has a count of its
 * own, of free granules and changes, and hints: where a hole of each rank was last
 * seen. So callers in different parts share no cache line. A hint may be wrong in
 * any way: it is a guess, which a claim checks.
 *
 * tests/model/chunk.pml models how words and ranks change; make check-model searches it.
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

/* Words that are looked at for the end of a hole: it is long if none is there. */
#define REACH (LONG / WORD_BITS)

#define PARTS_MAX 64U

/*
 * The rank of two words. What claims by hints leave ranks at, and changes raise them
 * to where there is room to spare: most holes are shorter there.
 */
#define RANK_CAP 40U

/* Rank of a hint that is none. */
#define ROVER 0

/* The bits of ranks. */
#define RANKS ((2ULL << RANK_LONG) - 1)

/* A part's count: free granules below, signed; changes above. */
#define CHANGE_SHIFT 36

/* A hint: where a hole begins, below; how long it is, above. */
#define HINT_LEN_SHIFT 32

#define NOWHERE U64_MAX

static_assert(MEMMGR_GRANULES_MAX == 1ULL << 31);
static_assert((1ULL << 31) >> (WORD_SHIFT + REGION_SHIFT + FAMILY_SHIFT * (TOP_MAX - 1)) <= FAMILY);

/**
 * struct layout - where things are in the metadata; immutable after init
 * @granules: length of the arena
 * @mirror: ~@granules, the one number that nothing else vouches for
 * @words: words of granules
 * @cpus: callers to keep apart
 * @parts: of the arena
 * @part_shift: granules of a part, binary logarithm
 * @homes: mask of the parts that callers are spread over
 * @top: level of the highest ranks, of which there is one family
 * @word: offset of the words, bytes
 * @rank: offset of each level's ranks, bytes; 0 above the top
 * @zero: fills two lines
 */
struct layout {
	u64 granules;
	u64 mirror;
	u32 words;
	u32 cpus;
	u32 parts;
	u32 part_shift;
	u32 homes;
	u32 top;
	u32 word;
	u32 rank[TOP_MAX + 1];
	u32 zero[13];
};

static_assert(sizeof(struct layout) == 128);

/**
 * struct part - a part of the arena
 * @count: free granules and changes
 * @roomy: more free granules than these are room to spare
 * @hinted: ranks that have a hint
 * @lost: attempts that another caller came before
 * @retries: exchanges that had to be made again
 * @ties: times that a caller lost too often
 * @away: part where those at home here go when there is no room
 * @hint: for each rank the last hole seen: its first granule, below, and its length,
 *	true or not; for rank 0, which no hole has, the word of the part where its
 *	last search ended
 */
struct part {
	atomic64_t count;
	s64 roomy;
	u64 hinted;
	atomic64_t lost;
	atomic64_t retries;
	atomic64_t ties;
	u64 away;
	u64 hint[RANK_LONG + 1];
};

static_assert(sizeof(struct part) == 512);

struct chunk {
	struct layout layout;
	struct part parts[];
};

/* Fill @layout for @geo; returns the bytes needed, 0 if it cannot be done. */
u64 memmgr_chunk_lay_out(struct layout *layout, const struct memmgr_geometry *geo);

/* Let all granules of a new map, laid out, be free. */
void memmgr_chunk_fill(struct chunk *ck);

/* Let a word's rank be no higher than RANK_CAP, unless others are at it. */
void memmgr_chunk_cap(struct chunk *ck, u64 index);

/* Let a rank of @level and all above it be at least @rank. */
void memmgr_chunk_raise(struct chunk *ck, u32 level, u64 index, u32 rank);

/* The same for a word; more where there is room to spare. Returns 0. */
int memmgr_chunk_overrate(struct chunk *ck, u64 index, u32 rank);

/* A search found that a rank promises too much: correct it. */
void memmgr_chunk_lower(struct chunk *ck, u32 level, u64 index);

/* What a rank is if the words and those below it are right. */
u32 memmgr_chunk_rank_below(const struct chunk *ck, u32 level, u64 index);

/*
 * The same for the longest hole in @word, which is the word at @index or part of
 * it; the last may go on behind.
 */
u32 memmgr_chunk_word_rank(const struct chunk *ck, u64 index, u64 word);

/* All free granules; changes so far in *@changes. */
u64 memmgr_chunk_free(const struct chunk *ck, u64 *changes);

/* Words below a rank of @level, binary logarithm. */
static inline u32 span_shift(u32 level)
{
	return level ? REGION_SHIFT + FAMILY_SHIFT * (level - 1) : 0;
}

static inline void *at_offset(const struct chunk *ck, u32 offset)
{
	return (u8 *)(uintptr_t)ck + offset;
}

/* @index: also -1 and the number of words, where there is a used word */
static inline atomic64_t *word_at(const struct chunk *ck, u64 index)
{
	return (atomic64_t *)at_offset(ck, ck->layout.word) + (s64)index;
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

/* @pos: also the arena's length */
static inline bool is_free(const struct chunk *ck, u64 pos)
{
	return get_word(ck, pos >> WORD_SHIFT) >> pos % WORD_BITS & 1;
}

static inline struct part *part_of(struct chunk *ck, u64 pos)
{
	return &ck->parts[pos >> ck->layout.part_shift];
}

static inline s64 count_free(s64 count)
{
	return (s64)((u64)count << (64 - CHANGE_SHIFT)) >> (64 - CHANGE_SHIFT);
}

static inline u64 count_changes(s64 count)
{
	return (u64)(count - count_free(count)) >> CHANGE_SHIFT;
}

/* More than 3/8 of a part free is room to spare. */
static inline s64 roomy_from(const struct chunk *ck, u64 part)
{
	u64 left = ck->layout.granules - (part << ck->layout.part_shift);

	return (s64)min(left, 1ULL << ck->layout.part_shift) * 3 / 8;
}

/* Has a part room to spare? */
static __always_inline bool is_roomy(const struct part *part)
{
	return count_free(atomic64_read(&part->count)) > part->roomy;
}

/* Where the hole that @pos, in @word, is in begins, as far as REACH goes. */
static __always_inline u64 hole_start_at(const atomic64_t *word, u64 pos)
{
	u64 used = ~(u64)atomic64_read(word) & ((1ULL << pos % WORD_BITS) - 1);
	const atomic64_t *least = word - REACH;

	pos = ALIGN_DOWN(pos, WORD_BITS);
	while (!used && word > least) {
		used = ~(u64)atomic64_read(--word);
		pos -= WORD_BITS;
	}
	return pos + (u64)fls64(used);
}

/* Where it ends, likewise. */
static __always_inline u64 hole_end_at(const atomic64_t *word, u64 pos)
{
	u64 used = ~(u64)atomic64_read(word) & ~0ULL << pos % WORD_BITS;
	const atomic64_t *most = word + REACH;

	pos = ALIGN_DOWN(pos, WORD_BITS);
	while (!used && word < most) {
		used = ~(u64)atomic64_read(++word);
		pos += WORD_BITS;
	}
	return pos + (used ? __ffs64(used) : WORD_BITS);
}

static inline u64 hole_start(const struct chunk *ck, u64 pos)
{
	return hole_start_at(word_at(ck, pos >> WORD_SHIFT), pos);
}

static inline u64 hole_end(const struct chunk *ck, u64 pos)
{
	return hole_end_at(word_at(ck, pos >> WORD_SHIFT), pos);
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
