/* SPDX-License-Identifier: GPL-2.0 */
/* The parent's children: bearing, watching, killing and replacing them. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

/* Milliseconds from one kill to the next, at least and at most. */
#define KILL_MIN 50
#define KILL_MAX 300

/* Take over what a process has noted, and clear its notes for the next. */
static void clear_notes(struct stress *stress, unsigned int process)
{
	struct stress_process *notes = &stress->shared->processes[process];
	unsigned int i;

	for (i = 0; i < stress->config.threads; i++)
		stress->operations += atomic_load(&notes->threads[i].operations);
	memset(notes, 0, sizeof(*notes));
}

static void spawn(struct stress *stress, unsigned int process)
{
	struct stress_child *child = &stress->children[process];
	struct stress_birth birth = {
		.config = &stress->config,
		.arena = stress->arena,
		.shared = stress->shared,
		.process = process,
		.life = child->lives++,
	};

	clear_notes(stress, process);
	child->pid = fork();
	if (!child->pid)
		_exit(stress_live(&birth));
	if (child->pid > 0)
		return;
	child->pid = 0;
	stress_fail(stress->shared, "fork: %s", strerror(errno));
}

void stress_spawn_all(struct stress *stress)
{
	unsigned int i;

	for (i = 0; i < stress->config.processes; i++)
		spawn(stress, i);
}

static void tell_death(struct stress *stress, unsigned int process, int status)
{
	if (WIFSIGNALED(status))
		stress_fail(stress->shared, "process %u was killed by signal %d (%s)", process,
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		stress_fail(stress->shared, "process %u exited with %d", process,
			    WEXITSTATUS(status));
}

/* Nobody dies but by our hand. */
void stress_watch(struct stress *stress)
{
	unsigned int i;
	int status;

	for (i = 0; i < stress->config.processes; i++) {
		struct stress_child *child = &stress->children[i];

		if (!child->pid || waitpid(child->pid, &status, WNOHANG) != child->pid)
			continue;
		child->pid = 0;
		tell_death(stress, i, status);
	}
}

static void reap(struct stress_child *child)
{
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
}

/*
 * Kill one process wherever it is, prove that what it held came back, and put
 * another in its place. A victim that had not told its owner's number yet is
 * accounted for by the number of owners in the next proof.
 */
static void kill_one(struct stress *stress, unsigned int process)
{
	struct stress_child *victim = &stress->children[process];
	uint32_t owner = atomic_load(&stress->shared->processes[process].owner);
	struct stress_tally held = {};

	if (owner && stress_count(stress->arena, owner, &held)) {
		stress_fail(stress->shared, "iterate: %s", strerror(errno));
		return;
	}
	kill(victim->pid, SIGKILL);
	reap(victim);
	stress->kills++;
	if (owner)
		stress_prove_gone(stress, owner);
	stress->back_blocks += held.blocks;
	stress->back_bytes += held.bytes;
	spawn(stress, process);
}

void stress_kill_sometimes(struct stress *stress)
{
	uint64_t choice;

	if (!stress->config.kill || stress_now() < stress->next_kill ||
	    stress_has_failed(stress->shared))
		return;
	choice = stress_random(&stress->random);
	kill_one(stress, (unsigned int)(choice % stress->config.processes));
	stress->next_kill = stress_now() + KILL_MIN + (choice >> 32) % (KILL_MAX - KILL_MIN);
}

/* After STRESS_STOP, or a failure, they end by themselves; those that hang, not. */
void stress_end_all(struct stress *stress)
{
	uint64_t deadline = stress_now() + 5000;
	unsigned int i;
	int status;

	for (i = 0; i < stress->config.processes; i++) {
		struct stress_child *child = &stress->children[i];

		if (!child->pid)
			continue;
		while (!waitpid(child->pid, &status, WNOHANG) && stress_now() < deadline)
			stress_sleep(1);
		kill(child->pid, SIGKILL);
		reap(child);
	}
}
