// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The holes of an arena, by length: see holeindex.h.
 */
#include "holeindex.h"

#define NOWHERE HOLE_INDEX_NOWHERE
#define HEAVY (1U << 31)
#define GROUP_WORDS (HOLES_GROUP / EDGES_BITS)

static_assert(offsetof(struct hole_index, edges) == 0, "both count bytes from the same place");
static_assert(HOLES_GROUP % EDGES_BITS == 0);
static_assert(sizeof(struct hole_node) == 16);

static u64 bits_from(u64 pos)
{
	return ~0ULL << (pos % 64);
}

static struct hole_lists *lists_of(const struct hole_index *index)
{
	return (struct hole_lists *)((uintptr_t)index + index->lists);
}

static u64 *map_of(const struct hole_index *index, u64 len)
{
	return (u64 *)((uintptr_t)index + index->maps) + (len - 1) * index->stride;
}

/* Where the hole ends that begins at @start. */
static u64 hole_end(const struct hole_index *index, u64 start)
{
	return edge_after(&index->edges, start);
}

/* Does a hole begin at @start that has @len granules? Any numbers will do. */
static bool is_hole(const struct hole_index *index, u64 start, u64 len)
{
	return start < index->edges.granules && has_hole_edge(&index->edges, start) &&
	       hole_end(index, start) - start == len;
}

u64 hole_index_lay_out(struct hole_index *index, u64 offset, u64 granules)
{
	u64 bits = DIV_ROUND_UP(granules, (u64)HOLES_GROUP);
	u32 level;

	memset(index, 0, sizeof(*index));
	offset = edges_lay_out(&index->edges, offset, granules);
	for (level = 0;; level++) {
		index->top = level;
		index->level[level] = index->stride;
		index->bits[level] = bits;
		bits = DIV_ROUND_UP(bits, 64ULL);
		index->stride += bits;
		if (bits == 1)
			break;
	}
	index->maps = offset;
	offset += HOLES_SHORT * index->stride * sizeof(u64);
	/* n long holes have n - 1 granules at least between them */
	index->capacity = (granules + 1) / (HOLES_SHORT + 2);
	index->lists = offset;
	return offset + sizeof(struct hole_lists) +
	       (index->capacity + 1) * sizeof(struct hole_node);
}

/* --- short holes ------------------------------------------------------------ */

/* The first hole of @len that begins at @from or after it in the same group. */
static noinline u64 search_group(const struct hole_index *index, u64 from, u64 len)
{
	u64 end = min(ALIGN_DOWN(from, HOLES_GROUP) + HOLES_GROUP, index->edges.granules);
	u64 start;

	for (start = from; start < end; start = edge_after(&index->edges, start))
		if (is_hole(index, start, len))
			return start;
	return NOWHERE;
}

/*
 * Holes of @word that may have @len: it is @len before a used run that they begin.
 * So does many a hole that is shorter and has other runs behind it.
 */
static u64 candidates(const struct edge_word *word, u64 len)
{
	const struct edge_word *ends = word + len / EDGES_BITS;
	u64 shift = len % EDGES_BITS;

	if (likely(!word->holes))
		return 0;
	return word->holes & (ends[0].used >> shift | ends[1].used << 1 << (63 - shift));
}

/* The first hole of @len in @group from its word @i on, whose candidates are @found. */
static noinline u64 look_closer(const struct hole_index *index, u64 group, u64 len, u64 i,
				u64 found)
{
	const struct edge_word *word = edge_word_at(&index->edges, group * GROUP_WORDS);
	u64 start;

	for (;;) {
		for (; found; found &= found - 1) {
			start = group * HOLES_GROUP + i * EDGES_BITS + __ffs64(found);
			if (hole_end(index, start) == start + len)
				return start;
		}
		if (++i == GROUP_WORDS)
			return NOWHERE;
		found = candidates(&word[i], len);
	}
}

/* May there be nothing behind a hole of @len that begins in @group? */
static bool near_the_end(const struct hole_index *index, u64 group, u64 len)
{
	return (group + 1) * HOLES_GROUP + len + EDGES_BITS > index->edges.granules;
}

/*
 * The first hole of @len that begins in @group: 64 granules are sorted out at once,
 * and what remains is looked at. Near the arena's end, where there may be nothing
 * behind a hole, all are looked at.
 */
