/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is kept in stock for callers that cannot wait: on shelves, of which each
 * CPU has its own.
 *
 *	slots	of the block table, for when it has no free one and has to grow
 *	ready	blocks that are complete but for their publication, for when the
 *		engine's lock is taken or the arena is full; only in arenas that
 *		were made with some
 *
 * A place on a shelf holds a record or NULL. It is emptied by one exchange and
 * filled by deferred_work() alone, so whoever takes needs no more than a pass over
 * the shelf, in any context, on any CPU's. The first places go first: when the first
 * half is empty, it is time to refill.
 */
#ifndef MEMMGR_STOCK_H
#define MEMMGR_STOCK_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/memmgr_kernel.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct memmgr_arena;
struct memmgr_record;

#define MEMMGR_SHELF 32U

static_assert(MEMMGR_READY_MAX <= MEMMGR_SHELF);

struct memmgr_shelf {
	struct memmgr_record *place[MEMMGR_SHELF];
};

/**
 * struct memmgr_stock - one CPU's
 * @slots: prepared, with nothing in them
 * @ready: prepared and filled with a run that is theirs
 */
struct memmgr_stock {
	struct memmgr_shelf slots;
	struct memmgr_shelf ready;
};

/*
 * Take a record off @shelf, or NULL. *@low: it is time to refill. Context: any.
 */
static inline struct memmgr_record *memmgr_shelf_take(struct memmgr_shelf *shelf, bool *low)
{
	struct memmgr_record *rec;
	u32 i;

	for (i = 0; i < MEMMGR_SHELF; i++) {
		if (!READ_ONCE(shelf->place[i]))
			continue;
		rec = xchg(&shelf->place[i], NULL); /* pairs with memmgr_shelf_put() */
		if (rec) {
			*low = i >= MEMMGR_SHELF / 2;
			return rec;
		}
	}
	*low = true;
	return NULL;
}

/* Fill an empty place. Callers are serialised. */
static inline void memmgr_shelf_put(struct memmgr_shelf *shelf, u32 place,
				    struct memmgr_record *rec)
{
	/* the record is complete before it can be taken */
	smp_store_release(&shelf->place[place], rec);
}

/* stock.c; may sleep. But for memmgr_stock_refill(), callers are serialised. */
int memmgr_stock_make(struct memmgr_arena *arena);
int memmgr_stock_ready(struct memmgr_arena *arena, u64 bytes, u32 count);
void memmgr_stock_refill(struct memmgr_arena *arena);
void memmgr_stock_end_ready(struct memmgr_arena *arena);

#endif /* MEMMGR_STOCK_H */
