/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMMGR_DEBUGFS_H
#define MEMMGR_DEBUGFS_H

struct memmgr_arena;

void memmgr_debugfs_init(void);
void memmgr_debugfs_exit(void);
void memmgr_debugfs_add(struct memmgr_arena *arena);
void memmgr_debugfs_remove(struct memmgr_arena *arena);

#endif /* MEMMGR_DEBUGFS_H */
