// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * first_fit: true address-ordered first fit.
 *
 * A claim gets the lowest address at which a free run holds it, always. That
 * packs blocks towards the start of the arena and leaves one long hole at its end.
 *
 * What is kept: a bitmap, a bit per granule, set where it is free, in words of
 * 64; and over it a tree. Each node sums up the granules below it, its span:
 *
 *	 free run at the start     longest free run      free run at the end
 *	|<----- prefix ----->|#####|<-- longest -->|#####|<----- suffix ----->|
 *
 * A leaf (level 0) sums up one word; a node above it, FAN_OUT nodes. The last
 * node of a level may reach past the arena; what lies there is never free, so
 * nothing else has to know of it.
 *
 * Invariants, all checked by validate()
 *   - A node that is all free (longest == span) or all used (longest == 0) speaks
 *     for everything below it; what lies there is stale and nobody looks at it.
 *   - Every other node sums up its FAN_OUT children, or its word, exactly.
 *   - @free counts the free granules.
 *
 * The first one is what bounds the work: a run of any length changes the nodes
 * along the paths to its two ends, and between them only children of those,
 *
 *	root            o
 *	             / / \ \		@ on the path to an end: split, then pulled
 *	            @ =   = @		= all free or all used as a whole
 *	          /|\       /|\		. speaks for itself no more, or never did
 *	         . @ =     = @ .
 *
 * never the words in the middle of it. An arena of any size starts as one node.
 *
 * Locks: none; the caller's serialises all calls.
 * Cost: claim, release, resize, next_free: O(FAN_OUT * levels), ten levels for
 * the longest arena, whatever the length of the run. A claim with an alignment
 * looks at up to CANDIDATES places, then answers -EAGAIN. validate() looks at up
 * to CHECK_NODES nodes a call.
 * Memory: 8 bytes a word for the bitmap, 4 for its leaf, 12/7 for the nodes above:
 * 13.7 bytes for 64 granules, 1.34 % of an arena of 16-byte granules.
 *
 * It does not know which run was claimed with which: that is the caller's record.
 */
#include "engine.h"

#define WORD_SHIFT 6
#define WORD_BITS 64U
#define FAN_SHIFT 3
#define FAN_OUT 8U

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

/* A node above the leaves; in granules. */
struct summary {
	u32 prefix;
	u32 longest;
	u32 suffix;
};

/* The same for one word. */
struct leaf {
	u8 prefix;
	u8 longest;
	u8 suffix;
	u8 zero;
};

static_assert(sizeof(struct summary) == 12);
static_assert(sizeof(struct leaf) == 4);

/**
 * struct layout - where things are in the metadata; immutable after init
 * @granules: length of the arena
 * @mirror: ~@granules, the one number that nothing else vouches for
 * @top: level of the root, at least 1
 * @words: offset of the bitmap, bytes
 * @level: offset of each level's nodes, bytes; 0 above the root. Below the root
 *	whole families of FAN_OUT exist
 */
