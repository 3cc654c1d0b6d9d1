/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * libmemmgr - blocks of a shared arena, by pointer or by handle.
 *
 * An arena is memory that several processes map and a kernel module (memmgr.ko)
 * divides into blocks. This library opens arenas, maps them, and offers two ways
 * to use blocks:
 *
 *   pointers  memmgr_alloc() and its kin, for those who want a heap. Sixteen
 *             bytes in front of what is returned name the block. The kernel
 *             compares them with records of its own before it acts: a prefix
 *             that was overwritten costs an error, never the heap.
 *   handles   memmgr_block_alloc() and its kin, for those who share blocks. The
 *             whole block is the caller's, nothing is stored in it, and a handle
 *             is never reused.
 *
 * A process does not see the arena at another's address. What can be exchanged
 * is an offset (memmgr_offset(), memmgr_at()) or a handle.
 *
 * Results
 *   Functions that return int give 0, or -1 and errno. Functions that return a
 *   pointer give NULL and errno. Success leaves errno alone. What errno means is
 *   said once, in <linux/memmgr.h>; each function below names those that can
 *   occur. EUCLEAN, "the arena's bookkeeping is damaged", can come from every
 *   function that allocates.
 *
 * Units
 *   Sizes, offsets and alignments are in bytes.
 *
 * Threads
 *   Every function may be called by any number of threads at once on the same
 *   struct memmgr, except memmgr_close(), which must be the last call. None
 *   keeps state outside of it. None may be called from a signal handler, save
 *   memmgr_base(), memmgr_size(), memmgr_fd(), memmgr_at() and memmgr_offset().
 *
 * fork() and exec()
 *   A child inherits mapping and descriptor and may use both. It is then the
 *   same owner as its parent: its blocks die when both are gone. A child that
 *   wants its blocks to end with itself calls memmgr_attach(). All descriptors
 *   are closed on exec.
 */
#ifndef LIBMEMMGR_MEMMGR_H
#define LIBMEMMGR_MEMMGR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/memmgr.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An owner on an arena, and the arena's mapping. */
struct memmgr;

/* What is opened if no path is given. */
#define MEMMGR_DEVICE "/dev/memmgr"

/* Every pointer that memmgr_alloc() returns is a multiple of this. */
#define MEMMGR_ALIGN_MIN 16

/* Alignment of memmgr_base(), and so the largest that a pointer can have. */
#define MEMMGR_ALIGN_MAX ((size_t)2 << 20)

/*
 * Opening and closing.
 */

/* Flag of memmgr_open() and memmgr_attach(): look, but do not touch. */
#define MEMMGR_READONLY (1U << 0)

/**
 * memmgr_open() - become an owner on the device's default arena
 * @path: device node; NULL for MEMMGR_DEVICE
 * @flags: MEMMGR_READONLY or 0
 *
 * Errors: EINVAL (flags), ENOENT (no device: is the module loaded?), EACCES,
 * ENOTTY (not a memmgr device), EOVERFLOW (the arena does not fit into this
 * process's address space), ENOMEM, EMFILE, ENFILE.
 */
struct memmgr *memmgr_open(const char *path, unsigned int flags);

/**
 * struct memmgr_config - the arena that memmgr_create() makes
 * @size: bytes, > 0; rounded up to whole pages
 * @granule: bytes that a block's size is rounded up to, a power of two; 0 for
 *	MEMMGR_GRANULE_DEFAULT
 * @flags: MEMMGR_ARENA_RESERVED, or 0
 * @engine: name of the engine; NULL for the module's default
 * @name: text that the arena is listed under; NULL for none
 * @reserve: bytes of @size that are used only when the rest cannot serve a
 *	request, by engines that can do that (ebuddy); 0 for none
 */
struct memmgr_config {
	uint64_t size;
	uint32_t granule;
	uint32_t flags;
	const char *engine;
	const char *name;
	uint64_t reserve;
};

