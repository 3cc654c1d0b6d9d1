// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * first_fit: true address-ordered first fit.
 *
 * A claim gets the lowest address at which a free run holds it, always. That
 * packs blocks towards the start of the arena and leaves one long hole at its end.
 *
 * What is kept: a bitmap, a bit per granule, set where it is free, in words of
 * 64; and over it a tree. A leaf (level 0) sums up a word, a node above it a
 * family of FAN_OUT siblings, by three runs of free granules:
 *
 *	|<----- prefix ----->|#####|<-- longest -->|#####|<----- suffix ----->|
 *
 * and by how far the free run that comes from its elder siblings and touches it,
 * or the longest in it, reaches. The first fit is in the first sibling whose reach
 * is long enough, so a search compares one number per node; and a parent's longest
 * is the greatest reach of its children. What lies past the arena is never free.
 *
 * Invariants, all checked by validate()
 *   - A node that is all free (longest == span) or all used (longest == 0), said
 *     to be uniform, speaks for everything below it. What lies there is stale:
 *     nobody believes it, but its nodes are uniform, too.
 *   - Every other node, said to be mixed, is the exact sum of its children or word,
 *     and these are live. So are its ancestors, for none of them is uniform.
 *   - @free counts the free granules.
 *
 * Thus the work is bounded: a run of any length changes the nodes along the paths
 * to its two ends, and between them only children of those, never the words in the
 * middle of it; an arena of any size starts as one node. And a mixed leaf tells at
 * once that all the path down to it is live.
 *
 *	root            o
 *	             / / \ \		@ on the path to an end: split, then pulled
 *	            @ =   = @		= marked as a whole
 *	          /|\       /|\		. stale
 *	         . @ =     = @ .
 *
 * Locks: none; the caller's serialises all calls.
 * Cost: claim, release, resize, next_free: O(FAN_OUT * levels), eight levels for
 * the longest arena, whatever the length of the run. A claim with an alignment
 * looks at up to CANDIDATES places, then answers -EAGAIN. validate() looks at up
 * to CHECK_NODES nodes a call, and at every node in all.
 * Memory: 13 bytes a word with its leaf, 16/15 for the nodes above: 14.1 bytes for
 * 64 granules, 1.38 % of an arena of 16-byte granules. FAN_OUT 16 was measured
 * against 8: a tenth fewer instructions and less memory; families are kept field by
 * field for the same reason.
 *
 * It does not know which run was claimed with which: that is the caller's record.
 */
#include "engine.h"

#define WORD_SHIFT 6
#define WORD_BITS 64U
#define FAN_SHIFT 4
#define FAN_OUT 16U

/* Level of the root of the longest arena. */
#define TOP_MAX DIV_ROUND_UP(31 - WORD_SHIFT, FAN_SHIFT)

/* Aligned places that one claim() tries. */
#define CANDIDATES 16

/* Nodes that one validate() looks at: more than one path down, or it gets nowhere. */
#define CHECK_NODES 256

#define NOWHERE U64_MAX

static_assert(WORD_BITS == 1U << WORD_SHIFT);
static_assert(FAN_OUT == 1U << FAN_SHIFT);
static_assert(MEMMGR_GRANULES_MAX == 1ULL << 31);
static_assert(CHECK_NODES > 2 * (TOP_MAX + 1));

/**
 * struct summary - what a node says, in granules
 * @prefix: free run at its start
 * @longest: longest free run in it
 * @suffix: free run at its end
 * @reach: longest free run in it and its elder siblings that touches it
 */
struct summary {
	u32 prefix;
	u32 longest;
	u32 suffix;
	u32 reach;
};

/* Siblings, field by field; see struct summary. */
struct family {
	u32 prefix[FAN_OUT];
	u32 longest[FAN_OUT];
	u32 suffix[FAN_OUT];
	u32 reach[FAN_OUT];
};

/* The same for leaves, with their words: a set bit is a free granule. */
struct leaves {
	u64 word[FAN_OUT];
	u16 reach[FAN_OUT];
	u8 prefix[FAN_OUT];
	u8 longest[FAN_OUT];
	u8 suffix[FAN_OUT];
};

static_assert(sizeof(struct family) == FAN_OUT * 16);
static_assert(sizeof(struct leaves) == FAN_OUT * 13);

/**
 * struct layout - where things are in the metadata; immutable after init
 * @granules: length of the arena
 * @mirror: ~@granules, the one number that nothing else vouches for
 * @top: level of the root, at least 1
 * @unused: 0
 * @level: offset of each level's families, bytes; 0 above the root
 */
