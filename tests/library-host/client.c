/* SPDX-License-Identifier: GPL-2.0 */
/* The public header alone is enough for a client, in C and in C++. */
#include <memmgr.h>

static int visit(struct memmgr *m, const struct memmgr_block *block, void *context)
{
	(void)context;
	return memmgr_block_free(m, block->handle);
}

int main(void)
{
	struct memmgr *m = memmgr_open("/nonexistent", MEMMGR_READONLY);
	struct memmgr_stat stat;

	if (!m)
		return 0;
	if (memmgr_iterate(m, NULL, visit, NULL) || memmgr_stat(m, &stat))
		return 1;
	memmgr_close(m);
	return 1;
}
