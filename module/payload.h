/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clearing and copying payload, at most one megabyte between two chances for
 * others to run. Clients may write to the same memory meanwhile; that harms
 * their data and nothing else.
 */
#ifndef MEMMGR_PAYLOAD_H
#define MEMMGR_PAYLOAD_H

#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>

static inline void memmgr_payload_clear(void *to, u64 bytes)
{
	u64 done, step;

	for (done = 0; done < bytes; done += step) {
		step = min_t(u64, bytes - done, SZ_1M);
		memset(to + done, 0, step);
		cond_resched();
	}
}

/* The ranges may overlap if @to lies below @from. */
static inline void memmgr_payload_copy(void *to, const void *from, u64 bytes)
{
	u64 done, step;

	for (done = 0; done < bytes; done += step) {
		step = min_t(u64, bytes - done, SZ_1M);
		memmove(to + done, from + done, step);
		cond_resched();
	}
}

#endif /* MEMMGR_PAYLOAD_H */
