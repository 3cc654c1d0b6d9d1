// SPDX-License-Identifier: GPL-2.0
/* libmemmgr: allocating, changing and freeing blocks by pointer. */
#include "lib_test.h"

static bool aligned(const void *ptr, size_t align)
{
	return !((uintptr_t)ptr & (align - 1));
}

TEST_F(arena, alloc_gives_memory_that_is_ours)
{
	unsigned char *a = memmgr_alloc(self->m, 100, 0);
	unsigned char *b = memmgr_alloc(self->m, 100, 0);

	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	memset(a, 0xaa, memmgr_usable_size(self->m, a));
	memset(b, 0xbb, memmgr_usable_size(self->m, b));
	EXPECT_TRUE(l_is(a, 0xaa, 100));
	EXPECT_EQ(0, memmgr_free(self->m, a));
	EXPECT_TRUE(l_is(b, 0xbb, 100));
	EXPECT_EQ(0, memmgr_free(self->m, b));
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

TEST_F(arena, every_size_is_aligned_and_usable)
{
	size_t size;

	for (size = 0; size < 300; size++) {
		void *ptr = memmgr_alloc(self->m, size, 0);

		ASSERT_NE(NULL, ptr);
		EXPECT_TRUE(aligned(ptr, MEMMGR_ALIGN_MIN));
		EXPECT_LE(size, memmgr_usable_size(self->m, ptr));
		EXPECT_GT(size + 64, memmgr_usable_size(self->m, ptr));
		EXPECT_EQ(0, memmgr_free(self->m, ptr));
	}
}

TEST_F(arena, size_0_is_a_block_of_its_own)
{
	void *a = memmgr_alloc(self->m, 0, 0);
	void *b = memmgr_alloc(self->m, 0, 0);

	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_NE(a, b);
	EXPECT_LE(1, memmgr_usable_size(self->m, a));
	EXPECT_EQ(0, memmgr_free(self->m, a));
	EXPECT_EQ(0, memmgr_free(self->m, b));
}

TEST_F(arena, more_than_there_is_is_enomem)
{
	EXPECT_FAILS(ENOMEM, !memmgr_alloc(self->m, L_SIZE, 0));
	EXPECT_FAILS(ENOMEM, !memmgr_alloc(self->m, SIZE_MAX / 2, 0));
	EXPECT_FAILS(ENOMEM, !memmgr_alloc(self->m, SIZE_MAX - MEMMGR_ALIGN_MIN, 0));
	EXPECT_NE(NULL, memmgr_alloc(self->m, L_SIZE - MEMMGR_ALIGN_MIN, 0));
	EXPECT_FAILS(ENOMEM, !memmgr_alloc(self->m, 1, 0));
}

TEST_F(arena, more_than_a_number_can_say_is_eoverflow)
{
	EXPECT_FAILS(EOVERFLOW, !memmgr_alloc(self->m, SIZE_MAX, 0));
	EXPECT_FAILS(EOVERFLOW, !memmgr_alloc(self->m, SIZE_MAX - MEMMGR_ALIGN_MIN + 1, 0));
	EXPECT_FAILS(EOVERFLOW, !memmgr_aligned_alloc(self->m, 4096, SIZE_MAX - 4095, 0, 0));
	EXPECT_FAILS(EOVERFLOW, !memmgr_calloc(self->m, SIZE_MAX / 2, 3, 0));
	EXPECT_FAILS(EOVERFLOW, !memmgr_calloc(self->m, SIZE_MAX / 16 + 1, 16, 0));
}

/* Half of the arena is free, but no two neighbouring eighths of it. */
TEST_F(arena, no_hole_that_is_large_enough_is_enospc)
{
	void *eighths[8];
	int i;

	for (i = 0; i < 8; i++) {
		eighths[i] = memmgr_alloc(self->m, L_SIZE / 8 - MEMMGR_ALIGN_MIN, 0);
		ASSERT_NE(NULL, eighths[i]);
	}
	for (i = 0; i < 8; i += 2)
		EXPECT_EQ(0, memmgr_free(self->m, eighths[i]));
	EXPECT_FAILS(ENOSPC, !memmgr_alloc(self->m, L_SIZE / 8, 0));
	EXPECT_FAILS(ENOSPC, !memmgr_realloc(self->m, eighths[1], 3 * L_SIZE / 8));
	EXPECT_NE(NULL, memmgr_realloc(self->m, eighths[1], L_SIZE / 8));
}

TEST_F(arena, calloc_gives_zeros)
{
	unsigned char *ptr = memmgr_alloc(self->m, 1000, 0);

	ASSERT_NE(NULL, ptr);
	memset(ptr, 0xff, 1000);
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
	ptr = memmgr_calloc(self->m, 10, 100, 3);
	ASSERT_NE(NULL, ptr);
	EXPECT_TRUE(l_is(ptr, 0, 1000));
	EXPECT_EQ(0, memmgr_free(self->m, ptr));

	ptr = memmgr_calloc(self->m, 0, 100, 3);
	EXPECT_NE(NULL, ptr);
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

TEST_F(arena, aligned_alloc_is_aligned)
{
	size_t align;

	for (align = 1; align <= L_SIZE / 4; align *= 2) {
		void *other = memmgr_alloc(self->m, 1, 0);
		void *ptr = memmgr_aligned_alloc(self->m, align, 100, 0, 0);

		ASSERT_NE(NULL, ptr);
		EXPECT_TRUE(aligned(ptr, align));
		EXPECT_LE(100, memmgr_usable_size(self->m, ptr));
		EXPECT_EQ(0, memmgr_free(self->m, ptr));
		EXPECT_EQ(0, memmgr_free(self->m, other));
	}
}

TEST(largest_alignment_works)
{
	struct memmgr *m = l_create(4 * MEMMGR_ALIGN_MAX, 0);
	void *ptr;

	ASSERT_NE(NULL, m);
	ptr = memmgr_aligned_alloc(m, MEMMGR_ALIGN_MAX, 100, 0, 0);
	ASSERT_NE(NULL, ptr);
	EXPECT_TRUE(aligned(ptr, MEMMGR_ALIGN_MAX));
	EXPECT_EQ(ptr, memmgr_pointer(m, memmgr_handle(m, ptr)));
	EXPECT_EQ(0, memmgr_free(m, ptr));
	memmgr_close(m);
}

TEST_F(arena, alignment_that_cannot_be_is_einval)
{
	EXPECT_FAILS(EINVAL, !memmgr_aligned_alloc(self->m, 3, 1, 0, 0));
	EXPECT_FAILS(EINVAL, !memmgr_aligned_alloc(self->m, 48, 1, 0, 0));
	EXPECT_FAILS(EINVAL, !memmgr_aligned_alloc(self->m, 2 * MEMMGR_ALIGN_MAX, 1, 0, 0));
	EXPECT_FAILS(EINVAL, !memmgr_aligned_alloc(self->m, SIZE_MAX, 1, 0, 0));
	EXPECT_FAILS(EINVAL, !memmgr_aligned_alloc(self->m, 2 * L_SIZE, 1, 0, 0));
	EXPECT_FAILS(EINVAL, !memmgr_aligned_alloc(self->m, 16, 1, 0, 4));
}

TEST_F(arena, alignment_holds_in_every_process)
{
	struct memmgr *other = memmgr_attach(self->m, 0);
	void *ptr = memmgr_aligned_alloc(self->m, 64 * T_KIB, 1, 0, 0);

	ASSERT_NE(NULL, other);
	ASSERT_NE(NULL, ptr);
	EXPECT_TRUE(aligned(memmgr_pointer(other, memmgr_handle(self->m, ptr)), 64 * T_KIB));
	memmgr_close(other);
}

TEST(large_granules_work)
{
	struct memmgr *m = l_create(T_MIB, 4096);
	void *a, *b;

	ASSERT_NE(NULL, m);
	a = memmgr_alloc(m, 1, 0);
	b = memmgr_aligned_alloc(m, 256, 1, 0, 0);
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(4096 - MEMMGR_ALIGN_MIN, memmgr_usable_size(m, a));
	EXPECT_EQ(4096 - 256, memmgr_usable_size(m, b));
	EXPECT_EQ(a, memmgr_pointer(m, memmgr_handle(m, a)));
	EXPECT_EQ(b, memmgr_pointer(m, memmgr_handle(m, b)));
	EXPECT_EQ(0, memmgr_free(m, a));
	EXPECT_EQ(0, memmgr_free(m, b));
	EXPECT_STREQ("", t_remains(memmgr_fd(m)));
	memmgr_close(m);
}

TEST_F(arena, realloc_in_place_keeps_the_pointer)
{
	unsigned char *ptr = memmgr_alloc(self->m, 100, 0);

	ASSERT_NE(NULL, ptr);
	memset(ptr, 0x5a, 100);
	EXPECT_EQ(ptr, memmgr_realloc(self->m, ptr, 10000));
	EXPECT_TRUE(l_is(ptr, 0x5a, 100));
	EXPECT_EQ(ptr, memmgr_realloc(self->m, ptr, 10));
	EXPECT_TRUE(l_is(ptr, 0x5a, 10));
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

/* Each alignment, with a neighbour that makes growing in place impossible. */
TEST_F(arena, realloc_that_moves_keeps_all_but_the_address)
{
	size_t align;

	for (align = 16; align <= 65536; align *= 4) {
		unsigned char *ptr = memmgr_aligned_alloc(self->m, align, 100, 77, 0);
		unsigned char *neighbour = memmgr_alloc(self->m, 1, 0);
		unsigned char *moved;
		uint64_t handle;
		uint32_t tag;

		ASSERT_NE(NULL, ptr);
		ASSERT_NE(NULL, neighbour);
		memset(ptr, 0x5a, 100);
		handle = memmgr_handle(self->m, ptr);
		moved = memmgr_realloc(self->m, ptr, 9999);
		ASSERT_NE(NULL, moved);
		EXPECT_NE(ptr, moved);
		EXPECT_TRUE(aligned(moved, align));
		EXPECT_TRUE(l_is(moved, 0x5a, 100));
		EXPECT_LE(9999, memmgr_usable_size(self->m, moved));
		EXPECT_EQ(0, memmgr_tag(self->m, moved, &tag));
		EXPECT_EQ(77, tag);
		EXPECT_EQ(handle, memmgr_handle(self->m, moved));
		EXPECT_EQ(moved, memmgr_pointer(self->m, handle));
		EXPECT_FAILS(ENOENT, memmgr_free(self->m, ptr));
		EXPECT_EQ(0, memmgr_free(self->m, moved));
		EXPECT_EQ(0, memmgr_free(self->m, neighbour));
	}
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

TEST_F(arena, realloc_of_null_allocates)
{
	void *ptr = memmgr_realloc(self->m, NULL, 100);
	uint32_t tag = 1;

	ASSERT_NE(NULL, ptr);
	EXPECT_EQ(0, memmgr_tag(self->m, ptr, &tag));
	EXPECT_EQ(0, tag);
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

TEST_F(arena, realloc_to_0_shrinks_and_does_not_free)
{
	void *ptr = memmgr_alloc(self->m, 100, 0);

	ASSERT_NE(NULL, ptr);
	EXPECT_EQ(ptr, memmgr_realloc(self->m, ptr, 0));
	EXPECT_LE(1, memmgr_usable_size(self->m, ptr));
	EXPECT_EQ(1, l_blocks(self->m));
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

TEST_F(arena, realloc_that_fails_changes_nothing)
{
	unsigned char *ptr = memmgr_alloc(self->m, 100, 9);
	size_t usable;

	ASSERT_NE(NULL, ptr);
	memset(ptr, 0x5a, 100);
	usable = memmgr_usable_size(self->m, ptr);
	EXPECT_FAILS(ENOMEM, !memmgr_realloc(self->m, ptr, L_SIZE));
	EXPECT_FAILS(EOVERFLOW, !memmgr_realloc(self->m, ptr, SIZE_MAX));
	EXPECT_EQ(usable, memmgr_usable_size(self->m, ptr));
	EXPECT_TRUE(l_is(ptr, 0x5a, 100));
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

TEST_F(arena, free_of_null_does_nothing)
{
	errno = EXDEV;
	EXPECT_EQ(0, memmgr_free(self->m, NULL));
	EXPECT_EQ(EXDEV, errno);
}

TEST_F(arena, tags_are_kept)
{
	const uint32_t tags[] = { 0, 1, 0x80000000, UINT32_MAX };
	uint32_t tag;
	size_t i;

	for (i = 0; i < 4; i++) {
		void *ptr = memmgr_alloc(self->m, 1, tags[i]);

		EXPECT_EQ(0, memmgr_tag(self->m, ptr, &tag));
		EXPECT_EQ(tags[i], tag);
	}
}

TEST_HARNESS_MAIN