static u64 find_in_group(const struct hole_index *index, u64 group, u64 len)
{
	const struct edge_word *word = edge_word_at(&index->edges, group * GROUP_WORDS);
	u64 i, found;

	if (unlikely(near_the_end(index, group, len)))
		return search_group(index, group * HOLES_GROUP, len);
	for (i = 0; i < GROUP_WORDS; i++) {
		found = candidates(&word[i], len);
		if (found)
			return look_closer(index, group, len, i, found);
	}
	return NOWHERE;
}

/* The first bit of @map from bit @pos on. */
static u64 next_bit(const struct hole_index *index, const u64 *map, u64 pos)
{
	u32 level;
	u64 bits;

	for (level = 0;; level++) {
		if (level > index->top || pos >= index->bits[level])
			return NOWHERE;
		bits = map[index->level[level] + pos / 64] & bits_from(pos);
		if (bits)
			break;
		pos = pos / 64 + 1;
	}
	pos = ALIGN_DOWN(pos, 64ULL) + __ffs64(bits);
	while (level--)
		pos = pos * 64 + __ffs64(map[index->level[level] + pos]);
	return pos;
}

/* The first bit of @map, which has some. */
static u64 lowest_group(const struct hole_index *index, const u64 *map)
{
	u64 pos = 0;
	u32 level;

	for (level = index->top; level; level--)
		pos = pos * 64 + __ffs64(map[index->level[level] + pos]);
	return pos * 64 + __ffs64(map[pos]);
}

/* The first hole of @len that begins at @from or after it. */
static noinline u64 find_short(const struct hole_index *index, u64 from, u64 len)
{
	u64 group = from / HOLES_GROUP, start;

	if (group >= index->bits[0])
		return NOWHERE;
	if (from % HOLES_GROUP) {
		start = search_group(index, from, len);
		if (start != NOWHERE)
			return start;
		group++;
	}
	group = next_bit(index, map_of(index, len), group);
	return group == NOWHERE ? NOWHERE : find_in_group(index, group, len);
}

/*
 * The first hole of @len; there is one. Where its group has but one candidate, that
 * is it, and @alone.
 */
static __always_inline u64 find_lowest(const struct hole_index *index, u64 len, bool *alone)
{
	u64 group = lowest_group(index, map_of(index, len)), i, at = 0, found, only = 0;
	const struct edge_word *word = edge_word_at(&index->edges, group * GROUP_WORDS);

	*alone = false;
	if (unlikely(near_the_end(index, group, len)))
		return search_group(index, group * HOLES_GROUP, len);
	for (i = 0; i < GROUP_WORDS; i++) {
		found = candidates(&word[i], len);
		if (likely(!found))
			continue;
		if (only || (found & (found - 1)))
			return find_in_group(index, group, len);
		only = found;
		at = i;
	}
	*alone = only;
	return only ? group * HOLES_GROUP + at * EDGES_BITS + __ffs64(only) : NOWHERE;
}

/* The shortest length from @len on of which there is a short hole. */
static u64 next_length(const struct hole_lists *lists, u64 len)
{
	u64 pos = len - 1, word = pos / 64, bits;

	if (len > HOLES_SHORT)
		return NOWHERE;
	bits = lists->lengths[word] & bits_from(pos);
	while (!bits) {
		if (++word == ARRAY_SIZE(lists->lengths))
			return NOWHERE;
		bits = lists->lengths[word];
	}
	return word * 64 + __ffs64(bits) + 1;
}

static void set_length(struct hole_lists *lists, u64 len, bool any)
{
	u64 *word = &lists->lengths[(len - 1) / 64];

	if (any)
		*word |= edge_bit(len - 1);
	else
		*word &= ~edge_bit(len - 1);
}

/* There is a hole of @len at @start. */
static void add_short(struct hole_index *index, u64 start, u64 len)
{
	u64 *map = map_of(index, len), pos = start / HOLES_GROUP, *word, old;
	u32 level;

	for (level = 0; level <= index->top; level++, pos /= 64) {
		word = &map[index->level[level] + pos / 64];
		old = *word;
		*word |= edge_bit(pos);
		if (old)
			return;
	}
	set_length(lists_of(index), len, true);
}

