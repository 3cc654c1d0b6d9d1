// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The check of a chunk engine's metadata, a few regions a step. Where others change
 * the arena meanwhile, it can take what they are just about to correct for damage:
 * only of an arena at rest is damage certain. Hints are checked by those who use
 * them.
 */
#include "chunk_check.h"

#include "chunk_map.h"

/* Regions that one validate() looks at. */
#define CHECK_REGIONS 8

static const char *header_damage(const struct chunk *ck)
{
	struct memmgr_geometry geo = { .granules = ck->layout.granules, .cpus = ck->layout.cpus };
	struct layout layout;
	u32 i;

	memmgr_chunk_lay_out(&layout, &geo);
	if (memcmp(&layout, &ck->layout, sizeof(layout)))
		return "layout of the metadata";
	for (i = 0; i < ck->layout.parts; i++)
		if (ck->parts[i].roomy != roomy_from(ck, i) || ck->parts[i].hinted & ~RANKS)
			return "a part of the arena";
	if (get_word(ck, U64_MAX) || get_word(ck, ck->layout.words))
		return "a free granule outside";
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

	if (past < WORD_BITS && word >> past)
		return "free granules past the end";
	if (get_word(ck, index - 1) >> 63) /* what begins before is not its own */
		word &= word + 1;
	if (get_rank(ck, 0, index) < memmgr_chunk_word_rank(ck, index, word))
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
int memmgr_chunk_validate(const void *meta, struct memmgr_check *check)
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

