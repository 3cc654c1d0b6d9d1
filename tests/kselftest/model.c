// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls beside a model that could not be plainer: one number per granule,
 * that of the block it belongs to. Every answer of the device, and every figure
 * and list now and then, must be the model's.
 *
 * SEED=n repeats a run.
 */
#include "memmgr_test.h"

#define BLOCKS 400 /* most at a time */
#define GRANULES_MAX 4096
#define CALLS 6000

struct model_block {
	__u64 handle; /* 0: none */
	__u64 size;
	__u64 align;
	__u32 tag;
	int start, len;
};

struct model {
	int granules;
	__u64 granule;
	bool first_fit; /* the engine promises the lowest place */
	short owner[GRANULES_MAX]; /* block number + 1, or 0 */
	struct model_block block[BLOCKS];
};

FIXTURE(model)
{
	int fd;
	struct t_random random;
	struct model model;
	struct memmgr_block seen[BLOCKS + 1];
};

FIXTURE_VARIANT(model)
{
	int granules;
	__u32 granule;
	__u32 largest; /* block, in granules */
};

FIXTURE_VARIANT_ADD(model, small_blocks)
{
	.granules = 4096, .granule = 16, .largest = 20,
};

FIXTURE_VARIANT_ADD(model, large_blocks)
{
	.granules = 4096, .granule = 16, .largest = 900,
};

FIXTURE_VARIANT_ADD(model, odd_length_and_granule)
{
	.granules = 37, .granule = 4096, .largest = 9,
};

FIXTURE_SETUP(model)
{
	struct memmgr_info info;

	self->random = t_random("model");
	self->fd = t_arena((__u64)variant->granules * variant->granule, variant->granule);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, t_info(self->fd, &info));
	self->model.granules = variant->granules;
	self->model.granule = variant->granule;
	self->model.first_fit = !strcmp(info.out_arena_engine, "first_fit");
}

FIXTURE_TEARDOWN(model)
{
	close(self->fd);
}

/* ---- the model's view of holes ---- */

/* Free granules from @at on, up to the next block or the end. */
static int hole_at(const struct model *m, int at)
{
	int end = at;

	while (end < m->granules && !m->owner[end])
		end++;
	return end - at;
}

static int free_granules(const struct model *m)
{
	int count = 0;

	for (int i = 0; i < m->granules; i++)
		count += !m->owner[i];
	return count;
}

static int largest_hole(const struct model *m)
{
	int largest = 0;

	for (int at = 0; at < m->granules; at++) {
		int len = hole_at(m, at);

		largest = len > largest ? len : largest;
		at += len;
	}
	return largest;
}

/* The lowest aligned place for @len granules, or -1. */
static int lowest_place(const struct model *m, int len, int align)
{
	for (int at = 0; at + len <= m->granules; at += align) {
		if (hole_at(m, at) >= len)
			return at;
	}
	return -1;
}

static int refusal(const struct model *m, int len)
{
	return len > free_granules(m) ? -ENOMEM : -ENOSPC;
}

static void set_owner(struct model *m, int start, int len, int owner)
{
	for (int i = start; i < start + len; i++)
		m->owner[i] = owner;
}

static int granules(const struct model *m, __u64 bytes)
{
	return (bytes + m->granule - 1) / m->granule;
}

/* ---- one call each ---- */

#define SAME(expected, seen)                                                         \
	ASSERT_EQ(expected, seen)                                                    \
	TH_LOG("call %d, block %d", call, n)

static void random_alloc(struct __test_metadata *_metadata, FIXTURE_DATA(model) *self,
			 __u32 largest, int call, int n)
{
	struct model *m = &self->model;
	__u64 size = 1 + t_below(&self->random, largest * m->granule);
	int align = 1 << t_below(&self->random, 5);
	int len = granules(m, size), place = lowest_place(m, len, align);
	struct memmgr_alloc alloc;
	int ret = t_alloc_full(self->fd, size, align * m->granule, call, 0, 0, &alloc), start;

	if (place < 0) {
		SAME(refusal(m, len), ret);
		SAME(ret == -ENOSPC ? largest_hole(m) * m->granule : 0, alloc.out_largest);
		return;
	}
	SAME(0, ret);
	SAME(len * m->granule, alloc.out_usable);
	SAME(0, alloc.out_offset % (align * m->granule));
	start = alloc.out_offset / m->granule;
	if (m->first_fit) {
		SAME(place, start);
	}
	ASSERT_LE(len, hole_at(m, start));
	m->block[n] = (struct model_block){
		.handle = alloc.out_handle, .size = size, .align = align * m->granule,
		.tag = call, .start = start, .len = len,
	};
	set_owner(m, start, len, n + 1);
}