static bool any_in_group(const struct hole_index *index, u64 group)
{
	const struct edge_word *word = edge_word_at(&index->edges, group * GROUP_WORDS);
	u64 i, holes = 0;

	if (unlikely((group + 1) * HOLES_GROUP > index->edges.granules))
		return true; /* it has less words */
	for (i = 0; i < GROUP_WORDS; i++)
		holes |= word[i].holes;
	return holes;
}

/* No hole of @len begins in @group any more. */
static void clear_group(struct hole_index *index, u64 group, u64 len)
{
	u64 *map = map_of(index, len), *word;
	u32 level;

	for (level = 0; level <= index->top; level++) {
		word = &map[index->level[level] + group / 64];
		*word &= ~edge_bit(group);
		if (*word)
			return;
		group /= 64;
	}
	set_length(lists_of(index), len, false);
}

/* There was a hole of @len at @start. The edges know already that it is gone. */
static void remove_short(struct hole_index *index, u64 start, u64 len)
{
	u64 group = start / HOLES_GROUP;

	if (!any_in_group(index, group) || find_in_group(index, group, len) == NOWHERE)
		clear_group(index, group, len);
}

/* --- long holes ------------------------------------------------------------- */

enum side { SHORTER, LONGER };

/**
 * struct path - a way down the tree
 * @depth: links that it consists of
 * @node: where each link begins; the first is the link to the root
 * @side: which of the two it is
 */
struct path {
	u32 depth;
	u32 node[HOLES_DEPTH];
	u8 side[HOLES_DEPTH];
};

static u32 child_of(const struct hole_lists *lists, u32 at, u32 side)
{
	return lists->node[at].child[side] & ~HEAVY;
}

static bool is_heavy(const struct hole_lists *lists, u32 at, u32 side)
{
	return lists->node[at].child[side] & HEAVY;
}

static void set_heavy(struct hole_lists *lists, u32 at, u32 side, bool heavy)
{
	lists->node[at].child[side] = child_of(lists, at, side) | (heavy ? HEAVY : 0);
}

/* Let the link name another child; its mark stays. */
static void set_child(struct hole_lists *lists, u32 at, u32 side, u32 child)
{
	lists->node[at].child[side] = (lists->node[at].child[side] & HEAVY) | child;
}

/* Is @at a node, and the path to it not too long for a sound tree? */
static bool can_follow(const struct hole_lists *lists, u32 at, u32 depth)
{
	return at && at <= lists->count && depth < HOLES_DEPTH;
}

static void add_link(struct path *path, u32 at, u32 side)
{
	path->node[path->depth] = at;
	path->side[path->depth++] = (u8)side;
}

/* The node of @key, or 0. @path leads there, or to where it belongs. */
static u32 find_node(const struct hole_lists *lists, u64 key, struct path *path)
{
	u32 at = 0, side = 0;

	path->depth = 0;
	do {
		add_link(path, at, side);
		at = child_of(lists, at, side);
		if (!can_follow(lists, at, path->depth))
			return 0;
		side = key > lists->node[at].key ? LONGER : SHORTER;
	} while (lists->node[at].key != key);
	return at;
}

/* The key of the first node from @key on; 0 if there is none. */
static u64 next_key(const struct hole_lists *lists, u64 key)
{
	u32 at = child_of(lists, 0, 0), depth;
	u64 best = 0, here;

	for (depth = 0; can_follow(lists, at, depth); depth++) {
		here = lists->node[at].key;
		if (here >= key)
			best = here;
		at = child_of(lists, at, here >= key ? SHORTER : LONGER);
	}
	return best;
}

/*
 * The child of @top on @side is two higher than the other one. Returns what takes
 * the place of @top.
 *
 *	    top                 pivot           top                  inner
 *	   /   \                /   \          /   \                /     \
 *	  a   pivot    ->     top    c        a   pivot    ->    top      pivot
 *	      /   \          /   \               /    \         /   \     /   \
 *	     b     c        a     b           inner    d       a     b   c     d
 *	                                      /   \
 *	                                     b     c
 */