struct layout {
	u64 granules;
	u64 mirror;
	u32 top;
	u32 unused;
	u32 level[TOP_MAX + 1];
};

/**
 * struct first_fit - start of the metadata
 * @layout: immutable
 * @free: free granules
 * @changes: claims, releases and resizes so far that changed something
 */
struct first_fit {
	struct layout layout;
	u64 free;
	u64 changes;
};

/* --- geometry ------------------------------------------------------------- */

static inline u32 span_shift(u32 level)
{
	return WORD_SHIFT + FAN_SHIFT * level;
}

/* Granules below a node of @level. */
static inline u64 span_of(u32 level)
{
	return 1ULL << span_shift(level);
}

static inline bool starts_node(u64 pos, u32 level)
{
	return !(pos & (span_of(level) - 1));
}

/* Families of @level that an arena of @granules needs. */
static u64 families_of(u64 granules, u32 level)
{
	return DIV_ROUND_UP(granules, span_of(level + 1));
}

/* Fill @layout for @granules; returns the bytes needed, 0 if it cannot be done. */
static u64 lay_out(struct layout *layout, u64 granules)
{
	u64 bytes = sizeof(struct first_fit);
	u32 level;

	memset(layout, 0, sizeof(*layout));
	if (!granules || granules > MEMMGR_GRANULES_MAX)
		return 0;
	layout->granules = granules;
	layout->mirror = ~granules;
	layout->top = 1;
	while (span_of(layout->top) < granules)
		layout->top++;
	for (level = layout->top; level > 0; level--) {
		layout->level[level] = (u32)bytes;
		bytes += families_of(granules, level) * sizeof(struct family);
	}
	layout->level[0] = (u32)bytes;
	return bytes + families_of(granules, 0) * sizeof(struct leaves);
}

/* The granule past the root, at or after the arena's end. */
static inline u64 root_end(const struct first_fit *ff)
{
	return span_of(ff->layout.top);
}

/* --- words ---------------------------------------------------------------- */

/* Set bits @from..@to-1; @from < @to <= 64. */
static inline u64 word_mask(u64 from, u64 to)
{
	return (~0ULL << from) & (~0ULL >> (WORD_BITS - to));
}

static inline u32 word_prefix(u64 word)
{
	return ~word ? (u32)__ffs64(~word) : WORD_BITS;
}

static inline u32 word_suffix(u64 word)
{
	return WORD_BITS - (u32)fls64(~word);
}

/*
 * Longest run of set bits; @word is not all ones. holds[i] has a bit where a run
 * of 2^i starts; the length is then found bit by bit, from the top.
 */
static u32 word_longest(u64 word)
{
	u64 holds[WORD_SHIFT], starts;
	u32 i = 0, len;

	if (!word)
		return 0;
	holds[0] = word;
	while (i < WORD_SHIFT - 1 && (holds[i] & (holds[i] >> (1U << i)))) {
		holds[i + 1] = holds[i] & (holds[i] >> (1U << i));
		i++;
	}
	starts = holds[i];
	len = 1U << i;
	while (i--) {
		if (!(starts & (holds[i] >> len)))
			continue;
		starts &= holds[i] >> len;
		len += 1U << i;
	}
	return len;
}

/* A bit for each place in @word where @len set bits start; 1 <= @len <= 64. */
static u64 word_places(u64 word, u32 len)
{
	u32 have = 1, step;

	while (have < len) {
		step = min(have, len - have);
		word &= word >> step;
		have += step;
	}
	return word;
}

/* --- nodes ---------------------------------------------------------------- */

static inline void *at_offset(const struct first_fit *ff, u32 offset)
{
	return (u8 *)(uintptr_t)ff + offset;
}

static inline struct leaves *leaves_at(const struct first_fit *ff, u64 index)
{
	return (struct leaves *)at_offset(ff, ff->layout.level[0]) + (index >> FAN_SHIFT);
}

/* @level > 0. */
static inline struct family *family_at(const struct first_fit *ff, u32 level, u64 index)
{
	return (struct family *)at_offset(ff, ff->layout.level[level]) + (index >> FAN_SHIFT);
}

static inline u64 *word_at(const struct first_fit *ff, u64 index)
{
	return &leaves_at(ff, index)->word[index % FAN_OUT];
}

/*
 * Families of either kind, as the functions below see them: @leaves is a constant
 * wherever it matters.
 */
static __always_inline void *kin_at(const struct first_fit *ff, u32 level, bool leaves, u64 index)
{
	return leaves ? (void *)leaves_at(ff, index) : (void *)family_at(ff, level, index);
}

