// SPDX-License-Identifier: GPL-2.0
/*
 * libmemmgr: pointers that are none, prefixes that were overwritten, blocks that
 * are gone; and the ways between pointers, handles and offsets.
 */
#include "lib_test.h"

/* Every function that takes a pointer refuses it for the same reason. */
#define EXPECT_REFUSED(error, m, ptr)                                     \
	do {                                                              \
		uint32_t refused_tag;                                     \
		EXPECT_FAILS(error, memmgr_free(m, ptr));                 \
		EXPECT_FAILS(error, !memmgr_realloc(m, ptr, 10));         \
		EXPECT_FAILS(error, !memmgr_usable_size(m, ptr));         \
		EXPECT_FAILS(error, memmgr_tag(m, ptr, &refused_tag));    \
		EXPECT_FAILS(error, !memmgr_handle(m, ptr));              \
	} while (0)

TEST_F(arena, pointers_outside_of_the_mapping_are_einval)
{
	char *base = memmgr_base(self->m);
	char local[64] __attribute__((aligned(16)));
	void *heap = malloc(100);

	EXPECT_REFUSED(EINVAL, self->m, local + 32);
	EXPECT_REFUSED(EINVAL, self->m, heap);
	EXPECT_REFUSED(EINVAL, self->m, base - 4096);
	EXPECT_REFUSED(EINVAL, self->m, base - 16);
	EXPECT_REFUSED(EINVAL, self->m, base + L_SIZE);
	EXPECT_REFUSED(EINVAL, self->m, base + L_SIZE + 4096);
	EXPECT_REFUSED(EINVAL, self->m, (void *)16);
	EXPECT_REFUSED(EINVAL, self->m, (void *)(UINTPTR_MAX - 15));
	EXPECT_FAILS(EINVAL, !memmgr_usable_size(self->m, NULL));
	EXPECT_FAILS(EINVAL, !memmgr_handle(self->m, NULL));
	free(heap);
}

TEST_F(arena, first_granule_is_no_pointer)
{
	EXPECT_NE(NULL, memmgr_alloc(self->m, 100, 0));
	EXPECT_REFUSED(EINVAL, self->m, memmgr_base(self->m));
}

TEST_F(arena, pointers_of_another_arena_are_refused)
{
	struct memmgr *other = l_create(L_SIZE, 0);
	void *ptr;

	ASSERT_NE(NULL, other);
	ptr = memmgr_alloc(other, 100, 0);
	ASSERT_NE(NULL, ptr);
	EXPECT_REFUSED(EINVAL, self->m, ptr);
	EXPECT_EQ(0, memmgr_free(other, ptr));
	memmgr_close(other);
}

