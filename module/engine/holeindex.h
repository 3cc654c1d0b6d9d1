/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The holes of an arena, by length.
 *
 * An edge map (edges.h) says where holes are; this keeps them in order of length,
 * and of address where lengths are equal, and changes both together. Holes are of
 * two sorts, because nearly all of them are short:
 *
 *	length	 1  2  3  ...  192 | 193 ...
 *		a bitmap for each  | one balanced tree
 *
 * Short holes have a bitmap for each length: a bit says that in a group of 256
 * granules there begins a hole of just this length. Where, the edges of the group
 * tell: they are one line of the cache. Over each bitmap stand levels of its own,
 * 64 to 1, so that the lowest hole of a length is found in a step a level, and
 * over all of them a word or three say which lengths there are.
 *
 * Long holes are nodes of an AVL tree. There cannot be many, for each is longer
 * than HOLES_SHORT: the nodes for the worst case are less than a hundredth of the
 * arena and are set aside at once. Thus nothing is ever allocated, nobody has to
 * bring memory along with a claim, and a million short holes cost what one costs.
 *
 * A link of a node names the child by its index. It carries the mark HEAVY where
 * that side is one higher than the other; the two sides of a node never differ by
 * more. Nodes in use are the first @count, without gaps: one that is removed is
 * replaced by the last.
 *
 * Invariants: a bit is set exactly if there is such a hole; levels are exact; the
 * tree holds exactly the long holes, in order and in balance; a node not in use is
 * zero.
 *
 * Locks: none. Cost: a step per level of a bitmap (at most four), the edges of a
 * group, or a path in the tree (at most HOLES_DEPTH nodes, and less than that where
 * metadata is damaged: a walk never goes on for ever or leaves its memory).
 * Memory: 2.7 % of an arena of 16-byte granules, 1.6 of them for the edges.
 */
#ifndef MEMMGR_ENGINE_HOLEINDEX_H
#define MEMMGR_ENGINE_HOLEINDEX_H

#include "edges.h"

#define HOLES_SHORT 192U /* length of the longest hole that a bitmap knows */
#define HOLES_GROUP 256U /* granules to a bit */
#define HOLES_LEVELS 4 /* 256 * 64^4 granules are more than an arena can have */
#define HOLES_DEPTH 40 /* of the tree: twelve million nodes make 33 at most */

/**
 * struct hole_node - a long hole
 * @key: hole_key()
 * @child: links to the shorter and to the longer ones
 */
struct hole_node {
	u64 key;
	u32 child[2];
};

/**
 * struct hole_lists - what of the index changes, but for edges and bitmaps
 * @lengths: a bit for each length from 1 to HOLES_SHORT: is there such a hole?
 * @count: nodes in use
 * @node: the nodes; number 0 is none of them, its first child is the root
 */
struct hole_lists {
	u64 lengths[HOLES_SHORT / 64];
	u64 count;
	struct hole_node node[];
};

/**
 * struct hole_index - an index of holes; immutable, what changes lies where it says
 * @edges: where they are
 * @lists: where the rest is: bytes from this structure on
 * @maps: where the bitmaps are, the one for length 1 first
 * @capacity: nodes that there can be
 * @stride: words of one bitmap, its levels included
 * @top: its highest level, which is one word
 * @unused: 0
 * @level: the first word of each level
 * @bits: bits that each level has
 */
struct hole_index {
	struct edges edges;
	u64 lists;
	u64 maps;
	u64 capacity;
	u64 stride;
	u32 top;
	u32 unused;
	u64 level[HOLES_LEVELS];
	u64 bits[HOLES_LEVELS];
};

#define HOLE_KEY_SHIFT 31
#define HOLE_KEY_START GENMASK_ULL(30, 0)

/* A number by which holes are in order: shortest first, then lowest. */
static inline u64 hole_key(u64 len, u64 start)
{
	return len << HOLE_KEY_SHIFT | start;
}

/* The hole of that number. */
static inline struct edge_run hole_of(u64 key)
{
	u64 start = key & HOLE_KEY_START;

	return (struct edge_run){ start, start + (key >> HOLE_KEY_SHIFT), EDGE_HOLE };
}

/*
 * Lay out a map of @granules, all used and without an edge yet, whose memory
 * begins @offset bytes from @index on and is zero. Returns the offset of what may
 * come behind it.
 */
u64 hole_index_lay_out(struct hole_index *index, u64 offset, u64 granules);

/* The key of the first hole in order from @key on, at least hole_key(1, 0); 0 if none. */
u64 hole_index_seek(const struct hole_index *index, u64 key);

#define HOLE_INDEX_NOWHERE U64_MAX

/*
 * Claim @len granules, aligned, of the first hole that is long enough. Returns where;
 * HOLE_INDEX_NOWHERE if that hole is not a short one, or has no place that is
 * aligned: then nothing has changed.
 */
u64 hole_index_take(struct hole_index *index, u64 len, u64 align);

/* Length of the longest hole; 0 if there is none. */
u64 hole_index_longest(const struct hole_index *index);

/* As edges_claim() and edges_release(). */
void hole_index_claim(struct hole_index *index, u64 start, u64 end, const struct edge_run *hole);
void hole_index_release(struct hole_index *index, u64 start, u64 end, const struct edge_run *used);

/**
 * struct hole_index_check - what a check of the map has found
 * @free: granules in holes so far
 * @what: on damage, what it is
 * @at: on damage, the granule where it was found
 */
struct hole_index_check {
	u64 free;
	const char *what;
	u64 at;
};

/*
 * A check consists of hole_index_steps() steps, each of bounded cost and to be made in
 * turn; false on damage. After one that found damage no other may follow.
 */
u64 hole_index_steps(const struct hole_index *index);
bool hole_index_check_step(const struct hole_index *index, u64 step,
			   struct hole_index_check *check);

#endif /* MEMMGR_ENGINE_HOLEINDEX_H */
