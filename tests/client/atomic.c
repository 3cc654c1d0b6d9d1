// SPDX-License-Identifier: GPL-2.0
/*
 * Callers that cannot wait: every context, every errno, the stock, the reserve,
 * what is freed where it cannot be given back.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "client.h"
#include "contexts.h"

static const char * const engines[] = { "first_fit", "best_fit", "chunk", "buddy", "ebuddy" };

static bool is_chunk(const char *engine)
{
	return !strcmp(engine, "chunk");
}

/* Wait until as many blocks exist in the arena, in use or dead and not drained. */
static bool settles(struct memmgr_heap *heap, s64 blocks)
{
	unsigned long end = jiffies + 10 * HZ;

	while (client_blocks(heap) != blocks) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}

static struct memmgr_heap *heap_with_ready(const char *engine, u64 size, u32 ready_size, u32 count)
{
	struct memmgr_heap_config config = {
		.name = "test", .engine = engine, .size = size,
		.ready_size = ready_size, .ready_count = count,
	};

	return memmgr_heap_create(&config);
}

/* --- every context -------------------------------------------------------- */

struct visit {
	struct memmgr_heap *heap;
	bool served; /* is this a place where blocks can be had? */
};

/* What can be done with blocks where nothing can be waited for. */
static int live_at_once(void *arg)
{
	struct memmgr_wish wish = { .size = 100, .tag = 42, .zero = true };
	struct visit *visit = arg;
	struct memmgr_place place;
	struct memmgr_block block;

	if (!visit->served) {
		CHECK_EQ(-EAGAIN, memmgr_heap_alloc_atomic(visit->heap, &wish, &place));
		CHECK_EQ(-EAGAIN, memmgr_heap_alloc_nmi(visit->heap, &wish, &place));
		return 0;
	}
	CHECK_EQ(0, memmgr_heap_alloc_atomic(visit->heap, &wish, &place));
	CHECK(place.usable >= 100);
	CHECK(!memchr_inv(place.memory, 0, 100));
	memset(place.memory, 0x5a, place.usable);
	CHECK_EQ(0, memmgr_heap_query(visit->heap, place.handle, &block));
	CHECK_EQ(42, block.tag);
	CHECK_EQ(100, block.size);
	CHECK(memmgr_heap_memory(visit->heap, block.offset) == place.memory);
	CHECK_EQ(0, memmgr_heap_free_atomic(visit->heap, place.handle));
	CHECK_EQ(-ESTALE, memmgr_heap_free_atomic(visit->heap, place.handle));
	CHECK_EQ(-ESTALE, memmgr_heap_free_nmi(visit->heap, place.handle));
	CHECK_EQ(-ESTALE, memmgr_heap_query(visit->heap, place.handle, &block));
	return 0;
}

static int contexts_serve(const char *engine)
{
	struct visit visit = { .heap = client_heap(engine, SZ_64K, 0) };
	enum context context;
	int ret = 0;

	CHECK(!IS_ERR(visit.heap));
	for (context = 0; context < CONTEXTS && !ret; context++) {
		visit.served = context != IN_NMI || is_chunk(engine);
		ret = run_in(context, live_at_once, &visit);
		if (!ret)
			CHECK(settles(visit.heap, 0));
	}
	memmgr_heap_destroy(visit.heap);
	return ret;
}

static int every_context_serves_every_engine(long unused)
{
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(engines) && !ret; i++)
		ret = contexts_serve(engines[i]);
	CHECK_EQ(0, ret < 0 && ret != -EPROTO ? ret : 0);
	return ret;
}

/* --- errors --------------------------------------------------------------- */

