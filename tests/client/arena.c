// SPDX-License-Identifier: GPL-2.0
/*
 * Arenas of kernel code: made, attached to, handed to processes, destroyed.
 */
#include "client.h"

static struct memmgr_heap *held; /* between two cases of one test */

static int create_refuses_nonsense(long unused)
{
	struct memmgr_heap_config config = { .name = "test", .size = SZ_64K };

	config.size = 0;
	CHECK_EQ(-EINVAL, PTR_ERR(memmgr_heap_create(&config)));
	config.size = SZ_64K;
	config.granule = 24;
	CHECK_EQ(-EINVAL, PTR_ERR(memmgr_heap_create(&config)));
	config.granule = 8;
	CHECK_EQ(-EINVAL, PTR_ERR(memmgr_heap_create(&config)));
	config.granule = 0;
	config.flags = 1U << 31;
	CHECK_EQ(-EINVAL, PTR_ERR(memmgr_heap_create(&config)));
	config.flags = 0;
	config.engine = "none such";
	CHECK_EQ(-ENOENT, PTR_ERR(memmgr_heap_create(&config)));
	config.engine = "chunk";
	config.reserve = SZ_4K;
	CHECK_EQ(-EINVAL, PTR_ERR(memmgr_heap_create(&config)));
	config.engine = "ebuddy";
	config.reserve = SZ_64K;
	CHECK_EQ(-EINVAL, PTR_ERR(memmgr_heap_create(&config)));
	config.reserve = 0;
	config.size = 1ULL << 60;
	CHECK_EQ(-EDQUOT, PTR_ERR(memmgr_heap_create(&config)));
	memmgr_heap_destroy(NULL);
	memmgr_heap_destroy(ERR_PTR(-ENOMEM));
	return 0;
}

static int create_serves_every_engine(long unused)
{
	static const char * const engines[] = {
		NULL, "first_fit", "best_fit", "chunk", "buddy", "ebuddy",
	};
	struct memmgr_heap *heap;
	struct memmgr_stat stat;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		heap = client_heap(engines[i], SZ_64K, 0);
		CHECK(!IS_ERR(heap));
		memmgr_heap_stat(heap, &stat);
		CHECK_EQ(SZ_64K, stat.out_size);
		CHECK_EQ(SZ_64K, stat.out_free);
		CHECK_EQ(1, stat.out_owners);
		memmgr_heap_destroy(heap);
	}
	return 0;
}

/* One visible arena, one hidden. They stay until "let_go". */
static struct memmgr_heap *hidden;

static int hold_two_arenas(long unused)
{
	held = client_heap("chunk", SZ_64K, MEMMGR_HEAP_VISIBLE);
	hidden = client_heap("chunk", SZ_64K, 0);
	CHECK(!IS_ERR(held) && !IS_ERR(hidden));
	return 0;
}

static int let_go(long unused)
{
	memmgr_heap_destroy(held);
	memmgr_heap_destroy(hidden);
	held = NULL;
	hidden = NULL;
	return 0;
}

/* Says a descriptor of a new arena with a block in it. Stays until "let_go". */
static int hand_out(long flags)
{
	struct memmgr_wish wish = { .size = 100, .tag = 7, .policy = MEMMGR_POLICY_KEEP };
	struct memmgr_place place;
	int fd;

	held = client_heap("chunk", SZ_64K, MEMMGR_HEAP_MAPPABLE);
	CHECK(!IS_ERR(held));
	CHECK_EQ(0, memmgr_heap_alloc(held, &wish, 0, &place));
	strcpy(place.memory, "from the kernel");
	CHECK_EQ(-EINVAL, memmgr_heap_fd(held, 1U << 5));
	fd = memmgr_heap_fd(held, flags);
	CHECK(fd >= 0);
	client_say(fd);
	return 0;
}

static int unmappable_is_not_handed_out(long unused)
{
	struct memmgr_heap *heap = client_heap("chunk", SZ_64K, MEMMGR_HEAP_VISIBLE);

	CHECK(!IS_ERR(heap));
	CHECK_EQ(-EPERM, memmgr_heap_fd(heap, 0));
	memmgr_heap_destroy(heap);
	return 0;
}

static int attach_refuses_others(long fd)
{
	CHECK_EQ(-EBADF, PTR_ERR(memmgr_heap_attach(-1)));
	CHECK_EQ(-EINVAL, PTR_ERR(memmgr_heap_attach(fd)));
	return 0;
}