struct layout {
	u64 granules;
	u64 mirror;
	u32 top;
	u32 words;
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

/* Nodes of @level that an arena of @granules needs, in whole families. */
static u64 nodes_of(u64 granules, u32 level)
{
	return ALIGN(DIV_ROUND_UP(granules, span_of(level)), FAN_OUT);
}

/* Fill @layout for @granules; returns the bytes needed, 0 if it cannot be done. */
static u64 lay_out(struct layout *layout, u64 granules)
{
	u64 bytes = ALIGN(sizeof(struct first_fit), 64);
	u32 level;

	memset(layout, 0, sizeof(*layout));
	if (!granules || granules > MEMMGR_GRANULES_MAX)
		return 0;
	layout->granules = granules;
	layout->mirror = ~granules;
	layout->top = 1;
	while (span_of(layout->top) < granules)
		layout->top++;

	layout->level[layout->top] = (u32)bytes;
	bytes += ALIGN(sizeof(struct summary), 64);
	for (level = layout->top - 1; level > 0; level--) {
		layout->level[level] = (u32)bytes;
		bytes += ALIGN(nodes_of(granules, level) * sizeof(struct summary), 64);
	}
	layout->level[0] = (u32)bytes;
	bytes += ALIGN(nodes_of(granules, 0) * sizeof(struct leaf), 64);
	layout->words = (u32)bytes;
	return bytes + nodes_of(granules, 0) * sizeof(u64);
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

static inline u64 *word_at(const struct first_fit *ff, u64 index)
{
	return (u64 *)at_offset(ff, ff->layout.words) + index;
}

static inline struct leaf *leaf_at(const struct first_fit *ff, u64 index)
{
	return (struct leaf *)at_offset(ff, ff->layout.level[0]) + index;
}

/* @level > 0. */
static inline struct summary *node_at(const struct first_fit *ff, u32 level, u64 index)
{
	return (struct summary *)at_offset(ff, ff->layout.level[level]) + index;
}

static inline struct summary get_node(const struct first_fit *ff, u32 level, u64 index)
{
	const struct leaf *leaf;

	if (level)
		return *node_at(ff, level, index);
	leaf = leaf_at(ff, index);
	return (struct summary){ leaf->prefix, leaf->longest, leaf->suffix };
}

static inline void put_node(struct first_fit *ff, u32 level, u64 index, struct summary s)
{
	if (level)
		*node_at(ff, level, index) = s;
	else
		*leaf_at(ff, index) = (struct leaf){ (u8)s.prefix, (u8)s.longest, (u8)s.suffix, 0 };
}

static inline struct summary uniform(u32 level, bool free)
{
	u32 n = free ? (u32)span_of(level) : 0;

	return (struct summary){ n, n, n };
}

static inline bool is_all_free(struct summary s, u32 level)
{
	return s.longest == span_of(level);
}

static inline bool is_uniform(struct summary s, u32 level)
{
	return !s.longest || is_all_free(s, level);
}

static inline bool same_summary(struct summary a, struct summary b)
{
	return a.prefix == b.prefix && a.longest == b.longest && a.suffix == b.suffix;
}

/* What a node of @level > 0 says if its children are right. */
static __always_inline struct summary sum_children(const struct first_fit *ff, u32 level, u64 index)
{
	u64 child = index << FAN_SHIFT, end = child + FAN_OUT;
	struct summary s = { 0, 0, 0 }, c;
	bool broken = false;

	for (; child < end; child++) {
		c = get_node(ff, level - 1, child);
		s.suffix += c.prefix;
		s.longest = max(s.longest, max(s.suffix, c.longest));
		if (is_all_free(c, level - 1))
			continue;
		if (!broken)
			s.prefix = s.suffix;
		broken = true;
		s.suffix = c.suffix;
	}
	if (!broken)
		s.prefix = s.suffix;
	return s;
}

static struct summary sum_leaves(const struct first_fit *ff, u64 index)
{
	return sum_children(ff, 1, index);
}

static struct summary sum_nodes(const struct first_fit *ff, u32 level, u64 index)
{
	return sum_children(ff, level, index);
}

static struct summary sum_word(u64 word)
{
	if (!~word)
		return uniform(0, true);
	return (struct summary){ word_prefix(word), word_longest(word), word_suffix(word) };
}

/* What a node says if what is below it is right. */
static struct summary sum_below(const struct first_fit *ff, u32 level, u64 index)
{
	if (level > 1)
		return sum_nodes(ff, level, index);
	return level ? sum_leaves(ff, index) : sum_word(*word_at(ff, index));
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
 * Step over children, from the one at @walk on, to the first that completes or
 * holds a run of @len; there is one. True if it completes it: the run ends there.
 */
static __always_inline bool step_to(const struct first_fit *ff, struct walk *walk, u32 level,
				    u64 len)
{
	u64 index = walk->pos >> span_shift(level), carry = walk->carry;
	struct summary s;

	for (;; index++) {
		s = get_node(ff, level, index);
		if (carry + s.prefix >= len || s.longest >= len)
			break;
		carry = is_all_free(s, level) ? carry + s.longest : s.suffix;
	}
	walk->pos = index << span_shift(level);
	walk->carry = carry;
	return carry + s.prefix >= len;
}

/* Where in the live, not uniform node at @walk the first run of @len starts. */
static u64 descend(const struct first_fit *ff, struct walk walk, u64 len)
{
	while (walk.level > 1) {
		walk.level--;
		if (step_to(ff, &walk, walk.level, len))
			return walk.pos - walk.carry;
	}
	if (walk.level && step_to(ff, &walk, 0, len))
		return walk.pos - walk.carry;
	return walk.pos + __ffs64(word_places(*word_at(ff, walk.pos >> WORD_SHIFT), (u32)len));
}

/* The lowest address from @from on where @len granules are free, or NOWHERE. */
static u64 search(const struct first_fit *ff, u64 from, u64 len)
{
	struct walk walk = { 0, 0, ff->layout.top };
	struct summary s;
	u64 hit;

	if (from >= ff->layout.granules)
		return NOWHERE;
	hit = enter(ff, from, len, &walk);
	if (hit != NOWHERE)
		return hit;

	while (walk.pos < root_end(ff)) {
		s = get_node(ff, walk.level, walk.pos >> span_shift(walk.level));
		if (walk.carry + s.prefix >= len)
			return walk.pos - walk.carry;
		if (s.longest >= len)
			return descend(ff, walk, len);
		walk.carry = is_all_free(s, walk.level) ? walk.carry + s.longest : s.suffix;
		walk.pos += span_of(walk.level);
		walk.level = climb(ff, walk.level, walk.pos);
	}
	return NOWHERE;
}

/* --- changing ------------------------------------------------------------- */

/* A uniform node speaks for itself no more: hand its state down to its children. */
static noinline void split_node(struct first_fit *ff, u32 level, u64 index, bool free)
{
	u32 i;

	for (i = 0; i < FAN_OUT; i++)
		put_node(ff, level - 1, (index << FAN_SHIFT) + i, uniform(level - 1, free));
}

/* Make live what is on the path from @level down to the boundary at @pos. */
static void open_path(struct first_fit *ff, u32 level, u64 pos)
{
	const struct leaf *leaf;
	struct summary s;

	for (; level; level--) {
		if (starts_node(pos, level))
			return;
		s = *node_at(ff, level, pos >> span_shift(level));
		if (unlikely(is_uniform(s, level)))
			split_node(ff, level, pos >> span_shift(level), s.longest);
	}
	leaf = leaf_at(ff, pos >> WORD_SHIFT);
	if (!leaf->longest || leaf->longest == WORD_BITS)
		*word_at(ff, pos >> WORD_SHIFT) = leaf->longest ? ~0ULL : 0;
}

/* The paths to both ends of a run; they part at some level, low for a short run. */
static void open_paths(struct first_fit *ff, u64 start, u64 end)
{
	u32 top = ff->layout.top, level = 1;

	open_path(ff, top, start);
	while (level < top && (start ^ end) >> span_shift(level))
		level++;
	open_path(ff, starts_node(start, level) ? top : level, end);
}

/**
 * struct change - a run on its way to the other state
 * @start: the run's first granule
 * @end: the one past its last
 * @left: where the hole starts: the run with the free granules that touch it, as
 *	far as the nodes looked at reach
 * @right: where the hole ends
 * @free: the run becomes free
 *
 *	left       start            end    right
 *	  |..........|<--- run ------>|......|###
 */
struct change {
	u64 start;
	u64 end;
	u64 left;
	u64 right;
	bool free;
};

/* The hole within the words at the ends of the run. */
static void find_hole(const struct first_fit *ff, struct change *c)
{
	u64 before = c->start % WORD_BITS, after = c->end % WORD_BITS;

	c->left = c->start;
	c->right = c->end;
	if (before)
		c->left -= word_suffix(*word_at(ff, c->start >> WORD_SHIFT) <<
				       (WORD_BITS - before));
	if (after)
		c->right += word_prefix(*word_at(ff, c->end >> WORD_SHIFT) >> after);
}

/*
 * The hole reaches the end of a node of @level at an end of the run: what of it
 * is in the siblings there?
 */
static void widen_hole(const struct first_fit *ff, struct change *c, u32 level)
{
	u64 first = c->start >> span_shift(level), last = (c->end - 1) >> span_shift(level);
	struct summary s;

	if (c->left == first << span_shift(level)) {
		while (first % FAN_OUT) {
			s = get_node(ff, level, --first);
			c->left -= s.suffix;
			if (!is_all_free(s, level))
				break;
		}
	}
	if (c->right == (last + 1) << span_shift(level)) {
		while (++last % FAN_OUT) {
			s = get_node(ff, level, last);
			c->right += s.prefix;
			if (!is_all_free(s, level))
				break;
		}
	}
}

static inline bool is_within(const struct change *c, u64 first, u64 end)
{
	return c->start <= first && end <= c->end;
}

/*
 * Change the summary of [@first, @end), at an end of the run. A release makes one
 * hole, a claim cuts one; nothing else moves. False if it was the longest that
 * was cut: only those below know which is now.
 */
static inline bool amend(struct summary *s, const struct change *c, u64 first, u64 end)
{
	u64 left = max(c->left, first), right = min(c->right, end);
	u32 hole = (u32)(right - left);

	if (c->free) {
		if (left == first)
			s->prefix = hole;
		if (right == end)
			s->suffix = hole;
		s->longest = max(s->longest, hole);
		return true;
	}
	if (left == first)
		s->prefix = (u32)(max(c->start, first) - first);
	if (right == end)
		s->suffix = (u32)(end - min(c->end, end));
	return hole < s->longest;
}

/* Bring a leaf at an end of the run, and its word, up to date; did it change? */
static bool mark_leaf(struct first_fit *ff, const struct change *c, u64 index)
{
	u64 first = index << WORD_SHIFT, end = first + WORD_BITS, mask;
	struct summary old = get_node(ff, 0, index), s = old;
	u64 *word = word_at(ff, index);

	if (is_within(c, first, end)) {
		s = uniform(0, c->free);
	} else {
		mask = word_mask(max(c->start, first) - first, min(c->end, end) - first);
		*word = c->free ? *word | mask : *word & ~mask;
		if (!amend(&s, c, first, end))
			s.longest = word_longest(*word);
	}
	put_node(ff, 0, index, s);
	return !same_summary(s, old);
}

/* Bring a node at an end of the run up to date; did it change? */
static bool mark_node(struct first_fit *ff, const struct change *c, u32 level, u64 index)
{
	u64 first = index << span_shift(level), end = first + span_of(level);
	struct summary *node = node_at(ff, level, index), s = *node;

	if (is_within(c, first, end))
		s = uniform(level, c->free);
	else if (!amend(&s, c, first, end))
		s.longest = sum_below(ff, level, index).longest;
	if (same_summary(s, *node))
		return false;
	*node = s;
	return true;
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

/* Mark the nodes of @level that the run touches; false if no parent has to know. */
static __always_inline bool mark_level(struct first_fit *ff, const struct change *c, u32 level)
{
	u64 first = c->start >> span_shift(level), last = (c->end - 1) >> span_shift(level);

	if (first == last)
		return level ? mark_node(ff, c, level, first) : mark_leaf(ff, c, first);
	if (level) {
		mark_node(ff, c, level, first);
		mark_node(ff, c, level, last);
	} else {
		mark_leaf(ff, c, first);
		mark_leaf(ff, c, last);
	}
	mark_between(ff, level, first, last, c->free);
	return true;
}

/* Mark [@start, @end), all of it in the other state, both paths open. */
static void mark(struct first_fit *ff, u64 start, u64 end, bool free)
{
	struct change c = { .start = start, .end = end, .free = free };
	u32 level;

	find_hole(ff, &c);
	if (!mark_level(ff, &c, 0))
		return;
	for (level = 1; level <= ff->layout.top; level++) {
		widen_hole(ff, &c, level - 1);
		if (!mark_level(ff, &c, level))
			return;
	}
}

static void mark_used(struct first_fit *ff, u64 start, u64 end)
{
	if (start == end)
		return;
	open_paths(ff, start, end);
	mark(ff, start, end, false);
	ff->free -= end - start;
	ff->changes++;
}

static void mark_free(struct first_fit *ff, u64 start, u64 end)
{
	if (start == end)
		return;
	open_paths(ff, start, end);
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
	put_node(ff, ff->layout.top, 0, uniform(ff->layout.top, false));
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
			mark_used(ff, pos, pos + claim->len);
			*run = (struct memmgr_run){ pos, claim->len };
			return 0;
		}
		claim->from = ALIGN(pos, claim->align);
	}
	return -EAGAIN;
}

static bool is_claimed(const struct first_fit *ff, const struct memmgr_run *run)
{
	u64 end;

	if (!run->len || check_add_overflow(run->start, run->len, &end))
		return false;
	if (end > ff->layout.granules)
		return false;
	return same_until(ff, run->start, end, false) == end;
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
		.largest = node_at(ff, ff->layout.top, 0)->longest,
	};
}

/* --- validation ----------------------------------------------------------- */

static const char *header_damage(const struct first_fit *ff)
{
	struct layout layout;

	lay_out(&layout, ff->layout.granules);
	if (memcmp(&layout, &ff->layout, sizeof(layout)))
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

	if (!same_summary(s, uniform(level, s.longest)))
		return "a uniform node's prefix or suffix";
	if (s.longest && end > ff->layout.granules)
		return "free granules past the end";
	return NULL;
}

/* What is wrong with a live node, or NULL. It may be past the arena's end. */
static const char *node_damage(const struct first_fit *ff, u32 level, u64 index,
			       struct summary s)
{
	u64 start = index << span_shift(level);
	u64 past;

