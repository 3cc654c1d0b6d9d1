// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The hole map: see holemap.h.
 */
#include "growth.h"
#include "holemap.h"

/* Holes that one hole_map_claim() tries. */
#define CANDIDATES 16

/* Words that one hole_map_validate() checks. */
#define CHECK_WORDS 256

#define NOWHERE U64_MAX

/* The tree's nodes, by number. */
#define ROOT 1ULL
#define FAN_OUT 4ULL

static u64 parent_of(u64 node)
{
	return (node + 2) / FAN_OUT;
}

static u64 first_child_of(u64 node)
{
	return node * FAN_OUT - 2;
}

static bool is_last_child(u64 node)
{
	return node % FAN_OUT == 1;
}

static u64 words_of(u64 granules)
{
	return DIV_ROUND_UP(granules, (u64)EDGES_BITS);
}

/* Lay out a map of @granules; returns the bytes that it takes. */
static u64 lay_out(struct hole_layout *layout, u64 granules, u64 measure)
{
	u64 bytes = ALIGN(sizeof(struct hole_map), 64);
	u64 edges = offsetof(struct hole_map, layout.edges);
	u64 room;

	memset(layout, 0, sizeof(*layout));
	layout->granules = granules;
	layout->measure = measure;
	layout->leaves = ROOT;
	for (room = 1; room < words_of(granules); room *= FAN_OUT)
		layout->leaves = first_child_of(layout->leaves);
	layout->nodes = ALIGN(layout->leaves + words_of(granules) + 2, FAN_OUT) - 2;
	layout->tree = bytes + 2 * sizeof(u32); /* a family is 16 bytes of one line */
	bytes = ALIGN(layout->tree + layout->nodes * sizeof(u32), sizeof(struct edge_word));
	return edges + edges_lay_out(&layout->edges, bytes - edges, granules);
}

static u64 length_of(const struct hole_map *map)
{
	return map->layout.granules;
}

static u32 *tree_of(const struct hole_map *map)
{
	return (u32 *)((uintptr_t)map + map->layout.tree);
}

static u32 *leaf_at(const struct hole_map *map, u64 index)
{
	return tree_of(map) + map->layout.leaves + index;
}

u32 hole_map_greatest(const struct hole_map *map)
{
	return tree_of(map)[ROOT];
}

/* --- holes ------------------------------------------------------------------ */

/*
 * The measure of a hole, not empty. 2^k granules or more hold an aligned run of
 * 2^(k-1) wherever they lie, and one of 2^k if they are lucky.
 */
static u32 measure_of(const struct hole_map *map, u64 start, u64 end)
{
	u32 order;
	u64 mask;

	if (map->layout.measure == BY_LENGTH)
		return (u32)(end - start);
	order = (u32)ilog2(end - start);
	mask = (1ULL << order) - 1;
	/* the last granule of the first place that is aligned so */
	return order + (((start + mask) | mask) < end);
}

/* Where the hole ends that begins at @start. */
static u64 hole_end(const struct hole_map *map, u64 start)
{
	return edge_after(&map->layout.edges, start);
}

/* A hole; and what it is compared by, where hole_among() has found it. */
struct competitor {
	struct edge_run hole;
	u32 measure;
};

/* The first of @holes, which begin in word @index, that will do. */
static __always_inline bool hole_among(const struct hole_map *map, u64 index, u64 holes,
				       u32 measure, struct competitor *found)
{
	u64 start, end;

	for (; holes; holes &= holes - 1) {
		start = (index << EDGES_SHIFT) + __ffs64(holes);
		end = hole_end(map, start);
		found->hole = (struct edge_run){ start, end, EDGE_HOLE };
		found->measure = measure_of(map, start, end);
		if (found->measure >= measure)
			return true;
	}
	return false;
}

