// SPDX-License-Identifier: GPL-2.0
/*
 * What is known to go wrong in small allocators, asked of the device with each of
 * its engines. What every engine answers without a device is asked in tests/engine.
 */
#include "memmgr_test.h"

/* Three times a power of two. */
#define SIZE 196608ULL

FIXTURE(engine)
{
	int fd;
	unsigned char *base;
	struct memmgr_alloc alloc;
	struct memmgr_realloc re;
};

FIXTURE_VARIANT(engine)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(engine, first_fit)
{
	.name = "first_fit",
};

FIXTURE_VARIANT_ADD(engine, best_fit)
{
	.name = "best_fit",
};

FIXTURE_VARIANT_ADD(engine, chunk)
{
	.name = "chunk",
};

FIXTURE_VARIANT_ADD(engine, buddy)
{
	.name = "buddy",
};

FIXTURE_VARIANT_ADD(engine, ebuddy)
{
	.name = "ebuddy",
};

FIXTURE_SETUP(engine)
{
	struct memmgr_arena_create create = { .size = SIZE };
	int dev = t_open(O_RDWR);

	strcpy(create.engine, variant->name);
	ASSERT_EQ(0, t_ioctl(dev, MEMMGR_IOC_ARENA_CREATE, &create));
	close(dev);
	self->fd = create.out_fd;
	self->base = t_map(self->fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, self->base);
}

FIXTURE_TEARDOWN(engine)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

/* A content in which no two places look alike for long. */
static unsigned char byte_at(__u64 i)
{
	return i * 7 + i / 251;
}

static void write_bytes(unsigned char *to, __u64 size)
{
	for (__u64 i = 0; i < size; i++)
		to[i] = byte_at(i);
}

/* How many of @size bytes are what was written. */
static __u64 good_bytes(const unsigned char *from, __u64 size)
{
	__u64 i = 0;

	while (i < size && from[i] == byte_at(i))
		i++;
	return i;
}

/* Fill what is free; then free it again, but for what touches [@start, @end). */
static void leave_no_room_beside(int fd, __u64 start, __u64 end)
{
	static struct memmgr_alloc blocks[SIZE / 16];
	int count = 0;

	for (__u64 size = T_PAGE; size >= 16; size /= 16) {
		while (!t_alloc(fd, size, &blocks[count]))
			count++;
	}
	while (count--) {
		__u64 offset = blocks[count].out_offset;

		if (offset > end || offset + blocks[count].out_usable < start)
			t_free(fd, blocks[count].out_handle);
	}
}

/* Free every block there is. */
static void free_all(int fd)
{
	struct memmgr_block blocks[64];
	struct memmgr_iterate it = { .count = 64, .blocks = (uintptr_t)blocks };

	do {
		if (t_ioctl(fd, MEMMGR_IOC_ITERATE, &it))
			return;
		for (__u32 i = 0; i < it.out_count; i++)
			t_free(fd, blocks[i].handle);
		it.cursor = it.out_cursor;
	} while (it.cursor != MEMMGR_CURSOR_END);
}

TEST_F(engine, realloc_that_moves_keeps_every_byte)
{
	__u64 sizes[] = { 1, 15, 16, 17, 1000, 4095, 4096, 4097, 8193, 12345 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		__u64 size = sizes[i], start, usable;

		ASSERT_EQ(0, t_alloc(self->fd, size, &self->alloc));
		start = self->alloc.out_offset;
		usable = self->alloc.out_usable;
		write_bytes(self->base + start, size);
		leave_no_room_beside(self->fd, start, start + usable);
		ASSERT_EQ(0, t_realloc(self->fd, self->alloc.out_handle, 2 * usable + 1, 0,
				       &self->re));
		EXPECT_NE(start, self->re.out_offset);
		EXPECT_EQ(size, good_bytes(self->base + self->re.out_offset, size));
		free_all(self->fd);
		ASSERT_STREQ("", t_remains(self->fd));
	}
}

TEST_F(engine, alignment_survives_every_realloc)
{
	__u64 sizes[] = { 1, 5000, 100, 20000, 17, 9000, 16 };
	struct memmgr_block block;

	for (__u64 align = 16; align <= 16384; align *= 2) {
		ASSERT_EQ(0, t_alloc_full(self->fd, 100, align, 0, 0, 0, &self->alloc));
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			ASSERT_NE(0, t_block(self->fd, 48, 0, 0));
			ASSERT_EQ(0, t_realloc(self->fd, self->alloc.out_handle, sizes[i], 0,
					       &self->re));
			EXPECT_EQ(0, self->re.out_offset % align);
		}
		ASSERT_EQ(0, t_query(self->fd, self->alloc.out_handle, &block));
		EXPECT_EQ(align, block.align);
		free_all(self->fd);
	}
}

