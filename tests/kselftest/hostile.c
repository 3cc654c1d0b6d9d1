// SPDX-License-Identifier: GPL-2.0
/*
 * Callers that mean harm: addresses that are no good, that change under the
 * kernel's eyes or that never answer, and payload scribbled over. None of it
 * leaves anything behind or holds anybody up.
 */
#include "commands.h"

#include <linux/userfaultfd.h>
#include <poll.h>

#define SIZE (64 * T_KIB)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(call)
{
	int fd;
	__u64 handle;
	int fds;
	long arenas;
	struct t_state before;
};

FIXTURE_VARIANT(call)
{
	const struct t_command *command;
};

T_VARIANT_PER_COMMAND(call);

FIXTURE_SETUP(call)
{
	self->fd = t_arena(SIZE, 0);
	ASSERT_LE(0, self->fd);
	self->handle = t_block(self->fd, 64, 0, 0);
	ASSERT_NE(0, self->handle);
	self->before = t_state(self->fd);
	self->fds = t_open_fds();
	self->arenas = t_arenas();
	ASSERT_LT(0, self->arenas);
}

FIXTURE_TEARDOWN(call)
{
	EXPECT_STREQ("", t_disorder(self->fd));
	close(self->fd);
}

static unsigned long number(const FIXTURE_VARIANT(call) *variant)
{
	return t_number(variant->command, variant->command->size);
}

static bool nothing_left(FIXTURE_DATA(call) *self)
{
	struct t_state now = t_state(self->fd);

	return t_same_state(&now, &self->before) && t_open_fds() == self->fds &&
	       t_arenas() == self->arenas;
}

/* Two fresh pages; the second one with @prot, or not there at all if negative. */
static char *two_pages(int prot)
{
	char *at = mmap(NULL, 2 * T_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (prot < 0)
		munmap(at + T_PAGE, T_PAGE);
	return at;
}

/* ---- addresses that are no good ---- */

TEST_F(call, null_is_efault)
{
	EXPECT_EQ(-EFAULT, t_ioctl(self->fd, number(variant), NULL));
	EXPECT_TRUE(nothing_left(self));
}

TEST_F(call, inaccessible_memory_is_efault)
{
	void *none = mmap(NULL, T_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(-EFAULT, t_ioctl(self->fd, number(variant), none));
	munmap(none, T_PAGE);
	EXPECT_EQ(-EFAULT, t_ioctl(self->fd, number(variant), none));
	EXPECT_TRUE(nothing_left(self));
}

TEST_F(call, kernel_addresses_are_efault)
{
	unsigned long addresses[] = {
		-8UL, -256UL, -T_PAGE, -2 * T_PAGE,
#ifdef __x86_64__
		0xffff888000000000UL, 0xffff888000001000UL, 0xffffc90000000000UL,
		0xffffffff81000000UL, 0xffffffffff600000UL, 0x8000000000000000UL,
		0x0000800000000000UL, 0x00007fffffffffffUL - 15,
#endif
	};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		EXPECT_EQ(-EFAULT, t_ioctl(self->fd, number(variant), (void *)addresses[i]))
			TH_LOG("address %#lx", addresses[i]);
	}
	EXPECT_TRUE(nothing_left(self));
}

TEST_F(call, structure_that_ends_in_the_void_is_efault)
{
	char *pages = two_pages(-1);

	for (size_t in = 8; in < variant->command->size; in += 8) {
		char *arg = pages + T_PAGE - in;
		struct t_state now;

		variant->command->fill(memset(pages, 0, T_PAGE), self->handle);
		memmove(arg, pages, in);
		ASSERT_EQ(-EFAULT, t_ioctl(self->fd, number(variant), arg))
			TH_LOG("%zu bytes are there", in);
		now = t_state(self->fd);
		ASSERT_TRUE(t_same_state(&now, &self->before));
	}
	EXPECT_TRUE(nothing_left(self));
}

/* What a call whose results cannot be written must return. */
static int unwritable(const struct t_command *command)
{
	return command->outs < command->size ? -EFAULT : 0;
}

static bool carried_out(FIXTURE_DATA(call) *self, const struct t_command *command)
{
	struct memmgr_block block;
	int ret = t_query(self->fd, self->handle, &block);

	if (command->nr == 4)
		return ret == -ESTALE;
	if (command->nr == 5)
		return !ret && block.size == 256;
	return nothing_left(self);
}

TEST_F(call, result_that_cannot_be_written_is_taken_back)
{
	void *page = two_pages(RW);

	variant->command->fill(page, self->handle);
	ASSERT_EQ(0, mprotect(page, T_PAGE, PROT_READ));
	EXPECT_EQ(unwritable(variant->command), t_ioctl(self->fd, number(variant), page));
	EXPECT_TRUE(carried_out(self, variant->command));
}

TEST_F(call, result_that_can_be_written_in_part_is_taken_back)
{
	struct memmgr_realloc re;
	char *pages = two_pages(RW);

	for (size_t in = 8; in < variant->command->outs_end; in += 8) {
		char *arg = pages + T_PAGE - in;

		ASSERT_EQ(0, mprotect(pages, 2 * T_PAGE, RW));
		memset(pages, 0, 2 * T_PAGE);
		variant->command->fill(arg, self->handle);
		ASSERT_EQ(0, mprotect(pages + T_PAGE, T_PAGE, PROT_READ));
		ASSERT_EQ(unwritable(variant->command), t_ioctl(self->fd, number(variant), arg));
		ASSERT_TRUE(carried_out(self, variant->command));
		if (variant->command->nr == 4)
			self->handle = t_block(self->fd, 64, 0, 0);
		if (variant->command->nr == 5) {
			ASSERT_EQ(0, t_realloc(self->fd, self->handle, 64, 0, &re));
		}
	}
	EXPECT_STREQ("", t_disorder(self->fd));
}

TEST_F(call, refused_many_times_leaves_nothing)
{
	char *page = two_pages(RW);

	if (variant->command->nr == 4 || variant->command->nr == 5)
		return;
	variant->command->fill(page, self->handle);
	ASSERT_EQ(0, mprotect(page, T_PAGE, PROT_READ));
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(-EFAULT, t_ioctl(self->fd, number(variant), page));
	}
	EXPECT_TRUE(nothing_left(self));
}

