/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heaps: what kernel code holds, as a process holds a file.
 */
#ifndef MEMMGR_HEAP_H
#define MEMMGR_HEAP_H

#include <linux/list.h>
#include <linux/xarray.h>

#include "arena.h"

/**
 * struct memmgr_heap - an owner on an arena that belongs to kernel code
 * @owner: the owner, which holds the arena
 * @flags: enum memmgr_heap_flags
 * @made: it made the arena, and did not only attach to it
 * @all: in the list of all heaps
 * @stacks: slot -> struct memmgr_stack of the block that lived there last
 */
struct memmgr_heap {
	struct memmgr_owner *owner;
	u32 flags;
	bool made;
	struct list_head all;
	struct xarray stacks;
};

/* heap.c; may sleep */
void memmgr_heaps_end(void);

/* leaks.c; may sleep */
void memmgr_stack_note(struct memmgr_heap *heap, struct memmgr_handle handle);
void memmgr_stacks_free(struct memmgr_heap *heap);
void memmgr_leaks_report(struct memmgr_heap *heap);

#endif /* MEMMGR_HEAP_H */