	if (!level && leaf_at(ff, index)->zero)
		return "a leaf's spare byte";
	if (is_uniform(s, level))
		return uniform_damage(ff, level, index, s);
	if (start >= ff->layout.granules)
		return "free granules past the end";
	if (!same_summary(s, sum_below(ff, level, index)))
		return level ? "a node's summary" : "a leaf's summary";
	past = ff->layout.granules - start;
	if (!level && past < WORD_BITS && (*word_at(ff, index) >> past))
		return "free granules past the end";
	return NULL;
}

static int damage(struct memmgr_check *check, const char *what, u64 at)
{
	check->what = what;
	check->at = at;
	return -EUCLEAN;
}

/* Free granules from @pos to the end of a live uniform node, or in a leaf. */
static u64 count_free(const struct first_fit *ff, u32 level, u64 pos, struct summary s)
{
	if (is_uniform(s, level))
		return s.longest ? span_of(level) - (pos & (span_of(level) - 1)) : 0;
	return hweight64(*word_at(ff, pos >> WORD_SHIFT));
}

/*
 * From the cursor on, every live node in order of address, parents first. Where
 * the tree has changed between two steps, the walk goes down anew from the root
 * and the count no longer matters.
 */
static int first_fit_validate(const void *meta, struct memmgr_check *check)
{
	const struct first_fit *ff = meta;
	const char *what;
	struct summary s;
	u32 level, nodes;
	u64 pos, index;

	what = header_damage(ff);
	if (what)
		return damage(check, what, 0);
	if (!check->cursor) {
		check->free = 0;
		check->changes = ff->changes;
	}

	level = ff->layout.top;
	pos = ALIGN_DOWN(check->cursor, WORD_BITS);
	for (nodes = 0; pos < root_end(ff); nodes++) {
		if (nodes == CHECK_NODES) {
			check->cursor = pos;
			return -EAGAIN;
		}
		index = pos >> span_shift(level);
		s = get_node(ff, level, index);
		what = node_damage(ff, level, index, s);
		if (what)
			return damage(check, what, pos);
		if (level && !is_uniform(s, level)) {
			level--;
			continue;
		}
		check->free += count_free(ff, level, pos, s);
		pos = ALIGN_DOWN(pos, span_of(level)) + span_of(level);
		level = climb(ff, level, pos);
	}
	check->cursor = pos;
	if (check->changes == ff->changes && check->free != ff->free)
		return damage(check, "count of free granules", 0);
	return 0;
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
