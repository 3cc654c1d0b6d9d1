// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool tap_aborts;

static char suite[64] = "tests";
static char test[160];
static char where[256];
static unsigned int number;

static void end_test(bool passed)
{
	if (!test[0])
		return;
	printf("%sok %u - %s/%s\n", passed ? "" : "not ", ++number, suite, test);
	fflush(stdout);
	test[0] = '\0';
	where[0] = '\0';
}

void tap_suite(const char *format, ...)
{
	va_list args;

	end_test(true);
	va_start(args, format);
	vsnprintf(suite, sizeof(suite), format, args);
	va_end(args);
}

void tap_test(const char *format, ...)
{
	va_list args;

	end_test(true);
	va_start(args, format);
	vsnprintf(test, sizeof(test), format, args);
	va_end(args);
}

void tap_where(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(where, sizeof(where), format, args);
	va_end(args);
}

void tap_note(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

int tap_done(void)
{
	end_test(true);
	return 0;
}

void tap_fail(const char *file, int line, const char *what)
{
	printf("# %s:%d: does not hold: %s\n", file, line, what);
	if (where[0])
		printf("# %s\n", where);
	end_test(false);
	fflush(stdout);
	if (tap_aborts)
		abort();
	_exit(1);
}

unsigned long long tap_number(const char *name, unsigned long long otherwise)
{
	const char *value = getenv(name);

	return value && value[0] ? strtoull(value, NULL, 0) : otherwise;
}
