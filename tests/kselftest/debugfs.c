// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/memmgr: it shows every block there is, however it is read,
 * nothing of the kernel's own, and can vanish under a reader.
 */
#include "text.h"

#define ROOT T_DEBUGFS "/memmgr"
#define BLOCKS 5000

static const char *const files[] = { "summary", "blocks", "map", "validate" };

FIXTURE(folder)
{
	int fd;
	__u32 id;
	char path[64];
};

FIXTURE_SETUP(folder)
{
	int dev = t_open(O_RDWR);
	struct memmgr_arena_create create = { .size = 256 * T_KIB, .name = "shown in debugfs" };

	ASSERT_LE(0, t_arenas())
		TH_LOG("no debugfs");
	ASSERT_EQ(0, t_ioctl(dev, MEMMGR_IOC_ARENA_CREATE, &create));
	close(dev);
	self->fd = create.out_fd;
	self->id = create.out_arena_id;
	snprintf(self->path, sizeof(self->path), ROOT "/%u", self->id);
}

FIXTURE_TEARDOWN(folder)
{
	close(self->fd);
}

static const char *file_in(FIXTURE_DATA(folder) *self, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", self->path, name);
	return path;
}

TEST_F(folder, holds_the_four_files_and_no_other)
{
	DIR *dir = opendir(self->path);
	int entries = 0;

	ASSERT_NE(NULL, dir);
	while (readdir(dir))
		entries++;
	closedir(dir);
	EXPECT_EQ(2 + ARRAY_SIZE(files), entries);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = t_read(file_in(self, files[i]), 4096);

		ASSERT_NE(NULL, text);
		EXPECT_NE('\0', text[0])
			TH_LOG("%s is empty", files[i]);
		free(text);
	}
}

TEST_F(folder, goes_with_its_arena)
{
	EXPECT_EQ(0, access(self->path, F_OK));
	close(self->fd);
	EXPECT_EQ(-1, access(self->path, F_OK));
	self->fd = -1;
}

TEST_F(folder, only_root_may_read_and_nobody_write)
{
	struct stat stat;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ASSERT_EQ(0, lstat(file_in(self, files[i]), &stat));
		EXPECT_EQ(0, stat.st_mode & 0277);
		EXPECT_GT(0, t_write(file_in(self, files[i]), "1"));
	}
	ASSERT_EQ(0, lstat(ROOT "/arenas", &stat));
	EXPECT_EQ(0, stat.st_mode & 0277);
	EXPECT_GT(0, t_write(ROOT "/arenas", "1"));
}

TEST_F(folder, arenas_has_a_line_for_each)
{
	char *text = t_read(ROOT "/arenas", 4096);
	long before = t_arenas();
	int more;

	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, "shown in debugfs"));
	more = t_arena(T_PAGE, 0);
	EXPECT_EQ(before + 1, t_arenas());
	close(more);
	EXPECT_EQ(before, t_arenas());
	free(text);
}

TEST_F(folder, many_arenas_are_listed_with_any_buffer)
{
	enum { ARENAS = 300 };
	long before = t_arenas(), lines = -1;
	int fds[ARENAS];
	char *text;

	for (int i = 0; i < ARENAS; i++) {
		fds[i] = t_create(self->fd, 1, 0);
		ASSERT_LE(0, fds[i]);
	}
	text = t_read(ROOT "/arenas", 17);
	ASSERT_NE(NULL, text);
	for (char *at = text; *at; at++)
		lines += *at == '\n';
	EXPECT_EQ(before + ARENAS, lines);
	for (int i = 0; i < ARENAS; i++)
		close(fds[i]);
	free(text);
}

/* The number behind @name at the start of a line of @text; -1 if there is none. */
static long long figure(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, len) && text[len] == ' ')
			return strtoll(text + len, NULL, 10);
	}
	return -1;
}

