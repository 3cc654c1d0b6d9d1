// SPDX-License-Identifier: GPL-2.0
/*
 * memmgr_example.ko: a driver that gets data in interrupts, handles it in a thread,
 * and lets processes look at it meanwhile.
 *
 *	hrtimer, in hardirq		kthread			a process
 *
 *	alloc a block, write
 *	a record, queue its
 *	handle			-->	read it, free it
 *					   |
 *	    the arena: | record | record | record | ...  <--	maps it read-only and
 *								walks over the blocks
 *
 * To try it:
 *
 *	make -C /lib/modules/$(uname -r)/build M=$PWD MEMMGR=/usr/local/src/memmgr
 *	insmod memmgr.ko; insmod memmgr_example.ko
 *	cc watch.c -o watch $(pkg-config --cflags --libs libmemmgr) && ./watch
 *
 * Things to note in a driver of one's own:
 *
 *  - The engine is chunk: its blocks can be had and freed in any context, in a
 *    bounded number of steps.
 *  - An allocation in an interrupt can fail, and what then happens must be decided.
 *    Here a record is lost, and counted.
 *  - What is handed on is a handle, not a pointer: one that is wrong is found out.
 *  - The tag says what is in a block to whoever looks at the arena.
 *  - When the module goes, processes that have mapped the arena keep it; nothing
 *    has to be revoked. A block that was forgotten would be in the log.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/kfifo.h>
#include <linux/kthread.h>
#include <linux/memmgr_kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include "memmgr_example.h"

static unsigned int period_us = 1000;
module_param(period_us, uint, 0444);
MODULE_PARM_DESC(period_us, "time between two records, microseconds (default 1000)");

static unsigned int linger_ms = 20;
module_param(linger_ms, uint, 0444);
MODULE_PARM_DESC(linger_ms, "time between two looks of the consumer, milliseconds (default 20)");

static unsigned long lost;
module_param(lost, ulong, 0444);
MODULE_PARM_DESC(lost, "records that found no memory or no place in the queue");

static unsigned long consumed;
module_param(consumed, ulong, 0444);
MODULE_PARM_DESC(consumed, "records that were read and freed");

static unsigned long wrong;
module_param(wrong, ulong, 0444);
MODULE_PARM_DESC(wrong, "records that were not what was written; always 0");

static struct memmgr_heap *heap;
static struct hrtimer timer;
static struct task_struct *consumer;

/* One writer, one reader: needs no lock. */
static DEFINE_KFIFO(queue, u64, 1024);

/* --- producing, in hardirq ------------------------------------------------ */

static u64 ticks;

static ktime_t period(void)
{
	return ns_to_ktime((u64)period_us * NSEC_PER_USEC);
}

static bool produce(void)
{
	struct memmgr_wish wish = {
		.size = sizeof(struct example_record),
		.tag = EXAMPLE_RECORD,
	};
	struct memmgr_place place;
	struct example_record *record;

	if (memmgr_heap_alloc_atomic(heap, &wish, &place))
		return false;
	record = place.memory;
	*record = (struct example_record){
		.number = ticks,
		.time = ktime_get_boottime_ns(),
		.cpu = smp_processor_id(),
	};
	if (kfifo_put(&queue, place.handle))
		return true;
	memmgr_heap_free_atomic(heap, place.handle);
	return false;
}

static enum hrtimer_restart tick(struct hrtimer *unused)
{
	ticks++;
	if (!produce())
		lost++;
	hrtimer_forward_now(&timer, period());
	return HRTIMER_RESTART;
}

/* --- consuming, in a thread ----------------------------------------------- */

/* Numbers ascend: who wrote them allocated in this order. */
static void consume(u64 handle)
{
	static u64 last;
	struct example_record *record;
	struct memmgr_block block;

	if (memmgr_heap_query(heap, handle, &block) || block.tag != EXAMPLE_RECORD) {
		wrong++;
		return;
	}
	record = memmgr_heap_memory(heap, block.offset);
	if (record->number <= last)
		wrong++;
	last = record->number;
	memmgr_heap_free(heap, handle);
	consumed++;
}

static void consume_all(void)
{
	u64 handle;

	while (kfifo_get(&queue, &handle))
		consume(handle);
}

static int consume_now_and_then(void *unused)
{
	while (!kthread_should_stop()) {
		consume_all();
		schedule_timeout_interruptible(msecs_to_jiffies(linger_ms));
	}
	return 0;
}

/* --- letting a process watch ---------------------------------------------- */

static long example_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	if (command != EXAMPLE_IOC_ARENA || arg)
		return -ENOTTY;
	return memmgr_heap_fd(heap, MEMMGR_ATTACH_READONLY);
}

static const struct file_operations example_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = example_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "memmgr_example",
	.fops = &example_fops,
};

/* --- beginning and end ---------------------------------------------------- */

static void start_timer(void)
{
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = tick;
	hrtimer_start(&timer, period(), HRTIMER_MODE_REL_HARD);
}

static int __init example_init(void)
{
	struct memmgr_heap_config config = {
		.name = "example",
		.engine = "chunk",
		.size = SZ_64K,
		.flags = MEMMGR_HEAP_VISIBLE | MEMMGR_HEAP_MAPPABLE,
	};
	int ret;

	if (!period_us)
		return -EINVAL;
	heap = memmgr_heap_create(&config);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	consumer = kthread_run(consume_now_and_then, NULL, "memmgr_example");
	ret = PTR_ERR_OR_ZERO(consumer);
	if (ret)
		goto destroy_heap;
	ret = misc_register(&device);
	if (ret)
		goto stop_consumer;
	start_timer();
	return 0;

stop_consumer:
	kthread_stop(consumer);
destroy_heap:
	memmgr_heap_destroy(heap);
	return ret;
}

/* First nobody produces, then nobody consumes, then the heap is empty. */
static void __exit example_exit(void)
{
	hrtimer_cancel(&timer);
	misc_deregister(&device);
	kthread_stop(consumer);
	consume_all();
	memmgr_heap_destroy(heap);
}

module_init(example_init);
module_exit(example_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memmgr authors");
MODULE_DESCRIPTION("An example of a driver that uses memmgr");
