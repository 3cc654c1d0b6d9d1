/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr create: make an arena and run a command on it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"
#include "numbers.h"
#include "report.h"

static const char doc[] =
	"Make an arena and run COMMAND, which inherits its descriptor.\v"
	"SIZE and BYTES may end in k, M, G or T. An arena lives as long as somebody holds it: "
	"COMMAND finds the descriptor's number in $" MEMMGR_FD_VARIABLE ", where memmgr looks for "
	"it too, so that 'memmgr create --size 64M -- sh' gives a shell in which all memmgr "
	"commands work on the new arena.\n\n"
	"With --json, the arena is described on standard output before COMMAND begins. The "
	"exit status is COMMAND's; 126 if it cannot be run, 127 if there is none.";

enum {
	KEY_ENGINE = 'e',
	KEY_GRANULE = 'g',
	KEY_NAME = 'n',
	KEY_PRIVILEGED = 'P',
	KEY_RESERVE = 'r',
	KEY_SIZE = 's',
};

static const struct argp_option options[] = {
	{ "size", KEY_SIZE, "SIZE", 0, "Size of the arena (required)", 0 },
	{ "granule", KEY_GRANULE, "BYTES", 0, "Unit of allocation, a power of two (16)", 0 },
	{ "engine", KEY_ENGINE, "NAME", 0, "Engine; 'memmgr info' lists them", 0 },
	{ "reserve", KEY_RESERVE, "SIZE", 0,
	  "Part that is used only when the rest cannot serve a request (engine ebuddy)", 0 },
	{ "privileged", KEY_PRIVILEGED, NULL, 0,
	  "The reserve is only for those who have CAP_SYS_RESOURCE", 0 },
	{ "name", KEY_NAME, "TEXT", 0, "Text that the arena is listed under", 0 },
	{},
};

struct arguments {
	struct context *context;
	struct memmgr_config config;
	int command;
};

static void parse_granule(struct argp_state *state, const char *text, struct memmgr_config *config)
{
	uint64_t granule;

	if (parse_size(text, &granule) || granule > MEMMGR_GRANULE_MAX)
		argp_error(state, "the granule is a power of two up to %u, not '%s'",
			   MEMMGR_GRANULE_MAX, text);
	config->granule = (uint32_t)granule;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, args->context);
	case KEY_ENGINE:
		args->config.engine = arg;
		return 0;
	case KEY_GRANULE:
		parse_granule(state, arg, &args->config);
		return 0;
	case KEY_NAME:
		args->config.name = arg;
		return 0;
	case KEY_PRIVILEGED:
		args->config.flags |= MEMMGR_ARENA_RESERVED;
		return 0;
	case KEY_RESERVE:
		if (parse_size(arg, &args->config.reserve))
			argp_error(state, "'%s' is not a size", arg);
		return 0;
	case KEY_SIZE:
		if (parse_size(arg, &args->config.size))
			argp_error(state, "'%s' is not a size", arg);
		return 0;
	case ARGP_KEY_ARG:
		args->command = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!args->config.size)
			argp_error(state, "how large? --size is missing");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command? Without one, the arena would be gone at once");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int describe(const struct memmgr *m)
{
	struct memmgr_info info;
	struct report report;

	if (memmgr_info(m, &info))
		return failed("info");
	report_begin(&report, true);
	report_number(&report, "arena", info.out_arena_id);
	report_bytes(&report, "size", info.out_arena_size);
	report_number(&report, "fd", (uint64_t)memmgr_fd(m));
	report_end(&report);
	return fflush(stdout) ? failed("cannot write the output") : EXIT_OK;
}

/* Let the descriptor, and its number, survive exec. */
static int hand_down(int fd)
{
	char text[NUMBER_LEN];

	snprintf(text, sizeof(text), "%d", fd);
	return fcntl(fd, F_SETFD, 0) || setenv(MEMMGR_FD_VARIABLE, text, 1);
}

static int run(const struct memmgr *m, char **command)
{
	int saved;

	if (hand_down(memmgr_fd(m)))
		return failed("cannot hand down the arena");
	execvp(command[0], command);
	saved = errno;
	failed("cannot run %s", command[0]);
	return saved == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

int cmd_create(struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = doc,
		.children = context_children,
	};
	struct arguments args = { .context = context };
	struct memmgr *m;
	int ret;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &args);
	m = create_arena(context, &args.config);
	ret = context->json ? describe(m) : EXIT_OK;
	return ret ? ret : run(m, argv + args.command);
}
