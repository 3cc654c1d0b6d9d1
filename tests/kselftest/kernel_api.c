// SPDX-License-Identifier: GPL-2.0
/*
 * The interface for kernel code, through a client module: what can be said from
 * inside is in tests/client, what it looks like from outside is here.
 */
#include "client.h"

#include <sys/klog.h>

FIXTURE(client)
{
};

FIXTURE_SETUP(client)
{
	if (t_module()) {
		ASSERT_EQ(0, t_client_load());
	}
}

FIXTURE_TEARDOWN(client)
{
	if (t_module()) {
		t_unload_other("memmgr_test");
		if (!t_loaded())
			t_load("");
	}
}

/* A case that needs nothing from outside. */
#define CASE(name)                                                                   \
	TEST_F(client, name)                                                         \
	{                                                                            \
		T_NEEDS_MODULE();                                                    \
		T_CLIENT_PASSES(#name, 0);                                           \
	}

CASE(create_refuses_nonsense)
CASE(create_serves_every_engine)
CASE(unmappable_is_not_handed_out)
CASE(blocks_live_and_die)
CASE(refusals_have_their_errno)
CASE(walks_and_sweeps)
CASE(callers_wait_for_memory)
CASE(every_context_serves_every_engine)
CASE(atomic_refusals_have_their_errno)
CASE(pointers_are_freed_at_once)
CASE(stock_is_what_atomic_callers_have)
CASE(ready_blocks_are_for_atomic_callers)
CASE(nonsense_is_not_made_ready)
CASE(engine_reserve_is_for_atomic_callers)
CASE(dead_blocks_are_drained)

TEST_F(client, who_waits_for_memory_can_be_killed)
{
	pid_t child;

	T_NEEDS_MODULE();
	child = fork();
	if (!child) {
		t_client("wait_to_be_killed", 0);
		_exit(0);
	}
	t_sleep_ms(300);
	ASSERT_EQ(0, waitpid(child, NULL, WNOHANG));
	ASSERT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(T_KILLED, t_reap(child));
	EXPECT_STREQ("", t_client_result());
}

/* Lines of the table of arenas, and folders. */
TEST_F(client, only_visible_arenas_are_in_debugfs)
{
	long before;

	T_NEEDS_MODULE();
	before = t_arenas();
	T_CLIENT_PASSES("hold_two_arenas", 0);
	EXPECT_EQ(before + 1, t_arenas());
	T_CLIENT_PASSES("let_go", 0);
	EXPECT_EQ(before, t_arenas());
}

TEST_F(client, module_stays_while_a_client_is_loaded)
{
	T_NEEDS_MODULE();
	EXPECT_EQ(-EWOULDBLOCK, t_unload());
	T_CLIENT_PASSES("hold_two_arenas", 0);
	EXPECT_EQ(-EWOULDBLOCK, t_unload());
	T_CLIENT_PASSES("let_go", 0);
	EXPECT_EQ(0, t_unload_other("memmgr_test"));
	EXPECT_EQ(0, t_unload());
	EXPECT_EQ(0, t_load(""));
}

/* ---- between kernel and process ---- */

#define STACKS 8 /* MEMMGR_HEAP_STACKS */

static int handed_out(struct __test_metadata *_metadata, long flags)
{
	T_CLIENT_PASSES("hand_out", flags);
	return atoi(t_client_result());
}

TEST_F(client, process_shares_an_arena_of_the_kernel)
{
	struct memmgr_block block;
	unsigned char *base;
	int fd;

	T_NEEDS_MODULE();
	fd = handed_out(_metadata, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	base = t_map(fd, 64 * T_KIB, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, base);
	ASSERT_EQ(1, t_walk(fd, NULL, 1, &block, 2) == 1);
	EXPECT_EQ(7, block.tag);
	EXPECT_STREQ("from the kernel", (char *)base + block.offset);
	ASSERT_NE(0, t_block(fd, 100, 8, 0));

	/* The heap goes, its block is kept by policy, the memory stays. */
	T_CLIENT_PASSES("let_go", 0);
	ASSERT_EQ(0, t_query(fd, block.handle, &block));
	EXPECT_EQ(MEMMGR_STATE_ORPHAN, block.state);
	EXPECT_EQ(0, t_unload_other("memmgr_test"));
	EXPECT_STREQ("from the kernel", (char *)base + block.offset);
	EXPECT_EQ(0, t_free(fd, block.handle));
	EXPECT_STREQ("", t_disorder(fd));
	close(fd);
	EXPECT_EQ(-EWOULDBLOCK, t_unload());
	munmap(base, 64 * T_KIB);
	EXPECT_EQ(0, t_unload());
}

TEST_F(client, readonly_descriptor_cannot_change_the_kernels_arena)
{
	struct memmgr_alloc alloc;
	int fd;

	T_NEEDS_MODULE();
	fd = handed_out(_metadata, MEMMGR_ATTACH_READONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, t_alloc(fd, 100, &alloc));
	EXPECT_EQ(MAP_FAILED, t_map(fd, T_PAGE, PROT_READ | PROT_WRITE));
	T_CLIENT_PASSES("let_go", 0);
	close(fd); /* only now does the block go that the kernel left */
}

TEST_F(client, kernel_shares_an_arena_of_a_process)
{
	struct memmgr_block block[2];
	unsigned char *base;
	int fd;

	T_NEEDS_MODULE();
	fd = t_arena(64 * T_KIB, 0);
	ASSERT_NE(0, t_block(fd, 100, 1, MEMMGR_POLICY_KEEP));
	T_CLIENT_PASSES("attach_and_alloc", fd);
	ASSERT_EQ(2, t_walk(fd, NULL, 2, block, 3));
	EXPECT_NE(block[0].owner, block[1].owner);
	base = t_map(fd, 64 * T_KIB, PROT_READ);
	for (int i = 0; i < 2; i++) {
		if (block[i].tag == 42) {
			EXPECT_TRUE(t_all(base + block[i].offset, 0x42, 100));
		}
	}
	munmap(base, 64 * T_KIB);
	close(fd); /* the heap keeps the arena */
	EXPECT_EQ(-EWOULDBLOCK, t_unload());
	T_CLIENT_PASSES("attached_still_works", 2);
	T_CLIENT_PASSES("let_go", 0);
}

TEST_F(client, what_belongs_to_kernel_code_is_not_changed_nor_swept)
{
	struct memmgr_sweep old = { .epoch_before = 2 }, done;
	struct memmgr_block block, kernels = {};
	__u64 handle;
	int fd;

	T_NEEDS_MODULE();
	fd = t_arena(64 * T_KIB, 0);
	handle = t_block(fd, 100, 1, MEMMGR_POLICY_KEEP);
	ASSERT_NE(0, handle);
	T_CLIENT_PASSES("attach_and_alloc", fd);
	ASSERT_EQ(1, t_walk(fd, &(struct memmgr_iterate){ .tag_value = 42, .tag_mask = ~0U }, 2,
			    &kernels, 2));
	EXPECT_EQ(-EPERM, t_act(fd, kernels.handle, MEMMGR_ACTION_RETAG, 1));
	EXPECT_EQ(-EPERM, t_act(fd, kernels.handle, MEMMGR_ACTION_TRANSFER, t_owner(fd)));
	EXPECT_EQ(-EPERM, t_act(fd, kernels.handle, MEMMGR_ACTION_POLICY, MEMMGR_POLICY_KEEP));
	EXPECT_EQ(-EPERM, t_act(fd, handle, MEMMGR_ACTION_TRANSFER, kernels.owner));
	ASSERT_EQ(0, t_query(fd, kernels.handle, &block));
	EXPECT_EQ(0, memcmp(&block, &kernels, sizeof(block)));
	ASSERT_EQ(2, t_epoch(fd, MEMMGR_EPOCH_ADVANCE));
	EXPECT_EQ(1, t_sweep(fd, &old, &done));
	EXPECT_EQ(-ESTALE, t_query(fd, handle, &block));
	EXPECT_EQ(0, t_query(fd, kernels.handle, &block));
	EXPECT_EQ(0, t_act(fd, kernels.handle, MEMMGR_ACTION_MARK, 0));
	EXPECT_EQ(0, t_act(fd, kernels.handle, MEMMGR_ACTION_FREE, 0));
	close(fd);
	T_CLIENT_PASSES("let_go", 0);
}

TEST_F(client, attach_takes_only_what_is_an_arena)
{
	int fd;

	T_NEEDS_MODULE();
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	T_CLIENT_PASSES("attach_refuses_others", fd);
	close(fd);
}

TEST_F(client, kernel_has_no_more_rights_than_the_descriptor)
{
	int fd, ro;

	T_NEEDS_MODULE();
	fd = t_arena(64 * T_KIB, 0);
	ASSERT_NE(0, t_block(fd, 100, 1, 0));
	ro = t_attach(fd, MEMMGR_ATTACH_READONLY);
	T_CLIENT_PASSES("readonly_may_only_look", ro);
	T_CLIENT_PASSES("readonly_is_refused_at_once", ro);
	close(ro);
	close(fd);
}

/* ---- what the log says ---- */

#define LOG_ALL 3 /* syslog(2): SYSLOG_ACTION_READ_ALL */
#define LOG_ROOM (4 * T_MIB)
#define LEAKY "memmgr: heap leaky: "

/* What the kernel's log has after the last line with @mark. */
static const char *log_since(const char *mark)
{
	static char text[LOG_ROOM + 1];
	char *at, *last = NULL;
	int len = klogctl(LOG_ALL, text, LOG_ROOM);

	text[len < 0 ? 0 : len] = '\0';
	for (at = text; (at = strstr(at, mark)); at++)
		last = at;
	return last ? last : text;
}

static void mark_log(const char *mark)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (write(fd, mark, strlen(mark)) < 0)
		perror("/dev/kmsg");
	close(fd);
}

TEST_F(client, leaks_are_reported_by_tag_and_owner)
{
	const char *log;

	T_NEEDS_MODULE();
	mark_log("<6>kernel_api: leaks");
	T_CLIENT_PASSES("leak_on_purpose", 0);
	log = log_since("kernel_api: leaks");
	EXPECT_TRUE(strstr(log, LEAKY "34 blocks, 788 bytes were never freed"))
		TH_LOG("%s", log);
	EXPECT_TRUE(strstr(log, LEAKY "tag 0x2a, owner 1 (kernel_api): 3 blocks, 300 bytes"));
	EXPECT_TRUE(strstr(log, LEAKY "tag 0x1eaf, owner 1 (kernel_api): 1 blocks, 8 bytes"));
	EXPECT_TRUE(strstr(log, LEAKY "tag 0x100d, owner 1 (kernel_api): 1 blocks, 16 bytes"));
	EXPECT_TRUE(strstr(log, LEAKY "other tags: 16 blocks, 256 bytes"));
	EXPECT_FALSE(strstr(log, "leave_blocks"));
	EXPECT_EQ(NULL, t_kernel_address(log));
}

TEST_F(client, leaks_are_reported_with_the_allocating_stack)
{
	const char *log;

	T_NEEDS_MODULE();
	mark_log("<6>kernel_api: stacks");
	T_CLIENT_PASSES("leak_on_purpose", STACKS);
	log = log_since("kernel_api: stacks");
	EXPECT_TRUE(strstr(log, LEAKY " leave_blocks"))
		TH_LOG("%s", log);
	EXPECT_EQ(NULL, t_kernel_address(log));
}

TEST_F(client, forgotten_heap_ends_with_the_module)
{
	const char *log;

	T_NEEDS_MODULE();
	mark_log("<6>kernel_api: forgotten");
	T_CLIENT_PASSES("forget_a_heap", 0);
	EXPECT_EQ(0, t_unload_other("memmgr_test"));
	EXPECT_EQ(0, t_unload());
	log = log_since("kernel_api: forgotten");
	EXPECT_TRUE(strstr(log, "heap forgotten: was never destroyed"))
		TH_LOG("%s", log);
	EXPECT_TRUE(strstr(log, "heap forgotten: 1 blocks, 100 bytes were never freed"));
}

TEST_HARNESS_MAIN
