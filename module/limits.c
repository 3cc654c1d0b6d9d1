// SPDX-License-Identifier: GPL-2.0
/*
 * Module-wide limits: one sum and one count under a spinlock, charged before an
 * arena takes memory and given back after it has freed it.
 */
#include <linux/errno.h>
#include <linux/spinlock.h>

#include "limits.h"

static DEFINE_SPINLOCK(lock);
static struct memmgr_limits limits; /* immutable once the device exists */
static u64 total; /* under lock */
static u32 arenas; /* under lock */

void memmgr_limits_set(const struct memmgr_limits *wanted)
{
	limits = *wanted;
}

const struct memmgr_limits *memmgr_limits_get(void)
{
	return &limits;
}

/**
 * memmgr_limits_charge - account for one arena more
 * @bytes: its size
 *
 * Return: 0, or -EDQUOT if that is more than the limits allow.
 */
int memmgr_limits_charge(u64 bytes)
{
	int ret = -EDQUOT;

	if (bytes > limits.arena_size)
		return ret;
	spin_lock(&lock);
	if (arenas < limits.arenas && bytes <= limits.total_size - total) {
		total += bytes;
		arenas++;
		ret = 0;
	}
	spin_unlock(&lock);
	return ret;
}

void memmgr_limits_uncharge(u64 bytes)
{
	spin_lock(&lock);
	total -= bytes;
	arenas--;
	spin_unlock(&lock);
}
