// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Engines that need no lock, under many threads at once.
 *
 * Each granule has a byte. Its owner writes a name there and finds it again before
 * giving the granule back; the bytes are plain memory, so ThreadSanitizer sees two
 * owners as a race, and also an owner who does not see what the one before wrote.
 * After each round everything has been given back and the arena is one free run
 * again: nothing was lost.
 *
 * In half of the rounds there is also a vandal, who overwrites chunk's hints all the
 * time: they are guesses, and must never be believed for longer than a look.
 *
 * SEED= sets the seed, ROUNDS= how long. With the argument "tsan", shorter.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "chunk_map.h"
#include "tap.h"
#include "world.h"

#define THREADS 6
#define RUNS 64

/* A crowd: threads on one arena. */
struct crowd {
	struct world w;
	u8 *owner;
	u64 ops;
	u64 longest;
	u64 seed;
	bool at_rest;
	pthread_barrier_t start;
};

struct member {
	struct crowd *crowd;
	pthread_t thread;
	u8 name;
	struct rng rng;
	struct memmgr_run runs[RUNS];
	u32 live;
	u64 taken;
	u64 refused;
};

static void mark(struct member *m, u64 start, u64 end)
{
	u64 i;

	for (i = start; i < end; i++) {
		CHECK_EQ(m->crowd->owner[i], 0);
		m->crowd->owner[i] = m->name;
	}
}

static void unmark(struct member *m, u64 start, u64 end)
{
	u64 i;

	for (i = start; i < end; i++) {
		CHECK_EQ(m->crowd->owner[i], m->name);
		m->crowd->owner[i] = 0;
	}
}

static void claim(struct member *m)
{
	const struct world *w = &m->crowd->w;
	struct memmgr_claim claim = {
		.len = rng_log(&m->rng, m->crowd->longest),
		.align = 1,
		.hint = m->name,
	};
	struct memmgr_run *run = &m->runs[m->live];
	u64 calls = 0;
	int err;

	if (!rng_below(&m->rng, 4))
		claim.align = 1ULL << rng_below(&m->rng, 9);
	if (!rng_below(&m->rng, 4))
		claim.flags = MEMMGR_CLAIM_FAST;
	do {
		err = w->engine->claim(w->meta, &claim, run);
		CHECK(++calls < 1000000);
	} while (err == -EAGAIN && !(claim.flags & MEMMGR_CLAIM_FAST));
	if (err) {
		CHECK(err == -ENOSPC || err == -ENOMEM || claim.flags);
		m->refused++;
		return;
	}
	CHECK(run->len >= claim.len && IS_ALIGNED(run->start, claim.align));
	CHECK(memmgr_run_end(run) <= w->geo.granules);
	mark(m, run->start, memmgr_run_end(run));
	m->live++;
	m->taken++;
}

static void release(struct member *m, u32 victim)
{
	const struct world *w = &m->crowd->w;
	struct memmgr_run run = m->runs[victim];

	unmark(m, run.start, memmgr_run_end(&run));
	CHECK_EQ(w->engine->release(w->meta, &run), 0);
	m->runs[victim] = m->runs[--m->live];
}

static void resize(struct member *m, struct memmgr_run *run)
{
	const struct world *w = &m->crowd->w;
	struct memmgr_resize want = {
		.len = rng_log(&m->rng, m->crowd->longest),
		.align = 1,
		.flags = rng_below(&m->rng, 2) ? MEMMGR_RESIZE_DOWN : 0,
	};
	struct memmgr_run old = *run;
	int err;

	if (want.len < old.len)
		unmark(m, old.start + want.len, memmgr_run_end(&old));
	err = w->engine->resize(w->meta, &want, run);
	CHECK(!err || err == -ENOSPC || err == -EAGAIN);
	if (err) {
		CHECK(want.len > old.len && run->start == old.start && run->len == old.len);
		return;
	}
	CHECK(run->len >= want.len);
	if (want.len < old.len)
		return;
	CHECK(run->start <= old.start && memmgr_run_end(run) >= memmgr_run_end(&old));
	mark(m, run->start, old.start);
	mark(m, memmgr_run_end(&old), memmgr_run_end(run));
}

/* Nobody changes what a reader does; it must come to an end and stay inside. */
static void look(struct member *m)
{
	const struct world *w = &m->crowd->w;
	struct memmgr_engine_stat stat;
	struct memmgr_run run;

	w->engine->stat(w->meta, &stat);
	CHECK(stat.free <= w->geo.granules);
	if (w->engine->next_free(w->meta, rng_below(&m->rng, w->geo.granules), &run))
		CHECK(memmgr_run_end(&run) <= w->geo.granules);
}

