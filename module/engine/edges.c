// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The edge map: see edges.h.
 */
#include "edges.h"

static u64 edges_of(const struct edge_word *word)
{
	return word->holes | word->used;
}

u64 edge_words(const struct edges *edges)
{
	return DIV_ROUND_UP(edges->granules, (u64)EDGES_BITS);
}

/* The word past the last of a level is always zero: a search may run into it. */
u64 edges_lay_out(struct edges *edges, u64 offset, u64 granules)
{
	unsigned int level;
	u64 count;

	edges->granules = granules;
	edges->words = offset;
	count = edge_words(edges);
	offset += count * sizeof(struct edge_word);
	for (level = 0; level < EDGES_LEVELS; level++) {
		edges->pyramid[level] = offset;
		count = DIV_ROUND_UP(count, (u64)EDGES_BITS);
		offset += (count + 1) * sizeof(u64);
	}
	return offset;
}

static u64 *pyramid_at(const struct edges *edges, unsigned int level, u64 index)
{
	return (u64 *)((uintptr_t)edges + edges->pyramid[level]) + index;
}

static u64 lowest(u64 bits)
{
	return __ffs64(bits);
}

static u64 highest(u64 bits)
{
	return (u64)fls64(bits) - 1;
}

static u64 bits_from(u64 pos)
{
	return ~0ULL << (pos % EDGES_BITS);
}

/* The first edge below word @index of @level of the pyramid, which is not zero. */
static u64 first_below(const struct edges *edges, unsigned int level, u64 index)
{
	while (level--)
		index = index << EDGES_SHIFT | lowest(*pyramid_at(edges, level, index));
	return index << EDGES_SHIFT | lowest(edges_of(edge_word_at(edges, index)));
}

static u64 last_below(const struct edges *edges, unsigned int level, u64 index)
{
	while (level--)
		index = index << EDGES_SHIFT | highest(*pyramid_at(edges, level, index));
	return index << EDGES_SHIFT | highest(edges_of(edge_word_at(edges, index)));
}

/* The first edge in word @index or after it. */
static u64 next_edge_from_word(const struct edges *edges, u64 index)
{
	unsigned int level;
	u64 bits;

	for (level = 0; level < EDGES_LEVELS; level++) {
		bits = *pyramid_at(edges, level, index >> EDGES_SHIFT) & bits_from(index);
		if (bits) {
			index = ALIGN_DOWN(index, EDGES_BITS) + lowest(bits);
			return first_below(edges, level, index);
		}
		index = (index >> EDGES_SHIFT) + 1;
	}
	return edges->granules;
}

u64 next_edge(const struct edges *edges, u64 pos)
{
	u64 bits;

	if (pos >= edges->granules)
		return edges->granules;
	bits = edges_of(edge_word_of(edges, pos)) & bits_from(pos);
	if (bits)
		return ALIGN_DOWN(pos, EDGES_BITS) + lowest(bits);
	return next_edge_from_word(edges, (pos >> EDGES_SHIFT) + 1);
}

u64 prev_edge(const struct edges *edges, u64 pos)
{
	u64 bits = edges_of(edge_word_of(edges, pos)) & ~(bits_from(pos) << 1);
	u64 index = pos >> EDGES_SHIFT;
	unsigned int level;

	if (bits)
		return ALIGN_DOWN(pos, EDGES_BITS) + highest(bits);
	for (level = 0; level < EDGES_LEVELS; level++) {
		bits = *pyramid_at(edges, level, index >> EDGES_SHIFT) & ~bits_from(index);
		if (bits) {
			index = ALIGN_DOWN(index, EDGES_BITS) + highest(bits);
			return last_below(edges, level, index);
		}
		index >>= EDGES_SHIFT;
	}
	return 0;
}

struct edge_run run_at(const struct edges *edges, u64 pos)
{
	u64 start = prev_edge(edges, pos);

	return (struct edge_run){
		.start = start,
		.end = next_edge(edges, pos + 1),
		.kind = has_hole_edge(edges, start) ? EDGE_HOLE : EDGE_USED,
	};
}

/* Word @index of the edges is not empty any more. */
static void raise_pyramid(struct edges *edges, u64 index)
{
	unsigned int level;
	u64 *word, old;

	for (level = 0; level < EDGES_LEVELS; level++, index >>= EDGES_SHIFT) {
		word = pyramid_at(edges, level, index >> EDGES_SHIFT);
		old = *word;
		*word |= edge_bit(index);
		if (old)
			return;
	}
}

/* Word @index of the edges is empty now. */
static void lower_pyramid(struct edges *edges, u64 index)
{
	unsigned int level;
	u64 *word;

	for (level = 0; level < EDGES_LEVELS; level++, index >>= EDGES_SHIFT) {
		word = pyramid_at(edges, level, index >> EDGES_SHIFT);
		*word &= ~edge_bit(index);
		if (*word)
			return;
	}
}

