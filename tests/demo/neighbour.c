// SPDX-License-Identifier: GPL-2.0
/*
 * A neighbour in the default arena, for the demonstration.
 *
 *	neighbour churn TAG	allocate, resize and free at random, until killed
 *	neighbour hold TAG N	allocate N blocks, fill them, say "ready", wait for
 *				the end of stdin, and verify every byte
 *
 * Both write all over what they own, so that a heap whose bookkeeping lay among
 * the blocks would not survive them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <memmgr.h>

#define BLOCKS 2000

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static size_t random_size(void)
{
	return 16 + (size_t)(rand() % 4096);
}

static int churn(struct memmgr *heap, uint32_t tag)
{
	static char *block[BLOCKS];
	unsigned int i;
	size_t size;
	char *p;

	for (;;) {
		i = (unsigned int)rand() % BLOCKS;
		size = random_size();
		p = block[i];
		if (p && rand() % 3 == 0) {
			memmgr_free(heap, p);
			block[i] = NULL;
			continue;
		}
		p = p ? memmgr_realloc(heap, p, size) : memmgr_alloc(heap, size, tag);
		if (!p)
			return fail("churn");
		memset(p, 0x5a, size);
		block[i] = p;
	}
}

static unsigned char pattern(unsigned int block, size_t byte)
{
	return (unsigned char)(block * 31 + byte);
}

static int hold(struct memmgr *heap, uint32_t tag, unsigned int count)
{
	unsigned char *block[BLOCKS];
	unsigned int i;
	size_t size = 1000, at;

	for (i = 0; i < count && i < BLOCKS; i++) {
		block[i] = memmgr_alloc(heap, size, tag);
		if (!block[i])
			return fail("hold");
		for (at = 0; at < size; at++)
			block[i][at] = pattern(i, at);
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	while (i--)
		for (at = 0; at < size; at++)
			if (block[i][at] != pattern(i, at))
				return printf("block %u, byte %zu: overwritten\n", i, at), 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct memmgr *heap = memmgr_open(NULL, 0);
	uint32_t tag = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 0;

	if (!heap)
		return fail(MEMMGR_DEVICE);
	if (argc == 3 && !strcmp(argv[1], "churn"))
		return churn(heap, tag);
	if (argc == 4 && !strcmp(argv[1], "hold"))
		return hold(heap, tag, (unsigned int)strtoul(argv[3], NULL, 0));
	fprintf(stderr, "usage: neighbour churn TAG | hold TAG N\n");
	return 2;
}
