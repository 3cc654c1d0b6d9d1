// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks where the caller may sleep: every call, every errno, waiting.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "client.h"

#define BOTH_WAYS 2 /* with an index of first bytes, and without */

static u32 way(int i)
{
	return i ? MEMMGR_HEAP_POINTERS : 0;
}

static int life_by_handle(struct memmgr_heap *heap)
{
	struct memmgr_place place, again;
	struct memmgr_block block;

	CHECK_EQ(0, client_alloc(heap, 100, 42, &place));
	CHECK_EQ(112, place.usable);
	memset(place.memory, 0x5a, place.usable);
	CHECK_EQ(0, memmgr_heap_query(heap, place.handle, &block));
	CHECK_EQ(42, block.tag);
	CHECK_EQ(100, block.size);
	CHECK(memmgr_heap_memory(heap, block.offset) == place.memory);
	CHECK_EQ(0, memmgr_heap_realloc(heap, place.handle, 5000, MEMMGR_REALLOC_ZERO, &again));
	CHECK_EQ(place.handle, again.handle);
	CHECK_EQ(0x5a, ((u8 *)again.memory)[99]);
	CHECK(!memchr_inv(again.memory + 100, 0, 4900));
	CHECK_EQ(0, memmgr_heap_free(heap, place.handle));
	CHECK_EQ(-ESTALE, memmgr_heap_free(heap, place.handle));
	CHECK_EQ(-ESTALE, memmgr_heap_query(heap, place.handle, &block));
	CHECK_EQ(-ESTALE, memmgr_heap_realloc(heap, place.handle, 1, 0, &again));
	CHECK_EQ(-ENOENT, memmgr_heap_free(heap, 0));
	CHECK_EQ(0, client_blocks(heap));
	return 0;
}

static int life_by_pointer(struct memmgr_heap *heap)
{
	struct memmgr_place other, place, again;
	struct memmgr_block block;

	CHECK_EQ(0, client_alloc(heap, 100, 42, &place));
	CHECK_EQ(0, client_alloc(heap, 100, 43, &other));
	CHECK_EQ(0, memmgr_heap_query_at(heap, place.memory, &block));
	CHECK_EQ(place.handle, block.handle);
	CHECK_EQ(0, memmgr_heap_query_at(heap, place.memory + 99, &block));
	CHECK_EQ(place.handle, block.handle);
	CHECK_EQ(-ENOENT, memmgr_heap_free_at(heap, place.memory + 16));
	CHECK_EQ(-ENOENT, memmgr_heap_free_at(heap, place.memory + 1));
	CHECK_EQ(-ENOENT, memmgr_heap_free_at(heap, &place));
	CHECK_EQ(0, memmgr_heap_realloc_at(heap, place.memory, 5000, 0, &again));
	CHECK(again.memory != place.memory);
	CHECK_EQ(place.handle, again.handle);
	CHECK_EQ(-ENOENT, memmgr_heap_free_at(heap, place.memory));
	CHECK_EQ(0, memmgr_heap_query_at(heap, again.memory, &block));
	CHECK_EQ(5000, block.size);
	CHECK_EQ(0, memmgr_heap_free_at(heap, again.memory));
	CHECK_EQ(-ENOENT, memmgr_heap_free_at(heap, again.memory));
	CHECK_EQ(-ENOENT, memmgr_heap_query_at(heap, again.memory, &block));
	CHECK_EQ(0, memmgr_heap_free_at(heap, other.memory));
	CHECK_EQ(0, client_blocks(heap));
	return 0;
}

static int blocks_live_and_die(long unused)
{
	static const char * const engines[] = { "first_fit", "best_fit", "chunk" };
	struct memmgr_heap *heap;
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(engines) * BOTH_WAYS; i++) {
		heap = client_heap(engines[i / BOTH_WAYS], SZ_64K, way(i % BOTH_WAYS));
		CHECK(!IS_ERR(heap));
		ret = life_by_handle(heap) ?: life_by_pointer(heap);
		memmgr_heap_destroy(heap);
		if (ret)
			return ret;
	}
	return 0;
}

