/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A picture of an arena in characters.
 *
 * The arena is cut into as many equal cells as the picture has characters (the
 * last may be smaller). A cell shows how much of it is in blocks, and its colour
 * who owns most of what is.
 */
#ifndef MEMMGR_CLI_PICTURE_H
#define MEMMGR_CLI_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <memmgr.h>

/**
 * struct cell - a share of the arena
 * @size: bytes of it
 * @used: bytes in blocks
 * @owner: who has the largest part of a block in here; 0: nobody
 * @owner_bytes: how large that part is
 */
struct cell {
	uint64_t size;
	uint64_t used;
	uint32_t owner;
	uint64_t owner_bytes;
};

/**
 * struct picture - all cells
 * @cells: in the order of addresses
 * @count: how many
 * @share: bytes of each but the last
 * @size: bytes of the arena
 */
struct picture {
	struct cell *cells;
	uint64_t count;
	uint64_t share;
	uint64_t size;
};

/*
 * Begin with an empty arena of @size bytes, cut into at most @cells shares of
 * whole granules. 0, or -1 and errno; end it with picture_free().
 */
int picture_init(struct picture *picture, uint64_t size, uint64_t granule, uint64_t cells);

void picture_free(struct picture *picture);

void picture_add(struct picture *picture, const struct memmgr_block *block);

/* Print rows of @width characters, and what they mean. */
void picture_print(const struct picture *picture, uint64_t width, bool color);

void picture_print_json(const struct picture *picture);

#endif /* MEMMGR_CLI_PICTURE_H */
