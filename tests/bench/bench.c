// SPDX-License-Identifier: GPL-2.0
/*
 * bench - speed, threads and metadata of the engines and of what people use today
 *
 *	bench.c		this: which parts, in order
 *	options.c	the command line
 *	plan*.c		what is compared with what, and what comes out
 *	board.c		the way to and from the worker processes
 *	worker.c	such a process: one heap, one job
 *	speed.c, threads.c	the jobs
 *	heap.c		the heaps behind one interface
 *	arena.c		engine and block table, used as the module uses them
 *	trace.c, sizes.c	what is asked of the heaps
 */
#include "plan.h"
#include "worker.h"

int main(int argc, char **argv)
{
	struct board *board;
	struct plan plan;
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "--worker"))
		return worker_main();
	plan_parse(&plan, argc, argv);
	board = board_new(plan.heap_count * 2 * plan.timed);
	csv_head();
	for (i = 0; i < plan.parts.count; i++) {
		if (!strcmp(plan.parts.at[i], "speed"))
			plan_speed(&plan, board);
		else if (!strcmp(plan.parts.at[i], "instructions"))
			plan_instructions(&plan, board);
		else if (!strcmp(plan.parts.at[i], "threads"))
			plan_threads(&plan, board);
		else
			plan_metadata(&plan);
	}
	return 0;
}