static __always_inline struct summary look(const void *kin, bool leaves, u32 i)
{
	const struct family *f = kin;
	const struct leaves *l = kin;

	if (leaves)
		return (struct summary){ l->prefix[i], l->longest[i], l->suffix[i], l->reach[i] };
	return (struct summary){ f->prefix[i], f->longest[i], f->suffix[i], f->reach[i] };
}

/* All but the reach. */
static __always_inline void store(void *kin, bool leaves, u32 i, struct summary s)
{
	struct family *f = kin;
	struct leaves *l = kin;

	if (leaves) {
		l->prefix[i] = (u8)s.prefix;
		l->longest[i] = (u8)s.longest;
		l->suffix[i] = (u8)s.suffix;
	} else {
		f->prefix[i] = s.prefix;
		f->longest[i] = s.longest;
		f->suffix[i] = s.suffix;
	}
}

static __always_inline u32 get_reach(const void *kin, bool leaves, u32 i)
{
	return leaves ? ((const struct leaves *)kin)->reach[i] :
			((const struct family *)kin)->reach[i];
}

static __always_inline void put_reach(void *kin, bool leaves, u32 i, u32 reach)
{
	if (leaves)
		((struct leaves *)kin)->reach[i] = (u16)reach;
	else
		((struct family *)kin)->reach[i] = reach;
}

static inline struct summary get_node(const struct first_fit *ff, u32 level, u64 index)
{
	return look(kin_at(ff, level, !level, index), !level, index % FAN_OUT);
}

/* All but the reach, which is the family's to say. */
static inline void put_node(struct first_fit *ff, u32 level, u64 index, struct summary s)
{
	store(kin_at(ff, level, !level, index), !level, index % FAN_OUT, s);
}

/* A node all free or all used; what it reaches is its family's to say. */
static inline struct summary uniform(u32 level, bool free)
{
	u32 n = free ? (u32)span_of(level) : 0;

	return (struct summary){ n, n, n, 0 };
}

static inline bool is_all_free(struct summary s, u32 level)
{
	return s.longest == span_of(level);
}

static inline bool is_uniform(struct summary s, u32 level)
{
	return !s.longest || is_all_free(s, level);
}

/* But for the reach. */
static inline bool same_runs(struct summary a, struct summary b)
{
	return a.prefix == b.prefix && a.longest == b.longest && a.suffix == b.suffix;
}

static struct summary sum_word(u64 word)
{
	struct summary s = uniform(0, true);
	u64 inside;

	if (!~word)
		return s;
	s.prefix = word_prefix(word);
	s.suffix = word_suffix(word);
	s.longest = max(s.prefix, s.suffix);
	inside = (word & (word + 1)) << s.suffix;
	if (inside)
		s.longest = max(s.longest, word_longest(inside));
	return s;
}

/* The free run in a family that ends where @i ends. */
static __always_inline u32 run_up_to(const void *kin, u32 level, bool leaves, u32 i)
{
	struct summary s = look(kin, leaves, i);
	u32 run = s.suffix;

	while (unlikely(is_all_free(s, level)) && i) {
		s = look(kin, leaves, --i);
		run += s.suffix;
	}
	return run;
}

/* The free run at a family's start. */
static __always_inline u32 run_at_start(const void *kin, u32 level, bool leaves)
{
	struct summary s = look(kin, leaves, 0);
	u32 run = s.prefix, i = 0;

	while (unlikely(is_all_free(s, level)) && ++i < FAN_OUT) {
		s = look(kin, leaves, i);
		run += s.prefix;
	}
	return run;
}

/* --- looking -------------------------------------------------------------- */

/* The highest level, from @level up, at which a node starts at @pos. */
static inline u32 climb(const struct first_fit *ff, u32 level, u64 pos)
{
	while (level < ff->layout.top && starts_node(pos, level + 1))
		level++;
	return level;
}

/* The first granule of [@pos, @end) that is not in the state @free, or @end. */
static u64 same_until(const struct first_fit *ff, u64 pos, u64 end, bool free)
{
	u32 level = ff->layout.top;
	struct summary s;
	u64 odd;

	while (pos < end) {
		s = get_node(ff, level, pos >> span_shift(level));
		if (is_uniform(s, level)) {
			if (!!s.longest != free)
				return pos;
		} else if (level) {
			level--;
			continue;
		} else {
			odd = *word_at(ff, pos >> WORD_SHIFT) ^ (free ? ~0ULL : 0);
			odd &= ~0ULL << (pos % WORD_BITS);
			if (odd)
				return min(end, ALIGN_DOWN(pos, WORD_BITS) + __ffs64(odd));
		}
		pos = ALIGN_DOWN(pos, span_of(level)) + span_of(level);
		level = climb(ff, level, pos);
	}
	return end;
}

