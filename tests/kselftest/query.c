// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_QUERY: a block by its handle, or by any byte of it.
 */
#include "memmgr_test.h"

#define BLOCKS 64

FIXTURE(blocks)
{
	int fd;
	struct memmgr_alloc alloc[BLOCKS];
	struct memmgr_block block;
};

FIXTURE_SETUP(blocks)
{
	self->fd = t_arena(T_MIB, 0);
	ASSERT_LE(0, self->fd);
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(0, t_alloc_full(self->fd, 1 + 37 * i, 0, 1000 + i, 0, 0,
					  &self->alloc[i]));
	}
}

FIXTURE_TEARDOWN(blocks)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

TEST_F(blocks, handle_finds_its_block)
{
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(0, t_query(self->fd, self->alloc[i].out_handle, &self->block));
		EXPECT_EQ(self->alloc[i].out_handle, self->block.handle);
		EXPECT_EQ(self->alloc[i].out_offset, self->block.offset);
		EXPECT_EQ(self->alloc[i].out_usable, self->block.usable);
		EXPECT_EQ(1 + 37 * i, self->block.size);
		EXPECT_EQ(1000 + i, self->block.tag);
	}
}

TEST_F(blocks, every_byte_finds_its_block)
{
	for (int i = 0; i < BLOCKS; i += 9) {
		for (__u64 at = 0; at < self->alloc[i].out_usable; at++) {
			ASSERT_EQ(0, t_query_at(self->fd, self->alloc[i].out_offset + at,
						&self->block));
			ASSERT_EQ(self->alloc[i].out_handle, self->block.handle);
		}
	}
}

TEST_F(blocks, a_hole_is_enoent)
{
	struct memmgr_alloc *gone = &self->alloc[BLOCKS / 2];

	ASSERT_EQ(0, t_free(self->fd, gone->out_handle));
	for (__u64 at = 0; at < gone->out_usable; at += 16) {
		EXPECT_EQ(-ENOENT, t_query_at(self->fd, gone->out_offset + at, &self->block));
	}
	EXPECT_EQ(-ENOENT, t_query_at(self->fd, T_MIB - 1, &self->block));
}

TEST_F(blocks, beyond_the_arena_is_enoent)
{
	__u64 beyond[] = { T_MIB, T_MIB + 1, 1ULL << 31, 1ULL << 32, (1ULL << 36) - 1, 1ULL << 36,
			   1ULL << 63, ~0ULL - 15, ~0ULL };

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		EXPECT_EQ(-ENOENT, t_query_at(self->fd, beyond[i], &self->block))
			TH_LOG("offset %#llx", (unsigned long long)beyond[i]);
	}
}

TEST_F(blocks, dead_handle_is_estale_and_unborn_is_enoent)
{
	__u64 handle = self->alloc[0].out_handle;

	ASSERT_EQ(0, t_free(self->fd, handle));
	EXPECT_EQ(-ESTALE, t_query(self->fd, handle, &self->block));
	EXPECT_EQ(-ENOENT, t_query(self->fd, 0, &self->block));
	EXPECT_EQ(-ENOENT, t_query(self->fd, handle + (7ULL << 32), &self->block));
	EXPECT_EQ(-ENOENT, t_query(self->fd, handle | 0xffffffff, &self->block));
}

TEST_F(blocks, failure_is_told_with_zeros)
{
	struct memmgr_query query;

	memset(&query, 0xff, sizeof(query));
	query.offset = query.flags = query.reserved = 0;
	EXPECT_EQ(-ENOENT, t_ioctl(self->fd, MEMMGR_IOC_QUERY, &query));
	EXPECT_TRUE(t_all((unsigned char *)&query.out_block, 0, sizeof(query.out_block)));
}

TEST_F(blocks, handle_and_offset_exclude_each_other)
{
	struct memmgr_query query = {
		.handle = self->alloc[0].out_handle,
		.flags = MEMMGR_QUERY_BY_OFFSET,
	};

	EXPECT_EQ(-EINVAL, t_ioctl(self->fd, MEMMGR_IOC_QUERY, &query));
	query.flags = 0;
	query.offset = 16;
	EXPECT_EQ(-EINVAL, t_ioctl(self->fd, MEMMGR_IOC_QUERY, &query));
}

TEST_F(blocks, another_owner_sees_the_same)
{
	int other = t_attach(self->fd, MEMMGR_ATTACH_READONLY);
	struct memmgr_block block;

	ASSERT_LE(0, other);
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(0, t_query(self->fd, self->alloc[i].out_handle, &self->block));
		ASSERT_EQ(0, t_query(other, self->alloc[i].out_handle, &block));
		EXPECT_EQ(0, memcmp(&block, &self->block, sizeof(block)));
	}
}

TEST_F(blocks, owner_is_the_number_that_info_tells)
{
	struct memmgr_info info;

	ASSERT_EQ(0, t_info(self->fd, &info));
	ASSERT_EQ(0, t_query(self->fd, self->alloc[0].out_handle, &self->block));
	EXPECT_NE(0, info.out_owner);
	EXPECT_EQ(info.out_owner, self->block.owner);
}

/* ---- a view is of one moment ---- */

struct churn {
	int fd;
	__u64 handle;
	atomic_bool stop;
};

/* A block of @n granules has the size n * 16 and is never anything between. */
static void *resize(void *arg)
{
	struct churn *churn = arg;
	struct memmgr_realloc re;

	for (__u64 n = 1; !atomic_load(&churn->stop); n = n % 64 + 1)
		t_realloc(churn->fd, churn->handle, n * 16, 0, &re);
	return NULL;
}

TEST_F(blocks, view_is_consistent_while_the_block_is_resized)
{
	struct churn churn = { .fd = self->fd, .handle = self->alloc[3].out_handle };
	pthread_t thread;
	struct memmgr_realloc re;
	long seen = 0;

	ASSERT_EQ(0, t_realloc(self->fd, churn.handle, 16, 0, &re));
	ASSERT_EQ(0, pthread_create(&thread, NULL, resize, &churn));
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end; seen++) {
		ASSERT_EQ(0, t_query(self->fd, churn.handle, &self->block));
		ASSERT_EQ(self->block.size, self->block.usable);
		ASSERT_EQ(1003, self->block.tag);
		ASSERT_LE(self->block.offset + self->block.usable, T_MIB);
	}
	atomic_store(&churn.stop, true);
	pthread_join(thread, NULL);
	EXPECT_LT(0, seen);
}

TEST_HARNESS_MAIN
