// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * first_fit: true address-ordered first fit.
 *
 * A claim gets the lowest address at which a free run holds it, always. That
 * packs blocks towards the start of the arena and leaves one long hole at its end.
 *
 * Where holes and used runs begin is in the edge map (edges.h). Over it stands a
 * tournament of hole lengths: a leaf for each word of 64 granules says how long
 * the longest hole is that begins in it, however far it reaches, and a node above
 * is the greatest of FAN_OUT below. The first leaf that is not less than what is
 * wanted is where the first fit begins, and one path down finds it.
 *
 *	granules  ##..####.#######......................###....####........
 *	word      |0              |1              |2              |3      |
 *	leaf       2               22              4               8
 *
 * A claim or a release changes one hole or two. One that comes can only raise its
 * leaf; one that goes lowers it only if it was the longest there. A leaf that rose
 * is passed up while it is the greatest of its family, one that sank while it was.
 *
 * Invariants, all checked by validate(): those of the edge map; each leaf and each
 * node is exact; @free counts the free granules.
 *
 * Locks: none; the caller's serialises all calls.
 * Cost: O(FAN_OUT * levels) for claim, release, resize, next_free, with at most
 * ten levels, whatever the length of the run. A claim with an alignment looks at
 * up to CANDIDATES places, then answers -EAGAIN; validate() at CHECK_WORDS words.
 * Memory: 20 bytes for 64 granules and a seventh of four more above: 2 % of an
 * arena of 16-byte granules.
 *
 * It does not know which run was claimed with which: that is the caller's record.
 */
#include "edges.h"
#include "engine.h"

#define FAN_SHIFT 3
#define FAN_OUT 8U
#define LEVELS 10 /* 64 * 8^9 granules are more than an arena can have */

/* Aligned places that one claim() tries, and words that one validate() checks. */
#define CANDIDATES 16
#define CHECK_WORDS 256

#define NOWHERE U64_MAX

static_assert(FAN_OUT == 1U << FAN_SHIFT);
static_assert(MEMMGR_GRANULES_MAX <= 64ULL << (FAN_SHIFT * (LEVELS - 1)));

/**
 * struct layout - where things are in the metadata; immutable after init
 * @granules: length of the arena
 * @edges: the edge map, which has that length once more: each vouches for the other
 * @top: the root's level
 * @unused: 0
 * @tree: where the tournament's levels up to the root are, the leaves first, in
 *	whole families: bytes from the start of the metadata on
 */
struct layout {
	u64 granules;
	struct edges edges;
	u32 top;
	u32 unused;
	u64 tree[LEVELS];
};

/**
 * struct first_fit - start of the metadata
 * @layout: immutable
 * @free: free granules
 * @changes: claims, releases and resizes so far
 */
struct first_fit {
	struct layout layout;
	u64 free;
	u64 changes;
};

static u64 words_of(u64 granules)
{
	return DIV_ROUND_UP(granules, (u64)EDGES_BITS);
}

static u64 nodes_of(u64 granules, u32 level)
{
	return ALIGN(DIV_ROUND_UP(words_of(granules), 1ULL << (FAN_SHIFT * level)), FAN_OUT);
}

/* Lay out metadata for @granules; returns the bytes that it takes. */
static u64 lay_out(struct layout *layout, u64 granules)
{
	u64 bytes = ALIGN(sizeof(struct first_fit), 64);
	u32 level;

	memset(layout, 0, sizeof(*layout));
	layout->granules = granules;
	while (words_of(granules) > 1ULL << (FAN_SHIFT * layout->top))
		layout->top++;
	for (level = 0; level <= layout->top; level++) {
		layout->tree[level] = bytes;
		bytes += nodes_of(granules, level) * sizeof(u32);
	}
	bytes = ALIGN(bytes, sizeof(struct edge_word)) - offsetof(struct first_fit, layout.edges);
	return edges_lay_out(&layout->edges, bytes, granules) +
	       offsetof(struct first_fit, layout.edges);
}

static u64 length_of(const struct first_fit *ff)
{
	return ff->layout.granules;
}

static u32 *node_at(const struct first_fit *ff, u32 level, u64 index)
{
	return (u32 *)((uintptr_t)ff + ff->layout.tree[level]) + index;
}

static u32 longest(const struct first_fit *ff)
{
	return *node_at(ff, ff->layout.top, 0);
}

/* --- holes of a word -------------------------------------------------------- */

