// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The map of a chunk engine's arena: how it is laid out, how ranks change.
 *
 * Memory order, pair by pair. The first four are of one form: each side writes,
 * passes a full barrier, and reads what the other side writes, so that at least
 * one of them sees the other.
 *   free -> free	of neighbouring runs. Each changes words and then looks at
 *			the words around: one of them sees the whole hole, and
 *			raises the rank of the word that it starts in.
 *   free -> claim	of a run and of the start of the hole behind or around it:
 *			one of them sees where the hole starts after both.
 *			A claim need not look where what it leaves starts in the
 *			word that the hole started in: who frees what is behind
 *			finds the start in that word, before the claim or after.
 *   free -> lower	one changes words and then reads the rank; the other lowers
 *			the rank and then makes it from the words once more. The
 *			same with a claim, behind which a new hole starts.
 *   raise -> lower	the same a level up: one raises a rank and then reads the
 *			one above; the other lowers that and then reads the ranks
 *			below once more.
 *   cap -> free	a claim that holds the end of a word caps its rank with an
 *			exchange. A hole that needs more can start there only
 *			after the run was freed, by who got it from its claimer.
 *   give -> take	an exchange is a full barrier, the store of a whole word a
 *			release: who claims granules sees all that was written
 *			there before they were given back.
 *   raise -> find	none. A search may miss a hole that somebody is about to
 *			make known, or look in vain.
 *   leave -> read	none, of hints: they are guesses.
 *   count -> free	none. Each figure is right for some instant.
 */
#include "chunk_map.h"

/* Attempts at an unchanged set of ranks. */
#define TRIES 16

/* --- layout --------------------------------------------------------------- */

/* Ranks of @level for @words words, in whole regions or families. */
static u64 ranks_of(u64 words, u32 level)
{
	return ALIGN(DIV_ROUND_UP(words, 1ULL << span_shift(level)), level ? FAMILY : REGION);
}

/* As many parts as there are callers, or regions if these are fewer. */
static void lay_out_parts(struct layout *layout)
{
	u64 regions = DIV_ROUND_UP(layout->words, REGION), most = min(layout->cpus, PARTS_MAX);
	u32 shift = 0;

	while (DIV_ROUND_UP(regions, 1ULL << shift) > most)
		shift++;
	layout->parts = (u32)DIV_ROUND_UP(regions, 1ULL << shift);
	layout->part_shift = shift + REGION_SHIFT + WORD_SHIFT;
	layout->homes = (1U << ilog2(layout->parts)) - 1;
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
	lay_out_parts(layout);
	bytes += layout->parts * sizeof(struct part);

	layout->top = 1;
	while (ranks_of(layout->words, layout->top) > FAMILY)
		layout->top++;
	for (level = 0; level <= layout->top; level++) {
		layout->rank[level] = (u32)bytes;
		bytes += ALIGN(ranks_of(layout->words, level), 64);
	}
	layout->word = (u32)(bytes + sizeof(atomic64_t));
	return bytes + (layout->words + 2ULL) * sizeof(atomic64_t);
}

/* --- counts --------------------------------------------------------------- */

u64 memmgr_chunk_free(const struct chunk *ck, u64 *changes)
{
	s64 count, free = 0;
	u32 i;

	*changes = 0;
	for (i = 0; i < ck->layout.parts; i++) {
		count = atomic64_read(&ck->parts[i].count);
		free += count_free(count);
		*changes += count_changes(count);
	}
	return free > 0 ? (u64)free : 0;
}

/* --- ranks ---------------------------------------------------------------- */

const u8 memmgr_chunk_ranks[LONG + 1] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	[16 ... 17] = 16, [18 ... 19] = 17, [20 ... 21] = 18, [22 ... 23] = 19,
	[24 ... 25] = 20, [26 ... 27] = 21, [28 ... 29] = 22, [30 ... 31] = 23,
	[32 ... 35] = 24, [36 ... 39] = 25, [40 ... 43] = 26, [44 ... 47] = 27,
	[48 ... 51] = 28, [52 ... 55] = 29, [56 ... 59] = 30, [60 ... 63] = 31,
	[64 ... 71] = 32, [72 ... 79] = 33, [80 ... 87] = 34, [88 ... 95] = 35,
	[96 ... 103] = 36, [104 ... 111] = 37, [112 ... 119] = 38, [120 ... 127] = 39,
	[128 ... 143] = 40, [144 ... 159] = 41, [160 ... 175] = 42, [176 ... 191] = 43,
	[192 ... 207] = 44, [208 ... 223] = 45, [224 ... 239] = 46, [240 ... 255] = 47,
	[256 ... 287] = 48, [288 ... 319] = 49, [320 ... 351] = 50, [352 ... 383] = 51,
	[384 ... 415] = 52, [416 ... 447] = 53, [448 ... 479] = 54, [480 ... 511] = 55,
	[LONG] = RANK_LONG,
};

