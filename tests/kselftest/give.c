// SPDX-License-Identifier: GPL-2.0
/*
 * MEMMGR_POLICY_GIVE: a block goes to the heir that it was given when it was made or
 * later, and to nobody if that one is gone, too.
 */
#include "memmgr_test.h"

#include <sys/prctl.h>

#define SIZE (256 * T_KIB)

FIXTURE(family)
{
	int fd;
	int parent;
	int heir;
};

FIXTURE_SETUP(family)
{
	self->fd = t_arena(SIZE, 0);
	self->parent = t_attach(self->fd, 0);
	self->heir = t_attach(self->fd, 0);
	ASSERT_LE(0, self->heir);
}

FIXTURE_TEARDOWN(family)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->parent);
	close(self->heir);
	close(self->fd);
}

static int bequeath(int fd, __u32 policy, __u32 heir, __u64 *handle)
{
	struct memmgr_alloc alloc = { .size = 100, .policy = policy, .heir = heir };
	int ret = t_ioctl(fd, MEMMGR_IOC_ALLOC, &alloc);

	*handle = alloc.out_handle;
	return ret;
}

static int bequeath_later(int fd, __u64 handle, __u32 heir)
{
	struct memmgr_act_entry entry = {
		.handle = handle, .action = MEMMGR_ACTION_POLICY,
		.value = MEMMGR_POLICY_GIVE, .heir = heir,
	};

	return t_act_on(fd, &entry);
}

static void end(int *fd)
{
	close(*fd);
	*fd = -1;
}

TEST_F(family, heir_gets_the_block_with_its_credit)
{
	__u32 heir = t_owner(self->heir);
	struct memmgr_block block;
	struct memmgr_stat stat;
	__u64 handle;

	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_GIVE, heir, &handle));
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(heir, block.relative);
	EXPECT_EQ(MEMMGR_POLICY_GIVE, block.policy);
	end(&self->parent);
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(heir, block.owner);
	EXPECT_EQ(MEMMGR_STATE_OWNED, block.state);
	ASSERT_EQ(0, t_stat(self->heir, &stat));
	EXPECT_EQ(1, stat.out_owner_blocks);
	EXPECT_EQ(112, stat.out_owner_bytes);
	EXPECT_EQ(0, stat.out_orphans);
}

TEST_F(family, heir_that_dies_leaves_an_orphan)
{
	__u32 heir = t_owner(self->heir);
	struct memmgr_block block;
	__u64 handle;

	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_GIVE, heir, &handle));
	end(&self->parent);
	end(&self->heir);
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(MEMMGR_STATE_ORPHAN, block.state);
	EXPECT_EQ(heir, block.relative);
	EXPECT_EQ(0, t_free(self->fd, handle));
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(family, heir_that_died_first_makes_an_orphan)
{
	__u32 parent = t_owner(self->parent);
	struct memmgr_block block;
	__u64 handle;

	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_GIVE, t_owner(self->heir), &handle));
	end(&self->heir);
	end(&self->parent);
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(MEMMGR_STATE_ORPHAN, block.state);
	EXPECT_EQ(parent, block.relative);
}

TEST_F(family, heir_can_be_named_later_and_again)
{
	struct memmgr_block block;
	__u64 handle;

	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_FREE, 0, &handle));
	ASSERT_EQ(0, bequeath_later(self->fd, handle, t_owner(self->heir)));
	ASSERT_EQ(0, bequeath_later(self->fd, handle, t_owner(self->fd)));
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(t_owner(self->fd), block.relative);
	end(&self->parent);
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(t_owner(self->fd), block.owner);
}

TEST_F(family, last_word_counts)
{
	__u64 handle;

	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_GIVE, t_owner(self->heir), &handle));
	ASSERT_EQ(0, t_act(self->fd, handle, MEMMGR_ACTION_POLICY, MEMMGR_POLICY_FREE));
	end(&self->parent);
	EXPECT_STREQ("", t_remains(self->fd));
}

