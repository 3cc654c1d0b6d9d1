// SPDX-License-Identifier: GPL-2.0
/*
 * mmap() of an arena: which mappings there are, which there are not, and that
 * all of them show the same memory.
 */
#include "memmgr_test.h"

#include <sys/uio.h>

#define PAGES 16ULL
#define SIZE (PAGES * T_PAGE)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(arena)
{
	int fd;
	unsigned char *base;
};

FIXTURE_SETUP(arena)
{
	self->fd = t_arena(SIZE, 0);
	ASSERT_LE(0, self->fd);
	self->base = t_map(self->fd, SIZE, RW);
	ASSERT_NE(MAP_FAILED, self->base);
}

FIXTURE_TEARDOWN(arena)
{
	close(self->fd);
}

/* mmap() by page number: beyond what the C library takes, too. */
static int map_pages(int fd, int prot, int flags, size_t pages, __u64 first)
{
	long at;

#ifdef __i386__
	at = syscall(SYS_mmap2, NULL, pages * T_PAGE, prot, flags, fd, (unsigned long)first);
	if (at == -1)
		return -errno;
#else
	at = syscall(SYS_mmap, NULL, pages * T_PAGE, prot, flags, fd, first * T_PAGE);
	if (at == -1)
		return -errno;
#endif
	munmap((void *)at, pages * T_PAGE);
	return 0;
}

TEST_F(arena, memory_is_zero_at_first)
{
	EXPECT_TRUE(t_all(self->base, 0, SIZE));
}

TEST_F(arena, memory_of_a_gone_arena_is_never_seen)
{
	for (int i = 0; i < 30; i++) {
		int fd = t_arena(i * SIZE + SIZE, 0);
		unsigned char *base = t_map(fd, i * SIZE + SIZE, RW);

		ASSERT_NE(MAP_FAILED, base);
		ASSERT_TRUE(t_all(base, 0, i * SIZE + SIZE));
		memset(base, 0xdb, i * SIZE + SIZE);
		munmap(base, i * SIZE + SIZE);
		close(fd);
	}
}

TEST_F(arena, all_mappings_show_the_same_memory)
{
	unsigned char *again = t_map(self->fd, SIZE, RW);
	unsigned char *part = mmap(NULL, T_PAGE, PROT_READ, MAP_SHARED, self->fd, 3 * T_PAGE);
	int fd = t_attach(self->fd, 0);
	unsigned char *others = t_map(fd, SIZE, RW);

	ASSERT_NE(MAP_FAILED, again);
	ASSERT_NE(MAP_FAILED, part);
	ASSERT_NE(MAP_FAILED, others);
	for (size_t i = 0; i < SIZE; i += 512)
		self->base[i] = i / 512;
	for (size_t i = 0; i < SIZE; i += 512) {
		EXPECT_EQ((i / 512) % 256, again[i]);
	}
	EXPECT_EQ(0, memcmp(self->base + 3 * T_PAGE, part, T_PAGE));
	EXPECT_EQ(0, memcmp(self->base, others, SIZE));
	others[SIZE - 1] = 0x77;
	EXPECT_EQ(0x77, self->base[SIZE - 1]);
}

TEST_F(arena, private_mappings_are_einval)
{
	int protections[] = { PROT_NONE, PROT_READ, PROT_WRITE, RW };

	for (size_t i = 0; i < ARRAY_SIZE(protections); i++) {
		EXPECT_EQ(-EINVAL, map_pages(self->fd, protections[i], MAP_PRIVATE, 1, 0));
		EXPECT_EQ(-EINVAL, map_pages(self->fd, protections[i], MAP_PRIVATE, PAGES, 0));
	}
}

/* What mmap() must answer: the core refuses what passes the highest offset. */
static int answer(__u64 first, __u64 pages)
{
	if (!pages)
		return -EINVAL;
	if (first > (~0ULL - pages * T_PAGE) / T_PAGE)
		return -EOVERFLOW;
	if (first >= PAGES || pages > PAGES - first)
		return -EINVAL;
	return 0;
}

