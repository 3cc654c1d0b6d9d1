// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * buddy: blocks of 2^k granules at multiples of 2^k (Knuth, volume 1, 2.5).
 *
 * A claim gets the lowest free block of the least power of two that holds it: the
 * lowest address, not the smallest block that could be split, which keeps the end
 * of the arena in one piece. The arena may have any length: at most one block of
 * each order is cut short by the end, and comes last; it serves what fits in what
 * there is of it, so that an arena of 12,288 granules can be claimed as a whole.
 *
 * There are no lists of free blocks, and nothing is ever split or merged: a free
 * block of order k is 2^k free granules at a multiple of 2^k, whoever gave them
 * back. All is kept in a hole map (holemap.h) that compares holes by the order of
 * the largest block in them:
 *
 *	granule   0       8       16      24      32
 *	          ####....#...............########		orders 2 and 3
 *
 * A claim keeps the whole of its block. To give the tail that was not asked for
 * back at once was tried, and does not pay: under churn the arena then fails at the
 * same fill, for what is free then is the tails themselves, each too short for the
 * claims that fail, and those find no aligned place between them.
 *
 * Locks: none; the caller's serialises all calls.
 * Cost: that of the hole map. A claim with an alignment above its own size looks at
 * some holes, then answers -EAGAIN.
 *
 * It does not know which run was claimed with which: that is the caller's record.
 */
#include "growth.h"
#include "holemap.h"

/* The order of the block for @len granules, at most MEMMGR_GRANULES_MAX. */
static u32 order_of(u64 len)
{
	return (u32)fls64(len - 1);
}

static u64 block_size(u64 len)
{
	return 1ULL << order_of(len);
}

static u64 length_of(const struct hole_map *map)
{
	return map->layout.granules;
}

/* Where the block for @len granules at @start ends; it may be cut short. */
static u64 end_of(const struct hole_map *map, u64 start, u64 len)
{
	return max(start + len, min(start + block_size(len), length_of(map)));
}

static u64 buddy_footprint(const struct memmgr_geometry *geo)
{
	return hole_map_footprint(geo->granules);
}

static int buddy_init(void *meta, const struct memmgr_geometry *geo)
{
	if (!buddy_footprint(geo))
		return -EINVAL;
	hole_map_init(meta, geo->granules, BY_ORDER);
	return 0;
}

/* The hole at the arena's end; empty if there is none. */
static struct edge_run last_hole(const struct hole_map *map)
{
	struct edge_run hole = run_at(&map->layout.edges, length_of(map) - 1);

	if (hole.kind != EDGE_HOLE)
		hole.start = hole.end;
	return hole;
}

/* Take the block that the end cuts short, if what there is of it will do. */
static noinline int claim_cut(struct hole_map *map, const struct memmgr_claim *claim,
			      struct memmgr_run *run)
{
	u64 end = length_of(map), pos = ALIGN_DOWN(end, block_size(claim->len));
	struct edge_run hole;

	if (claim->len > end - pos || pos < claim->from || !IS_ALIGNED(pos, claim->align))
		return -ENOSPC;
	hole = last_hole(map);
	if (pos < hole.start)
		return -ENOSPC;
	hole_map_mark_used(map, pos, end, &hole);
	*run = (struct memmgr_run){ pos, end - pos };
	return 0;
}

/*
 * Fewer granules free than asked is -ENOMEM. Enough of them, but not for the power
 * of two, is -ENOSPC: the caller, who sees how many are free, is told that they lie
 * wrong, which from his side is so.
 */
static int buddy_claim(void *meta, struct memmgr_claim *claim, struct memmgr_run *run)
{
	int ret = hole_map_refuses(meta, claim);
	u32 order;
	u64 size;

	if (ret)
		return ret;
	order = order_of(claim->len);
	size = 1ULL << order;
	ret = hole_map_claim(meta, claim, order + 1, size, max(size, claim->align), run);
	return ret == -ENOSPC ? claim_cut(meta, claim, run) : ret;
}

/*
 * Lengthen @run to the block of the next power of two that holds it. It is the
 * lower part of that one, and grows upwards, or not, and grows both ways:
 *
 *	start     end			     start     end
 *	  |########|........|		|......|########|......|
 *	  |<---- block ---->|		|<------- block ------>|
 */
static int grow(struct hole_map *map, const struct memmgr_resize *want, struct memmgr_run *run,
		const struct edge_run *used)
{
	u64 start = ALIGN_DOWN(run->start, block_size(want->len));
	u64 end = max(memmgr_run_end(run), end_of(map, start, want->len));
	struct edge_run below, above;

	if (start < run->start && !(want->flags & MEMMGR_RESIZE_DOWN))
		return -ENOSPC;
	holes_around(&map->layout.edges, run, used, &below, &above);
	if (start < below.start || end > above.end)
		return -ENOSPC;
	hole_map_mark_used(map, start, run->start, &below);
	hole_map_mark_used(map, memmgr_run_end(run), end, &above);
	*run = (struct memmgr_run){ start, end - start };
	return 0;
}

static int buddy_resize(void *meta, const struct memmgr_resize *want, struct memmgr_run *run)
{
	struct hole_map *map = meta;
	struct edge_run used;
	u64 len;

	if (!want->len || !is_power_of_2(want->align) || !IS_ALIGNED(run->start, want->align))
		return -EINVAL;
	if (!run_is_claimed(&map->layout.edges, run, &used))
		return -EUCLEAN;
	if (want->len > length_of(map))
		return -ENOSPC;
	if (want->len > run->len)
		return grow(map, want, run, &used);
	len = min(run->len, end_of(map, run->start, want->len) - run->start);
	hole_map_mark_free(map, run->start + len, memmgr_run_end(run), &used);
	run->len = len;
	return 0;
}

/*
 * The longest free block that the end cuts short. It consists of blocks one
 * smaller than the other, of the orders that the arena's length has bits for.
 */
static u64 longest_cut(const struct hole_map *map)
{
	u64 end, start = length_of(map), first = last_hole(map).start;

	do {
		end = start;
		start &= start - 1;
	} while (end && start >= first);
	return length_of(map) - end;
}

/* The largest is the longest claim that would succeed, not the longest free run. */
static void buddy_stat(const void *meta, struct memmgr_engine_stat *stat)
{
	const struct hole_map *map = meta;
	u64 whole = 1ULL << hole_map_greatest(map) >> 1;

	*stat = (struct memmgr_engine_stat){
		.free = map->free,
		.largest = max(whole, longest_cut(map)),
	};
}

const struct memmgr_engine memmgr_buddy = {
	.name = "buddy",
	.footprint = buddy_footprint,
	.init = buddy_init,
	.claim = buddy_claim,
	.release = hole_map_release,
	.resize = buddy_resize,
	.next_free = hole_map_next_free,
	.stat = buddy_stat,
	.validate = hole_map_validate,
};