/* The heap stays until "let_go", the descriptor need not. */
static int attach_and_alloc(long fd)
{
	struct memmgr_place place;
	struct memmgr_stat stat;

	held = memmgr_heap_attach(fd);
	CHECK(!IS_ERR(held));
	CHECK_EQ(0, client_alloc(held, 100, 42, &place));
	memset(place.memory, 0x42, 100);
	memmgr_heap_stat(held, &stat);
	CHECK_EQ(1, stat.out_owner_blocks);
	return 0;
}

/* What "attach_and_alloc" made is all that there is now. */
static int attached_still_works(long blocks)
{
	struct memmgr_match own = { .own = true };
	struct memmgr_block block;
	u32 cursor = 0;

	CHECK_EQ(blocks, client_blocks(held));
	CHECK(memmgr_heap_next(held, &own, &cursor, &block));
	CHECK_EQ(42, block.tag);
	CHECK_EQ(0x42, *(char *)memmgr_heap_memory(held, block.offset));
	CHECK_EQ(1, memmgr_heap_sweep(held, NULL, NULL));
	CHECK_EQ(blocks - 1, client_blocks(held));
	return 0;
}

static int readonly_may_only_look(long fd)
{
	struct memmgr_heap *heap = memmgr_heap_attach(fd);
	struct memmgr_block block;
	struct memmgr_place place;
	u32 cursor = 0;

	CHECK(!IS_ERR(heap));
	CHECK(memmgr_heap_next(heap, NULL, &cursor, &block));
	CHECK_EQ(0, memmgr_heap_query(heap, block.handle, &block));
	CHECK_EQ(-EPERM, client_alloc(heap, 100, 0, &place));
	CHECK_EQ(-EPERM, memmgr_heap_free(heap, block.handle));
	CHECK_EQ(-EPERM, memmgr_heap_free_at(heap, memmgr_heap_memory(heap, block.offset)));
	CHECK_EQ(-EPERM, memmgr_heap_realloc(heap, block.handle, 10, 0, &place));
	CHECK_EQ(0, memmgr_heap_sweep(heap, NULL, NULL));
	memmgr_heap_destroy(heap);
	return 0;
}

/* On purpose: the log is then searched for the report. */
static noinline int leave_blocks(struct memmgr_heap *heap)
{
	struct memmgr_wish kept = { .size = 8, .tag = 0x1eaf, .policy = MEMMGR_POLICY_KEEP };
	struct memmgr_place place;
	int i;

	for (i = 0; i < 3; i++)
		CHECK_EQ(0, client_alloc(heap, 100, 0x2a, &place));
	CHECK_EQ(0, memmgr_heap_alloc(heap, &kept, 0, &place));
	for (i = 0; i < 30; i++)
		CHECK_EQ(0, client_alloc(heap, 16, 0x1000 + i, &place));
	return 0;
}

static int leak_on_purpose(long flags)
{
	struct memmgr_heap_config config = {
		.name = "leaky", .engine = "chunk", .size = SZ_64K, .flags = flags,
	};
	struct memmgr_heap *heap = memmgr_heap_create(&config);
	int ret;

	CHECK(!IS_ERR(heap));
	ret = leave_blocks(heap);
	memmgr_heap_destroy(heap);
	return ret;
}

/* Never destroyed by us: memmgr.ko does it when it goes. */
static int forget_a_heap(long unused)
{
	struct memmgr_heap_config config = { .name = "forgotten", .size = SZ_64K };
	struct memmgr_heap *heap = memmgr_heap_create(&config);
	struct memmgr_place place;

	CHECK(!IS_ERR(heap));
	CHECK_EQ(0, client_alloc(heap, 100, 0, &place));
	return 0;
}

const struct client_case client_arena_cases[] = {
	CLIENT_CASE(create_refuses_nonsense),
	CLIENT_CASE(create_serves_every_engine),
	CLIENT_CASE(hold_two_arenas),
	CLIENT_CASE(let_go),
	CLIENT_CASE(hand_out),
	CLIENT_CASE(unmappable_is_not_handed_out),
	CLIENT_CASE(attach_refuses_others),
	CLIENT_CASE(attach_and_alloc),
	CLIENT_CASE(attached_still_works),
	CLIENT_CASE(readonly_may_only_look),
	CLIENT_CASE(leak_on_purpose),
	CLIENT_CASE(forget_a_heap),
	{}
};
