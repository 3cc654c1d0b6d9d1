/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef MEMMGR_TESTS_SUITES_H
#define MEMMGR_TESTS_SUITES_H

#include "engine.h"

/* For any engine. */
void contract_suite(const struct memmgr_engine *engine);

/* For an engine of which there is a slow model. */
void random_suite(const struct memmgr_engine *engine);

/* What is known to go wrong, of any engine. */
void known_suite(const struct memmgr_engine *engine);

/* All of small worlds, of all engines. */
void small_suite(void);

/* For one engine. */
void first_fit_suite(void);
void best_fit_suite(void);
void chunk_suite(void);
void buddy_suite(void);
void ebuddy_suite(void);
void hints_suite(void);

#endif /* MEMMGR_TESTS_SUITES_H */
