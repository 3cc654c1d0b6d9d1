// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that die in the middle of anything: their blocks come back, or stay
 * as orphans where that was asked for, and nobody else notices.
 */
#include "memmgr_test.h"

#include <sys/prctl.h>

#define SIZE T_MIB
#define CHILDREN 4
#define SLOTS 64

/* What the children tell the parent, in memory that outlives them. */
struct board {
	_Atomic __u32 owner[CHILDREN];
	atomic_int calls[CHILDREN];
};

FIXTURE(storm)
{
	int fd;
	struct board *board;
	struct t_random random;
	pid_t child[CHILDREN];
	struct memmgr_block blocks[2 * CHILDREN * SLOTS];
};

FIXTURE_SETUP(storm)
{
	self->random = t_random("owner_death");
	self->fd = t_arena(SIZE, 0);
	ASSERT_LE(0, self->fd);
	self->board = mmap(NULL, sizeof(*self->board), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->board);
}

FIXTURE_TEARDOWN(storm)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

/* One random call on one of @handle, a third of them with policy KEEP. */
static void one_call(int fd, struct t_random *random, unsigned int child, __u64 *handle)
{
	__u64 *at = &handle[t_below(random, SLOTS)];
	struct memmgr_realloc re;
	struct memmgr_alloc alloc;

	if (!*at) {
		if (!t_alloc_full(fd, 1 + t_below(random, SIZE / CHILDREN / SLOTS), 0, child,
				  t_below(random, 2) ? MEMMGR_ALLOC_ZERO : 0,
				  !t_below(random, 3), &alloc))
			*at = alloc.out_handle;
	} else if (t_below(random, 3)) {
		t_realloc(fd, *at, 1 + t_below(random, SIZE / CHILDREN / SLOTS),
			  t_below(random, 2) ? MEMMGR_REALLOC_ZERO : 0, &re);
	} else {
		T_CHILD_NEEDS(!t_free(fd, *at));
		*at = 0;
	}
}

static void __attribute__((noreturn)) work(FIXTURE_DATA(storm) *self, unsigned int number)
{
	struct t_random random = t_random_fork(&self->random, number + getpid());
	__u64 handle[SLOTS] = {};
	struct memmgr_info info;
	int fd = t_attach(self->fd, 0);

	T_CHILD_NEEDS(fd >= 0);
	T_CHILD_NEEDS(!t_info(fd, &info));
	atomic_store(&self->board->owner[number], info.out_owner);
	for (;;) {
		one_call(fd, &random, number, handle);
		atomic_fetch_add(&self->board->calls[number], 1);
	}
}

static void start(FIXTURE_DATA(storm) *self, unsigned int number)
{
	atomic_store(&self->board->owner[number], 0);
	atomic_store(&self->board->calls[number], 0);
	self->child[number] = fork();
	if (!self->child[number]) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(self, number);
	}
}

static int end(FIXTURE_DATA(storm) *self, unsigned int number)
{
	kill(self->child[number], SIGKILL);
	return t_reap(self->child[number]);
}

/* Blocks that are where no block should be any more, after the death of @owner. */
static int left_by(FIXTURE_DATA(storm) *self, __u32 owner)
{
	int found = t_walk(self->fd, NULL, 64, self->blocks, ARRAY_SIZE(self->blocks)), left = 0;

	if (found < 0)
		return found;
	for (int i = 0; i < found; i++) {
		struct memmgr_block *block = &self->blocks[i];

		if (block->state == MEMMGR_STATE_ORPHAN)
			left += block->policy != MEMMGR_POLICY_KEEP || block->owner != 0;
		else
			left += block->owner == owner;
	}
	return left;
}

static int free_orphans(FIXTURE_DATA(storm) *self)
{
	struct memmgr_iterate orphans = { .states = MEMMGR_STATE_ORPHAN };
	int found = t_walk(self->fd, &orphans, 64, self->blocks, ARRAY_SIZE(self->blocks));

	for (int i = 0; i < found; i++) {
		int ret = t_free(self->fd, self->blocks[i].handle);

		if (ret)
			return ret;
	}
	return found;
}

