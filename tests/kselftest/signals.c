// SPDX-License-Identifier: GPL-2.0
/*
 * A thousand signals a second: no call fails for them, whether the handler asks
 * for restarting or not, and a fatal one ends the caller at once.
 */
#include "commands.h"

#include <sys/time.h>

#define BLOCKS 2000
#define SIZE (512 * T_KIB)

static atomic_int alarms;

static void count_alarm(int signal)
{
	(void)signal;
	atomic_fetch_add(&alarms, 1);
}

FIXTURE(signals)
{
	int fd;
	__u64 handle;
};

FIXTURE_VARIANT(signals)
{
	int flags;
};

FIXTURE_VARIANT_ADD(signals, restarting)
{
	.flags = SA_RESTART,
};

FIXTURE_VARIANT_ADD(signals, interrupting)
{
	.flags = 0,
};

FIXTURE_SETUP(signals)
{
	struct sigaction action = { .sa_handler = count_alarm, .sa_flags = variant->flags };
	struct itimerval timer = {
		.it_interval = { .tv_usec = 1000 },
		.it_value = { .tv_usec = 1000 },
	};

	self->fd = t_arena(SIZE, 0);
	ASSERT_LE(0, self->fd);
	for (int i = 0; i < BLOCKS; i++) {
		ASSERT_NE(0, t_block(self->fd, 16, i, 0));
	}
	self->handle = t_block(self->fd, 64, 0, 0);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
}

FIXTURE_TEARDOWN(signals)
{
	struct itimerval none = {};

	setitimer(ITIMER_REAL, &none, NULL);
	EXPECT_LT(0, atomic_load(&alarms));
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

TEST_F(signals, no_call_fails_for_them)
{
	for (long end = t_now_ms() + 2 * t_storm_ms(); t_now_ms() < end;) {
		for (size_t n = 0; n < ARRAY_SIZE(t_commands); n++) {
			const struct t_command *command = &t_commands[n];
			char arg[256] __attribute__((aligned(8))) = {};
			__u64 handle = t_block(self->fd, 64, 0, 0);

			ASSERT_NE(0, handle);
			command->fill(arg, command->nr == 4 ? handle : self->handle);
			ASSERT_EQ(0, t_ioctl(self->fd, t_number(command, command->size), arg))
				TH_LOG("command %u", command->nr);
			close(t_new_fd(command, arg));
			if (command->nr == 3) {
				ASSERT_EQ(0, t_free(self->fd,
						    ((struct memmgr_alloc *)arg)->out_handle));
			}
			if (command->nr != 4) {
				ASSERT_EQ(0, t_free(self->fd, handle));
			}
		}
	}
}

TEST_F(signals, no_walk_loses_a_block)
{
	static struct memmgr_block seen[BLOCKS + 10];

	for (long end = t_now_ms() + 2 * t_storm_ms(); t_now_ms() < end;) {
		static unsigned char count[BLOCKS];

		memset(count, 0, sizeof(count));
		ASSERT_EQ(BLOCKS + 1, t_walk(self->fd, NULL, ~0U, seen, ARRAY_SIZE(seen)));
		for (int i = 0; i <= BLOCKS; i++) {
			if (seen[i].handle != self->handle) {
				ASSERT_EQ(1, ++count[seen[i].tag]);
			}
		}
	}
}

TEST_F(signals, mapping_and_large_moves_go_on)
{
	unsigned char *base = t_map(self->fd, SIZE, PROT_READ | PROT_WRITE);
	struct memmgr_realloc re;
	struct memmgr_alloc alloc;

	ASSERT_NE(MAP_FAILED, base);
	ASSERT_EQ(0, t_alloc(self->fd, SIZE / 8, &alloc));
	memset(base + alloc.out_offset, 0x77, SIZE / 8);
	re.out_offset = alloc.out_offset;
	for (long end = t_now_ms() + 2 * t_storm_ms(); t_now_ms() < end;) {
		__u64 in_the_way = t_block(self->fd, SIZE / 8, 0, 0);

		ASSERT_NE(0, in_the_way);
		ASSERT_EQ(0, t_realloc(self->fd, alloc.out_handle, SIZE / 4, 0, &re));
		ASSERT_TRUE(t_all(base + re.out_offset, 0x77, SIZE / 8));
		ASSERT_EQ(0, t_realloc(self->fd, alloc.out_handle, SIZE / 8, 0, &re));
		ASSERT_EQ(0, t_free(self->fd, in_the_way));
	}
}

TEST(killed_in_any_call_ends_at_once)
{
	int fd = t_arena(SIZE, 0);

	for (int i = 0; i < 20000; i++) {
		ASSERT_NE(0, t_block(fd, 16, i, 0));
	}
	for (size_t n = 0; n < ARRAY_SIZE(t_commands); n++) {
		const struct t_command *command = &t_commands[n];
		pid_t child = fork();
		long killed;

		if (!child) {
			int own = t_attach(fd, 0);

			for (;;) {
				char arg[256] __attribute__((aligned(8))) = {};

				command->fill(arg, t_block(own, 16, 0, 0));
				t_ioctl(own, t_number(command, command->size), arg);
				close(t_new_fd(command, arg));
			}
		}
		t_sleep_ms(20);
		killed = t_now_ms();
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(T_KILLED, t_reap(child));
		/* Far more than it takes, far less than a call without an end. */
		EXPECT_GT(20000, t_now_ms() - killed)
			TH_LOG("command %u", command->nr);
	}
	EXPECT_STREQ("", t_disorder(fd));
}

TEST_HARNESS_MAIN
