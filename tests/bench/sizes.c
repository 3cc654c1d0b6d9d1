// SPDX-License-Identifier: GPL-2.0
#include "sizes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SIZE_MOST (1U << 30)
#define PAGE 4096

/* Few blocks vary much in their sum: a small arena has room for that. */
#define ARENA_LEAST (256U << 10)

static const struct {
	const char *name;
	struct sizes usual;
} mixes[] = {
	{ "log", { SIZES_LOG, 16, 4096 } },
	{ "uniform", { SIZES_UNIFORM, 1, 1024 } },
	{ "fixed", { SIZES_FIXED, 64, 64 } },
	{ "knuth", { SIZES_KNUTH, 1, 8192 } },
};

/* ":MIN:MAX", ":SIZE" or nothing, as the mix has it. */
static bool parse_bounds(const char *text, struct sizes *sizes)
{
	int end = 0;

	if (!*text)
		return true;
	if (sizes->kind == SIZES_FIXED) {
		if (sscanf(text, ":%u%n", &sizes->min, &end) != 1)
			return false;
		sizes->max = sizes->min;
	} else if (sizes->kind == SIZES_KNUTH ||
		   sscanf(text, ":%u:%u%n", &sizes->min, &sizes->max, &end) != 2) {
		return false;
	}
	return !text[end] && sizes->min && sizes->min <= sizes->max && sizes->max <= SIZE_MOST;
}

bool sizes_parse(const char *text, struct sizes *sizes)
{
	size_t len = strcspn(text, ":");
	size_t i;

	for (i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
		if (strlen(mixes[i].name) != len || strncmp(text, mixes[i].name, len) != 0)
			continue;
		*sizes = mixes[i].usual;
		return parse_bounds(text + len, sizes);
	}
	return false;
}

static uint32_t draw_log(struct rng *rng, uint32_t min, uint32_t max)
{
	double ratio = ((double)max + 1) / min;
	uint32_t size = (uint32_t)(min * exp(log(ratio) * rng_unit(rng)));

	return size < max ? size : max;
}

static uint32_t draw_knuth(struct rng *rng)
{
	uint32_t tenth = rng_below(rng, 10);

	if (tenth < 5)
		return 1 + rng_below(rng, 63);
	return tenth < 9 ? draw_log(rng, 64, 1024) : draw_log(rng, 1024, 8192);
}

uint32_t sizes_draw(const struct sizes *sizes, struct rng *rng)
{
	switch (sizes->kind) {
	case SIZES_LOG:
		return draw_log(rng, sizes->min, sizes->max);
	case SIZES_UNIFORM:
		return sizes->min + rng_below(rng, sizes->max - sizes->min + 1);
	case SIZES_KNUTH:
		return draw_knuth(rng);
	default:
		return sizes->min;
	}
}

double sizes_mean(const struct sizes *sizes)
{
	struct rng rng = rng_new(1);
	double sum = 0;
	int i, draws = 100000;

	for (i = 0; i < draws; i++)
		sum += sizes_draw(sizes, &rng);
	return sum / draws;
}

uint64_t sizes_arena(const struct sizes *sizes, uint32_t live, double occupancy)
{
	double pages = ceil(sizes_mean(sizes) * live / occupancy / PAGE);

	return (uint64_t)fmax(pages * PAGE, ARENA_LEAST);
}
