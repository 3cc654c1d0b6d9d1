/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memmgr for kernel code.
 *
 * What a process has as an open file, kernel code has as a heap: an owner on an
 * arena. It makes an arena of its own, or attaches to that of a file descriptor
 * which a process handed over. Words, errors and structures are those of the ABI,
 * <linux/memmgr.h>.
 *
 *	struct memmgr_heap_config config = {
 *		.name = "my driver", .engine = "chunk", .size = SZ_1M,
 *	};
 *	struct memmgr_heap *heap = memmgr_heap_create(&config);
 *	struct memmgr_wish wish = { .size = 100, .tag = MY_RECORD };
 *	struct memmgr_place place;
 *
 *	if (!memmgr_heap_alloc_atomic(heap, &wish, &place)) {
 *		fill(place.memory);
 *		memmgr_heap_free_atomic(heap, place.handle);
 *	}
 *	memmgr_heap_destroy(heap);
 *
 * Blocks are named by handle, which is never valid again once the block is freed,
 * or by their first byte: functions ending in _at. Those need an arena that was
 * made with MEMMGR_HEAP_POINTERS in order to cost the same; without it they search.
 *
 * Context. Three kinds of alloc and free say where they may be called:
 *
 *	memmgr_heap_alloc()          may sleep; can wait for memory
 *	memmgr_heap_alloc_atomic()   under any lock, with interrupts off, in any
 *				     interrupt; never sleeps nor waits for a lock
 *	memmgr_heap_alloc_nmi()      the same in NMI, where no lock is touched at all:
 *				     the engine chunk, or the ready blocks of any
 *
 * An atomic allocation may fail with -EAGAIN: it lost a race, or what is kept in
 * stock for it is used up and about to be refilled. An atomic free never fails for
 * a block that is the caller's.
 *
 * Calls on one heap need no serialisation but for this: memmgr_heap_destroy() is
 * the last one, and no other is under way.
 */
#ifndef _LINUX_MEMMGR_KERNEL_H
#define _LINUX_MEMMGR_KERNEL_H

#include <linux/types.h>

#include <linux/memmgr.h>

struct memmgr_heap;

/**
 * enum memmgr_heap_flags - how an arena made by kernel code shall be
 * @MEMMGR_HEAP_VISIBLE: it is shown in debugfs
 * @MEMMGR_HEAP_MAPPABLE: memmgr_heap_fd() may hand it to processes
 * @MEMMGR_HEAP_POINTERS: blocks are found by their first byte at once, which takes
 *	4 bytes for each granule
 * @MEMMGR_HEAP_STACKS: remember who allocated each block, for the report of what
 *	was never freed; for debugging, as it costs memory and time. Not for blocks
 *	that were allocated in atomic context
 */
enum memmgr_heap_flags {
	MEMMGR_HEAP_VISIBLE = 1 << 0,
	MEMMGR_HEAP_MAPPABLE = 1 << 1,
	MEMMGR_HEAP_POINTERS = 1 << 2,
	MEMMGR_HEAP_STACKS = 1 << 3,
};

/**
 * struct memmgr_heap_config - what memmgr_heap_create() shall make
 * @name: shown in debugfs and reports, cut to MEMMGR_ARENA_NAME_LEN
 * @engine: name of the engine; NULL for the module's default
 * @size: bytes, > 0; rounded up to whole pages and granules
 * @granule: bytes, a power of two, MEMMGR_GRANULE_MIN..MEMMGR_GRANULE_MAX; 0 for
 *	MEMMGR_GRANULE_DEFAULT
 * @flags: enum memmgr_heap_flags
 * @reserve: bytes that only atomic callers and CAP_SYS_RESOURCE may have; 0 but
 *	for engines with an emergency heap (ebuddy)
 * @ready_size: size of the ready blocks, bytes; 0 with @ready_count
 * @ready_count: how many of them are kept for each CPU, at most MEMMGR_READY_MAX;
 *	may be 0
 *
 * Ready blocks are for atomic callers alone: they are set aside when the arena is
 * made, are given out when nothing else could be had at once, up to their size and
 * aligned to the granule, and are replaced as soon as there is memory.
 */
