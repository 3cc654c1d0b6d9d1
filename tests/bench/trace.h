/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a program asks of its heap, drawn beforehand so that every heap gets the
 * same and the drawing costs nothing while time is taken.
 *
 * First @live blocks are allocated, in slots 0 to @live - 1. From then on each
 * step frees the block in a random slot and allocates another there: the number
 * of live blocks stays what it is, and any of them may be the next to go.
 */
#ifndef MEMMGR_BENCH_TRACE_H
#define MEMMGR_BENCH_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "sizes.h"

struct step {
	uint32_t slot;
	uint32_t size;
};

struct trace {
	uint32_t live;
	size_t count; /* of steps, the @live first ones not counted */
	struct step *fill;
	struct step *steps;
};

struct trace trace_new(const struct sizes *sizes, uint32_t live, size_t count, uint64_t seed);
void trace_free(struct trace *trace);

#endif /* MEMMGR_BENCH_TRACE_H */