TEST_F(storm, blocks_of_the_killed_come_back_while_others_go_on)
{
	int killed = 0, orphans = 0;

	for (unsigned int i = 0; i < CHILDREN; i++)
		start(self, i);
	for (long till = t_now_ms() + 3 * t_storm_ms(); t_now_ms() < till || killed < 5; killed++) {
		unsigned int victim = t_below(&self->random, CHILDREN);
		int freed;

		t_sleep_ms(t_below(&self->random, 8));
		ASSERT_EQ(T_KILLED, end(self, victim));
		ASSERT_EQ(0, left_by(self, atomic_load(&self->board->owner[victim])));
		freed = free_orphans(self);
		ASSERT_LE(0, freed);
		orphans += freed;
		start(self, victim);
	}
	for (unsigned int i = 0; i < CHILDREN; i++) {
		ASSERT_EQ(T_KILLED, end(self, i));
	}
	ASSERT_LE(0, free_orphans(self));
	EXPECT_STREQ("", t_remains(self->fd));
	printf("# %d processes killed, %d orphans freed\n", killed, orphans);
}

TEST_F(storm, figures_are_exact_after_each_massacre)
{
	for (long till = t_now_ms() + 2 * t_storm_ms(); t_now_ms() < till;) {
		struct memmgr_stat stat;
		__u64 orphan_bytes = 0;
		int found;

		for (unsigned int i = 0; i < CHILDREN; i++)
			start(self, i);
		for (unsigned int i = 0; i < CHILDREN; i++) {
			ASSERT_TRUE(T_EVENTUALLY(atomic_load(&self->board->calls[i]) >
						 (int)t_below(&self->random, 200)));
		}
		for (unsigned int i = 0; i < CHILDREN; i++)
			kill(self->child[i], SIGKILL);
		for (unsigned int i = 0; i < CHILDREN; i++) {
			ASSERT_EQ(T_KILLED, t_reap(self->child[i]));
		}

		ASSERT_STREQ("", t_disorder(self->fd));
		ASSERT_EQ(0, t_stat(self->fd, &stat));
		ASSERT_EQ(1, stat.out_owners);
		ASSERT_EQ(stat.out_blocks, stat.out_orphans);
		ASSERT_EQ(stat.out_used, stat.out_orphan_bytes);
		found = t_walk(self->fd, NULL, 100, self->blocks, ARRAY_SIZE(self->blocks));
		ASSERT_EQ(stat.out_orphans, found);
		for (int i = 0; i < found; i++) {
			ASSERT_EQ(MEMMGR_STATE_ORPHAN, self->blocks[i].state);
			ASSERT_EQ(MEMMGR_POLICY_KEEP, self->blocks[i].policy);
			orphan_bytes += self->blocks[i].usable;
		}
		ASSERT_EQ(stat.out_orphan_bytes, orphan_bytes);
		ASSERT_EQ(found, free_orphans(self));
		ASSERT_STREQ("", t_remains(self->fd));
	}
}

TEST_F(storm, a_stopped_process_blocks_nobody)
{
	struct memmgr_validate check;

	for (unsigned int i = 0; i < CHILDREN; i++)
		start(self, i);
	for (int round = 0; round < 25; round++) {
		for (unsigned int i = 0; i < CHILDREN; i++) {
			ASSERT_EQ(0, kill(self->child[i], SIGSTOP));
			ASSERT_EQ(self->child[i], waitpid(self->child[i], NULL, WUNTRACED));
		}
		for (int i = 0; i < 20; i++) {
			__u64 handle = t_block(self->fd, 100, 0, 0);

			ASSERT_NE(0, handle);
			ASSERT_EQ(0, t_free(self->fd, handle));
		}
		ASSERT_EQ(0, t_validate(self->fd, &check));
		for (unsigned int i = 0; i < CHILDREN; i++) {
			ASSERT_EQ(0, kill(self->child[i], SIGCONT));
		}
		t_sleep_ms(t_below(&self->random, 6));
	}
	for (unsigned int i = 0; i < CHILDREN; i++) {
		ASSERT_EQ(T_KILLED, end(self, i));
	}
	ASSERT_LE(0, free_orphans(self));
	EXPECT_STREQ("", t_remains(self->fd));
}

