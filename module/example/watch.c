// SPDX-License-Identifier: GPL-2.0
/*
 * watch: look at the records of memmgr_example.ko while they come and go.
 *
 * A record may be freed, and its memory used for the next, while it is looked at:
 * the walk is exact, the payload is whatever is there at the instant. Who must be
 * sure asks again afterwards whether the block is still the same.
 */
#include <fcntl.h>
#include <memmgr.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "memmgr_example.h"

static int show(struct memmgr *arena, const struct memmgr_block *block, void *context)
{
	const struct example_record *record = memmgr_at(arena, block->offset);
	struct example_record seen = *record;
	struct memmgr_block now;
	unsigned int *shown = context;

	if (memmgr_block_query(arena, block->handle, &now))
		return 0; /* freed meanwhile, so what was seen means nothing */
	printf("record %llu, written on CPU %u at %llu ns\n", (unsigned long long)seen.number,
	       seen.cpu, (unsigned long long)seen.time);
	++*shown;
	return 0;
}

/* Until @wanted records were seen. */
static int watch(struct memmgr *arena, unsigned int wanted)
{
	struct memmgr_filter records = { .tag_value = EXAMPLE_RECORD, .tag_mask = ~0U };
	unsigned int shown = 0;

	while (shown < wanted)
		if (memmgr_iterate(arena, &records, show, &shown))
			return -1;
	return 0;
}

/* The driver is asked for its arena, and not needed after that. */
static struct memmgr *arena_of_driver(void)
{
	int device = open(EXAMPLE_DEVICE, O_RDONLY | O_CLOEXEC);
	int fd;

	if (device < 0)
		return NULL;
	fd = ioctl(device, EXAMPLE_IOC_ARENA, 0);
	close(device);
	return fd < 0 ? NULL : memmgr_from_fd(fd);
}

int main(int argc, char **argv)
{
	unsigned int wanted = argc > 1 ? (unsigned int)atoi(argv[1]) : 10;
	struct memmgr *arena = arena_of_driver();

	if (!arena || watch(arena, wanted)) {
		perror("watch");
		return 1;
	}
	memmgr_close(arena);
	return 0;
}