static void *be_member(void *arg)
{
	struct member *m = arg;
	u64 i;

	pthread_barrier_wait(&m->crowd->start);
	for (i = 0; i < m->crowd->ops; i++) {
		if (m->live < RUNS && rng_below(&m->rng, 2))
			claim(m);
		else if (m->live)
			release(m, (u32)rng_below(&m->rng, m->live));
		if (m->live && !rng_below(&m->rng, 8))
			resize(m, &m->runs[rng_below(&m->rng, m->live)]);
		if (!rng_below(&m->rng, 16))
			look(m);
		if (!rng_below(&m->rng, 64))
			sched_yield();
	}
	while (m->live)
		release(m, m->live - 1);
	return NULL;
}

static void *be_vandal(void *arg)
{
	struct crowd *crowd = arg;
	struct chunk *ck = crowd->w.meta;
	struct rng rng = rng_new(crowd->seed);
	struct part *part;

	while (!__atomic_load_n(&crowd->at_rest, __ATOMIC_RELAXED)) {
		part = &ck->parts[rng_below(&rng, ck->layout.parts)];
		WRITE_ONCE(part->hint[rng_below(&rng, RANK_LONG + 1)],
			   rng_below(&rng, crowd->w.geo.granules + 1) | rng_below(&rng, 1000)
										<< HINT_LEN_SHIFT);
		WRITE_ONCE(part->hinted, rng_next(&rng) & RANKS);
		WRITE_ONCE(part->away, rng_below(&rng, 3));
	}
	return NULL;
}

static void round_of(struct crowd *crowd, u64 round)
{
	bool vandalised = crowd->w.engine == &memmgr_chunk && round / 2 % 2;
	struct member members[THREADS] = { 0 };
	u64 taken = 0, refused = 0;
	pthread_t vandal;
	u32 i;

	crowd->at_rest = false;
	if (vandalised)
		CHECK(!pthread_create(&vandal, NULL, be_vandal, crowd));
	pthread_barrier_init(&crowd->start, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		members[i].crowd = crowd;
		members[i].name = (u8)(i + 1);
		members[i].rng = rng_new(crowd->seed * 1000 + round * THREADS + i);
		CHECK(!pthread_create(&members[i].thread, NULL, be_member, &members[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(members[i].thread, NULL);
		taken += members[i].taken;
		refused += members[i].refused;
	}
	__atomic_store_n(&crowd->at_rest, true, __ATOMIC_RELAXED);
	if (vandalised)
		pthread_join(vandal, NULL);
	pthread_barrier_destroy(&crowd->start);
	CHECK(taken);
	world_check_empty(&crowd->w);
}

static void crowd_test(const struct memmgr_engine *engine, u64 granules, u64 rounds, u64 ops)
{
	struct crowd crowd = { .ops = ops, .seed = tap_number("SEED", 1) };
	struct memmgr_engine_stat stat;
	u64 i;

	crowd.w = world_new(engine, granules);
	crowd.owner = calloc(granules, 1);
	CHECK(crowd.owner);
	for (i = 0; i < rounds; i++) {
		tap_where("SEED=%llu, round %llu", (unsigned long long)crowd.seed,
			  (unsigned long long)i);
		crowd.longest = i % 2 ? granules : max(granules / 16, (u64)1);
		round_of(&crowd, i);
	}
	engine->stat(crowd.w.meta, &stat);
	tap_note("%llu granules: %llu races lost, %llu retries, %llu ties broken",
		 (unsigned long long)granules, (unsigned long long)stat.lost_races,
		 (unsigned long long)stat.retries, (unsigned long long)stat.ties_broken);
	free(crowd.owner);
	world_free(&crowd.w);
}

int main(int argc, char **argv)
{
	static const u64 sizes[] = { 1, 60, 64, 130, 1000, 5000, 70001 };
	bool tsan = argc > 1 && !strcmp(argv[1], "tsan");
	u64 rounds = tap_number("ROUNDS", tsan ? 4 : 20), ops = tsan ? 3000 : 20000;
	const struct memmgr_engine *engine;
	u32 i, j;

	for (i = 0; (engine = memmgr_engine_at(i)); i++) {
		if (!(engine->flags & MEMMGR_ENGINE_CONCURRENT))
			continue;
		tap_suite("concurrent-%s", engine->name);
		tap_note("SEED=%llu", tap_number("SEED", 1));
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			tap_test("many_threads_share_%llu_granules", (unsigned long long)sizes[j]);
			crowd_test(engine, sizes[j], rounds, ops);
		}
	}
	return tap_done();
}