/**
 * memmgr_create() - make an arena and become its first owner
 * @path: device node; NULL for MEMMGR_DEVICE
 * @config: what it shall be
 *
 * The arena lives until its last descriptor is closed and its last mapping
 * undone, in whatever process. Others reach it only through a descriptor that
 * they are handed: see memmgr_fd() and memmgr_from_fd().
 *
 * Errors: those of memmgr_open(); EINVAL (size, granule, flags, a name that is
 * not printable), ENAMETOOLONG (engine, name), ENOENT (no device or no such
 * engine), EDQUOT (a limit of the module), ENOMEM, EINTR (a fatal signal).
 */
struct memmgr *memmgr_create(const char *path, const struct memmgr_config *config);

/**
 * memmgr_attach() - become another owner on the same arena
 * @m: the arena
 * @flags: MEMMGR_READONLY or 0; what is attached to a read-only owner is
 *	read-only in any case
 *
 * The result has a descriptor and a mapping of its own.
 *
 * Errors: EINVAL (flags), EOVERFLOW, ENOMEM, EMFILE, ENFILE.
 */
struct memmgr *memmgr_attach(const struct memmgr *m, unsigned int flags);

/**
 * memmgr_from_fd() - use a descriptor that was inherited or received
 * @fd: descriptor of an arena
 *
 * On success the descriptor belongs to the result, which closes it and lets no
 * program that is executed inherit it. After a failure it is the caller's still.
 *
 * Errors: EBADF, ENOTTY (not a memmgr descriptor), EPERM or EACCES (it does not
 * allow reading), EOVERFLOW, ENOMEM.
 */
struct memmgr *memmgr_from_fd(int fd);

/**
 * memmgr_close() - undo the mapping and close the descriptor
 * @m: the arena; NULL is fine
 *
 * If no other process has inherited or received this owner, it ends here: its
 * blocks are freed, but for those that were allocated with MEMMGR_KEEP. All
 * pointers into the mapping become invalid. Keeps errno.
 */
void memmgr_close(struct memmgr *m);

/*
 * What an arena is.
 */

/* The descriptor, to poll or to pass on. It stays the library's: do not close. */
int memmgr_fd(const struct memmgr *m);

/* Where this process sees the arena; a multiple of MEMMGR_ALIGN_MAX. */
void *memmgr_base(const struct memmgr *m);

/* Length of the arena. */
size_t memmgr_size(const struct memmgr *m);

/**
 * memmgr_info() - what never changes: engine, granule, limits, rights
 * @m: the arena
 * @info: filled
 *
 * Errors: none in normal operation.
 */
int memmgr_info(const struct memmgr *m, struct memmgr_info *info);

/**
 * memmgr_engine_name() - the engines that the module has
 * @m: any arena
 * @index: from 0
 * @name: receives a NUL-terminated name
 *
 * Errors: ENOENT past the last.
 */
int memmgr_engine_name(const struct memmgr *m, unsigned int index,
		       char name[MEMMGR_ENGINE_NAME_LEN]);

/**
 * memmgr_stat() - what changes: bytes, blocks, counters
 * @m: the arena
 * @stat: filled
 *
 * Errors: none in normal operation.
 */
int memmgr_stat(const struct memmgr *m, struct memmgr_stat *stat);

/**
 * memmgr_validate() - have the kernel check the arena's bookkeeping
 * @m: the arena
 * @result: filled, on EUCLEAN with the place and kind of damage
 *
 * Errors: EUCLEAN (damage), ENOMEM, EINTR (a fatal signal).
 */
int memmgr_validate(const struct memmgr *m, struct memmgr_validate *result);

/*
 * Blocks by pointer.
 *
 * "A pointer" below is one that memmgr_alloc(), memmgr_calloc(),
 * memmgr_aligned_alloc(), memmgr_realloc() or memmgr_pointer() returned and whose
 * block exists, in whatever process it was allocated. Anything else is refused,
 * and nothing outside of the mapping is read to find that out:
 *
 *   EINVAL  not in the mapping, not a multiple of MEMMGR_ALIGN_MIN, or not
 *           preceded by a prefix
 *   ESTALE  its block has been freed
 *   ENOENT  its prefix names a block that never was, or that is elsewhere
 *
 * Once a freed block's memory is in use again, a stale pointer to it may equal a
 * valid one. Handles do not have this weakness.
 */