struct memmgr_heap_config {
	const char *name;
	const char *engine;
	u64 size;
	u32 granule;
	u32 flags;
	u64 reserve;
	u32 ready_size;
	u32 ready_count;
};

#define MEMMGR_READY_MAX 32

/**
 * struct memmgr_wish - what is asked of an allocation
 * @size: bytes, > 0
 * @align: bytes, a power of two; 0 for the granule
 * @tag: the user's
 * @policy: enum memmgr_policy, but for MEMMGR_POLICY_GIVE
 * @heir: 0
 * @zero: clear the memory
 */
struct memmgr_wish {
	u64 size;
	u64 align;
	u32 tag;
	u32 heir;
	u8 policy;
	bool zero;
};

/**
 * struct memmgr_place - where a block is
 * @handle: its name, valid until it is freed
 * @memory: its first byte
 * @usable: bytes that belong to it
 */
struct memmgr_place {
	u64 handle;
	void *memory;
	u64 usable;
};

/**
 * struct memmgr_match - which blocks a walk or a sweep is about
 * @tag_value: with @tag_mask
 * @tag_mask: only blocks with (tag & @tag_mask) == (@tag_value & @tag_mask)
 * @before: only blocks that were born before this epoch; 0 for any
 * @own: only blocks of the heap itself; a sweep never touches others
 */
struct memmgr_match {
	u32 tag_value;
	u32 tag_mask;
	u32 before;
	bool own;
};

struct memmgr_heap *memmgr_heap_create(const struct memmgr_heap_config *config);
struct memmgr_heap *memmgr_heap_attach(int fd);
void memmgr_heap_destroy(struct memmgr_heap *heap);
int memmgr_heap_fd(struct memmgr_heap *heap, u32 flags);

int memmgr_heap_alloc(struct memmgr_heap *heap, const struct memmgr_wish *wish, long timeout,
		      struct memmgr_place *place);
int memmgr_heap_free(struct memmgr_heap *heap, u64 handle);
int memmgr_heap_free_at(struct memmgr_heap *heap, const void *memory);
int memmgr_heap_realloc(struct memmgr_heap *heap, u64 handle, u64 size, u32 flags,
			struct memmgr_place *place);
int memmgr_heap_realloc_at(struct memmgr_heap *heap, const void *memory, u64 size, u32 flags,
			   struct memmgr_place *place);

int memmgr_heap_alloc_atomic(struct memmgr_heap *heap, const struct memmgr_wish *wish,
			     struct memmgr_place *place);
int memmgr_heap_free_atomic(struct memmgr_heap *heap, u64 handle);
int memmgr_heap_free_at_atomic(struct memmgr_heap *heap, const void *memory);

int memmgr_heap_alloc_nmi(struct memmgr_heap *heap, const struct memmgr_wish *wish,
			  struct memmgr_place *place);
int memmgr_heap_free_nmi(struct memmgr_heap *heap, u64 handle);

int memmgr_heap_query(struct memmgr_heap *heap, u64 handle, struct memmgr_block *block);
int memmgr_heap_query_at(struct memmgr_heap *heap, const void *memory,
			 struct memmgr_block *block);
void *memmgr_heap_memory(struct memmgr_heap *heap, u64 offset);
bool memmgr_heap_next(struct memmgr_heap *heap, const struct memmgr_match *match, u32 *cursor,
		      struct memmgr_block *block);
u32 memmgr_heap_tick(struct memmgr_heap *heap);
u64 memmgr_heap_sweep(struct memmgr_heap *heap, const struct memmgr_match *match, u64 *bytes);
void memmgr_heap_stat(struct memmgr_heap *heap, struct memmgr_stat *stat);
int memmgr_heap_validate(struct memmgr_heap *heap, struct memmgr_validate *out);

#endif /* _LINUX_MEMMGR_KERNEL_H */
