// SPDX-License-Identifier: GPL-2.0
/*
 * memmgr_bench.ko: the device through which a program has traces gone through, one at
 * a time.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "contender.h"

#define STEPS_MAX 10000000U

static const struct contender * const lists[] = {
	slab_contenders,
	gen_pool_contenders,
#if IS_ENABLED(CONFIG_DRM_BUDDY)
	drm_buddy_contenders,
#endif
	heap_contenders,
};

static DEFINE_MUTEX(running);

/* The @index-th of all, or NULL. */
static const struct contender *contender_at(u32 index)
{
	const struct contender *at;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		for (at = lists[i]; at->name; at++)
			if (!index--)
				return at;
	return NULL;
}

static long do_contender(struct memmgr_bench_contender __user *user)
{
	struct memmgr_bench_contender told;
	const struct contender *contender;

	if (copy_from_user(&told, user, sizeof(told)))
		return -EFAULT;
	contender = contender_at(told.index);
	if (!contender)
		return -ENOENT;
	told.out_linear = contender->linear;
	strscpy_pad(told.out_name, contender->name, sizeof(told.out_name));
	return copy_to_user(user, &told, sizeof(told)) ? -EFAULT : 0;
}

static bool is_sane(const struct memmgr_bench_run *run)
{
	return run->live && run->live <= STEPS_MAX && run->warmup <= STEPS_MAX && run->count &&
	       run->count <= STEPS_MAX && run->context < MEMMGR_BENCH_CONTEXTS;
}

static u32 steps_of(const struct memmgr_bench_run *run)
{
	return run->live + run->warmup + run->count;
}

static bool steps_are_sane(const struct memmgr_bench_run *run,
			   const struct memmgr_bench_step *steps)
{
	u32 i;

	for (i = 0; i < steps_of(run); i++)
		if (steps[i].slot >= run->live || !steps[i].size)
			return false;
	return true;
}

static int run_and_copy(const struct contender *contender, struct memmgr_bench_run *run,
			const struct memmgr_bench_step *steps)
{
	size_t bytes = array_size(run->count, sizeof(struct memmgr_bench_sample));
	struct memmgr_bench_sample *samples;
	int ret = -EINVAL;

	if (!steps_are_sane(run, steps))
		return ret;
	samples = kvmalloc(bytes, GFP_KERNEL | __GFP_ZERO);
	if (!samples)
		return -ENOMEM;
	ret = replay(contender, run, steps, samples);
	if (!ret && copy_to_user(u64_to_user_ptr(run->samples), samples, bytes))
		ret = -EFAULT;
	kvfree(samples);
	return ret;
}

static long do_run(struct memmgr_bench_run __user *user)
{
	const struct contender *contender;
	struct memmgr_bench_step *steps;
	struct memmgr_bench_run run;
	int ret;

	if (copy_from_user(&run, user, sizeof(run)))
		return -EFAULT;
	contender = contender_at(run.contender);
	if (!contender || !is_sane(&run))
		return -EINVAL;
	steps = vmemdup_user(u64_to_user_ptr(run.steps),
			     array_size(steps_of(&run), sizeof(*steps)));
	if (IS_ERR(steps))
		return PTR_ERR(steps);
	mutex_lock(&running);
	ret = run_and_copy(contender, &run, steps);
	mutex_unlock(&running);
	kvfree(steps);
	if (!ret && copy_to_user(user, &run, sizeof(run)))
		ret = -EFAULT;
	return ret;
}

static long bench_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case MEMMGR_BENCH_IOC_CONTENDER:
		return do_contender((void __user *)arg);
	case MEMMGR_BENCH_IOC_RUN:
		return do_run((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = bench_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "memmgr_bench",
	.fops = &bench_fops,
	.mode = 0600,
};

module_misc_device(device);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memmgr authors");
MODULE_DESCRIPTION("Measures memmgr beside the kernel's allocators");
