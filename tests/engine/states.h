/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Every state that any sequence of calls can bring a tiny arena to, however long
 * the sequence, and every call in each of them, with engine and model side by side.
 *
 * A state is which units are free and where the runs begin. Of two sequences that
 * lead to the same one only the first is followed further, so what an engine keeps
 * beyond that, like hints, is as that one left it; all_sequences_of_calls() has no
 * such blind spot, but an end.
 */
#ifndef MEMMGR_TESTS_STATES_H
#define MEMMGR_TESTS_STATES_H

#include "branch.h"

/**
 * struct states_found - what was seen on the way, in units
 * @states: how many there are
 * @calls: how many were made
 * @worst: the least that was claimed when a claim of any place failed with -ENOSPC
 * @failing: the least peak of a sequence that ends with such a claim: the most that
 *	is claimed at once, what that claim asks for counted as well. While less is
 *	in use, no claim can fail.
 */
struct states_found {
	u64 states;
	u64 calls;
	u64 worst;
	u64 failing;
};

/* Starting at a new arena of @units; prints the sequences to both figures. */
struct states_found all_states(const struct memmgr_engine *engine, const struct menu *menu,
			       u32 units, u32 reserve);

#endif /* MEMMGR_TESTS_STATES_H */
