/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is fuzzed, as libFuzzer wants it.
 */
#ifndef MEMMGR_TESTS_TARGET_H
#define MEMMGR_TESTS_TARGET_H

#include "engine.h"

/* The engine that an input whose first byte is @first is about. */
const struct memmgr_engine *target_engine(u8 first);

int LLVMFuzzerTestOneInput(const u8 *input, size_t size);

#endif /* MEMMGR_TESTS_TARGET_H */