/* Flags of memmgr_aligned_alloc(). */
#define MEMMGR_ZERO (1U << 0) /* the memory is zero */
#define MEMMGR_KEEP (1U << 1) /* the block outlives its owner (policy KEEP) */

/**
 * memmgr_alloc() - allocate
 * @m: the arena
 * @size: bytes; 0 counts as 1, so that each block has its own address
 * @tag: any value; see memmgr_iterate()
 *
 * The memory holds what was there before, which may be another's data.
 *
 * Errors: ENOMEM (not that much is free), ENOSPC (no hole is large enough),
 * EOVERFLOW (no arena could hold that), EPERM (read-only), EINTR (a fatal
 * signal), EUCLEAN.
 */
void *memmgr_alloc(struct memmgr *m, size_t size, uint32_t tag);

/**
 * memmgr_calloc() - allocate an array of zeros
 * @m: the arena
 * @count: elements
 * @size: bytes of each
 * @tag: any value
 *
 * Errors: those of memmgr_alloc(); EOVERFLOW also if the product overflows.
 */
void *memmgr_calloc(struct memmgr *m, size_t count, size_t size, uint32_t tag);

/**
 * memmgr_aligned_alloc() - allocate, with everything that can be chosen
 * @m: the arena
 * @align: a power of two up to MEMMGR_ALIGN_MAX; the pointer is a multiple of it,
 *	in every process. Less than MEMMGR_ALIGN_MIN, 0 included, means that.
 * @size: bytes; 0 counts as 1
 * @tag: any value
 * @flags: MEMMGR_ZERO, MEMMGR_KEEP
 *
 * Costs up to @align bytes in front of the payload.
 *
 * Errors: those of memmgr_alloc(); EINVAL (flags, or an alignment that is no power
 * of two or more than MEMMGR_ALIGN_MAX or the arena).
 */
void *memmgr_aligned_alloc(struct memmgr *m, size_t align, size_t size, uint32_t tag,
			   unsigned int flags);

/**
 * memmgr_realloc() - change the size of a block
 * @m: the arena
 * @ptr: a pointer; NULL to allocate a block with tag 0
 * @size: bytes; 0 counts as 1: this function never frees
 *
 * Works in place if it can and moves the block otherwise. Handle, tag, owner,
 * policy, alignment and the content up to the smaller size are kept. After a
 * failure the block is what it was.
 *
 * Errors: those of memmgr_alloc(); EINVAL, ESTALE, ENOENT (see above), EBUSY
 * (another thread or process is changing this block right now).
 */
void *memmgr_realloc(struct memmgr *m, void *ptr, size_t size);

/**
 * memmgr_free() - free a block, whoever allocated it
 * @m: the arena
 * @ptr: a pointer; NULL is fine and does nothing
 *
 * Of several callers that free one block exactly one succeeds.
 *
 * Errors: EINVAL, ESTALE, ENOENT (see above), EBUSY (another thread or process
 * is changing this block right now), EPERM (read-only).
 */
int memmgr_free(struct memmgr *m, void *ptr);

/**
 * memmgr_usable_size() - bytes that may be used from a pointer on
 * @m: the arena
 * @ptr: a pointer
 *
 * At least what was asked for. 0 with errno: EINVAL, ESTALE, ENOENT (see above).
 */
size_t memmgr_usable_size(const struct memmgr *m, const void *ptr);

/**
 * memmgr_tag() - the tag of a block
 * @m: the arena
 * @ptr: a pointer
 * @tag: set on success
 *
 * Errors: EINVAL, ESTALE, ENOENT (see above).
 */
int memmgr_tag(const struct memmgr *m, const void *ptr, uint32_t *tag);

/**
 * memmgr_handle() - the handle of a pointer's block, to be given to others
 * @m: the arena
 * @ptr: a pointer
 *
 * Returns 0, which is no handle, with errno EINVAL, ESTALE or ENOENT (see above).
 */
uint64_t memmgr_handle(const struct memmgr *m, const void *ptr);