/**
 * struct walk - a search on its way through the arena
 * @pos: where it is: a node of @level starts here
 * @carry: free granules just before @pos
 * @level: see @pos
 */
struct walk {
	u64 pos;
	u64 carry;
	u32 level;
};

/*
 * Start a walk at @from, the middle of a node: what is left of the smallest live
 * node there comes first. Returns where @len fits in that, or NOWHERE.
 */
static u64 enter(const struct first_fit *ff, u64 from, u64 len, struct walk *walk)
{
	u32 level = ff->layout.top;
	struct summary s;
	u64 word, places;

	for (;; level--) {
		if (starts_node(from, level)) {
			*walk = (struct walk){ from, 0, level };
			return NOWHERE;
		}
		s = get_node(ff, level, from >> span_shift(level));
		if (is_uniform(s, level) || !level)
			break;
	}

	walk->pos = ALIGN(from, span_of(level));
	walk->level = climb(ff, level, walk->pos);
	if (is_uniform(s, level)) {
		walk->carry = s.longest ? walk->pos - from : 0;
		return walk->carry >= len ? from : NOWHERE;
	}
	word = *word_at(ff, from >> WORD_SHIFT) & (~0ULL << (from % WORD_BITS));
	walk->carry = word_suffix(word);
	places = len <= WORD_BITS ? word_places(word, (u32)len) : 0;
	return places ? ALIGN_DOWN(from, WORD_BITS) + __ffs64(places) : NOWHERE;
}

/*
 * Go down to the first child that a run of @len reaches; there is one. True if the
 * run starts before that child, *@pos: what touches its start is enough.
 */
static __always_inline bool go_down(const struct first_fit *ff, u32 level, bool leaves, u64 len,
				    u64 *index, u64 *pos)
{
	u64 eldest = *index << FAN_SHIFT;
	const void *kin = kin_at(ff, level, leaves, eldest);
	u32 i = 0, before = 0;

	while (get_reach(kin, leaves, i) < len)
		i++;
	*index = eldest + i;
	if (i)
		before = run_up_to(kin, level, leaves, i - 1);
	if (before + look(kin, leaves, i).prefix < len)
		return false;
	*pos = (*index << span_shift(level)) - before;
	return true;
}

/* Where in a mixed node the first run of @len starts; there is one. */
static u64 descend(const struct first_fit *ff, u32 level, u64 index, u64 len)
{
	u64 pos;

	while (level > 1)
		if (go_down(ff, --level, false, len, &index, &pos))
			return pos;
	if (level && go_down(ff, 0, true, len, &index, &pos))
		return pos;
	return (index << WORD_SHIFT) + __ffs64(word_places(*word_at(ff, index), (u32)len));
}

/* The lowest address from @from on where @len granules are free, or NOWHERE. */
static u64 search(const struct first_fit *ff, u64 from, u64 len)
{
	struct walk walk = { 0, 0, ff->layout.top };
	struct summary s;
	u64 hit;

	if (from >= ff->layout.granules)
		return NOWHERE;
	if (from) {
		hit = enter(ff, from, len, &walk);
		if (hit != NOWHERE)
			return hit;
	}
	while (walk.pos < root_end(ff)) {
		s = get_node(ff, walk.level, walk.pos >> span_shift(walk.level));
		if (walk.carry + s.prefix >= len)
			return walk.pos - walk.carry;
		if (s.longest >= len)
			return descend(ff, walk.level, walk.pos >> span_shift(walk.level), len);
		walk.carry = is_all_free(s, walk.level) ? walk.carry + s.longest : s.suffix;
		walk.pos += span_of(walk.level);
		walk.level = climb(ff, walk.level, walk.pos);
	}
	return NOWHERE;
}

/* --- changing ------------------------------------------------------------- */

/* A live uniform node speaks for itself no more: hand its state down. */
static void split_node(struct first_fit *ff, u32 level, u64 index)
{
	bool free = get_node(ff, level, index).longest;
	struct summary s;
	void *kin;
	u32 i;

	if (!level) {
		*word_at(ff, index) = free ? ~0ULL : 0;
		return;
	}
	index <<= FAN_SHIFT;
	level--;
	s = uniform(level, free);
	kin = kin_at(ff, level, !level, index);
	for (i = 0; i < FAN_OUT; i++) {
		put_node(ff, level, index + i, s);
		put_reach(kin, !level, i, s.longest * (i + 1));
	}
}

