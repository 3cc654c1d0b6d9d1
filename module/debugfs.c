// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/memmgr: what an operator looks into.
 *
 *	arenas            a line for each arena
 *	<id>/summary      its figures and its owners
 *	<id>/blocks       a line for each block, however many, in no order
 *	<id>/map          the arena drawn in characters
 *	<id>/validate     reading it checks everything
 *
 * Everything is read while others go on. The files are root's alone, and show
 * numbers, offsets and handles, never an address. An arena's files are gone before
 * the arena is: debugfs_remove() waits for those who are reading. Nothing here can
 * fail in a way that matters: without debugfs the module works as well.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "arena.h"
#include "debugfs.h"

#define MAP_COLUMNS 64
#define MAP_ROWS 16
#define MAP_CELLS (MAP_COLUMNS * MAP_ROWS)
#define MODE 0400

static struct dentry *root;

static int arenas_show(struct seq_file *m, void *unused)
{
	struct memmgr_counts totals;
	struct memmgr_arena *arena;
	unsigned long id = 0;

	seq_puts(m, "id size granule engine used blocks owners name\n");
	memmgr_arenas_lock();
	while ((arena = memmgr_arena_next(&id))) {
		id++;
		if (arena->hidden)
			continue;
		totals = memmgr_totals(arena->counts);
		seq_printf(m, "%u %llu %llu %s %lld %lld %d %s\n", arena->id, arena->size,
			   memmgr_bytes(arena, 1), arena->engine->name, totals.used,
			   totals.allocs - totals.frees, atomic_read(&arena->owner_count),
			   arena->name);
	}
	memmgr_arenas_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(arenas);

static void show_space(struct seq_file *m, struct memmgr_arena *arena)
{
	struct memmgr_engine_stat stat;

	memmgr_space_stat(arena, &stat);
	seq_printf(m, "name                   %s\n", arena->name);
	seq_printf(m, "size                   %llu\n", arena->size);
	seq_printf(m, "granule                %llu\n", memmgr_bytes(arena, 1));
	seq_printf(m, "engine                 %s\n", arena->engine->name);
	seq_printf(m, "free                   %llu\n", memmgr_bytes(arena, stat.free));
	seq_printf(m, "largest                %llu\n", memmgr_bytes(arena, stat.largest));
	seq_printf(m, "peak                   %llu\n",
		   memmgr_bytes(arena, atomic64_read(&arena->peak)));
	seq_printf(m, "metadata               %llu\n", memmgr_arena_metadata(arena));
	seq_printf(m, "lost_races             %llu\n", stat.lost_races);
	seq_printf(m, "ties_broken            %llu\n", stat.ties_broken);
	seq_printf(m, "retries                %llu\n", stat.retries);
	seq_printf(m, "broken                 %s\n", READ_ONCE(arena->broken) ? "yes" : "no");
}

static void show_counts(struct seq_file *m, struct memmgr_arena *arena)
{
	struct memmgr_counts totals = memmgr_totals(arena->counts);

	seq_printf(m, "used                   %lld\n", totals.used);
	seq_printf(m, "requested              %lld\n", totals.requested);
	seq_printf(m, "internal_fragmentation %lld\n",
		   max_t(s64, totals.used - totals.requested, 0));
	seq_printf(m, "blocks                 %lld\n", totals.allocs - totals.frees);
	seq_printf(m, "orphans                %lld\n", totals.orphans);
	seq_printf(m, "orphan_bytes           %lld\n", totals.orphan_bytes);
	seq_printf(m, "allocs                 %lld\n", totals.allocs);
	seq_printf(m, "frees                  %lld\n", totals.frees);
	seq_printf(m, "reallocs               %lld\n", totals.reallocs);
	seq_printf(m, "moves                  %lld\n", totals.moves);
	seq_printf(m, "failures               %lld\n", totals.failures);
	seq_printf(m, "contended              %lld\n", totals.contended);
}

static void show_owners(struct seq_file *m, struct memmgr_arena *arena)
{
	struct memmgr_owner *owner;
	unsigned long id;

	seq_printf(m, "owners                 %d\n", atomic_read(&arena->owner_count));
	rcu_read_lock();
	xa_for_each(&arena->owners, id, owner)
		seq_printf(m, "owner %u pid %d comm %*pE blocks %lld bytes %lld%s\n", owner->id,
			   owner->pid, (int)strnlen(owner->comm, TASK_COMM_LEN), owner->comm,
			   atomic64_read(&owner->blocks), atomic64_read(&owner->bytes),
			   owner->rights & MEMMGR_RIGHT_WRITE ? "" : " read-only");
	rcu_read_unlock();
}

static int summary_show(struct seq_file *m, void *unused)
{
	show_space(m, m->private);
	show_counts(m, m->private);
	show_owners(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(summary);

/*
 * The position in "blocks" is 0 for the heading, else one more than the slot that
 * the current block lives in.
 */
struct block_walk {
	struct memmgr_arena *arena;
	struct memmgr_view view;
};

static void *find_block(struct block_walk *walk, loff_t *pos)
{
	u32 slot = *pos - 1;

	if (*pos > U32_MAX || !memmgr_next_block(walk->arena, &slot, U32_MAX, &walk->view))
		return NULL;
	*pos = slot;
	return walk;
}

static void *blocks_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? find_block(m->private, pos) : SEQ_START_TOKEN;
}

static void *blocks_next(struct seq_file *m, void *v, loff_t *pos)
{
	(*pos)++;
	return find_block(m->private, pos);
}

static void blocks_stop(struct seq_file *m, void *v)
{
}

static int blocks_show(struct seq_file *m, void *v)
{
	static const char * const policies[] = { "free", "keep", "give" };
	struct memmgr_block block;
	struct block_walk *walk = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "handle offset size usable align tag owner state policy epoch relative\n");
		return 0;
	}
	memmgr_describe(walk->arena, &walk->view, &block);
	seq_printf(m, "0x%016llx %llu %llu %llu %llu 0x%x %u %s %s %u %u\n", block.handle,
		   block.offset, block.size, block.usable, block.align, block.tag, block.owner,
		   block.state == MEMMGR_STATE_OWNED  ? "owned" :
		   block.state == MEMMGR_STATE_ORPHAN ? "orphan" :
							"pending",
		   policies[block.policy], block.epoch, block.relative);
	return 0;
}

