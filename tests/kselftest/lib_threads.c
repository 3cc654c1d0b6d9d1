// SPDX-License-Identifier: GPL-2.0
/* libmemmgr: many threads on one arena, and processes that die there. */
#include "lib_test.h"

#include <sys/time.h>

#define THREADS 4
#define ROUNDS 300
#define HELD 16

/**
 * struct worker - a thread
 * @m: the arena that all share
 * @number: which thread it is
 * @wrong: line of what did not hold; 0 if all did
 */
struct worker {
	struct memmgr *m;
	int number;
	int wrong;
};

#define NEEDS(cond)                             \
	do {                                    \
		if (!(cond)) {                  \
			worker->wrong = __LINE__; \
			return NULL;            \
		}                               \
	} while (0)

/* Allocate, grow and free blocks that hold nothing but this thread's number. */
static void *work(void *argument)
{
	struct worker *worker = argument;
	unsigned char *held[HELD] = {};
	size_t sizes[HELD] = {};
	size_t kept;
	int i;

	for (i = 0; i < ROUNDS * HELD; i++) {
		int at = i * 7 % HELD;
		size_t size = 1 + (size_t)(i * 37 + worker->number) % 900;

		if (held[at])
			NEEDS(l_is(held[at], worker->number, sizes[at]));
		if (held[at] && i % 3) {
			NEEDS(!memmgr_free(worker->m, held[at]));
			held[at] = NULL;
			continue;
		}
		kept = !held[at] ? 0 : size < sizes[at] ? size : sizes[at];
		held[at] = memmgr_realloc(worker->m, held[at], size);
		NEEDS(held[at]);
		NEEDS(l_is(held[at], worker->number, kept));
		memset(held[at], worker->number, size);
		sizes[at] = size;
	}
	for (i = 0; i < HELD; i++)
		NEEDS(!memmgr_free(worker->m, held[i]));
	return NULL;
}

TEST_F(arena, threads_do_not_disturb_each_other)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .m = self->m, .number = i + 1 };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, work, &workers[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, workers[i].wrong);
	}
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

/**
 * struct race - all threads free one pointer
 * @m: the arena
 * @ptr: the pointer
 * @gate: where they wait for each other
 * @won: how many succeeded
 * @lost: how many were told ESTALE
 */
struct race {
	struct memmgr *m;
	void *ptr;
	pthread_barrier_t gate;
	atomic_int won;
	atomic_int lost;
};

static void *free_same(void *argument)
{
	struct race *race = argument;

	pthread_barrier_wait(&race->gate);
	if (!memmgr_free(race->m, race->ptr))
		race->won++;
	else if (errno == ESTALE)
		race->lost++;
	return NULL;
}

TEST_F(arena, one_of_many_that_free_a_pointer_succeeds)
{
	struct race race = { .m = self->m };
	pthread_t threads[THREADS];
	int round, i;

	pthread_barrier_init(&race.gate, NULL, THREADS);
	for (round = 0; round < 100; round++) {
		race.ptr = memmgr_alloc(self->m, 100, 0);
		race.won = 0;
		race.lost = 0;
		ASSERT_NE(NULL, race.ptr);
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, free_same, &race));
		for (i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		ASSERT_EQ(1, race.won);
		ASSERT_EQ(THREADS - 1, race.lost);
	}
	pthread_barrier_destroy(&race.gate);
}

/* In a child: allocate and free with an owner of its own until it is killed. */
static void churn(struct memmgr *parents)
{
	struct memmgr *m = memmgr_attach(parents, 0);
	void *held[HELD] = {};
	unsigned int i;

	memmgr_close(parents);
	T_CHILD_NEEDS(m);
	for (i = 0;; i = (i + 1) % HELD) {
		memmgr_free(m, held[i]);
		held[i] = memmgr_alloc(m, 100 + i * 50, i);
		T_CHILD_NEEDS(held[i]);
	}
}

TEST_F(arena, killed_children_leave_nothing)
{
	struct memmgr_stat stat;
	int round;

	for (round = 0; round < 20; round++) {
		pid_t child = fork();

		if (!child)
			churn(self->m);
		t_sleep_ms(5 + round);
		kill(child, SIGKILL);
		ASSERT_EQ(T_KILLED, t_reap(child));
		ASSERT_TRUE(T_EVENTUALLY(!memmgr_stat(self->m, &stat) && stat.out_owners == 1));
		ASSERT_STREQ("", t_remains(memmgr_fd(self->m)));
	}
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A signal a millisecond, with and without SA_RESTART: no call notices. */
TEST_F(arena, signals_do_not_disturb)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	const struct itimerval never = {};
	struct sigaction action = { .sa_handler = on_alarm };
	struct worker worker;
	int i;

	for (i = 0; i < 2; i++) {
		action.sa_flags = i ? SA_RESTART : 0;
		sigaction(SIGALRM, &action, NULL);
		worker = (struct worker){ .m = self->m, .number = 9 };
		setitimer(ITIMER_REAL, &often, NULL);
		work(&worker);
		setitimer(ITIMER_REAL, &never, NULL);
		EXPECT_EQ(0, worker.wrong);
	}
	EXPECT_STREQ("", t_remains(memmgr_fd(self->m)));
}

TEST_HARNESS_MAIN
