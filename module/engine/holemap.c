// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The hole map: see holemap.h.
 */
#include "holemap.h"

#define FAN_SHIFT 3
#define FAN_OUT 8U
#define LEVELS HOLE_MAP_LEVELS

/* Words that one hole_map_validate() checks. */
#define CHECK_WORDS 256

#define NOWHERE U64_MAX

static_assert(FAN_OUT == 1U << FAN_SHIFT);
static_assert(MEMMGR_GRANULES_MAX <= 64ULL << (FAN_SHIFT * (LEVELS - 1)));

static u64 words_of(u64 granules)
{
	return DIV_ROUND_UP(granules, (u64)EDGES_BITS);
}

static u64 nodes_of(u64 granules, u32 level)
{
	return ALIGN(DIV_ROUND_UP(words_of(granules), 1ULL << (FAN_SHIFT * level)), FAN_OUT);
}

/* Lay out a map of @granules; returns the bytes that it takes. */
static u64 lay_out(struct hole_layout *layout, u64 granules, u32 measure)
{
	u64 bytes = ALIGN(sizeof(struct hole_map), 64);
	u64 edges = offsetof(struct hole_map, layout.edges);
	u32 level;

	memset(layout, 0, sizeof(*layout));
	layout->granules = granules;
	layout->measure = measure;
	while (words_of(granules) > 1ULL << (FAN_SHIFT * layout->top))
		layout->top++;
	for (level = 0; level <= layout->top; level++) {
		layout->tree[level] = bytes;
		bytes += nodes_of(granules, level) * sizeof(u32);
	}
	bytes = ALIGN(bytes, sizeof(struct edge_word));
	return edges + edges_lay_out(&layout->edges, bytes - edges, granules);
}

static u64 length_of(const struct hole_map *map)
{
	return map->layout.granules;
}

static u32 *node_at(const struct hole_map *map, u32 level, u64 index)
{
	return (u32 *)((uintptr_t)map + map->layout.tree[level]) + index;
}

u32 hole_map_greatest(const struct hole_map *map)
{
	return *node_at(map, map->layout.top, 0);
}

/* --- holes ------------------------------------------------------------------ */

/*
 * The measure of a hole, not empty. 2^k granules or more hold an aligned run of
 * 2^(k-1) wherever they lie, and one of 2^k if they are lucky.
 */
static u32 measure_of(const struct hole_map *map, u64 start, u64 end)
{
	u32 order;

	if (map->layout.measure == BY_LENGTH)
		return (u32)(end - start);
	order = (u32)ilog2(end - start);
	return ALIGN(start, 1ULL << order) + (1ULL << order) <= end ? order + 1 : order;
}

/* Where the hole ends that begins at @start. */
static u64 hole_end(const struct hole_map *map, u64 start)
{
	return next_edge(&map->layout.edges, start + 1);
}

/* The first hole that begins in the word of @from, not before it, and will do. */
static bool hole_in_word(const struct hole_map *map, u64 from, u32 measure,
			 struct edge_run *hole)
{
	u64 base = ALIGN_DOWN(from, EDGES_BITS);
	u64 holes = edge_word_of(&map->layout.edges, from)->holes & (~0ULL << (from % EDGES_BITS));

	for (; holes; holes &= holes - 1) {
		hole->start = base + __ffs64(holes);
		hole->end = hole_end(map, hole->start);
		if (measure_of(map, hole->start, hole->end) >= measure)
			return true;
	}
	return false;
}