/* The greatest measure of the holes that begin in word @index. */
static __always_inline u32 greatest_in_word(const struct hole_map *map, u64 index)
{
	u64 holes = edge_word_at(&map->layout.edges, index)->holes;
	u32 best = 0;
	u64 start;

	for (; holes; holes &= holes - 1) {
		start = (index << EDGES_SHIFT) + __ffs64(holes);
		best = max(best, measure_of(map, start, hole_end(map, start)));
	}
	return best;
}

/* --- the tournament --------------------------------------------------------- */

static u32 greatest_of(const u32 *family)
{
	return max(max(family[0], family[1]), max(family[2], family[3]));
}

/* Leaf @index is at least @value, and so are its ancestors. */
static __always_inline void raise_leaf(struct hole_map *map, u64 index, u32 value)
{
	u32 *tree = tree_of(map);
	u64 i;

	for (i = map->layout.leaves + index; tree[i] < value; i = parent_of(i))
		tree[i] = value;
}

/* Leaf @index sinks to @value; so do its ancestors, as far as that concerns them. */
static __always_inline void lower_leaf(struct hole_map *map, u64 index, u32 value)
{
	u64 i = map->layout.leaves + index;
	u32 *tree = tree_of(map);
	u32 old = tree[i];

	while (value < old) {
		tree[i] = value;
		i = parent_of(i);
		if (tree[i] != old)
			return;
		value = greatest_of(&tree[first_child_of(i)]);
	}
}

/* A hole begins at @start, or one that does has grown. */
static __always_inline void hole_came(struct hole_map *map, u64 start, u64 end)
{
	raise_leaf(map, start >> EDGES_SHIFT, measure_of(map, start, end));
}

/* The hole of @measure that began at @start is gone, or has shrunk. */
static __always_inline void hole_went(struct hole_map *map, u64 start, u32 measure)
{
	u64 index = start >> EDGES_SHIFT;

	if (measure == *leaf_at(map, index))
		lower_leaf(map, index, greatest_in_word(map, index));
}

/* The first leaf below node @i that is at least @measure; there is one. */
static __always_inline u64 first_below(const struct hole_map *map, u64 i, u32 measure)
{
	const u32 *tree = tree_of(map);

	while (i < map->layout.leaves) {
		i = first_child_of(i);
		i += tree[i] < measure;
		i += tree[i] < measure;
		i += tree[i] < measure;
	}
	return i - map->layout.leaves;
}

/* The first leaf from @index on that is at least @measure, or NOWHERE. */
static u64 find_leaf(const struct hole_map *map, u64 index, u32 measure)
{
	const u32 *tree = tree_of(map);
	u64 i = map->layout.leaves + index;

	while (tree[i] < measure) { /* go to the right, as high up as that can be */
		while (is_last_child(i))
			i = parent_of(i);
		if (!i)
			return NOWHERE;
		i++;
	}
	return first_below(map, i, measure);
}

/* The first of all holes that will do. */
static __always_inline bool search_all(const struct hole_map *map, u32 measure,
				       struct competitor *found)
{
	u64 index;

	if (hole_map_greatest(map) < measure)
		return false;
	index = first_below(map, ROOT, measure);
	return hole_among(map, index, edge_word_at(&map->layout.edges, index)->holes, measure,
			  found);
}

/* The hole that @from is in, or the first behind it, if it will do. */
static bool search(const struct hole_map *map, u64 from, u32 measure, struct competitor *found)
{
	u64 index = from >> EDGES_SHIFT, behind;

	if (from >= length_of(map))
		return false;
	found->hole = run_at(&map->layout.edges, from);
	if (found->hole.kind == EDGE_HOLE && measure_of(map, from, found->hole.end) >= measure)
		return true;
	behind = edge_word_at(&map->layout.edges, index)->holes & edge_bits_after(from);
	if (hole_among(map, index, behind, measure, found))
		return true;
	if (++index == words_of(length_of(map)))
		return false;
	index = find_leaf(map, index, measure);
	return index != NOWHERE &&
	       hole_among(map, index, edge_word_at(&map->layout.edges, index)->holes, measure,
			  found);
}

