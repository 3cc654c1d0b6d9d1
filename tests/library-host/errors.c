/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What libmemmgr says when there is no device, or something else in its place.
 *
 *	errors		lists the tests
 *	errors NAME	runs one; status 0 if it holds
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <memmgr.h>

#define CHECK(claim)                                                                          \
	do {                                                                                  \
		if (!(claim)) {                                                               \
			fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #claim, errno); \
			return 1;                                                             \
		}                                                                             \
	} while (0)

static int open_without_device_is_enoent(void)
{
	CHECK(!memmgr_open("/nonexistent/memmgr", 0) && errno == ENOENT);
	CHECK(!memmgr_open("/nonexistent/memmgr", MEMMGR_READONLY) && errno == ENOENT);
	return 0;
}

static int open_of_another_device_is_enotty(void)
{
	CHECK(!memmgr_open("/dev/null", 0) && errno == ENOTTY);
	return 0;
}

static int open_of_another_device_leaks_no_descriptor(void)
{
	int before = dup(0);
	int after;

	close(before);
	CHECK(!memmgr_open("/dev/null", 0));
	after = dup(0);
	close(after);
	CHECK(before == after);
	return 0;
}

static int open_with_unknown_flags_is_einval(void)
{
	CHECK(!memmgr_open(NULL, ~MEMMGR_READONLY) && errno == EINVAL);
	CHECK(!memmgr_open("/dev/null", 1U << 31) && errno == EINVAL);
	return 0;
}

static int create_without_device_is_enoent(void)
{
	const struct memmgr_config config = { .size = 4096 };

	CHECK(!memmgr_create("/nonexistent/memmgr", &config) && errno == ENOENT);
	return 0;
}

static int create_on_another_device_is_enotty(void)
{
	const struct memmgr_config config = { .size = 4096 };

	CHECK(!memmgr_create("/dev/null", &config) && errno == ENOTTY);
	return 0;
}

static int create_with_long_names_is_enametoolong(void)
{
	struct memmgr_config config = { .size = 4096, .engine = "sixteen_letters_" };

	CHECK(!memmgr_create("/dev/null", &config) && errno == ENAMETOOLONG);
	config.engine = "fifteen_letters";
	CHECK(!memmgr_create("/dev/null", &config) && errno == ENOTTY);
	config.name = "a name of thirty-two characters.";
	CHECK(!memmgr_create("/dev/null", &config) && errno == ENAMETOOLONG);
	return 0;
}

static int from_fd_of_no_descriptor_is_ebadf(void)
{
	CHECK(!memmgr_from_fd(-1) && errno == EBADF);
	return 0;
}

static int from_fd_that_fails_leaves_the_descriptor(void)
{
	int fd = open("/dev/null", O_RDWR);

	CHECK(!memmgr_from_fd(fd) && errno == ENOTTY);
	CHECK(fcntl(fd, F_GETFD) == 0);
	CHECK(!close(fd));
	return 0;
}

static int close_of_null_keeps_errno(void)
{
	errno = EXDEV;
	memmgr_close(NULL);
	CHECK(errno == EXDEV);
	return 0;
}

static const struct test {
	const char *name;
	int (*run)(void);
} tests[] = {
#define TEST(name)          \
	{                   \
#name, name \
	}
	TEST(open_without_device_is_enoent),
	TEST(open_of_another_device_is_enotty),
	TEST(open_of_another_device_leaks_no_descriptor),
	TEST(open_with_unknown_flags_is_einval),
	TEST(create_without_device_is_enoent),
	TEST(create_on_another_device_is_enotty),
	TEST(create_with_long_names_is_enametoolong),
	TEST(from_fd_of_no_descriptor_is_ebadf),
	TEST(from_fd_that_fails_leaves_the_descriptor),
	TEST(close_of_null_keeps_errno),
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (argc < 2)
			puts(tests[i].name);
		else if (!strcmp(argv[1], tests[i].name))
			return tests[i].run();
	}
	return argc < 2 ? 0 : 2;
}
