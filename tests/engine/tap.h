/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A test prints one line, `ok N - suite/name`, its name being the claim it makes.
 *
 * CHECK() ends the process at the first thing that does not hold: what comes
 * after it would be noise, and a debugger or a sanitizer's trace is at the place.
 * The line `not ok` for the test then comes from an atexit handler; the runner
 * reports a process that dies otherwise.
 */
#ifndef MEMMGR_TESTS_TAP_H
#define MEMMGR_TESTS_TAP_H

#include <stdbool.h>

#define __printf(format, first) __attribute__((__format__(printf, format, first)))
#define __noreturn __attribute__((__noreturn__))

/* Say in which suite the tests that follow are. */
void __printf(1, 2) tap_suite(const char *format, ...);

/* Begin a test; the one before it has passed. */
void __printf(1, 2) tap_test(const char *format, ...);

/* What to print with a failure: where a random or exhaustive test is. */
void __printf(1, 2) tap_where(const char *format, ...);

/* A comment line; progress of long tests, seeds, figures. */
void __printf(1, 2) tap_note(const char *format, ...);

/* The last test has passed. Returns the process's exit status. */
int tap_done(void);

/* A failed CHECK() aborts: whoever runs the tests in its own process catches that. */
extern bool tap_aborts;

void __noreturn tap_fail(const char *file, int line, const char *what);

#define CHECK(condition)                                          \
	do {                                                      \
		if (!(condition))                                 \
			tap_fail(__FILE__, __LINE__, #condition); \
	} while (0)

#define CHECK_EQ(a, b)                                                                \
	do {                                                                          \
		long long check_a = (long long)(a), check_b = (long long)(b);         \
		if (check_a != check_b) {                                             \
			tap_note("%s is %lld, %s is %lld", #a, check_a, #b, check_b); \
			tap_fail(__FILE__, __LINE__, #a " == " #b);                   \
		}                                                                     \
	} while (0)

/* The environment variable @name as a number, or @otherwise. */
unsigned long long tap_number(const char *name, unsigned long long otherwise);

#endif /* MEMMGR_TESTS_TAP_H */
