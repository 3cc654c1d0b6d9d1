// SPDX-License-Identifier: GPL-2.0
#include "counter.h"

#include <err.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
/* Its macros convert between signed and unsigned as they please. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#include <valgrind/callgrind.h>

void counter_valgrind_start(void)
{
	CALLGRIND_START_INSTRUMENTATION;
}

void counter_valgrind_stop(void)
{
	CALLGRIND_STOP_INSTRUMENTATION;
}
#pragma GCC diagnostic pop

int counter_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void counter_start(int counter)
{
	ioctl(counter, PERF_EVENT_IOC_RESET, 0);
	ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
}

uint64_t counter_stop(int counter)
{
	uint64_t count;

	ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
	if (read(counter, &count, sizeof(count)) != sizeof(count))
		err(1, "instruction counter");
	return count;
}
