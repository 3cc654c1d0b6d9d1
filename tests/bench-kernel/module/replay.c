// SPDX-License-Identifier: GPL-2.0
/*
 * Going through a trace, each call timed by itself. The clock is the CPU's time stamp
 * counter; where an emulator counts instructions, it moves with them and nothing
 * else, so that a difference is a number of instructions.
 *
 *	fill, warm-up	in process context: the heap becomes what it is in the long run
 *	steps		in the context that was asked for, timed
 *	drain		in process context
 */
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include <asm/tsc.h>

#include "contender.h"

/* An interrupt is to be short; between two of them, deferred work has its turn. */
#define STEPS_IN_INTERRUPT 8U
#define PERIOD (100 * NSEC_PER_USEC)

struct slot {
	u64 name; /* 0: empty */
	u32 size;
};

struct replay {
	void *heap;
	u64 (*alloc)(void *heap, u32 size);
	void (*free)(void *heap, u64 name, u32 size);
	struct slot *slots;
	const struct memmgr_bench_step *at;
	const struct memmgr_bench_step *end;
	struct memmgr_bench_sample *sample;
	u32 refused;
	struct hrtimer timer;
	struct completion done;
};

static void do_step(struct replay *replay)
{
	const struct memmgr_bench_step *step = replay->at++;
	struct memmgr_bench_sample *sample = replay->sample++;
	struct slot *slot = &replay->slots[step->slot];
	u64 start, freed, end, name = slot->name;

	start = rdtsc_ordered();
	if (name)
		replay->free(replay->heap, name, slot->size);
	freed = rdtsc_ordered();
	slot->name = replay->alloc(replay->heap, step->size);
	end = rdtsc_ordered();

	slot->size = step->size;
	replay->refused += !slot->name;
	sample->free = name ? freed - start : MEMMGR_BENCH_NONE;
	sample->alloc = slot->name ? end - freed : MEMMGR_BENCH_NONE;
}

/* Some steps; false at the end. */
static bool do_steps(struct replay *replay, u32 count)
{
	while (count-- && replay->at < replay->end)
		do_step(replay);
	return replay->at < replay->end;
}

static enum hrtimer_restart in_timer(struct hrtimer *timer)
{
	struct replay *replay = container_of(timer, struct replay, timer);

	WARN_ON_ONCE(!in_hardirq());
	if (!do_steps(replay, STEPS_IN_INTERRUPT)) {
		complete(&replay->done);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(timer, PERIOD);
	return HRTIMER_RESTART;
}

/*
 * Not a timer of the kind that a real-time kernel has in hardirq too: there, kmalloc
 * and its kind may not be called, and lockdep would say so.
 */
static void steps_in_hardirq(struct replay *replay)
{
	init_completion(&replay->done);
	hrtimer_init_on_stack(&replay->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	replay->timer.function = in_timer;
	hrtimer_start(&replay->timer, PERIOD, HRTIMER_MODE_REL_PINNED);
	wait_for_completion(&replay->done);
	hrtimer_cancel(&replay->timer);
	destroy_hrtimer_on_stack(&replay->timer);
}

static void steps_in_process(struct replay *replay)
{
	while (do_steps(replay, 1))
		cond_resched();
}

/* Fill the slots, then replace what is in them. */
static int warm_up(const struct contender *contender, struct replay *replay, u32 steps)
{
	void (*free)(void *heap, u64 name, u32 size) = contender->free_cold ?: contender->free;
	u64 (*alloc)(void *heap, u32 size) = contender->alloc_cold ?: contender->alloc;
	struct slot *slot;

	for (; steps; steps--, replay->at++) {
		slot = &replay->slots[replay->at->slot];
		if (slot->name)
			free(replay->heap, slot->name, slot->size);
		slot->size = replay->at->size;
		slot->name = alloc(replay->heap, slot->size);
		if (!slot->name)
			return -ENOSPC;
		cond_resched();
	}
	if (contender->warm)
		contender->warm(replay->heap);
	return 0;
}

static void drain(const struct contender *contender, struct replay *replay, u32 live)
{
	struct slot *slot;

	for (slot = replay->slots; slot < replay->slots + live; slot++) {
		if (slot->name)
			contender->free(replay->heap, slot->name, slot->size);
		cond_resched();
	}
}

static int warm_step_drain(const struct contender *contender, struct replay *replay,
			   const struct memmgr_bench_run *run)
{
	int ret = warm_up(contender, replay, run->live + run->warmup);

	if (!ret && run->context == MEMMGR_BENCH_HARDIRQ)
		steps_in_hardirq(replay);
	else if (!ret)
		steps_in_process(replay);
	drain(contender, replay, run->live);
	return contender->destroy(replay->heap) ?: ret;
}

/**
 * replay - have a contender go through a trace
 * @contender: who
 * @run: what was asked; what came of it
 * @steps: the trace
 * @samples: what each of the steps took that are timed
 *
 * Return: 0 or an error, see struct memmgr_bench_run.
 */
int replay(const struct contender *contender, struct memmgr_bench_run *run,
	   const struct memmgr_bench_step *steps, struct memmgr_bench_sample *samples)
{
	bool atomic = run->context == MEMMGR_BENCH_HARDIRQ;
	struct replay replay = {
		.alloc = atomic ? contender->alloc_atomic : contender->alloc,
		.free = atomic ? contender->free_atomic : contender->free,
		.at = steps,
		.end = steps + run->live + run->warmup + run->count,
		.sample = samples,
	};
	int ret;

	if (!replay.alloc)
		return -EOPNOTSUPP;
	replay.slots = kvcalloc(run->live, sizeof(*replay.slots), GFP_KERNEL);
	if (!replay.slots)
		return -ENOMEM;
	replay.heap = contender->create(contender, run);
	ret = PTR_ERR_OR_ZERO(replay.heap) ?: warm_step_drain(contender, &replay, run);
	kvfree(replay.slots);
	run->out_refused = replay.refused;
	run->out_tick_khz = tsc_khz;
	return ret;
}
