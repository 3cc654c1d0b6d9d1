// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_ITERATE: every block once, whatever the buffer, the filter and the
 * others do.
 */
#include "memmgr_test.h"

#define BLOCKS 3000
#define ROOM (BLOCKS + 1000)

FIXTURE(blocks)
{
	int fd;
	int other;
	__u32 owner;
	__u64 handle[BLOCKS];
	struct memmgr_block seen[ROOM];
};

FIXTURE_VARIANT(blocks)
{
	__u32 batch;
};

FIXTURE_VARIANT_ADD(blocks, one_at_a_time)
{
	.batch = 1,
};

FIXTURE_VARIANT_ADD(blocks, seven_at_a_time)
{
	.batch = 7,
};

FIXTURE_VARIANT_ADD(blocks, all_at_once)
{
	.batch = ROOM,
};

FIXTURE_SETUP(blocks)
{
	struct memmgr_info info;

	self->fd = t_arena(T_MIB, 0);
	ASSERT_LE(0, self->fd);
	self->other = t_attach(self->fd, 0);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, t_info(self->other, &info));
	self->owner = info.out_owner;
	for (int i = 0; i < BLOCKS; i++) {
		self->handle[i] = t_block(i % 3 ? self->fd : self->other, 16, i, i % 2);
		ASSERT_NE(0, self->handle[i]);
	}
}

FIXTURE_TEARDOWN(blocks)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->other);
	close(self->fd);
}

static int walk(FIXTURE_DATA(blocks) *self, const struct memmgr_iterate *filter, __u32 batch)
{
	return t_walk(self->fd, filter, batch, self->seen, ROOM);
}

TEST_F(blocks, every_block_is_seen_once_and_as_query_tells)
{
	static unsigned char count[BLOCKS];
	struct memmgr_block block;

	ASSERT_EQ(BLOCKS, walk(self, NULL, variant->batch));
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_LT(self->seen[i].tag, BLOCKS);
		count[self->seen[i].tag]++;
	}
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(1, count[i]);
	}
	for (int i = 0; i < BLOCKS; i += 100) {
		ASSERT_EQ(0, t_query(self->fd, self->seen[i].handle, &block));
		EXPECT_EQ(0, memcmp(&block, &self->seen[i], sizeof(block)));
	}
}

TEST_F(blocks, holes_among_the_blocks_do_not_matter)
{
	for (int i = 0; i < BLOCKS; i++) {
		if (i % 16) {
			ASSERT_EQ(0, t_free(self->fd, self->handle[i]));
		}
	}
	EXPECT_EQ((BLOCKS + 15) / 16, walk(self, NULL, variant->batch));
}

TEST_F(blocks, an_empty_arena_ends_at_once)
{
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_EQ(0, t_free(self->fd, self->handle[i]));
	}
	EXPECT_EQ(0, walk(self, NULL, variant->batch));
}

TEST_F(blocks, tag_and_mask_select)
{
	struct memmgr_iterate one = { .tag_value = 77, .tag_mask = ~0U };
	struct memmgr_iterate low = { .tag_value = 0xfffffff5, .tag_mask = 0xf };
	struct memmgr_iterate none = { .tag_value = 0x80000000, .tag_mask = 0x80000000 };
	struct memmgr_iterate all = { .tag_value = 12345, .tag_mask = 0 };
	int found;

	ASSERT_EQ(1, walk(self, &one, variant->batch));
	EXPECT_EQ(77, self->seen[0].tag);
	EXPECT_EQ(self->handle[77], self->seen[0].handle);

	found = walk(self, &low, variant->batch);
	EXPECT_EQ((BLOCKS - 5 + 15) / 16, found);
	for (int i = 0; i < found; i++) {
		EXPECT_EQ(5, self->seen[i].tag % 16);
	}

	EXPECT_EQ(0, walk(self, &none, variant->batch));
	EXPECT_EQ(BLOCKS, walk(self, &all, variant->batch));
}

