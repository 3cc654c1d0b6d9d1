/* SPDX-License-Identifier: GPL-2.0 */
/* Named values as text or JSON; see report.h. */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "numbers.h"

void print_json(struct json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(value);
}

void report_begin(struct report *report, bool json)
{
	report->object = json ? json_object_new_object() : NULL;
}

void report_end(struct report *report)
{
	if (report->object)
		print_json(report->object);
}

/* The name in a column of its own, with blanks for underscores. */
static void print_name(const char *name)
{
	int width = 24;

	for (; *name; name++, width--)
		putchar(*name == '_' ? ' ' : *name);
	printf("%*s", width, "");
}

void report_text(struct report *report, const char *name, const char *value)
{
	if (report->object) {
		json_object_object_add(report->object, name, json_object_new_string(value));
		return;
	}
	print_name(name);
	puts(value);
}

void report_number(struct report *report, const char *name, uint64_t value)
{
	if (report->object) {
		json_object_object_add(report->object, name, json_object_new_uint64(value));
		return;
	}
	print_name(name);
	printf("%" PRIu64 "\n", value);
}

void report_bytes(struct report *report, const char *name, uint64_t value)
{
	char text[NUMBER_LEN];

	if (report->object)
		report_number(report, name, value);
	else
		report_text(report, name, format_bytes(text, value));
}

void report_handle(struct report *report, const char *name, uint64_t value)
{
	char text[NUMBER_LEN];

	report_text(report, name, format_handle(text, value));
}

void report_bool(struct report *report, const char *name, bool value)
{
	if (report->object)
		json_object_object_add(report->object, name, json_object_new_boolean(value));
	else
		report_text(report, name, value ? "yes" : "no");
}

void report_list(struct report *report, const char *name)
{
	if (report->object)
		json_object_object_add(report->object, name, json_object_new_array());
	else
		print_name(name);
}

void report_word(struct report *report, const char *name, const char *word)
{
	if (report->object)
		json_object_array_add(json_object_object_get(report->object, name),
				      json_object_new_string(word));
	else
		printf("%s ", word);
}

void report_list_end(struct report *report)
{
	if (!report->object)
		putchar('\n');
}