TEST_F(arena, every_offset_and_length_has_its_errno)
{
	__u64 firsts[] = { 0, 1, 2, PAGES - 1, PAGES, PAGES + 1, 1ULL << 19, 1ULL << 20,
			   (1ULL << 20) + 1, 1ULL << 31, (1ULL << 31) + 1, (1ULL << 32) - 1,
#ifndef __i386__
			   1ULL << 32, (1ULL << 32) + 1, 1ULL << 51, (1ULL << 51) + 1,
			   (1ULL << 52) - PAGES - 2, (1ULL << 52) - PAGES - 1,
			   (1ULL << 52) - PAGES, (1ULL << 52) - 2, (1ULL << 52) - 1,
#endif
	};
	__u64 lengths[] = { 0, 1, 2, PAGES - 2, PAGES - 1, PAGES, PAGES + 1, 2 * PAGES, 1000 };
	int protections[] = { PROT_NONE, PROT_READ, PROT_WRITE, RW };

	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(lengths); j++) {
			for (size_t k = 0; k < ARRAY_SIZE(protections); k++) {
				EXPECT_EQ(answer(firsts[i], lengths[j]),
					  map_pages(self->fd, protections[k], MAP_SHARED,
						    lengths[j], firsts[i]))
					TH_LOG("page %#llx, %llu pages, protection %d",
					       (unsigned long long)firsts[i],
					       (unsigned long long)lengths[j], protections[k]);
			}
		}
	}
}