/* --- changes ---------------------------------------------------------------- */

/* [@start, @end), not empty, of @hole, which has @measure, becomes used. */
static __always_inline void mark_used(struct hole_map *map, u64 start, u64 end,
				      const struct edge_run *hole, u32 measure)
{
	edges_claim(&map->layout.edges, start, end, hole);
	if (end < hole->end)
		hole_came(map, end, hole->end); /* no higher than to where the other way meets */
	hole_went(map, hole->start, measure);
	map->free -= end - start;
	map->changes++;
}

void hole_map_mark_used(struct hole_map *map, u64 start, u64 end, const struct edge_run *hole)
{
	if (start != end)
		mark_used(map, start, end, hole, measure_of(map, hole->start, hole->end));
}

/* [@start, @end), not empty, of @used becomes free. */
static __always_inline void mark_free(struct hole_map *map, u64 start, u64 end,
				      const struct edge_run *used)
{
	struct edge_run hole = edges_release(&map->layout.edges, start, end, used);

	hole_came(map, hole.start, hole.end);
	if (end < hole.end)
		hole_went(map, end, measure_of(map, end, hole.end));
	map->free += end - start;
	map->changes++;
}

void hole_map_mark_free(struct hole_map *map, u64 start, u64 end, const struct edge_run *used)
{
	if (start != end)
		mark_free(map, start, end, used);
}

/* --- what engines have in common -------------------------------------------- */

u64 hole_map_footprint(u64 granules)
{
	struct hole_layout layout;

	if (!granules || granules > MEMMGR_GRANULES_MAX)
		return 0;
	return lay_out(&layout, granules, BY_LENGTH);
}

void hole_map_init(struct hole_map *map, u64 granules, enum hole_measure measure)
{
	struct edge_run all = { 0, granules, EDGE_USED };

	lay_out(&map->layout, granules, measure);
	tree_of(map)[0] = U32_MAX;
	map->free = 0;
	hole_map_mark_free(map, 0, granules, &all);
	map->changes = 0;
}

/* Go on from @claim->from: see hole_map_claim(). */
static noinline int claim_from(struct hole_map *map, struct memmgr_claim *claim, u32 measure,
			       u64 len, u64 align, struct memmgr_run *run)
{
	struct competitor found;
	u32 tries;
	u64 pos;

	for (tries = 0; tries < CANDIDATES; tries++) {
		if (!search(map, claim->from, measure, &found))
			return -ENOSPC;
		pos = ALIGN(max(found.hole.start, claim->from), align);
		if (pos + len <= found.hole.end) {
			hole_map_mark_used(map, pos, pos + len, &found.hole);
			*run = (struct memmgr_run){ pos, len };
			return 0;
		}
		claim->from = min(pos, found.hole.end); /* a block cut short may be left there */
	}
	return -EAGAIN;
}

/* Nearly always the first hole will do. */
int hole_map_claim(struct hole_map *map, struct memmgr_claim *claim, u32 measure, u64 len,
		   u64 align, struct memmgr_run *run)
{
	struct competitor found;
	u64 pos;

	if (claim->from || !search_all(map, measure, &found))
		return claim_from(map, claim, measure, len, align, run);
	pos = ALIGN(found.hole.start, align);
	if (pos + len > found.hole.end)
		return claim_from(map, claim, measure, len, align, run);
	mark_used(map, pos, pos + len, &found.hole, found.measure);
	*run = (struct memmgr_run){ pos, len };
	return 0;
}

int hole_map_release(void *meta, const struct memmgr_run *run)
{
	struct hole_map *map = meta;
	struct edge_run used;

	if (!run_is_claimed(&map->layout.edges, run, &used))
		return -EUCLEAN;
	mark_free(map, run->start, memmgr_run_end(run), &used);
	return 0;
}