TEST_F(arena, misaligned_and_interior_pointers_are_einval)
{
	char *ptr = memmgr_calloc(self->m, 1, 1000, 0);
	int i;

	ASSERT_NE(NULL, ptr);
	for (i = 1; i < 16; i++)
		EXPECT_REFUSED(EINVAL, self->m, ptr + i);
	EXPECT_REFUSED(EINVAL, self->m, ptr + 32);
	EXPECT_REFUSED(EINVAL, self->m, ptr + 512);

	/* Even behind what looks like a prefix. */
	memcpy(ptr + 24, ptr - 16, 16);
	EXPECT_REFUSED(EINVAL, self->m, ptr + 40);
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

TEST_F(arena, copied_prefix_names_a_block_that_is_elsewhere)
{
	char *ptr = memmgr_alloc(self->m, 1000, 0);

	ASSERT_NE(NULL, ptr);
	memcpy(ptr + 64, ptr - 16, 16);
	EXPECT_REFUSED(ENOENT, self->m, ptr + 80);
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

TEST_F(arena, free_twice_is_estale)
{
	void *ptr = memmgr_alloc(self->m, 100, 0);

	ASSERT_NE(NULL, ptr);
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
	EXPECT_REFUSED(ESTALE, self->m, ptr);
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

TEST_F(arena, block_that_another_freed_is_estale)
{
	void *ptr = memmgr_alloc(self->m, 100, 0);
	uint64_t handle = memmgr_handle(self->m, ptr);

	EXPECT_EQ(0, memmgr_block_free(self->m, handle));
	EXPECT_REFUSED(ESTALE, self->m, ptr);
	EXPECT_FAILS(ESTALE, !memmgr_pointer(self->m, handle));
}

/* The block's own prefix, with each of its 128 bits wrong. */
TEST_F(arena, flipped_bit_in_a_prefix_is_an_error)
{
	uint64_t *ptr = memmgr_alloc(self->m, 100, 0);
	void *other = memmgr_alloc(self->m, 100, 0);
	uint64_t handle = memmgr_handle(self->m, ptr);
	int bit;

	ASSERT_NE(NULL, ptr);
	for (bit = 0; bit < 128; bit++) {
		ptr[-2 + bit / 64] ^= 1ULL << bit % 64;
		errno = 0;
		EXPECT_EQ(-1, memmgr_free(self->m, ptr));
		EXPECT_TRUE(errno == EINVAL || errno == ENOENT || errno == ESTALE);
		EXPECT_EQ(NULL, memmgr_realloc(self->m, ptr, 5000));
		EXPECT_EQ(0, memmgr_handle(self->m, ptr));
		EXPECT_FAILS(EINVAL, !memmgr_pointer(self->m, handle));
		ptr[-2 + bit / 64] ^= 1ULL << bit % 64;
	}
	EXPECT_EQ(2, l_blocks(self->m));
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
	EXPECT_EQ(0, memmgr_free(self->m, other));
}

TEST_F(arena, random_prefixes_free_nothing)
{
	struct t_random random = t_random("lib_pointer");
	uint64_t *ptr = memmgr_aligned_alloc(self->m, 256, 100, 0, 0);
	uint64_t good[2];
	int i;

	ASSERT_NE(NULL, ptr);
	memcpy(good, ptr - 2, sizeof(good));
	for (i = 0; i < 2000; i++) {
		ptr[-2] = (uint64_t)t_next(&random) << 32 | t_next(&random) % 8;
		ptr[-1] = 1ULL << t_next(&random) % 64;
		EXPECT_EQ(-1, memmgr_free(self->m, ptr));
		EXPECT_EQ(NULL, memmgr_realloc(self->m, ptr, 5000));
	}
	EXPECT_EQ(1, l_blocks(self->m));
	memcpy(ptr - 2, good, sizeof(good));
	EXPECT_EQ(0, memmgr_free(self->m, ptr));
}

TEST_F(arena, whole_arena_overwritten_costs_pointers_but_not_the_heap)
{
	void *ptrs[32];
	uint64_t handles[32];
	int i;

	for (i = 0; i < 32; i++) {
		ptrs[i] = memmgr_alloc(self->m, 100, 0);
		handles[i] = memmgr_handle(self->m, ptrs[i]);
	}
	memset(memmgr_base(self->m), 0xff, L_SIZE);
	for (i = 0; i < 32; i++) {
		EXPECT_REFUSED(EINVAL, self->m, ptrs[i]);
		EXPECT_FAILS(EINVAL, !memmgr_pointer(self->m, handles[i]));
		EXPECT_EQ(0, memmgr_block_free(self->m, handles[i]));
	}
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

/* A scribbled prefix with a lead that reaches beyond the mapping on either side. */
TEST_F(arena, leads_beyond_the_arena_are_einval)
{
	uint64_t *ptr = memmgr_alloc(self->m, 100, 0);
	uint64_t lead;

	ASSERT_NE(NULL, ptr);
	for (lead = 32; lead; lead *= 2) {
		ptr[-1] = lead;
		EXPECT_REFUSED(EINVAL, self->m, ptr);
	}
	ptr[-1] = 0;
	EXPECT_REFUSED(EINVAL, self->m, ptr);
	ptr[-1] = 8;
	EXPECT_REFUSED(EINVAL, self->m, ptr);
}

TEST_F(arena, pointer_of_a_block_without_prefix_is_einval)
{
	struct memmgr_alloc want = { .size = 100, .flags = MEMMGR_ALLOC_ZERO };

	ASSERT_EQ(0, memmgr_block_alloc(self->m, &want));
	EXPECT_FAILS(EINVAL, !memmgr_pointer(self->m, want.out_handle));
	want.size = 1;
	ASSERT_EQ(0, memmgr_block_alloc(self->m, &want));
	EXPECT_FAILS(EINVAL, !memmgr_pointer(self->m, want.out_handle));
	memset(memmgr_at(self->m, 0), 0x10, 4096);
	EXPECT_FAILS(EINVAL, !memmgr_pointer(self->m, want.out_handle));
}

TEST_F(arena, handles_that_never_were_are_enoent)
{
	EXPECT_FAILS(ENOENT, !memmgr_pointer(self->m, 0));
	EXPECT_FAILS(ENOENT, !memmgr_pointer(self->m, UINT64_MAX));
}

TEST_F(arena, pointer_and_handle_lead_to_each_other)
{
	size_t align;

	for (align = 16; align <= 4096; align *= 2) {
		void *ptr = memmgr_aligned_alloc(self->m, align, 1, 0, 0);

		ASSERT_NE(NULL, ptr);
		EXPECT_EQ(ptr, memmgr_pointer(self->m, memmgr_handle(self->m, ptr)));
	}
}

TEST_F(arena, another_process_frees_by_handle_and_by_offset)
{
	void *a = memmgr_alloc(self->m, 100, 0);
	void *b = memmgr_alloc(self->m, 100, 0);
	uint64_t handle = memmgr_handle(self->m, a);
	uint64_t offset = memmgr_offset(self->m, b);
	pid_t child = fork();

	if (!child) {
		struct memmgr *own = memmgr_attach(self->m, 0);

		memmgr_close(self->m);
		T_CHILD_NEEDS(own);
		T_CHILD_NEEDS(!memmgr_free(own, memmgr_pointer(own, handle)));
		T_CHILD_NEEDS(!memmgr_free(own, memmgr_at(own, offset)));
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(child));
	EXPECT_REFUSED(ESTALE, self->m, a);
	EXPECT_REFUSED(ESTALE, self->m, b);
}

TEST_F(arena, offsets_count_from_the_base)
{
	char *base = memmgr_base(self->m);

	EXPECT_EQ(0, memmgr_offset(self->m, base));
	EXPECT_EQ(L_SIZE - 1, memmgr_offset(self->m, base + L_SIZE - 1));
	EXPECT_EQ(base + 17, memmgr_at(self->m, 17));
	EXPECT_FAILS(EINVAL, memmgr_offset(self->m, base + L_SIZE) == MEMMGR_OFFSET_NONE);
	EXPECT_FAILS(EINVAL, memmgr_offset(self->m, base - 1) == MEMMGR_OFFSET_NONE);
	EXPECT_FAILS(EINVAL, memmgr_offset(self->m, NULL) == MEMMGR_OFFSET_NONE);
	EXPECT_FAILS(EINVAL, !memmgr_at(self->m, L_SIZE));
	EXPECT_FAILS(EINVAL, !memmgr_at(self->m, UINT64_MAX));
}

TEST_HARNESS_MAIN
