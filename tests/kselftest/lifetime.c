// SPDX-License-Identifier: GPL-2.0
/*
 * An owner lives exactly as long as any descriptor or mapping of its open file,
 * and an arena as long as any owner.
 */
#include "memmgr_test.h"

#include <sys/socket.h>

#define SIZE (64 * T_KIB)
#define RW (PROT_READ | PROT_WRITE)

/* An arena with somebody who watches, and an owner whose end is watched. */
FIXTURE(owner)
{
	int watcher;
	int fd;
	__u64 freed;
	__u64 kept;
};

FIXTURE_SETUP(owner)
{
	self->watcher = t_arena(SIZE, 0);
	ASSERT_LE(0, self->watcher);
	self->fd = t_attach(self->watcher, 0);
	ASSERT_LE(0, self->fd);
	self->freed = t_block(self->fd, 100, 1, MEMMGR_POLICY_FREE);
	self->kept = t_block(self->fd, 200, 2, MEMMGR_POLICY_KEEP);
	ASSERT_NE(0, self->freed);
	ASSERT_NE(0, self->kept);
}

FIXTURE_TEARDOWN(owner)
{
	EXPECT_STREQ("", t_disorder(self->watcher));
	close(self->watcher);
}

static bool alive(FIXTURE_DATA(owner) *self)
{
	struct memmgr_block block;
	struct memmgr_stat stat;

	return !t_stat(self->watcher, &stat) && stat.out_owners == 2 && stat.out_blocks == 2 &&
	       !stat.out_orphans && !t_query(self->watcher, self->freed, &block) &&
	       block.state == MEMMGR_STATE_OWNED;
}

static bool dead(FIXTURE_DATA(owner) *self)
{
	struct memmgr_block block;
	struct memmgr_stat stat;

	return !t_stat(self->watcher, &stat) && stat.out_owners == 1 && stat.out_blocks == 1 &&
	       stat.out_orphans == 1 && stat.out_orphan_bytes == 208 &&
	       t_query(self->watcher, self->freed, &block) == -ESTALE &&
	       !t_query(self->watcher, self->kept, &block) &&
	       block.state == MEMMGR_STATE_ORPHAN && block.owner == 0 && block.tag == 2;
}

TEST_F(owner, ends_with_close)
{
	EXPECT_TRUE(alive(self));
	close(self->fd);
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, orphan_can_be_resized_and_freed_by_anybody)
{
	struct memmgr_realloc re;
	struct memmgr_block block;

	close(self->fd);
	ASSERT_TRUE(dead(self));
	EXPECT_EQ(0, t_realloc(self->watcher, self->kept, 5000, 0, &re));
	ASSERT_EQ(0, t_query(self->watcher, self->kept, &block));
	EXPECT_EQ(MEMMGR_STATE_ORPHAN, block.state);
	EXPECT_EQ(0, t_free(self->watcher, self->kept));
	EXPECT_STREQ("", t_remains(self->watcher));
}

TEST_F(owner, lives_in_a_duplicate)
{
	int copy = dup(self->fd);

	close(self->fd);
	EXPECT_TRUE(alive(self));
	close(copy);
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, lives_in_a_mapping)
{
	unsigned char *base = t_map(self->fd, SIZE, RW);

	ASSERT_NE(MAP_FAILED, base);
	close(self->fd);
	EXPECT_TRUE(alive(self));
	base[0] = 1;
	ASSERT_EQ(0, munmap(base, SIZE));
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, lives_in_the_last_page_of_a_mapping)
{
	unsigned char *base = t_map(self->fd, SIZE, RW);

	close(self->fd);
	ASSERT_EQ(0, munmap(base, 5 * T_PAGE));
	ASSERT_EQ(0, munmap(base + 6 * T_PAGE, SIZE - 6 * T_PAGE));
	EXPECT_TRUE(alive(self));
	base[5 * T_PAGE] = 1;
	ASSERT_EQ(0, munmap(base + 5 * T_PAGE, T_PAGE));
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, lives_in_a_moved_mapping)
{
	unsigned char *base = t_map(self->fd, SIZE, RW);
	unsigned char *there = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	close(self->fd);
	there = mremap(base, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, there);
	ASSERT_NE(MAP_FAILED, there);
	EXPECT_TRUE(alive(self));
	ASSERT_EQ(0, munmap(there, SIZE));
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, ends_when_its_mapping_is_mapped_over)
{
	unsigned char *base = t_map(self->fd, SIZE, RW);

	close(self->fd);
	EXPECT_TRUE(alive(self));
	ASSERT_EQ(base, mmap(base, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, is_shared_with_children_and_survives_them)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	ASSERT_EQ(0, t_reap(child));
	EXPECT_TRUE(alive(self));
	close(self->fd);
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, what_a_child_allocates_belongs_to_the_shared_owner)
{
	struct memmgr_info info;
	struct memmgr_block block[3];
	pid_t child = fork();

	if (!child)
		_exit(!t_block(self->fd, 50, 3, 0));
	ASSERT_EQ(0, t_reap(child));
	ASSERT_EQ(0, t_info(self->fd, &info));
	ASSERT_EQ(3, t_walk(self->watcher, NULL, 3, block, 4));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(info.out_owner, block[i].owner);
	}
}