static void *work_as_thread(void *arg)
{
	FIXTURE_DATA(storm) *self = arg;

	work(self, 0);
}

TEST_F(storm, a_process_of_many_threads_dies_as_one)
{
	for (long till = t_now_ms() + t_storm_ms(); t_now_ms() < till;) {
		pid_t child = fork();
		struct memmgr_stat stat;

		if (!child) {
			pthread_t thread;

			for (int i = 0; i < 4; i++)
				T_CHILD_NEEDS(!pthread_create(&thread, NULL, work_as_thread, self));
			pause();
		}
		t_sleep_ms(t_below(&self->random, 20));
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(T_KILLED, t_reap(child));
		ASSERT_EQ(0, t_stat(self->fd, &stat));
		ASSERT_EQ(1, stat.out_owners);
		ASSERT_EQ(stat.out_orphans, stat.out_blocks);
		ASSERT_LE(0, free_orphans(self));
		ASSERT_STREQ("", t_remains(self->fd));
	}
}

TEST(thousands_of_blocks_die_with_their_owner)
{
	enum { BLOCKS = 20000 };
	int fd = t_arena(T_MIB, 0);
	struct memmgr_stat stat;
	pid_t child;

	ASSERT_LE(0, fd);
	child = fork();
	if (!child) {
		int own = t_attach(fd, 0);

		for (int i = 0; i < BLOCKS; i++)
			T_CHILD_NEEDS(t_block(own, 16, i, i % 100 == 0));
		raise(SIGKILL);
	}
	ASSERT_EQ(T_KILLED, t_reap(child));
	ASSERT_EQ(0, t_stat(fd, &stat));
	EXPECT_EQ(BLOCKS / 100, stat.out_orphans);
	EXPECT_EQ(BLOCKS / 100, stat.out_blocks);
	EXPECT_EQ(BLOCKS - BLOCKS / 100, stat.out_frees);
	EXPECT_STREQ("", t_disorder(fd));
}

TEST(every_way_to_end_is_the_same)
{
	int fd = t_arena(T_MIB, 0);

	ASSERT_LE(0, fd);
	for (int way = 0; way < 4; way++) {
		pid_t child = fork();

		if (!child) {
			int own = t_attach(fd, 0);
			unsigned char *base = t_map(own, T_MIB, PROT_READ | PROT_WRITE);

			T_CHILD_NEEDS(base != MAP_FAILED);
			T_CHILD_NEEDS(t_block(own, 5000, way, 0));
			munmap(base + T_PAGE, T_PAGE);
			if (way == 0)
				_exit(0);
			if (way == 1)
				raise(SIGTERM);
			if (way == 2)
				base[T_PAGE] = 1;
			raise(SIGKILL);
		}
		t_reap(child);
		EXPECT_STREQ("", t_remains(fd))
			TH_LOG("way %d", way);
	}
}

TEST(the_others_keep_what_a_dead_owner_gave_them_to_read)
{
	int fd = t_arena(T_MIB, 0);
	unsigned char *base = t_map(fd, T_MIB, PROT_READ);
	struct memmgr_block block;
	pid_t child;

	ASSERT_NE(MAP_FAILED, base);
	child = fork();
	if (!child) {
		int own = t_attach(fd, 0);
		unsigned char *writable = t_map(own, T_MIB, PROT_READ | PROT_WRITE);
		struct memmgr_alloc alloc;

		T_CHILD_NEEDS(!t_alloc_full(own, 5000, 0, 77, 0, MEMMGR_POLICY_KEEP, &alloc));
		memset(writable + alloc.out_offset, 0x77, 5000);
		raise(SIGKILL);
	}
	ASSERT_EQ(T_KILLED, t_reap(child));
	ASSERT_EQ(0, t_query_at(fd, 0, &block));
	EXPECT_EQ(77, block.tag);
	EXPECT_TRUE(t_all(base + block.offset, 0x77, 5000));
	EXPECT_EQ(0, t_free(fd, block.handle));
	EXPECT_STREQ("", t_remains(fd));
}

TEST_HARNESS_MAIN