static inline bool is_mixed(const struct first_fit *ff, u32 level, u64 pos)
{
	return !is_uniform(get_node(ff, level, pos >> span_shift(level)), level);
}

static noinline void open_from(struct first_fit *ff, u64 pos)
{
	u32 lowest = 0, level;

	while (lowest <= ff->layout.top && starts_node(pos, lowest))
		lowest++;
	level = lowest;
	while (level <= ff->layout.top && !is_mixed(ff, level, pos))
		level++;
	while (level-- > lowest)
		split_node(ff, level, pos >> span_shift(level));
}

/*
 * Make live all that the boundary at @pos cuts in two. The lowest mixed node
 * there tells, from below, that everything above is live already: mostly that is
 * the first one.
 */
static inline void open_path(struct first_fit *ff, u64 pos)
{
	if (starts_node(pos, 0) || !is_mixed(ff, 0, pos))
		open_from(ff, pos);
}

/* The same for both ends of a run. */
static inline void open_ends(struct first_fit *ff, u64 start, u64 end)
{
	open_path(ff, start);
	open_path(ff, end);
}

/* What a change of nodes means for those around them. */
enum news {
	NEWS_NONE, /* the summaries are what they were */
	NEWS_INSIDE, /* the longest run is another, those at the ends are not */
	NEWS_ENDS, /* the run at its start or its end is another */
};

static inline enum news compare(struct summary old, struct summary s)
{
	if (old.prefix != s.prefix || old.suffix != s.suffix)
		return NEWS_ENDS;
	return old.longest != s.longest ? NEWS_INSIDE : NEWS_NONE;
}

/* Mark what of [@start, @end) lies in a word, and bring its leaf up to date. */
static enum news mark_word(struct first_fit *ff, u64 index, u64 start, u64 end, bool free)
{
	u64 first = index << WORD_SHIFT, mask;
	struct leaves *leaves = leaves_at(ff, index);
	struct summary old = look(leaves, true, index % FAN_OUT), s;
	u64 *word = &leaves->word[index % FAN_OUT];

	mask = word_mask(max(start, first) - first, min(end - first, (u64)WORD_BITS));
	if (!~mask) {
		s = uniform(0, free);
	} else {
		*word = free ? *word | mask : *word & ~mask;
		s = sum_word(*word);
	}
	store(leaves, true, index % FAN_OUT, s);
	return compare(old, s);
}

/*
 * Mark the nodes between @first and @last, but of whole families only the first
 * and the last: those between them are spoken for by their parents.
 *
 *	first                                last
 *	  @ = = = | . . . . | . . . . | = = = @
 */
static void mark_between(struct first_fit *ff, u32 level, u64 first, u64 last, bool free)
{
	u64 left_end = min(last, ALIGN(first + 1, FAN_OUT));
	u64 right = max(left_end, ALIGN_DOWN(last, FAN_OUT));
	u64 i;

	for (i = first + 1; i < left_end; i++)
		put_node(ff, level, i, uniform(level, free));
	for (i = right; i < last; i++)
		put_node(ff, level, i, uniform(level, free));
}

static __always_inline u32 longest_reach(const void *kin, bool leaves)
{
	u32 longest = 0, i;

	for (i = 0; i < FAN_OUT; i++)
		longest = max(longest, get_reach(kin, leaves, i));
	return longest;
}

/**
 * struct reached - the longest run that reaches any of some nodes
 * @was: before a change
 * @is: after it
 */
struct reached {
	u32 was;
	u32 is;
};

/* Of a family, @i to @last have changed: the reach of these and those after. */
static __always_inline struct reached settle(void *kin, u32 level, bool leaves, u32 i, u32 last,
					     enum news news)
{
	u32 before = i ? run_up_to(kin, level, leaves, i - 1) : 0;
	u32 end = news == NEWS_ENDS ? last + 2 : last + 1;
	struct reached most = { 0, 0 };
	struct summary s;
	u32 reach;

	do {
		s = look(kin, leaves, i);
		reach = max(s.longest, before + s.prefix);
		put_reach(kin, leaves, i, reach);
		most.was = max(most.was, s.reach);
		most.is = max(most.is, reach);
		before = is_all_free(s, level) ? before + s.longest : s.suffix;
	} while (++i < FAN_OUT && (i < end || is_all_free(s, level)));
	return most;
}

