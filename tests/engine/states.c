// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * States are visited in the order of their peak: the most that is claimed at once
 * on the way there. A call never leads to a lower peak, so the first way by which
 * a state is found is one with the least.
 */
#include "states.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define NONE 0

/**
 * struct state - one state
 * @b: a copy of it, until it has been visited
 * @from: number of the state before; NONE for the first
 * @call: the call that led here
 * @peak: most units claimed at once
 * @next: number of the next state to visit with this peak, or NONE
 */
struct state {
	struct branch b;
	u32 from;
	struct call call;
	u32 peak;
	u32 next;
};

/* States wait to be visited, those of a peak in the order they were found. */
struct queue {
	u32 first;
	u32 last;
};

struct failure {
	u32 state;
	struct call call;
};

struct tour {
	const struct menu *menu;
	u32 units;
	struct state *states; /* from 1 on */
	u32 room;
	u32 *by_picture;
	struct queue waiting[BRANCH_RUNS + 1];
	struct states_found found;
	struct failure worst, failing;
};

/* A digit per unit: free, a run's first, a run's other. */
static u32 picture_of(const struct tour *tour, const struct branch *b)
{
	const u64 unit = tour->menu->unit;
	u32 picture = 0, i;
	u8 digit[BRANCH_RUNS];

	for (i = 0; i < tour->units; i++)
		digit[i] = b->t.m.used[i * unit] ? 2 : 0;
	for (i = 0; i < b->live; i++)
		digit[b->runs[i].start / unit] = 1;
	for (i = 0; i < tour->units; i++)
		picture = 3 * picture + digit[i];
	return picture;
}

static u32 used_units(const struct tour *tour, const struct branch *b)
{
	return (u32)((b->t.m.granules - model_stat(&b->t.m).free) / tour->menu->unit);
}

static struct state *new_state(struct tour *tour)
{
	u32 number = (u32)++tour->found.states;

	if (number >= tour->room) {
		tour->room = 2 * tour->room + 1024;
		tour->states = realloc(tour->states, tour->room * sizeof(*tour->states));
		CHECK(tour->states);
	}
	return &tour->states[number];
}

/* Take @b over, as a state if it is a new one. */
static void arrive(struct tour *tour, struct branch *b, u32 from, const struct call *call)
{
	u32 *known = &tour->by_picture[picture_of(tour, b)];
	u32 peak = used_units(tour, b);
	struct queue *queue;
	struct state *state;

	if (*known) {
		branch_free(b);
		return;
	}
	state = new_state(tour);
	*known = (u32)tour->found.states;
	if (from != NONE)
		peak = max(peak, tour->states[from].peak);
	*state = (struct state){ *b, from, *call, peak, NONE };
	queue = &tour->waiting[peak];
	if (queue->first == NONE)
		queue->first = *known;
	else
		tour->states[queue->last].next = *known;
	queue->last = *known;
}

static void note_failure(struct tour *tour, u32 number, const struct call *call)
{
	const struct state *state = &tour->states[number];
	u32 used = used_units(tour, &state->b);
	u32 peak = max(state->peak, used + (u32)(call->len / tour->menu->unit));

	if (used < tour->found.worst) {
		tour->found.worst = used;
		tour->worst = (struct failure){ number, *call };
	}
	if (peak < tour->found.failing) {
		tour->found.failing = peak;
		tour->failing = (struct failure){ number, *call };
	}
}

static void visit(struct tour *tour, u32 number)
{
	struct branch here = tour->states[number].b, b;
	struct call call;
	u32 i;
	int err;

	for (i = 0; branch_menu(&here, tour->menu, i, &call); i++) {
		tap_where("state %u, call %u", number, i);
		b = branch_fork(&here);
		err = branch_call(&b, &call);
		tour->found.calls++;
		if (err == -ENOSPC && call.operation == CLAIM && call.align == 1)
			note_failure(tour, number, &call);
		if (err)
			branch_free(&b);
		else
			arrive(tour, &b, number, &call);
	}
	branch_free(&here);
}

static void print_call(FILE *to, u64 unit, const struct branch *at, const struct call *call)
{
	static const char *const names[] = { "claim", "release", "resize", "resize down" };
	unsigned long long len = call->len / unit, start;

	if (call->operation == CLAIM) {
		fprintf(to, " claim %llu", len);
		return;
	}
	start = at->runs[call->run].start / unit;
	fprintf(to, call->operation == RELEASE ? " %s @%llu" : " %s @%llu to %llu",
		names[call->operation], start, len);
}

/* The calls that lead to @number, and the one after them. */
static void print_calls(FILE *to, const struct tour *tour, u32 number, const struct call *next)
{
	const struct state *state = &tour->states[number];

	if (state->from != NONE) {
		print_calls(to, tour, state->from, &state->call);
		fputc(',', to);
	}
	print_call(to, tour->menu->unit, &state->b, next);
}

static void tell(const struct tour *tour, const char *what, u64 figure, const struct failure *f)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CHECK(to);
	print_calls(to, tour, f->state, &f->call);
	fclose(to);
	tap_note("%s %llu of %u (%llu %%):%s", what, (unsigned long long)figure, tour->units,
		 (unsigned long long)(figure * 100 / tour->units), text);
	free(text);
}

static u64 pictures(u32 units)
{
	u64 count = 1;

	while (units--)
		count *= 3;
	return count;
}

static void tell_all(const struct tour *tour)
{
	const struct states_found *found = &tour->found;

	tap_note("%u units of %llu, claims of up to %u: %llu states, %llu calls", tour->units,
		 (unsigned long long)tour->menu->unit, tour->menu->longest,
		 (unsigned long long)found->states, (unsigned long long)found->calls);
	if (found->worst == U64_MAX)
		return;
	tell(tour, "worst fill at a failed claim", found->worst, &tour->worst);
	tell(tour, "least peak of a claim that fails", found->failing, &tour->failing);
}

struct states_found all_states(const struct memmgr_engine *engine, const struct menu *menu,
			       u32 units, u32 reserve)
{
	struct tour tour = { .menu = menu, .units = units };
	struct branch root = branch_new(engine, units * menu->unit, reserve * menu->unit);
	u32 peak, number;

	CHECK(units <= BRANCH_RUNS);
	tour.found.worst = tour.found.failing = U64_MAX;
	tour.by_picture = calloc(pictures(units), sizeof(*tour.by_picture));
	CHECK(tour.by_picture);
	arrive(&tour, &root, NONE, &(struct call){ 0 });
	for (peak = 0; peak <= units; peak++)
		for (number = tour.waiting[peak].first; number; number = tour.states[number].next)
			visit(&tour, number);
	tell_all(&tour);
	free(tour.states);
	free(tour.by_picture);
	return tour.found;
}