static void set_edge(struct edges *edges, u64 pos, enum edge_kind kind)
{
	struct edge_word *word = edge_word_of(edges, pos);

	if (!edges_of(word))
		raise_pyramid(edges, pos >> EDGES_SHIFT);
	if (kind == EDGE_HOLE)
		word->holes |= edge_bit(pos);
	else
		word->used |= edge_bit(pos);
}

static void clear_edge(struct edges *edges, u64 pos)
{
	struct edge_word *word = edge_word_of(edges, pos);

	word->holes &= ~edge_bit(pos);
	word->used &= ~edge_bit(pos);
	if (!edges_of(word))
		lower_pyramid(edges, pos >> EDGES_SHIFT);
}

/* The run at granule 0 is of @kind, whatever it was. */
static void set_origin(struct edges *edges, enum edge_kind kind)
{
	clear_edge(edges, 0);
	set_edge(edges, 0, kind);
}

/*
 *	hole->start    start           end       hole->end
 *	    |............|###############|............|####
 *
 * Where nothing of the hole is left on a side, the run joins the used one there.
 */
void edges_claim(struct edges *edges, u64 start, u64 end, const struct edge_run *hole)
{
	if (!start)
		set_origin(edges, EDGE_USED);
	else if (start == hole->start)
		clear_edge(edges, start);
	else
		set_edge(edges, start, EDGE_USED);
	if (end < hole->end)
		set_edge(edges, end, EDGE_HOLE);
	else if (end < edges->granules)
		clear_edge(edges, end);
}

/*
 *	         start           end
 *	|..........|...............|............|####	the hole
 *
 * Where a hole touches the run on a side, the two are one.
 */
struct edge_run edges_release(struct edges *edges, u64 start, u64 end,
			      const struct edge_run *used)
{
	struct edge_run hole = { start, end, EDGE_HOLE };

	if (!start) {
		set_origin(edges, EDGE_HOLE);
	} else if (start == used->start) {
		clear_edge(edges, start);
		hole.start = prev_edge(edges, start - 1);
	} else {
		set_edge(edges, start, EDGE_HOLE);
	}
	if (end < used->end) {
		set_edge(edges, end, EDGE_USED);
	} else if (end < edges->granules) {
		clear_edge(edges, end);
		hole.end = next_edge(edges, end + 1);
	}
	return hole;
}

/* Does the pyramid say of word @index what is true? */
static const char *path_damage(const struct edges *edges, u64 index)
{
	bool any = edges_of(edge_word_at(edges, index));
	unsigned int level;
	u64 word;

	for (level = 0; level < EDGES_LEVELS; level++, index >>= EDGES_SHIFT) {
		word = *pyramid_at(edges, level, index >> EDGES_SHIFT);
		if (!!(word & edge_bit(index)) != any)
			return "a bit above the edges";
		any = word;
	}
	return NULL;
}

/* Are the bits of the pyramid zero that stand for nothing? */
static const char *pyramid_damage(const struct edges *edges)
{
	u64 count = edge_words(edges);
	unsigned int level;

	for (level = 0; level < EDGES_LEVELS; level++) {
		if (*pyramid_at(edges, level, count >> EDGES_SHIFT) & bits_from(count))
			return "a bit past the end of the edges";
		count = DIV_ROUND_UP(count, (u64)EDGES_BITS);
		if (*pyramid_at(edges, level, count))
			return "a word past the end of the edges";
	}
	return NULL;
}

const char *edges_damage(const struct edges *edges, u64 index)
{
	u64 past = edges->granules - (index << EDGES_SHIFT);
	struct edge_word *word = edge_word_at(edges, index);
	const char *what = path_damage(edges, index);

	if (!what && !index)
		what = pyramid_damage(edges);
	if (!what && !index && !(edges_of(word) & 1))
		what = "no edge at the start";
	if (!what && past < EDGES_BITS && (edges_of(word) & bits_from(past)))
		what = "an edge past the end";
	if (!what && (word->holes & word->used))
		what = "a hole and a used run at one granule";
	return what;
}

/* Do holes and used runs take turns? */
const char *turns_damage(const struct edges *edges, u64 index)
{
	struct edge_word *word = edge_word_at(edges, index);
	u64 bits = edges_of(word);
	bool hole = !(word->holes & 1);

	if (index)
		hole = has_hole_edge(edges, prev_edge(edges, (index << EDGES_SHIFT) - 1));
	for (; bits; bits &= bits - 1) {
		if (hole == !!(word->holes & edge_bit(lowest(bits))))
			return "two runs of a kind in a row";
		hole = !hole;
	}
	return NULL;
}
