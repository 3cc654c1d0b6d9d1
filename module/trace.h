/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: every birth, death and change of a block, every refusal, every
 * death of an owner. Offsets and handles only, never an address.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM memmgr

#if !defined(MEMMGR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MEMMGR_TRACE_H

#include <linux/tracepoint.h>

#include "arena.h"

DECLARE_EVENT_CLASS(memmgr_arena,
	TP_PROTO(const struct memmgr_arena *arena),
	TP_ARGS(arena),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u64, size)
		__string(engine, arena->engine->name)
	),
	TP_fast_assign(
		__entry->arena = arena->id;
		__entry->size = arena->size;
		__assign_str(engine, arena->engine->name);
	),
	TP_printk("arena=%u size=%llu engine=%s", __entry->arena, __entry->size,
		  __get_str(engine))
);

DEFINE_EVENT(memmgr_arena, memmgr_arena_create,
	TP_PROTO(const struct memmgr_arena *arena),
	TP_ARGS(arena)
);

DEFINE_EVENT(memmgr_arena, memmgr_arena_destroy,
	TP_PROTO(const struct memmgr_arena *arena),
	TP_ARGS(arena)
);

DECLARE_EVENT_CLASS(memmgr_block,
	TP_PROTO(const struct memmgr_arena *arena, const struct memmgr_view *view),
	TP_ARGS(arena, view),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u64, handle)
		__field(u64, offset)
		__field(u64, size)
		__field(u64, usable)
		__field(u32, tag)
		__field(u32, owner)
	),
	TP_fast_assign(
		__entry->arena = arena->id;
		__entry->handle = view->handle.raw;
		__entry->offset = memmgr_bytes(arena, view->run.start);
		__entry->size = view->size;
		__entry->usable = memmgr_bytes(arena, view->run.len);
		__entry->tag = view->tag;
		__entry->owner = view->orphan ? 0 : view->owner;
	),
	TP_printk("arena=%u handle=0x%016llx offset=%llu size=%llu usable=%llu tag=0x%x owner=%u",
		  __entry->arena, __entry->handle, __entry->offset, __entry->size,
		  __entry->usable, __entry->tag, __entry->owner)
);

DEFINE_EVENT(memmgr_block, memmgr_alloc,
	TP_PROTO(const struct memmgr_arena *arena, const struct memmgr_view *view),
	TP_ARGS(arena, view)
);

DEFINE_EVENT(memmgr_block, memmgr_free,
	TP_PROTO(const struct memmgr_arena *arena, const struct memmgr_view *view),
	TP_ARGS(arena, view)
);

TRACE_EVENT(memmgr_realloc,
	TP_PROTO(const struct memmgr_arena *arena, const struct memmgr_view *from,
		 const struct memmgr_view *to),
	TP_ARGS(arena, from, to),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u64, handle)
		__field(u64, old_offset)
		__field(u64, old_size)
		__field(u64, offset)
		__field(u64, size)
		__field(u32, tag)
		__field(u32, owner)
	),
	TP_fast_assign(
		__entry->arena = arena->id;
		__entry->handle = to->handle.raw;
		__entry->old_offset = memmgr_bytes(arena, from->run.start);
		__entry->old_size = from->size;
		__entry->offset = memmgr_bytes(arena, to->run.start);
		__entry->size = to->size;
		__entry->tag = to->tag;
		__entry->owner = to->orphan ? 0 : to->owner;
	),
	TP_printk("arena=%u handle=0x%016llx offset=%llu->%llu size=%llu->%llu tag=0x%x owner=%u",
		  __entry->arena, __entry->handle, __entry->old_offset, __entry->offset,
		  __entry->old_size, __entry->size, __entry->tag, __entry->owner)
);

TRACE_EVENT(memmgr_retag,
	TP_PROTO(const struct memmgr_arena *arena, const struct memmgr_view *from,
		 const struct memmgr_view *to),
	TP_ARGS(arena, from, to),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u64, handle)
		__field(u32, old_tag)
		__field(u32, tag)
	),
	TP_fast_assign(
		__entry->arena = arena->id;
		__entry->handle = to->handle.raw;
		__entry->old_tag = from->tag;
		__entry->tag = to->tag;
	),
	TP_printk("arena=%u handle=0x%016llx tag=0x%x->0x%x", __entry->arena, __entry->handle,
		  __entry->old_tag, __entry->tag)
);

TRACE_EVENT(memmgr_transfer,
	TP_PROTO(const struct memmgr_arena *arena, const struct memmgr_view *from,
		 const struct memmgr_view *to),
	TP_ARGS(arena, from, to),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u64, handle)
		__field(u32, tag)
		__field(u32, old_owner)
		__field(u32, owner)
	),
	TP_fast_assign(
		__entry->arena = arena->id;
		__entry->handle = to->handle.raw;
		__entry->tag = to->tag;
		__entry->old_owner = from->orphan ? 0 : from->owner;
		__entry->owner = to->owner;
	),
	TP_printk("arena=%u handle=0x%016llx tag=0x%x owner=%u->%u", __entry->arena,
		  __entry->handle, __entry->tag, __entry->old_owner, __entry->owner)
);

TRACE_EVENT(memmgr_sweep,
	TP_PROTO(const struct memmgr_sweeping *sweeping),
	TP_ARGS(sweeping),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u32, tag_value)
		__field(u32, tag_mask)
		__field(u32, before)
		__field(u64, count)
		__field(u64, bytes)
	),
	TP_fast_assign(
		__entry->arena = sweeping->arena->id;
		__entry->tag_value = sweeping->selection.tag_value;
		__entry->tag_mask = sweeping->selection.tag_mask;
		__entry->before = sweeping->selection.epoch_before;
		__entry->count = sweeping->count;
		__entry->bytes = sweeping->bytes;
	),
	TP_printk("arena=%u tag=0x%x/0x%x before=%u count=%llu bytes=%llu", __entry->arena,
		  __entry->tag_value, __entry->tag_mask, __entry->before, __entry->count,
		  __entry->bytes)
);

TRACE_EVENT(memmgr_fail,
	TP_PROTO(const struct memmgr_arena *arena, u64 size, u32 tag, int error),
	TP_ARGS(arena, size, tag, error),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u64, size)
		__field(u32, tag)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->arena = arena->id;
		__entry->size = size;
		__entry->tag = tag;
		__entry->error = error;
	),
	TP_printk("arena=%u size=%llu tag=0x%x error=%d", __entry->arena, __entry->size,
		  __entry->tag, __entry->error)
);

TRACE_EVENT(memmgr_owner_death,
	TP_PROTO(const struct memmgr_owner *owner, u64 freed, u64 kept, u64 given, u64 bytes),
	TP_ARGS(owner, freed, kept, given, bytes),
	TP_STRUCT__entry(
		__field(u32, arena)
		__field(u32, owner)
		__field(pid_t, pid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u64, freed)
		__field(u64, kept)
		__field(u64, given)
		__field(u64, bytes)
	),
	TP_fast_assign(
		__entry->arena = owner->arena->id;
		__entry->owner = owner->id;
		__entry->pid = owner->pid;
		memcpy(__entry->comm, owner->comm, TASK_COMM_LEN);
		__entry->freed = freed;
		__entry->kept = kept;
		__entry->given = given;
		__entry->bytes = bytes;
	),
	TP_printk("arena=%u owner=%u pid=%d comm=%s freed=%llu kept=%llu given=%llu bytes=%llu",
		  __entry->arena, __entry->owner, __entry->pid, __entry->comm, __entry->freed,
		  __entry->kept, __entry->given, __entry->bytes)
);

#endif /* MEMMGR_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
