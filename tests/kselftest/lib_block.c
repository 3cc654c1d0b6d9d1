// SPDX-License-Identifier: GPL-2.0
/* libmemmgr: blocks by handle, and visiting them. */
#include "lib_test.h"

#define MANY 500

TEST_F(arena, block_is_wholly_the_callers)
{
	struct memmgr_alloc want = { .size = 100, .align = 256, .tag = 3 };
	struct memmgr_block block;

	ASSERT_EQ(0, memmgr_block_alloc(self->m, &want));
	EXPECT_EQ(0, want.out_offset % 256);
	memset(memmgr_at(self->m, want.out_offset), 0xff, want.out_usable);

	EXPECT_EQ(0, memmgr_block_query(self->m, want.out_handle, &block));
	EXPECT_EQ(want.out_handle, block.handle);
	EXPECT_EQ(want.out_offset, block.offset);
	EXPECT_EQ(100, block.size);
	EXPECT_EQ(want.out_usable, block.usable);
	EXPECT_EQ(3, block.tag);
	EXPECT_EQ(MEMMGR_STATE_OWNED, block.state);
	EXPECT_EQ(0, memmgr_block_free(self->m, want.out_handle));
	EXPECT_FAILS(ESTALE, memmgr_block_free(self->m, want.out_handle));
	EXPECT_FAILS(ESTALE, memmgr_block_query(self->m, want.out_handle, &block));
	EXPECT_FAILS(ENOENT, memmgr_block_free(self->m, 0));
}

TEST_F(arena, enospc_tells_the_largest_hole)
{
	struct memmgr_alloc quarters[4];
	struct memmgr_alloc more = { .size = L_SIZE / 4 + 1 };
	int i;

	for (i = 0; i < 4; i++) {
		quarters[i] = (struct memmgr_alloc){ .size = L_SIZE / 4 };
		ASSERT_EQ(0, memmgr_block_alloc(self->m, &quarters[i]));
	}
	EXPECT_EQ(0, memmgr_block_free(self->m, quarters[0].out_handle));
	EXPECT_EQ(0, memmgr_block_free(self->m, quarters[2].out_handle));
	EXPECT_FAILS(ENOSPC, memmgr_block_alloc(self->m, &more));
	EXPECT_EQ(L_SIZE / 4, more.out_largest);
}

TEST_F(arena, realloc_keeps_the_handle)
{
	struct memmgr_alloc want = { .size = 100 };
	struct memmgr_alloc neighbour = { .size = 1 };
	struct memmgr_realloc change = { .size = 5000, .flags = MEMMGR_REALLOC_IN_PLACE };
	struct memmgr_block block;

	ASSERT_EQ(0, memmgr_block_alloc(self->m, &want));
	ASSERT_EQ(0, memmgr_block_alloc(self->m, &neighbour));
	change.handle = want.out_handle;
	EXPECT_FAILS(ENOSPC, memmgr_block_realloc(self->m, &change));
	change.flags = 0;
	EXPECT_EQ(0, memmgr_block_realloc(self->m, &change));
	EXPECT_NE(want.out_offset, change.out_offset);
	EXPECT_EQ(0, memmgr_block_query(self->m, want.out_handle, &block));
	EXPECT_EQ(5000, block.size);
	EXPECT_EQ(change.out_offset, block.offset);
}

TEST_F(arena, every_byte_of_a_block_finds_it)
{
	struct memmgr_alloc want = { .size = 64 };
	struct memmgr_block block;

	ASSERT_EQ(0, memmgr_block_alloc(self->m, &want));
	EXPECT_EQ(0, memmgr_block_at(self->m, want.out_offset, &block));
	EXPECT_EQ(want.out_handle, block.handle);
	EXPECT_EQ(0, memmgr_block_at(self->m, want.out_offset + 63, &block));
	EXPECT_FAILS(ENOENT, memmgr_block_at(self->m, want.out_offset + 64, &block));
	EXPECT_FAILS(ENOENT, memmgr_block_at(self->m, UINT64_MAX, &block));
}

/* ---- visiting ---- */

/* What a visitor does and has seen. */
struct visitor {
	unsigned int visits;
	unsigned int stop_at;
	uint64_t tags;
	uint64_t handles[2 * MANY];
};

static int look(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	struct visitor *visitor = context;

	(void)m;
	if (visitor->visits < 2 * MANY)
		visitor->handles[visitor->visits] = block->handle;
	visitor->visits++;
	visitor->tags += block->tag;
	return visitor->visits == visitor->stop_at ? 42 : 0;
}

static int free_it(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	look(m, block, context);
	return memmgr_block_free(m, block->handle);
}

static int free_pointer(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	look(m, block, context);
	return memmgr_free(m, memmgr_pointer(m, block->handle));
}

static int replace_it(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	look(m, block, context);
	if (memmgr_block_free(m, block->handle))
		return -1;
	return memmgr_alloc(m, 1, block->tag) ? 0 : -1;
}

static int visit_each(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	(void)block;
	return memmgr_iterate(m, NULL, look, context);
}

static bool fill(struct memmgr *m, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!memmgr_alloc(m, 1 + i % 50, i))
			return false;
	return true;
}