/* Where the hole ends that begins at @start. */
static u64 hole_end(const struct first_fit *ff, u64 start)
{
	return next_edge(&ff->layout.edges, start + 1);
}

/* The first hole that begins in the word of @from, not before it, and holds @len. */
static bool hole_in_word(const struct first_fit *ff, u64 from, u64 len, struct edge_run *hole)
{
	u64 base = ALIGN_DOWN(from, EDGES_BITS);
	u64 holes = edge_word_of(&ff->layout.edges, from)->holes & (~0ULL << (from % EDGES_BITS));

	for (; holes; holes &= holes - 1) {
		hole->start = base + __ffs64(holes);
		hole->end = hole_end(ff, hole->start);
		if (hole->end - hole->start >= len)
			return true;
	}
	return false;
}

/* The length of the longest hole that begins in word @index. */
static u32 longest_in_word(const struct first_fit *ff, u64 index)
{
	u64 holes = edge_word_at(&ff->layout.edges, index)->holes;
	u64 start, best = 0;

	for (; holes; holes &= holes - 1) {
		start = index * EDGES_BITS + __ffs64(holes);
		best = max(best, hole_end(ff, start) - start);
	}
	return (u32)best;
}

/* --- the tournament --------------------------------------------------------- */

static u32 greatest_of(const u32 *family)
{
	u32 a = max(family[0], family[1]), b = max(family[2], family[3]);
	u32 c = max(family[4], family[5]), d = max(family[6], family[7]);

	static_assert(FAN_OUT == 8, "a family is spelled out here");
	return max(max(a, b), max(c, d));
}

/* Leaf @index is now @value; so are its ancestors, as far as that concerns them. */
static void set_leaf(struct first_fit *ff, u64 index, u32 value)
{
	u32 *node = node_at(ff, 0, index), *parent;
	u32 level, old = *node, above;

	*node = value;
	for (level = 1; level <= ff->layout.top; level++) {
		index >>= FAN_SHIFT;
		parent = node_at(ff, level, index);
		above = *parent;
		if (value > above)
			*parent = value;
		else if (old == above)
			*parent = greatest_of(node_at(ff, level - 1, index << FAN_SHIFT));
		if (*parent == above)
			return;
		old = above;
		value = *parent;
	}
}

/* A hole begins at @start, or one that does has grown to @len. */
static void hole_came(struct first_fit *ff, u64 start, u64 len)
{
	u64 index = start >> EDGES_SHIFT;

	if (len > *node_at(ff, 0, index))
		set_leaf(ff, index, (u32)len);
}

/* The hole of @len at @start is gone, or has shrunk. */
static void hole_went(struct first_fit *ff, u64 start, u64 len)
{
	u64 index = start >> EDGES_SHIFT;

	if (len == *node_at(ff, 0, index))
		set_leaf(ff, index, longest_in_word(ff, index));
}

/* The first node of a family that is at least @len; there is one. */
static u64 first_of(const u32 *family, u64 len)
{
	u64 i = 0;

	while (family[i] < len)
		i++;
	return i;
}

/* The first leaf from @index on that is at least @len; NOWHERE if there is none. */
static u64 find_leaf(const struct first_fit *ff, u64 index, u64 len)
{
	u32 level = index ? 0 : ff->layout.top;

	for (; *node_at(ff, level, index) < len; index++) {
		if (level == ff->layout.top)
			return NOWHERE;
		for (; (index + 1) % FAN_OUT == 0 && level < ff->layout.top; level++)
			index >>= FAN_SHIFT;
	}
	while (level--) {
		index <<= FAN_SHIFT;
		index += first_of(node_at(ff, level, index), len);
	}
	return index;
}

/*
 * The first hole that, from @from on, holds @len granules. The start of @hole may
 * lie before @from.
 */
static bool search(const struct first_fit *ff, u64 from, u64 len, struct edge_run *hole)
{
	u64 index;

	if (from >= length_of(ff) || longest(ff) < len)
		return false;
	if (from) {
		*hole = run_at(&ff->layout.edges, from);
		if (hole->kind == EDGE_HOLE && hole->end - from >= len)
			return true;
		if (hole_in_word(ff, from, len, hole))
			return true;
		from = (from >> EDGES_SHIFT) + 1;
		if (from == words_of(length_of(ff)))
			return false;
	}
	index = find_leaf(ff, from, len);
	return index != NOWHERE && hole_in_word(ff, index << EDGES_SHIFT, len, hole);
}

/* --- changes ---------------------------------------------------------------- */