/* Nodes @first to @last of one family have changed: bring their parent up to date. */
static __always_inline enum news pull(struct first_fit *ff, u32 level, bool leaves, u64 first,
				      u64 last, enum news news)
{
	void *kin = kin_at(ff, level, leaves, first);
	u64 index = first >> FAN_SHIFT;
	struct family *parents = family_at(ff, level + 1, index);
	struct summary old, s;
	struct reached most;

	most = settle(kin, level, leaves, first % FAN_OUT, last % FAN_OUT, news);
	if (news == NEWS_INSIDE && most.was == most.is)
		return NEWS_NONE;
	old = look(parents, false, index % FAN_OUT);
	s.prefix = run_at_start(kin, level, leaves);
	s.suffix = run_up_to(kin, level, leaves, FAN_OUT - 1);
	s.longest = old.longest;
	if (most.is >= old.longest)
		s.longest = most.is;
	else if (most.was == old.longest || is_uniform(old, level + 1))
		s.longest = longest_reach(kin, leaves);
	store(parents, false, index % FAN_OUT, s);
	return compare(old, s);
}

/* The same for both families of @level that [@first, @last] has its ends in. */
static __always_inline enum news pull_level(struct first_fit *ff, u32 level, bool leaves,
					    u64 first, u64 last, enum news news)
{
	if (likely(first >> FAN_SHIFT == last >> FAN_SHIFT))
		return pull(ff, level, leaves, first, last, news);
	pull(ff, level, leaves, first, first | (FAN_OUT - 1), NEWS_ENDS);
	pull(ff, level, leaves, ALIGN_DOWN(last, FAN_OUT), last, NEWS_ENDS);
	return NEWS_ENDS;
}

/* Mark [@start, @end), all of it in the other state, both paths open. */
static void mark(struct first_fit *ff, u64 start, u64 end, bool free)
{
	u64 first = start >> WORD_SHIFT, last = (end - 1) >> WORD_SHIFT;
	enum news news = mark_word(ff, first, start, end, free);
	u32 level;

	if (first != last) {
		mark_word(ff, last, start, end, free);
		mark_between(ff, 0, first, last, free);
		news = NEWS_ENDS;
	}
	if (news)
		news = pull_level(ff, 0, true, first, last, news);
	for (level = 1; news && level < ff->layout.top; level++) {
		first >>= FAN_SHIFT;
		last >>= FAN_SHIFT;
		if (last - first > 1)
			mark_between(ff, level, first, last, free);
		news = pull_level(ff, level, false, first, last, news);
	}
}

/* [@start, @end) is free, and the paths to its ends are open. */
static void mark_used(struct first_fit *ff, u64 start, u64 end)
{
	if (start == end)
		return;
	mark(ff, start, end, false);
	ff->free -= end - start;
	ff->changes++;
}

static void mark_free(struct first_fit *ff, u64 start, u64 end)
{
	if (start == end)
		return;
	mark(ff, start, end, true);
	ff->free += end - start;
	ff->changes++;
}

/* --- the engine ----------------------------------------------------------- */

static u64 first_fit_footprint(const struct memmgr_geometry *geo)
{
	struct layout layout;

	return lay_out(&layout, geo->granules);
}

static int first_fit_init(void *meta, const struct memmgr_geometry *geo)
{
	struct first_fit *ff = meta;

	if (!lay_out(&ff->layout, geo->granules))
		return -EINVAL;
	ff->free = 0;
	open_path(ff, geo->granules);
	mark_free(ff, 0, geo->granules);
	ff->changes = 0;
	return 0;
}

static int first_fit_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct first_fit *ff = meta;
	u32 tries;
	u64 pos;

	if (!claim->len || !is_power_of_2(claim->align))
		return -EINVAL;
	if (claim->len > ff->free)
		return -ENOMEM;

	for (tries = 0; tries < CANDIDATES; tries++) {
		pos = search(ff, claim->from, claim->len);
		if (pos == NOWHERE)
			return -ENOSPC;
		if (IS_ALIGNED(pos, claim->align)) {
			open_ends(ff, pos, pos + claim->len);
			mark_used(ff, pos, pos + claim->len);
			*run = (struct memmgr_run){ pos, claim->len };
			return 0;
		}
		claim->from = ALIGN(pos, claim->align);
	}
	return -EAGAIN;
}