TEST_F(arena, empty_arena_has_nothing_to_visit)
{
	struct visitor visitor = {};

	EXPECT_EQ(0, memmgr_iterate(self->m, NULL, look, &visitor));
	EXPECT_EQ(0, visitor.visits);
}

TEST_F(arena, every_block_is_visited_once)
{
	struct visitor visitor = {};
	unsigned int i, j;

	ASSERT_TRUE(fill(self->m, MANY));
	EXPECT_EQ(0, memmgr_iterate(self->m, NULL, look, &visitor));
	ASSERT_EQ(MANY, visitor.visits);
	EXPECT_EQ(MANY * (MANY - 1) / 2, visitor.tags);
	for (i = 0; i < MANY; i++)
		for (j = 0; j < i; j++)
			ASSERT_NE(visitor.handles[i], visitor.handles[j]);
}

TEST_F(arena, visitor_that_returns_something_ends_the_walk)
{
	struct visitor visitor = { .stop_at = 70 };

	ASSERT_TRUE(fill(self->m, MANY));
	EXPECT_EQ(42, memmgr_iterate(self->m, NULL, look, &visitor));
	EXPECT_EQ(70, visitor.visits);
}

TEST_F(arena, visitor_may_free_every_block)
{
	struct visitor visitor = {};

	ASSERT_TRUE(fill(self->m, MANY));
	EXPECT_EQ(0, memmgr_iterate(self->m, NULL, free_it, &visitor));
	EXPECT_EQ(MANY, visitor.visits);
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

TEST_F(arena, visitor_may_free_by_pointer)
{
	struct visitor visitor = {};

	ASSERT_TRUE(fill(self->m, MANY));
	EXPECT_EQ(0, memmgr_iterate(self->m, NULL, free_pointer, &visitor));
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

/* Blocks born meanwhile are visited at most once, so it may take longer, but it ends. */
TEST_F(arena, visitor_may_allocate)
{
	struct visitor visitor = {};
	int ret;

	ASSERT_TRUE(fill(self->m, 10));
	ret = memmgr_iterate(self->m, NULL, replace_it, &visitor);
	EXPECT_EQ(0, ret);
	EXPECT_LE(10, visitor.visits);
	EXPECT_EQ(10, l_blocks(self->m));
}

TEST_F(arena, visitor_may_iterate)
{
	struct visitor visitor = {};

	ASSERT_TRUE(fill(self->m, 20));
	EXPECT_EQ(0, memmgr_iterate(self->m, NULL, visit_each, &visitor));
	EXPECT_EQ(400, visitor.visits);
}

TEST_F(arena, filter_by_tag)
{
	const struct memmgr_filter odd = { .tag_value = 1, .tag_mask = 1 };
	const struct memmgr_filter one = { .tag_value = 7, .tag_mask = UINT32_MAX };
	struct visitor visitor = {};

	ASSERT_TRUE(fill(self->m, MANY));
	EXPECT_EQ(0, memmgr_iterate(self->m, &odd, look, &visitor));
	EXPECT_EQ(MANY / 2, visitor.visits);
	visitor = (struct visitor){};
	EXPECT_EQ(0, memmgr_iterate(self->m, &one, look, &visitor));
	EXPECT_EQ(1, visitor.visits);
	EXPECT_EQ(7, visitor.tags);
}

TEST_F(arena, filter_by_owner_and_state)
{
	struct memmgr *other = memmgr_attach(self->m, 0);
	struct memmgr_filter filter = { .flags = MEMMGR_ITERATE_OWNER };
	struct memmgr_info info;
	struct visitor visitor = {};

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, memmgr_info(other, &info));
	ASSERT_TRUE(fill(self->m, 3));
	ASSERT_NE(NULL, memmgr_aligned_alloc(other, 0, 1, 1000, MEMMGR_KEEP));

	filter.owner = info.out_owner;
	EXPECT_EQ(0, memmgr_iterate(self->m, &filter, look, &visitor));
	EXPECT_EQ(1, visitor.visits);
	EXPECT_EQ(1000, visitor.tags);
	memmgr_close(other);

	visitor = (struct visitor){};
	filter.owner = 0;
	EXPECT_EQ(0, memmgr_iterate(self->m, &filter, look, &visitor));
	EXPECT_EQ(1000, visitor.tags);

	visitor = (struct visitor){};
	filter = (struct memmgr_filter){ .states = MEMMGR_STATE_ORPHAN };
	EXPECT_EQ(0, memmgr_iterate(self->m, &filter, look, &visitor));
	EXPECT_EQ(1000, visitor.tags);

	visitor = (struct visitor){};
	filter.states = MEMMGR_STATE_OWNED;
	EXPECT_EQ(0, memmgr_iterate(self->m, &filter, look, &visitor));
	EXPECT_EQ(3, visitor.visits);
}

TEST_F(arena, filter_that_is_malformed_is_einval)
{
	struct memmgr_filter filter = { .flags = 2 };
	struct visitor visitor = {};

	EXPECT_FAILS(EINVAL, memmgr_iterate(self->m, &filter, look, &visitor));
	filter = (struct memmgr_filter){ .states = 8 };
	EXPECT_FAILS(EINVAL, memmgr_iterate(self->m, &filter, look, &visitor));
	EXPECT_EQ(0, visitor.visits);
}

TEST_HARNESS_MAIN