static u32 rotate(struct hole_lists *lists, u32 top, u32 side)
{
	u32 pivot = child_of(lists, top, side), inner = child_of(lists, pivot, !side);

	if (!is_heavy(lists, pivot, !side)) {
		bool even = !is_heavy(lists, pivot, side); /* then b is as high as c */

		lists->node[top].child[side] = inner | (even ? HEAVY : 0);
		lists->node[pivot].child[!side] = top | (even ? HEAVY : 0);
		set_heavy(lists, pivot, side, false);
		return pivot;
	}
	lists->node[top].child[side] = child_of(lists, inner, !side);
	set_heavy(lists, top, !side, is_heavy(lists, inner, side));
	lists->node[pivot].child[!side] = child_of(lists, inner, side);
	set_heavy(lists, pivot, side, is_heavy(lists, inner, !side));
	lists->node[inner].child[!side] = top;
	lists->node[inner].child[side] = pivot;
	return inner;
}

/* What the last link of @path leads to has become one higher. */
static void has_grown(struct hole_lists *lists, const struct path *path)
{
	u32 at, side, i;

	for (i = path->depth - 1; i; i--) {
		at = path->node[i];
		side = path->side[i];
		if (is_heavy(lists, at, !side)) {
			set_heavy(lists, at, !side, false);
			return;
		}
		if (is_heavy(lists, at, side)) {
			set_child(lists, path->node[i - 1], path->side[i - 1],
				  rotate(lists, at, side));
			return;
		}
		set_heavy(lists, at, side, true);
	}
}

/* What the last link of @path leads to has become one lower. */
static void has_shrunk(struct hole_lists *lists, const struct path *path)
{
	u32 at, side, other, i;
	bool even;

	for (i = path->depth - 1; i; i--) {
		at = path->node[i];
		side = path->side[i];
		if (is_heavy(lists, at, side)) {
			set_heavy(lists, at, side, false);
			continue;
		}
		if (!is_heavy(lists, at, !side)) {
			set_heavy(lists, at, !side, true);
			return;
		}
		other = child_of(lists, at, !side);
		even = !is_heavy(lists, other, SHORTER) && !is_heavy(lists, other, LONGER);
		set_child(lists, path->node[i - 1], path->side[i - 1], rotate(lists, at, !side));
		if (even)
			return;
	}
}

static noinline void add_long(struct hole_index *index, u64 key)
{
	struct hole_lists *lists = lists_of(index);
	struct path path;
	u32 at;

	if (find_node(lists, key, &path) || lists->count >= index->capacity)
		return; /* not in a sound map */
	lists->count++;
	at = (u32)lists->count;
	lists->node[at] = (struct hole_node){ .key = key };
	set_child(lists, path.node[path.depth - 1], path.side[path.depth - 1], at);
	has_grown(lists, &path);
}

/* Node @gap is linked no more: the last one takes its place. */
static void fill_gap(struct hole_lists *lists, u32 gap)
{
	u32 last = (u32)lists->count;
	struct path path;

	if (gap != last) {
		find_node(lists, lists->node[last].key, &path);
		set_child(lists, path.node[path.depth - 1], path.side[path.depth - 1], gap);
		lists->node[gap] = lists->node[last];
	}
	lists->node[last] = (struct hole_node){ 0 };
	lists->count--;
}

/* A node between two children gives its place to the next one, which has no two. */
static noinline void remove_long(struct hole_index *index, u64 key)
{
	struct hole_lists *lists = lists_of(index);
	struct path path;
	u32 at = find_node(lists, key, &path), gap = at, next;

	if (!at)
		return; /* not in a sound map */
	if (child_of(lists, at, SHORTER) && child_of(lists, at, LONGER)) {
		gap = child_of(lists, at, LONGER);
		add_link(&path, at, LONGER);
		next = child_of(lists, gap, SHORTER);
		while (can_follow(lists, next, path.depth)) {
			add_link(&path, gap, SHORTER);
			gap = next;
			next = child_of(lists, gap, SHORTER);
		}
		lists->node[at].key = lists->node[gap].key;
	}
	set_child(lists, path.node[path.depth - 1], path.side[path.depth - 1],
		  child_of(lists, gap, SHORTER) | child_of(lists, gap, LONGER));
	has_shrunk(lists, &path);
	fill_gap(lists, gap);
}

/* --- all holes -------------------------------------------------------------- */

static __always_inline void add_hole(struct hole_index *index, u64 start, u64 end)
{
	if (start == end)
		return;
	if (end - start <= HOLES_SHORT)
		add_short(index, start, end - start);
	else
		add_long(index, hole_key(end - start, start));
}