/* Change one rank of eight that others change, too. A full barrier if it succeeds. */
static __always_inline bool change_rank(struct chunk *ck, u32 level, u64 index, u32 from, u32 to)
{
	__le64 *eight = eight_at(ck, level, index), old = READ_ONCE(*eight);
	u32 lane = index % FAMILY;
	u64 ranks = le64_to_cpu(old);

	if (unlikely(lane_rank(ranks, lane) != from))
		return false;
	ranks += ((u64)to - from) << (8 * lane);
	return try_cmpxchg(eight, &old, cpu_to_le64(ranks));
}

/*
 * Raise a rank unless it is high enough. Too high a rank is true enough, and that
 * is what a caller leaves who has lost too often. Returns what it is at least.
 */
static u32 raise_one(struct chunk *ck, u32 level, u64 index, u32 rank)
{
	u32 old, tries;

	for (tries = 0; tries < TRIES; tries++) {
		old = get_rank(ck, level, index);
		if (old >= rank || change_rank(ck, level, index, old, rank))
			return rank;
	}
	WRITE_ONCE(*rank_at(ck, level, index), RANK_LONG);
	smp_mb(); /* as the exchange would have been */
	return RANK_LONG;
}

/*
 * By an exchange: a search may have lowered the rank since it was read, and then the
 * one above it, which a store would leave too low.
 */
noinline void memmgr_chunk_cap(struct chunk *ck, u64 index)
{
	u32 old = get_rank(ck, 0, index);

	if (old > RANK_CAP)
		change_rank(ck, 0, index, old, RANK_CAP);
}

noinline void memmgr_chunk_raise(struct chunk *ck, u32 level, u64 index, u32 rank)
{
	for (; level <= ck->layout.top; level++) {
		if (get_rank(ck, level, index) >= rank)
			return;
		rank = raise_one(ck, level, index, rank);
		index >>= level ? FAMILY_SHIFT : REGION_SHIFT;
	}
}

/*
 * Where there is room to spare, few claims search, and those for long holes. So
 * holes of two words may be everywhere, and most changes need no rank changed.
 */
noinline int memmgr_chunk_overrate(struct chunk *ck, u64 index, u32 rank)
{
	u32 old = get_rank(ck, 0, index);

	if (is_roomy(part_of(ck, index << WORD_SHIFT)))
		rank = max(rank, RANK_CAP);
	if (unlikely(old >= rank || !change_rank(ck, 0, index, old, rank)))
		memmgr_chunk_raise(ck, 0, index, rank);
	else if (unlikely(get_rank(ck, 1, index >> REGION_SHIFT) < rank))
		memmgr_chunk_raise(ck, 1, index >> REGION_SHIFT, rank);
	return 0;
}

u32 memmgr_chunk_word_rank(const struct chunk *ck, u64 index, u64 word)
{
	u64 end = (index + 1) << WORD_SHIFT;

	return word_rank(word, word >> 63 ? (u32)(hole_end(ck, end - 1) - end) : 0);
}

/* The highest rank of a region. */
static u32 rank_of_region(const struct chunk *ck, u64 region)
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
	if (!level)
		return memmgr_chunk_word_rank(ck, index, get_word(ck, index));
	if (level == 1)
		return rank_of_region(ck, index);
	return lanes_top(get_eight(ck, level - 1, index << FAMILY_SHIFT));
}

void memmgr_chunk_lower(struct chunk *ck, u32 level, u64 index)
{
	u32 old = get_rank(ck, level, index), rank = memmgr_chunk_rank_below(ck, level, index);

	if (rank >= old)
		return;
	if (!change_rank(ck, level, index, old, rank))
		return; /* somebody else is at it */
	memmgr_chunk_raise(ck, level, index, memmgr_chunk_rank_below(ck, level, index));
}

/* --- a new map ------------------------------------------------------------ */

static void fill_words(struct chunk *ck)
{
	u64 index, last = ck->layout.words - 1ULL;

	for (index = 0; index < last; index++)
		atomic64_set(word_at(ck, index), -1);
	atomic64_set(word_at(ck, last), (s64)(~0ULL >> -ck->layout.granules % WORD_BITS));
}

static void fill_ranks(struct chunk *ck)
{
	u64 index, start, limit;
	u32 level;

	for (level = 0; level <= ck->layout.top; level++) {
		limit = DIV_ROUND_UP((u64)ck->layout.words, 1ULL << span_shift(level));
		for (index = 0; index < limit; index++) {
			start = index << (span_shift(level) + WORD_SHIFT);
			*rank_at(ck, level, index) = (u8)rank_of(ck->layout.granules - start);
		}
	}
}

static void fill_parts(struct chunk *ck)
{
	u64 part_len = 1ULL << ck->layout.part_shift, start, len, i;
	struct part *part = ck->parts;

	for (i = 0; i < ck->layout.parts; i++, part++) {
		start = i << ck->layout.part_shift;
		len = min(ck->layout.granules - start, part_len);
		atomic64_set(&part->count, (s64)len);
		part->roomy = roomy_from(ck, i);
		part->hinted = BIT_ULL(rank_of(len));
		part->hint[rank_of(len)] = start | len << HINT_LEN_SHIFT;
		part->away = i;
	}
}

void memmgr_chunk_fill(struct chunk *ck)
{
	fill_parts(ck);
	fill_words(ck);
	fill_ranks(ck);
}
