// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The table of engines: what an arena can be made with, the default first.
 */
#include "engine.h"

static const struct memmgr_engine *const engines[] = {
	&memmgr_first_fit,
	&memmgr_best_fit,
	&memmgr_chunk,
	&memmgr_buddy,
	&memmgr_ebuddy,
};

const struct memmgr_engine *memmgr_engine_at(unsigned int index)
{
	if (index >= ARRAY_SIZE(engines))
		return NULL;
	return engines[array_index_nospec(index, ARRAY_SIZE(engines))];
}

const struct memmgr_engine *memmgr_engine_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i]->name, name))
			return engines[i];
	return NULL;
}
