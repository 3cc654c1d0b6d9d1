// SPDX-License-Identifier: GPL-2.0
/*
 * What only the fuzzer needs to be told: it sees a process that aborts, but not one
 * that exits.
 */
#include "tap.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	tap_aborts = true;
	return 0;
}
