/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The edge map: where holes and blocks begin.
 *
 * An arena is a sequence of holes (maximal free runs) and used runs (maximal too:
 * neighbouring blocks make one). The map holds a bit for each granule at which a
 * hole begins and one for each at which a used run begins:
 *
 *	granule	 0                   1                   2
 *		 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0
 *		 # # # . . . . # # . # # # # . . . . . . .
 *	holes	       ^           ^         ^
 *	used	 ^             ^     ^
 *
 * A run of any length is claimed or released by changing two edges: nothing is
 * ever done granule by granule. The price is that the state of a granule is found
 * by looking for the edge before it, which a pyramid of words makes short: a bit
 * of level 1 tells whether a word of edges has any, a bit of level 2 whether a
 * word of level 1 is not zero, and so on, 64 to 1.
 *
 * Invariants: there is an edge at granule 0; the kinds alternate; edges lie before
 * the end; the pyramid is exact.
 *
 * Locks: none. Cost: a step per level, at most six, for everything. What needs only
 * a word of edges is inline here: that is nearly all.
 * Memory: 16 bytes for 64 granules, and 1/128 of that for the pyramid.
 */
#ifndef MEMMGR_ENGINE_EDGES_H
#define MEMMGR_ENGINE_EDGES_H

#include "env.h"

#define EDGES_SHIFT 6
#define EDGES_BITS 64U
#define EDGES_LEVELS 5 /* 64 * 64^5 granules are more than an arena can have */

/* The edges among 64 granules. */
struct edge_word {
	u64 holes;
	u64 used;
};

/**
 * struct edges - an edge map; immutable, what changes lies where it says
 * @granules: length of the arena
 * @words: where the edges are: bytes from this structure on
 * @pyramid: where the levels above are, the lowest first
 */
struct edges {
	u64 granules;
	u64 words;
	u64 pyramid[EDGES_LEVELS];
};

/* What a position is in. */
enum edge_kind {
	EDGE_HOLE,
	EDGE_USED,
};

static inline u64 edge_bit(u64 pos)
{
	return 1ULL << (pos % EDGES_BITS);
}

/* All that come after it in its word. */
static inline u64 edge_bits_after(u64 pos)
{
	return ~1ULL << (pos % EDGES_BITS);
}

static inline struct edge_word *edge_word_at(const struct edges *edges, u64 index)
{
	return (struct edge_word *)((uintptr_t)edges + edges->words) + index;
}

static inline struct edge_word *edge_word_of(const struct edges *edges, u64 pos)
{
	return edge_word_at(edges, pos >> EDGES_SHIFT);
}

static inline u64 edges_of(const struct edge_word *word)
{
	return word->holes | word->used;
}

static inline bool has_hole_edge(const struct edges *edges, u64 pos)
{
	return edge_word_of(edges, pos)->holes & edge_bit(pos);
}

static inline bool has_used_edge(const struct edges *edges, u64 pos)
{
	return edge_word_of(edges, pos)->used & edge_bit(pos);
}

/*
 * Lay out a map of @granules whose words begin @offset bytes from @edges on, in
 * zeroed memory. Returns the offset of what may come behind it.
 */
u64 edges_lay_out(struct edges *edges, u64 offset, u64 granules);

/* First edge behind word @index, or the arena's length. */
u64 edge_after_word(const struct edges *edges, u64 index);

/* The end of the used run that @pos is in, which is behind its word; 0 in a hole. */
u64 far_end_of_used(const struct edges *edges, u64 pos);

/* Last edge in front of word @index, or 0. */
u64 edge_before_word(const struct edges *edges, u64 index);

/* First edge after @pos, or the arena's length. @pos is less than that. */
static inline u64 edge_after(const struct edges *edges, u64 pos)
{
	u64 bits = edges_of(edge_word_of(edges, pos)) & edge_bits_after(pos);

	if (bits)
		return ALIGN_DOWN(pos, EDGES_BITS) + __ffs64(bits);
	return edge_after_word(edges, pos >> EDGES_SHIFT);
}

/* The end of the used run that @pos is in; 0 in a hole. @pos lies in the arena. */
static __always_inline u64 end_of_used(const struct edges *edges, u64 pos)
{
	const struct edge_word *word = edge_word_of(edges, pos);
	u64 bits = edges_of(word) & edge_bits_after(pos);

	if (!bits)
		return far_end_of_used(edges, pos);
	/* a hole follows what is used */
	return word->holes & bits & -bits ? ALIGN_DOWN(pos, EDGES_BITS) + __ffs64(bits) : 0;
}