static void random_free(struct __test_metadata *_metadata, FIXTURE_DATA(model) *self, int call,
			int n)
{
	struct model *m = &self->model;
	struct model_block *block = &m->block[n];

	SAME(0, t_free(self->fd, block->handle));
	SAME(-ESTALE, t_free(self->fd, block->handle));
	set_owner(m, block->start, block->len, 0);
	block->handle = 0;
}

/* Is @start where a block of @len may be when it lived in @old before? */
static bool sensible_place(struct model *m, const struct model_block *old, int start, int len,
			   int n)
{
	bool fits;

	set_owner(m, old->start, old->len, 0);
	fits = hole_at(m, start) >= len;
	set_owner(m, old->start, old->len, n + 1);
	return fits && start * m->granule % old->align == 0;
}

static void random_realloc(struct __test_metadata *_metadata, FIXTURE_DATA(model) *self,
			   __u32 largest, int call, int n)
{
	struct model *m = &self->model;
	struct model_block *old = &m->block[n];
	__u64 size = 1 + t_below(&self->random, largest * m->granule);
	bool in_place = t_below(&self->random, 2);
	int len = granules(m, size), start;
	bool fits = hole_at(m, old->start + old->len) >= len - old->len;
	struct memmgr_realloc re;
	int ret = t_realloc(self->fd, old->handle, size, in_place ? MEMMGR_REALLOC_IN_PLACE : 0,
			    &re);

	if (fits || lowest_place(m, len, old->align / m->granule) >= 0) {
		if (fits || !in_place) {
			SAME(0, ret);
		}
	}
	if (ret) {
		if (in_place) {
			SAME(-ENOSPC, ret);
		} else {
			SAME(refusal(m, len), ret);
		}
		SAME(ret == -ENOSPC ? largest_hole(m) * m->granule : 0, re.out_largest);
		return;
	}
	SAME(len * m->granule, re.out_usable);
	start = re.out_offset / m->granule;
	if (fits || in_place) {
		SAME(old->start, start);
	}
	ASSERT_TRUE(sensible_place(m, old, start, len, n));
	set_owner(m, old->start, old->len, 0);
	old->start = start;
	old->len = len;
	old->size = size;
	set_owner(m, start, len, n + 1);
}

static void random_query(struct __test_metadata *_metadata, FIXTURE_DATA(model) *self, int call)
{
	struct model *m = &self->model;
	__u64 offset = t_below(&self->random, m->granules * m->granule);
	int n = m->owner[offset / m->granule] - 1;
	struct memmgr_block block;
	int ret = t_query_at(self->fd, offset, &block);

	SAME(n < 0 ? -ENOENT : 0, ret);
	if (n >= 0) {
		SAME(m->block[n].handle, block.handle);
	}
}

/* ---- everything ---- */

static bool same_block(const struct model *m, const struct memmgr_block *seen)
{
	int n = m->owner[seen->offset / m->granule] - 1;
	const struct model_block *block = &m->block[n];

	return n >= 0 && seen->handle == block->handle && seen->tag == block->tag &&
	       seen->offset == block->start * m->granule && seen->size == block->size &&
	       seen->usable == block->len * m->granule && seen->align == block->align;
}

static void compare_all(struct __test_metadata *_metadata, FIXTURE_DATA(model) *self, int call)
{
	struct model *m = &self->model;
	struct memmgr_stat stat;
	__u64 requested = 0;
	int blocks = 0, n;

	for (n = 0; n < BLOCKS; n++) {
		blocks += !!m->block[n].handle;
		requested += m->block[n].handle ? m->block[n].size : 0;
	}
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	SAME(blocks, stat.out_blocks);
	SAME(requested, stat.out_requested);
	SAME(free_granules(m) * m->granule, stat.out_free);
	SAME(largest_hole(m) * m->granule, stat.out_largest);
	SAME(blocks, t_walk(self->fd, NULL, 33, self->seen, BLOCKS + 1));
	for (n = 0; n < blocks; n++) {
		SAME(true, same_block(m, &self->seen[n]));
	}
	ASSERT_STREQ("", t_disorder(self->fd));
}

TEST_F(model, device_and_model_agree)
{
	struct model *m = &self->model;

	for (int call = 0; call < CALLS; call++) {
		int n = t_below(&self->random, BLOCKS);

		if (!m->block[n].handle)
			random_alloc(_metadata, self, variant->largest, call, n);
		else if (t_below(&self->random, 2))
			random_realloc(_metadata, self, variant->largest, call, n);
		else
			random_free(_metadata, self, call, n);
		random_query(_metadata, self, call);
		if (call % 500 == 0)
			compare_all(_metadata, self, call);
	}
	for (int n = 0; n < BLOCKS; n++) {
		if (m->block[n].handle)
			random_free(_metadata, self, CALLS, n);
	}
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_HARNESS_MAIN
