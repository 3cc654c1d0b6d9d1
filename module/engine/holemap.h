/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The hole map: the edge map (edges.h), and over it a tournament in which the
 * holes compete. It serves engines that want the lowest hole of at least some
 * measure: its length, or the order of the largest buddy in it.
 *
 * A leaf for each word of 64 granules is the greatest measure of the holes that
 * begin in it, however far they reach, and a node above is the greatest of four. The
 * first leaf that is not less than what is wanted is where the lowest such hole
 * begins, and one path down finds it.
 *
 *	granules  ##..####.#######......................###....####........
 *	word      |0              |1              |2              |3      |
 *	length     2               22              4               8
 *
 * The tree lies in memory as a heap does: node 1 is the root, nodes 2 to 5 are its
 * children, and so on; entry 0 is greater than any measure and ends a way up. All
 * levels but that of the leaves are as if there were leaves for all of them.
 *
 * A claim or a release changes one hole or two. One that comes can only raise its
 * leaf; one that goes lowers it only if it was the greatest there. A leaf that rose
 * is passed up while it is the greatest of its family, one that sank while it was.
 *
 * Invariants, all checked by hole_map_validate(): those of the edge map; each leaf
 * and each node is exact; @free counts the free granules.
 *
 * Locks: none. Cost: O(levels), with at most 14 levels, whatever the length of a
 * hole or of a run. Memory: 16 bytes for 64 granules and four for each node: 2.1 %
 * to 2.5 % of an arena of 16-byte granules, least if its length is a power of four.
 */
#ifndef MEMMGR_ENGINE_HOLEMAP_H
#define MEMMGR_ENGINE_HOLEMAP_H

#include "edges.h"
#include "engine.h"

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
 * @leaves: number of the first leaf
 * @nodes: number after the last leaf's, which has a whole family
 * @tree: where the tournament is: bytes from the start of the map on
 */
struct hole_layout {
	u64 granules;
	struct edges edges;
	u64 measure;
	u64 leaves;
	u64 nodes;
	u64 tree;
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

/* [@start, @end) of @hole becomes used; nothing if it is empty. */
void hole_map_mark_used(struct hole_map *map, u64 start, u64 end, const struct edge_run *hole);

/* [@start, @end) of @used becomes free; nothing if it is empty. */
void hole_map_mark_free(struct hole_map *map, u64 start, u64 end, const struct edge_run *used);

/* Why nothing can be done for @claim, or 0. */
static inline int hole_map_refuses(const struct hole_map *map, const struct memmgr_claim *claim)
{
	if (!claim->len || !is_power_of_2(claim->align))
		return -EINVAL;
	return claim->len > map->free ? -ENOMEM : 0;
}

/*
 * Take the lowest @len granules from @claim->from on that are aligned to @align and
 * lie in a hole of at least @measure; sees to @claim->from. 0, -ENOSPC if there is
 * no such hole, -EAGAIN after CANDIDATES that have no aligned place.
 */
int hole_map_claim(struct hole_map *map, struct memmgr_claim *claim, u32 measure, u64 len,
		   u64 align, struct memmgr_run *run);

/* Operations of an engine whose metadata is a hole map: see struct memmgr_engine. */
int hole_map_release(void *meta, const struct memmgr_run *run);
bool hole_map_next_free(const void *meta, u64 from, struct memmgr_run *run);
int hole_map_validate(const void *meta, struct memmgr_check *check);

#endif /* MEMMGR_ENGINE_HOLEMAP_H */
