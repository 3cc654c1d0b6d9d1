/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as people write and read them. */
#include "numbers.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strtoull() takes signs and blanks; no number here begins with one. */
static int leading_number(const char *text, uint64_t *value, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	*value = strtoull(text, &end, 0);
	*rest = end;
	return errno ? -1 : 0;
}

int parse_number(const char *text, uint64_t max, uint64_t *value)
{
	const char *rest;

	if (leading_number(text, value, &rest) || *rest || *value > max)
		return -1;
	return 0;
}

int parse_size(const char *text, uint64_t *value)
{
	static const char units[] = "kmgt";
	const char *rest, *unit;
	unsigned int shift;

	if (leading_number(text, value, &rest))
		return -1;
	if (!*rest)
		return 0;

	unit = strchr(units, tolower((unsigned char)*rest));
	if (!unit || rest[1])
		return -1;
	shift = 10 * (unsigned int)(unit - units + 1);
	if (*value > UINT64_MAX >> shift)
		return -1;
	*value <<= shift;
	return 0;
}

const char *format_bytes(char text[NUMBER_LEN], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	unsigned int shift = 0;
	double scaled;

	while (bytes >> shift >= 1024)
		shift += 10;
	scaled = (double)bytes / (double)(1ULL << shift);
	if (!shift)
		snprintf(text, NUMBER_LEN, "%" PRIu64 " B", bytes);
	else
		snprintf(text, NUMBER_LEN, "%.*f %ciB", bytes % (1ULL << shift) ? 1 : 0, scaled,
			 units[shift / 10 - 1]);
	return text;
}

const char *format_handle(char text[NUMBER_LEN], uint64_t handle)
{
	snprintf(text, NUMBER_LEN, "0x%016" PRIx64, handle);
	return text;
}
