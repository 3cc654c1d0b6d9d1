// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_ALLOC: what a block gets, and why a request gets none.
 */
#include "memmgr_test.h"

FIXTURE(arena)
{
	int fd;
	__u64 size;
	__u64 granule;
	struct memmgr_alloc alloc;
};

FIXTURE_VARIANT(arena)
{
	__u64 size;
	__u32 granule;
};

FIXTURE_VARIANT_ADD(arena, power_of_two)
{
	.size = T_MIB,
};

FIXTURE_VARIANT_ADD(arena, five_pages)
{
	.size = 5 * T_PAGE,
};

FIXTURE_VARIANT_ADD(arena, granule_of_a_page)
{
	.size = T_MIB, .granule = T_PAGE,
};

FIXTURE_VARIANT_ADD(arena, largest_granule)
{
	.size = 5 * MEMMGR_GRANULE_MAX, .granule = MEMMGR_GRANULE_MAX,
};

FIXTURE_SETUP(arena)
{
	self->fd = t_arena(variant->size, variant->granule);
	ASSERT_LE(0, self->fd);
	self->size = variant->size;
	self->granule = variant->granule ?: MEMMGR_GRANULE_DEFAULT;
}

FIXTURE_TEARDOWN(arena)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

static __u64 round_up(__u64 value, __u64 unit)
{
	return (value + unit - 1) / unit * unit;
}

static bool power_of_two(__u64 value)
{
	return value && !(value & (value - 1));
}

static __u64 power_of_two_above(__u64 value)
{
	__u64 power = 1;

	while (power < value)
		power *= 2;
	return power;
}

TEST_F(arena, block_is_as_asked)
{
	struct memmgr_block block;
	__u64 size = self->granule + 1;

	ASSERT_EQ(0, t_alloc_full(self->fd, size, 2 * self->granule, 0xdeadbeef, 0,
				  MEMMGR_POLICY_KEEP, &self->alloc));
	EXPECT_NE(0, self->alloc.out_handle);
	EXPECT_EQ(0, self->alloc.out_offset % (2 * self->granule));
	EXPECT_EQ(2 * self->granule, self->alloc.out_usable);
	EXPECT_EQ(0, self->alloc.out_largest);

	ASSERT_EQ(0, t_query(self->fd, self->alloc.out_handle, &block));
	EXPECT_EQ(self->alloc.out_handle, block.handle);
	EXPECT_EQ(self->alloc.out_offset, block.offset);
	EXPECT_EQ(self->alloc.out_usable, block.usable);
	EXPECT_EQ(size, block.size);
	EXPECT_EQ(2 * self->granule, block.align);
	EXPECT_EQ(0xdeadbeef, block.tag);
	EXPECT_EQ(MEMMGR_POLICY_KEEP, block.policy);
	EXPECT_EQ(MEMMGR_STATE_OWNED, block.state);
	EXPECT_EQ(0, block.relative);
}

TEST_F(arena, size_zero_is_einval)
{
	EXPECT_EQ(-EINVAL, t_alloc(self->fd, 0, &self->alloc));
}

TEST_F(arena, alignment_zero_is_the_granule)
{
	struct memmgr_block block;

	ASSERT_EQ(0, t_alloc(self->fd, 1, &self->alloc));
	EXPECT_EQ(self->granule, self->alloc.out_usable);
	ASSERT_EQ(0, t_query(self->fd, self->alloc.out_handle, &block));
	EXPECT_EQ(self->granule, block.align);
	EXPECT_EQ(1, block.size);
}

TEST_F(arena, alignment_below_the_granule_is_the_granule)
{
	struct memmgr_block block;

	for (__u64 align = 1; align < self->granule; align *= 2) {
		ASSERT_EQ(0, t_alloc_full(self->fd, 1, align, 0, 0, 0, &self->alloc));
		ASSERT_EQ(0, t_query(self->fd, self->alloc.out_handle, &block));
		EXPECT_EQ(self->granule, block.align);
		ASSERT_EQ(0, t_free(self->fd, self->alloc.out_handle));
	}
}

TEST_F(arena, alignment_not_a_power_of_two_is_einval)
{
	__u64 bad[] = { 3, 15, 17, 24, 4095, 4097, (1ULL << 32) + 16, (1ULL << 63) + 1, ~0ULL };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, t_alloc_full(self->fd, 1, bad[i], 0, 0, 0, &self->alloc))
			TH_LOG("alignment %#llx", (unsigned long long)bad[i]);
	}
}