TEST_F(call, structure_may_lie_in_the_arena_itself)
{
	unsigned char *base = t_map(self->fd, SIZE, RW);

	ASSERT_NE(MAP_FAILED, base);
	/* Once in a page that was never touched, once across two. */
	for (int i = 0; i < 2; i++) {
		void *arg = base + 5 * T_PAGE - i * 16;

		memset(arg, 0, variant->command->size);
		variant->command->fill(arg, self->handle);
		ASSERT_EQ(0, madvise(base, SIZE, MADV_DONTNEED));
		EXPECT_EQ(0, t_ioctl(self->fd, number(variant), arg));
		close(t_new_fd(variant->command, arg));
		if (variant->command->nr == 4)
			self->handle = t_block(self->fd, 64, 0, 0);
	}
}

/* ---- a structure that changes while it is read ---- */

struct flipper {
	__u32 *arg;
	size_t words;
	__u64 handle;
	atomic_bool stop;
	struct t_random random;
};

static void *flip(void *arg)
{
	struct flipper *f = arg;

	while (!atomic_load(&f->stop)) {
		__u32 values[] = {
			0, 1, 2, 16, 64, T_PAGE, 1U << 31, ~0U, f->handle, f->handle >> 32,
			t_below(&f->random, 65536),
		};
		volatile __u32 *word = &f->arg[t_below(&f->random, f->words)];

		*word = values[t_below(&f->random, ARRAY_SIZE(values))];
	}
	return NULL;
}