/* [@start, @end) of @hole is used now; nothing if it is empty. */
static void mark_used(struct first_fit *ff, u64 start, u64 end, const struct edge_run *hole)
{
	if (start == end)
		return;
	edges_claim(&ff->layout.edges, start, end, hole);
	hole_went(ff, hole->start, hole->end - hole->start);
	if (end < hole->end)
		hole_came(ff, end, hole->end - end);
	ff->free -= end - start;
	ff->changes++;
}

/* [@start, @end) of @used is free now; nothing if it is empty. */
static void mark_free(struct first_fit *ff, u64 start, u64 end, const struct edge_run *used)
{
	struct edge_run hole;

	if (start == end)
		return;
	hole = edges_release(&ff->layout.edges, start, end, used);
	hole_came(ff, hole.start, hole.end - hole.start);
	if (end < hole.end)
		hole_went(ff, end, hole.end - end);
	ff->free += end - start;
	ff->changes++;
}

/* --- the engine ------------------------------------------------------------- */

static u64 first_fit_footprint(const struct memmgr_geometry *geo)
{
	struct layout layout;

	if (!geo->granules || geo->granules > MEMMGR_GRANULES_MAX)
		return 0;
	return lay_out(&layout, geo->granules);
}

static int first_fit_init(void *meta, const struct memmgr_geometry *geo)
{
	struct edge_run all = { 0, geo->granules, EDGE_USED };
	struct first_fit *ff = meta;

	if (!first_fit_footprint(geo))
		return -EINVAL;
	lay_out(&ff->layout, geo->granules);
	ff->free = 0;
	mark_free(ff, 0, geo->granules, &all);
	ff->changes = 0;
	return 0;
}

static int first_fit_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	struct first_fit *ff = meta;
	struct edge_run hole;
	u32 tries;
	u64 pos;

	if (!claim->len || !is_power_of_2(claim->align))
		return -EINVAL;
	if (claim->len > ff->free)
		return -ENOMEM;
	for (tries = 0; tries < CANDIDATES; tries++) {
		if (!search(ff, claim->from, claim->len, &hole))
			return -ENOSPC;
		pos = ALIGN(max(hole.start, claim->from), claim->align);
		if (pos + claim->len <= hole.end) {
			mark_used(ff, pos, pos + claim->len, &hole);
			*run = (struct memmgr_run){ pos, claim->len };
			return 0;
		}
		claim->from = hole.end;
	}
	return -EAGAIN;
}

/* Is all of @run claimed? Then @used is the used run that it is part of. */
static bool is_claimed(const struct first_fit *ff, const struct memmgr_run *run,
		       struct edge_run *used)
{
	u64 end;

	if (!run->len || check_add_overflow(run->start, run->len, &end) || end > length_of(ff))
		return false;
	*used = run_at(&ff->layout.edges, run->start);
	return used->kind == EDGE_USED && end <= used->end;
}

static int first_fit_release(void *meta, const struct memmgr_run *run)
{
	struct first_fit *ff = meta;
	struct edge_run used;

	if (!is_claimed(ff, run, &used))
		return -EUCLEAN;
	mark_free(ff, run->start, memmgr_run_end(run), &used);
	return 0;
}

/*
 * Lengthen @run: upwards as far as that goes, for then nothing has to move, and
 * the rest downwards, if that is allowed.
 *
 *	below        start        end         above
 *	  |............|############|...........|####
 *	            |<------ want ----->|
 */
static int grow(struct first_fit *ff, const struct memmgr_resize *want, struct memmgr_run *run,
		const struct edge_run *used)
{
	struct edge_run below = { run->start, run->start, EDGE_HOLE };
	u64 start = run->start, end = memmgr_run_end(run), new_end;
	struct edge_run above = { end, end, EDGE_HOLE };

	if (end == used->end && end < length_of(ff))
		above.end = hole_end(ff, end);
	if (start == used->start && start)
		below.start = prev_edge(&ff->layout.edges, start - 1);
	new_end = min(start + want->len, above.end);
	if (new_end < start + want->len) {
		if (!(want->flags & MEMMGR_RESIZE_DOWN) || want->len > new_end)
			return -ENOSPC;
		start = ALIGN_DOWN(new_end - want->len, want->align);
		if (start < below.start)
			return -ENOSPC;
		new_end = max(end, start + want->len);
	}
	mark_used(ff, start, run->start, &below);
	mark_used(ff, end, new_end, &above);
	*run = (struct memmgr_run){ start, new_end - start };
	return 0;
}

