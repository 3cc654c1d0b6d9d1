/* SPDX-License-Identifier: GPL-2.0 */
/* The life of a process: attach, mutate in every thread, exit. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "stress.h"

static void *run(void *task)
{
	stress_mutate(task);
	return NULL;
}

/* An owner of its own instead of the parent's. */
static struct memmgr *attach(const struct stress_birth *birth)
{
	struct memmgr *arena = memmgr_attach(birth->arena, 0);
	struct memmgr_info info;

	memmgr_close(birth->arena);
	if (!arena || memmgr_info(arena, &info)) {
		stress_fail(birth->shared, "process %u: attach: %s", birth->process,
			    strerror(errno));
		return NULL;
	}
	atomic_store(&birth->shared->processes[birth->process].owner, info.out_owner);
	return arena;
}

static struct stress_mutator make_task(const struct stress_birth *birth, struct memmgr *arena,
				       unsigned int thread)
{
	return (struct stress_mutator){
		.arena = arena,
		.shared = birth->shared,
		.notes = &birth->shared->processes[birth->process].threads[thread],
		.seed = stress_seed(birth->config->seed, birth->process, birth->life, thread),
		.block_max = birth->config->block_max,
		.process = birth->process,
		.thread = thread,
	};
}

static void run_threads(const struct stress_birth *birth, struct memmgr *arena)
{
	struct stress_mutator tasks[STRESS_THREADS_MAX];
	pthread_t threads[STRESS_THREADS_MAX];
	unsigned int count;
	int error = 0;

	for (count = 0; count < birth->config->threads && !error; count++) {
		tasks[count] = make_task(birth, arena, count);
		error = pthread_create(&threads[count], NULL, run, &tasks[count]);
	}
	if (error) {
		stress_fail(birth->shared, "process %u: thread: %s", birth->process,
			    strerror(error));
		count--;
	}
	while (count)
		pthread_join(threads[--count], NULL);
}

int stress_live(const struct stress_birth *birth)
{
	struct memmgr *arena;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);

	arena = attach(birth);
	if (!arena)
		return 1;
	run_threads(birth, arena);
	memmgr_close(arena);
	return stress_has_failed(birth->shared);
}
