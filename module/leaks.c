// SPDX-License-Identifier: GPL-2.0
/*
 * What a heap leaves behind: its blocks by tag and owner, and, if it remembers
 * them, the stack of the call that allocated the first of each.
 *
 *	memmgr: heap NAME: 3 blocks, 208 bytes were never freed
 *	memmgr: heap NAME: tag 0x2a, owner 1 (insmod): 2 blocks, 112 bytes
 *	memmgr: heap NAME:  example_record+0x4a/0x90 [example]
 *
 * Stacks are kept by slot, and replaced when the slot's next block is born, so that
 * there are at most as many as there ever were blocks at one time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>

#include "heap.h"

#define KINDS 16 /* lines in a report */
#define DEPTH 12 /* calls of a stack that are kept */
#define OWN_CALLS 2 /* of those, the first ones: in this module */

/**
 * struct memmgr_stack - who allocated a block
 * @handle: the block
 * @depth: calls in @calls
 * @calls: return addresses, shown as symbols only
 */
struct memmgr_stack {
	struct memmgr_handle handle;
	unsigned int depth;
	unsigned long calls[DEPTH];
};

/**
 * memmgr_stack_note - remember that the current call allocated a block
 * @heap: where
 * @handle: the block
 *
 * Context: process, may sleep. For want of memory it remembers nothing.
 */
void memmgr_stack_note(struct memmgr_heap *heap, struct memmgr_handle handle)
{
	struct memmgr_stack *stack;
	void *old;

	if (!(heap->flags & MEMMGR_HEAP_STACKS))
		return;
	stack = kmalloc(sizeof(*stack), GFP_KERNEL_ACCOUNT);
	if (!stack)
		return;
	stack->handle = handle;
	stack->depth = stack_trace_save(stack->calls, DEPTH, OWN_CALLS);
	old = xa_store(&heap->stacks, (u32)handle.raw, stack, GFP_KERNEL_ACCOUNT);
	kfree(xa_is_err(old) ? stack : old);
}

void memmgr_stacks_free(struct memmgr_heap *heap)
{
	struct memmgr_stack *stack;
	unsigned long slot;

	xa_for_each(&heap->stacks, slot, stack)
		kfree(stack);
	xa_destroy(&heap->stacks);
}

/* Blocks of one tag and one owner. */
struct kind {
	u32 tag;
	u32 owner;
	u64 blocks;
	u64 bytes;
	struct memmgr_handle first;
};

/**
 * struct report - what was found
 * @kinds: by tag and owner
 * @count: of them
 * @rest: of what did not fit into @kinds
 * @all: of everything
 */
struct report {
	struct kind kinds[KINDS];
	unsigned int count;
	struct kind rest;
	struct kind all;
};

static struct kind *kind_of(struct report *report, const struct memmgr_block *block)
{
	struct kind *kind;

	for (kind = report->kinds; kind < report->kinds + report->count; kind++)
		if (kind->tag == block->tag && kind->owner == block->owner)
			return kind;
	if (report->count == KINDS)
		return &report->rest;
	report->count++;
	*kind = (struct kind){ block->tag, block->owner, .first = { block->handle } };
	return kind;
}

static void add(struct kind *kind, const struct memmgr_block *block)
{
	kind->blocks++;
	kind->bytes += block->size;
}

/* Is this block lost? Where others stay, what is to be kept is not. */
static bool is_lost(const struct memmgr_heap *heap, const struct memmgr_block *block)
{
	bool last = atomic_read(&heap->owner->arena->owner_count) == 1;

	if (block->state == MEMMGR_STATE_OWNED)
		return block->owner == heap->owner->id &&
		       (last || block->policy == MEMMGR_POLICY_FREE);
	return block->state == MEMMGR_STATE_ORPHAN && last && heap->made;
}

static void collect(struct memmgr_heap *heap, struct report *report)
{
	struct memmgr_arena *arena = heap->owner->arena;
	struct memmgr_block block;
	struct memmgr_view view;
	u32 slot = 0;

	while (memmgr_next_block(arena, &slot, U32_MAX, &view)) {
		memmgr_describe(arena, &view, &block);
		if (!is_lost(heap, &block))
			continue;
		add(kind_of(report, &block), &block);
		add(&report->all, &block);
	}
}

static void show_stack_of(struct memmgr_heap *heap, const struct kind *kind)
{
	struct memmgr_stack *stack = xa_load(&heap->stacks, (u32)kind->first.raw);
	unsigned int i;

	if (!stack || stack->handle.raw != kind->first.raw)
		return;
	for (i = 0; i < stack->depth; i++)
		pr_warn("heap %s:  %pS\n", heap->owner->arena->name, (void *)stack->calls[i]);
}

static void show(struct memmgr_heap *heap, const struct report *report)
{
	const char *name = heap->owner->arena->name;
	const struct kind *kind;

	pr_warn("heap %s: %llu blocks, %llu bytes were never freed\n", name, report->all.blocks,
		report->all.bytes);
	for (kind = report->kinds; kind < report->kinds + report->count; kind++) {
		pr_warn("heap %s: tag 0x%x, owner %u (%s): %llu blocks, %llu bytes\n", name,
			kind->tag, kind->owner, kind->owner ? heap->owner->comm : "gone",
			kind->blocks, kind->bytes);
		show_stack_of(heap, kind);
	}
	if (report->rest.blocks)
		pr_warn("heap %s: other tags: %llu blocks, %llu bytes\n", name,
			report->rest.blocks, report->rest.bytes);
}

/**
 * memmgr_leaks_report - say in the log what a heap has not freed, if anything
 * @heap: nobody uses it any more
 *
 * Context: process, may sleep. Without memory for the report there is none.
 */
void memmgr_leaks_report(struct memmgr_heap *heap)
{
	struct report *report = kzalloc(sizeof(*report), GFP_KERNEL);

	if (!report)
		return;
	collect(heap, report);
	if (report->all.blocks)
		show(heap, report);
	kfree(report);
}
