// SPDX-License-Identifier: GPL-2.0
#include "monte-population.h"

#include "memory.h"

/* Of ten million exponential lifetimes, one is longer than so many means. */
#define LIFETIMES_LONGEST 16

/* A block. @size is 0 for a dead one; @next is the chain that it is in. */
struct being {
	struct memmgr_run run;
	uint32_t size;
	uint32_t next;
};

static uint64_t next_power_of_2(double x)
{
	uint64_t power = 1;

	while ((double)power < x)
		power *= 2;
	return power;
}

/* There is never more than one block to a granule; unused memory costs nothing. */
static size_t beings_bytes(const struct population *population)
{
	return population->space->granules * sizeof(struct being);
}

struct population population_new(struct space *space, const struct sizes *sizes,
				 enum lifetimes lifetimes, double longest, uint64_t seed)
{
	struct population population = {
		.space = space,
		.rng = rng_new(seed),
		.sizes = *sizes,
		.lifetimes = lifetimes,
		.spokes = next_power_of_2(LIFETIMES_LONGEST * longest + 2),
	};

	population.beings = memory_reserve(beings_bytes(&population));
	population.wheel = memory_reserve(population.spokes * sizeof(uint32_t));
	return population;
}

void population_end(struct population *population)
{
	memory_free(population->beings, beings_bytes(population));
	memory_free(population->wheel, population->spokes * sizeof(uint32_t));
}

static uint32_t *spoke_at(struct population *population, uint64_t tick)
{
	return &population->wheel[tick & (population->spokes - 1)];
}

static uint32_t take_index(struct population *population)
{
	uint32_t index = population->dead;

	if (!index)
		return population->count++;
	population->dead = population->beings[index - 1].next;
	return index - 1;
}

static void chain(struct population *population, uint32_t *head, uint32_t index)
{
	population->beings[index].next = *head;
	*head = index + 1;
}

bool population_birth(struct population *population, uint32_t size, double mean)
{
	uint64_t life = lifetimes_draw(population->lifetimes, mean, &population->rng);
	u64 len = space_granules(population->space, size);
	struct memmgr_run run;
	uint32_t index;

	if (space_claim(population->space, len, 1, 0, &run))
		return false;
	index = take_index(population);
	population->beings[index].run = run;
	population->beings[index].size = size;
	life = min(life, population->spokes - 1);
	chain(population, spoke_at(population, population->clock + life), index);
	population->live++;
	population->births++;
	population->asked += size;
	return true;
}

static void die(struct population *population, uint32_t index)
{
	struct being *being = &population->beings[index];

	space_release(population->space, &being->run);
	population->live--;
	population->asked -= being->size;
	being->size = 0;
	chain(population, &population->dead, index);
}

void population_tick(struct population *population)
{
	uint32_t *spoke = spoke_at(population, ++population->clock);
	uint32_t index, next;

	for (index = *spoke; index; index = next) {
		next = population->beings[index - 1].next;
		die(population, index - 1);
	}
	*spoke = 0;
}

uint32_t population_pick(struct population *population)
{
	uint32_t index;

	do
		index = rng_below(&population->rng, population->count);
	while (!population->beings[index].size);
	return index;
}

uint32_t population_size(const struct population *population, uint32_t index)
{
	return population->beings[index].size;
}

/* In place, elsewhere, or sliding down: the order of module/realloc.c. */
static bool find_place(struct space *space, u64 len, struct memmgr_run *run)
{
	struct memmgr_run old = *run;

	if (!space_resize(space, len, 0, run))
		return true;
	if (!space_claim(space, len, 1, 0, run)) {
		space_release(space, &old);
		return true;
	}
	*run = old;
	return !space_resize(space, len, MEMMGR_RESIZE_DOWN, run) &&
	       !space_resize(space, len, 0, run);
}

bool population_resize(struct population *population, uint32_t index, uint32_t size)
{
	struct being *being = &population->beings[index];
	u64 len = space_granules(population->space, size);

	if (!find_place(population->space, len, &being->run))
		return false;
	population->asked += size;
	population->asked -= being->size;
	being->size = size;
	return true;
}
