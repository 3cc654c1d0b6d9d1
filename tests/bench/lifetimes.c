// SPDX-License-Identifier: GPL-2.0
#include "lifetimes.h"

#include <math.h>
#include <string.h>

bool lifetimes_parse(const char *text, enum lifetimes *lifetimes)
{
	static const char *const names[] = { "exponential", "uniform", "fixed" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], text) != 0)
			continue;
		*lifetimes = (enum lifetimes)i;
		return true;
	}
	return false;
}

static double draw(enum lifetimes lifetimes, double mean, struct rng *rng)
{
	switch (lifetimes) {
	case LIFETIMES_EXPONENTIAL:
		return -mean * log1p(-rng_unit(rng));
	case LIFETIMES_UNIFORM:
		return 2 * mean * rng_unit(rng);
	default:
		return mean;
	}
}

uint64_t lifetimes_draw(enum lifetimes lifetimes, double mean, struct rng *rng)
{
	return (uint64_t)fmax(1, round(draw(lifetimes, mean, rng)));
}
