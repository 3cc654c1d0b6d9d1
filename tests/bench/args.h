/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values of options, for argp: what is none of them ends the process, with a word
 * about why.
 */
#ifndef MEMMGR_BENCH_ARGS_H
#define MEMMGR_BENCH_ARGS_H

#include <argp.h>
#include <stdint.h>

#define ARGS_LIST_MAX 16

/* A list of names, as in "log,fixed,knuth". */
struct names {
	unsigned int count;
	char *at[ARGS_LIST_MAX];
};

/* A list of numbers. */
struct numbers {
	unsigned int count;
	uint32_t at[ARGS_LIST_MAX];
};

/* @text is taken to pieces, which @names point to. */
void args_names(struct argp_state *state, char *text, struct names *names);
uint64_t args_number(struct argp_state *state, const char *text, uint64_t max);
/* Numbers from 1 to @max. */
void args_numbers(struct argp_state *state, char *text, struct numbers *numbers, uint32_t max);

#endif /* MEMMGR_BENCH_ARGS_H */