TEST_F(folder, summary_has_the_figures_of_stat)
{
	struct memmgr_stat stat;
	char *text;

	ASSERT_NE(0, t_block(self->fd, 100, 0, 0)); /* 112 bytes */
	ASSERT_NE(0, t_block(self->fd, 16, 0, MEMMGR_POLICY_KEEP));
	ASSERT_EQ(-ENOMEM, t_alloc(self->fd, T_MIB, &(struct memmgr_alloc){}));
	ASSERT_EQ(0, t_stat(self->fd, &stat));
	text = t_read(file_in(self, "summary"), 4096);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(stat.out_size, figure(text, "size"));
	EXPECT_EQ(stat.out_free, figure(text, "free"));
	EXPECT_EQ(stat.out_largest, figure(text, "largest"));
	EXPECT_EQ(stat.out_peak, figure(text, "peak"));
	EXPECT_EQ(stat.out_metadata, figure(text, "metadata"));
	EXPECT_EQ(stat.out_lost_races, figure(text, "lost_races"));
	EXPECT_EQ(stat.out_ties_broken, figure(text, "ties_broken"));
	EXPECT_EQ(stat.out_retries, figure(text, "retries"));
	EXPECT_EQ(stat.out_contended, figure(text, "contended"));
	EXPECT_EQ(128, figure(text, "used"));
	EXPECT_EQ(116, figure(text, "requested"));
	EXPECT_EQ(12, figure(text, "internal_fragmentation"));
	EXPECT_EQ(2, figure(text, "blocks"));
	EXPECT_EQ(2, figure(text, "allocs"));
	EXPECT_EQ(0, figure(text, "frees"));
	EXPECT_EQ(1, figure(text, "failures"));
	EXPECT_EQ(1, figure(text, "owners"));
	free(text);
}

static int by_handle(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* The handles in a "blocks" file, sorted; how many there are. */
static int listed(char *text, __u64 *handles, int max)
{
	char *line = strchr(text, '\n');
	int count = 0;

	while (line && line[1]) {
		if (count == max)
			return max + 1;
		handles[count++] = strtoull(line + 1, NULL, 16);
		line = strchr(line + 1, '\n');
	}
	qsort(handles, count, sizeof(*handles), by_handle);
	return count;
}

TEST_F(folder, every_block_is_listed_once_with_any_buffer)
{
	static __u64 expected[BLOCKS], seen[BLOCKS + 1];
	size_t steps[] = { 7, 64, 4096, 1 << 20 };

	for (int i = 0; i < BLOCKS; i++) {
		expected[i] = t_block(self->fd, 1 + i % 40, i, i % 2);
		ASSERT_NE(0, expected[i]);
	}
	qsort(expected, BLOCKS, sizeof(*expected), by_handle);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		char *text = t_read(file_in(self, "blocks"), steps[i]);

		ASSERT_NE(NULL, text);
		EXPECT_EQ(BLOCKS, listed(text, seen, BLOCKS))
			TH_LOG("%zu bytes at a time", steps[i]);
		EXPECT_EQ(0, memcmp(expected, seen, sizeof(expected)));
		free(text);
	}
}

TEST_F(folder, a_block_has_eleven_columns)
{
	static const char heading[] =
		"handle offset size usable align tag owner state policy epoch relative\n";
	struct memmgr_alloc alloc;
	struct memmgr_block block;
	char *text, line[256];

	ASSERT_EQ(0, t_alloc_full(self->fd, 1000, 64, 0xabcd, 0, MEMMGR_POLICY_KEEP, &alloc));
	ASSERT_EQ(0, t_query(self->fd, alloc.out_handle, &block));
	text = t_read(file_in(self, "blocks"), 4096);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, strncmp(text, heading, strlen(heading)));
	snprintf(line, sizeof(line), "0x%016llx %llu 1000 %llu 64 0xabcd %u owned keep %u 0\n",
		 (unsigned long long)alloc.out_handle, (unsigned long long)alloc.out_offset,
		 (unsigned long long)alloc.out_usable, block.owner, block.epoch);
	EXPECT_STREQ(line, text + strlen(heading));
	free(text);
}

TEST_F(folder, orphans_are_listed_as_such)
{
	int owner = t_attach(self->fd, 0);
	char *text;

	ASSERT_NE(0, t_block(owner, 100, 1, MEMMGR_POLICY_KEEP));
	close(owner);
	text = t_read(file_in(self, "blocks"), 4096);
	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, " 0 orphan keep "));
	free(text);
}

struct churn {
	int fd;
	atomic_bool stop;
};

static void *churn(void *arg)
{
	struct churn *churn = arg;
	__u64 handle[32] = {};

	for (unsigned int i = 0; !atomic_load(&churn->stop); i++) {
		t_free(churn->fd, handle[i % 32]);
		handle[i % 32] = t_block(churn->fd, 1 + i % 500, ~0U, 0);
	}
	return NULL;
}

TEST_F(folder, lasting_blocks_are_listed_once_while_others_allocate)
{
	enum { LASTING = 700 };
	static __u64 lasting[LASTING], seen[BLOCKS];
	struct churn state = { .fd = self->fd };
	pthread_t thread;

	for (int i = 0; i < LASTING; i++) {
		lasting[i] = t_block(self->fd, 16, 0, 0);
		ASSERT_NE(0, lasting[i]);
	}
	ASSERT_EQ(0, pthread_create(&thread, NULL, churn, &state));
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		char *text = t_read(file_in(self, "blocks"), 64);
		int count;

		ASSERT_NE(NULL, text);
		count = listed(text, seen, BLOCKS);
		ASSERT_GE(BLOCKS, count);
		for (int i = 0; i < LASTING; i++) {
			ASSERT_NE(NULL, bsearch(&lasting[i], seen, count, sizeof(*seen),
						by_handle));
		}
		for (int i = 1; i < count; i++) {
			ASSERT_NE(seen[i - 1], seen[i]);
		}
		free(text);
	}
	atomic_store(&state.stop, true);
	pthread_join(thread, NULL);
}

