/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test cases that run in the kernel. Each is a function that returns 0 or, where
 * an expectation does not hold, says which one and returns.
 */
#ifndef MEMMGR_TEST_CLIENT_H
#define MEMMGR_TEST_CLIENT_H

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/memmgr_kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>

/**
 * struct client_case - a case that can be run by name
 * @name: its name
 * @run: the function; @arg is the number that was given with the name
 */
struct client_case {
	const char *name;
	int (*run)(long arg);
};

#define CLIENT_CASE(name) { #name, name }

/* A number for whoever runs the case. */
void client_say(s64 number);

int client_fail(const char *file, int line, const char *what, s64 value);

/* The case fails here if @cond does not hold. */
#define CHECK(cond)                                                                  \
	do {                                                                         \
		if (!(cond))                                                         \
			return client_fail(__FILE__, __LINE__, #cond, 0);            \
	} while (0)

/* The same, and says what @actual was. */
#define CHECK_EQ(expected, actual)                                                   \
	do {                                                                         \
		s64 __actual = (s64)(actual);                                        \
										     \
		if (__actual != (s64)(expected))                                     \
			return client_fail(__FILE__, __LINE__, #actual " == " #expected, \
					   __actual);                                \
	} while (0)

static inline struct memmgr_heap *client_heap(const char *engine, u64 size, u32 flags)
{
	struct memmgr_heap_config config = {
		.name = "test", .engine = engine, .size = size, .flags = flags,
	};

	return memmgr_heap_create(&config);
}

static inline int client_alloc(struct memmgr_heap *heap, u64 size, u32 tag,
			       struct memmgr_place *place)
{
	struct memmgr_wish wish = { .size = size, .tag = tag };

	return memmgr_heap_alloc(heap, &wish, 0, place);
}

/* Blocks that exist in the heap's arena, or an error of a validation of all of it. */
static inline s64 client_blocks(struct memmgr_heap *heap)
{
	struct memmgr_validate v;
	int ret, tries = 100;

	while (!(ret = memmgr_heap_validate(heap, &v)) && !v.out_complete && tries--)
		msleep(20); /* deferred work is at it */
	return ret ?: v.out_complete ? (s64)v.out_blocks : -EAGAIN;
}

extern const struct client_case client_arena_cases[];
extern const struct client_case client_block_cases[];
extern const struct client_case client_atomic_cases[];

#endif /* MEMMGR_TEST_CLIENT_H */