TEST_F(call, structure_may_change_while_it_is_read)
{
	static char arg[256] __attribute__((aligned(8)));
	struct flipper flipper = {
		.arg = (__u32 *)arg,
		.words = variant->command->size / 4,
		.handle = self->handle,
		.random = t_random("structure_may_change_while_it_is_read"),
	};
	struct memmgr_validate check;
	pthread_t thread;
	int last;

	/* No gaps below, so that what is opened from now on comes after it. */
	while ((last = dup(self->fd)) < self->fd)
		;
	ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &flipper));
	for (long end = t_now_ms() + t_storm_ms() / 4; t_now_ms() < end;) {
		variant->command->fill(arg, self->handle);
		t_ioctl(self->fd, number(variant), arg);
		/* Which descriptor it gave, if any, cannot be read from there. */
		close_range(last + 1, ~0U, 0);
	}
	atomic_store(&flipper.stop, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, t_validate(self->fd, &check));
	EXPECT_EQ(self->arenas, t_arenas());
}

/* ---- a structure in memory that does not answer ---- */

static int fault_handler(__u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC);

	if (uffd < 0)
		return -errno;
	if (ioctl(uffd, UFFDIO_API, &api)) {
		close(uffd);
		return -ENOSYS;
	}
	return uffd;
}

static int watch(int uffd, void *page, __u64 mode)
{
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)page, .len = T_PAGE },
		.mode = mode,
	};

	return ioctl(uffd, UFFDIO_REGISTER, &range) ? -errno : 0;
}

static int protect(int uffd, void *page, bool on)
{
	struct uffdio_writeprotect range = {
		.range = { .start = (uintptr_t)page, .len = T_PAGE },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &range) ? -errno : 0;
}

static int provide(int uffd, void *page, const void *content)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page, .src = (uintptr_t)content, .len = T_PAGE,
	};

	return ioctl(uffd, UFFDIO_COPY, &copy) ? -errno : 0;
}

/* Somebody touched the page and waits. */
static bool stalled(int uffd)
{
	struct pollfd poll_fd = { .fd = uffd, .events = POLLIN };
	struct uffd_msg message;

	return poll(&poll_fd, 1, 30000) == 1 &&
	       read(uffd, &message, sizeof(message)) == sizeof(message);
}

struct stalled_call {
	int fd;
	unsigned long number;
	void *arg;
	int ret;
};

static void *call_and_wait(void *arg)
{
	struct stalled_call *call = arg;

	call->ret = t_ioctl(call->fd, call->number, call->arg);
	return NULL;
}

/* Another process that goes through all commands; 0 if it got through. */
static int neighbour_goes_on(int fd)
{
	pid_t child = fork();

	if (!child) {
		int own = t_attach(fd, 0);

		alarm(60);
		T_CHILD_NEEDS(own >= 0);
		for (int i = 0; i < 20; i++) {
			__u64 handle = t_block(own, 64, 0, 0);

			T_CHILD_NEEDS(handle);
			for (size_t n = 0; n < ARRAY_SIZE(t_commands); n++) {
				char arg[256] __attribute__((aligned(8))) = {};
				size_t next = (n + 5) % ARRAY_SIZE(t_commands);
				const struct t_command *c = &t_commands[next];

				c->fill(arg, handle);
				T_CHILD_NEEDS(!t_ioctl(own, t_number(c, c->size), arg) ||
					      c->nr == 5 || c->nr == 6);
				close(t_new_fd(c, arg));
			}
		}
		_exit(0);
	}
	return t_reap(child);
}

TEST_F(call, reading_the_structure_may_take_for_ever)
{
	char *page = mmap(NULL, T_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static char content[T_PAGE] __attribute__((aligned(4096)));
	struct stalled_call call = { .fd = self->fd, .number = number(variant), .arg = page };
	int uffd = fault_handler(0);
	pthread_t thread;

	if (uffd < 0)
		SKIP(return, "no userfaultfd: errno %d", -uffd);
	ASSERT_EQ(0, watch(uffd, page, UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_and_wait, &call));
	ASSERT_TRUE(stalled(uffd));
	EXPECT_EQ(0, neighbour_goes_on(self->fd));
	variant->command->fill(content, self->handle);
	ASSERT_EQ(0, provide(uffd, page, content));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, call.ret);
	close(uffd);
}