/* The free granules among [@start, @end) that are in the word @index, its leaf live. */
static inline u64 free_bits(const struct first_fit *ff, u64 index, u64 start, u64 end)
{
	const struct leaves *leaves = leaves_at(ff, index);
	struct summary s = look(leaves, true, index % FAN_OUT);
	u64 first = index << WORD_SHIFT;
	u64 mask = word_mask(max(start, first) - first, min(end - first, (u64)WORD_BITS));

	if (is_uniform(s, 0))
		return s.longest ? mask : 0;
	return leaves->word[index % FAN_OUT] & mask;
}

/*
 * Is all of a run used? Opens both its ends, which makes the leaves of a short run
 * live: no node above them can be within it.
 */
static bool is_used(struct first_fit *ff, u64 start, u64 end)
{
	u64 first = start >> WORD_SHIFT, last = (end - 1) >> WORD_SHIFT;

	open_ends(ff, start, end);
	if (last - first > 1)
		return same_until(ff, start, end, false) == end;
	return !free_bits(ff, first, start, end) && !free_bits(ff, last, start, end);
}

static bool is_claimed(struct first_fit *ff, const struct memmgr_run *run)
{
	u64 end;

	if (!run->len || check_add_overflow(run->start, run->len, &end))
		return false;
	return end <= ff->layout.granules && is_used(ff, run->start, end);
}

