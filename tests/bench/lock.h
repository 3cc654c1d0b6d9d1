/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A spinlock that costs what the kernel's does while nobody else wants it: one
 * compare-and-swap to take it, one store to give it back.
 *
 * Under contention the kernel's queues its waiters and its holder cannot lose the
 * processor. A process's can, so that whoever waits long lets others run.
 */
#ifndef MEMMGR_BENCH_LOCK_H
#define MEMMGR_BENCH_LOCK_H

#include <sched.h>
#include <stdint.h>

struct lock {
	uint32_t taken;
} __attribute__((aligned(64)));

static inline int lock_try(struct lock *lock)
{
	uint32_t unlocked = 0;

	return __atomic_compare_exchange_n(&lock->taken, &unlocked, 1, 0, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void lock_wait(const struct lock *lock)
{
	int spins;

	for (spins = 0; __atomic_load_n(&lock->taken, __ATOMIC_RELAXED); spins++) {
		if (spins < 2000)
			__builtin_ia32_pause();
		else
			sched_yield();
	}
}

static inline void lock_take(struct lock *lock)
{
	while (!lock_try(lock))
		lock_wait(lock);
}

static inline void lock_give(struct lock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

#endif /* MEMMGR_BENCH_LOCK_H */