static int refuse_at_once(void *arg)
{
	struct memmgr_heap *heap = arg;
	struct memmgr_wish wish = { .size = 0 };
	struct memmgr_place place, quarter[4];
	int i, ret;

	CHECK_EQ(-EINVAL, memmgr_heap_alloc_atomic(heap, &wish, &place));
	wish.size = 100;
	wish.align = 3;
	CHECK_EQ(-EINVAL, memmgr_heap_alloc_atomic(heap, &wish, &place));
	wish.align = 0;
	wish.policy = 9;
	CHECK_EQ(-EINVAL, memmgr_heap_alloc_atomic(heap, &wish, &place));
	wish.policy = 0;
	wish.size = SZ_64K + 1;
	CHECK_EQ(-ENOMEM, memmgr_heap_alloc_atomic(heap, &wish, &place));
	wish.size = SZ_16K;
	for (i = 0; i < 4; i++)
		CHECK_EQ(0, memmgr_heap_alloc_atomic(heap, &wish, &quarter[i]));
	wish.size = 1;
	CHECK_EQ(-ENOMEM, memmgr_heap_alloc_atomic(heap, &wish, &place));
	CHECK_EQ(0, memmgr_heap_free_atomic(heap, quarter[0].handle));
	CHECK_EQ(0, memmgr_heap_free_atomic(heap, quarter[2].handle));
	wish.size = SZ_16K + 1;
	for (i = 0; i < 64; i++) { /* the search may be too long for one call */
		ret = memmgr_heap_alloc_atomic(heap, &wish, &place);
		if (ret != -EAGAIN)
			break;
	}
	CHECK_EQ(-ENOSPC, ret);
	CHECK_EQ(-ENOENT, memmgr_heap_free_atomic(heap, 0));
	CHECK_EQ(-ENOENT, memmgr_heap_free_nmi(heap, 0));
	CHECK_EQ(-ENOENT, memmgr_heap_free_nmi(heap, ~0ULL));
	CHECK_EQ(-ENOENT, memmgr_heap_free_nmi(heap, quarter[1].handle + (1ULL << 32)));
	CHECK_EQ(0, memmgr_heap_free_atomic(heap, quarter[1].handle));
	CHECK_EQ(0, memmgr_heap_free_atomic(heap, quarter[3].handle));
	return 0;
}

static int atomic_refusals_have_their_errno(long unused)
{
	struct memmgr_heap *heap = client_heap("chunk", SZ_64K, 0);
	int ret;

	CHECK(!IS_ERR(heap));
	ret = run_in(IN_HARDIRQ, refuse_at_once, heap);
	memmgr_heap_destroy(heap);
	return ret;
}

static int readonly_is_refused_at_once(long fd)
{
	struct memmgr_heap *heap = memmgr_heap_attach(fd);
	struct memmgr_wish wish = { .size = 100 };
	struct memmgr_place place;

	CHECK(!IS_ERR(heap));
	CHECK_EQ(-EPERM, memmgr_heap_alloc_atomic(heap, &wish, &place));
	CHECK_EQ(-EPERM, memmgr_heap_alloc_nmi(heap, &wish, &place));
	CHECK_EQ(-EPERM, memmgr_heap_free_atomic(heap, 1ULL << 32));
	CHECK_EQ(-EPERM, memmgr_heap_free_nmi(heap, 1ULL << 32));
	memmgr_heap_destroy(heap);
	return 0;
}

/* --- by pointer ----------------------------------------------------------- */

static int free_by_pointer(void *arg)
{
	struct memmgr_wish wish = { .size = 100 };
	struct memmgr_heap *heap = arg;
	struct memmgr_place place;

	CHECK_EQ(0, memmgr_heap_alloc_atomic(heap, &wish, &place));
	CHECK_EQ(-ENOENT, memmgr_heap_free_at_atomic(heap, place.memory + 16));
	CHECK_EQ(-ENOENT, memmgr_heap_free_at_atomic(heap, place.memory + 1));
	CHECK_EQ(-ENOENT, memmgr_heap_free_at_atomic(heap, &place));
	CHECK_EQ(0, memmgr_heap_free_at_atomic(heap, place.memory));
	CHECK_EQ(-ENOENT, memmgr_heap_free_at_atomic(heap, place.memory));
	return 0;
}

static int pointers_are_freed_at_once(long unused)
{
	struct memmgr_heap *heap = client_heap("chunk", SZ_64K, MEMMGR_HEAP_POINTERS);
	struct memmgr_heap *without = client_heap("chunk", SZ_64K, 0);
	enum context context;
	int ret = 0;

	CHECK(!IS_ERR(heap) && !IS_ERR(without));
	CHECK_EQ(-EOPNOTSUPP,
		 memmgr_heap_free_at_atomic(without, memmgr_heap_memory(without, 0)));
	for (context = 0; context < CONTEXTS && !ret; context++)
		ret = run_in(context, free_by_pointer, heap);
	CHECK(ret || settles(heap, 0));
	memmgr_heap_destroy(heap);
	memmgr_heap_destroy(without);
	return ret;
}

