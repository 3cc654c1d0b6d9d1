/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of libmemmgr share: an arena to work on, and what must hold in the end. */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include "memmgr_test.h"

#include <memmgr.h>

#define L_SIZE T_MIB

/* The expression, which is true if the call failed, is, and errno says why. */
#define EXPECT_FAILS(error, failed)         \
	do {                                \
		errno = 0;                  \
		EXPECT_TRUE(failed);        \
		EXPECT_EQ(error, errno);    \
	} while (0)

/* An arena of our own. */
static inline struct memmgr *l_create(uint64_t size, uint32_t granule)
{
	const struct memmgr_config config = {
		.size = size,
		.granule = granule,
		.name = "library test",
	};

	return memmgr_create(NULL, &config);
}

static inline uint64_t l_blocks(struct memmgr *m)
{
	struct memmgr_stat stat;

	return memmgr_stat(m, &stat) ? UINT64_MAX : stat.out_blocks;
}

/* Are @size bytes from @ptr on all @byte? */
static inline bool l_is(const void *ptr, int byte, size_t size)
{
	const unsigned char *at = ptr;
	size_t i;

	for (i = 0; i < size; i++)
		if (at[i] != (unsigned char)byte)
			return false;
	return true;
}

FIXTURE(arena)
{
	struct memmgr *m;
};

FIXTURE_SETUP(arena)
{
	self->m = l_create(L_SIZE, 0);
	ASSERT_NE(NULL, self->m);
}

FIXTURE_TEARDOWN(arena)
{
	EXPECT_STREQ("", t_disorder(memmgr_fd(self->m)));
	memmgr_close(self->m);
}

#endif /* LIB_TEST_H */
