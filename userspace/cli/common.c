/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands share: options, opening an arena, messages. */
#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"

enum {
	KEY_ARENA_FD = 0x1000,
	KEY_COLOR,
	KEY_DEVICE,
	KEY_JSON,
};

static const struct argp_option options[] = {
	{ "device", KEY_DEVICE, "PATH", 0, "Use the default arena of this device", 0 },
	{ "arena-fd", KEY_ARENA_FD, "N", 0, "Use the arena that descriptor N, inherited, refers to",
	  0 },
	{ "json", KEY_JSON, NULL, 0, "Print JSON: sizes in bytes, handles as text", 0 },
	{ "color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL,
	  "Colour the output: always, never, or auto (on a terminal, unless NO_COLOR is set)", 0 },
	{},
};

static int parse_fd(const char *text)
{
	uint64_t fd;

	return parse_number(text, INT32_MAX, &fd) ? -1 : (int)fd;
}

static int parse_color(const char *text, enum color_mode *color)
{
	if (!text || !strcmp(text, "always"))
		*color = COLOR_ALWAYS;
	else if (!strcmp(text, "never"))
		*color = COLOR_NEVER;
	else if (!strcmp(text, "auto"))
		*color = COLOR_AUTO;
	else
		return -1;
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct context *context = state->input;

	switch (key) {
	case KEY_DEVICE:
		context->device = arg;
		return 0;
	case KEY_ARENA_FD:
		context->arena_fd = parse_fd(arg);
		if (context->arena_fd < 0)
			argp_error(state, "'%s' is not a descriptor's number", arg);
		return 0;
	case KEY_JSON:
		context->json = true;
		return 0;
	case KEY_COLOR:
		if (parse_color(arg, &context->color))
			argp_error(state, "--color is always, never or auto, not '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp context_argp = {
	.options = options,
	.parser = parse_option,
};

const struct argp_child context_children[] = {
	{ &context_argp, 0, "Options of every command:", 1 },
	{},
};

static error_t parse_nothing(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_INIT)
		return pass_context(state, state->input);
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument '%s'", arg);
	return ARGP_ERR_UNKNOWN;
}

void parse_context_only(const char *doc, struct context *context, int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse_nothing,
		.doc = doc,
		.children = context_children,
	};

	argp_parse(&argp, argc, argv, 0, NULL, context);
}

int failed(const char *format, ...)
{
	int saved = errno;
	va_list args;

	fprintf(stderr, "memmgr: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(saved));
	return EXIT_FAILED;
}

static const char *device_path(const struct context *context)
{
	return context->device ? context->device : MEMMGR_DEVICE;
}

static _Noreturn void no_device(const struct context *context)
{
	int saved = errno;

	failed("cannot open %s", device_path(context));
	if (saved == ENOENT || saved == ENODEV || saved == ENXIO)
		fprintf(stderr, "Is the module loaded? As root: insmod memmgr.ko\n");
	else if (saved == EACCES || saved == EPERM)
		fprintf(stderr, "Who may use it: ls -l %s. Try as root.\n", device_path(context));
	else if (saved == ENOTTY)
		fprintf(stderr, "This is not a memmgr device.\n");
	exit(EXIT_NO_DEVICE);
}

static struct memmgr *open_descriptor(int fd)
{
	struct memmgr *m = memmgr_from_fd(fd);

	if (m)
		return m;
	failed("descriptor %d", fd);
	fprintf(stderr, "It is not an arena, or was not inherited: 'memmgr create -- COMMAND' "
			"gives COMMAND one.\n");
	exit(EXIT_NO_DEVICE);
}

static struct memmgr *open_device(const struct context *context, unsigned int flags)
{
	struct memmgr *m = memmgr_open(device_path(context), flags);

	if (!m)
		no_device(context);
	return m;
}

static int environment_fd(void)
{
	const char *text = getenv(MEMMGR_FD_VARIABLE);
	int fd;

	if (!text)
		return -1;
	fd = parse_fd(text);
	if (fd >= 0)
		return fd;
	fprintf(stderr, "memmgr: %s is '%s', not a descriptor's number\n", MEMMGR_FD_VARIABLE,
		text);
	exit(EXIT_USAGE);
}

struct memmgr *open_arena(const struct context *context, unsigned int flags)
{
	int fd = context->arena_fd;

	if (fd < 0 && !context->device)
		fd = environment_fd();
	return fd < 0 ? open_device(context, flags) : open_descriptor(fd);
}

/* A missing device and a missing engine are both ENOENT: tell them apart. */
struct memmgr *create_arena(const struct context *context, const struct memmgr_config *config)
{
	struct memmgr *m = memmgr_create(context->device, config);
	int saved = errno;

	if (m)
		return m;
	memmgr_close(open_device(context, 0));

	errno = saved;
	failed("cannot create the arena");
	if (saved == ENOENT)
		fprintf(stderr, "There is no engine '%s': see 'memmgr info'.\n", config->engine);
	else if (saved == EDQUOT)
		fprintf(stderr, "The module's limits: see 'memmgr info'.\n");
	exit(EXIT_FAILED);
}
