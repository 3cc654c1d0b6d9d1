/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands share: options, opening an arena, messages. */
#ifndef MEMMGR_CLI_COMMON_H
#define MEMMGR_CLI_COMMON_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include <memmgr.h>

/* Exit codes; memmgr(1) documents them. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_DEVICE = 3,
	EXIT_DAMAGE = 4,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

/* Inherited descriptor of the arena to work on. */
#define MEMMGR_FD_VARIABLE "MEMMGR_FD"

enum color_mode {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

/**
 * struct context - the options that every command has
 * @device: path, or NULL
 * @arena_fd: descriptor, or -1
 * @json: print JSON
 * @color: when to use colour
 */
struct context {
	const char *device;
	int arena_fd;
	bool json;
	enum color_mode color;
};

/* Parser for these options, to be a child of a command's own; input: context. */
extern const struct argp context_argp;

/*
 * Every command's argp has this as its children, and a parser that calls
 * pass_context() for ARGP_KEY_INIT.
 */
extern const struct argp_child context_children[];

static inline error_t pass_context(struct argp_state *state, struct context *context)
{
	state->child_inputs[0] = context;
	return 0;
}

/**
 * struct command - one of memmgr's commands
 * @name: what the user types
 * @summary: half a line
 * @run: argv[0] is "memmgr NAME"; returns enum exit_code
 */
struct command {
	const char *name;
	const char *summary;
	int (*run)(struct context *context, int argc, char **argv);
};

int cmd_alloc(struct context *context, int argc, char **argv);
int cmd_create(struct context *context, int argc, char **argv);
int cmd_epoch(struct context *context, int argc, char **argv);
int cmd_free(struct context *context, int argc, char **argv);
int cmd_info(struct context *context, int argc, char **argv);
int cmd_ls(struct context *context, int argc, char **argv);
int cmd_map(struct context *context, int argc, char **argv);
int cmd_mark(struct context *context, int argc, char **argv);
int cmd_retag(struct context *context, int argc, char **argv);
int cmd_stat(struct context *context, int argc, char **argv);
int cmd_stress(struct context *context, int argc, char **argv);
int cmd_sweep(struct context *context, int argc, char **argv);
int cmd_transfer(struct context *context, int argc, char **argv);
int cmd_validate(struct context *context, int argc, char **argv);

/* Parse the arguments of a command that has no options of its own. */
void parse_context_only(const char *doc, struct context *context, int argc, char **argv);

/*
 * Open the arena that the user means: --arena-fd, --device, $MEMMGR_FD or the
 * default device, in this order. Says what to do and exits if that fails.
 */
struct memmgr *open_arena(const struct context *context, unsigned int flags);

/* Make an arena on the device that the user means; exits likewise. */
struct memmgr *create_arena(const struct context *context, const struct memmgr_config *config);

/* Print "memmgr: ...: what errno means" and return EXIT_FAILED. */
int failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* MEMMGR_CLI_COMMON_H */
