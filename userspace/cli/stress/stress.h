/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memmgr stress: mutators in many processes, and a parent that proves things.
 *
 * The parent forks processes. Each attaches to the arena as an owner of its own
 * and runs threads (mutators), which allocate, check and free at random. The
 * parent never waits for a particular child: it announces a phase in memory that
 * all share, and each thread notes there which phase it has settled for. Since
 * all that is ever written to by two processes is a single word, a child that is
 * killed at any instruction leaves nothing locked or half done behind; the
 * parent notices its death, clears its notes and replaces it.
 *
 *	phase  odd: mutate.  even: free everything, note it, wait.
 *	       STRESS_STOP: free everything and exit.
 *
 * When all have settled for an even phase the arena must be what it was in the
 * beginning.
 */
#ifndef MEMMGR_CLI_STRESS_H
#define MEMMGR_CLI_STRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <memmgr.h>

#define STRESS_PROCESSES_MAX 64
#define STRESS_THREADS_MAX 64

#define STRESS_STOP 0

static inline bool stress_is_release(uint32_t phase)
{
	return phase % 2 == 0;
}

/**
 * struct stress_config - what the user asked for
 * @processes: how many
 * @threads: in each
 * @seconds: how long
 * @round: seconds from one proof to the next
 * @seed: of all random choices
 * @size: of the arena to create, bytes
 * @block_max: largest block, bytes
 * @engine: of the arena to create, or NULL
 * @kill: kill processes meanwhile
 * @use_default: do not create an arena
 * @json: print JSON lines
 */
struct stress_config {
	unsigned int processes;
	unsigned int threads;
	uint64_t seconds;
	uint64_t round;
	uint64_t seed;
	uint64_t size;
	uint64_t block_max;
	const char *engine;
	bool kill;
	bool use_default;
	bool json;
};

/**
 * struct stress_thread - notes of one mutator, written by it alone
 * @bytes: payload that it holds
 * @blocks: how many blocks it holds
 * @operations: how much it has done
 * @settled: last even phase for which it has freed everything
 */
struct stress_thread {
	_Atomic uint64_t bytes;
	_Atomic uint64_t blocks;
	_Atomic uint64_t operations;
	_Atomic uint32_t settled;
};

/**
 * struct stress_process - notes of one process
 * @owner: its number in the arena; 0 before it has attached
 * @threads: its mutators
 */
struct stress_process {
	_Atomic uint32_t owner;
	struct stress_thread threads[STRESS_THREADS_MAX];
};

/**
 * struct stress_shared - the memory that all share
 * @phase: set by the parent
 * @failed: 0; 1 while somebody writes @failure; 2 when it is complete
 * @failure: the first thing that went wrong
 * @processes: notes
 */
struct stress_shared {
	_Atomic uint32_t phase;
	_Atomic uint32_t failed;
	char failure[256];
	struct stress_process processes[STRESS_PROCESSES_MAX];
};

/* Say what went wrong; only the first one counts. */
void stress_fail(struct stress_shared *shared, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline bool stress_has_failed(struct stress_shared *shared)
{
	return atomic_load(&shared->failed);
}

/* The next number of a sequence. */
static inline uint64_t stress_random(uint64_t *state)
{
	uint64_t n = *state += 0x9e3779b97f4a7c15;

	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
	n = (n ^ n >> 27) * 0x94d049bb133111eb;
	return n ^ n >> 31;
}

/* The start of a sequence of its own for each @a, @b and @c. */
static inline uint64_t stress_seed(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
	seed += stress_random(&a);
	seed += stress_random(&b) << 1;
	seed += stress_random(&c) << 2;
	return stress_random(&seed);
}

/**
 * struct stress_mutator - one thread's task
 * @arena: what its process has attached
 * @shared: the memory that all share
 * @notes: its own there
 * @seed: start of its random sequence
 * @block_max: largest block, bytes
 * @process: which process, for messages
 * @thread: which thread, for messages
 */
struct stress_mutator {
	struct memmgr *arena;
	struct stress_shared *shared;
	struct stress_thread *notes;
	uint64_t seed;
	uint64_t block_max;
	unsigned int process;
	unsigned int thread;
};

/* Do it until the phase is STRESS_STOP or something failed. */
void stress_mutate(const struct stress_mutator *task);

/**
 * struct stress_birth - a process to be
 * @config: what the user asked for
 * @arena: the parent's; the child closes its copy
 * @shared: the memory that all share
 * @process: index of its notes
 * @life: how many lived in this place before
 */
struct stress_birth {
	const struct stress_config *config;
	struct memmgr *arena;
	struct stress_shared *shared;
	unsigned int process;
	unsigned int life;
};

/* What a process does between fork and exit; its exit status. */
int stress_live(const struct stress_birth *birth);

/**
 * struct stress_child - what the parent knows of a process
 * @pid: its number, 0 if there is none
 * @lives: how many there have been
 */
struct stress_child {
	pid_t pid;
	unsigned int lives;
};

/**
 * struct stress - the parent
 * @config: what the user asked for
 * @arena: its own owner on the arena
 * @began: the arena's figures before the first child
 * @shared: the memory that all share
 * @children: the processes
 * @phase: the last one that was announced
 * @random: for choosing victims
 * @next_kill: when, in milliseconds of the monotonic clock
 * @kills: processes killed
 * @rounds: proofs that held
 * @operations: done by processes that are gone
 * @back_blocks: blocks that killed processes held and that came back
 * @back_bytes: bytes in them
 */
struct stress {
	struct stress_config config;
	struct memmgr *arena;
	struct memmgr_stat began;
	struct stress_shared *shared;
	struct stress_child children[STRESS_PROCESSES_MAX];
	uint32_t phase;
	uint64_t random;
	uint64_t next_kill;
	uint64_t kills;
	uint64_t rounds;
	uint64_t operations;
	uint64_t back_blocks;
	uint64_t back_bytes;
};

/* Make what is needed: 0, or -1 and errno. */
int stress_prepare(struct stress *stress);

/* Run it all. True if everything held; otherwise shared->failure says what not. */
bool stress_run(struct stress *stress);

/* Milliseconds of the monotonic clock. */
uint64_t stress_now(void);
void stress_sleep(unsigned int milliseconds);

/* Children (children.c). All report failures by stress_fail(). */
void stress_spawn_all(struct stress *stress);
void stress_watch(struct stress *stress);
void stress_kill_sometimes(struct stress *stress);
void stress_end_all(struct stress *stress);

/* Proofs (prove.c). */
void stress_prove_gone(struct stress *stress, uint32_t owner);
void stress_prove_empty(struct stress *stress);

/**
 * struct stress_tally - blocks and bytes in them
 */
struct stress_tally {
	uint64_t blocks;
	uint64_t bytes;
};

/* What an owner holds; 0, or -1 and errno. */
int stress_count(struct memmgr *m, uint32_t owner, struct stress_tally *tally);

/* Lines (print.c). */
void stress_print_begin(const struct stress *stress);
void stress_print_second(const struct stress *stress, uint64_t second);
void stress_print_round(const struct stress *stress);
void stress_print_end(const struct stress *stress, bool held);

#endif /* MEMMGR_CLI_STRESS_H */
