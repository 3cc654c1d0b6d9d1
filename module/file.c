// SPDX-License-Identifier: GPL-2.0
/*
 * Files on arenas.
 *
 * All state of a client hangs off its struct file: the file is the owner. It is
 * made by opening the device, or by a command as an anonymous file, and ends with
 * the last descriptor and mapping. As every file and mapping holds the module,
 * it cannot be unloaded while there is one.
 *
 * A file that a command makes is prepared first and installed as the last act,
 * when the caller has been told its number: see ioctl.c.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/module.h>

#include "arena.h"
#include "file.h"

static struct memmgr_arena *default_arena; /* immutable while the device exists */

void memmgr_file_set_default(struct memmgr_arena *arena)
{
	default_arena = arena;
}

static u32 rights_of(const struct file *file)
{
	return (file->f_mode & FMODE_READ ? MEMMGR_RIGHT_READ : 0) |
	       (file->f_mode & FMODE_WRITE ? MEMMGR_RIGHT_WRITE : 0);
}

static int memmgr_open(struct inode *inode, struct file *file)
{
	struct memmgr_owner *owner = memmgr_owner_open(default_arena, rights_of(file));

	if (IS_ERR(owner))
		return PTR_ERR(owner);
	file->private_data = owner;
	return nonseekable_open(inode, file);
}

static int memmgr_release(struct inode *inode, struct file *file)
{
	memmgr_owner_close(memmgr_owner_of(file));
	return 0;
}

const struct file_operations memmgr_fops = {
	.owner = THIS_MODULE,
	.open = memmgr_open,
	.release = memmgr_release,
	.unlocked_ioctl = memmgr_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = memmgr_mmap,
	.fsync = noop_fsync, /* msync() of memory has nothing to write */
};

static struct file *new_file(struct memmgr_arena *arena, u32 rights)
{
	struct memmgr_owner *owner = memmgr_owner_open(arena, rights);
	struct file *file;

	if (IS_ERR(owner))
		return ERR_CAST(owner);
	file = anon_inode_getfile("[memmgr]", &memmgr_fops, owner,
				  rights & MEMMGR_RIGHT_WRITE ? O_RDWR : O_RDONLY);
	if (IS_ERR(file))
		memmgr_owner_close(owner);
	return file;
}

/**
 * memmgr_file_prepare - make a file on an arena, but show it to nobody
 * @arena: which; the file's owner takes a reference
 * @rights: MEMMGR_RIGHT_*
 * @new: what was made; to be installed or cancelled
 *
 * Return: 0, -EMFILE, -ENFILE, -ENOMEM. Context: process, may sleep.
 */
int memmgr_file_prepare(struct memmgr_arena *arena, u32 rights, struct memmgr_new_file *new)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = new_file(arena, rights);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	*new = (struct memmgr_new_file){ .file = file, .fd = fd };
	return 0;
}

/* Cannot fail, and cannot be undone: others may use the descriptor at once. */
void memmgr_file_install(const struct memmgr_new_file *new)
{
	fd_install(new->fd, new->file);
}

void memmgr_file_cancel(const struct memmgr_new_file *new)
{
	put_unused_fd(new->fd);
	fput(new->file);
}

/**
 * memmgr_file_attach - another owner on the arena of a descriptor
 * @fd: of the calling process
 *
 * Return: the owner, with the descriptor's rights; or ERR_PTR: -EBADF if there is
 * no such descriptor, -EINVAL if it is not one of ours, -ENOMEM. Context: process,
 * may sleep.
 */
struct memmgr_owner *memmgr_file_attach(int fd)
{
	struct memmgr_owner *owner = ERR_PTR(-EINVAL);
	struct fd f = fdget(fd);

	if (!f.file)
		return ERR_PTR(-EBADF);
	if (f.file->f_op == &memmgr_fops)
		owner = memmgr_owner_open(memmgr_owner_of(f.file)->arena,
					  memmgr_owner_of(f.file)->rights);
	fdput(f);
	return owner;
}
