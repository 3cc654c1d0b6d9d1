// SPDX-License-Identifier: GPL-2.0
/*
 * Many at work on one arena: no block is ever given to two, and its content stays
 * what its owner wrote.
 */
#include "memmgr_test.h"

#define SLOTS 24
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(storm)
{
	int fd;
	struct t_random random;
};

FIXTURE_VARIANT(storm)
{
	__u64 arena;
	__u32 granule;
	__u32 largest; /* block */
};

FIXTURE_VARIANT_ADD(storm, roomy)
{
	.arena = 4 * T_MIB, .largest = 2000,
};

FIXTURE_VARIANT_ADD(storm, crowded)
{
	.arena = 32 * T_KIB, .largest = 2000,
};

FIXTURE_VARIANT_ADD(storm, coarse)
{
	.arena = T_MIB, .granule = 1024, .largest = 20000,
};

FIXTURE_SETUP(storm)
{
	self->random = t_random("storm");
	self->fd = t_arena(variant->arena, variant->granule);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(storm)
{
	EXPECT_STREQ("", t_remains(self->fd));
	close(self->fd);
}

struct worker {
	int fd;
	unsigned char *base;
	__u32 largest;
	struct t_random random;
	pthread_t thread;
	long calls;
	const char *complaint;
	struct {
		__u64 handle;
		__u64 offset;
		__u32 size;
		unsigned char mark;
	} block[SLOTS];
};

static const char *check_content(struct worker *w, int i)
{
	return t_all(w->base + w->block[i].offset, w->block[i].mark, w->block[i].size) ?
		       NULL : "somebody wrote into a block";
}

static void paint(struct worker *w, int i, __u64 offset, __u32 size)
{
	w->block[i].offset = offset;
	w->block[i].size = size;
	w->block[i].mark = 1 + t_below(&w->random, 255);
	memset(w->base + offset, w->block[i].mark, size);
}

static bool out_of_room(int ret)
{
	return ret == -ENOMEM || ret == -ENOSPC;
}

static const char *birth(struct worker *w, int i)
{
	__u32 size = 1 + t_below(&w->random, w->largest);
	__u64 align = 1ULL << t_below(&w->random, 9);
	bool zero = !t_below(&w->random, 4);
	struct memmgr_alloc alloc;
	int ret = t_alloc_full(w->fd, size, align, size, zero, 0, &alloc);

	if (ret)
		return out_of_room(ret) ? NULL : "alloc failed for no good reason";
	if (alloc.out_offset % align)
		return "not aligned";
	if (zero && !t_all(w->base + alloc.out_offset, 0, alloc.out_usable))
		return "not zeroed";
	w->block[i].handle = alloc.out_handle;
	paint(w, i, alloc.out_offset, size);
	return NULL;
}

static const char *change(struct worker *w, int i)
{
	__u32 size = 1 + t_below(&w->random, w->largest);
	__u32 kept = size < w->block[i].size ? size : w->block[i].size;
	struct memmgr_realloc re;
	int ret = t_realloc(w->fd, w->block[i].handle, size, 0, &re);

	if (ret)
		return out_of_room(ret) ? check_content(w, i) : "realloc failed for no good reason";
	if (!t_all(w->base + re.out_offset, w->block[i].mark, kept))
		return "realloc lost the content";
	paint(w, i, re.out_offset, size);
	return NULL;
}

static const char *death(struct worker *w, int i)
{
	const char *complaint = check_content(w, i);

	if (!complaint && t_free(w->fd, w->block[i].handle))
		complaint = "free failed";
	w->block[i].handle = 0;
	return complaint;
}

static const char *step(struct worker *w)
{
	int i = t_below(&w->random, SLOTS);

	w->calls++;
	if (!w->block[i].handle)
		return birth(w, i);
	return t_below(&w->random, 2) ? change(w, i) : death(w, i);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (long end = t_now_ms() + t_storm_ms(); !w->complaint && t_now_ms() < end;)
		w->complaint = step(w);
	for (int i = 0; i < SLOTS && !w->complaint; i++) {
		if (w->block[i].handle)
			w->complaint = death(w, i);
	}
	return NULL;
}

static void prepare(struct worker *w, int fd, unsigned char *base, __u32 largest,
		    const struct t_random *random, int number)
{
	*w = (struct worker){
		.fd = fd,
		.base = base,
		.largest = largest,
		.random = t_random_fork(random, number),
	};
}

TEST_F(storm, threads_of_one_owner_keep_their_contents)
{
	static struct worker worker[4];
	unsigned char *base = t_map(self->fd, variant->arena, RW);

	ASSERT_NE(MAP_FAILED, base);
	for (int i = 0; i < 4; i++) {
		prepare(&worker[i], self->fd, base, variant->largest, &self->random, i);
		ASSERT_EQ(0, pthread_create(&worker[i].thread, NULL, work, &worker[i]));
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(worker[i].thread, NULL);
		EXPECT_STREQ("", worker[i].complaint ?: "");
		EXPECT_LT(0, worker[i].calls);
	}
	munmap(base, variant->arena);
}

TEST_F(storm, processes_keep_their_contents)
{
	static struct worker worker;
	pid_t child[4];

	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		if (!child[i]) {
			int fd = t_attach(self->fd, 0);
			unsigned char *base = t_map(fd, variant->arena, RW);

			T_CHILD_NEEDS(base != MAP_FAILED);
			prepare(&worker, fd, base, variant->largest, &self->random, i);
			work(&worker);
			if (worker.complaint)
				fprintf(stderr, "# %s\n", worker.complaint);
			_exit(!!worker.complaint);
		}
	}
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(0, t_reap(child[i]));
	}
}

