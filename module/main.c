// SPDX-License-Identifier: GPL-2.0
/*
 * memmgr.ko: a shared heap that no client can corrupt, hang or leak.
 *
 * Loading makes the default arena and then the device; unloading, which is only
 * possible when no file or mapping is left, takes them away in reverse.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "arena.h"
#include "debugfs.h"
#include "file.h"
#include "heap.h"
#include "limits.h"
#include "params.h"

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "memmgr",
	.fops = &memmgr_fops,
};

static struct memmgr_arena *default_arena;

static int make_default_arena(void)
{
	struct memmgr_arena_config config;
	struct memmgr_limits limits;
	int ret = memmgr_params_check(&config, &limits);

	if (ret)
		return ret;
	memmgr_limits_set(&limits);
	default_arena = memmgr_arena_create(&config);
	if (IS_ERR(default_arena)) {
		ret = PTR_ERR(default_arena);
		pr_err("arena_size: no default arena of %llu bytes: error %d\n", config.size, ret);
		return ret;
	}
	memmgr_file_set_default(default_arena);
	return 0;
}

static int __init memmgr_init(void)
{
	int ret;

	memmgr_debugfs_init();
	ret = make_default_arena();
	if (ret)
		goto remove_debugfs;
	ret = misc_register(&device);
	if (ret)
		goto put_arena;
	return 0;

put_arena:
	memmgr_arena_put(default_arena);
remove_debugfs:
	memmgr_debugfs_exit();
	return ret;
}

static void __exit memmgr_exit(void)
{
	misc_deregister(&device);
	memmgr_heaps_end();
	memmgr_arena_put(default_arena);
	memmgr_debugfs_exit();
}

module_init(memmgr_init);
module_exit(memmgr_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memmgr authors");
MODULE_DESCRIPTION("A shared heap that no client can corrupt, hang or leak");
