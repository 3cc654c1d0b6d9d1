// SPDX-License-Identifier: GPL-2.0
/*
 * The emergency heap of an arena: who gets what of it, and when.
 */
#include <linux/capability.h>
#include <sys/syscall.h>

#include "memmgr_test.h"

#define SIZE (64 * T_KIB)
#define RESERVE (16 * T_KIB)
#define BORDER (SIZE - RESERVE)
#define BLOCK T_KIB

static int create(int dev, const char *engine, __u64 reserve, __u32 flags)
{
	struct memmgr_arena_create arg = { .size = SIZE, .reserve = reserve, .flags = flags };
	int ret;

	strcpy(arg.engine, engine);
	ret = t_ioctl(dev, MEMMGR_IOC_ARENA_CREATE, &arg);
	return ret ?: arg.out_fd;
}

/* Where the next block lies, or an error. */
static __s64 next_block(int fd)
{
	struct memmgr_alloc arg = { .size = BLOCK };
	int ret = t_ioctl(fd, MEMMGR_IOC_ALLOC, &arg);

	return ret ?: (__s64)arg.out_offset;
}

/* The calling process gives up what lets it dip into a reserve, for good. */
static void drop_privilege(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	data[0].effective &= ~(1U << CAP_SYS_RESOURCE);
	data[0].permitted &= ~(1U << CAP_SYS_RESOURCE);
	if (syscall(SYS_capset, &header, data))
		_exit(100);
}

/* What next_block() says in a process without privilege: an errno, or 0. */
static int unprivileged_error(int fd)
{
	int status;

	if (!fork()) {
		__s64 ret;

		drop_privilege();
		ret = next_block(fd);
		_exit(ret < 0 ? (int)-ret : 0);
	}
	wait(&status);
	return WEXITSTATUS(status);
}

FIXTURE(reserve)
{
	int dev;
};

FIXTURE_SETUP(reserve)
{
	self->dev = open(T_DEVICE, O_RDWR);
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(reserve)
{
	close(self->dev);
}

TEST_F(reserve, is_einval_for_an_engine_without_one)
{
	EXPECT_EQ(-EINVAL, create(self->dev, "first_fit", RESERVE, 0));
	EXPECT_EQ(-EINVAL, create(self->dev, "buddy", 1, 0));
}

TEST_F(reserve, leaves_something_or_is_einval)
{
	EXPECT_EQ(-EINVAL, create(self->dev, "ebuddy", SIZE, 0));
	EXPECT_EQ(-EINVAL, create(self->dev, "ebuddy", SIZE - 1, 0));
	EXPECT_EQ(-EINVAL, create(self->dev, "ebuddy", ~0ULL, 0));
}

TEST_F(reserve, of_nothing_cannot_be_reserved)
{
	EXPECT_EQ(-EINVAL, create(self->dev, "ebuddy", 0, MEMMGR_ARENA_RESERVED));
}

TEST_F(reserve, of_nothing_sets_nothing_aside)
{
	int fd = create(self->dev, "ebuddy", 0, 0);
	__u64 i;

	ASSERT_LE(0, fd);
	for (i = 0; i < SIZE / BLOCK; i++)
		EXPECT_EQ((__s64)(i * BLOCK), next_block(fd));
	EXPECT_EQ(-ENOMEM, next_block(fd));
	close(fd);
}

TEST_F(reserve, is_touched_only_when_the_rest_is_full)
{
	int fd = create(self->dev, "ebuddy", RESERVE, 0);
	__u64 i;

	ASSERT_LE(0, fd);
	for (i = 0; i < SIZE / BLOCK; i++)
		EXPECT_EQ((__s64)(i * BLOCK), next_block(fd));
	EXPECT_EQ(-ENOMEM, next_block(fd));
	close(fd);
}

TEST_F(reserve, serves_what_fits_nowhere_else)
{
	struct memmgr_alloc arg = { .size = RESERVE };
	int fd = create(self->dev, "ebuddy", RESERVE, 0);
	__u64 i;

	ASSERT_LE(0, fd);
	for (i = 0; i < BORDER / BLOCK; i++)
		EXPECT_EQ((__s64)(i * BLOCK), next_block(fd));
	EXPECT_EQ(0, t_ioctl(fd, MEMMGR_IOC_ALLOC, &arg));
	EXPECT_EQ(BORDER, arg.out_offset);
	close(fd);
}

TEST_F(reserve, that_is_reserved_is_for_the_privileged)
{
	int fd = create(self->dev, "ebuddy", RESERVE, MEMMGR_ARENA_RESERVED);
	__u64 i;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, unprivileged_error(fd));
	for (i = 1; i < BORDER / BLOCK; i++)
		EXPECT_EQ((__s64)(i * BLOCK), next_block(fd));
	EXPECT_EQ(ENOMEM, unprivileged_error(fd));
	EXPECT_EQ((__s64)BORDER, next_block(fd));
	EXPECT_EQ(ENOMEM, unprivileged_error(fd));
	close(fd);
}

TEST_HARNESS_MAIN