static const struct seq_operations blocks_ops = {
	.start = blocks_start,
	.next = blocks_next,
	.stop = blocks_stop,
	.show = blocks_show,
};

static int blocks_open(struct inode *inode, struct file *file)
{
	struct block_walk *walk = __seq_open_private(file, &blocks_ops, sizeof(*walk));

	if (!walk)
		return -ENOMEM;
	walk->arena = inode->i_private;
	return 0;
}

static const struct file_operations blocks_fops = {
	.owner = THIS_MODULE,
	.open = blocks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/* Free granules in each cell of the map; a cell is @width granules. */
static void count_cells(struct memmgr_arena *arena, u64 width, u64 *cells)
{
	struct memmgr_run run = {};
	u64 at, step;

	while (memmgr_space_next_free(arena, memmgr_run_end(&run), &run)) {
		for (at = run.start; at < memmgr_run_end(&run); at += step) {
			step = min(memmgr_run_end(&run) - at, width - at % width);
			cells[at / width] += step;
		}
		cond_resched();
	}
}

static char cell_character(u64 free, u64 width)
{
	u64 used = width - min(free, width); /* others may have freed meanwhile */

	if (!used)
		return '.';
	if (used == width)
		return '#';
	return '1' + used * 9 / width;
}

static void draw_cells(struct seq_file *m, struct memmgr_arena *arena, u64 width,
		       const u64 *cells)
{
	u64 granule, cell;

	for (granule = 0; granule < arena->granules; granule += width) {
		cell = granule / width;
		if (cell % MAP_COLUMNS == 0)
			seq_printf(m, "%s%12llu ", cell ? "\n" : "",
				   memmgr_bytes(arena, granule));
		seq_putc(m, cell_character(cells[cell], min(width, arena->granules - granule)));
	}
	seq_putc(m, '\n');
}

static int map_show(struct seq_file *m, void *unused)
{
	struct memmgr_arena *arena = m->private;
	u64 width = DIV_ROUND_UP(arena->granules, MAP_CELLS);
	u64 *cells = vcalloc(MAP_CELLS, sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	seq_printf(m, "each character is %llu bytes: . free, 1..9 tenths used, # full\n",
		   memmgr_bytes(arena, width));
	count_cells(arena, width, cells);
	draw_cells(m, arena, width, cells);
	vfree(cells);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(map);

static int validate_show(struct seq_file *m, void *unused)
{
	struct memmgr_validate out = {};
	int ret = memmgr_arena_validate(m->private, &out);

	if (ret && ret != -EUCLEAN)
		return ret;
	if (ret)
		seq_printf(m, "damaged: %s at offset %llu\n", out.out_what, out.out_at);
	else
		seq_puts(m, out.out_complete ? "sound\n" : "sound, but never still\n");
	seq_printf(m, "blocks %llu\nused %llu\nholes %llu\nfree %llu\n", out.out_blocks,
		   out.out_used, out.out_holes, out.out_free);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(validate);

void memmgr_debugfs_add(struct memmgr_arena *arena)
{
	char name[12];

	snprintf(name, sizeof(name), "%u", arena->id);
	arena->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file("summary", MODE, arena->debugfs, arena, &summary_fops);
	debugfs_create_file("blocks", MODE, arena->debugfs, arena, &blocks_fops);
	debugfs_create_file("map", MODE, arena->debugfs, arena, &map_fops);
	debugfs_create_file("validate", MODE, arena->debugfs, arena, &validate_fops);
}

void memmgr_debugfs_remove(struct memmgr_arena *arena)
{
	debugfs_remove(arena->debugfs);
}

void memmgr_debugfs_init(void)
{
	root = debugfs_create_dir("memmgr", NULL);
	debugfs_create_file("arenas", MODE, root, NULL, &arenas_fops);
}

void memmgr_debugfs_exit(void)
{
	debugfs_remove(root);
}
