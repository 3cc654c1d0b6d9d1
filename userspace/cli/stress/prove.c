/* SPDX-License-Identifier: GPL-2.0 */
/* What must be true of the arena when everybody has settled, or somebody died. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "stress.h"

/*
 * A killed process is gone for waitpid() a moment before the kernel has dropped
 * its last reference to the arena, if others look at it through /proc, say.
 */
#define PATIENCE 5000

static int add(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	struct stress_tally *tally = context;

	(void)m;
	tally->blocks++;
	tally->bytes += block->usable;
	return 0;
}

int stress_count(struct memmgr *m, uint32_t owner, struct stress_tally *tally)
{
	const struct memmgr_filter filter = {
		.flags = MEMMGR_ITERATE_OWNER,
		.owner = owner,
		.states = MEMMGR_STATE_ALL,
	};

	*tally = (struct stress_tally){};
	return memmgr_iterate(m, &filter, add, tally);
}

void stress_prove_gone(struct stress *stress, uint32_t owner)
{
	uint64_t deadline = stress_now() + PATIENCE;
	struct stress_tally left;

	do {
		if (stress_count(stress->arena, owner, &left)) {
			stress_fail(stress->shared, "iterate: %s", strerror(errno));
			return;
		}
		if (!left.blocks)
			return;
		stress_sleep(1);
	} while (stress_now() < deadline);
	stress_fail(stress->shared,
		    "owner %" PRIu32 " has released all, or died, and still has %" PRIu64
		    " blocks, %" PRIu64 " bytes",
		    owner, left.blocks, left.bytes);
}

/* Is all of the arena free, with no owners but us and the children? */
static bool is_free(const struct stress *stress, const struct memmgr_stat *stat)
{
	if (stat->out_owners != stress->config.processes + 1 && !stress->config.use_default)
		return false;
	return !stat->out_blocks && !stat->out_used && !stat->out_pending &&
	       stat->out_free == stat->out_size;
}

static void prove_free(struct stress *stress)
{
	uint64_t deadline = stress_now() + PATIENCE;
	struct memmgr_stat stat;

	do {
		if (memmgr_stat(stress->arena, &stat)) {
			stress_fail(stress->shared, "stat: %s", strerror(errno));
			return;
		}
		if (is_free(stress, &stat))
			return;
		stress_sleep(1);
	} while (stress_now() < deadline);
	stress_fail(stress->shared,
		    "all is released, but the arena of %llu bytes has %llu blocks, %llu bytes used, "
		    "%llu pending, %llu free, %u owners (%u expected)",
		    stat.out_size, stat.out_blocks, stat.out_used, stat.out_pending, stat.out_free,
		    stat.out_owners, stress->config.processes + 1);
}

static void prove_owners_empty(struct stress *stress)
{
	unsigned int i;

	for (i = 0; i < stress->config.processes; i++)
		stress_prove_gone(stress, atomic_load(&stress->shared->processes[i].owner));
}

static void prove_sound(struct stress *stress, bool alone)
{
	struct memmgr_validate result;

	if (memmgr_validate(stress->arena, &result))
		stress_fail(stress->shared, "validate: %s: %s at %#llx", strerror(errno),
			    result.out_what, result.out_at);
	else if (alone && !result.out_complete)
		stress_fail(stress->shared,
			    "validate found the arena changing in spite of silence");
	else if (alone && result.out_holes != 1)
		stress_fail(stress->shared, "all is released, but what is free lies in %llu holes",
			    result.out_holes);
}

/* In an arena that others use, only what is ours can be proved to be gone. */
void stress_prove_empty(struct stress *stress)
{
	bool alone = !stress->began.out_blocks;

	prove_owners_empty(stress);
	if (alone)
		prove_free(stress);
	prove_sound(stress, alone);
}
