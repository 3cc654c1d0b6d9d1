/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr stress: its options. What it does is in stress/. */
#include <sys/random.h>
#include <stdlib.h>

#include "common.h"
#include "numbers.h"
#include "stress/stress.h"

static const char doc[] =
	"Allocate, check, reallocate and free at random, from many threads of many processes.\v"
	"Every process is an owner of its own. Contents, tags and alignments are checked each "
	"time a block is touched. Each second a line tells operations, blocks, bytes per thread, "
	"contention and failures for want of memory, which are no errors. After each round "
	"everything is released, and the arena must be one free run again and its bookkeeping "
	"sound. Exits with 0 only if all of it held, with 4 if not; the last line then tells the "
	"first thing that went wrong, and the seed.\n\n"
	"The seed fixes what each thread tries to do, not how threads interleave.";

enum {
	KEY_THREADS = 't',
	KEY_PROCESSES = 'p',
	KEY_SECONDS = 'd',
	KEY_KILL = 'k',
	KEY_SIZE = 's',
	KEY_ENGINE = 'e',
	KEY_SEED = 0x2000,
	KEY_ROUND,
	KEY_BLOCK_MAX,
	KEY_DEFAULT,
};

static const struct argp_option options[] = {
	{ "threads", KEY_THREADS, "N", 0, "Threads in each process (2)", 0 },
	{ "processes", KEY_PROCESSES, "N", 0, "Processes (2)", 0 },
	{ "seconds", KEY_SECONDS, "N", 0, "How long (10)", 0 },
	{ "round", KEY_ROUND, "SECONDS", 0, "Release everything this often (16)", 0 },
	{ "kill", KEY_KILL, NULL, 0,
	  "Kill random processes meanwhile, prove that their blocks come back, replace them", 0 },
	{ "seed", KEY_SEED, "N", 0, "Seed of all random choices (a random one)", 0 },
	{ "size", KEY_SIZE, "SIZE", 0, "Size of the arena made for this (8M)", 0 },
	{ "engine", KEY_ENGINE, "NAME", 0, "Engine of the arena made for this", 0 },
	{ "block-max", KEY_BLOCK_MAX, "SIZE", 0, "Largest block (64k)", 0 },
	{ "default", KEY_DEFAULT, NULL, 0, "Use the arena that other commands use, and make none",
	  0 },
	{},
};

struct arguments {
	struct context *context;
	struct stress_config config;
};

static unsigned int count(struct argp_state *state, const char *text, unsigned int max)
{
	uint64_t n;

	if (parse_number(text, max, &n) || !n)
		argp_error(state, "'%s' is not a number from 1 to %u", text, max);
	return (unsigned int)n;
}

static uint64_t size(struct argp_state *state, const char *text)
{
	uint64_t bytes;

	if (parse_size(text, &bytes) || !bytes)
		argp_error(state, "'%s' is not a size", text);
	return bytes;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;
	struct stress_config *config = &args->config;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, args->context);
	case KEY_THREADS:
		config->threads = count(state, arg, STRESS_THREADS_MAX);
		return 0;
	case KEY_PROCESSES:
		config->processes = count(state, arg, STRESS_PROCESSES_MAX);
		return 0;
	case KEY_SECONDS:
		config->seconds = count(state, arg, UINT32_MAX);
		return 0;
	case KEY_ROUND:
		config->round = count(state, arg, UINT32_MAX);
		return 0;
	case KEY_KILL:
		config->kill = true;
		return 0;
	case KEY_SEED:
		if (parse_number(arg, UINT64_MAX, &config->seed))
			argp_error(state, "'%s' is not a number", arg);
		return 0;
	case KEY_SIZE:
		config->size = size(state, arg);
		return 0;
	case KEY_ENGINE:
		config->engine = arg;
		return 0;
	case KEY_BLOCK_MAX:
		config->block_max = size(state, arg);
		return 0;
	case KEY_DEFAULT:
		config->use_default = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct memmgr *stress_arena(const struct context *context,
				   const struct stress_config *config)
{
	const struct memmgr_config arena = {
		.size = config->size,
		.engine = config->engine,
		.name = "stress",
	};

	if (config->use_default)
		return open_arena(context, 0);
	return create_arena(context, &arena);
}

static uint64_t random_seed(void)
{
	uint32_t seed = 1;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return 1;
	return seed;
}

int cmd_stress(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = doc,
		.children = context_children,
	};
	struct arguments args = {
		.context = context,
		.config = {
			.processes = 2,
			.threads = 2,
			.seconds = 10,
			.round = 16,
			.seed = random_seed(),
			.size = 8 << 20,
			.block_max = 64 << 10,
		},
	};
	struct stress stress = {};
	bool held;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	stress.config = args.config;
	stress.config.json = context->json;
	stress.arena = stress_arena(context, &args.config);
	if (stress_prepare(&stress))
		return failed("stress");

	held = stress_run(&stress);
	stress_print_end(&stress, held);
	memmgr_close(stress.arena);
	return held ? EXIT_OK : EXIT_DAMAGE;
}
