// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of growth, for every command alike: sizes, tails, numbers, flags,
 * padding, and what happens to the members that are results.
 */
#include "commands.h"

#define LONGEST ((1UL << _IOC_SIZEBITS) - 1)

FIXTURE(command)
{
	int fd;
	__u64 handle;
	struct t_state before;
	char arg[LONGEST + 1] __attribute__((aligned(8)));
};

FIXTURE_VARIANT(command)
{
	const struct t_command *command;
};

T_VARIANT_PER_COMMAND(command);

FIXTURE_SETUP(command)
{
	self->fd = t_arena(64 * T_KIB, 0);
	ASSERT_LE(0, self->fd);
	self->handle = t_block(self->fd, 64, 0, MEMMGR_POLICY_FREE);
	ASSERT_NE(0, self->handle);
	self->before = t_state(self->fd);
	variant->command->fill(self->arg, self->handle);
}

FIXTURE_TEARDOWN(command)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

/* Call with the structure claimed to be @size bytes long. */
static int call(FIXTURE_DATA(command) *self, const struct t_command *command, size_t size)
{
	int ret = t_ioctl(self->fd, t_number(command, size), self->arg);

	if (!ret)
		close(t_new_fd(command, self->arg));
	return ret;
}

static bool nothing_happened(FIXTURE_DATA(command) *self)
{
	struct t_state now = t_state(self->fd);

	return t_same_state(&now, &self->before);
}

TEST_F(command, size_of_the_first_version_is_accepted)
{
	EXPECT_EQ(0, call(self, variant->command, variant->command->first_size));
}

TEST_F(command, nothing_is_written_behind_the_size_of_the_first_version)
{
	size_t first = variant->command->first_size;

	memset(self->arg + first, 0xff, 64);
	EXPECT_EQ(0, call(self, variant->command, first));
	EXPECT_TRUE(t_all((unsigned char *)self->arg + first, 0xff, 64));
}

TEST_F(command, shorter_is_einval)
{
	char untouched[sizeof(self->arg)];

	memcpy(untouched, self->arg, sizeof(untouched));
	for (size_t size = 0; size < variant->command->first_size; size++) {
		EXPECT_EQ(-EINVAL, call(self, variant->command, size))
			TH_LOG("size %zu", size);
	}
	EXPECT_EQ(0, memcmp(untouched, self->arg, sizeof(untouched)));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(command, longer_with_a_clean_tail_is_accepted)
{
	size_t known = variant->command->size;
	size_t sizes[] = { known + 1, known + 8, known + 128, 4096, LONGEST };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(self->arg, 0, sizeof(self->arg));
		variant->command->fill(self->arg, self->handle);
		EXPECT_EQ(0, call(self, variant->command, sizes[i]))
			TH_LOG("size %zu", sizes[i]);
		EXPECT_TRUE(t_all((unsigned char *)self->arg + known, 0, LONGEST - known));
		if (variant->command->nr == 4)
			self->handle = t_block(self->fd, 64, 0, MEMMGR_POLICY_FREE);
	}
}

TEST_F(command, longer_with_a_dirty_tail_is_e2big)
{
	size_t known = variant->command->size;
	size_t sizes[] = { known + 1, known + 8, 4096, LONGEST };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t dirty[] = { known, (known + sizes[i]) / 2, sizes[i] - 1 };

		for (size_t j = 0; j < ARRAY_SIZE(dirty); j++) {
			self->arg[dirty[j]] = 1;
			EXPECT_EQ(-E2BIG, call(self, variant->command, sizes[i]))
				TH_LOG("size %zu, byte %zu", sizes[i], dirty[j]);
			self->arg[dirty[j]] = 0;
		}
	}
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(command, dirt_behind_the_claimed_size_is_not_looked_at)
{
	memset(self->arg + variant->command->size, 0xff, 64);
	EXPECT_EQ(0, call(self, variant->command, variant->command->size));
	EXPECT_TRUE(t_all((unsigned char *)self->arg + variant->command->size, 0xff, 64));
}

