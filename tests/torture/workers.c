// SPDX-License-Identifier: GPL-2.0
/*
 * Getting into each context: threads that never rest, and on every CPU a pinned
 * hrtimer in hardirq, a timer in softirq, an irq_work that the threads queue, and
 * NMIs that they send to any CPU, their own included.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include <asm/apic.h>
#include <asm/nmi.h>

#include "torture.h"

#define STEPS 4 /* in one interrupt */
#define ROUNDS 16 /* of a thread between two interrupts that it sends */

const char * const context_names[CONTEXTS] = {
	"process", "softirq", "hardirq", "irq_work", "nmi",
};

/**
 * struct station - a CPU
 * @worker: by context; but IN_PROCESS
 * @seen: operations of each when progress was last looked at
 * @hrtimer: for IN_HARDIRQ
 * @timer: for IN_SOFTIRQ
 * @irq_work: for IN_IRQ_WORK
 * @nmi: one was sent here
 */
struct station {
	struct worker worker[CONTEXTS];
	u64 seen[CONTEXTS];
	struct hrtimer hrtimer;
	struct timer_list timer;
	struct irq_work irq_work;
	int nmi;
};

static DEFINE_PER_CPU(struct station, stations);
static struct worker *thread_workers;
static struct task_struct **threads;
static unsigned int thread_count;
static ktime_t period;
static bool stopping;
static bool with_nmi;

static void work(enum context context)
{
	struct worker *worker = &this_cpu_ptr(&stations)->worker[context];
	int i;

	for (i = 0; i < STEPS && !READ_ONCE(stopping); i++)
		pool_step(worker);
}

static enum hrtimer_restart in_hrtimer(struct hrtimer *hrtimer)
{
	work(IN_HARDIRQ);
	if (READ_ONCE(stopping))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(hrtimer, period);
	return HRTIMER_RESTART;
}

static void in_timer(struct timer_list *timer)
{
	work(IN_SOFTIRQ);
	if (!READ_ONCE(stopping))
		mod_timer(timer, jiffies + 1);
}

static void in_irq_work(struct irq_work *unused)
{
	work(IN_IRQ_WORK);
}

static int in_nmi_handler(unsigned int type, struct pt_regs *regs)
{
	if (!xchg(&this_cpu_ptr(&stations)->nmi, 0))
		return NMI_DONE;
	work(IN_NMI);
	return NMI_HANDLED;
}

static void send_nmi(unsigned int cpu)
{
	if (with_nmi && !xchg(&per_cpu(stations, cpu).nmi, 1))
		apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
}

/* The @index-th CPU, counted round and round. */
static unsigned int cpu_at(unsigned int index)
{
	unsigned int cpu;

	index %= num_online_cpus();
	for_each_online_cpu(cpu)
		if (!index--)
			break;
	return cpu;
}

static void disturb(struct worker *worker)
{
	preempt_disable();
	send_nmi(cpu_at(worker->random >> 40));
	irq_work_queue(&this_cpu_ptr(&stations)->irq_work);
	preempt_enable();
}

/* An NMI that finds no handler would be reported as a fault of the machine. */
static void await_nmi(struct station *station)
{
	unsigned long end = jiffies + HZ;

	while (READ_ONCE(station->nmi) && time_before(jiffies, end))
		usleep_range(100, 200);
}

static int in_thread(void *arg)
{
	struct worker *worker = arg;
	int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < ROUNDS; i++)
			pool_step_process(worker);
		disturb(worker);
		cond_resched();
	}
	return 0;
}

/* --- beginning and end ---------------------------------------------------- */

static void start_timers(void *unused)
{
	struct station *station = this_cpu_ptr(&stations);

	hrtimer_start(&station->hrtimer, period, HRTIMER_MODE_REL_PINNED_HARD);
	station->timer.expires = jiffies + 1;
	add_timer_on(&station->timer, smp_processor_id());
}