TEST_F(arena, every_alignment_up_to_the_arena_is_kept)
{
	__u64 highest = power_of_two_above(self->size);
	__u64 first = t_block(self->fd, 1, 0, 0);

	ASSERT_NE(0, first);
	for (__u64 align = self->granule; align < self->size; align *= 2) {
		ASSERT_EQ(0, t_alloc_full(self->fd, 1, align, 0, 0, 0, &self->alloc));
		EXPECT_EQ(0, self->alloc.out_offset % align);
		EXPECT_NE(0, self->alloc.out_offset);
		ASSERT_EQ(0, t_free(self->fd, self->alloc.out_handle));
	}
	ASSERT_EQ(0, t_free(self->fd, first));
	EXPECT_EQ(0, t_alloc_full(self->fd, 1, highest, 0, 0, 0, &self->alloc));
	EXPECT_EQ(0, self->alloc.out_offset);
	EXPECT_EQ(-EINVAL, t_alloc_full(self->fd, 1, highest * 2, 0, 0, 0, &self->alloc));
}

TEST_F(arena, unknown_policy_is_einval)
{
	__u32 bad[] = { 2, 3, 0x100, 0x10000, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, t_alloc_full(self->fd, 1, 0, 0, 0, bad[i], &self->alloc))
			TH_LOG("policy %#x", bad[i]);
	}
}

TEST_F(arena, any_tag_is_kept)
{
	__u32 tags[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	struct memmgr_block block;

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		__u64 handle = t_block(self->fd, 1, tags[i], 0);

		ASSERT_EQ(0, t_query(self->fd, handle, &block));
		EXPECT_EQ(tags[i], block.tag);
	}
}

/* What an empty arena must answer to a request, by the text of the interface. */
static int answer(__u64 arena, __u64 granule, __u64 size, __u64 align)
{
	if (!size)
		return -EINVAL;
	if (align && (!power_of_two(align) || align > power_of_two_above(arena)))
		return -EINVAL;
	if (size > arena || round_up(size, granule) > arena)
		return -ENOMEM;
	return 0;
}

TEST_F(arena, every_pair_of_edges_has_its_errno)
{
	__u64 b31 = 1ULL << 31, b32 = 1ULL << 32, b63 = 1ULL << 63;
	__u64 g = self->granule, n = self->size;
	__u64 edges[] = { 0, 1, g - 1, g, g + 1, n - 1, n, n + 1, 2 * n, b31 - 1, b31, b31 + 1,
			  b32 - 1, b32, b32 + 1, b32 + g, b63 - 1, b63, b63 + 1, ~0ULL - g, ~0ULL };
	size_t count = ARRAY_SIZE(edges), tried = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++, tried++) {
			__u64 size = edges[i], align = edges[j];
			int ret = t_alloc_full(self->fd, size, align, 0, 0, 0, &self->alloc);

			EXPECT_EQ(answer(n, g, size, align), ret)
				TH_LOG("size %#llx, alignment %#llx", (unsigned long long)size,
				       (unsigned long long)align);
			if (ret)
				continue;
			EXPECT_EQ(round_up(size, g), self->alloc.out_usable);
			EXPECT_EQ(0, self->alloc.out_offset % (align ?: 1));
			EXPECT_EQ(0, t_free(self->fd, self->alloc.out_handle));
		}
	}
	EXPECT_EQ(21 * 21, tried);
	EXPECT_STREQ("", t_remains(self->fd));
}

/* Fill the arena with blocks of @size bytes; how many there were. */
static unsigned int fill(int fd, __u64 size, __u64 *handle_at)
{
	struct memmgr_alloc alloc;
	unsigned int count = 0;

	while (!t_alloc(fd, size, &alloc)) {
		handle_at[alloc.out_offset / size] = alloc.out_handle;
		count++;
	}
	return count;
}

TEST_F(arena, arena_can_be_filled_to_the_last_granule)
{
	__u64 count = self->size / self->granule;
	__u64 *handle_at = calloc(count, sizeof(*handle_at));

	ASSERT_EQ(count, fill(self->fd, self->granule, handle_at));
	for (__u64 i = 0; i < count; i++) {
		ASSERT_NE(0, handle_at[i]);
	}
	EXPECT_EQ(-ENOMEM, t_alloc(self->fd, 1, &self->alloc));
	EXPECT_STREQ("", t_disorder(self->fd));

	for (__u64 i = 0; i < count; i++) {
		ASSERT_EQ(0, t_free(self->fd, handle_at[i]));
	}
	EXPECT_STREQ("", t_remains(self->fd));
	free(handle_at);
}

