// SPDX-License-Identifier: GPL-2.0
#include "csv.h"

#include <stdarg.h>
#include <stdio.h>

void csv_head(void)
{
	printf("part,heap,sizes,count,metric,value\n");
}

void csv_row(const char *part, const char *heap, const char *mix, uint64_t count,
	     const char *metric, double value)
{
	printf("%s,%s,%s,%llu,%s,%.6g\n", part, heap, mix, (unsigned long long)count, metric,
	       value);
	fflush(stdout);
}

void progress(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