static __always_inline void remove_hole(struct hole_index *index, u64 start, u64 end)
{
	if (start == end)
		return;
	if (end - start <= HOLES_SHORT)
		remove_short(index, start, end - start);
	else
		remove_long(index, hole_key(end - start, start));
}

void hole_index_claim(struct hole_index *index, u64 start, u64 end, const struct edge_run *hole)
{
	edges_claim(&index->edges, start, end, hole);
	remove_hole(index, hole->start, hole->end);
	add_hole(index, hole->start, start);
	add_hole(index, end, hole->end);
}

u64 hole_index_take(struct hole_index *index, u64 len, u64 align)
{
	u64 hole_len = next_length(lists_of(index), len), start, pos;
	struct edge_run hole;
	bool alone;

	if (hole_len == NOWHERE)
		return NOWHERE;
	start = find_lowest(index, hole_len, &alone);
	if (unlikely(start == NOWHERE))
		return NOWHERE;
	hole = (struct edge_run){ start, start + hole_len, EDGE_HOLE };
	pos = ALIGN(start, align);
	if (pos + len > hole.end)
		return NOWHERE;
	edges_claim(&index->edges, pos, pos + len, &hole);
	if (likely(alone))
		clear_group(index, start / HOLES_GROUP, hole_len);
	else
		remove_short(index, start, hole_len);
	if (start < pos)
		add_short(index, start, pos - start);
	if (pos + len < hole.end)
		add_short(index, pos + len, hole.end - pos - len);
	return pos;
}

void hole_index_release(struct hole_index *index, u64 start, u64 end, const struct edge_run *used)
{
	struct edge_run hole = edges_release(&index->edges, start, end, used);

	remove_hole(index, hole.start, start);
	remove_hole(index, end, hole.end);
	add_hole(index, hole.start, hole.end);
}

static u64 seek_short(const struct hole_index *index, u64 key)
{
	u64 len = key >> HOLE_KEY_SHIFT, from = key & HOLE_KEY_START, start;
	bool alone;

	if (from) {
		start = find_short(index, from, len);
		if (start != NOWHERE)
			return hole_key(len, start);
		len++;
	}
	len = next_length(lists_of(index), len);
	if (len == NOWHERE)
		return 0;
	start = find_lowest(index, len, &alone);
	return start == NOWHERE ? 0 : hole_key(len, start);
}

u64 hole_index_seek(const struct hole_index *index, u64 key)
{
	const u64 beyond = hole_key(HOLES_SHORT + 1, 0);
	u64 found;

	if (key < beyond) {
		found = seek_short(index, key);
		if (found)
			return found;
	}
	return next_key(lists_of(index), max(key, beyond));
}

u64 hole_index_longest(const struct hole_index *index)
{
	const struct hole_lists *lists = lists_of(index);
	u32 at = 0, next = child_of(lists, 0, 0), depth, word;

	for (depth = 0; can_follow(lists, next, depth); depth++) {
		at = next;
		next = child_of(lists, at, LONGER);
	}
	if (at)
		return lists->node[at].key >> HOLE_KEY_SHIFT;
	for (word = ARRAY_SIZE(lists->lengths); word--;)
		if (lists->lengths[word])
			return word * 64 + (u32)fls64(lists->lengths[word]);
	return 0;
}

/* --- checks ----------------------------------------------------------------- */

static bool has_bit(const struct hole_index *index, u64 start, u64 len)
{
	u64 pos = start / HOLES_GROUP;

	return map_of(index, len)[pos / 64] & edge_bit(pos);
}

/* Are the holes that begin in word @index of the edges in the index? */
static const char *index_damage(const struct hole_index *index, u64 word, u64 *free)
{
	u64 found = edge_word_at(&index->edges, word)->holes, start, len;
	struct path path;

	for (; found; found &= found - 1) {
		start = word * EDGES_BITS + __ffs64(found);
		len = hole_end(index, start) - start;
		*free += len;
		if (len <= HOLES_SHORT ? !has_bit(index, start, len) :
					 !find_node(lists_of(index), hole_key(len, start), &path))
			return "a hole is not in the index";
	}
	return NULL;
}

