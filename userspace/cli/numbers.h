/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as people write and read them. */
#ifndef MEMMGR_CLI_NUMBERS_H
#define MEMMGR_CLI_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* Decimal, 0x hexadecimal or 0 octal, at most @max. 0, or -1 if it is not one. */
int parse_number(const char *text, uint64_t max, uint64_t *value);

/* The same, with one of k, M, G, T (powers of 1024) behind it. */
int parse_size(const char *text, uint64_t *value);

/* Room for what the functions below write. */
#define NUMBER_LEN 32

/* "512 B", "64 MiB", "1.5 GiB", into @text, which is returned. */
const char *format_bytes(char text[NUMBER_LEN], uint64_t bytes);

/* "0x0000000100000007". */
const char *format_handle(char text[NUMBER_LEN], uint64_t handle);

#endif /* MEMMGR_CLI_NUMBERS_H */