/* A child that holds what it inherited until it is told to end. */
static pid_t holder(int *till)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child) {
		char byte;

		close(ends[1]);
		_exit(read(ends[0], &byte, 1));
	}
	close(ends[0]);
	*till = ends[1];
	return child;
}

TEST_F(owner, lives_in_a_child_when_the_parent_closes)
{
	int till;
	pid_t child = holder(&till);

	close(self->fd);
	EXPECT_TRUE(alive(self));
	close(till);
	ASSERT_EQ(0, t_reap(child));
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, lives_in_a_childs_mapping)
{
	unsigned char *base = t_map(self->fd, SIZE, RW);
	int till;
	pid_t child;

	ASSERT_NE(MAP_FAILED, base);
	child = holder(&till);
	close(self->fd);
	ASSERT_EQ(0, munmap(base, SIZE));
	EXPECT_TRUE(alive(self));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(T_KILLED, t_reap(child));
	EXPECT_TRUE(dead(self));
}

/* ---- descriptors that travel ---- */

static int send_fd(int socket, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {};
	struct iovec io = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int socket)
{
	char space[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {};
	char byte;
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	int fd;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -errno;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

TEST_F(owner, lives_on_its_way_through_a_socket)
{
	int ends[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ASSERT_EQ(0, send_fd(ends[0], self->fd));
	close(self->fd);
	close(ends[0]);
	EXPECT_TRUE(alive(self));
	self->fd = receive_fd(ends[1]);
	ASSERT_LE(0, self->fd);
	EXPECT_TRUE(alive(self));
	close(self->fd);
	EXPECT_TRUE(dead(self));
}

TEST_F(owner, ends_with_the_socket_that_nobody_reads)
{
	int ends[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ASSERT_EQ(0, send_fd(ends[0], self->fd));
	close(self->fd);
	EXPECT_TRUE(alive(self));
	close(ends[0]);
	close(ends[1]);
	EXPECT_TRUE(T_EVENTUALLY(dead(self)));
}

TEST_F(owner, made_by_a_process_that_dies_lives_in_the_one_it_was_sent_to)
{
	int ends[2], fd;
	pid_t child;
	struct memmgr_stat stat;

	close(self->fd);
	ASSERT_EQ(0, t_free(self->watcher, self->kept));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	child = fork();
	if (!child) {
		fd = t_attach(self->watcher, 0);
		T_CHILD_NEEDS(fd >= 0);
		T_CHILD_NEEDS(t_block(fd, 300, 9, 0));
		T_CHILD_NEEDS(!send_fd(ends[0], fd));
		raise(SIGKILL);
	}
	fd = receive_fd(ends[1]);
	ASSERT_LE(0, fd);
	ASSERT_EQ(T_KILLED, t_reap(child));
	ASSERT_EQ(0, t_stat(fd, &stat));
	EXPECT_EQ(1, stat.out_owner_blocks);
	EXPECT_EQ(2, stat.out_owners);
	close(fd);
	EXPECT_STREQ("", t_remains(self->watcher));
}

/* ---- exec ---- */

#define SLEEPER "MEMMGR_TEST_SLEEPS"

/* This program, executed anew to hold nothing, waits here for its end. */
static void __attribute__((constructor)) sleep_if_asked(void)
{
	if (getenv(SLEEPER)) {
		sleep(60);
		_exit(0);
	}
}

TEST_F(owner, ends_when_its_process_executes_another_program)
{
	unsigned char *base = t_map(self->fd, SIZE, RW);
	char *argv[] = { "lifetime", NULL }, *envp[] = { SLEEPER "=1", NULL };
	pid_t child;

	ASSERT_NE(MAP_FAILED, base);
	child = fork();
	if (!child) {
		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	close(self->fd);
	ASSERT_EQ(0, munmap(base, SIZE));
	EXPECT_TRUE(T_EVENTUALLY(dead(self)));
	EXPECT_EQ(0, waitpid(child, NULL, WNOHANG));
	kill(child, SIGKILL);
	t_reap(child);
}

/* ---- the arena ---- */

TEST(arena_lives_in_a_mapping_alone)
{
	int fd = t_arena(SIZE, 0);
	unsigned char *base = t_map(fd, SIZE, RW);
	long arenas = t_arenas();

	ASSERT_NE(MAP_FAILED, base);
	close(fd);
	EXPECT_EQ(arenas, t_arenas());
	memset(base, 0x11, SIZE);
	EXPECT_TRUE(t_all(base, 0x11, SIZE));
	ASSERT_EQ(0, munmap(base, SIZE));
	EXPECT_EQ(arenas - 1, t_arenas());
}

TEST(arena_outlives_the_device_descriptor_that_made_it)
{
	int dev = t_open(O_RDWR), fd = t_create(dev, SIZE, 0);

	ASSERT_LE(0, fd);
	close(dev);
	EXPECT_NE(0, t_block(fd, 100, 0, 0));
	EXPECT_STREQ("", t_disorder(fd));
}

TEST(default_arena_lives_without_users_and_kept_blocks_stay_in_it)
{
	int fd = t_open(O_RDWR);
	__u64 handle = t_block(fd, 100, 0, MEMMGR_POLICY_KEEP);
	struct memmgr_block block;

	ASSERT_NE(0, handle);
	close(fd);
	fd = t_open(O_RDWR);
	ASSERT_EQ(0, t_query(fd, handle, &block));
	EXPECT_EQ(MEMMGR_STATE_ORPHAN, block.state);
	EXPECT_EQ(0, t_free(fd, handle));
	EXPECT_STREQ("", t_remains(fd));
}

/* ---- all at once ---- */

struct race {
	int watcher;
	atomic_bool stop;
	atomic_int fd;
};

static void *duplicate_and_close(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop)) {
		int copy = dup(atomic_load(&race->fd));

		if (copy >= 0) {
			t_block(copy, 64, 0, 0);
			close(copy);
		}
	}
	return NULL;
}

static void *map_and_unmap(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop)) {
		unsigned char *base = t_map(atomic_load(&race->fd), SIZE, RW);

		if (base == MAP_FAILED)
			continue;
		base[T_PAGE] = 1;
		munmap(base, T_PAGE);
		base[2 * T_PAGE] = 1;
		munmap(base + T_PAGE, SIZE - T_PAGE);
	}
	return NULL;
}

static void *call(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop)) {
		int fd = atomic_load(&race->fd);
		struct memmgr_stat stat;

		t_free(fd, t_block(fd, 1000, 0, 0));
		t_stat(fd, &stat);
	}
	return NULL;
}

TEST_F(owner, closing_races_with_all_uses)
{
	void *(*jobs[])(void *) = { duplicate_and_close, map_and_unmap, call };
	struct race race = { .watcher = self->watcher, .fd = self->fd };
	pthread_t threads[ARRAY_SIZE(jobs)];
	struct memmgr_stat stat;

	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, jobs[i], &race));
	}
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		int old = atomic_load(&race.fd), new = t_attach(self->watcher, 0);

		ASSERT_LE(0, new);
		atomic_store(&race.fd, new);
		close(old);
	}
	atomic_store(&race.stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		pthread_join(threads[i], NULL);
	close(atomic_load(&race.fd));
	ASSERT_EQ(0, t_stat(self->watcher, &stat));
	EXPECT_EQ(1, stat.out_owners);
	EXPECT_EQ(0, t_free(self->watcher, self->kept));
	EXPECT_STREQ("", t_remains(self->watcher));
}

TEST_HARNESS_MAIN