/* ---- handles that are guessed ---- */

struct guesser {
	int fd;
	atomic_uint generation; /* of handles given out just now */
	atomic_bool stop;
	atomic_long hits;
	struct t_random random;
};

/* Query, resize and free what may be born right now. */
static void *guess(void *arg)
{
	struct guesser *g = arg;
	struct memmgr_realloc re;
	struct memmgr_block block;

	while (!atomic_load(&g->stop)) {
		__u64 generation = atomic_load(&g->generation) + t_below(&g->random, 3);
		__u64 handle = generation << 32 | t_below(&g->random, 16);

		t_query(g->fd, handle, &block);
		t_realloc(g->fd, handle, 1 + t_below(&g->random, 500), 0, &re);
		atomic_fetch_add(&g->hits, !t_free(g->fd, handle));
	}
	return NULL;
}

TEST_F(storm, guessed_handles_harm_no_bookkeeping)
{
	struct guesser guesser = { .fd = self->fd, .random = t_random_fork(&self->random, 0) };
	long allocs = 0, frees = 0;
	struct memmgr_stat stat;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, guess, &guesser));
	for (long end = t_now_ms() + t_storm_ms();
	     t_now_ms() < end || !atomic_load(&guesser.hits);) {
		__u64 handle[8];

		for (int i = 0; i < 8; i++) {
			handle[i] = t_block(self->fd, 1 + t_below(&self->random, 500), 0, 0);
			ASSERT_NE(0, handle[i]);
			atomic_store(&guesser.generation, handle[i] >> 32);
			allocs++;
		}
		for (int i = 0; i < 8; i++) {
			int ret = t_free(self->fd, handle[i]);

			ASSERT_TRUE(ret == 0 || ret == -ESTALE);
			frees += !ret;
		}
	}
	atomic_store(&guesser.stop, true);
	pthread_join(thread, NULL);
	printf("# %ld of %ld blocks were guessed\n", atomic_load(&guesser.hits), allocs);
	EXPECT_EQ(allocs, frees + atomic_load(&guesser.hits));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(allocs, stat.out_allocs);
	EXPECT_EQ(allocs, stat.out_frees);
}

/* ---- blocks that one makes and another frees ---- */

#define RING 64

struct ring {
	int fd;
	__u64 handle[RING];
	atomic_uint made, taken;
	atomic_bool stop;
	int failed;
};

static void *consume(void *arg)
{
	struct ring *ring = arg;

	for (;;) {
		unsigned int i = atomic_load(&ring->taken);

		if (i == atomic_load(&ring->made)) {
			if (atomic_load(&ring->stop))
				return NULL;
			sched_yield();
			continue;
		}
		ring->failed += !!t_free(ring->fd, ring->handle[i % RING]);
		atomic_store(&ring->taken, i + 1);
	}
}

TEST_F(storm, one_makes_and_another_frees)
{
	struct ring ring = { .fd = t_attach(self->fd, 0) };
	struct memmgr_stat stat;
	pthread_t thread;

	ASSERT_LE(0, ring.fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, consume, &ring));
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		unsigned int i = atomic_load(&ring.made);
		__u64 handle;

		if (i - atomic_load(&ring.taken) == RING) {
			sched_yield();
			continue;
		}
		handle = t_block(self->fd, 1 + t_below(&self->random, 100), i, 0);
		if (!handle)
			continue;
		ring.handle[i % RING] = handle;
		atomic_store(&ring.made, i + 1);
	}
	atomic_store(&ring.stop, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, ring.failed);
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.out_owner_blocks);
	EXPECT_EQ(0, stat.out_owner_bytes);
	ASSERT_EQ(0, t_stat(ring.fd, &stat));
	EXPECT_EQ(0, stat.out_owner_blocks);
	close(ring.fd);
}

/* ---- arenas that come and go ---- */

static void *make_arenas(void *arg)
{
	atomic_bool *stop = arg;
	long made = 0;

	for (; !atomic_load(stop); made++) {
		int fd = t_arena(16 * T_KIB, 0), other = t_attach(fd, 0);

		if (fd < 0 || other < 0 || !t_block(other, 100, 0, MEMMGR_POLICY_KEEP))
			return NULL;
		close(fd);
		close(other);
	}
	return made ? stop : NULL;
}

TEST(arenas_come_and_go_at_once)
{
	long arenas = t_arenas();
	atomic_bool stop = false;
	pthread_t threads[3];
	void *fine;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_arenas, &stop));
	}
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		ASSERT_LE(arenas, t_arenas());
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &fine);
		EXPECT_EQ(&stop, fine);
	}
	EXPECT_EQ(arenas, t_arenas());
}

TEST_HARNESS_MAIN
