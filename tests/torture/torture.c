// SPDX-License-Identifier: GPL-2.0
/*
 * memmgr_torture.ko: everything that a heap can be asked for, from every context at
 * the same time, with every byte of every block checked.
 *
 *	insmod memmgr_torture.ko engine=chunk duration=60
 *
 * It runs when it is loaded, for @duration seconds in all, each engine its share;
 * says in the log what was done every @interval seconds; and at the end, in one
 * line and in the parameter "result", SUCCESS or FAILURE with what was seen first.
 * Unloading ends it early.
 *
 * A failure is only noted where it is found, which may be in NMI, and told by the
 * thread here. It also looks for contexts that no longer get anywhere.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "torture.h"

static char *engine = "all";
module_param(engine, charp, 0444);
MODULE_PARM_DESC(engine, "engine to torture, or all (default)");

static unsigned int duration = 60;
module_param(duration, uint, 0444);
MODULE_PARM_DESC(duration, "seconds in all; 0: until it is unloaded (default 60)");

static unsigned int interval = 10;
module_param(interval, uint, 0444);
MODULE_PARM_DESC(interval, "seconds between two figures, and until a stall is one (default 10)");

static unsigned int threads = 3;
module_param(threads, uint, 0444);
MODULE_PARM_DESC(threads, "threads at work (default 3)");

static unsigned int period_us = 500;
module_param(period_us, uint, 0444);
MODULE_PARM_DESC(period_us, "time between two timer interrupts, microseconds (default 500)");

static bool nmi = true;
module_param(nmi, bool, 0444);
MODULE_PARM_DESC(nmi, "send NMIs (default 1)");

static unsigned int size_kib = 512;
module_param(size_kib, uint, 0444);
MODULE_PARM_DESC(size_kib, "size of the arena, KiB (default 512)");

static unsigned int items = 3000;
module_param(items, uint, 0444);
MODULE_PARM_DESC(items, "most blocks at a time (default 3000)");

static char result[256] = "running";
module_param_string(result, result, sizeof(result), 0444);
MODULE_PARM_DESC(result, "running, or the last line");

static const char * const engines[] = { "chunk", "first_fit", "best_fit", "buddy", "ebuddy" };

static struct task_struct *director;

/* --- failures ------------------------------------------------------------- */

static struct {
	atomic_t count;
	const char *what;
	const char *engine;
	enum context context;
	u64 handle;
	s64 value;
	bool complete;
} failure;

static const char *current_engine;

/* Note the first failure. Context: any. */
void torture_fail(const struct worker *worker, const char *what, u64 handle, s64 value)
{
	if (atomic_inc_return(&failure.count) != 1)
		return;
	failure.what = what;
	failure.engine = current_engine;
	failure.context = worker->context;
	failure.handle = handle;
	failure.value = value;
	/* pairs with tell() */
	smp_store_release(&failure.complete, true);
}

bool torture_failed(void)
{
	return atomic_read(&failure.count);
}

/* --- figures -------------------------------------------------------------- */

static u64 operations; /* of engines that are through */

static u64 show_figures(void)
{
	struct figures figures;
	enum context context;
	u64 sum = 0;

	for (context = 0; context < CONTEXTS; context++) {
		figures = workers_figures(context);
		sum += figures.allocs + figures.frees + figures.reallocs;
		pr_info("%s: %s: %llu allocs, %llu frees, %llu reallocs, %llu again, %llu full\n",
			current_engine, context_names[context], figures.allocs, figures.frees,
			figures.reallocs, figures.again, figures.full);
	}
	return sum;
}

/* --- one engine ----------------------------------------------------------- */

static void check_now(struct memmgr_heap *heap)
{
	struct worker here = { .context = IN_PROCESS };
	struct memmgr_validate v;
	const char *stalled = workers_stalled();
	int ret = memmgr_heap_validate(heap, &v);

	if (stalled)
		torture_fail(&here, stalled, 0, -ETIME);
	if (ret)
		torture_fail(&here, "validation", v.out_at, ret);
}

static bool ends(void)
{
	return torture_failed() || kthread_should_stop();
}

