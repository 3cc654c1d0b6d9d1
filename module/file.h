/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files: what a client holds.
 */
#ifndef MEMMGR_FILE_H
#define MEMMGR_FILE_H

#include <linux/fs.h>

struct memmgr_arena;
struct memmgr_owner;

/**
 * struct memmgr_new_file - a file and a descriptor that are not yet one
 * @file: the file, with an owner of its own
 * @fd: the number that it will get
 */
struct memmgr_new_file {
	struct file *file;
	int fd;
};

extern const struct file_operations memmgr_fops;

void memmgr_file_set_default(struct memmgr_arena *arena);
int memmgr_file_prepare(struct memmgr_arena *arena, u32 rights, struct memmgr_new_file *new);
void memmgr_file_install(const struct memmgr_new_file *new);
void memmgr_file_cancel(const struct memmgr_new_file *new);
struct memmgr_owner *memmgr_file_attach(int fd);

/* mmap.c */
int memmgr_mmap(struct file *file, struct vm_area_struct *vma);

/* ioctl.c */
long memmgr_ioctl(struct file *file, unsigned int command, unsigned long arg);

static inline struct memmgr_owner *memmgr_owner_of(const struct file *file)
{
	return file->private_data;
}

#endif /* MEMMGR_FILE_H */
