/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all arenas together may take. The limits come from module parameters and
 * never change while the module is loaded.
 */
#ifndef MEMMGR_LIMITS_H
#define MEMMGR_LIMITS_H

#include <linux/types.h>

/**
 * struct memmgr_limits - limits of the module
 * @arena_size: largest arena, bytes
 * @total_size: largest sum over all arenas, bytes
 * @arenas: most arenas
 */
struct memmgr_limits {
	u64 arena_size;
	u64 total_size;
	u32 arenas;
};

void memmgr_limits_set(const struct memmgr_limits *limits);
const struct memmgr_limits *memmgr_limits_get(void);
int memmgr_limits_charge(u64 bytes);
void memmgr_limits_uncharge(u64 bytes);

#endif /* MEMMGR_LIMITS_H */