/* --- the stock ------------------------------------------------------------ */

struct greed {
	struct memmgr_heap *heap;
	u64 size;
	u32 got;
	int error;
};

/* Allocate until that fails, leave it all there. */
static int take_all(void *arg)
{
	struct greed *greed = arg;
	struct memmgr_wish wish = { .size = greed->size };
	struct memmgr_place place;

	greed->got = 0;
	while (!(greed->error = memmgr_heap_alloc_atomic(greed->heap, &wish, &place)))
		greed->got++;
	return 0;
}

#define SEGMENT 1024U /* slots that a table grows by */
#define SHELF 32U /* slots that each CPU has in stock */

/*
 * In an interrupt nothing grows: there are the slots of the first segment, but for
 * those on other CPUs' shelves.
 */
static int stock_is_what_atomic_callers_have(long unused)
{
	struct greed greed = { .heap = client_heap("chunk", SZ_1M, 0), .size = 16 };
	u32 all = SEGMENT - SHELF * (num_possible_cpus() - 1);
	u32 sum;

	CHECK(!IS_ERR(greed.heap));
	CHECK_EQ(0, run_in(IN_HARDIRQ, take_all, &greed));
	CHECK_EQ(-EAGAIN, greed.error);
	CHECK_EQ(all, greed.got);
	for (sum = greed.got; sum < 4 * SEGMENT; sum += greed.got) {
		msleep(20);
		CHECK_EQ(0, run_in(IN_NMI, take_all, &greed));
		CHECK_EQ(-EAGAIN, greed.error);
		CHECK(greed.got >= SHELF);
	}
	CHECK_EQ(sum, client_blocks(greed.heap));
	CHECK_EQ(sum, memmgr_heap_sweep(greed.heap, NULL, NULL));
	memmgr_heap_destroy(greed.heap);
	return 0;
}

#define READY 4U

static int check_ready(const char *engine)
{
	struct memmgr_heap *heap = heap_with_ready(engine, SZ_1M, SZ_4K, READY);
	struct greed greed = { .heap = heap, .size = 4000 };
	u32 blocks = 0, ready = num_possible_cpus() * READY;
	struct memmgr_wish aligned = { .size = 100, .align = 64 };
	struct memmgr_place place;
	struct memmgr_stat stat;

	CHECK(!IS_ERR(heap));
	memmgr_heap_stat(heap, &stat);
	CHECK_EQ(ready * SZ_4K, stat.out_pending);
	CHECK_EQ(0, client_blocks(heap));

	/* Ordinary users cannot have them. */
	while (!client_alloc(heap, SZ_4K, 0, &place))
		blocks++;
	CHECK_EQ(SZ_1M / SZ_4K - ready, blocks);
	CHECK_EQ(-ENOMEM, client_alloc(heap, 1, 0, &place));

	/* Those who cannot wait get them; this CPU's. */
	greed.size = SZ_4K + 1;
	CHECK_EQ(0, run_in(IN_NMI, take_all, &greed));
	CHECK_EQ(0, greed.got);
	greed.size = SZ_4K;
	CHECK(memmgr_heap_alloc_nmi(heap, &aligned, &place));
	CHECK_EQ(0, run_in(IN_NMI, take_all, &greed));
	CHECK_EQ(READY, greed.got);
	blocks += greed.got;
	CHECK_EQ(blocks, client_blocks(heap));
	memmgr_heap_stat(heap, &stat);
	CHECK_EQ((ready - READY) * SZ_4K, stat.out_pending);

	/* They are replaced as soon as there is memory, and given back in the end. */
	CHECK_EQ(blocks, memmgr_heap_sweep(heap, NULL, NULL));
	msleep(100);
	memmgr_heap_stat(heap, &stat);
	CHECK_EQ(ready * SZ_4K, stat.out_pending);
	CHECK_EQ(0, client_blocks(heap));
	memmgr_heap_destroy(heap);
	return 0;
}

static int ready_blocks_are_for_atomic_callers(long unused)
{
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(engines) && !ret; i++)
		ret = check_ready(engines[i]);
	return ret;
}

