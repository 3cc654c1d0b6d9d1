/* SPDX-License-Identifier: GPL-2.0 */
/* A mutator: allocates, checks, reallocates and frees at random. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "stress.h"

/* Blocks that a mutator holds at most. */
#define ITEMS 256

/* Allocations are aligned to up to 16 << ALIGN_STEPS bytes. */
#define ALIGN_STEPS 8

/**
 * struct item - a block, as it should be
 * @ptr: NULL if there is none
 * @size: bytes asked for
 * @align: alignment asked for
 * @key: what its content is made of
 * @tag: its tag
 */
struct item {
	unsigned char *ptr;
	size_t size;
	size_t align;
	uint64_t key;
	uint32_t tag;
};

struct state {
	const struct stress_mutator *task;
	uint64_t random;
	uint64_t blocks;
	uint64_t bytes;
	struct item items[ITEMS];
};

static uint64_t below(struct state *state, uint64_t n)
{
	return stress_random(&state->random) % n;
}

static void fail(const struct state *state, const struct item *item, const char *what)
{
	const struct stress_mutator *task = state->task;

	stress_fail(task->shared,
		    "process %u thread %u: block at offset %#" PRIx64
		    ", %zu bytes, align %zu, tag %#" PRIx32 ": %s",
		    task->process, task->thread, memmgr_offset(task->arena, item->ptr), item->size,
		    item->align, item->tag, what);
}

static void fail_call(const struct state *state, const struct item *item, const char *call)
{
	const struct stress_mutator *task = state->task;

	stress_fail(task->shared,
		    "process %u thread %u: %s of %zu bytes, align %zu, tag %#" PRIx32 ": %s",
		    task->process, task->thread, call, item->size, item->align, item->tag,
		    strerror(errno));
}

/* Byte @at of the content that belongs to @key. */
static uint64_t word_at(uint64_t key, size_t at)
{
	return key ^ (at / 8 + 1) * 0x9e3779b97f4a7c15;
}

static void fill(const struct item *item)
{
	size_t at = 0;
	uint64_t word;

	for (; at + 8 <= item->size; at += 8) {
		word = word_at(item->key, at);
		memcpy(item->ptr + at, &word, 8);
	}
	word = word_at(item->key, at);
	memcpy(item->ptr + at, &word, item->size - at);
}

/* Offset of the first byte of eight or less that differs from @word. */
static size_t first_difference(const unsigned char *at, uint64_t word, size_t count)
{
	unsigned char expected[8];
	size_t i = 0;

	memcpy(expected, &word, 8);
	while (i < count && at[i] == expected[i])
		i++;
	return i;
}

/* Offset of the first byte that is not @item's; @size if there is none. */
static size_t first_wrong(const struct item *item, size_t size)
{
	size_t at, count, same;

	for (at = 0; at < size; at += 8) {
		count = size - at < 8 ? size - at : 8;
		same = first_difference(item->ptr + at, word_at(item->key, at), count);
		if (same < count)
			return at + same;
	}
	return size;
}

/* Are the first @size bytes what was written there? */
static bool content_holds(const struct state *state, const struct item *item, size_t size)
{
	const struct stress_mutator *task = state->task;
	size_t wrong = first_wrong(item, size);

	if (wrong == size)
		return true;
	stress_fail(task->shared,
		    "process %u thread %u: block at offset %#" PRIx64 ", %zu bytes, tag %#" PRIx32
		    ": byte %zu is %#x, not what was written",
		    task->process, task->thread, memmgr_offset(task->arena, item->ptr), item->size,
		    item->tag, wrong, item->ptr[wrong]);
	return false;
}

static bool is_zero(const struct item *item)
{
	return !item->ptr[0] && !memcmp(item->ptr, item->ptr + 1, item->size - 1);
}

/* Small blocks are as likely as large ones in each power of two. */
static size_t random_size(struct state *state)
{
	uint64_t limit = state->task->block_max;
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(limit);
	uint64_t ceiling = 1ULL << below(state, bits);

	if (ceiling > limit)
		ceiling = limit;
	return (size_t)(1 + below(state, ceiling * 2 < limit ? ceiling * 2 : limit));
}

static bool out_of_memory(void)
{
	return errno == ENOMEM || errno == ENOSPC;
}