/* A page with a filled structure that can be read but not yet written. */
static void *unanswering_page(const struct t_command *command, __u64 handle, int *uffd)
{
	char *page = mmap(NULL, T_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(page, 0, T_PAGE);
	command->fill(page, handle);
	*uffd = fault_handler(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (*uffd < 0 || watch(*uffd, page, UFFDIO_REGISTER_MODE_WP) ||
	    protect(*uffd, page, true))
		return NULL;
	return page;
}

TEST_F(call, writing_the_results_may_take_for_ever)
{
	int uffd;
	void *page = unanswering_page(variant->command, self->handle, &uffd);
	struct stalled_call call = { .fd = self->fd, .number = number(variant), .arg = page };
	pthread_t thread;

	if (!page)
		SKIP(return, "no userfaultfd with write protection");
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_and_wait, &call));
	if (variant->command->outs < variant->command->size) {
		ASSERT_TRUE(stalled(uffd));
		EXPECT_EQ(0, neighbour_goes_on(self->fd));
		ASSERT_EQ(0, protect(uffd, page, false));
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(0, call.ret);
	close(uffd);
}

TEST_F(call, caller_that_waits_for_ever_can_be_killed)
{
	int ends[2];
	char byte;
	pid_t child;

	if (variant->command->outs == variant->command->size)
		return;
	ASSERT_EQ(0, pipe(ends));
	child = fork();
	if (!child) {
		int uffd, own = t_attach(self->fd, 0);
		void *page = unanswering_page(variant->command, self->handle, &uffd);
		struct stalled_call call = { .fd = own, .number = number(variant), .arg = page };
		pthread_t thread;

		if (!page)
			_exit(2);
		T_CHILD_NEEDS(!pthread_create(&thread, NULL, call_and_wait, &call));
		T_CHILD_NEEDS(stalled(uffd));
		T_CHILD_NEEDS(write(ends[1], "s", 1) == 1);
		pause();
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1) {
		ASSERT_EQ(2, t_reap(child));
		SKIP(return, "no userfaultfd with write protection");
	}
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(T_KILLED, t_reap(child));
	close(ends[0]);
	EXPECT_TRUE(carried_out(self, variant->command));
}

TEST(iterate_into_memory_that_does_not_answer_holds_up_nobody)
{
	char *page = mmap(NULL, T_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static char content[T_PAGE] __attribute__((aligned(4096)));
	struct memmgr_iterate it = { .blocks = (uintptr_t)page, .count = 10 };
	int fd = t_arena(SIZE, 0), uffd = fault_handler(0);
	struct stalled_call call = { .fd = fd, .number = MEMMGR_IOC_ITERATE, .arg = &it };
	pthread_t thread;

	if (uffd < 0)
		SKIP(return, "no userfaultfd: errno %d", -uffd);
	ASSERT_NE(0, t_block(fd, 64, 0, 0));
	ASSERT_EQ(0, watch(uffd, page, UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_and_wait, &call));
	ASSERT_TRUE(stalled(uffd));
	EXPECT_EQ(0, neighbour_goes_on(fd));
	ASSERT_EQ(0, provide(uffd, page, content));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, call.ret);
	EXPECT_EQ(1, it.out_count);
}

/* The page that @arg points into answers at last; what the command then returned. */
static int call_on_stalled_page(int fd, unsigned long number, void *arg, char *page,
				const void *content, int *neighbour)
{
	struct stalled_call call = { .fd = fd, .number = number, .arg = arg };
	int uffd = fault_handler(0);
	pthread_t thread;

	if (uffd < 0 || watch(uffd, page, UFFDIO_REGISTER_MODE_MISSING) ||
	    pthread_create(&thread, NULL, call_and_wait, &call) || !stalled(uffd))
		return -ENOSYS;
	*neighbour = neighbour_goes_on(fd);
	provide(uffd, page, content);
	pthread_join(thread, NULL);
	close(uffd);
	return call.ret;
}

TEST(act_and_sweep_on_memory_that_does_not_answer_hold_up_nobody)
{
	static char content[T_PAGE] __attribute__((aligned(4096)));
	char *page = mmap(NULL, 2 * T_PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memmgr_act act = { .entries = (uintptr_t)page, .count = 1 };
	struct memmgr_sweep sweep = {
		.rows = (uintptr_t)page + T_PAGE, .room = 1, .epoch_before = 2,
	};
	int fd = t_arena(SIZE, 0), neighbour = -1, ret;
	struct memmgr_act_entry *entry = (void *)content;

	*entry = (struct memmgr_act_entry){
		.handle = t_block(fd, 64, 0, 0), .action = MEMMGR_ACTION_RETAG, .value = 7,
	};
	ret = call_on_stalled_page(fd, MEMMGR_IOC_ACT, &act, page, content, &neighbour);
	if (ret == -ENOSYS)
		SKIP(return, "no userfaultfd");
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, neighbour);
	EXPECT_EQ(1, act.out_done);
	ASSERT_LE(2, t_epoch(fd, MEMMGR_EPOCH_ADVANCE));
	ret = call_on_stalled_page(fd, MEMMGR_IOC_SWEEP, &sweep, page + T_PAGE, content,
				   &neighbour);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, neighbour);
	EXPECT_EQ(1, sweep.out_count);
	EXPECT_STREQ("", t_remains(fd));
}

