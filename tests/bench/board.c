// SPDX-License-Identifier: GPL-2.0
#include "board.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the worker finds its board under. */
#define BOARD_FD 9

#define COUNTS_FILE "/dev/shm/memmgr-bench.%d"

static struct board *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, BOARD_FD, 0);

	if (memory == MAP_FAILED)
		err(1, "board of %zu bytes", bytes);
	return memory;
}

struct board *board_new(size_t samples)
{
	size_t bytes = sizeof(struct board) + samples * sizeof(uint32_t);
	int fd = memfd_create("memmgr-bench", MFD_CLOEXEC);
	struct board *board;

	if (fd < 0 || ftruncate(fd, (off_t)bytes) || dup2(fd, BOARD_FD) < 0)
		err(1, "board of %zu bytes", bytes);
	close(fd);
	board = map(bytes);
	board->samples_max = samples;
	return board;
}

struct board *board_find(void)
{
	struct stat stat;

	if (fstat(BOARD_FD, &stat) || (size_t)stat.st_size < sizeof(struct board))
		errx(2, "a worker is started by bench, not by hand");
	return map((size_t)stat.st_size);
}

void board_clear_samples(struct board *board)
{
	memset(board->samples, 0xff, board->samples_max * sizeof(uint32_t));
}

static void exec_worker(const struct board *board, const char *preload)
{
	char self[4096];
	char counts[64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		err(1, "/proc/self/exe");
	self[len] = '\0';
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	if (!board->job.valgrind)
		execl(self, self, "--worker", (char *)NULL);
	snprintf(counts, sizeof(counts), "--callgrind-out-file=" COUNTS_FILE, getpid());
	execlp("valgrind", "valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", counts, self,
	       "--worker", (char *)NULL);
	err(127, "%s", board->job.valgrind ? "valgrind" : self);
}

/* Callgrind's sum over all that it saw; a negative number if there is none. */
static double read_counts(pid_t pid)
{
	double total = -1;
	char line[256];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), COUNTS_FILE, pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "totals: %lf", &total) == 1)
			break;
	fclose(file);
	unlink(path);
	return total;
}

bool board_run(struct board *board, const char *preload)
{
	double total;
	int status;
	pid_t pid;

	board->result = (struct result){ .instructions = -1 };
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		exec_worker(board, preload);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	if (board->job.valgrind) {
		total = read_counts(pid);
		if (total >= 0)
			board->result.instructions = total / (2.0 * (double)board->job.steps);
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) && board->result.done;
}