static void let_them_work(struct memmgr_heap *heap, unsigned long share)
{
	unsigned long end = jiffies + share, next = jiffies + interval * HZ;

	while (!ends() && (!duration || time_before(jiffies, end))) {
		schedule_timeout_interruptible(HZ / 10);
		if (time_before(jiffies, next))
			continue;
		show_figures();
		check_now(heap);
		next += interval * HZ;
	}
}

/* Everything that was made was freed, and all of it has come back. */
static void check_end(struct memmgr_heap *heap)
{
	struct worker here = { .context = IN_PROCESS, .random = 1 };
	struct memmgr_validate v;
	struct memmgr_stat stat;
	int tries, ret;

	pool_drain(&here);
	for (tries = 0; tries < 100; tries++) {
		memmgr_heap_stat(heap, &stat);
		if (!stat.out_blocks)
			break;
		schedule_timeout_interruptible(HZ / 10);
	}
	ret = memmgr_heap_validate(heap, &v);
	if (ret || !v.out_complete)
		torture_fail(&here, "validation at the end", v.out_at, ret);
	if (stat.out_blocks || stat.out_used || stat.out_owner_blocks)
		torture_fail(&here, "blocks are left", stat.out_blocks, stat.out_used);
	if (stat.out_free + stat.out_pending != stat.out_size)
		torture_fail(&here, "memory is left", stat.out_free, stat.out_pending);
}

static void torture(struct memmgr_heap *heap, unsigned long share)
{
	struct worker here = { .context = IN_PROCESS };
	int ret;

	if (pool_make(heap, items)) {
		torture_fail(&here, "no memory for the pool", 0, -ENOMEM);
		return;
	}
	ret = workers_start(threads, period_us, nmi);
	if (ret)
		torture_fail(&here, "workers do not start", 0, ret);
	else
		let_them_work(heap, share);
	operations += show_figures();
	workers_stop();
	check_end(heap);
	pool_end();
}

static void torture_engine(const char *name, unsigned long share)
{
	struct memmgr_heap_config config = {
		.name = "torture",
		.engine = name,
		.size = (u64)size_kib * SZ_1K,
		.flags = MEMMGR_HEAP_VISIBLE | MEMMGR_HEAP_POINTERS,
		.ready_size = 128,
		.ready_count = 16,
	};
	struct worker here = { .context = IN_PROCESS };
	struct memmgr_heap *heap = memmgr_heap_create(&config);

	current_engine = name;
	if (IS_ERR(heap)) {
		torture_fail(&here, "no heap", 0, PTR_ERR(heap));
		return;
	}
	torture(heap, share);
	memmgr_heap_destroy(heap);
}

/* --- all of them ---------------------------------------------------------- */

static void tell(unsigned long begin)
{
	unsigned int seconds = (jiffies - begin) / HZ;

	/* pairs with torture_fail() */
	if (smp_load_acquire(&failure.complete)) {
		snprintf(result, sizeof(result),
			 "FAILURE: %s, in %s: %s (handle 0x%llx, %lld), %d failures in %u s",
			 failure.engine, context_names[failure.context], failure.what,
			 failure.handle, failure.value, atomic_read(&failure.count), seconds);
		pr_err("%s\n", result);
		return;
	}
	snprintf(result, sizeof(result), "SUCCESS: engine %s, %llu operations in %u s, %s", engine,
		 operations, seconds, nmi ? "NMIs included" : "without NMIs");
	pr_info("%s\n", result);
}

static int direct(void *unused)
{
	bool all = !strcmp(engine, "all");
	unsigned long begin = jiffies;
	unsigned long share = (unsigned long)duration * HZ / (all ? ARRAY_SIZE(engines) : 1);
	unsigned int i;

	if (!all)
		torture_engine(engine, share);
	for (i = 0; all && i < ARRAY_SIZE(engines) && !ends(); i++)
		torture_engine(engines[i], share);
	tell(begin);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}

static int __init torture_init(void)
{
	if (!threads || !items || !period_us || !interval)
		return -EINVAL;
	director = kthread_run(direct, NULL, "memmgr_torture");
	return PTR_ERR_OR_ZERO(director);
}

static void __exit torture_exit(void)
{
	kthread_stop(director);
}

module_init(torture_init);
module_exit(torture_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memmgr authors");
MODULE_DESCRIPTION("Torture of memmgr's heaps in every context");
