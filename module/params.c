// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters. Sizes take the suffixes K, M, G, T. All of them are fixed
 * when the module is loaded; a value that makes no sense refuses to load, and the
 * log says which one and what would make sense.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "arena.h"
#include "limits.h"
#include "params.h"

#define DEFAULT_ARENA_SIZE (16ULL << 20)
#define DEFAULT_ARENAS 4096

/* The shift that a suffix stands for; -1 if it is none. */
static int suffix_shift(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *letter;

	if (!suffix[0] || suffix[0] == '\n')
		return 0;
	letter = strchr(letters, toupper(suffix[0]));
	if (!letter || (suffix[1] && suffix[1] != '\n'))
		return -1;
	return 10 * (letter - letters + 1);
}

/* A number, with a suffix or without, that fits into 64 bits. */
static int parse_size(const char *text, u64 *size)
{
	size_t digits = strcspn(text, "KkMmGgTt\n");
	int shift = suffix_shift(text + digits);
	char number[24] = "";
	u64 value;

	if (shift < 0 || digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, digits);
	if (kstrtoull(number, 0, &value) || value > U64_MAX >> shift)
		return -EINVAL;
	*size = value << shift;
	return 0;
}

/* memparse() would let an overflow pass for a small size. */
static int size_set(const char *text, const struct kernel_param *param)
{
	if (text && !parse_size(text, param->arg))
		return 0;
	pr_err("%s: '%s' is not a size; give bytes, or a number with K, M, G or T\n",
	       param->name, text ?: "");
	return -EINVAL;
}

static int size_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%llu\n", *(u64 *)param->arg);
}

static const struct kernel_param_ops size_ops = {
	.set = size_set,
	.get = size_get,
};

static u64 arena_size = DEFAULT_ARENA_SIZE;
module_param_cb(arena_size, &size_ops, &arena_size, 0444);
MODULE_PARM_DESC(arena_size, "size of the default arena, bytes (default 16M)");

static u64 granule = MEMMGR_GRANULE_DEFAULT;
module_param_cb(granule, &size_ops, &granule, 0444);
MODULE_PARM_DESC(granule, "granule of the default arena, a power of two, 16 to 64K (default 16)");

static char *engine = "first_fit";
module_param(engine, charp, 0444);
MODULE_PARM_DESC(engine, "engine of arenas that ask for none, the default arena included");

static u64 reserve;
module_param_cb(reserve, &size_ops, &reserve, 0444);
MODULE_PARM_DESC(reserve, "emergency heap of the default arena, bytes, with an engine that has one (default 0)");

static u64 max_arena_size;
module_param_cb(max_arena_size, &size_ops, &max_arena_size, 0444);
MODULE_PARM_DESC(max_arena_size, "largest arena, bytes (default 0: as max_total_size)");

static u64 max_total_size;
module_param_cb(max_total_size, &size_ops, &max_total_size, 0444);
MODULE_PARM_DESC(max_total_size, "largest sum of all arenas, bytes (default 0: half of RAM)");

static unsigned int max_arenas = DEFAULT_ARENAS;
module_param(max_arenas, uint, 0444);
MODULE_PARM_DESC(max_arenas, "most arenas, the default one included (default 4096)");

/* The engine of arenas that ask for none; valid once the parameters were checked. */
const struct memmgr_engine *memmgr_params_engine(void)
{
	return memmgr_engine_find(engine);
}

static u64 half_of_ram(void)
{
	return (u64)totalram_pages() << PAGE_SHIFT >> 1;
}

static int check_limits(struct memmgr_limits *limits)
{
	limits->total_size = max_total_size ?: half_of_ram();
	limits->arena_size = max_arena_size ?: limits->total_size;
	limits->arenas = max_arenas;
	if (limits->arena_size > limits->total_size) {
		pr_err("max_arena_size: %llu is more than max_total_size, %llu\n",
		       limits->arena_size, limits->total_size);
		return -EINVAL;
	}
	if (!limits->arenas) {
		pr_err("max_arenas: 0 leaves no room for the default arena; give 1 or more\n");
		return -EINVAL;
	}
	return 0;
}

static int check_arena(struct memmgr_arena_config *config, const struct memmgr_limits *limits)
{
	*config = (struct memmgr_arena_config){ .size = arena_size, .reserve = reserve };
	config->granule = granule;
	config->engine = memmgr_params_engine();
	config->name = "default";
	if (!arena_size || arena_size > limits->arena_size) {
		pr_err("arena_size: %llu is not between 1 and max_arena_size, %llu\n", arena_size,
		       limits->arena_size);
		return -EINVAL;
	}
	if (!memmgr_granule_exists(granule)) {
		pr_err("granule: %llu is not a power of two between %u and %u\n", granule,
		       MEMMGR_GRANULE_MIN, MEMMGR_GRANULE_MAX);
		return -EINVAL;
	}
	if (!config->engine) {
		pr_err("engine: there is no '%s'; try '%s'\n", engine, memmgr_engine_at(0)->name);
		return -EINVAL;
	}
	if (reserve && !(config->engine->flags & MEMMGR_ENGINE_RESERVE)) {
		pr_err("reserve: the engine '%s' has no emergency heap\n", engine);
		return -EINVAL;
	}
	if (reserve >= arena_size) {
		pr_err("reserve: %llu leaves nothing of arena_size, %llu\n", reserve, arena_size);
		return -EINVAL;
	}
	return 0;
}

/**
 * memmgr_params_check - what the parameters mean
 * @config: the default arena
 * @limits: the module's limits
 *
 * Return: 0, or -EINVAL with the reason in the log. Context: module loading.
 */
int memmgr_params_check(struct memmgr_arena_config *config, struct memmgr_limits *limits)
{
	return check_limits(limits) ?: check_arena(config, limits);
}
