// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The edge map: see edges.h.
 */
#include "edges.h"

#define NOWHERE U64_MAX

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
	return (u64)ilog2(bits);
}

static u64 bits_from(u64 pos)
{
	return ~0ULL << (pos % EDGES_BITS);
}

/* The first word below word @index of @level of the pyramid, which is not zero. */
static u64 first_below(const struct edges *edges, unsigned int level, u64 index)
{
	while (level--)
		index = index << EDGES_SHIFT | lowest(*pyramid_at(edges, level, index));
	return index;
}

/* The last edge below it. */
static u64 last_below(const struct edges *edges, unsigned int level, u64 index)
{
	while (level--)
		index = index << EDGES_SHIFT | highest(*pyramid_at(edges, level, index));
	return index << EDGES_SHIFT | highest(edges_of(edge_word_at(edges, index)));
}

/* The first word with an edge behind word @index, or NOWHERE. */
static __always_inline u64 word_after(const struct edges *edges, u64 index)
{
	unsigned int level;
	u64 bits;

	for (level = 0; level < EDGES_LEVELS; level++) {
		index++;
		bits = *pyramid_at(edges, level, index >> EDGES_SHIFT) & bits_from(index);
		if (bits) {
			index = ALIGN_DOWN(index, EDGES_BITS) + lowest(bits);
			return first_below(edges, level, index);
		}
		index >>= EDGES_SHIFT;
	}
	return NOWHERE;
}

u64 edge_after_word(const struct edges *edges, u64 index)
{
	index = word_after(edges, index);
	if (index == NOWHERE)
		return edges->granules;
	return index << EDGES_SHIFT | lowest(edges_of(edge_word_at(edges, index)));
}

u64 far_end_of_used(const struct edges *edges, u64 pos)
{
	u64 index = word_after(edges, pos >> EDGES_SHIFT);
	const struct edge_word *word;
	u64 first;

	if (index == NOWHERE)
		return run_at(edges, pos).kind == EDGE_USED ? edges->granules : 0;
	word = edge_word_at(edges, index);
	first = lowest(edges_of(word));
	return word->holes & edge_bit(first) ? index << EDGES_SHIFT | first : 0;
}

u64 edge_before_word(const struct edges *edges, u64 index)
{
	unsigned int level;
	u64 bits;

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
	u64 start = edge_before(edges, pos + 1);

	return (struct edge_run){
		.start = start,
		.end = edge_after(edges, pos),
		.kind = has_hole_edge(edges, start) ? EDGE_HOLE : EDGE_USED,
	};
}

void edges_raise_pyramid(struct edges *edges, u64 index)
{
	unsigned int level;
	u64 *word, old;

	for (level = 1; level < EDGES_LEVELS; level++, index >>= EDGES_SHIFT) {
		word = pyramid_at(edges, level, index >> EDGES_SHIFT);
		old = *word;
		*word |= edge_bit(index);
		if (old)
			return;
	}
}

void edges_lower_pyramid(struct edges *edges, u64 index)
{
	unsigned int level;
	u64 *word;

	for (level = 1; level < EDGES_LEVELS; level++, index >>= EDGES_SHIFT) {
		word = pyramid_at(edges, level, index >> EDGES_SHIFT);
		*word &= ~edge_bit(index);
		if (*word)
			return;
	}
}

void set_origin(struct edges *edges, enum edge_kind kind)
{
	clear_edge(edges, 0, EDGE_HOLE);
	clear_edge(edges, 0, EDGE_USED);
	set_edge(edges, 0, kind);
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
		hole = has_hole_edge(edges, edge_before(edges, index << EDGES_SHIFT));
	for (; bits; bits &= bits - 1) {
		if (hole == !!(word->holes & edge_bit(lowest(bits))))
			return "two runs of a kind in a row";
		hole = !hole;
	}
	return NULL;
}