static int each_refusal(struct memmgr_heap *heap)
{
	struct memmgr_wish wish = { .size = 100 };
	struct memmgr_place place, all;

	wish.size = 0;
	CHECK_EQ(-EINVAL, memmgr_heap_alloc(heap, &wish, 0, &place));
	wish.size = 100;
	wish.align = 24;
	CHECK_EQ(-EINVAL, memmgr_heap_alloc(heap, &wish, 0, &place));
	wish.align = 0;
	wish.policy = 77;
	CHECK_EQ(-EINVAL, memmgr_heap_alloc(heap, &wish, 0, &place));
	wish.policy = 0;
	CHECK_EQ(-EINVAL, memmgr_heap_alloc(heap, &wish, -1, &place));
	wish.size = SZ_64K + 1;
	CHECK_EQ(-ENOMEM, memmgr_heap_alloc(heap, &wish, MAX_SCHEDULE_TIMEOUT, &place));
	CHECK_EQ(0, client_alloc(heap, SZ_64K, 0, &all));
	CHECK_EQ(-ENOMEM, client_alloc(heap, 1, 0, &place));
	CHECK_EQ(-EINVAL, memmgr_heap_realloc(heap, all.handle, 0, 0, &place));
	CHECK_EQ(-EINVAL, memmgr_heap_realloc(heap, all.handle, 1, 1U << 9, &place));
	CHECK_EQ(-ENOMEM, memmgr_heap_realloc(heap, all.handle, SZ_64K + 1, 0, &place));
	CHECK(!memmgr_heap_memory(heap, SZ_64K));
	CHECK(memmgr_heap_memory(heap, SZ_64K - 1));
	CHECK_EQ(0, memmgr_heap_free(heap, all.handle));
	return 0;
}

/* Two holes of a quarter each: half is free, but not in one piece. */
static int no_hole_is_large_enough(struct memmgr_heap *heap)
{
	struct memmgr_place place[4], none;
	int i;

	for (i = 0; i < 4; i++)
		CHECK_EQ(0, client_alloc(heap, SZ_16K, 0, &place[i]));
	CHECK_EQ(0, memmgr_heap_free(heap, place[0].handle));
	CHECK_EQ(0, memmgr_heap_free(heap, place[2].handle));
	CHECK_EQ(-ENOSPC, client_alloc(heap, SZ_16K + 1, 0, &none));
	CHECK_EQ(-ENOSPC, memmgr_heap_realloc(heap, place[3].handle, SZ_32K,
					      MEMMGR_REALLOC_IN_PLACE, &none));
	CHECK_EQ(2, memmgr_heap_sweep(heap, NULL, NULL));
	return 0;
}

static int refusals_have_their_errno(long unused)
{
	struct memmgr_heap *heap = client_heap("first_fit", SZ_64K, 0);
	int ret;

	CHECK(!IS_ERR(heap));
	ret = each_refusal(heap) ?: no_hole_is_large_enough(heap);
	memmgr_heap_destroy(heap);
	return ret;
}

static int walk_and_sweep(struct memmgr_heap *heap)
{
	struct memmgr_match red = { .tag_value = 0x100, .tag_mask = 0xff00 };
	struct memmgr_match old = {};
	struct memmgr_place place;
	struct memmgr_block block;
	u32 cursor = 0, seen = 0;
	u64 bytes;
	int i;

	for (i = 0; i < 2000; i++)
		CHECK_EQ(0, client_alloc(heap, 16, (i % 4) << 8 | i % 7, &place));
	while (memmgr_heap_next(heap, &red, &cursor, &block)) {
		CHECK_EQ(1, block.tag >> 8);
		seen++;
	}
	CHECK_EQ(500, seen);
	CHECK_EQ(500, memmgr_heap_sweep(heap, &red, &bytes));
	CHECK_EQ(500 * 16, bytes);
	CHECK_EQ(0, memmgr_heap_sweep(heap, &red, &bytes));
	old.before = memmgr_heap_tick(heap);
	CHECK_EQ(0, client_alloc(heap, 16, 0, &place));
	CHECK_EQ(1500, memmgr_heap_sweep(heap, &old, NULL));
	CHECK_EQ(1, client_blocks(heap));
	CHECK_EQ(0, memmgr_heap_free(heap, place.handle));
	return 0;
}

