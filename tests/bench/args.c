// SPDX-License-Identifier: GPL-2.0
#include "args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void args_names(struct argp_state *state, char *text, struct names *names)
{
	char *name, *rest = NULL;

	names->count = 0;
	for (name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (names->count == ARGS_LIST_MAX)
			argp_error(state, "more than %d items", ARGS_LIST_MAX);
		names->at[names->count++] = name;
	}
	if (!names->count)
		argp_error(state, "an empty list");
}

uint64_t args_number(struct argp_state *state, const char *text, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || value > max)
		argp_error(state, "'%s' is not a number up to %llu", text, (unsigned long long)max);
	return value;
}

void args_numbers(struct argp_state *state, char *text, struct numbers *numbers, uint32_t max)
{
	struct names names;
	unsigned int i;

	args_names(state, text, &names);
	numbers->count = names.count;
	for (i = 0; i < names.count; i++) {
		numbers->at[i] = (uint32_t)args_number(state, names.at[i], max);
		if (!numbers->at[i])
			argp_error(state, "'%s': none is too few", names.at[i]);
	}
}
