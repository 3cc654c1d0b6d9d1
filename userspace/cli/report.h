/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A report: named values, printed line by line or as one JSON object.
 *
 * A command says once what it knows; the user chooses the form. In text a name's
 * underscores are blanks and sizes have units; in JSON sizes are exact.
 */
#ifndef MEMMGR_CLI_REPORT_H
#define MEMMGR_CLI_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json_object.h>

/**
 * struct report - one under way
 * @object: NULL if it is printed as text
 */
struct report {
	struct json_object *object;
};

void report_begin(struct report *report, bool json);

void report_number(struct report *report, const char *name, uint64_t value);
void report_bytes(struct report *report, const char *name, uint64_t value);
void report_text(struct report *report, const char *name, const char *value);
void report_handle(struct report *report, const char *name, uint64_t value);
void report_bool(struct report *report, const char *name, bool value);

/* A list of words; begin with report_list(). */
void report_list(struct report *report, const char *name);
void report_word(struct report *report, const char *name, const char *word);
void report_list_end(struct report *report);

/* Print what is not printed yet. */
void report_end(struct report *report);

/* Print one JSON value as a line and forget it. */
void print_json(struct json_object *value);

#endif /* MEMMGR_CLI_REPORT_H */