TEST_F(arena, a_length_within_the_last_page_is_the_whole_page)
{
	void *at = mmap(NULL, SIZE - 100, RW, MAP_SHARED, self->fd, 0);

	EXPECT_NE(MAP_FAILED, at);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE + 1, RW, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(arena, protection_can_be_taken_and_given_back)
{
	EXPECT_EQ(0, mprotect(self->base, SIZE, PROT_NONE));
	EXPECT_EQ(0, mprotect(self->base, SIZE, PROT_READ));
	EXPECT_EQ(0, mprotect(self->base + T_PAGE, T_PAGE, RW));
	self->base[T_PAGE] = 1;
	EXPECT_EQ(1, self->base[T_PAGE]);
}

TEST_F(arena, a_mapping_cannot_grow)
{
	EXPECT_EQ(MAP_FAILED, mremap(self->base, SIZE, 2 * SIZE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(self->base, T_PAGE, 2 * T_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(self->base + SIZE - T_PAGE, T_PAGE, 2 * T_PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(arena, a_mapping_cannot_be_doubled_by_mremap)
{
	EXPECT_EQ(MAP_FAILED, mremap(self->base, 0, SIZE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(arena, a_mapping_can_move_and_shrink)
{
	unsigned char *there = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	self->base[5] = 55;
	self->base[SIZE - 1] = 66;
	there = mremap(self->base, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, there);
	ASSERT_NE(MAP_FAILED, there);
	EXPECT_EQ(55, there[5]);
	EXPECT_EQ(66, there[SIZE - 1]);
	ASSERT_EQ(there, mremap(there, SIZE, T_PAGE, 0));
	EXPECT_EQ(55, there[5]);
}

TEST_F(arena, a_part_can_be_unmapped)
{
	ASSERT_EQ(0, munmap(self->base + 4 * T_PAGE, T_PAGE));
	self->base[3 * T_PAGE] = 3;
	self->base[5 * T_PAGE] = 5;
	EXPECT_EQ(3, self->base[3 * T_PAGE]);
	EXPECT_EQ(5, self->base[5 * T_PAGE]);
	EXPECT_NE(0, t_block(self->fd, SIZE, 0, 0));
}

TEST_F(arena, advice_and_sync_lose_nothing)
{
	int advice[] = { MADV_NORMAL, MADV_WILLNEED, MADV_DONTNEED, MADV_SEQUENTIAL, MADV_RANDOM };

	memset(self->base, 0x3c, SIZE);
	EXPECT_EQ(0, msync(self->base, SIZE, MS_SYNC));
	EXPECT_EQ(0, msync(self->base, SIZE, MS_ASYNC | MS_INVALIDATE));
	for (size_t i = 0; i < ARRAY_SIZE(advice); i++)
		madvise(self->base, SIZE, advice[i]);
	madvise(self->base, SIZE, MADV_FREE);
	madvise(self->base, SIZE, MADV_REMOVE);
	EXPECT_TRUE(t_all(self->base, 0x3c, SIZE));
}

TEST_F(arena, populated_and_locked_mappings_work)
{
	int flags = MAP_SHARED | MAP_POPULATE | MAP_LOCKED;
	unsigned char *at = mmap(NULL, SIZE, RW, flags, self->fd, 0);

	ASSERT_NE(MAP_FAILED, at);
	at[0] = 1;
	EXPECT_EQ(1, self->base[0]);
	EXPECT_EQ(0, mlock(self->base, SIZE));
	EXPECT_EQ(0, munlock(self->base, SIZE));
}

TEST_F(arena, a_child_shares_the_mapping)
{
	pid_t child;

	self->base[100] = 1;
	child = fork();
	if (!child) {
		T_CHILD_NEEDS(self->base[100] == 1);
		self->base[100] = 2;
		_exit(0);
	}
	ASSERT_EQ(0, t_reap(child));
	EXPECT_EQ(2, self->base[100]);
}

TEST_F(arena, a_child_does_not_get_what_is_kept_from_it)
{
	pid_t child;

	ASSERT_EQ(0, madvise(self->base, SIZE, MADV_DONTFORK));
	child = fork();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		_exit(self->base[0]);
	}
	EXPECT_EQ(256 + SIGSEGV, t_reap(child));
}

TEST_F(arena, the_descriptor_is_no_file_of_bytes)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ftruncate(self->fd, SIZE / 2));
}

TEST_F(arena, system_calls_can_read_and_write_the_memory)
{
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	memcpy(self->base + 10, "payload", 8);
	EXPECT_EQ(8, write(ends[1], self->base + 10, 8));
	EXPECT_EQ(8, read(ends[0], self->base + 2 * T_PAGE - 4, 8));
	EXPECT_STREQ("payload", (char *)self->base + 2 * T_PAGE - 4);
}

TEST_F(arena, a_page_in_a_pipe_outlives_the_arena)
{
	long arenas = t_arenas();
	struct iovec vec = { .iov_base = self->base + T_PAGE, .iov_len = T_PAGE };
	static unsigned char copy[T_PAGE];
	int ends[2];

	memset(self->base + T_PAGE, 0x42, T_PAGE);
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(T_PAGE, vmsplice(ends[1], &vec, 1, 0));
	ASSERT_EQ(0, munmap(self->base, SIZE));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(arenas - 1, t_arenas());

	/* Somebody else's memory now, if it was not held. */
	for (int i = 0; i < 20; i++) {
		int fd = t_arena(SIZE, 0);
		unsigned char *base = t_map(fd, SIZE, RW);

		memset(base, 0x66, SIZE);
		munmap(base, SIZE);
		close(fd);
	}
	ASSERT_EQ(T_PAGE, read(ends[0], copy, T_PAGE));
	EXPECT_TRUE(t_all(copy, 0x42, T_PAGE));
}

TEST_F(arena, beyond_the_mapping_there_is_nothing)
{
	pid_t child = fork();

	if (!child) {
		unsigned char *end;

		signal(SIGSEGV, SIG_DFL);
		munmap(self->base, SIZE);
		end = mmap(NULL, SIZE + T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mmap(end, SIZE, RW, MAP_SHARED | MAP_FIXED, self->fd, 0);
		end[SIZE - 1] = 1;
		end[SIZE] = 1;
		_exit(0);
	}
	EXPECT_EQ(256 + SIGSEGV, t_reap(child));
}

TEST(default_arena_maps_as_a_whole)
{
	int fd = t_open(O_RDWR);
	struct memmgr_info info;
	unsigned char *base;

	ASSERT_EQ(0, t_info(fd, &info));
	base = t_map(fd, info.out_arena_size, RW);
	ASSERT_NE(MAP_FAILED, base);
	base[0] = base[info.out_arena_size - 1] = 1;
	EXPECT_EQ(-EINVAL, map_pages(fd, RW, MAP_SHARED, 1, info.out_arena_size / T_PAGE));
	base[0] = base[info.out_arena_size - 1] = 0;
}

TEST_HARNESS_MAIN
