/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the example's module and the process that watches it share.
 */
#ifndef MEMMGR_EXAMPLE_H
#define MEMMGR_EXAMPLE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EXAMPLE_DEVICE "/dev/memmgr_example"

/* Returns a read-only descriptor of the arena. */
#define EXAMPLE_IOC_ARENA _IO(0xE8, 0x80)

/* Tag of the blocks that hold records. */
#define EXAMPLE_RECORD 0x7ec07d

/**
 * struct example_record - what is in a block
 * @number: counts the timer's ticks, from 1
 * @time: when it was written, nanoseconds since boot
 * @cpu: where
 * @reserved: 0
 */
struct example_record {
	__u64 number;
	__u64 time;
	__u32 cpu;
	__u32 reserved;
};

#endif /* MEMMGR_EXAMPLE_H */