/* Is what bitmap @len says in word @word true, and known to the level above? */
static const char *map_damage(const struct hole_index *index, u64 len, u64 word)
{
	const u64 *map = map_of(index, len), *above;
	u64 bits = map[word], pos, past;
	u32 level = index->top;

	while (word < index->level[level])
		level--;
	pos = word - index->level[level];
	past = index->bits[level] - pos * 64;
	if (past < 64 && (bits & bits_from(past)))
		return "a bit past the end of a bitmap of holes";
	above = level < index->top ? &map[index->level[level + 1] + pos / 64] :
				     &lists_of(index)->lengths[(len - 1) / 64];
	if (!!(*above & edge_bit(level < index->top ? pos : len - 1)) != !!bits)
		return "a bit above a bitmap of holes";
	for (; bits && !level; bits &= bits - 1)
		if (find_in_group(index, pos * 64 + __ffs64(bits), len) == NOWHERE)
			return "a bit for a hole that is none";
	return NULL;
}

static u32 height(const struct hole_lists *lists, u32 at)
{
	u32 depth;

	for (depth = 0; can_follow(lists, at, depth); depth++)
		at = child_of(lists, at, is_heavy(lists, at, LONGER) ? LONGER : SHORTER);
	return depth;
}

/* Do the links of @at lead to nodes to which no other link leads? */
static bool links_are_sound(const struct hole_lists *lists, u32 at)
{
	struct path path;
	u32 side, child;

	for (side = SHORTER; side <= LONGER; side++) {
		child = child_of(lists, at, side);
		if (!child)
			continue;
		if (child > lists->count ||
		    find_node(lists, lists->node[child].key, &path) != child ||
		    path.node[path.depth - 1] != at || path.side[path.depth - 1] != side)
			return false;
	}
	return true;
}

static bool is_balanced(const struct hole_lists *lists, u32 at)
{
	u32 shorter = height(lists, child_of(lists, at, SHORTER));
	u32 longer = height(lists, child_of(lists, at, LONGER));

	return is_heavy(lists, at, SHORTER) == (shorter == longer + 1) &&
	       is_heavy(lists, at, LONGER) == (longer == shorter + 1) &&
	       shorter <= longer + 1 && longer <= shorter + 1;
}

static const char *node_damage(const struct hole_index *index, u32 at)
{
	const struct hole_lists *lists = lists_of(index);
	const struct hole_node *node = &lists->node[at];
	struct path path;

	if (!at) {
		if (node->key || node->child[1] || is_heavy(lists, 0, 0))
			return "the link to the root";
		return links_are_sound(lists, 0) ? NULL : "a link of the index";
	}
	if (at > lists->count)
		return node->key || node->child[0] || node->child[1] ? "an unused node" : NULL;
	if (node->key >> HOLE_KEY_SHIFT <= HOLES_SHORT ||
	    !is_hole(index, node->key & HOLE_KEY_START,
		     node->key >> HOLE_KEY_SHIFT))
		return "a hole in the index that is none";
	if (find_node(lists, node->key, &path) != at)
		return "the order of the index";
	if (!links_are_sound(lists, at))
		return "a link of the index";
	return is_balanced(lists, at) ? NULL : "the balance of the index";
}

u64 hole_index_steps(const struct hole_index *index)
{
	return 2 * edge_words(&index->edges) + HOLES_SHORT * index->stride + index->capacity + 1;
}

/*
 * First the edges alone; then, when it is safe to search them, what they say, and
 * that the index has it all; then that the index has nothing else.
 */
static const char *step_damage(const struct hole_index *index, u64 step,
			       struct hole_index_check *check)
{
	u64 words = edge_words(&index->edges);
	const char *what;

	check->at = 0;
	if (lists_of(index)->count > index->capacity)
		return "more nodes in use than there are";
	if (step < words) {
		check->at = step * EDGES_BITS;
		return edges_damage(&index->edges, step);
	}
	step -= words;
	if (step < words) {
		check->at = step * EDGES_BITS;
		what = turns_damage(&index->edges, step);
		return what ? what : index_damage(index, step, &check->free);
	}
	step -= words;
	if (step < HOLES_SHORT * index->stride)
		return map_damage(index, step / index->stride + 1, step % index->stride);
	return node_damage(index, (u32)(step - HOLES_SHORT * index->stride));
}

bool hole_index_check_step(const struct hole_index *index, u64 step, struct hole_index_check *check)
{
	check->what = step_damage(index, step, check);
	return !check->what;
}
