/* SPDX-License-Identifier: GPL-2.0 */
/* The header needs nothing before it, and may be included twice. */
#include <linux/memmgr.h>
#include <linux/memmgr.h>