static bool is_aligned(const struct item *item)
{
	return !((uintptr_t)item->ptr & (item->align - 1));
}

static void allocate(struct state *state, struct item *item)
{
	unsigned int zero = below(state, 4) ? 0 : MEMMGR_ZERO;
	struct item fresh = {
		.size = random_size(state),
		.align = below(state, 4) ? 16 : (size_t)16 << below(state, ALIGN_STEPS + 1),
		.key = stress_random(&state->random),
		.tag = (uint32_t)stress_random(&state->random),
	};

	fresh.ptr = memmgr_aligned_alloc(state->task->arena, fresh.align, fresh.size, fresh.tag,
					 zero);
	if (!fresh.ptr) {
		if (!out_of_memory())
			fail_call(state, &fresh, "alloc");
		return;
	}
	if (!is_aligned(&fresh))
		fail(state, &fresh, "alloc gave a pointer that is not aligned");
	if (zero && !is_zero(&fresh))
		fail(state, &fresh, "alloc with ZERO gave memory that is not zero");

	fill(&fresh);
	*item = fresh;
	state->blocks++;
	state->bytes += item->size;
}

static void release(struct state *state, struct item *item)
{
	if (!content_holds(state, item, item->size))
		return;
	if (memmgr_free(state->task->arena, item->ptr))
		fail_call(state, item, "free");
	state->blocks--;
	state->bytes -= item->size;
	item->ptr = NULL;
}

static void change(struct state *state, struct item *item)
{
	size_t size = random_size(state);
	size_t kept = size < item->size ? size : item->size;
	unsigned char *ptr;

	if (!content_holds(state, item, item->size))
		return;
	ptr = memmgr_realloc(state->task->arena, item->ptr, size);
	if (!ptr) {
		if (!out_of_memory())
			fail_call(state, item, "realloc");
		return;
	}

	state->bytes += size - item->size;
	item->ptr = ptr;
	item->size = size;
	if (!is_aligned(item))
		fail(state, item, "realloc gave a pointer that is not aligned");
	if (!content_holds(state, item, kept))
		return;
	item->key = stress_random(&state->random);
	fill(item);
}

static void check(struct state *state, const struct item *item)
{
	struct memmgr *arena = state->task->arena;
	uint32_t tag;

	if (!content_holds(state, item, item->size))
		return;
	if (memmgr_tag(arena, item->ptr, &tag))
		fail_call(state, item, "tag");
	else if (tag != item->tag)
		fail(state, item, "the tag has changed");
	if (memmgr_usable_size(arena, item->ptr) < item->size)
		fail(state, item, "usable size is less than what was asked for");
}

static void step(struct state *state)
{
	struct item *item = &state->items[below(state, ITEMS)];

	if (!item->ptr) {
		allocate(state, item);
		return;
	}
	switch (below(state, 4)) {
	case 0:
		change(state, item);
		break;
	case 1:
		check(state, item);
		break;
	default:
		release(state, item);
	}
}

static void release_all(struct state *state)
{
	size_t i;

	for (i = 0; i < ITEMS; i++)
		if (state->items[i].ptr)
			release(state, &state->items[i]);
}

static void note(struct state *state, uint64_t operations)
{
	struct stress_thread *notes = state->task->notes;

	atomic_store_explicit(&notes->bytes, state->bytes, memory_order_relaxed);
	atomic_store_explicit(&notes->blocks, state->blocks, memory_order_relaxed);
	atomic_fetch_add_explicit(&notes->operations, operations, memory_order_relaxed);
}

static void settle(struct state *state, uint32_t phase)
{
	struct stress_shared *shared = state->task->shared;

	release_all(state);
	note(state, 0);
	atomic_store(&state->task->notes->settled, phase);
	while (atomic_load(&shared->phase) == phase && !stress_has_failed(shared))
		stress_sleep(1);
}

void stress_mutate(const struct stress_mutator *task)
{
	struct state state = { .task = task, .random = task->seed };
	uint32_t phase;

	while (!stress_has_failed(task->shared)) {
		phase = atomic_load(&task->shared->phase);
		if (phase == STRESS_STOP)
			break;
		if (stress_is_release(phase)) {
			settle(&state, phase);
			continue;
		}
		step(&state);
		note(&state, 1);
	}
}