TEST_F(family, heir_of_a_dead_block_is_not_that_of_its_successor)
{
	struct memmgr_block block;
	__u64 handle;

	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_GIVE, t_owner(self->heir), &handle));
	ASSERT_EQ(0, t_free(self->fd, handle));
	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_KEEP, 0, &handle));
	ASSERT_EQ(0, t_query(self->fd, handle, &block));
	EXPECT_EQ(0, block.relative);
}

TEST_F(family, heir_must_live_and_may_write)
{
	int reader = t_attach(self->fd, MEMMGR_ATTACH_READONLY);
	__u32 dead = t_owner(self->heir);
	struct memmgr_stat stat;
	__u64 handle;

	EXPECT_EQ(-EINVAL, bequeath(self->parent, MEMMGR_POLICY_GIVE, 0, &handle));
	EXPECT_EQ(-EINVAL, bequeath(self->parent, MEMMGR_POLICY_FREE, dead, &handle));
	EXPECT_EQ(-EINVAL, bequeath(self->parent, 3, 0, &handle));
	EXPECT_EQ(-EPERM, bequeath(self->parent, MEMMGR_POLICY_GIVE, t_owner(reader), &handle));
	EXPECT_EQ(-ENOENT, bequeath(self->parent, MEMMGR_POLICY_GIVE, 12345, &handle));
	end(&self->heir);
	EXPECT_EQ(-ENOENT, bequeath(self->parent, MEMMGR_POLICY_GIVE, dead, &handle));
	ASSERT_EQ(0, bequeath(self->parent, MEMMGR_POLICY_FREE, 0, &handle));
	EXPECT_EQ(-ENOENT, bequeath_later(self->parent, handle, dead));
	EXPECT_EQ(-EPERM, bequeath_later(self->parent, handle, t_owner(reader)));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	EXPECT_EQ(1, stat.out_blocks);
	close(reader);
}

/* Owners in a ring, each the heir of the one before, killed all at once. */
TEST_F(family, families_that_die_together_leave_orphans_only)
{
	enum { CHILDREN = 4 };
	_Atomic __u32 *owners = mmap(NULL, T_PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct memmgr_block blocks[1000];
	struct memmgr_stat stat;

	for (long till = t_now_ms() + 2 * t_storm_ms(); t_now_ms() < till;) {
		pid_t child[CHILDREN];
		int found;

		for (int i = 0; i < CHILDREN; i++) {
			atomic_store(&owners[i], 0);
			child[i] = fork();
			if (child[i])
				continue;
			int own = t_attach(self->fd, 0);

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(self->parent);
			close(self->heir);
			atomic_store(&owners[i], t_owner(own));
			while (!atomic_load(&owners[(i + 1) % CHILDREN]))
				t_sleep_ms(1);
			for (int j = 0; j < 200; j++) {
				__u64 handle;

				bequeath(own, MEMMGR_POLICY_GIVE,
					 atomic_load(&owners[(i + 1) % CHILDREN]), &handle);
			}
			pause();
		}
		t_sleep_ms(20);
		for (int i = 0; i < CHILDREN; i++)
			kill(child[i], SIGKILL);
		for (int i = 0; i < CHILDREN; i++) {
			ASSERT_EQ(T_KILLED, t_reap(child[i]));
		}
		ASSERT_STREQ("", t_disorder(self->fd));
		ASSERT_EQ(0, t_stat(self->fd, &stat));
		ASSERT_EQ(3, stat.out_owners);
		ASSERT_EQ(stat.out_blocks, stat.out_orphans);
		ASSERT_EQ(stat.out_used, stat.out_orphan_bytes);
		found = t_walk(self->fd, NULL, 100, blocks, ARRAY_SIZE(blocks));
		ASSERT_EQ(stat.out_blocks, found);
		for (int i = 0; i < found; i++) {
			ASSERT_EQ(0, t_free(self->fd, blocks[i].handle));
		}
		ASSERT_STREQ("", t_remains(self->fd));
	}
}

TEST_HARNESS_MAIN