/**
 * memmgr_pointer() - the pointer of a handle's block
 * @m: the arena
 * @handle: from memmgr_handle(), possibly of another process
 *
 * Errors: ENOENT, ESTALE (no such block), EINVAL (its prefix is not what it
 * should be: it was overwritten, memmgr_block_alloc() made the block, or another
 * process has moved it this very moment).
 */
void *memmgr_pointer(const struct memmgr *m, uint64_t handle);

/* What memmgr_offset() returns for an address outside of the arena. */
#define MEMMGR_OFFSET_NONE (~(uint64_t)0)

/**
 * memmgr_offset() - what all processes call an address
 * @m: the arena
 * @ptr: any address in the mapping
 *
 * Returns MEMMGR_OFFSET_NONE with errno EINVAL if it is not in the mapping.
 */
uint64_t memmgr_offset(const struct memmgr *m, const void *ptr);

/**
 * memmgr_at() - the address that this process sees an offset at
 * @m: the arena
 * @offset: less than memmgr_size()
 *
 * Errors: EINVAL.
 */
void *memmgr_at(const struct memmgr *m, uint64_t offset);

/*
 * Blocks by handle: the commands of <linux/memmgr.h>, one to one. Nothing is
 * stored in the block; its memory is at memmgr_at(m, offset).
 */

/**
 * memmgr_block_alloc() - allocate a block
 * @m: the arena
 * @want: what is wanted, and what came of it; zero what is not needed
 *
 * Errors: EINVAL, ENOMEM, ENOSPC, EPERM, EINTR (a fatal signal), EUCLEAN.
 */
int memmgr_block_alloc(struct memmgr *m, struct memmgr_alloc *want);

/**
 * memmgr_block_realloc() - change the size of a block
 * @m: the arena
 * @want: what is wanted, and what came of it; zero what is not needed
 *
 * A block that was allocated by pointer must not get smaller than its prefix.
 *
 * Errors: EINVAL, ENOENT, ESTALE, EBUSY, ENOMEM, ENOSPC, EPERM, EUCLEAN.
 */
int memmgr_block_realloc(struct memmgr *m, struct memmgr_realloc *want);

/**
 * memmgr_block_free() - free a block, whoever owns it
 * @m: the arena
 * @handle: the block
 *
 * Errors: ENOENT, ESTALE, EPERM.
 */
int memmgr_block_free(struct memmgr *m, uint64_t handle);

/**
 * memmgr_block_query() - describe a block
 * @m: the arena
 * @handle: the block
 * @block: filled
 *
 * Errors: ENOENT, ESTALE, EINTR (a fatal signal).
 */
int memmgr_block_query(const struct memmgr *m, uint64_t handle, struct memmgr_block *block);

/**
 * memmgr_block_at() - find the block that contains an offset
 * @m: the arena
 * @offset: any byte of it
 * @block: filled
 *
 * Takes time in proportion to the number of blocks in the arena.
 *
 * Errors: ENOENT (no block there), EINTR (a fatal signal).
 */
int memmgr_block_at(const struct memmgr *m, uint64_t offset, struct memmgr_block *block);

/**
 * memmgr_block_act() - compare and act, on many blocks
 * @m: the arena
 * @entries: what to do with which block if its tag is as expected; each gets its result
 * @count: how many, any number: MEMMGR_ACT_MAX at a time
 *
 * That an entry's block is as expected and the action are one step: what was freed,
 * retagged or born in the meantime is not touched. Returns 0 if all succeeded, else -1
 * with the error of the first entry that did not (see struct memmgr_act_entry), or of
 * the whole.
 *
 * Errors: those of an entry; EFAULT, ENOMEM, EPERM (read-only).
 */
int memmgr_block_act(struct memmgr *m, struct memmgr_act_entry *entries, size_t count);

/**
 * memmgr_epoch() - the arena's clock for garbage collection
 * @m: the arena
 * @flags: MEMMGR_EPOCH_ADVANCE or 0
 * @epoch: set on success: the one that blocks are born in from now on
 *
 * Errors: EINVAL (flags), EPERM (advance, read-only).
 */
int memmgr_epoch(const struct memmgr *m, unsigned int flags, uint32_t *epoch);