TEST_F(blocks, owner_selects)
{
	struct memmgr_iterate his = { .flags = MEMMGR_ITERATE_OWNER, .owner = self->owner };
	struct memmgr_iterate nobodys = { .flags = MEMMGR_ITERATE_OWNER };
	struct memmgr_iterate strangers = { .flags = MEMMGR_ITERATE_OWNER, .owner = ~0U };

	EXPECT_EQ(BLOCKS / 3, walk(self, &his, variant->batch));
	for (int i = 0; i < BLOCKS / 3; i++) {
		EXPECT_EQ(self->owner, self->seen[i].owner);
	}
	EXPECT_EQ(0, walk(self, &nobodys, variant->batch));
	EXPECT_EQ(0, walk(self, &strangers, variant->batch));
}

TEST_F(blocks, state_selects)
{
	struct memmgr_iterate owned = { .states = MEMMGR_STATE_OWNED };
	struct memmgr_iterate orphans = { .states = MEMMGR_STATE_ORPHAN };
	struct memmgr_iterate pending = { .states = MEMMGR_STATE_PENDING };
	struct memmgr_iterate nobodys = { .flags = MEMMGR_ITERATE_OWNER };
	int kept = 0;

	for (int i = 0; i < BLOCKS; i++)
		kept += i % 3 == 0 && i % 2 == MEMMGR_POLICY_KEEP;
	close(self->other);
	self->other = -1;

	EXPECT_EQ(BLOCKS - BLOCKS / 3, walk(self, &owned, variant->batch));
	EXPECT_EQ(kept, walk(self, &nobodys, variant->batch));
	EXPECT_EQ(kept, walk(self, &orphans, variant->batch));
	for (int i = 0; i < kept; i++) {
		EXPECT_EQ(MEMMGR_STATE_ORPHAN, self->seen[i].state);
		EXPECT_EQ(0, self->seen[i].owner);
	}
	EXPECT_EQ(0, walk(self, &pending, variant->batch));
	EXPECT_EQ(BLOCKS - BLOCKS / 3 + kept, walk(self, NULL, variant->batch));
}

TEST_F(blocks, size_selects)
{
	struct memmgr_iterate small = { .size_max = 16 };
	struct memmgr_iterate large = { .size_min = 17 };
	struct memmgr_iterate both = { .size_min = 100, .size_max = 101 };
	struct memmgr_realloc re;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, t_realloc(self->fd, self->handle[i], 95 + i, 0, &re));
	}
	EXPECT_EQ(BLOCKS - 10, walk(self, &small, variant->batch));
	EXPECT_EQ(10, walk(self, &large, variant->batch));
	EXPECT_EQ(2, walk(self, &both, variant->batch));
}