static int nonsense_is_not_made_ready(long unused)
{
	CHECK_EQ(-EINVAL, PTR_ERR(heap_with_ready("chunk", SZ_64K, 0, 1)));
	CHECK_EQ(-EINVAL, PTR_ERR(heap_with_ready("chunk", SZ_64K, 16, 0)));
	CHECK_EQ(-EINVAL, PTR_ERR(heap_with_ready("chunk", SZ_64K, 16, MEMMGR_READY_MAX + 1)));
	CHECK_EQ(-EINVAL, PTR_ERR(heap_with_ready("chunk", SZ_64K, SZ_128K, 1)));
	CHECK_EQ(-ENOMEM, PTR_ERR(heap_with_ready("chunk", SZ_64K, SZ_64K, 2)));
	return 0;
}

/* ebuddy's emergency heap: not for ordinary users, but for those who cannot wait. */
static int engine_reserve_is_for_atomic_callers(long unused)
{
	struct memmgr_heap_config config = {
		.name = "test", .engine = "ebuddy", .size = SZ_64K, .reserve = SZ_16K,
	};
	struct greed greed = { .heap = memmgr_heap_create(&config), .size = SZ_4K };

	CHECK(!IS_ERR(greed.heap));
	CHECK_EQ(0, run_in(IN_HARDIRQ, take_all, &greed));
	CHECK_EQ(SZ_64K / SZ_4K, greed.got);
	CHECK_EQ(-ENOMEM, greed.error);
	memmgr_heap_sweep(greed.heap, NULL, NULL);
	memmgr_heap_destroy(greed.heap);
	return 0;
}

/* --- freed, not yet given back -------------------------------------------- */

static int die_by_pend(struct memmgr_heap *heap)
{
	struct memmgr_place place;
	struct memmgr_stat stat;
	u32 i, cursor;
	struct memmgr_block block;

	for (i = 0; i < 3000; i++) {
		CHECK_EQ(0, client_alloc(heap, 16, i, &place));
		CHECK_EQ(0, memmgr_heap_free_nmi(heap, place.handle));
		CHECK_EQ(-ESTALE, memmgr_heap_free_nmi(heap, place.handle));
		CHECK_EQ(-ESTALE, memmgr_heap_free(heap, place.handle));
		CHECK_EQ(-ESTALE, memmgr_heap_realloc(heap, place.handle, 32, 0, &place));
		cursor = 0;
		if (i % 256 == 0)
			CHECK(!memmgr_heap_next(heap, NULL, &cursor, &block));
	}
	CHECK_EQ(0, memmgr_heap_sweep(heap, NULL, NULL));
	CHECK(settles(heap, 0));
	memmgr_heap_stat(heap, &stat);
	CHECK_EQ(3000, stat.out_frees);
	CHECK_EQ(SZ_64K, stat.out_free);
	CHECK_EQ(0, stat.out_owner_blocks);
	return 0;
}

/* Nobody waits for the deferred work who can do it himself. */
static int slow_path_drains(struct memmgr_heap *heap)
{
	struct memmgr_place place;
	int i;

	CHECK_EQ(0, client_alloc(heap, SZ_64K, 0, &place));
	for (i = 0; i < 1000; i++) {
		CHECK_EQ(0, memmgr_heap_free_nmi(heap, place.handle));
		CHECK_EQ(0, client_alloc(heap, SZ_64K, 0, &place));
	}
	CHECK_EQ(0, memmgr_heap_free_nmi(heap, place.handle));
	return 0; /* destroyed as it is: that is no leak */
}

static int dead_blocks_are_drained(long unused)
{
	struct memmgr_heap *heap;
	int i, ret = 0;

	for (i = 0; i < ARRAY_SIZE(engines) && !ret; i++) {
		heap = client_heap(engines[i], SZ_64K, 0);
		CHECK(!IS_ERR(heap));
		ret = die_by_pend(heap) ?: slow_path_drains(heap);
		memmgr_heap_destroy(heap);
	}
	return ret;
}

const struct client_case client_atomic_cases[] = {
	CLIENT_CASE(every_context_serves_every_engine),
	CLIENT_CASE(atomic_refusals_have_their_errno),
	CLIENT_CASE(readonly_is_refused_at_once),
	CLIENT_CASE(pointers_are_freed_at_once),
	CLIENT_CASE(stock_is_what_atomic_callers_have),
	CLIENT_CASE(ready_blocks_are_for_atomic_callers),
	CLIENT_CASE(nonsense_is_not_made_ready),
	CLIENT_CASE(engine_reserve_is_for_atomic_callers),
	CLIENT_CASE(dead_blocks_are_drained),
	{}
};
