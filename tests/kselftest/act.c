// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_IOC_ACT: what is as expected is acted upon, and nothing else, whatever
 * others do in between.
 */
#include "memmgr_test.h"

#include <sys/prctl.h>

#define SIZE (256 * T_KIB)
#define TAG 0x5a

FIXTURE(block)
{
	int fd;
	int other;
	__u64 handle;
};

FIXTURE_SETUP(block)
{
	self->fd = t_arena(SIZE, 0);
	ASSERT_LE(0, self->fd);
	self->other = t_attach(self->fd, 0);
	ASSERT_LE(0, self->other);
	self->handle = t_block(self->fd, 100, TAG, 0);
	ASSERT_NE(0, self->handle);
}

FIXTURE_TEARDOWN(block)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->other);
	close(self->fd);
}

static struct memmgr_act_entry entry_for(FIXTURE_DATA(block) *self, __u32 action)
{
	struct memmgr_act_entry entry = { .handle = self->handle, .action = action };

	if (action == MEMMGR_ACTION_TRANSFER)
		entry.value = t_owner(self->other);
	if (action == MEMMGR_ACTION_RETAG)
		entry.value = 99;
	if (action == MEMMGR_ACTION_POLICY)
		entry.value = MEMMGR_POLICY_KEEP;
	return entry;
}

#define FOR_EACH_ACTION(a) for (__u32 a = MEMMGR_ACTION_FREE; a <= MEMMGR_ACTION_POLICY; a++)

TEST_F(block, each_action_does_what_it_says_and_no_more)
{
	struct memmgr_block before, after, expected;

	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	ASSERT_EQ(0, t_query(self->fd, self->handle, &before));
	for (__u32 action = MEMMGR_ACTION_POLICY; action; action--) {
		struct memmgr_act_entry entry = entry_for(self, action);

		ASSERT_EQ(0, t_act_on(self->fd, &entry));
		expected = before;
		if (action == MEMMGR_ACTION_FREE) {
			ASSERT_EQ(-ESTALE, t_query(self->fd, self->handle, &after));
			break;
		}
		ASSERT_EQ(0, t_query(self->fd, self->handle, &after));
		if (action == MEMMGR_ACTION_RETAG)
			expected.tag = 99;
		if (action == MEMMGR_ACTION_TRANSFER)
			expected.owner = entry.value;
		if (action == MEMMGR_ACTION_MARK)
			expected.epoch = 2;
		if (action == MEMMGR_ACTION_POLICY)
			expected.policy = MEMMGR_POLICY_KEEP;
		EXPECT_EQ(0, memcmp(&expected, &after, sizeof(after)))
			TH_LOG("action %u", action);
		before = after;
	}
}