/* Last edge before @pos, which is neither 0 nor more than the arena's length. */
static inline u64 edge_before(const struct edges *edges, u64 pos)
{
	u64 bits;

	pos--;
	bits = edges_of(edge_word_of(edges, pos)) & ~edge_bits_after(pos);
	if (bits)
		return ALIGN_DOWN(pos, EDGES_BITS) + (u64)ilog2(bits);
	return edge_before_word(edges, pos >> EDGES_SHIFT);
}

/* A maximal run. */
struct edge_run {
	u64 start;
	u64 end;
	enum edge_kind kind;
};

/* The run that @pos is in. */
struct edge_run run_at(const struct edges *edges, u64 pos);

/* A word of the pyramid's first level, which was empty, is not any more; or now is. */
void edges_raise_pyramid(struct edges *edges, u64 index);
void edges_lower_pyramid(struct edges *edges, u64 index);

static inline u64 *edge_pyramid(const struct edges *edges)
{
	return (u64 *)((uintptr_t)edges + edges->pyramid[0]);
}

/* Word @index of the edges, which was empty, is not any more. */
static __always_inline void raise_word(struct edges *edges, u64 index)
{
	u64 *word = edge_pyramid(edges) + (index >> EDGES_SHIFT), old = *word;

	*word = old | edge_bit(index);
	if (unlikely(!old))
		edges_raise_pyramid(edges, index >> EDGES_SHIFT);
}

/* Word @index of the edges is empty now. */
static __always_inline void lower_word(struct edges *edges, u64 index)
{
	u64 *word = edge_pyramid(edges) + (index >> EDGES_SHIFT), left = *word & ~edge_bit(index);

	*word = left;
	if (unlikely(!left))
		edges_lower_pyramid(edges, index >> EDGES_SHIFT);
}

static __always_inline u64 *edges_of_kind(struct edge_word *word, enum edge_kind kind)
{
	return kind == EDGE_HOLE ? &word->holes : &word->used;
}

static __always_inline void set_edge(struct edges *edges, u64 pos, enum edge_kind kind)
{
	struct edge_word *word = edge_word_of(edges, pos);

	if (!edges_of(word))
		raise_word(edges, pos >> EDGES_SHIFT);
	*edges_of_kind(word, kind) |= edge_bit(pos);
}

static __always_inline void clear_edge(struct edges *edges, u64 pos, enum edge_kind kind)
{
	struct edge_word *word = edge_word_of(edges, pos);

	*edges_of_kind(word, kind) &= ~edge_bit(pos);
	if (!edges_of(word))
		lower_word(edges, pos >> EDGES_SHIFT);
}

/* The run at granule 0 is of @kind, whatever it was. */
void set_origin(struct edges *edges, enum edge_kind kind);

/*
 * [@start, @end) becomes used. It lies in @hole, as run_at() gave it.
 *
 *	hole->start    start           end       hole->end
 *	    |............|###############|............|####
 *
 * Where nothing of the hole is left on a side, the run joins the used one there.
 */
static __always_inline void edges_claim(struct edges *edges, u64 start, u64 end,
					const struct edge_run *hole)
{
	if (unlikely(!start))
		set_origin(edges, EDGE_USED);
	else if (start == hole->start)
		clear_edge(edges, start, EDGE_HOLE);
	else
		set_edge(edges, start, EDGE_USED);
	if (end < hole->end)
		set_edge(edges, end, EDGE_HOLE);
	else if (end < edges->granules)
		clear_edge(edges, end, EDGE_USED);
}

/*
 * [@start, @end) becomes free. It lies in @used, as run_at() gave it. Returns the
 * hole that it is, or that it is part of, now.
 *
 *	         start           end
 *	|..........|...............|............|####
 *
 * Where a hole touches the run on a side, the two are one.
 */
static __always_inline struct edge_run edges_release(struct edges *edges, u64 start, u64 end,
						     const struct edge_run *used)
{
	struct edge_run hole = { start, end, EDGE_HOLE };

	if (unlikely(!start)) {
		set_origin(edges, EDGE_HOLE);
	} else if (start == used->start) {
		clear_edge(edges, start, EDGE_USED);
		hole.start = edge_before(edges, start);
	} else {
		set_edge(edges, start, EDGE_HOLE);
	}
	if (end < used->end) {
		set_edge(edges, end, EDGE_USED);
	} else if (end < edges->granules) {
		clear_edge(edges, end, EDGE_HOLE);
		hole.end = edge_after(edges, end);
	}
	return hole;
}

/* Words that the map has. */
u64 edge_words(const struct edges *edges);

/*
 * What is wrong with word @index, or NULL. The first looks at the word and the
 * pyramid above it alone; if it found nothing for any word, searches are safe and
 * the second may look at what is between the edges.
 */
const char *edges_damage(const struct edges *edges, u64 index);
const char *turns_damage(const struct edges *edges, u64 index);

#endif /* MEMMGR_ENGINE_EDGES_H */