/**
 * struct memmgr_filter - which blocks are visited, or swept
 * @tag_value: with @tag_mask
 * @tag_mask: only blocks with (tag & @tag_mask) == (@tag_value & @tag_mask)
 * @flags: MEMMGR_ITERATE_OWNER or 0; of a sweep, enum memmgr_sweep_flags
 * @owner: with MEMMGR_ITERATE_OWNER, only blocks of this owner; 0: of none
 * @states: mask of enum memmgr_block_state; 0 for OWNED and ORPHAN
 * @epoch_from: only blocks of this epoch or later; 0: of any
 * @epoch_before: only blocks of an earlier epoch than this; 0: of any
 * @size_min: only blocks of which that many bytes were asked for, or more
 * @size_max: or less; 0: or any number
 */
struct memmgr_filter {
	uint32_t tag_value;
	uint32_t tag_mask;
	uint32_t flags;
	uint32_t owner;
	uint32_t states;
	uint32_t epoch_from;
	uint32_t epoch_before;
	uint64_t size_min;
	uint64_t size_max;
};

/**
 * typedef memmgr_visit_fn - called for each block; nonzero ends the walk
 * @m: the arena
 * @block: valid until the function returns
 * @context: as given to memmgr_iterate()
 *
 * It may call any function of this library on @m except memmgr_close(), and so
 * allocate and free. A block that was freed a moment ago may still be reported:
 * what is done with its handle then fails with ESTALE.
 */
typedef int memmgr_visit_fn(struct memmgr *m, const struct memmgr_block *block, void *context);

/**
 * memmgr_iterate() - visit blocks, of all owners, in no particular order
 * @m: the arena
 * @filter: which ones; NULL for all OWNED and ORPHAN ones
 * @visit: called for each
 * @context: passed to it
 *
 * A block that lives through the whole walk is visited exactly once, whatever
 * others do meanwhile; any other at most once.
 *
 * Returns 0 at the end, what @visit returned if that ended it, or -1 with errno
 * EINVAL (filter).
 */
int memmgr_iterate(struct memmgr *m, const struct memmgr_filter *filter, memmgr_visit_fn *visit,
		   void *context);

/**
 * memmgr_snapshot() - visit blocks, and tell whether the arena stood still
 * @m: the arena
 * @filter: as for memmgr_iterate()
 * @visit: as for memmgr_iterate(); what it changes itself counts, too
 * @context: passed to it
 * @changed: set when 0 is returned: false if what was visited is true of one instant
 *
 * Returns as memmgr_iterate().
 */
int memmgr_snapshot(struct memmgr *m, const struct memmgr_filter *filter, memmgr_visit_fn *visit,
		    void *context, bool *changed);

/**
 * typedef memmgr_swept_fn - called for tags of which blocks were freed
 * @m: the arena
 * @row: the tag, blocks and bytes; a tag can come again, for others of its blocks
 * @context: as given to memmgr_sweep()
 */
typedef void memmgr_swept_fn(struct memmgr *m, const struct memmgr_sweep_row *row, void *context);

/**
 * struct memmgr_swept - what a sweep has freed
 * @count: blocks
 * @bytes: usable bytes in them
 */
struct memmgr_swept {
	uint64_t count;
	uint64_t bytes;
};

/**
 * memmgr_sweep() - free the old blocks of a kind
 * @m: the arena
 * @filter: which: @epoch_before is not 0, and not later than the arena's epoch; with
 *	MEMMGR_SWEEP_DRY_RUN in @flags, nothing is freed
 * @swept: what was freed; after a failure, so far
 * @each: called for each tag now and then; NULL if it is of no interest
 * @context: passed to it
 *
 * What is born or marked in the arena's current epoch is never freed, nor what is marked,
 * retagged or given away before its turn.
 *
 * Errors: EINVAL (filter), EPERM (read-only), ENOMEM.
 */
int memmgr_sweep(struct memmgr *m, const struct memmgr_filter *filter, struct memmgr_swept *swept,
		 memmgr_swept_fn *each, void *context);

#ifdef __cplusplus
}
#endif

#endif /* LIBMEMMGR_MEMMGR_H */
