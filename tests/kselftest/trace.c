// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: each event is told with what one needs to follow a block's life.
 */
#include "text.h"

#define TRACING "/sys/kernel/tracing"
#define EVENTS TRACING "/events/memmgr"

FIXTURE(trace)
{
	int fd;
	struct memmgr_info info;
	char *text;
};

FIXTURE_SETUP(trace)
{
	if (access(TRACING "/events", F_OK))
		t_mount("tracefs", TRACING);
	ASSERT_EQ(0, access(EVENTS, F_OK))
		TH_LOG("no tracepoints");
	self->fd = t_arena(64 * T_KIB, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, t_info(self->fd, &self->info));
	ASSERT_EQ(0, t_write(TRACING "/tracing_on", "1"));
	ASSERT_EQ(0, t_write(TRACING "/trace", ""));
	ASSERT_EQ(0, t_write(EVENTS "/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	t_write(EVENTS "/enable", "0");
	t_write(TRACING "/trace", "");
	free(self->text);
	close(self->fd);
}

/* Lines of the trace about our arena that hold "memmgr_@event:" and @detail. */
static int told(FIXTURE_DATA(trace) *self, const char *event, const char *detail)
{
	char name[32], arena[32], *next;
	int count = 0;

	free(self->text);
	self->text = t_read(TRACING "/trace", 4096);
	snprintf(name, sizeof(name), " memmgr_%s: ", event);
	snprintf(arena, sizeof(arena), " arena=%u ", self->info.out_arena_id);
	for (char *line = self->text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		count += strstr(line, name) && strstr(line, arena) && strstr(line, detail);
	}
	return count;
}

static const char *detail_of(__u64 handle)
{
	static char text[64];

	snprintf(text, sizeof(text), "handle=0x%016llx", (unsigned long long)handle);
	return text;
}

TEST_F(trace, alloc_and_free_are_told)
{
	__u64 handle = t_block(self->fd, 100, 0xabc, 0);

	EXPECT_EQ(1, told(self, "alloc", detail_of(handle)));
	EXPECT_EQ(1, told(self, "alloc", "tag=0xabc"));
	EXPECT_EQ(0, told(self, "free", ""));
	ASSERT_EQ(0, t_free(self->fd, handle));
	EXPECT_EQ(1, told(self, "free", detail_of(handle)));
}

TEST_F(trace, realloc_is_told_with_both_sizes)
{
	__u64 handle = t_block(self->fd, 100, 0, 0);
	struct memmgr_realloc re;

	ASSERT_EQ(0, t_realloc(self->fd, handle, 300, 0, &re));
	EXPECT_EQ(1, told(self, "realloc", detail_of(handle)));
	EXPECT_EQ(1, told(self, "realloc", "size=100->300"));
}

TEST_F(trace, failures_are_told_with_their_error)
{
	struct memmgr_alloc alloc;

	EXPECT_EQ(-ENOMEM, t_alloc(self->fd, 12345678, &alloc));
	EXPECT_EQ(1, told(self, "fail", "size=12345678"));
	EXPECT_EQ(1, told(self, "fail", "error=-12"));
}

TEST_F(trace, death_of_an_owner_is_told_with_its_blocks)
{
	int owner = t_attach(self->fd, 0);

	for (int i = 0; i < 5; i++) {
		ASSERT_NE(0, t_block(owner, 100, 0, i < 2));
	}
	close(owner);
	EXPECT_EQ(1, told(self, "owner_death", "freed=3 kept=2"));
	EXPECT_EQ(3, told(self, "free", ""));
}

TEST_F(trace, changes_and_sweeps_are_told)
{
	int other = t_attach(self->fd, 0);
	struct memmgr_sweep it = { .epoch_before = 2 }, done;
	__u64 handle = t_block(self->fd, 100, 0xabc, 0);
	char detail[64];

	ASSERT_EQ(0, t_act(self->fd, handle, MEMMGR_ACTION_RETAG, 0xdef));
	EXPECT_EQ(1, told(self, "retag", "tag=0xabc->0xdef"));
	EXPECT_EQ(1, told(self, "retag", detail_of(handle)));
	ASSERT_EQ(0, t_act(self->fd, handle, MEMMGR_ACTION_TRANSFER, t_owner(other)));
	snprintf(detail, sizeof(detail), "owner=%u->%u", t_owner(self->fd), t_owner(other));
	EXPECT_EQ(1, told(self, "transfer", detail));
	ASSERT_EQ(2, t_epoch(self->fd, MEMMGR_EPOCH_ADVANCE));
	ASSERT_EQ(1, t_sweep(self->fd, &it, &done));
	EXPECT_EQ(1, told(self, "sweep", "before=2 count=1 bytes=112"));
	close(other);
}

TEST_F(trace, arenas_are_told)
{
	EXPECT_LE(0, told(self, "arena_create", ""));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(1, told(self, "arena_destroy", ""));
}

TEST_F(trace, filters_select)
{
	ASSERT_EQ(0, t_write(EVENTS "/memmgr_alloc/filter", "size > 1000"));
	ASSERT_NE(0, t_block(self->fd, 1000, 0, 0));
	ASSERT_NE(0, t_block(self->fd, 1001, 0, 0));
	EXPECT_EQ(1, told(self, "alloc", ""));
	EXPECT_EQ(1, told(self, "alloc", "size=1001"));
	ASSERT_EQ(0, t_write(EVENTS "/memmgr_alloc/filter", "0"));
}

TEST_F(trace, no_kernel_address_is_told)
{
	static const char *const events[] = { "alloc", "free", "realloc", "fail", "owner_death",
					      "retag", "transfer", "sweep" };
	struct memmgr_realloc re;
	struct memmgr_alloc alloc;
	int owner = t_attach(self->fd, 0);
	__u64 handle = t_block(owner, 100, 0, 0);
	char *text, path[128];

	t_realloc(owner, handle, 5000, 0, &re);
	t_alloc(owner, T_MIB, &alloc);
	close(owner);
	text = t_read(TRACING "/trace", 4096);
	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, "memmgr_owner_death"));
	EXPECT_EQ(NULL, t_kernel_address(text));
	free(text);

	/* Nor to those who read the ring raw: no field is a pointer. */
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), EVENTS "/memmgr_%s/format", events[i]);
		text = t_read(path, 4096);
		ASSERT_NE(NULL, text);
		EXPECT_EQ(NULL, strchr(text, '*'));
		EXPECT_EQ(NULL, strstr(text, "%p"));
		free(text);
	}
}

TEST_F(trace, nothing_is_told_when_switched_off)
{
	ASSERT_EQ(0, t_write(EVENTS "/enable", "0"));
	ASSERT_NE(0, t_block(self->fd, 100, 0, 0));
	EXPECT_EQ(0, told(self, "alloc", ""));
}

TEST_HARNESS_MAIN
