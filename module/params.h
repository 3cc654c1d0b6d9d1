/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMMGR_PARAMS_H
#define MEMMGR_PARAMS_H

struct memmgr_arena_config;
struct memmgr_engine;
struct memmgr_limits;

int memmgr_params_check(struct memmgr_arena_config *config, struct memmgr_limits *limits);
const struct memmgr_engine *memmgr_params_engine(void);

#endif /* MEMMGR_PARAMS_H */