TEST_F(arena, scattered_holes_are_enospc_and_the_largest_is_told)
{
	__u64 count = self->size / self->granule;
	__u64 *handle_at = calloc(count, sizeof(*handle_at));

	ASSERT_EQ(count, fill(self->fd, self->granule, handle_at));
	ASSERT_EQ(0, t_free(self->fd, handle_at[0]));
	ASSERT_EQ(0, t_free(self->fd, handle_at[1]));
	ASSERT_EQ(0, t_free(self->fd, handle_at[3]));

	memset(&self->alloc, 0xff, sizeof(self->alloc));
	EXPECT_EQ(-ENOSPC, t_alloc(self->fd, 3 * self->granule, &self->alloc));
	EXPECT_EQ(2 * self->granule, self->alloc.out_largest);
	EXPECT_EQ(0, self->alloc.out_handle);
	EXPECT_EQ(0, self->alloc.out_offset);
	EXPECT_EQ(0, self->alloc.out_usable);
	EXPECT_EQ(-ENOMEM, t_alloc(self->fd, 4 * self->granule, &self->alloc));
	EXPECT_EQ(0, self->alloc.out_largest);
	EXPECT_EQ(0, t_alloc(self->fd, 2 * self->granule, &self->alloc));
	EXPECT_EQ(0, self->alloc.out_offset);
	free(handle_at);
}

TEST_F(arena, unreachable_alignment_is_enospc)
{
	__u64 first = t_block(self->fd, 1, 0, 0);

	ASSERT_NE(0, first);
	EXPECT_EQ(-ENOSPC, t_alloc_full(self->fd, self->granule, power_of_two_above(self->size),
					0, 0, 0, &self->alloc));
	EXPECT_EQ(self->size - self->granule, self->alloc.out_largest);
}

TEST_F(arena, failure_changes_nothing_but_its_counter)
{
	struct memmgr_stat before, after;

	ASSERT_NE(0, t_block(self->fd, 1, 0, 0));
	ASSERT_EQ(0, t_stat(self->fd, &before));
	EXPECT_EQ(-ENOMEM, t_alloc(self->fd, self->size, &self->alloc));
	EXPECT_EQ(-ENOSPC, t_alloc_full(self->fd, 1, power_of_two_above(self->size), 0, 0, 0,
					&self->alloc));
	ASSERT_EQ(0, t_stat(self->fd, &after));
	EXPECT_EQ(before.out_failures + 2, after.out_failures);
	before.out_failures = after.out_failures;
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(arena, malformed_requests_are_not_counted_as_failures)
{
	struct memmgr_stat stat;

	EXPECT_EQ(-EINVAL, t_alloc(self->fd, 0, &self->alloc));
	EXPECT_EQ(-EINVAL, t_alloc_full(self->fd, 1, 3, 0, 0, 0, &self->alloc));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.out_failures);
	EXPECT_EQ(0, stat.out_allocs);
}

TEST_F(arena, zeroed_block_is_zero_though_its_memory_was_used)
{
	unsigned char *base = t_map(self->fd, self->size, PROT_READ | PROT_WRITE);

	ASSERT_NE(MAP_FAILED, base);
	memset(base, 0xa5, self->size);
	ASSERT_EQ(0, t_alloc_full(self->fd, self->granule, 0, 0, 0, 0, &self->alloc));
	ASSERT_EQ(0, t_alloc_full(self->fd, self->granule + 1, 0, 0, MEMMGR_ALLOC_ZERO, 0,
				  &self->alloc));
	EXPECT_TRUE(t_all(base + self->alloc.out_offset, 0, self->alloc.out_usable));
	EXPECT_EQ(0xa5, base[self->alloc.out_offset - 1]);
	EXPECT_EQ(0xa5, base[self->alloc.out_offset + self->alloc.out_usable]);
}

TEST_F(arena, allocating_touches_no_memory)
{
	unsigned char *base = t_map(self->fd, self->size, PROT_READ | PROT_WRITE);
	__u64 handles[3];

	ASSERT_NE(MAP_FAILED, base);
	memset(base, 0xa5, self->size);
	for (int i = 0; i < 3; i++)
		handles[i] = t_block(self->fd, self->granule, 0, 0);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, t_free(self->fd, handles[i]));
	}
	EXPECT_TRUE(t_all(base, 0xa5, self->size));
}

TEST_F(arena, handles_are_never_repeated)
{
	enum { ROUNDS = 2000 };
	static __u64 seen[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		seen[i] = t_block(self->fd, 1, 0, 0);
		ASSERT_NE(0, seen[i]);
		ASSERT_EQ(0, t_free(self->fd, seen[i]));
	}
	for (int i = 0; i < ROUNDS; i++) {
		for (int j = 0; j < i; j++) {
			ASSERT_NE(seen[i], seen[j]);
		}
	}
}

TEST_HARNESS_MAIN
