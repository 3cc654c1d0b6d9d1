/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The hole map: the edge map (edges.h), and over it a tournament in which the
 * holes compete. It serves engines that want the lowest hole of at least some
 * measure: its length, or the order of the largest buddy in it.
 *
 * A leaf for each word of 64 granules is the greatest measure of the holes that
 * begin in it, however far they reach, and a node above is the greatest of FAN_OUT
 * below. The first leaf that is not less than what is wanted is where the lowest
 * such hole begins, and one path down finds it.
 *
 *	granules  ##..####.#######......................###....####........
 *	word      |0              |1              |2              |3      |
 *	length     2               22              4               8
 *
 * A claim or a release changes one hole or two. One that comes can only raise its
 * leaf; one that goes lowers it only if it was the greatest there. A leaf that rose
 * is passed up while it is the greatest of its family, one that sank while it was.
 *
 * Invariants, all checked by hole_map_validate(): those of the edge map; each leaf
 * and each node is exact; @free counts the free granules.
 *
 * Locks: none. Cost: O(FAN_OUT * levels), with at most ten levels, whatever the
 * length of a hole or of a run. Memory: 20 bytes for 64 granules and a seventh of
 * four more above: 2 % of an arena of 16-byte granules.
 */
#ifndef MEMMGR_ENGINE_HOLEMAP_H
#define MEMMGR_ENGINE_HOLEMAP_H

#include "edges.h"
#include "engine.h"

#define HOLE_MAP_LEVELS 10 /* 64 * 8^9 granules are more than an arena can have */

/* What holes are compared by. */
enum hole_measure {
	BY_LENGTH, /* granules */
	BY_ORDER, /* k + 1, where 2^k aligned granules are the most that it holds */
};

/**
 * struct hole_layout - where things are; immutable after init
 * @granules: length of the arena
 * @edges: the edge map, which has that length once more: each vouches for the other
 * @measure: enum hole_measure
 * @top: the root's level
 * @tree: where the tournament's levels up to the root are, the leaves first, in
 *	whole families: bytes from the start of the map on
 */
struct hole_layout {
	u64 granules;
	struct edges edges;
	u32 measure;
	u32 top;
	u64 tree[HOLE_MAP_LEVELS];
};

/**
 * struct hole_map - start of the map's memory
 * @layout: immutable
 * @free: free granules
 * @changes: claims, releases and resizes so far
 */
struct hole_map {
	struct hole_layout layout;
	u64 free;
	u64 changes;
};

/* Bytes for a map of @granules; 0 if that is none or too many. */
u64 hole_map_footprint(u64 granules);

/* Make a map, all of it one hole, in zeroed memory. */
void hole_map_init(struct hole_map *map, u64 granules, enum hole_measure measure);

/* The greatest measure that a hole has; 0 if there is none. */
u32 hole_map_greatest(const struct hole_map *map);

/*
 * The lowest hole that from @from on has at least @measure. Where @from lies in
 * it, its start is before @from. False if there is none.
 */
bool hole_map_search(const struct hole_map *map, u64 from, u32 measure, struct edge_run *hole);

/* [@start, @end) of @hole becomes used; nothing if it is empty. */
void hole_map_claim(struct hole_map *map, u64 start, u64 end, const struct edge_run *hole);

/* [@start, @end) of @used becomes free; nothing if it is empty. */
void hole_map_release(struct hole_map *map, u64 start, u64 end, const struct edge_run *used);

/* See struct memmgr_engine. */
bool hole_map_next_free(const struct hole_map *map, u64 from, struct memmgr_run *run);
int hole_map_validate(const struct hole_map *map, struct memmgr_check *check);

#endif /* MEMMGR_ENGINE_HOLEMAP_H */