TEST_F(command, other_magic_is_enotty)
{
	size_t size = variant->command->size;

	for (unsigned int magic = 0; magic < 256; magic++) {
		unsigned long cmd = _IOC(_IOC_READ | _IOC_WRITE, magic, variant->command->nr, size);

		if (magic == MEMMGR_IOC_MAGIC)
			continue;
		EXPECT_EQ(-ENOTTY, t_ioctl(self->fd, cmd, self->arg))
			TH_LOG("magic %#x", magic);
	}
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(command, other_direction_is_enotty)
{
	unsigned int directions[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE };

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		unsigned long cmd = _IOC(directions[i], MEMMGR_IOC_MAGIC, variant->command->nr,
					 variant->command->size);

		EXPECT_EQ(-ENOTTY, t_ioctl(self->fd, cmd, self->arg))
			TH_LOG("direction %u", directions[i]);
	}
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(command, unknown_flags_are_einval)
{
	__u32 *flags = t_member32(self->arg, variant->command->flags);

	for (int bit = 0; bit < 32; bit++) {
		if (variant->command->known_flags & 1U << bit)
			continue;
		*flags = 1U << bit;
		EXPECT_EQ(-EINVAL, call(self, variant->command, variant->command->size))
			TH_LOG("flag %d", bit);
	}
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(command, dirty_padding_is_einval)
{
	__u32 *reserved;

	if (variant->command->reserved == T_NO_MEMBER)
		return;
	reserved = t_member32(self->arg, variant->command->reserved);
	for (int bit = 0; bit < 32; bit++) {
		*reserved = 1U << bit;
		EXPECT_EQ(-EINVAL, call(self, variant->command, variant->command->size))
			TH_LOG("bit %d", bit);
	}
	EXPECT_TRUE(nothing_happened(self));
}

/* Results of one call in a new arena whose result members were @before. */
static int results(const struct t_command *command, int before, char *arg)
{
	int fd = t_arena(64 * T_KIB, 0);
	__u64 handle = t_block(fd, 64, 0, MEMMGR_POLICY_FREE);
	int ret;

	memset(arg, 0, command->size);
	memset(arg + command->outs, before, command->outs_end - command->outs);
	command->fill(arg, handle);
	ret = t_ioctl(fd, t_number(command, command->size), arg);
	close(fd);
	if (ret)
		return ret;

	/* What is rightly another number each time. */
	if (t_new_fd(command, arg) >= 0)
		close(t_new_fd(command, arg));
	if (command->nr == 0)
		((struct memmgr_info *)arg)->out_arena_id = 0;
	if (command->nr == 1)
		((struct memmgr_arena_create *)arg)->out_arena_id = 0;
	return 0;
}

TEST_F(command, results_do_not_depend_on_what_was_there)
{
	char zeros[256] __attribute__((aligned(8)));
	char ones[256] __attribute__((aligned(8)));

	ASSERT_LE(variant->command->size, sizeof(zeros));
	ASSERT_EQ(0, results(variant->command, 0, zeros));
	ASSERT_EQ(0, results(variant->command, 0xff, ones));
	EXPECT_EQ(0, memcmp(zeros, ones, variant->command->size));
}

TEST_F(command, inputs_are_left_as_they_were)
{
	size_t end = variant->command->outs_end;
	char before[256];

	memcpy(before, self->arg, sizeof(before));
	ASSERT_EQ(0, call(self, variant->command, variant->command->size));
	EXPECT_EQ(0, memcmp(before, self->arg, variant->command->outs));
	EXPECT_EQ(0, memcmp(before + end, self->arg + end, variant->command->size - end));
}

TEST(unknown_numbers_are_enotty)
{
	char arg[256] = {};
	int fd = t_open(O_RDWR);

	ASSERT_LE(0, fd);
	for (unsigned int nr = ARRAY_SIZE(t_commands); nr < 256; nr++) {
		for (unsigned int size = 0; size <= sizeof(arg); size += 32) {
			struct t_command unknown = { .nr = nr };

			EXPECT_EQ(-ENOTTY, t_ioctl(fd, t_number(&unknown, size), arg))
				TH_LOG("number %u, size %u", nr, size);
		}
	}
}

TEST_HARNESS_MAIN