bool hole_map_next_free(const void *meta, u64 from, struct memmgr_run *run)
{
	const struct hole_map *map = meta;
	struct competitor found;

	if (!search(map, from, 1, &found))
		return false;
	run->start = max(found.hole.start, from);
	run->len = found.hole.end - run->start;
	return true;
}

/* --- validation ------------------------------------------------------------- */

static const char *layout_damage(const struct hole_map *map)
{
	const struct hole_layout *layout = &map->layout;
	struct hole_layout right;

	if (!hole_map_footprint(layout->granules) || layout->measure > BY_ORDER)
		return "length of the arena";
	lay_out(&right, layout->granules, layout->measure);
	if (memcmp(&right, layout, sizeof(right)))
		return "layout of the metadata";
	if (map->free > layout->granules)
		return "more granules free than there are";
	return NULL;
}

/* Is node @i, which is no leaf, the greatest of its children? One without any is 0. */
static const char *node_damage(const struct hole_map *map, u64 i)
{
	const u32 *tree = tree_of(map);
	u64 child = first_child_of(i);

	if (!i)
		return *tree == U32_MAX ? NULL : "the entry before the root";
	if (child >= map->layout.nodes)
		return tree[i] ? "a node past the end" : NULL;
	return tree[i] == greatest_of(&tree[child]) ? NULL : "greatest hole of a node";
}

/* Is leaf @index what its word says, and are two of the other nodes right? */
static const char *tree_damage(const struct hole_map *map, u64 index)
{
	const char *what = NULL;
	u64 i;

	if (*leaf_at(map, index) != greatest_in_word(map, index))
		return "greatest hole of a word";
	/* there are less than two for a leaf */
	for (i = 2 * index; !what && i < min(2 * index + 2, map->layout.leaves); i++)
		what = node_damage(map, i);
	return what;
}

/* Are the nodes zero that fill up the last family of leaves? */
static const char *padding_damage(const struct hole_map *map)
{
	u64 i;

	for (i = words_of(length_of(map)); map->layout.leaves + i < map->layout.nodes; i++)
		if (*leaf_at(map, i))
			return "a node past the end";
	return NULL;
}

static u64 free_in_holes_of(const struct hole_map *map, u64 index)
{
	u64 holes = edge_word_at(&map->layout.edges, index)->holes;
	u64 start, sum = 0;

	for (; holes; holes &= holes - 1) {
		start = index * EDGES_BITS + __ffs64(holes);
		sum += hole_end(map, start) - start;
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
static int check_word(const struct hole_map *map, struct memmgr_check *check)
{
	u64 words = words_of(length_of(map)), index = check->cursor;
	const char *what;

	if (index < words) {
		what = edges_damage(&map->layout.edges, index);
		return what ? damage(check, what, index << EDGES_SHIFT) : 0;
	}
	index -= words;
	what = turns_damage(&map->layout.edges, index);
	if (!what && !index)
		what = padding_damage(map);
	if (!what)
		what = tree_damage(map, index);
	if (what)
		return damage(check, what, index << EDGES_SHIFT);
	check->free += free_in_holes_of(map, index);
	return 0;
}

int hole_map_validate(const void *meta, struct memmgr_check *check)
{
	const struct hole_map *map = meta;
	const char *what = layout_damage(map);
	u64 last, end;

	if (what)
		return damage(check, what, 0);
	if (!check->cursor) {
		check->free = 0;
		check->changes = map->changes;
	}
	last = 2 * words_of(length_of(map));
	end = min(check->cursor + CHECK_WORDS, last);
	for (; check->cursor < end; check->cursor++)
		if (check_word(map, check))
			return -EUCLEAN;
	if (check->cursor < last)
		return -EAGAIN;
	if (check->changes == map->changes && check->free != map->free)
		return damage(check, "count of free granules", 0);
	return 0;
}
