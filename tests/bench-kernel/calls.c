// SPDX-License-Identifier: GPL-2.0
/*
 * What a process pays for one call of the device: a block of many is replaced again
 * and again, and beside that calls are made which lead nowhere.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/memmgr.h>

#include "clock.h"
#include "csv.h"
#include "plan.h"
#include "stats.h"
#include "trace.h"

#define LIVE 1000
#define ROUNDS 2000
#define WARMUP 1000
#define OCCUPANCY 0.5
#define SIZES "log:16:1024"

struct caller {
	int fd;
	struct trace trace;
	const struct step *step;
	uint64_t handles[LIVE];
};

static void call_none(struct caller *caller)
{
	(void)caller;
}

static void call_getppid(struct caller *caller)
{
	(void)caller;
	syscall(SYS_getppid);
}

/* A command that does not exist. */
static void call_null(struct caller *caller)
{
	ioctl(caller->fd, _IO(MEMMGR_IOC_MAGIC, 0xff));
}

static void call_info(struct caller *caller)
{
	struct memmgr_info info = { 0 };

	if (ioctl(caller->fd, MEMMGR_IOC_INFO, &info))
		err(1, "INFO");
}

static void call_free(struct caller *caller)
{
	struct memmgr_free request = { .handle = caller->handles[caller->step->slot] };

	if (ioctl(caller->fd, MEMMGR_IOC_FREE, &request))
		err(1, "FREE");
}

static void call_alloc(struct caller *caller)
{
	struct memmgr_alloc request = { .size = caller->step->size };

	if (ioctl(caller->fd, MEMMGR_IOC_ALLOC, &request))
		err(1, "ALLOC");
	caller->handles[caller->step->slot] = request.out_handle;
}

/* In this order; the first is what measuring takes. */
static const struct {
	const char *name;
	void (*call)(struct caller *caller);
} calls[] = {
	{ "none", call_none }, { "getppid", call_getppid }, { "null", call_null },
	{ "info", call_info }, { "free", call_free },	    { "alloc", call_alloc },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))
#define NULL_CALL 2

static uint32_t samples[CALLS][ROUNDS];

static void do_rounds(struct caller *caller)
{
	uint64_t start;
	size_t call;
	int round;

	for (round = -WARMUP; round < ROUNDS; round++, caller->step++) {
		for (call = 0; call < CALLS; call++) {
			start = ticks();
			calls[call].call(caller);
			if (round >= 0)
				samples[call][round] = (uint32_t)(ticks() - start);
		}
	}
}

/* Ticks of the clock for one of the unit that figures have. */
static double ticks_per_unit(const struct plan *plan)
{
	uint64_t start = ticks(), start_ns = now_ns();

	if (plan->instruction > 0)
		return plan->instruction;
	usleep(20000);
	return (double)(ticks() - start) / (double)(now_ns() - start_ns);
}

static void report(const struct plan *plan, const char *engine)
{
	const char *part = plan->instruction > 0 ? "calls" : "calls-ns";
	double p50[CALLS], per_unit = ticks_per_unit(plan);
	size_t call;

	for (call = 0; call < CALLS; call++) {
		stats_sort(samples[call], ROUNDS);
		p50[call] = stats_percentile(samples[call], ROUNDS, 0.5) / per_unit -
			    (call ? p50[0] : 0);
	}
	for (call = 1; call < CALLS; call++) {
		csv_row(part, calls[call].name, engine, 1, "p50", p50[call]);
		csv_row(part, calls[call].name, engine, 1, "of-null", p50[call] / p50[NULL_CALL]);
		progress("  %-10s %10.1f", calls[call].name, p50[call]);
	}
}

static int new_arena(int device, const char *engine, const struct sizes *sizes)
{
	struct memmgr_arena_create request = { .size = sizes_arena(sizes, LIVE, OCCUPANCY) };

	snprintf(request.engine, sizeof(request.engine), "%s", engine);
	if (ioctl(device, MEMMGR_IOC_ARENA_CREATE, &request))
		err(1, "ARENA_CREATE");
	return request.out_fd;
}

static void fill(struct caller *caller)
{
	for (caller->step = caller->trace.fill; caller->step < caller->trace.steps; caller->step++)
		call_alloc(caller);
}

static void measure(const struct plan *plan, int device, const char *engine)
{
	struct caller caller;
	struct sizes sizes;

	progress("calls, engine %s, %d live blocks", engine, LIVE);
	sizes_parse(SIZES, &sizes);
	caller.fd = new_arena(device, engine, &sizes);
	caller.trace = trace_new(&sizes, LIVE, WARMUP + ROUNDS, plan->seed);
	fill(&caller);
	do_rounds(&caller);
	report(plan, engine);
	trace_free(&caller.trace);
	close(caller.fd);
}

void compare_calls(const struct plan *plan)
{
	struct memmgr_info info = { 0 };
	int device = open("/dev/memmgr", O_RDWR | O_CLOEXEC);

	if (device < 0)
		err(1, "/dev/memmgr");
	for (;; info.engine_index++) {
		if (ioctl(device, MEMMGR_IOC_INFO, &info))
			err(1, "INFO");
		if (!info.out_engine_name[0])
			break;
		measure(plan, device, info.out_engine_name);
	}
	close(device);
}