TEST_F(engine, blocks_of_every_size_are_aligned)
{
	for (__u64 size = 1; size < 2000; size += 1 + size / 16) {
		for (__u64 align = 16; align <= T_PAGE; align *= 4) {
			ASSERT_EQ(0, t_alloc_full(self->fd, size, align, 0, 0, 0, &self->alloc));
			EXPECT_EQ(0, self->alloc.out_offset % align);
			EXPECT_LE(size, self->alloc.out_usable);
		}
		free_all(self->fd);
	}
}

TEST_F(engine, shrinking_leaves_later_blocks_aligned)
{
	struct memmgr_alloc later;

	for (__u64 size = 1; size < 4096; size = size * 3 / 2 + 1) {
		ASSERT_EQ(0, t_alloc_full(self->fd, 4096, 1024, 0, 0, 0, &self->alloc));
		ASSERT_EQ(0, t_realloc(self->fd, self->alloc.out_handle, size, 0, &self->re));
		EXPECT_EQ(self->alloc.out_offset, self->re.out_offset);
		for (__u64 align = 16; align <= 4096; align *= 2) {
			ASSERT_EQ(0, t_alloc_full(self->fd, 40, align, 0, 0, 0, &later));
			EXPECT_EQ(0, later.out_offset % align);
		}
		free_all(self->fd);
	}
}

TEST_F(engine, request_of_4_gib_and_more_is_not_cut_short)
{
	__u64 b32 = 1ULL << 32;
	__u64 sizes[] = { b32, b32 + 1, b32 + 16, b32 + T_PAGE, 2 * b32 + 1, 1ULL << 63,
			  -(__u64)T_PAGE, -16ULL, -1ULL };
	struct t_state before, after;

	ASSERT_EQ(0, t_alloc(self->fd, 100, &self->alloc));
	before = t_state(self->fd);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct memmgr_alloc alloc;

		EXPECT_EQ(-ENOMEM, t_alloc(self->fd, sizes[i], &alloc));
		EXPECT_EQ(-ENOMEM, t_realloc(self->fd, self->alloc.out_handle, sizes[i], 0,
					     &self->re));
	}
	after = t_state(self->fd);
	EXPECT_TRUE(t_same_state(&before, &after));
}

TEST_F(engine, all_of_an_arena_of_no_power_of_two_can_be_had)
{
	struct memmgr_stat stat;

	ASSERT_EQ(0, t_alloc(self->fd, SIZE, &self->alloc));
	EXPECT_EQ(0, self->alloc.out_offset);
	EXPECT_EQ(SIZE, self->alloc.out_usable);
	free_all(self->fd);
	ASSERT_STREQ("", t_remains(self->fd));

	ASSERT_EQ(0, t_alloc(self->fd, SIZE / 3 * 2, &self->alloc));
	ASSERT_EQ(0, t_alloc(self->fd, SIZE / 3, &self->alloc));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.out_free);
	EXPECT_EQ(-ENOMEM, t_alloc(self->fd, 1, &self->alloc));
}

TEST_F(engine, all_that_was_freed_is_one_hole)
{
	struct t_random random = t_random("all_that_was_freed_is_one_hole");
	enum { BLOCKS = 100, LARGEST = SIZE / BLOCKS / 2 };
	__u64 handles[BLOCKS];

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < BLOCKS; i++) {
			handles[i] = t_block(self->fd, 1 + t_below(&random, LARGEST), i, 0);
			ASSERT_NE(0, handles[i]);
		}
		for (int left = BLOCKS; left; left--) {
			__u32 pick = t_below(&random, left);

			ASSERT_EQ(0, t_free(self->fd, handles[pick]));
			handles[pick] = handles[left - 1];
		}
		ASSERT_STREQ("", t_remains(self->fd));
	}
}

TEST_F(engine, free_of_what_is_no_block_of_this_arena_fails)
{
	int other = t_arena(SIZE, 0);
	struct t_state before, after;
	struct memmgr_alloc foreign;

	ASSERT_LE(0, other);
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, t_alloc(other, 100, &foreign));
	}
	ASSERT_EQ(0, t_alloc(self->fd, 100, &self->alloc));
	before = t_state(self->fd);
	EXPECT_EQ(-ENOENT, t_free(self->fd, foreign.out_handle));
	EXPECT_EQ(-ENOENT, t_free(self->fd, 0));
	EXPECT_EQ(-ENOENT, t_free(self->fd, (uintptr_t)&foreign));
	EXPECT_EQ(-ENOENT, t_free(self->fd, (uintptr_t)self->base));
	EXPECT_EQ(-ENOENT, t_free_at(self->fd, self->alloc.out_handle,
				     self->alloc.out_offset + 16));
	after = t_state(self->fd);
	EXPECT_TRUE(t_same_state(&before, &after));
	close(other);
}

TEST_HARNESS_MAIN