static int first_fit_release(void *meta, const struct memmgr_run *run)
{
	struct first_fit *ff = meta;

	if (!is_claimed(ff, run))
		return -EUCLEAN;
	mark_free(ff, run->start, memmgr_run_end(run));
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
static int grow(struct first_fit *ff, const struct memmgr_resize *want, struct memmgr_run *run)
{
	u64 start = run->start, end = memmgr_run_end(run), limit, new_end;

	if (check_add_overflow(start, want->len, &limit))
		return -ENOSPC;
	new_end = same_until(ff, end, min(limit, ff->layout.granules), true);
	if (new_end < limit) {
		if (!(want->flags & MEMMGR_RESIZE_DOWN) || want->len > new_end)
			return -ENOSPC;
		start = ALIGN_DOWN(new_end - want->len, want->align);
		new_end = max(end, start + want->len);
		if (same_until(ff, start, run->start, true) != run->start)
			return -ENOSPC;
	}
	open_ends(ff, start, new_end);
	mark_used(ff, start, run->start);
	mark_used(ff, end, new_end);
	*run = (struct memmgr_run){ start, new_end - start };
	return 0;
}

static int first_fit_resize(void *meta, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct first_fit *ff = meta;

	if (!want->len || !is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	if (!is_claimed(ff, run))
		return -EUCLEAN;
	if (want->len > run->len)
		return grow(ff, want, run);
	open_path(ff, run->start + want->len);
	mark_free(ff, run->start + want->len, memmgr_run_end(run));
	run->len = want->len;
	return 0;
}

static bool first_fit_next_free(const void *meta, u64 from, struct memmgr_run *run)
{
	const struct first_fit *ff = meta;
	u64 start = search(ff, from, 1);

	if (start == NOWHERE)
		return false;
	run->start = start;
	run->len = same_until(ff, start, ff->layout.granules, true) - start;
	return true;
}

static void first_fit_stat(const void *meta, struct memmgr_engine_stat *stat)
{
	const struct first_fit *ff = meta;

	*stat = (struct memmgr_engine_stat){
		.free = ff->free,
		.largest = get_node(ff, ff->layout.top, 0).longest,
	};
}

/* --- validation ----------------------------------------------------------- */

static const char *header_damage(const struct first_fit *ff)
{
	struct layout layout;

	if (!lay_out(&layout, ff->layout.granules) ||
	    memcmp(&layout, &ff->layout, sizeof(layout)))
		return "layout of the metadata";
	if (ff->free > layout.granules)
		return "more granules free than there are";
	return NULL;
}

/* Is a uniform node all of what it says, and nothing past the end free? */
static const char *uniform_damage(const struct first_fit *ff, u32 level, u64 index,
				  struct summary s)
{
	u64 end = (index + 1) << span_shift(level);

	if (!same_runs(s, uniform(level, s.longest)))
		return "a uniform node's prefix or suffix";
	if (s.longest && end > ff->layout.granules)
		return "free granules past the end";
	return NULL;
}

/* Is a mixed node the sum of its children, and what they reach right? */
static const char *family_damage(const struct first_fit *ff, u32 level, u64 index,
				 struct summary s)
{
	struct summary sum = { 0, 0, 0, 0 }, c;
	bool broken = false;
	u32 i;

	for (i = 0; i < FAN_OUT; i++) {
		c = get_node(ff, level - 1, (index << FAN_SHIFT) + i);
		sum.suffix += c.prefix;
		if (c.reach != max(sum.suffix, c.longest))
			return "what a node reaches";
		sum.longest = max(sum.longest, c.reach);
		if (is_all_free(c, level - 1))
			continue;
		if (!broken)
			sum.prefix = sum.suffix;
		broken = true;
		sum.suffix = c.suffix;
	}
	if (!broken)
		sum.prefix = sum.suffix;
	return same_runs(s, sum) ? NULL : "a node's summary";
}

/* What is wrong with a live node, or NULL. It may be past the arena's end. */
static const char *node_damage(const struct first_fit *ff, u32 level, u64 index,
			       struct summary s)
{
	u64 start = index << span_shift(level);
	u64 past;

	if (is_uniform(s, level))
		return uniform_damage(ff, level, index, s);
	if (level)
		return family_damage(ff, level, index, s);
	if (!same_runs(s, sum_word(*word_at(ff, index))))
		return "a leaf's summary";
	past = ff->layout.granules - start;
	if (past < WORD_BITS && (*word_at(ff, index) >> past))
		return "free granules past the end";
	return NULL;
}

static int damage(struct memmgr_check *check, const char *what, u64 at)
{
	check->what = what;
	check->at = at;
	return -EUCLEAN;
}

/**
 * struct inspection - a validation on its way through the arena
 * @pos: the node of @level that @pos is in comes next
 * @level: see @pos
 * @live: the lowest live node there
 * @live_level: its level
 * @live_end: where it ends, if it is uniform; what is below it is stale
 */
struct inspection {
	u64 pos;
	u32 level;
	u32 live_level;
	struct summary live;
	u64 live_end;
};

/*
 * What is wrong with the node that comes next, or NULL. A stale node only has to
 * be uniform, which is what open_path() relies on.
 */
static const char *inspect(const struct first_fit *ff, struct inspection *at)
{
	u64 index = at->pos >> span_shift(at->level);
	struct summary s = get_node(ff, at->level, index);

	if (at->pos < at->live_end)
		return is_uniform(s, at->level) ? NULL : "a stale node that is mixed";
	at->live = s;
	at->live_level = at->level;
	if (is_uniform(s, at->level))
		at->live_end = (index + 1) << span_shift(at->level);
	return node_damage(ff, at->level, index, s);
}

/* The free granules of the word at @at. */
static u64 count_free(const struct first_fit *ff, const struct inspection *at)
{
	if (is_uniform(at->live, at->live_level))
		return at->live.longest ? WORD_BITS : 0;
	return hweight64(*word_at(ff, at->pos >> WORD_SHIFT));
}

static int begin_check(const struct first_fit *ff, struct memmgr_check *check)
{
	const char *what = header_damage(ff);

	if (what)
		return damage(check, what, 0);
	if (!check->cursor) {
		check->free = 0;
		check->changes = ff->changes;
	}
	return 0;
}

static int end_check(const struct first_fit *ff, struct memmgr_check *check)
{
	if (check->changes == ff->changes && check->free != ff->free)
		return damage(check, "count of free granules", 0);
	return 0;
}

/*
 * All nodes from the cursor on, in order of address, parents first. If the tree
 * has changed between two steps, the walk finds its way down anew, and the count
 * of free granules means nothing any more.
 */
static int first_fit_validate(const void *meta, struct memmgr_check *check)
{
	const struct first_fit *ff = meta;
	struct inspection at = { .pos = ALIGN_DOWN(check->cursor, WORD_BITS) };
	const char *what;
	u32 nodes;
	int err;

	err = begin_check(ff, check);
	if (err)
		return err;
	at.level = ff->layout.top;
	for (nodes = 0; at.pos < ff->layout.granules; nodes++) {
		if (nodes == CHECK_NODES) {
			check->cursor = at.pos;
			return -EAGAIN;
		}
		what = inspect(ff, &at);
		if (what)
			return damage(check, what, at.pos);
		if (at.level) {
			at.level--;
			continue;
		}
		check->free += count_free(ff, &at);
		at.pos += WORD_BITS;
		at.level = climb(ff, 0, at.pos);
	}
	check->cursor = at.pos;
	return end_check(ff, check);
}

const struct memmgr_engine memmgr_first_fit = {
	.name = "first_fit",
	.footprint = first_fit_footprint,
	.init = first_fit_init,
	.claim = first_fit_claim,
	.release = first_fit_release,
	.resize = first_fit_resize,
	.next_free = first_fit_next_free,
	.stat = first_fit_stat,
	.validate = first_fit_validate,
};