TEST_F(folder, map_is_dots_when_empty_and_hashes_when_full)
{
	char *text = t_read(file_in(self, "map"), 4096);
	char *cells = strchr(text, '\n');

	EXPECT_NE(NULL, strchr(cells, '.'));
	EXPECT_EQ(NULL, strchr(cells, '#'));
	free(text);
	ASSERT_NE(0, t_block(self->fd, 256 * T_KIB, 0, 0));
	text = t_read(file_in(self, "map"), 4096);
	cells = strchr(text, '\n');
	EXPECT_EQ(NULL, strchr(cells, '.'));
	EXPECT_NE(NULL, strchr(cells, '#'));
	free(text);
}

TEST_F(folder, validate_says_sound)
{
	char *text = t_read(file_in(self, "validate"), 4096);

	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, strncmp(text, "sound\n", 6));
	free(text);
}

TEST_F(folder, no_kernel_address_is_shown)
{
	char *text;

	for (int i = 0; i < 1000; i++) {
		ASSERT_NE(0, t_block(self->fd, 16, i, 0));
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		text = t_read(file_in(self, files[i]), 4096);
		ASSERT_NE(NULL, text);
		EXPECT_EQ(NULL, t_kernel_address(text));
		free(text);
	}
	text = t_read(ROOT "/arenas", 4096);
	EXPECT_EQ(NULL, t_kernel_address(text));
	free(text);
	EXPECT_NE(NULL, t_kernel_address("at ffff888012345678."));
}

/* A file that is open, and read half, when its arena goes. */
TEST_F(folder, open_files_outlive_the_arena_harmlessly)
{
	int open_files[ARRAY_SIZE(files)];
	char some[64];

	for (int i = 0; i < 1000; i++) {
		ASSERT_NE(0, t_block(self->fd, 16, i, 0));
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		open_files[i] = open(file_in(self, files[i]), O_RDONLY);
		ASSERT_LE(0, open_files[i]);
		ASSERT_LT(0, read(open_files[i], some, i * 10 + 10));
	}
	close(self->fd);
	self->fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		while (read(open_files[i], some, sizeof(some)) > 0)
			;
		lseek(open_files[i], 0, SEEK_SET);
		while (read(open_files[i], some, sizeof(some)) > 0)
			;
		EXPECT_EQ(0, close(open_files[i]));
	}
}

static void *read_all(void *arg)
{
	struct churn *state = arg;
	char path[80];

	while (!atomic_load(&state->stop)) {
		free(t_read(ROOT "/arenas", 4096));
		for (int i = 0; i < 4; i++) {
			/* Its neighbours' numbers are not far from the last one. */
			snprintf(path, sizeof(path), ROOT "/%d/%s", state->fd + i, files[i]);
			free(t_read(path, 64));
		}
	}
	return NULL;
}

TEST_F(folder, readers_race_with_arenas_that_come_and_go)
{
	struct churn state = { .fd = self->id };
	struct memmgr_arena_create create;
	pthread_t thread[2];

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_all, &state));
	}
	for (long end = t_now_ms() + t_storm_ms(); t_now_ms() < end;) {
		create = (struct memmgr_arena_create){ .size = T_PAGE };
		ASSERT_EQ(0, t_ioctl(self->fd, MEMMGR_IOC_ARENA_CREATE, &create));
		state.fd = create.out_arena_id;
		t_block(create.out_fd, 100, 0, 0);
		close(create.out_fd);
	}
	atomic_store(&state.stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

TEST_F(folder, all_works_when_debugfs_is_not_mounted)
{
	int fd;

	ASSERT_EQ(0, umount2(T_DEBUGFS, MNT_DETACH));
	EXPECT_EQ(-1, access(ROOT, F_OK));
	fd = t_create(self->fd, 64 * T_KIB, 0);
	EXPECT_LE(0, fd);
	EXPECT_NE(0, t_block(fd, 100, 0, 0));
	EXPECT_STREQ("", t_disorder(fd));
	close(fd);
	t_mount("debugfs", T_DEBUGFS);
	EXPECT_EQ(0, access(self->path, F_OK));
}

TEST_HARNESS_MAIN