/* The greatest measure of the holes that begin in word @index. */
static u32 greatest_in_word(const struct hole_map *map, u64 index)
{
	u64 holes = edge_word_at(&map->layout.edges, index)->holes;
	u32 best = 0;
	u64 start;

	for (; holes; holes &= holes - 1) {
		start = index * EDGES_BITS + __ffs64(holes);
		best = max(best, measure_of(map, start, hole_end(map, start)));
	}
	return best;
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
static void set_leaf(struct hole_map *map, u64 index, u32 value)
{
	u32 *node = node_at(map, 0, index);
	u32 level, old = *node, above;

	*node = value;
	for (level = 1; level <= map->layout.top; level++) {
		index >>= FAN_SHIFT;
		node = node_at(map, level, index);
		above = *node;
		if (value > above)
			*node = value;
		else if (old == above)
			*node = greatest_of(node_at(map, level - 1, index << FAN_SHIFT));
		if (*node == above)
			return;
		old = above;
		value = *node;
	}
}

/* A hole begins at @start, or one that does has grown. */
static void hole_came(struct hole_map *map, u64 start, u64 end)
{
	u32 measure = measure_of(map, start, end);
	u64 index = start >> EDGES_SHIFT;

	if (measure > *node_at(map, 0, index))
		set_leaf(map, index, measure);
}

/* The hole that began at @start is gone, or has shrunk. */
static void hole_went(struct hole_map *map, u64 start, u64 end)
{
	u64 index = start >> EDGES_SHIFT;

	if (measure_of(map, start, end) == *node_at(map, 0, index))
		set_leaf(map, index, greatest_in_word(map, index));
}

/* The first node of a family that is at least @measure; there is one. */
static u64 first_of(const u32 *family, u32 measure)
{
	u64 i = 0;

	while (family[i] < measure)
		i++;
	return i;
}

/* The first leaf from @index on that is at least @measure, or NOWHERE. */
static u64 find_leaf(const struct hole_map *map, u64 index, u32 measure)
{
	u32 level = index ? 0 : map->layout.top;

	for (; *node_at(map, level, index) < measure; index++) {
		if (level == map->layout.top)
			return NOWHERE;
		for (; (index + 1) % FAN_OUT == 0 && level < map->layout.top; level++)
			index >>= FAN_SHIFT;
	}
	while (level--) {
		index <<= FAN_SHIFT;
		index += first_of(node_at(map, level, index), measure);
	}
	return index;
}

/* The hole that @from is in, or that begins in the rest of its word. */
static bool search_word(const struct hole_map *map, u64 from, u32 measure,
			struct edge_run *hole)
{
	*hole = run_at(&map->layout.edges, from);
	if (hole->kind == EDGE_HOLE && measure_of(map, from, hole->end) >= measure)
		return true;
	return hole_in_word(map, from, measure, hole);
}

bool hole_map_search(const struct hole_map *map, u64 from, u32 measure, struct edge_run *hole)
{
	u64 index = from >> EDGES_SHIFT;

	if (from >= length_of(map) || hole_map_greatest(map) < measure)
		return false;
	if (from) {
		if (search_word(map, from, measure, hole))
			return true;
		if (++index == words_of(length_of(map)))
			return false;
	}
	index = find_leaf(map, index, measure);
	return index != NOWHERE && hole_in_word(map, index << EDGES_SHIFT, measure, hole);
}

/* --- changes ---------------------------------------------------------------- */

void hole_map_claim(struct hole_map *map, u64 start, u64 end, const struct edge_run *hole)
{
	if (start == end)
		return;
	edges_claim(&map->layout.edges, start, end, hole);
	hole_went(map, hole->start, hole->end);
	if (end < hole->end)
		hole_came(map, end, hole->end);
	map->free -= end - start;
	map->changes++;
}

void hole_map_release(struct hole_map *map, u64 start, u64 end, const struct edge_run *used)
{
	struct edge_run hole;

	if (start == end)
		return;
	hole = edges_release(&map->layout.edges, start, end, used);
	hole_came(map, hole.start, hole.end);
	if (end < hole.end)
		hole_went(map, end, hole.end);
	map->free += end - start;
	map->changes++;
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
	map->free = 0;
	hole_map_release(map, 0, granules, &all);
	map->changes = 0;
}

bool hole_map_next_free(const struct hole_map *map, u64 from, struct memmgr_run *run)
{
	struct edge_run hole;

	if (!hole_map_search(map, from, 1, &hole))
		return false;
	run->start = max(hole.start, from);
	run->len = hole.end - run->start;
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

/* Is each ancestor of leaf @index the greatest of its family? */
static const char *tree_damage(const struct hole_map *map, u64 index)
{
	u32 level;

	if (*node_at(map, 0, index) != greatest_in_word(map, index))
		return "greatest hole of a word";
	for (level = 1; level <= map->layout.top; level++) {
		index >>= FAN_SHIFT;
		if (*node_at(map, level, index) !=
		    greatest_of(node_at(map, level - 1, index << FAN_SHIFT)))
			return "greatest hole of a node";
	}
	return NULL;
}

/* Are the nodes zero that fill up the last family of each level? */
static const char *padding_damage(const struct hole_map *map)
{
	u64 count = words_of(length_of(map)), i;
	u32 level;

	for (level = 0; level <= map->layout.top; level++) {
		for (i = count; i % FAN_OUT; i++)
			if (*node_at(map, level, i))
				return "a node past the end";
		count = DIV_ROUND_UP(count, (u64)FAN_OUT);
	}
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

int hole_map_validate(const struct hole_map *map, struct memmgr_check *check)
{
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