TEST_F(blocks, epoch_selects)
{
	struct memmgr_iterate old = { .epoch_before = 2 };
	struct memmgr_iterate second = { .epoch_from = 2, .epoch_before = 3 };
	struct memmgr_iterate late = { .epoch_from = 3 };

	for (int epoch = 2; epoch <= 4; epoch++) {
		ASSERT_EQ(epoch, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
		for (int i = 0; i < 10; i++) {
			ASSERT_EQ(0, t_act(self->fd, self->handle[epoch * 10 + i],
					   MEMMGR_ACTION_MARK, 0));
		}
	}
	EXPECT_EQ(BLOCKS - 30, walk(self, &old, variant->batch));
	EXPECT_EQ(10, walk(self, &second, variant->batch));
	EXPECT_EQ(20, walk(self, &late, variant->batch));
}

/* Walk over everything and do @change before the last call; what the walk says. */
static int changed(FIXTURE_DATA(blocks) *self, int (*change)(FIXTURE_DATA(blocks) *self))
{
	struct memmgr_iterate it = { .blocks = (uintptr_t)self->seen, .count = BLOCKS / 2 };

	if (t_ioctl(self->fd, MEMMGR_IOC_ITERATE, &it) || it.out_changed)
		return -1;
	if (change && change(self))
		return -2;
	it.cursor = it.out_cursor;
	it.count = ROOM;
	if (t_ioctl(self->fd, MEMMGR_IOC_ITERATE, &it) || it.out_cursor != MEMMGR_CURSOR_END)
		return -3;
	return it.out_changed;
}

static int change_alloc(FIXTURE_DATA(blocks) *self)
{
	return !t_block(self->fd, 16, 0, 0);
}

static int change_free(FIXTURE_DATA(blocks) *self)
{
	return t_free(self->fd, self->handle[3]);
}

static int change_size(FIXTURE_DATA(blocks) *self)
{
	struct memmgr_realloc re;

	return t_realloc(self->fd, self->handle[4], 500, 0, &re);
}

static int change_tag(FIXTURE_DATA(blocks) *self)
{
	return t_act(self->fd, self->handle[5], MEMMGR_ACTION_RETAG, 1);
}

static int change_owner(FIXTURE_DATA(blocks) *self)
{
	return t_act(self->fd, self->handle[1], MEMMGR_ACTION_TRANSFER, self->owner);
}

static int change_nothing(FIXTURE_DATA(blocks) *self)
{
	struct memmgr_block block;

	return t_query(self->fd, self->handle[7], &block) ||
	       t_walk(self->fd, NULL, 100, self->seen, ROOM) < 0;
}

static int owner_dies(FIXTURE_DATA(blocks) *self)
{
	close(self->other);
	self->other = -1;
	return 0;
}

TEST_F(blocks, a_walk_tells_whether_anything_changed)
{
	EXPECT_EQ(0, changed(self, NULL));
	EXPECT_EQ(0, changed(self, change_nothing));
	EXPECT_EQ(1, changed(self, change_alloc));
	EXPECT_EQ(1, changed(self, change_free));
	EXPECT_EQ(1, changed(self, change_size));
	EXPECT_EQ(1, changed(self, change_tag));
	EXPECT_EQ(1, changed(self, change_owner));
	EXPECT_EQ(1, changed(self, owner_dies));
	EXPECT_EQ(0, changed(self, NULL));
}

/* ---- one call ---- */

static int iterate(int fd, __u64 cursor, void *blocks, __u32 count, struct memmgr_iterate *it)
{
	memset(it, 0, sizeof(*it));
	it->cursor = cursor;
	it->blocks = (uintptr_t)blocks;
	it->count = count;
	return t_ioctl(fd, MEMMGR_IOC_ITERATE, it);
}

FIXTURE(call)
{
	int fd;
	struct memmgr_iterate it;
	struct memmgr_block seen[32];
};

FIXTURE_SETUP(call)
{
	self->fd = t_arena(64 * T_KIB, 0);
	ASSERT_LE(0, self->fd);
	for (int i = 0; i < 10; i++) {
		ASSERT_NE(0, t_block(self->fd, 16, i, 0));
	}
}

FIXTURE_TEARDOWN(call)
{
	close(self->fd);
}

TEST_F(call, count_zero_is_einval)
{
	EXPECT_EQ(-EINVAL, iterate(self->fd, 0, self->seen, 0, &self->it));
}

TEST_F(call, unknown_states_are_einval)
{
	for (int bit = 3; bit < 32; bit++) {
		struct memmgr_iterate it = {
			.blocks = (uintptr_t)self->seen, .count = 1, .states = 1U << bit,
		};

		EXPECT_EQ(-EINVAL, t_ioctl(self->fd, MEMMGR_IOC_ITERATE, &it));
	}
}

TEST_F(call, a_full_buffer_is_not_overrun)
{
	memset(self->seen, 0x5a, sizeof(self->seen));
	ASSERT_EQ(0, iterate(self->fd, 0, self->seen, 4, &self->it));
	EXPECT_EQ(4, self->it.out_count);
	EXPECT_NE(MEMMGR_CURSOR_END, self->it.out_cursor);
	EXPECT_TRUE(t_all((unsigned char *)&self->seen[4], 0x5a, 28 * sizeof(self->seen[0])));
}

TEST_F(call, a_count_beyond_the_blocks_writes_only_the_blocks)
{
	memset(self->seen, 0x5a, sizeof(self->seen));
	ASSERT_EQ(0, iterate(self->fd, 0, self->seen, ~0U, &self->it));
	EXPECT_EQ(10, self->it.out_count);
	EXPECT_EQ(MEMMGR_CURSOR_END, self->it.out_cursor);
	EXPECT_TRUE(t_all((unsigned char *)&self->seen[10], 0x5a, 22 * sizeof(self->seen[0])));
}

TEST_F(call, the_end_stays_the_end)
{
	ASSERT_EQ(0, iterate(self->fd, MEMMGR_CURSOR_END, self->seen, 32, &self->it));
	EXPECT_EQ(0, self->it.out_count);
	EXPECT_EQ(MEMMGR_CURSOR_END, self->it.out_cursor);
}

TEST_F(call, a_made_up_cursor_does_no_harm)
{
	__u64 cursors[] = { 1, 5, 1023, 1024, 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32,
			    (1ULL << 32) + 3, 1ULL << 63, ~0ULL - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		int ret = iterate(self->fd, cursors[i], self->seen, 32, &self->it);

		EXPECT_TRUE(ret == 0 || ret == -EINVAL)
			TH_LOG("cursor %#llx: %d", (unsigned long long)cursors[i], ret);
		EXPECT_LE(self->it.out_count, 10);
	}
}

TEST_F(call, bad_buffers_are_efault_and_the_walk_goes_on_from_the_old_cursor)
{
	void *none = mmap(NULL, T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *readable = mmap(NULL, T_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 bad[] = { 0, 8, (uintptr_t)none, (uintptr_t)readable, 0xffffffffffffff00ULL,
			0xffff888000000000ULL, 0x8000000000000000ULL, 0x00007ffffffff000ULL };
	__u64 cursor;

	ASSERT_EQ(0, iterate(self->fd, 0, self->seen, 3, &self->it));
	cursor = self->it.out_cursor;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct memmgr_iterate it = { .cursor = cursor, .blocks = bad[i], .count = 3 };

		EXPECT_EQ(-EFAULT, t_ioctl(self->fd, MEMMGR_IOC_ITERATE, &it))
			TH_LOG("buffer at %#llx", (unsigned long long)bad[i]);
		EXPECT_EQ(0, it.out_count);
		EXPECT_EQ(cursor, it.cursor);
	}
	ASSERT_EQ(0, iterate(self->fd, cursor, self->seen + 3, 29, &self->it));
	EXPECT_EQ(7, self->it.out_count);
	for (int i = 0; i < 10; i++) {
		for (int j = 0; j < i; j++) {
			EXPECT_NE(self->seen[i].handle, self->seen[j].handle);
		}
	}
}

TEST_F(call, a_buffer_that_ends_too_early_is_efault)
{
	char *page = mmap(NULL, 2 * T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	struct memmgr_block *last = (struct memmgr_block *)(page + T_PAGE) - 5;

	ASSERT_EQ(0, munmap(page + T_PAGE, T_PAGE));
	EXPECT_EQ(-EFAULT, iterate(self->fd, 0, last, 10, &self->it));
	EXPECT_EQ(0, iterate(self->fd, 0, last, 5, &self->it));
	EXPECT_EQ(5, self->it.out_count);
}

/* ---- while others are at work ---- */

struct churn {
	int fd;
	atomic_bool stop;
};

static void *churn(void *arg)
{
	struct churn *churn = arg;
	struct memmgr_realloc re;
	__u64 handle[64] = {};

	for (unsigned int i = 0; !atomic_load(&churn->stop); i++) {
		__u64 *at = &handle[i * 7 % 64];

		if (*at)
			t_free(churn->fd, *at);
		*at = t_block(churn->fd, 16 + i % 100, 0x40000000, 0);
		t_realloc(churn->fd, handle[i % 64], 1 + i % 300, 0, &re);
	}
	for (int i = 0; i < 64; i++) {
		if (handle[i])
			t_free(churn->fd, handle[i]);
	}
	return NULL;
}

TEST_F(blocks, long_lived_blocks_are_seen_once_while_others_allocate)
{
	struct churn state = { .fd = self->fd };
	pthread_t threads[2];
	int walks = 0;

	/* The long-lived ones lie scattered among slots that others can take. */
	for (int i = 0; i < BLOCKS; i++) {
		if (i % 8) {
			ASSERT_EQ(0, t_free(self->fd, self->handle[i]));
		}
	}
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, churn, &state));
	}
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end || !walks; walks++) {
		int found = walk(self, NULL, variant->batch), lasting = 0;
		unsigned char count[BLOCKS / 8] = {};

		ASSERT_LE(0, found);
		for (int i = 0; i < found; i++) {
			if (self->seen[i].tag == 0x40000000)
				continue;
			ASSERT_EQ(0, self->seen[i].tag % 8);
			ASSERT_EQ(1, ++count[self->seen[i].tag / 8]);
			lasting++;
		}
		ASSERT_EQ(BLOCKS / 8, lasting);
	}
	atomic_store(&state.stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

TEST_HARNESS_MAIN
