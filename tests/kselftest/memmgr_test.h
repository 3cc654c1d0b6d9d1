/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of /dev/memmgr share: one wrapper per command over the raw ABI,
 * each returning 0 or a negative errno, and a few things about an arena that
 * must hold whenever nobody is at work on it.
 *
 * Include it first: it decides the C library's feature macros.
 */
#ifndef MEMMGR_TEST_H
#define MEMMGR_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include <kselftest_harness.h>
#include <linux/memmgr.h>

/* An emulated machine with a debug kernel on a busy host takes its time. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 100

#define T_DEVICE "/dev/memmgr"
#define T_PAGE 4096UL
#define T_KIB 1024ULL
#define T_MIB (1024ULL * T_KIB)
#define T_DEBUGFS "/sys/kernel/debug"

/* ---- commands ---- */

static inline int t_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static inline int t_open(int flags)
{
	int fd = open(T_DEVICE, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int t_info(int fd, struct memmgr_info *info)
{
	memset(info, 0, sizeof(*info));
	return t_ioctl(fd, MEMMGR_IOC_INFO, info);
}

/* A new arena's descriptor. */
static inline int t_create(int fd, __u64 size, __u32 granule)
{
	struct memmgr_arena_create create = { .size = size, .granule = granule };
	int ret = t_ioctl(fd, MEMMGR_IOC_ARENA_CREATE, &create);

	return ret ? ret : create.out_fd;
}

/* The same, without keeping /dev/memmgr open. */
static inline int t_arena(__u64 size, __u32 granule)
{
	int dev = t_open(O_RDWR);
	int fd = dev < 0 ? dev : t_create(dev, size, granule);

	if (dev >= 0)
		close(dev);
	return fd;
}

/* A further owner's descriptor. */
static inline int t_attach(int fd, __u32 flags)
{
	struct memmgr_attach attach = { .flags = flags };
	int ret = t_ioctl(fd, MEMMGR_IOC_ATTACH, &attach);

	return ret ? ret : attach.out_fd;
}

static inline int t_alloc_full(int fd, __u64 size, __u64 align, __u32 tag, __u32 flags,
			       __u32 policy, struct memmgr_alloc *alloc)
{
	*alloc = (struct memmgr_alloc){
		.size = size,
		.align = align,
		.tag = tag,
		.flags = flags,
		.policy = policy,
	};
	return t_ioctl(fd, MEMMGR_IOC_ALLOC, alloc);
}

static inline int t_alloc(int fd, __u64 size, struct memmgr_alloc *alloc)
{
	return t_alloc_full(fd, size, 0, 0, 0, MEMMGR_POLICY_FREE, alloc);
}

/* A block's handle, or 0. */
static inline __u64 t_block(int fd, __u64 size, __u32 tag, __u32 policy)
{
	struct memmgr_alloc alloc;

	return t_alloc_full(fd, size, 0, tag, 0, policy, &alloc) ? 0 : alloc.out_handle;
}

static inline int t_free(int fd, __u64 handle)
{
	struct memmgr_free free = { .handle = handle };

	return t_ioctl(fd, MEMMGR_IOC_FREE, &free);
}

static inline int t_free_at(int fd, __u64 handle, __u64 offset)
{
	struct memmgr_free free = {
		.handle = handle,
		.offset = offset,
		.flags = MEMMGR_CHECK_OFFSET,
	};

	return t_ioctl(fd, MEMMGR_IOC_FREE, &free);
}

static inline int t_realloc(int fd, __u64 handle, __u64 size, __u32 flags,
			    struct memmgr_realloc *re)
{
	*re = (struct memmgr_realloc){ .handle = handle, .size = size, .flags = flags };
	return t_ioctl(fd, MEMMGR_IOC_REALLOC, re);
}

static inline int t_query(int fd, __u64 handle, struct memmgr_block *block)
{
	struct memmgr_query query = { .handle = handle };
	int ret = t_ioctl(fd, MEMMGR_IOC_QUERY, &query);

	*block = query.out_block;
	return ret;
}

static inline int t_query_at(int fd, __u64 offset, struct memmgr_block *block)
{
	struct memmgr_query query = { .offset = offset, .flags = MEMMGR_QUERY_BY_OFFSET };
	int ret = t_ioctl(fd, MEMMGR_IOC_QUERY, &query);

	*block = query.out_block;
	return ret;
}

/* One entry of ACT; its result. */
static inline int t_act_on(int fd, const struct memmgr_act_entry *entry)
{
	struct memmgr_act_entry copy = *entry;
	struct memmgr_act act = { .entries = (uintptr_t)&copy, .count = 1 };
	int ret = t_ioctl(fd, MEMMGR_IOC_ACT, &act);

	return ret ? ret : copy.out_result;
}

static inline int t_act(int fd, __u64 handle, __u32 action, __u32 value)
{
	struct memmgr_act_entry entry = { .handle = handle, .action = action, .value = value };

	return t_act_on(fd, &entry);
}

/* The epoch, after an advance if @flags say so; 0 if that failed. */
static inline __u32 t_epoch(int fd, __u32 flags)
{
	struct memmgr_epoch epoch = { .flags = flags };

	return t_ioctl(fd, MEMMGR_IOC_EPOCH, &epoch) ? 0 : epoch.out_epoch;
}

static inline __u32 t_owner(int fd)
{
	struct memmgr_info info;

	return t_info(fd, &info) ? 0 : info.out_owner;
}

/*
 * Sweep what @filter says to the end; @done gets the sums. Blocks freed, or a negative
 * errno.
 */
static inline int t_sweep(int fd, const struct memmgr_sweep *filter, struct memmgr_sweep *done)
{
	struct memmgr_sweep sweep = *filter;
	int ret;

	memset(done, 0, sizeof(*done));
	do {
		ret = t_ioctl(fd, MEMMGR_IOC_SWEEP, &sweep);
		if (ret)
			return ret;
		done->out_count += sweep.out_count;
		done->out_bytes += sweep.out_bytes;
		sweep.cursor = sweep.out_cursor;
	} while (sweep.cursor != MEMMGR_CURSOR_END);
	return done->out_count;
}

static inline int t_stat(int fd, struct memmgr_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	return t_ioctl(fd, MEMMGR_IOC_STAT, stat);
}

static inline int t_validate(int fd, struct memmgr_validate *validate)
{
	memset(validate, 0, sizeof(*validate));
	return t_ioctl(fd, MEMMGR_IOC_VALIDATE, validate);
}

/*
 * Walk over all blocks with @filter's tag, owner and states, @batch at a time,
 * into @blocks, which has room for @max. Their number or a negative errno.
 */
static inline int t_walk(int fd, const struct memmgr_iterate *filter, __u32 batch,
			 struct memmgr_block *blocks, int max)
{
	struct memmgr_iterate it = filter ? *filter : (struct memmgr_iterate){};
	int seen = 0;

	it.cursor = 0;
	do {
		it.count = batch < (__u32)(max - seen) ? batch : (__u32)(max - seen);
		if (!it.count)
			return -ENOBUFS;
		it.blocks = (uintptr_t)(blocks + seen);
		int ret = t_ioctl(fd, MEMMGR_IOC_ITERATE, &it);

		if (ret)
			return ret;
		seen += it.out_count;
		it.cursor = it.out_cursor;
	} while (it.cursor != MEMMGR_CURSOR_END);
	return seen;
}

/* ---- what holds for an arena at rest ---- */

/* What does not fit together in an arena that nobody is changing; "" if all does. */
static inline const char *t_disorder(int fd)
{
	static char text[MEMMGR_WHAT_LEN + 64];
	struct memmgr_validate v;
	struct memmgr_stat s;
	int ret = t_validate(fd, &v);

	if (ret) {
		snprintf(text, sizeof(text), "validate: errno %d, %s at %llu", -ret, v.out_what,
			 (unsigned long long)v.out_at);
		return text;
	}
	if (t_stat(fd, &s))
		return "stat failed";
	if (!v.out_complete)
		return "validation of a quiet arena is incomplete";
	if (s.out_broken)
		return "marked broken";
	if (s.out_pending)
		return "bytes pending in a quiet arena";
	if (s.out_used + s.out_free != s.out_size)
		return "used + free is not the arena's size";
	if (v.out_blocks != s.out_blocks)
		return "validate and stat count different blocks";
	if (v.out_used != s.out_used || v.out_free != s.out_free)
		return "validate and stat count different bytes";
	if (s.out_requested > s.out_used || s.out_used > s.out_peak)
		return "requested, used and peak are not in that order";
	if (s.out_allocs - s.out_frees != s.out_blocks)
		return "allocs - frees is not the number of blocks";
	return "";
}

/* The same, and that the arena is one hole again. */
static inline const char *t_remains(int fd)
{
	const char *disorder = t_disorder(fd);
	struct memmgr_stat s;

	if (*disorder)
		return disorder;
	if (t_stat(fd, &s))
		return "stat failed";
	if (s.out_blocks || s.out_used || s.out_requested)
		return "blocks are left";
	if (s.out_orphans || s.out_orphan_bytes)
		return "orphans are left";
	if (s.out_free != s.out_size || s.out_largest != s.out_size)
		return "not one hole again";
	return "";
}

/* What must be the same before and after a call that has to change nothing. */
struct t_state {
	__u64 used, requested, free, pending, largest, blocks, orphans, owners;
};

static inline struct t_state t_state(int fd)
{
	struct memmgr_stat s;

	if (t_stat(fd, &s))
		memset(&s, 0xff, sizeof(s));
	return (struct t_state){
		.used = s.out_used,
		.requested = s.out_requested,
		.free = s.out_free,
		.pending = s.out_pending,
		.largest = s.out_largest,
		.blocks = s.out_blocks,
		.orphans = s.out_orphans,
		.owners = s.out_owners,
	};
}

static inline bool t_same_state(const struct t_state *a, const struct t_state *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* ---- the process and the module around it ---- */

static inline int t_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Make sure that a file system is where it usually is. */
static inline void t_mount(const char *type, const char *where)
{
	mkdir(where, 0700);
	mount("none", where, type, 0, NULL);
}

/* Lines of a file, or a negative errno. */
static inline long t_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	long lines = 0;
	int c;

	if (!file)
		return -errno;
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

/* Arenas that exist, as debugfs sees them. */
static inline long t_arenas(void)
{
	long lines;

	if (access(T_DEBUGFS "/memmgr", F_OK))
		t_mount("debugfs", T_DEBUGFS);
	lines = t_lines(T_DEBUGFS "/memmgr/arenas");
	return lines < 0 ? lines : lines - 1;
}

/* ---- children, time, chance ---- */

/* In a child process: complain and end, which t_reap() reports. */
#define T_CHILD_NEEDS(cond)                                                          \
	do {                                                                         \
		if (!(cond)) {                                                       \
			fprintf(stderr, "# %s:%d: in a child: not so: %s\n",         \
				__FILE__, __LINE__, #cond);                          \
			_exit(1);                                                    \
		}                                                                    \
	} while (0)

/* A child's exit status, or 256 + the signal that ended it. */
static inline int t_reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

#define T_KILLED (256 + SIGKILL)

static inline long t_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static inline void t_sleep_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* Wait until @cond holds, for 30 seconds at most; the value is whether it does. */
#define T_EVENTUALLY(cond)                                                           \
	({                                                                           \
		long __end = t_now_ms() + 30000;                                     \
		bool __holds;                                                        \
		while (!(__holds = (cond)) && t_now_ms() < __end)                    \
			t_sleep_ms(1);                                               \
		__holds;                                                             \
	})

/* Random numbers that SEED=n in the environment repeats. */
struct t_random {
	__u64 state;
};

static inline struct t_random t_random(const char *test)
{
	const char *given = getenv("SEED");
	__u64 seed = (__u64)time(NULL) * 1000 + getpid();

	if (given && *given)
		seed = strtoull(given, NULL, 0);
	printf("# %s: SEED=%llu\n", test, (unsigned long long)seed);
	fflush(stdout);
	return (struct t_random){ .state = seed };
}

/* A further stream of the same seed, for a thread or a child. */
static inline struct t_random t_random_fork(const struct t_random *from, unsigned int n)
{
	return (struct t_random){ .state = from->state ^ (n + 1) * 0xd1342543de82ef95ULL };
}

static inline __u32 t_next(struct t_random *r)
{
	__u64 x;

	r->state += 0x9e3779b97f4a7c15ULL;
	x = (r->state ^ r->state >> 32) * 0xff51afd7ed558ccdULL;
	return (x ^ x >> 29) >> 16;
}

static inline __u32 t_below(struct t_random *r, __u32 bound)
{
	return t_next(r) % bound;
}

/* Milliseconds that a storm lasts; each counts its work by time, not by rounds. */
static inline long t_storm_ms(void)
{
	const char *given = getenv("STORM_MS");

	return given ? atol(given) : 300;
}

/* ---- payload ---- */

static inline unsigned char *t_map(int fd, __u64 size, int prot)
{
	return mmap(NULL, size, prot, MAP_SHARED, fd, 0);
}

/* Does @byte fill all @len bytes at @at? */
static inline bool t_all(const unsigned char *at, unsigned char byte, size_t len)
{
	while (len && *at == byte)
		at++, len--;
	return !len;
}

#endif /* MEMMGR_TEST_H */
