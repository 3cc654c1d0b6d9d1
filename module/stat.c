// SPDX-License-Identifier: GPL-2.0
/*
 * An arena's figures in the words of the ABI.
 */
#include <linux/minmax.h>

#include "arena.h"

static void report_space(struct memmgr_arena *arena, struct memmgr_stat *out)
{
	struct memmgr_engine_stat stat;

	memmgr_space_stat(arena, &stat);
	out->out_size = arena->size;
	out->out_free = memmgr_bytes(arena, stat.free);
	out->out_largest = memmgr_bytes(arena, stat.largest);
	out->out_peak = memmgr_bytes(arena, atomic64_read(&arena->peak));
	out->out_metadata = memmgr_arena_metadata(arena);
	out->out_lost_races = stat.lost_races;
	out->out_ties_broken = stat.ties_broken;
	out->out_retries = stat.retries;
	out->out_epoch = READ_ONCE(arena->epoch);
	out->out_broken = READ_ONCE(arena->broken);
}

static void report_counts(struct memmgr_arena *arena, struct memmgr_stat *out)
{
	struct memmgr_counts totals = memmgr_totals(arena->counts);

	out->out_used = totals.used;
	out->out_requested = totals.requested;
	out->out_pending = max_t(s64, out->out_size - out->out_free - totals.used, 0);
	out->out_blocks = max_t(s64, totals.allocs - totals.frees, 0);
	out->out_orphans = totals.orphans;
	out->out_orphan_bytes = totals.orphan_bytes;
	out->out_allocs = totals.allocs;
	out->out_frees = totals.frees;
	out->out_reallocs = totals.reallocs;
	out->out_moves = totals.moves;
	out->out_failures = totals.failures;
	out->out_contended = totals.contended;
}

/**
 * memmgr_owner_stat - figures of an arena, and of one who asks
 * @owner: who asks
 * @out: the members out_* are written, the rest is left alone
 *
 * Context: any but NMI, unless the engine's lock is held.
 */
void memmgr_owner_stat(struct memmgr_owner *owner, struct memmgr_stat *out)
{
	struct memmgr_arena *arena = owner->arena;

	report_space(arena, out);
	report_counts(arena, out);
	out->out_owners = atomic_read(&arena->owner_count);
	out->out_owner_blocks = atomic64_read(&owner->blocks);
	out->out_owner_bytes = atomic64_read(&owner->bytes);
}
