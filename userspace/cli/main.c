/* SPDX-License-Identifier: GPL-2.0 */
/* memmgr: the command line of /dev/memmgr. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

const char *argp_program_version = "memmgr " VERSION;

static const struct command commands[] = {
	{ "info", "show what the arena and the module are", cmd_info },
	{ "stat", "show how full the arena is and what happened", cmd_stat },
	{ "ls", "list blocks, sorted by address", cmd_ls },
	{ "map", "draw the arena", cmd_map },
	{ "alloc", "allocate a block and print its handle", cmd_alloc },
	{ "free", "free blocks", cmd_free },
	{ "mark", "put blocks into the current epoch", cmd_mark },
	{ "retag", "give blocks another tag", cmd_retag },
	{ "transfer", "give blocks to another owner", cmd_transfer },
	{ "epoch", "show the arena's epoch, or go on to the next", cmd_epoch },
	{ "sweep", "free blocks that are older than an epoch", cmd_sweep },
	{ "create", "create an arena and run a command on it", cmd_create },
	{ "validate", "have the kernel check the arena's bookkeeping", cmd_validate },
	{ "stress", "allocate, verify and free at random from many threads", cmd_stress },
	{},
};

/**
 * struct invocation - what main's parser finds
 * @context: options given before the command's name
 * @command: index of the command's name in argv
 */
struct invocation {
	struct context context;
	int command;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct invocation *invocation = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		return pass_context(state, &invocation->context);
	case ARGP_KEY_ARG:
		invocation->command = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The text behind the options in --help: the commands. */
static char *list_commands(int key, const char *text, void *input)
{
	const struct command *command;
	char *list = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &size);
	if (!out)
		return NULL;
	fprintf(out, "Commands:\n");
	for (command = commands; command->name; command++)
		fprintf(out, "  %-10s %s\n", command->name, command->summary);
	fprintf(out, "\n'memmgr COMMAND --help' explains one. The arena that a command works on is "
		     "the device's default one, unless $MEMMGR_FD or --arena-fd names another.");
	fclose(out);
	return list;
}

static const struct command *find_command(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

/* What was printed counts only once it has been written. */
static int finish(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	failed("cannot write the output");
	return code ? code : EXIT_FAILED;
}

static int run(const struct command *command, struct context *context, int argc, char **argv)
{
	char name[32];

	snprintf(name, sizeof(name), "memmgr %s", command->name);
	argv[0] = name;
	return command->run(context, argc, argv);
}

int main(int argc, char **argv)
{
	static const char doc[] = "Look at and use the shared heaps of the memmgr kernel module.\v";
	const struct argp argp = {
		.parser = parse_option,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = doc,
		.children = context_children,
		.help_filter = list_commands,
	};
	struct invocation invocation = { .context = { .arena_fd = -1 } };
	const struct command *command;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &invocation);

	command = find_command(argv[invocation.command]);
	if (!command) {
		fprintf(stderr, "memmgr: there is no command '%s': see 'memmgr --help'\n",
			argv[invocation.command]);
		return EXIT_USAGE;
	}
	return finish(run(command, &invocation.context, argc - invocation.command,
			  argv + invocation.command));
}
