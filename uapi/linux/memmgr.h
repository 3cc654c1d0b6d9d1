/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * memmgr - a shared heap that no client can corrupt, hang or leak.
 *
 * This header is the whole interface of /dev/memmgr.
 *
 * Words
 *   arena   one region of memory with an engine and a table of blocks
 *   granule the arena's unit of allocation, a power of two
 *   block   one allocated run of the arena, named by its handle
 *   handle  64 bits that name a block; never 0, never valid again once freed
 *   owner   one open file on an arena; its blocks die (or are orphaned) with
 *           the last descriptor and mapping that refer to it
 *   tag     32 bits that the user chooses
 *   epoch   the arena's clock for garbage collection: it goes on when somebody
 *           says so; a block has that of its birth, or of when it was marked last
 *
 * Every size, offset and alignment here is in bytes. An offset counts from the
 * start of the arena, which is also offset 0 of mmap().
 *
 * Descriptors
 *   open("/dev/memmgr") gives an owner on the default arena, ARENA_CREATE one on
 *   a new arena, ATTACH a further one on the arena at hand. All are closed on
 *   exec and can be passed over sockets. A descriptor opened O_RDONLY may look
 *   (INFO, ATTACH, QUERY, ITERATE, STAT, VALIDATE, and EPOCH without letting it go
 *   on) and map PROT_READ; all else is EPERM, and what is attached to it is
 *   read-only too. One that may write may change and free any block, whoever owns
 *   it, but for one thing: a block that belongs to kernel code keeps its tag, owner
 *   and policy, and is not swept.
 *
 * Growth
 *   A structure is only ever extended at its end; a command keeps its number.
 *   The size that the caller was compiled with travels in the ioctl number.
 *   A shorter structure is completed with zeros (EINVAL below the first
 *   version's size), a longer one is accepted as long as the part that the
 *   kernel does not know is zero (E2BIG otherwise). Padding called "reserved"
 *   must be zero and flags must be known (EINVAL). A zero in a field that is
 *   added later will always mean what happened before that field existed.
 *   64-bit and 32-bit callers see the same layout. There is no version number:
 *   INFO tells which commands and features exist.
 *
 * Results
 *   Members named out_* are ignored on the way in and written on the way out,
 *   on success and on every failure that is found after the structure was read
 *   and checked; those without a result are then zero. If they cannot be written
 *   (EFAULT), a block or descriptor that could not be reported is taken back; a
 *   REALLOC, an ACT or a SWEEP stays carried out, and QUERY tells its outcome.
 *
 * Errors, with one meaning everywhere
 *   EINVAL     malformed: unknown flag, dirty padding, size 0, alignment not a
 *              power of two, value out of its documented range; for a new
 *              arena, more than 2^31 granules
 *   ENOMEM     the arena (or the kernel) does not have that much free
 *   ENOSPC     that much is free, but no hole is large enough: see out_largest
 *   EDQUOT     a limit of the module would be exceeded: see INFO
 *   ENOENT     no such block: never allocated, or not where the caller says;
 *              no such engine; no such owner, or it is dead
 *   ESTALE     the block has been freed since the handle was given out
 *   EBUSY      the block is being changed by another call right now
 *   ECANCELED  the block's tag is not as expected
 *   EPERM      the descriptor was not opened for that (read-only, usually); the
 *              block is kernel code's, or the owner cannot have blocks
 *   EACCES     (mmap) writable mapping of a read-only descriptor
 *   E2BIG      structure longer than known and the excess is not zero
 *   ENOTTY     no such command
 *   EOVERFLOW  (mmap) offset and length do not fit into an offset
 *   EFAULT     bad address
 *   EINTR      a fatal signal arrived; nothing was changed
 *   EMFILE, ENFILE  no free descriptor
 *   EUCLEAN    validation found damage; the arena refuses further allocation
 */
#ifndef _UAPI_LINUX_MEMMGR_H
#define _UAPI_LINUX_MEMMGR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MEMMGR_IOC_MAGIC 0xE8

/* Lengths of text members, terminating NUL included. */
#define MEMMGR_ENGINE_NAME_LEN 16
#define MEMMGR_ARENA_NAME_LEN 32
#define MEMMGR_WHAT_LEN 64

/* Granule of an arena: a power of two within these bounds, in bytes. */
#define MEMMGR_GRANULE_MIN 16
#define MEMMGR_GRANULE_MAX 65536
#define MEMMGR_GRANULE_DEFAULT 16

/**
 * enum memmgr_policy - what becomes of a block when its owner dies
 * @MEMMGR_POLICY_FREE: it is freed
 * @MEMMGR_POLICY_KEEP: it stays, without an owner, until somebody frees it or
 *	takes it over
 * @MEMMGR_POLICY_GIVE: it goes to its heir, another owner. If that one is dead, too
 *	(so also if it had inherited the block), it stays as with KEEP
 */
enum memmgr_policy {
	MEMMGR_POLICY_FREE = 0,
	MEMMGR_POLICY_KEEP = 1,
	MEMMGR_POLICY_GIVE = 2,
};

/**
 * enum memmgr_block_state - states of a block, one bit each, so that a set of
 * them is a mask
 * @MEMMGR_STATE_OWNED: allocated, its owner is alive
 * @MEMMGR_STATE_ORPHAN: allocated, its owner is gone (policy KEEP or GIVE)
 * @MEMMGR_STATE_PENDING: freed while another call was changing it, or by kernel
 *	code that could not give the memory back; the handle is dead, the memory
 *	comes back when that call ends, or soon
 */
enum memmgr_block_state {
	MEMMGR_STATE_OWNED = 1 << 0,
	MEMMGR_STATE_ORPHAN = 1 << 1,
	MEMMGR_STATE_PENDING = 1 << 2,
};

#define MEMMGR_STATE_ALL \
	(MEMMGR_STATE_OWNED | MEMMGR_STATE_ORPHAN | MEMMGR_STATE_PENDING)

/**
 * struct memmgr_block - a block, as QUERY and ITERATE describe it
 * @handle: its name
 * @offset: where it starts, in bytes from the start of the arena
 * @size: bytes asked for
 * @usable: bytes that belong to it, a multiple of the granule, >= @size
 * @align: alignment of @offset that realloc keeps, in bytes
 * @tag: the user's tag
 * @owner: number of its owner in this arena; 0 if it has none any more
 * @epoch: the arena's epoch when it was allocated, or marked last
 * @policy: enum memmgr_policy
 * @state: one of enum memmgr_block_state
 * @relative: of an orphan, the number of the owner who left it; of another block
 *	with MEMMGR_POLICY_GIVE, that of its heir; otherwise 0
 */
struct memmgr_block {
	__u64 handle;
	__u64 offset;
	__u64 size;
	__u64 usable;
	__u64 align;
	__u32 tag;
	__u32 owner;
	__u32 epoch;
	__u32 policy;
	__u32 state;
	__u32 relative;
};

/**
 * struct memmgr_info - MEMMGR_IOC_INFO: what never changes
 * @flags: 0
 * @engine_index: which engine to name in @out_engine_name, from 0
 * @out_features: bits of enum memmgr_features
 * @out_commands: bit n is set if command number n exists
 * @out_max_arena_size: largest arena that may be created, bytes
 * @out_max_total_size: largest sum over all arenas, bytes
 * @out_max_arenas: most arenas that may exist, the default one included
 * @out_engine_count: number of engines
 * @out_engine_name: name of engine @engine_index; empty past the last
 * @out_arena_engine: name of this arena's engine
 * @out_arena_name: name that the creator gave to this arena
 * @out_arena_size: size of this arena and of its mapping, bytes
 * @out_arena_id: number of this arena; names its folder in debugfs
 * @out_granule: granule of this arena, bytes
 * @out_owner: number of this descriptor's owner in this arena
 * @out_rights: bits of enum memmgr_rights that this descriptor has
 */
struct memmgr_info {
	__u32 flags;
	__u32 engine_index;
	__u64 out_features;
	__u64 out_commands;
	__u64 out_max_arena_size;
	__u64 out_max_total_size;
	__u32 out_max_arenas;
	__u32 out_engine_count;
	char out_engine_name[MEMMGR_ENGINE_NAME_LEN];
	char out_arena_engine[MEMMGR_ENGINE_NAME_LEN];
	char out_arena_name[MEMMGR_ARENA_NAME_LEN];
	__u64 out_arena_size;
	__u32 out_arena_id;
	__u32 out_granule;
	__u32 out_owner;
	__u32 out_rights;
};

/**
 * enum memmgr_features - bits of memmgr_info.out_features
 * @MEMMGR_FEATURE_MEMCG: arenas are charged to a memory cgroup
 * @MEMMGR_FEATURE_TRACE: tracepoints are compiled in
 */
enum memmgr_features {
	MEMMGR_FEATURE_MEMCG = 1 << 0,
	MEMMGR_FEATURE_TRACE = 1 << 1,
};

/**
 * enum memmgr_rights - bits of memmgr_info.out_rights
 * @MEMMGR_RIGHT_READ: look at blocks, map read-only
 * @MEMMGR_RIGHT_WRITE: allocate, free, create arenas, map writable
 */
enum memmgr_rights {
	MEMMGR_RIGHT_READ = 1 << 0,
	MEMMGR_RIGHT_WRITE = 1 << 1,
};

/**
 * enum memmgr_arena_flags - flags of memmgr_arena_create
 * @MEMMGR_ARENA_RESERVED: the reserve is for callers with CAP_SYS_RESOURCE and, in
 *	the kernel, for those who cannot wait; without it, for everybody
 */
enum memmgr_arena_flags {
	MEMMGR_ARENA_RESERVED = 1 << 0,
};

/**
 * struct memmgr_arena_create - MEMMGR_IOC_ARENA_CREATE: make a new arena
 * @size: bytes, > 0; rounded up to whole pages and granules
 * @granule: bytes, a power of two, MEMMGR_GRANULE_MIN..MEMMGR_GRANULE_MAX;
 *	0 for MEMMGR_GRANULE_DEFAULT
 * @flags: MEMMGR_ARENA_RESERVED, only with @reserve, or 0
 * @engine: NUL-terminated name, the rest zero; empty for the module's default
 * @name: NUL-terminated printable text shown in debugfs, the rest zero; may be
 *	empty
 * @reserve: bytes at the end of the arena that are touched only when the rest
 *	cannot serve a request; less than @size, rounded up to granules; 0 but for
 *	engines that have such an emergency heap (ebuddy)
 * @out_size: size that it got, bytes
 * @out_fd: descriptor of the new arena, close-on-exec, readable and writable
 * @out_arena_id: number of the new arena
 *
 * The new arena's memory is zero and charged to the caller's memory cgroup. It
 * lives as long as any descriptor or mapping of it.
 *
 * Errors: EINVAL, ENOENT (engine), EDQUOT (limits), ENOMEM, EMFILE, ENFILE,
 * EPERM, EINTR.
 */
struct memmgr_arena_create {
	__u64 size;
	__u32 granule;
	__u32 flags;
	char engine[MEMMGR_ENGINE_NAME_LEN];
	char name[MEMMGR_ARENA_NAME_LEN];
	__u64 reserve;
	__u64 out_size;
	__s32 out_fd;
	__u32 out_arena_id;
};

/**
 * enum memmgr_attach_flags - flags of memmgr_attach
 * @MEMMGR_ATTACH_READONLY: the new descriptor is read-only
 */
enum memmgr_attach_flags {
	MEMMGR_ATTACH_READONLY = 1 << 0,
};

/**
 * struct memmgr_attach - MEMMGR_IOC_ATTACH: another owner on the same arena
 * @flags: MEMMGR_ATTACH_READONLY or 0
 * @reserved: 0
 * @out_fd: the new descriptor, close-on-exec; read-only if this one is
 * @out_owner: number of its owner
 *
 * Errors: EINVAL, ENOMEM, EMFILE, ENFILE.
 */
struct memmgr_attach {
	__u32 flags;
	__u32 reserved;
	__s32 out_fd;
	__u32 out_owner;
};

/**
 * enum memmgr_alloc_flags - flags of memmgr_alloc
 * @MEMMGR_ALLOC_ZERO: the block's memory is set to zero
 */
enum memmgr_alloc_flags {
	MEMMGR_ALLOC_ZERO = 1 << 0,
};

/**
 * struct memmgr_alloc - MEMMGR_IOC_ALLOC: allocate a block
 * @size: bytes, > 0
 * @align: a power of two; the block's offset is a multiple of it; 0 for the
 *	granule; at most the arena's size rounded up to a power of two
 * @tag: any value
 * @flags: MEMMGR_ALLOC_ZERO or 0
 * @policy: enum memmgr_policy
 * @heir: with MEMMGR_POLICY_GIVE, the number of the owner that it goes to, who is
 *	alive and may write; otherwise 0
 * @out_handle: the block's name
 * @out_offset: where it starts
 * @out_usable: bytes that belong to it, >= @size
 * @out_largest: with ENOSPC, the largest hole in bytes
 *
 * Errors: EINVAL, ENOENT (heir), ENOMEM, ENOSPC, EPERM, EINTR, EUCLEAN.
 */
struct memmgr_alloc {
	__u64 size;
	__u64 align;
	__u32 tag;
	__u32 flags;
	__u32 policy;
	__u32 heir;
	__u64 out_handle;
	__u64 out_offset;
	__u64 out_usable;
	__u64 out_largest;
};

/**
 * enum memmgr_change_flags - flags of memmgr_free and memmgr_realloc
 * @MEMMGR_CHECK_OFFSET: do it only if the block starts at offset (ENOENT
 *	otherwise). Whoever keeps a handle beside the data, as libmemmgr does, is
 *	so protected against a handle that was overwritten
 * @MEMMGR_REALLOC_IN_PLACE: (realloc) the block's start never moves: ENOSPC
 *	instead
 * @MEMMGR_REALLOC_ZERO: (realloc) bytes past the old size become zero
 */
enum memmgr_change_flags {
	MEMMGR_CHECK_OFFSET = 1 << 0,
	MEMMGR_REALLOC_IN_PLACE = 1 << 1,
	MEMMGR_REALLOC_ZERO = 1 << 2,
};

/**
 * struct memmgr_free - MEMMGR_IOC_FREE: free a block, whoever owns it
 * @handle: the block
 * @offset: with MEMMGR_CHECK_OFFSET, where it must start; otherwise 0
 * @flags: MEMMGR_CHECK_OFFSET or 0
 * @reserved: 0
 *
 * Of several callers that free one block exactly one succeeds.
 *
 * Errors: EINVAL, ENOENT, ESTALE, EBUSY (only with MEMMGR_CHECK_OFFSET), EPERM.
 */
struct memmgr_free {
	__u64 handle;
	__u64 offset;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct memmgr_realloc - MEMMGR_IOC_REALLOC: change the size of a block
 * @handle: the block; it keeps its handle, tag, owner, policy and alignment
 * @size: bytes, > 0
 * @offset: with MEMMGR_CHECK_OFFSET, where it must start; otherwise 0
 * @flags: enum memmgr_change_flags
 * @reserved: 0
 * @out_offset: where it starts now
 * @out_usable: bytes that belong to it now
 * @out_largest: with ENOSPC, the largest hole in bytes
 *
 * Shrinks and grows in place where it can, moves otherwise. The first
 * min(old size, new size) bytes are kept. After a failure the block is what it
 * was. Shrinking never fails for want of memory.
 *
 * Errors: EINVAL, ENOENT, ESTALE, EBUSY, ENOMEM, ENOSPC, EPERM, EUCLEAN.
 */
struct memmgr_realloc {
	__u64 handle;
	__u64 size;
	__u64 offset;
	__u32 flags;
	__u32 reserved;
	__u64 out_offset;
	__u64 out_usable;
	__u64 out_largest;
};

/**
 * enum memmgr_query_flags - flags of memmgr_query
 * @MEMMGR_QUERY_BY_OFFSET: find the block that contains offset
 */
enum memmgr_query_flags {
	MEMMGR_QUERY_BY_OFFSET = 1 << 0,
};

/**
 * struct memmgr_query - MEMMGR_IOC_QUERY: describe one block
 * @handle: the block; 0 with MEMMGR_QUERY_BY_OFFSET
 * @offset: with MEMMGR_QUERY_BY_OFFSET, any byte of the block; otherwise 0
 * @flags: MEMMGR_QUERY_BY_OFFSET or 0
 * @reserved: 0
 * @out_block: the block
 *
 * By handle the cost is constant. By offset it grows with the number of blocks;
 * a block that is moved meanwhile may be missed. Where no block is, beyond the end
 * of the arena as well, is ENOENT.
 *
 * Errors: EINVAL, ENOENT, ESTALE, EINTR.
 */
struct memmgr_query {
	__u64 handle;
	__u64 offset;
	__u32 flags;
	__u32 reserved;
	struct memmgr_block out_block;
};

/* Value of memmgr_iterate.out_cursor when the walk is over. */
#define MEMMGR_CURSOR_END (~0ULL)

/**
 * enum memmgr_iterate_flags - flags of memmgr_iterate
 * @MEMMGR_ITERATE_OWNER: only blocks of the given owner (0: of none)
 */
enum memmgr_iterate_flags {
	MEMMGR_ITERATE_OWNER = 1 << 0,
};

/**
 * struct memmgr_iterate - MEMMGR_IOC_ITERATE: walk over the blocks
 * @cursor: 0 to begin, then the last @out_cursor
 * @blocks: address of an array of struct memmgr_block
 * @count: its capacity, > 0
 * @flags: MEMMGR_ITERATE_OWNER or 0
 * @tag_value: with @tag_mask
 * @tag_mask: only blocks with (tag & @tag_mask) == (@tag_value & @tag_mask)
 * @owner: with MEMMGR_ITERATE_OWNER
 * @states: mask of enum memmgr_block_state; 0 for OWNED and ORPHAN
 * @out_cursor: where to go on; MEMMGR_CURSOR_END when all has been seen
 * @out_count: blocks written to @blocks
 * @out_changed: 0 if nothing in the arena has changed since the walk began, so that
 *	what it has told so far is true of one instant; otherwise 1
 * @epoch_from: only blocks of this epoch or later; 0: of any
 * @epoch_before: only blocks of an earlier epoch than this; 0: of any
 * @size_min: only blocks of which that many bytes were asked for, or more
 * @size_max: or less; 0: or any number
 *
 * Blocks come in no particular order. A block that lives through the whole walk
 * is reported exactly once, whatever others do meanwhile; one that is born or
 * dies during it, at most once. A call looks at a bounded number of blocks and
 * may return with fewer than @count of them, or none, before the end. If a
 * signal interrupts it, what it found so far is returned.
 *
 * Errors: EINVAL, EFAULT (nothing is lost: repeat with the old cursor).
 */
struct memmgr_iterate {
	__u64 cursor;
	__u64 blocks;
	__u32 count;
	__u32 flags;
	__u32 tag_value;
	__u32 tag_mask;
	__u32 owner;
	__u32 states;
	__u64 out_cursor;
	__u32 out_count;
	__u32 out_changed;
	__u32 epoch_from;
	__u32 epoch_before;
	__u64 size_min;
	__u64 size_max;
};

/**
 * struct memmgr_stat - MEMMGR_IOC_STAT: what changes
 * @flags: 0
 * @reserved: 0
 * @out_size: bytes of the arena
 * @out_used: bytes in blocks, rounded up to what the engine gave
 * @out_requested: bytes in blocks as asked for; what @out_used has more than that
 *	is the internal fragmentation
 * @out_free: bytes that the engine has free
 * @out_pending: the rest: bytes on their way in or out at this instant, and what
 *	kernel code has set aside
 * @out_largest: largest hole, bytes
 * @out_peak: most bytes that were ever taken at one time; a block that is being
 *	moved takes two places
 * @out_metadata: bytes of kernel memory that describe this arena's content
 * @out_blocks: blocks that exist
 * @out_orphans: those of them without an owner
 * @out_orphan_bytes: bytes in them
 * @out_owners: open owners
 * @out_epoch: the arena's epoch
 * @out_allocs: successful allocations so far
 * @out_frees: blocks freed so far, owner deaths included
 * @out_reallocs: successful reallocs so far
 * @out_moves: reallocs that had to move the block
 * @out_failures: allocations and reallocs that found no memory so far
 * @out_contended: times that a caller found the arena's lock taken; 0 with an
 *	engine that has none (chunk)
 * @out_broken: 1 if damage was found and the arena no longer allocates
 * @out_owner_blocks: blocks of this descriptor's owner
 * @out_owner_bytes: bytes in them
 * @out_lost_races: times that a caller was about to take free granules and another
 *	caller took some of them first; 0 with an engine that has a lock
 * @out_ties_broken: times that a caller lost so many races in one search that it
 *	went on in another place; 0 with an engine that has a lock
 * @out_retries: times that a caller was about to take free granules and another
 *	caller changed these or some beside them first, so that it looked again,
 *	whether they were still free or not; 0 with an engine that has a lock
 *
 * The figures are read one after the other while others go on: each is right
 * for an instant, they need not add up unless nobody else is at work.
 */
struct memmgr_stat {
	__u32 flags;
	__u32 reserved;
	__u64 out_size;
	__u64 out_used;
	__u64 out_requested;
	__u64 out_free;
	__u64 out_pending;
	__u64 out_largest;
	__u64 out_peak;
	__u64 out_metadata;
	__u64 out_blocks;
	__u64 out_orphans;
	__u64 out_orphan_bytes;
	__u32 out_owners;
	__u32 out_epoch;
	__u64 out_allocs;
	__u64 out_frees;
	__u64 out_reallocs;
	__u64 out_moves;
	__u64 out_failures;
	__u64 out_contended;
	__u64 out_broken;
	__u64 out_owner_blocks;
	__u64 out_owner_bytes;
	__u64 out_lost_races;
	__u64 out_ties_broken;
	__u64 out_retries;
};

/**
 * struct memmgr_validate - MEMMGR_IOC_VALIDATE: check the bookkeeping
 * @flags: 0
 * @reserved: 0
 * @out_blocks: blocks seen
 * @out_used: bytes in them
 * @out_holes: free runs seen
 * @out_free: bytes in them
 * @out_at: with EUCLEAN, offset of the damage
 * @out_complete: 1 if blocks and holes were seen to tile the arena exactly;
 *	0 if others changed the arena too often meanwhile, so that only each
 *	part by itself was checked
 * @out_reserved: 0
 * @out_what: with EUCLEAN, what is wrong, as text; otherwise empty
 *
 * Others go on while this runs. Errors: EINVAL, ENOMEM, EINTR, EUCLEAN.
 */
struct memmgr_validate {
	__u32 flags;
	__u32 reserved;
	__u64 out_blocks;
	__u64 out_used;
	__u64 out_holes;
	__u64 out_free;
	__u64 out_at;
	__u32 out_complete;
	__u32 out_reserved;
	char out_what[MEMMGR_WHAT_LEN];
};

/* Most entries of one ACT. */
#define MEMMGR_ACT_MAX 1024

/**
 * enum memmgr_action - what to do with a block
 * @MEMMGR_ACTION_FREE: free it
 * @MEMMGR_ACTION_RETAG: its tag becomes the value
 * @MEMMGR_ACTION_TRANSFER: its owner becomes the one of that number, who is alive and
 *	may write; an orphan is none any more. Policy and heir stay
 * @MEMMGR_ACTION_MARK: its epoch becomes the arena's
 * @MEMMGR_ACTION_POLICY: its policy becomes the value; with MEMMGR_POLICY_GIVE, its
 *	heir the entry's
 */
enum memmgr_action {
	MEMMGR_ACTION_FREE = 1,
	MEMMGR_ACTION_RETAG = 2,
	MEMMGR_ACTION_TRANSFER = 3,
	MEMMGR_ACTION_MARK = 4,
	MEMMGR_ACTION_POLICY = 5,
};

/**
 * struct memmgr_act_entry - one action
 * @handle: the block
 * @tag_value: with @tag_mask
 * @tag_mask: do it only if (tag & @tag_mask) == (@tag_value & @tag_mask), ECANCELED
 *	otherwise
 * @action: enum memmgr_action
 * @value: what the action says, otherwise 0
 * @heir: what MEMMGR_ACTION_POLICY says, otherwise 0
 * @out_result: 0, or a negative errno and nothing was done
 *
 * Errors: EINVAL, ENOENT, ESTALE, ECANCELED, EBUSY, EPERM, ENOMEM (heir); EINTR: a
 * fatal signal came before this entry's turn.
 */
struct memmgr_act_entry {
	__u64 handle;
	__u32 tag_value;
	__u32 tag_mask;
	__u32 action;
	__u32 value;
	__u32 heir;
	__s32 out_result;
};

/**
 * struct memmgr_act - MEMMGR_IOC_ACT: compare and act, on many blocks
 * @entries: address of an array of struct memmgr_act_entry
 * @count: their number, 1..MEMMGR_ACT_MAX
 * @flags: 0
 * @out_done: entries that succeeded
 * @out_reserved: 0
 *
 * Entries are carried out one after the other, whatever becomes of those before.
 * For each, that the handle names a block, that its tag is as expected and the action
 * are one step: what was freed, born, retagged or given away in between is not
 * touched. Of several callers that free one block exactly one succeeds. EBUSY is
 * rare: a block that is being reallocated is waited for a moment, and a free never
 * waits.
 *
 * Each entry is read once, before the first action. Then, still before it, all are
 * written back with the result EINPROGRESS, so that results which cannot be written
 * are EFAULT with nothing done. If they can no longer be written in the end, EFAULT
 * comes with actions carried out, which QUERY shows.
 *
 * Errors: EINVAL, EFAULT, ENOMEM, EPERM. Errors of entries are in the entries.
 */
struct memmgr_act {
	__u64 entries;
	__u32 count;
	__u32 flags;
	__u32 out_done;
	__u32 out_reserved;
};

/**
 * enum memmgr_epoch_flags - flags of memmgr_epoch
 * @MEMMGR_EPOCH_ADVANCE: go on to the next epoch; not with a read-only descriptor
 */
enum memmgr_epoch_flags {
	MEMMGR_EPOCH_ADVANCE = 1 << 0,
};

/**
 * struct memmgr_epoch - MEMMGR_IOC_EPOCH: read the arena's clock, or let it go on
 * @flags: MEMMGR_EPOCH_ADVANCE or 0
 * @reserved: 0
 * @out_epoch: the epoch that blocks are born in from now on
 * @out_reserved: 0
 *
 * An ALLOC or MARK that returns after an advance had returned gives a block the epoch
 * of that advance or a later one. The clock starts at 1, skips 0 and wraps: of two
 * epochs the later one is that which is less than 2^31 ahead.
 *
 * Errors: EINVAL, EPERM.
 */
struct memmgr_epoch {
	__u32 flags;
	__u32 reserved;
	__u32 out_epoch;
	__u32 out_reserved;
};

/**
 * enum memmgr_sweep_flags - flags of memmgr_sweep
 * @MEMMGR_SWEEP_OWNER: only blocks of the given owner (0: of none)
 * @MEMMGR_SWEEP_DRY_RUN: free nothing, report what would be freed
 */
enum memmgr_sweep_flags {
	MEMMGR_SWEEP_OWNER = 1 << 0,
	MEMMGR_SWEEP_DRY_RUN = 1 << 1,
};

/* Most rows that one SWEEP writes. */
#define MEMMGR_SWEEP_ROWS_MAX 64

/**
 * struct memmgr_sweep_row - what was freed of one tag
 * @tag: the tag
 * @reserved: 0
 * @count: blocks
 * @bytes: usable bytes in them
 */
struct memmgr_sweep_row {
	__u32 tag;
	__u32 reserved;
	__u64 count;
	__u64 bytes;
};

/**
 * struct memmgr_sweep - MEMMGR_IOC_SWEEP: free the old blocks of a kind
 * @cursor: 0 to begin, then the last @out_cursor
 * @rows: address of an array of struct memmgr_sweep_row; 0 with @room 0
 * @room: its capacity, 0..MEMMGR_SWEEP_ROWS_MAX; 0: nothing is told by tag
 * @flags: enum memmgr_sweep_flags
 * @tag_value: with @tag_mask
 * @tag_mask: only blocks with (tag & @tag_mask) == (@tag_value & @tag_mask)
 * @owner: with MEMMGR_SWEEP_OWNER
 * @states: MEMMGR_STATE_OWNED, MEMMGR_STATE_ORPHAN or both; 0 for both
 * @epoch_from: only blocks of this epoch or later; 0: of any
 * @epoch_before: only blocks of an earlier epoch than this, which is not 0 and not
 *	later than the arena's: what is born or marked in the current epoch is never
 *	swept
 * @size_min: only blocks of which that many bytes were asked for, or more
 * @size_max: or less; 0: or any number
 * @out_cursor: where to go on; MEMMGR_CURSOR_END when all has been looked at
 * @out_count: blocks freed by this call
 * @out_bytes: usable bytes in them
 * @out_rows: rows written, one for each tag
 * @out_reserved: 0
 *
 * That a block is as described and its death are one step: one that is marked,
 * retagged or given away a moment before is spared. Blocks of kernel code always are.
 * A call looks at a bounded number of blocks, and ends early at a signal or where
 * another tag would need a row that there is no room for; the next one goes on there.
 * The rows are cleared before the first block is freed, so that a bad address is
 * EFAULT with nothing done; if they become unwritable meanwhile, EFAULT comes with
 * the other results, which tell what was freed.
 *
 * Errors: EINVAL, EFAULT, ENOMEM, EPERM.
 */
struct memmgr_sweep {
	__u64 cursor;
	__u64 rows;
	__u32 room;
	__u32 flags;
	__u32 tag_value;
	__u32 tag_mask;
	__u32 owner;
	__u32 states;
	__u32 epoch_from;
	__u32 epoch_before;
	__u64 size_min;
	__u64 size_max;
	__u64 out_cursor;
	__u64 out_count;
	__u64 out_bytes;
	__u32 out_rows;
	__u32 out_reserved;
};

#define MEMMGR_IOC(nr, type) _IOWR(MEMMGR_IOC_MAGIC, nr, type)

#define MEMMGR_IOC_INFO MEMMGR_IOC(0, struct memmgr_info)
#define MEMMGR_IOC_ARENA_CREATE MEMMGR_IOC(1, struct memmgr_arena_create)
#define MEMMGR_IOC_ATTACH MEMMGR_IOC(2, struct memmgr_attach)
#define MEMMGR_IOC_ALLOC MEMMGR_IOC(3, struct memmgr_alloc)
#define MEMMGR_IOC_FREE MEMMGR_IOC(4, struct memmgr_free)
#define MEMMGR_IOC_REALLOC MEMMGR_IOC(5, struct memmgr_realloc)
#define MEMMGR_IOC_QUERY MEMMGR_IOC(6, struct memmgr_query)
#define MEMMGR_IOC_ITERATE MEMMGR_IOC(7, struct memmgr_iterate)
#define MEMMGR_IOC_STAT MEMMGR_IOC(8, struct memmgr_stat)
#define MEMMGR_IOC_VALIDATE MEMMGR_IOC(9, struct memmgr_validate)
#define MEMMGR_IOC_ACT MEMMGR_IOC(10, struct memmgr_act)
#define MEMMGR_IOC_EPOCH MEMMGR_IOC(11, struct memmgr_epoch)
#define MEMMGR_IOC_SWEEP MEMMGR_IOC(12, struct memmgr_sweep)

#endif /* _UAPI_LINUX_MEMMGR_H */