static void init_station(struct station *station)
{
	enum context context;

	memset(station, 0, sizeof(*station));
	for (context = 0; context < CONTEXTS; context++)
		station->worker[context] = (struct worker){ context, get_random_u64(), {} };
	hrtimer_init(&station->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	station->hrtimer.function = in_hrtimer;
	timer_setup(&station->timer, in_timer, TIMER_PINNED);
	station->irq_work = IRQ_WORK_INIT_HARD(in_irq_work);
}

static int start_threads(void)
{
	unsigned int i;

	for (i = 0; i < thread_count; i++) {
		thread_workers[i] = (struct worker){ IN_PROCESS, get_random_u64(), {} };
		threads[i] = kthread_run(in_thread, &thread_workers[i], "memmgr_torture/%u", i);
		if (IS_ERR(threads[i]))
			return PTR_ERR(threads[i]);
	}
	return 0;
}

int workers_start(unsigned int count, unsigned int period_us, bool nmi)
{
	int cpu, ret;

	stopping = false;
	with_nmi = nmi;
	thread_count = count;
	period = ns_to_ktime((u64)period_us * NSEC_PER_USEC);
	threads = kcalloc(count, sizeof(*threads), GFP_KERNEL);
	thread_workers = kcalloc(count, sizeof(*thread_workers), GFP_KERNEL);
	if (!threads || !thread_workers)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		init_station(per_cpu_ptr(&stations, cpu));
	ret = register_nmi_handler(NMI_LOCAL, in_nmi_handler, 0, "memmgr_torture");
	if (ret)
		return ret;
	cpus_read_lock();
	on_each_cpu(start_timers, NULL, true);
	cpus_read_unlock();
	return start_threads();
}

/* Nobody is at work when this returns; also after workers_start() failed. */
void workers_stop(void)
{
	unsigned int i;
	int cpu;

	WRITE_ONCE(stopping, true);
	for (i = 0; threads && i < thread_count; i++)
		if (!IS_ERR_OR_NULL(threads[i]))
			kthread_stop(threads[i]);
	for_each_possible_cpu(cpu) {
		struct station *station = per_cpu_ptr(&stations, cpu);

		if (!station->hrtimer.function)
			continue;
		hrtimer_cancel(&station->hrtimer);
		del_timer_sync(&station->timer);
		irq_work_sync(&station->irq_work);
		await_nmi(station);
	}
	unregister_nmi_handler(NMI_LOCAL, "memmgr_torture");
	kfree(threads);
	kfree(thread_workers);
	threads = NULL;
	thread_workers = NULL;
}

/* --- looking at them ------------------------------------------------------ */

static void add(struct figures *sum, const struct worker *worker)
{
	sum->allocs += READ_ONCE(worker->done.allocs);
	sum->frees += READ_ONCE(worker->done.frees);
	sum->reallocs += READ_ONCE(worker->done.reallocs);
	sum->again += READ_ONCE(worker->done.again);
	sum->full += READ_ONCE(worker->done.full);
}

struct figures workers_figures(enum context context)
{
	struct figures sum = {};
	unsigned int i;
	int cpu;

	for (i = 0; context == IN_PROCESS && i < thread_count; i++)
		add(&sum, &thread_workers[i]);
	for_each_possible_cpu(cpu)
		add(&sum, &per_cpu(stations, cpu).worker[context]);
	return sum;
}

/* A context that has done nothing since this was last asked, or NULL. */
const char *workers_stalled(void)
{
	static u64 seen[CONTEXTS];
	const char *stalled = NULL;
	struct figures sum;
	enum context context;
	u64 operations;

	for (context = 0; context < CONTEXTS; context++) {
		sum = workers_figures(context);
		operations = sum.allocs + sum.frees + sum.again + sum.full;
		if (operations == seen[context] && (with_nmi || context != IN_NMI))
			stalled = context_names[context];
		seen[context] = operations;
	}
	return stalled;
}