TEST_F(block, another_tag_is_ecanceled_and_nothing_is_done)
{
	struct memmgr_block before, after;

	ASSERT_EQ(0, t_query(self->fd, self->handle, &before));
	FOR_EACH_ACTION(action) {
		struct memmgr_act_entry entry = entry_for(self, action);

		for (int bit = 0; bit < 32; bit++) {
			entry.tag_value = TAG ^ 1U << bit;
			entry.tag_mask = bit % 2 ? ~0U : 1U << bit;
			EXPECT_EQ(-ECANCELED, t_act_on(self->fd, &entry))
				TH_LOG("action %u, bit %d", action, bit);
		}
	}
	ASSERT_EQ(0, t_query(self->fd, self->handle, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(block, bits_outside_of_the_mask_do_not_count)
{
	struct memmgr_act_entry entry = entry_for(self, MEMMGR_ACTION_FREE);

	entry.tag_value = 0xffffff5f;
	entry.tag_mask = 0xf0;
	EXPECT_EQ(0, t_act_on(self->fd, &entry));
}

TEST_F(block, handles_of_no_block_have_the_usual_errors)
{
	FOR_EACH_ACTION(action) {
		struct memmgr_act_entry entry = entry_for(self, action);

		entry.handle += 1ULL << 32;
		EXPECT_EQ(-ENOENT, t_act_on(self->fd, &entry));
		entry.handle = 0;
		EXPECT_EQ(-ENOENT, t_act_on(self->fd, &entry));
		entry.handle = ~0ULL;
		EXPECT_EQ(-ENOENT, t_act_on(self->fd, &entry));
	}
	ASSERT_EQ(0, t_free(self->fd, self->handle));
	FOR_EACH_ACTION(action) {
		struct memmgr_act_entry entry = entry_for(self, action);

		EXPECT_EQ(-ESTALE, t_act_on(self->fd, &entry));
	}
}

TEST_F(block, malformed_entries_are_einval)
{
	struct memmgr_act_entry bad[] = {
		{ .action = 0 },
		{ .action = MEMMGR_ACTION_POLICY + 1 },
		{ .action = ~0U },
		{ .action = MEMMGR_ACTION_FREE, .value = 1 },
		{ .action = MEMMGR_ACTION_MARK, .value = 1 },
		{ .action = MEMMGR_ACTION_FREE, .heir = 1 },
		{ .action = MEMMGR_ACTION_RETAG, .heir = 1 },
		{ .action = MEMMGR_ACTION_TRANSFER, .value = 1, .heir = 1 },
		{ .action = MEMMGR_ACTION_POLICY, .value = 3 },
		{ .action = MEMMGR_ACTION_POLICY, .value = MEMMGR_POLICY_GIVE },
		{ .action = MEMMGR_ACTION_POLICY, .value = MEMMGR_POLICY_KEEP, .heir = 1 },
	};
	struct memmgr_block before, after;

	ASSERT_EQ(0, t_query(self->fd, self->handle, &before));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		bad[i].handle = self->handle;
		EXPECT_EQ(-EINVAL, t_act_on(self->fd, &bad[i]))
			TH_LOG("entry %zu", i);
	}
	ASSERT_EQ(0, t_query(self->fd, self->handle, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(block, credit_goes_with_the_block)
{
	struct memmgr_stat mine, his;

	ASSERT_EQ(0, t_act(self->fd, self->handle, MEMMGR_ACTION_TRANSFER, t_owner(self->other)));
	ASSERT_EQ(0, t_stat(self->fd, &mine));
	ASSERT_EQ(0, t_stat(self->other, &his));
	EXPECT_EQ(0, mine.out_owner_blocks);
	EXPECT_EQ(0, mine.out_owner_bytes);
	EXPECT_EQ(1, his.out_owner_blocks);
	EXPECT_EQ(112, his.out_owner_bytes);
	close(self->other);
	self->other = -1;
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(block, orphans_are_taken_over)
{
	__u64 handle = t_block(self->other, 200, 7, MEMMGR_POLICY_KEEP);
	__u32 left_by = t_owner(self->other);
	struct memmgr_block block;
	struct memmgr_stat stat;

	close(self->other);
	self->other = -1;
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(MEMMGR_STATE_ORPHAN, block.state);
	EXPECT_EQ(0, block.owner);
	EXPECT_EQ(left_by, block.relative);
	ASSERT_EQ(0, t_act(self->fd, handle, MEMMGR_ACTION_TRANSFER, t_owner(self->fd)));
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(MEMMGR_STATE_OWNED, block.state);
	EXPECT_EQ(t_owner(self->fd), block.owner);
	EXPECT_EQ(0, block.relative);
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.out_orphans);
	EXPECT_EQ(0, stat.out_orphan_bytes);
	EXPECT_EQ(2, stat.out_owner_blocks);
}

TEST_F(block, orphans_that_are_changed_stay_orphans)
{
	__u64 handle = t_block(self->other, 200, 7, MEMMGR_POLICY_KEEP);
	struct memmgr_block before, after;
	struct memmgr_stat stat;

	close(self->other);
	self->other = -1;
	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	ASSERT_EQ(0, t_query(self->fd, handle, &before));
	EXPECT_EQ(0, t_act(self->fd, handle, MEMMGR_ACTION_RETAG, 8));
	EXPECT_EQ(0, t_act(self->fd, handle, MEMMGR_ACTION_MARK, 0));
	EXPECT_EQ(0, t_act(self->fd, handle, MEMMGR_ACTION_POLICY, MEMMGR_POLICY_FREE));
	ASSERT_EQ(0, t_query(self->fd, handle, &after));
	before.tag = 8;
	before.epoch = 2;
	before.policy = MEMMGR_POLICY_FREE;
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(1, stat.out_orphans);
	EXPECT_EQ(208, stat.out_orphan_bytes);
}

TEST_F(block, only_living_owners_that_may_write_are_given_blocks)
{
	int reader = t_attach(self->fd, MEMMGR_ATTACH_READONLY);
	__u32 dead = t_owner(self->other);

	EXPECT_EQ(-EPERM, t_act(self->fd, self->handle, MEMMGR_ACTION_TRANSFER, t_owner(reader)));
	EXPECT_EQ(-ENOENT, t_act(self->fd, self->handle, MEMMGR_ACTION_TRANSFER, 0));
	EXPECT_EQ(-ENOENT, t_act(self->fd, self->handle, MEMMGR_ACTION_TRANSFER, ~0U));
	close(self->other);
	self->other = -1;
	EXPECT_EQ(-ENOENT, t_act(self->fd, self->handle, MEMMGR_ACTION_TRANSFER, dead));
	close(reader);
}

/* ---- one call ---- */

static int act(int fd, void *entries, __u32 count, struct memmgr_act *arg)
{
	*arg = (struct memmgr_act){ .entries = (uintptr_t)entries, .count = count };
	return t_ioctl(fd, MEMMGR_IOC_ACT, arg);
}

TEST_F(block, count_is_bounded)
{
	static struct memmgr_act_entry entries[MEMMGR_ACT_MAX + 1];
	struct memmgr_act arg;

	for (int i = 0; i <= MEMMGR_ACT_MAX; i++)
		entries[i] = entry_for(self, MEMMGR_ACTION_MARK);
	EXPECT_EQ(-EINVAL, act(self->fd, entries, 0, &arg));
	EXPECT_EQ(-EINVAL, act(self->fd, entries, MEMMGR_ACT_MAX + 1, &arg));
	EXPECT_EQ(-EINVAL, act(self->fd, entries, ~0U, &arg));
	EXPECT_EQ(0, act(self->fd, entries, MEMMGR_ACT_MAX, &arg));
	EXPECT_EQ(MEMMGR_ACT_MAX, arg.out_done);
}

TEST_F(block, each_entry_has_its_own_result)
{
	struct memmgr_act_entry entries[] = {
		entry_for(self, MEMMGR_ACTION_RETAG),
		entry_for(self, MEMMGR_ACTION_FREE), /* expects the old tag */
		entry_for(self, 77),
		entry_for(self, MEMMGR_ACTION_FREE), /* expects the new one */
		entry_for(self, MEMMGR_ACTION_FREE),
	};
	int expected[] = { 0, -ECANCELED, -EINVAL, 0, -ESTALE };
	struct memmgr_act arg;

	entries[1].tag_value = TAG;
	entries[3].tag_value = 99;
	entries[1].tag_mask = entries[3].tag_mask = ~0U;
	ASSERT_EQ(0, act(self->fd, entries, ARRAY_SIZE(entries), &arg));
	EXPECT_EQ(2, arg.out_done);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		EXPECT_EQ(expected[i], entries[i].out_result)
			TH_LOG("entry %zu", i);
	}
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(block, results_that_cannot_be_written_are_efault_with_nothing_done)
{
	struct memmgr_act_entry entry = entry_for(self, MEMMGR_ACTION_FREE);
	char *pages = mmap(NULL, 2 * T_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *last = pages + T_PAGE - sizeof(entry);
	struct memmgr_block block;
	struct memmgr_act arg;

	memcpy(last, &entry, sizeof(entry));
	memcpy(last + sizeof(entry), &entry, sizeof(entry));
	ASSERT_EQ(0, mprotect(pages + T_PAGE, T_PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, act(self->fd, last, 2, &arg));
	EXPECT_EQ(-EFAULT, act(self->fd, last + sizeof(entry), 1, &arg));
	ASSERT_EQ(0, munmap(pages + T_PAGE, T_PAGE));
	EXPECT_EQ(-EFAULT, act(self->fd, last, 2, &arg));
	EXPECT_EQ(-EFAULT, act(self->fd, NULL, 1, &arg));
	EXPECT_EQ(-EFAULT, act(self->fd, (void *)-8UL, 1, &arg));
	EXPECT_EQ(0, t_query(self->fd, self->handle, &block));
	EXPECT_EQ(0, act(self->fd, last, 1, &arg));
}

TEST_F(block, entries_may_lie_in_the_arena_itself)
{
	unsigned char *base = t_map(self->fd, SIZE, PROT_READ | PROT_WRITE);
	struct memmgr_act_entry *entry = (void *)(base + 3 * T_PAGE - 16);
	struct memmgr_act arg;

	ASSERT_NE(MAP_FAILED, base);
	*entry = entry_for(self, MEMMGR_ACTION_FREE);
	EXPECT_EQ(0, act(self->fd, entry, 1, &arg));
	EXPECT_EQ(0, entry->out_result);
}

TEST_F(block, of_many_entries_for_one_block_one_frees_it)
{
	static struct memmgr_act_entry entries[100];
	struct memmgr_act arg;

	for (int i = 0; i < 100; i++)
		entries[i] = entry_for(self, MEMMGR_ACTION_FREE);
	ASSERT_EQ(0, act(self->fd, entries, 100, &arg));
	EXPECT_EQ(1, arg.out_done);
	EXPECT_STREQ("", t_remains(self->fd));
}

struct flipper {
	struct memmgr_act_entry *entries;
	atomic_bool stop;
};

static void *flip(void *arg)
{
	struct flipper *flipper = arg;
	volatile __u32 *words = (void *)flipper->entries;

	for (unsigned int i = 0; !atomic_load(&flipper->stop); i++)
		words[i % 64] = i % 7 ? i % 6 : ~0U;
	return NULL;
}

TEST_F(block, entries_may_change_while_they_are_read)
{
	static struct memmgr_act_entry entries[8];
	struct flipper flipper = { .entries = entries };
	struct memmgr_act arg;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &flipper));
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		for (int i = 0; i < 8; i++)
			entries[i].handle = self->handle;
		EXPECT_EQ(0, act(self->fd, entries, 8, &arg));
		ASSERT_LE(arg.out_done, 8);
	}
	atomic_store(&flipper.stop, true);
	pthread_join(thread, NULL);
}

/* ---- collectors against recyclers ---- */

#define RECYCLERS 2
#define COLLECTORS 2
#define LIVE 16
#define GARBAGE 0x1000 /* what may be collected; with another tag, it is in use */

/* What all of them see: the recyclers' handles, and how often each block was taken. */
struct board {
	_Atomic __u64 handle[RECYCLERS][LIVE];
	atomic_ulong recycled, collected, refused;
};

static void __attribute__((noreturn)) recycle(int arena, struct board *board, int number)
{
	int fd = t_attach(arena, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned int i = 0;; i++) {
		_Atomic __u64 *mine = &board->handle[number][i % LIVE];
		__u64 handle = atomic_load(mine);
		struct memmgr_block block;
		int ret;

		/* In use: it is there, whatever the collectors try. */
		if (handle) {
			T_CHILD_NEEDS(!t_query(fd, handle, &block) && block.tag == 1);
			ret = t_act(fd, handle, MEMMGR_ACTION_RETAG, GARBAGE);
			T_CHILD_NEEDS(!ret);
			/* Back into use, if it was not collected yet. */
			ret = t_act(fd, handle, MEMMGR_ACTION_RETAG, 1);
			T_CHILD_NEEDS(!ret || ret == -ESTALE);
			if (!ret) {
				T_CHILD_NEEDS(!t_query(fd, handle, &block));
				T_CHILD_NEEDS(!t_free(fd, handle));
			}
			atomic_fetch_add(&board->recycled, 1);
		}
		handle = t_block(fd, 64, 1, 0);
		T_CHILD_NEEDS(handle);
		atomic_store(mine, handle);
	}
}

static void __attribute__((noreturn)) collect(int arena, struct board *board)
{
	static struct memmgr_act_entry entries[RECYCLERS * LIVE];
	int fd = t_attach(arena, 0);
	struct memmgr_act arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		for (int i = 0; i < RECYCLERS * LIVE; i++)
			entries[i] = (struct memmgr_act_entry){
				.handle = atomic_load(&board->handle[i / LIVE][i % LIVE]),
				.action = MEMMGR_ACTION_FREE,
				.tag_value = GARBAGE,
				.tag_mask = ~0U,
			};
		T_CHILD_NEEDS(!act(fd, entries, RECYCLERS * LIVE, &arg));
		for (int i = 0; i < RECYCLERS * LIVE; i++) {
			int ret = entries[i].out_result;

			T_CHILD_NEEDS(!ret || ret == -ECANCELED || ret == -ESTALE ||
				      ret == -ENOENT);
			atomic_fetch_add(ret ? &board->refused : &board->collected, 1);
		}
	}
}

TEST_F(block, a_collector_never_frees_what_was_recycled)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child[RECYCLERS + COLLECTORS];

	for (int i = 0; i < RECYCLERS + COLLECTORS; i++) {
		child[i] = fork();
		if (!child[i] && i < RECYCLERS)
			recycle(self->fd, board, i);
		if (!child[i])
			collect(self->fd, board);
	}
	t_sleep_ms(4 * t_storm_ms());
	for (int i = 0; i < RECYCLERS + COLLECTORS; i++) {
		kill(child[i], SIGKILL);
		EXPECT_EQ(T_KILLED, t_reap(child[i]));
	}
	printf("# recycled %lu, collected %lu, refused %lu\n", board->recycled, board->collected,
	       board->refused);
	EXPECT_LT(0, board->recycled);
	EXPECT_LT(0, board->collected);
	EXPECT_EQ(0, t_free(self->fd, self->handle));
	EXPECT_STREQ("", t_remains(self->fd));
}

/* ---- owners that die while they give and take ---- */

static void __attribute__((noreturn)) pass_on(int arena, _Atomic __u32 *owners, int count)
{
	struct t_random random = t_random_fork(&(struct t_random){}, getpid());
	int fd = t_attach(arena, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	atomic_store(&owners[t_below(&random, count)], t_owner(fd));
	for (;;) {
		__u32 to = atomic_load(&owners[t_below(&random, count)]);
		__u64 handle = t_block(fd, 1 + t_below(&random, 200), 3, t_below(&random, 2));
		int ret = t_act(fd, handle, MEMMGR_ACTION_TRANSFER, to);

		T_CHILD_NEEDS(!ret || ret == -ENOENT || ret == -ESTALE);
		if (ret)
			t_free(fd, handle);
	}
}

TEST_F(block, nothing_is_lost_when_givers_and_takers_die)
{
	enum { CHILDREN = 4 };
	_Atomic __u32 *owners = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child[CHILDREN] = {};
	struct memmgr_stat stat;
	int killed = 0;

	for (long end = t_now_ms() + 4 * t_storm_ms(); t_now_ms() < end; killed++) {
		pid_t *victim = &child[killed % CHILDREN];

		if (*victim) {
			kill(*victim, SIGKILL);
			ASSERT_EQ(T_KILLED, t_reap(*victim));
		}
		*victim = fork();
		if (!*victim)
			pass_on(self->fd, owners, CHILDREN);
		t_sleep_ms(5);
	}
	for (int i = 0; i < CHILDREN; i++) {
		if (!child[i])
			continue;
		kill(child[i], SIGKILL);
		ASSERT_EQ(T_KILLED, t_reap(child[i]));
	}
	printf("# %d killed\n", killed);
	/* What is left is the test's own block, and orphans. */
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(2, stat.out_owners);
	EXPECT_EQ(stat.out_blocks, stat.out_orphans + 1);
	EXPECT_EQ(1, stat.out_owner_blocks);
	EXPECT_STREQ("", t_disorder(self->fd));
}

struct mayfly {
	int fd;
	_Atomic __u32 owner;
	atomic_bool stop;
};

/* An owner that dies as soon as it is born, again and again. */
static void *come_and_go(void *arg)
{
	struct mayfly *mayfly = arg;

	while (!atomic_load(&mayfly->stop)) {
		int fd = t_attach(mayfly->fd, 0);

		atomic_store(&mayfly->owner, t_owner(fd));
		close(fd);
	}
	return NULL;
}

TEST_F(block, nothing_is_lost_to_owners_that_come_and_go)
{
	struct mayfly mayfly = { .fd = self->fd };
	struct memmgr_stat stat;
	int given = 0, late = 0;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, come_and_go, &mayfly));
	for (long end = t_now_ms() + 4 * t_storm_ms(); t_now_ms() < end;) {
		__u64 handle = t_block(self->fd, 16, 3, MEMMGR_POLICY_FREE);
		int ret;

		ASSERT_NE(0, handle);
		do {
			ret = t_act(self->fd, handle, MEMMGR_ACTION_TRANSFER,
				    atomic_load(&mayfly.owner));
			late += ret == -ENOENT;
		} while (ret == -ENOENT);
		ASSERT_EQ(0, ret); /* whoever has it now takes it to the grave */
		given++;
	}
	atomic_store(&mayfly.stop, true);
	pthread_join(thread, NULL);
	printf("# %d given, %d too late\n", given, late);
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(1, stat.out_blocks);
	EXPECT_EQ(1, stat.out_owner_blocks);
	EXPECT_STREQ("", t_disorder(self->fd));
}

TEST_HARNESS_MAIN
