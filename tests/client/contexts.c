// SPDX-License-Identifier: GPL-2.0
/*
 * One job at a time is handed to a context and waited for by looking at it, for in
 * NMI nobody can be woken.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>

#include <asm/apic.h>
#include <asm/nmi.h>

#include "contexts.h"

#define PATIENCE (10 * HZ)

const char * const context_names[CONTEXTS] = {
	"process", "lock", "softirq", "hardirq", "irq_work", "nmi",
};

struct job {
	enum context context;
	int (*fn)(void *arg);
	void *arg;
	int ret;
	bool done;
};

static struct job *current_job; /* one at a time: of run_in() */
static DEFINE_RAW_SPINLOCK(lock);
static struct hrtimer timer;
static struct irq_work irq_work;
static struct tasklet_struct tasklet;

static bool is_in(enum context context)
{
	switch (context) {
	case IN_PROCESS:
		return in_task() && !irqs_disabled();
	case IN_LOCK:
		return in_task() && irqs_disabled();
	case IN_SOFTIRQ:
		return in_serving_softirq() && !in_hardirq() && !in_nmi();
	case IN_HARDIRQ:
	case IN_IRQ_WORK:
		return in_hardirq() && !in_nmi();
	default:
		return in_nmi();
	}
}

/* Only once: an NMI can come again, or from elsewhere. */
static bool run_job(void)
{
	struct job *job = xchg(&current_job, NULL);

	if (!job)
		return false;
	job->ret = is_in(job->context) ? job->fn(job->arg) : -ESRCH;
	/* pairs with run_in() */
	smp_store_release(&job->done, true);
	return true;
}

static enum hrtimer_restart run_in_timer(struct hrtimer *unused)
{
	run_job();
	return HRTIMER_NORESTART;
}

static void run_in_irq_work(struct irq_work *unused)
{
	run_job();
}

static void run_in_tasklet(struct tasklet_struct *unused)
{
	run_job();
}

static int run_in_nmi(unsigned int type, struct pt_regs *regs)
{
	struct job *job = READ_ONCE(current_job);

	if (!job || job->context != IN_NMI)
		return NMI_DONE;
	return run_job() ? NMI_HANDLED : NMI_DONE;
}

static void run_locked(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	run_job();
	raw_spin_unlock_irqrestore(&lock, flags);
}

static void send_nmi(void)
{
	apic->send_IPI_mask(cpumask_of(get_cpu()), NMI_VECTOR);
	put_cpu();
}

static void start(enum context context)
{
	switch (context) {
	case IN_PROCESS:
		run_job();
		break;
	case IN_LOCK:
		run_locked();
		break;
	case IN_SOFTIRQ:
		tasklet_schedule(&tasklet);
		break;
	case IN_HARDIRQ:
		hrtimer_start(&timer, ns_to_ktime(10000), HRTIMER_MODE_REL_PINNED_HARD);
		break;
	case IN_IRQ_WORK:
		irq_work_queue(&irq_work);
		break;
	default:
		send_nmi();
	}
}

int run_in(enum context context, int (*fn)(void *arg), void *arg)
{
	struct job job = { .context = context, .fn = fn, .arg = arg };
	unsigned long end = jiffies + PATIENCE;

	WRITE_ONCE(current_job, &job); /* start() is a barrier */
	start(context);
	/* pairs with run_job() */
	while (!smp_load_acquire(&job.done)) {
		if (time_after(jiffies, end) && cmpxchg(&current_job, &job, NULL) == &job)
			return -ETIME;
		usleep_range(20, 100);
	}
	return job.ret;
}

int contexts_init(void)
{
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer.function = run_in_timer;
	irq_work = IRQ_WORK_INIT_HARD(run_in_irq_work);
	tasklet_setup(&tasklet, run_in_tasklet);
	return register_nmi_handler(NMI_LOCAL, run_in_nmi, 0, "memmgr_test");
}

void contexts_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "memmgr_test");
	hrtimer_cancel(&timer);
	irq_work_sync(&irq_work);
	tasklet_kill(&tasklet);
}