TEST(iterate_into_the_arena_itself_works)
{
	int fd = t_arena(SIZE, 0);
	unsigned char *base = t_map(fd, SIZE, RW);
	struct memmgr_block *blocks = (struct memmgr_block *)(base + T_PAGE - 64);

	for (int i = 0; i < 100; i++) {
		ASSERT_NE(0, t_block(fd, 16, i, 0));
	}
	EXPECT_EQ(100, t_walk(fd, NULL, 50, blocks, 101));
	EXPECT_EQ(99, blocks[99].tag + blocks[0].tag);
}

/* ---- payload is only payload ---- */

struct scribbler {
	unsigned char *base;
	atomic_bool stop;
	struct t_random random;
};

static void *scribble(void *arg)
{
	struct scribbler *s = arg;

	while (!atomic_load(&s->stop))
		memset(s->base, t_next(&s->random), SIZE);
	return NULL;
}

TEST(scribbling_over_all_of_the_arena_changes_no_answer)
{
	enum { BLOCKS = 128 };
	struct t_random random = t_random("scribbling_over_all_of_the_arena");
	int fd = t_arena(SIZE, 0);
	struct scribbler scribbler = { .base = t_map(fd, SIZE, RW), .random = random };
	__u64 handle[BLOCKS] = {}, used = 0;
	struct memmgr_realloc re;
	struct memmgr_block block;
	struct memmgr_stat stat;
	pthread_t thread;

	ASSERT_NE(MAP_FAILED, scribbler.base);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &scribbler));
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		int i = t_below(&random, BLOCKS);

		if (handle[i]) {
			ASSERT_EQ(0, t_query(fd, handle[i], &block));
			ASSERT_EQ(i, block.tag);
			ASSERT_EQ(0, t_realloc(fd, handle[i], 1 + t_below(&random, 250), 0, &re));
			ASSERT_EQ(0, t_free(fd, handle[i]));
			handle[i] = 0;
		} else {
			handle[i] = t_block(fd, 1 + t_below(&random, 250), i, 0);
			ASSERT_NE(0, handle[i]);
		}
	}
	atomic_store(&scribbler.stop, true);
	pthread_join(thread, NULL);
	EXPECT_STREQ("", t_disorder(fd));
	for (int i = 0; i < BLOCKS; i++) {
		if (handle[i]) {
			ASSERT_EQ(0, t_query(fd, handle[i], &block));
			used += block.usable;
		}
	}
	ASSERT_EQ(0, t_stat(fd, &stat));
	EXPECT_EQ(used, stat.out_used);
}

TEST_HARNESS_MAIN
