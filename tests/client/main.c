// SPDX-License-Identifier: GPL-2.0
/*
 * memmgr_test.ko: runs test cases on request. In debugfs, memmgr_test/
 *
 *	cases	names, a line each
 *	run	write "NAME" or "NAME NUMBER"; fails with EPROTO if the case does
 *	result	then, where it failed, or what it says
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "client.h"
#include "contexts.h"

static const struct client_case * const suites[] = {
	client_arena_cases,
	client_block_cases,
	client_atomic_cases,
};

static struct dentry *folder;
static char result[256]; /* under running */
static DEFINE_MUTEX(running);

int client_fail(const char *file, int line, const char *what, s64 value)
{
	snprintf(result, sizeof(result), "%s:%d: not so: %s (%lld)", kbasename(file), line, what,
		 value);
	return -EPROTO;
}

void client_say(s64 number)
{
	snprintf(result, sizeof(result), "%lld", number);
}

/* The @index-th case of all, or NULL. */
static const struct client_case *case_at(unsigned int index)
{
	const struct client_case *at;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (at = suites[i]; at->name; at++)
			if (!index--)
				return at;
	return NULL;
}

static int run_case(char *text)
{
	char *name = strsep(&text, " ");
	const struct client_case *at;
	unsigned int i;
	long arg = 0;

	if (text && kstrtol(text, 0, &arg))
		return -EINVAL;
	for (i = 0; (at = case_at(i)); i++)
		if (!strcmp(at->name, name))
			return at->run(arg);
	return -ENOENT;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	char text[64] = "";
	int ret;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	mutex_lock(&running);
	result[0] = '\0';
	ret = run_case(text);
	mutex_unlock(&running);
	return ret ?: size;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.write = run_write,
};

static int result_show(struct seq_file *m, void *unused)
{
	mutex_lock(&running);
	seq_puts(m, result);
	mutex_unlock(&running);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static int cases_show(struct seq_file *m, void *unused)
{
	const struct client_case *at;
	unsigned int i;

	for (i = 0; (at = case_at(i)); i++)
		seq_printf(m, "%s\n", at->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cases);

static int __init client_init(void)
{
	int ret = contexts_init();

	if (ret)
		return ret;
	folder = debugfs_create_dir("memmgr_test", NULL);
	debugfs_create_file("run", 0200, folder, NULL, &run_fops);
	debugfs_create_file("result", 0400, folder, NULL, &result_fops);
	debugfs_create_file("cases", 0400, folder, NULL, &cases_fops);
	return 0;
}

static void __exit client_exit(void)
{
	debugfs_remove(folder);
	contexts_exit();
}

module_init(client_init);
module_exit(client_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The memmgr authors");
MODULE_DESCRIPTION("Tests of memmgr's kernel interface");