static int walks_and_sweeps(long unused)
{
	struct memmgr_heap *heap = client_heap(NULL, SZ_64K, 0);
	int ret;

	CHECK(!IS_ERR(heap));
	ret = walk_and_sweep(heap);
	memmgr_heap_destroy(heap);
	return ret;
}

/* --- waiting -------------------------------------------------------------- */

struct waiter {
	struct memmgr_heap *heap;
	struct memmgr_place place;
	struct completion done;
	struct task_struct *task;
	long timeout;
	int ret;
};

static int wait_for_memory(void *arg)
{
	struct memmgr_wish wish = { .size = SZ_16K };
	struct waiter *waiter = arg;

	allow_signal(SIGKILL);
	waiter->ret = memmgr_heap_alloc(waiter->heap, &wish, waiter->timeout, &waiter->place);
	complete(&waiter->done);
	return 0;
}

static int start(struct waiter *waiter, struct memmgr_heap *heap, long timeout)
{
	*waiter = (struct waiter){ .heap = heap, .timeout = timeout };
	init_completion(&waiter->done);
	waiter->task = kthread_run(wait_for_memory, waiter, "memmgr-waiter");
	return PTR_ERR_OR_ZERO(waiter->task);
}

static bool ends(struct waiter *waiter, long timeout)
{
	return wait_for_completion_timeout(&waiter->done, timeout);
}

static int wait_in(struct memmgr_heap *heap)
{
	static int (*const frees[])(struct memmgr_heap *heap, u64 handle) = {
		memmgr_heap_free, memmgr_heap_free_atomic, memmgr_heap_free_nmi,
	};
	struct waiter waiter[3];
	struct memmgr_place all;
	unsigned long begin;
	int how, i;

	CHECK_EQ(0, client_alloc(heap, SZ_64K, 0, &all));
	begin = jiffies;
	CHECK_EQ(0, start(&waiter[0], heap, HZ / 5));
	CHECK(ends(&waiter[0], 60 * HZ));
	CHECK_EQ(-ENOMEM, waiter[0].ret);
	CHECK(time_after_eq(jiffies, begin + HZ / 5));

	for (how = 0; how < ARRAY_SIZE(frees); how++) {
		if (how)
			CHECK_EQ(0, client_alloc(heap, SZ_64K, 0, &all));
		for (i = 0; i < 3; i++)
			CHECK_EQ(0, start(&waiter[i], heap, MAX_SCHEDULE_TIMEOUT));
		CHECK(!ends(&waiter[0], HZ / 5));
		CHECK_EQ(0, frees[how](heap, all.handle));
		for (i = 0; i < 3; i++) {
			CHECK(ends(&waiter[i], 60 * HZ));
			CHECK_EQ(0, waiter[i].ret);
		}
		CHECK_EQ(3, memmgr_heap_sweep(heap, NULL, NULL));
	}
	return 0;
}

static int callers_wait_for_memory(long unused)
{
	static const char * const engines[] = { "first_fit", "chunk" };
	struct memmgr_heap *heap;
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(engines) && !ret; i++) {
		heap = client_heap(engines[i], SZ_64K, 0);
		CHECK(!IS_ERR(heap));
		ret = wait_in(heap);
		memmgr_heap_destroy(heap);
	}
	return ret;
}

/* Waits until the writing process is killed; then nothing is left. */
static int wait_to_be_killed(long unused)
{
	struct memmgr_heap *heap = client_heap("chunk", SZ_64K, 0);
	struct memmgr_wish wish = { .size = SZ_64K };
	struct memmgr_place all, none;
	int ret;

	CHECK(!IS_ERR(heap));
	CHECK_EQ(0, client_alloc(heap, SZ_64K, 0, &all));
	ret = memmgr_heap_alloc(heap, &wish, MAX_SCHEDULE_TIMEOUT, &none);
	memmgr_heap_sweep(heap, NULL, NULL);
	memmgr_heap_destroy(heap);
	CHECK_EQ(-EINTR, ret);
	return 0;
}

const struct client_case client_block_cases[] = {
	CLIENT_CASE(blocks_live_and_die),
	CLIENT_CASE(refusals_have_their_errno),
	CLIENT_CASE(walks_and_sweeps),
	CLIENT_CASE(callers_wait_for_memory),
	CLIENT_CASE(wait_to_be_killed),
	{}
};