static int first_fit_resize(void *meta, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct first_fit *ff = meta;
	struct edge_run used;

	if (!want->len || !is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	if (!is_claimed(ff, run, &used))
		return -EUCLEAN;
	if (want->len > length_of(ff))
		return -ENOSPC;
	if (want->len > run->len)
		return grow(ff, want, run, &used);
	mark_free(ff, run->start + want->len, memmgr_run_end(run), &used);
	run->len = want->len;
	return 0;
}

static bool first_fit_next_free(const void *meta, u64 from, struct memmgr_run *run)
{
	const struct first_fit *ff = meta;
	struct edge_run hole;

	if (!search(ff, from, 1, &hole))
		return false;
	run->start = max(hole.start, from);
	run->len = hole.end - run->start;
	return true;
}

static void first_fit_stat(const void *meta, struct memmgr_engine_stat *stat)
{
	const struct first_fit *ff = meta;

	*stat = (struct memmgr_engine_stat){ .free = ff->free, .largest = longest(ff) };
}

/* --- validation ------------------------------------------------------------- */

static const char *header_damage(const struct first_fit *ff)
{
	u64 granules = ff->layout.granules;
	struct layout layout;

	if (!granules || granules > MEMMGR_GRANULES_MAX)
		return "length of the arena";
	lay_out(&layout, granules);
	if (memcmp(&layout, &ff->layout, sizeof(layout)))
		return "layout of the metadata";
	if (ff->free > granules)
		return "more granules free than there are";
	return NULL;
}

/* Is each ancestor of leaf @index the greatest of its family? */
static const char *tree_damage(const struct first_fit *ff, u64 index)
{
	u32 level;

	if (*node_at(ff, 0, index) != longest_in_word(ff, index))
		return "longest hole of a word";
	for (level = 1; level <= ff->layout.top; level++) {
		index >>= FAN_SHIFT;
		if (*node_at(ff, level, index) !=
		    greatest_of(node_at(ff, level - 1, index << FAN_SHIFT)))
			return "longest hole of a node";
	}
	return NULL;
}

/* Are the nodes zero that fill up the last family of each level? */
static const char *padding_damage(const struct first_fit *ff)
{
	u64 count = words_of(length_of(ff)), i;
	u32 level;

	for (level = 0; level <= ff->layout.top; level++) {
		for (i = count; i % FAN_OUT; i++)
			if (*node_at(ff, level, i))
				return "a node past the end";
		count = DIV_ROUND_UP(count, (u64)FAN_OUT);
	}
	return NULL;
}

static u64 free_in_holes_of(const struct first_fit *ff, u64 index)
{
	u64 holes = edge_word_at(&ff->layout.edges, index)->holes;
	u64 start, sum = 0;

	for (; holes; holes &= holes - 1) {
		start = index * EDGES_BITS + __ffs64(holes);
		sum += hole_end(ff, start) - start;
	}
	return sum;
}

static int damage(struct memmgr_check *check, const char *what, u64 at)
{
	check->what = what;
	check->at = at;
	return -EUCLEAN;
}

/*
 * The cursor goes over all words twice: first for the edges, then, when it is safe
 * to search them, for what they say.
 */
static int check_word(const struct first_fit *ff, struct memmgr_check *check)
{
	u64 words = words_of(length_of(ff)), index = check->cursor;
	const char *what;

	if (index < words) {
		what = edges_damage(&ff->layout.edges, index);
		return what ? damage(check, what, index << EDGES_SHIFT) : 0;
	}
	index -= words;
	what = turns_damage(&ff->layout.edges, index);
	if (!what && !index)
		what = padding_damage(ff);
	if (!what)
		what = tree_damage(ff, index);
	if (what)
		return damage(check, what, index << EDGES_SHIFT);
	check->free += free_in_holes_of(ff, index);
	return 0;
}

static int first_fit_validate(const void *meta, struct memmgr_check *check)
{
	const struct first_fit *ff = meta;
	const char *what = header_damage(ff);
	u64 last, end;

	if (what)
		return damage(check, what, 0);
	if (!check->cursor) {
		check->free = 0;
		check->changes = ff->changes;
	}
	last = 2 * words_of(length_of(ff));
	end = min(check->cursor + CHECK_WORDS, last);
	for (; check->cursor < end; check->cursor++)
		if (check_word(ff, check))
			return -EUCLEAN;
	if (check->cursor < last)
		return -EAGAIN;
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
