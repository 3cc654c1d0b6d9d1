// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The block table under many threads: exactly one winner, no torn view, no slot
 * handed out twice. Built plain and with ThreadSanitizer, which sees a race even
 * if it did not happen, and so needs fewer rounds. ROUNDS= sets how many.
 */
#include "../../module/blocks.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "tap.h"
#include "world.h"

#define THREADS 4
#define SLOTS_HELD 2

static struct memmgr_blocks table;
static void *directory;
static u64 rounds;

/*
 * Threads meet here before and after each round. They spin, at first, so as to go
 * on within nanoseconds of each other: a thread that was woken comes too late for
 * any race.
 */
static struct {
	u32 threads;
	u32 waiting;
	u32 round;
} barrier;

static void meet(void)
{
	u32 round = __atomic_load_n(&barrier.round, __ATOMIC_SEQ_CST), spins = 0;

	if (__atomic_add_fetch(&barrier.waiting, 1, __ATOMIC_SEQ_CST) == barrier.threads) {
		__atomic_store_n(&barrier.waiting, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&barrier.round, round + 1, __ATOMIC_SEQ_CST);
		return;
	}
	while (__atomic_load_n(&barrier.round, __ATOMIC_SEQ_CST) == round)
		if (++spins > 2000)
			sched_yield();
}

/* Let a moment pass, another one each time: 0 to some tens of nanoseconds. */
static void dither(struct rng *rng)
{
	u64 spins = rng_below(rng, 64);

	while (spins--)
		__atomic_load_n(&barrier.round, __ATOMIC_SEQ_CST);
}

/* What the threads of a test share; each test says what it means. */
static struct {
	u64 handle;
	u64 winners;
	u64 losers;
	u64 handed_over;
	bool stop;
	u8 taken[4 * MEMMGR_SEGMENT_SLOTS];
} shared;

static u64 count_up(u64 *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

static struct memmgr_handle shared_handle(void)
{
	return (struct memmgr_handle){ __atomic_load_n(&shared.handle, __ATOMIC_SEQ_CST) };
}

static bool stopped(void)
{
	return __atomic_load_n(&shared.stop, __ATOMIC_SEQ_CST);
}

static void grow(void)
{
	void *segment = calloc(1, MEMMGR_SEGMENT_BYTES);

	CHECK(segment);
	CHECK_EQ(memmgr_blocks_add(&table, segment), 0);
}

static void set_up(void)
{
	const u64 slots = 4 * MEMMGR_SEGMENT_SLOTS;

	memset(&shared, 0, sizeof(shared));
	directory = calloc(1, memmgr_blocks_directory_bytes(slots));
	CHECK(directory);
	memmgr_blocks_init(&table, directory, slots);
	grow();
}

static void tear_down(void)
{
	void *segment;
	u32 i;

	for (i = 0; (segment = memmgr_blocks_segment(&table, i)); i++)
		free(segment);
	free(directory);
}

/* All fields follow from @n, so that half of one and half of another shows. */
static struct memmgr_view view_of(u32 n)
{
	return (struct memmgr_view){
		.run = { n, n ^ 0xffff },
		.size = n * 3ULL,
		.align = 1ULL << n % 32,
		.tag = n + 1,
		.owner = n + 2,
		.epoch = n + 3,
		.policy = (u8)(n % 3),
	};
}

static void check_whole(const struct memmgr_view *view)
{
	struct memmgr_view v = view_of((u32)view->run.start);

	CHECK_EQ(view->run.len, v.run.len);
	CHECK_EQ(view->size, v.size);
	CHECK_EQ(view->align, v.align);
	CHECK_EQ(view->tag, v.tag);
	CHECK_EQ(view->owner, v.owner);
	CHECK_EQ(view->epoch, v.epoch);
	CHECK_EQ(view->policy, v.policy);
}

static bool publish(u32 n)
{
	struct memmgr_record *rec = memmgr_block_prepare(&table);
	struct memmgr_view view = view_of(n);

	if (!rec)
		return false;
	memmgr_block_fill(rec, &view);
	__atomic_store_n(&shared.handle, memmgr_block_handle(rec).raw, __ATOMIC_SEQ_CST);
	memmgr_block_publish(rec);
	return true;
}

/* Run @first in one thread and @others in @count - 1. */
static void run_threads(u32 count, void *(*first)(void *), void *(*others)(void *))
{
	pthread_t threads[THREADS];
	u64 i;

	barrier.threads = count;
	for (i = 0; i < count; i++)
		CHECK(!pthread_create(&threads[i], NULL, i ? others : first, (void *)(i + 1)));
	for (i = 0; i < count; i++)
		CHECK(!pthread_join(threads[i], NULL));
}

/* --- one handle, many killers --------------------------------------------- */

static void kill_once(void)
{
	struct memmgr_record *rec;
	int err = memmgr_block_kill(&table, shared_handle(), NULL, &rec);

	if (!err) {
		count_up(&shared.winners);
		memmgr_block_bury(&table, rec);
	} else {
		CHECK_EQ(err, -ESTALE);
		count_up(&shared.losers);
	}
}

static void *killer(void *unused)
{
	u64 i;

	(void)unused;
	for (i = 0; i < rounds; i++) {
		meet();
		kill_once();
		meet();
	}
	return NULL;
}

static void *killer_and_publisher(void *unused)
{
	u64 i;

	(void)unused;
	for (i = 0; i < rounds; i++) {
		CHECK(publish((u32)i));
		meet();
		kill_once();
		meet();
		CHECK_EQ(shared.winners, i + 1);
		CHECK_EQ(shared.losers, (i + 1) * (barrier.threads - 1));
	}
	return NULL;
}

/* --- a lock, and killers that must not wait ------------------------------- */

static void *killer_of_locked(void *number)
{
	struct rng rng = rng_new((u64)number);
	struct memmgr_record *rec;
	u64 i;
	int err;

	for (i = 0; i < rounds; i++) {
		meet();
		dither(&rng);
		err = memmgr_block_kill(&table, shared_handle(), NULL, &rec);
		if (!err) {
			count_up(&shared.winners);
			memmgr_block_bury(&table, rec);
		} else if (err == -EINPROGRESS) {
			count_up(&shared.handed_over);
		} else {
			CHECK_EQ(err, -ESTALE);
		}
		meet();
	}
	return NULL;
}

/* Lock, write, unlock; complete the kill if there was one in between. */
static void *locker(void *unused)
{
	struct memmgr_view view;
	struct memmgr_record *rec;
	u64 i, completed = 0;

	(void)unused;
	for (i = 0; i < rounds; i++) {
		CHECK(publish((u32)i));
		meet();
		if (!memmgr_block_lock(&table, shared_handle(), NULL, &rec)) {
			view = view_of((u32)i + 1);
			memmgr_block_refill(rec, &view);
			if (memmgr_block_unlock(rec)) {
				completed++;
				memmgr_block_bury(&table, rec);
			}
		}
		meet();
		/* The killers are done: the block is dead, by one of two hands. */
		CHECK_EQ(completed, shared.handed_over);
		CHECK_EQ(completed + shared.winners, i + 1);
	}
	return NULL;
}

/* --- views while the record changes --------------------------------------- */

static void *writer(void *unused)
{
	struct memmgr_record *rec;
	struct memmgr_view view;
	u64 i;

	(void)unused;
	for (i = 0; i < rounds * 10; i++) {
		CHECK_EQ(memmgr_block_lock(&table, shared_handle(), NULL, &rec), 0);
		view = view_of((u32)i);
		memmgr_block_refill(rec, &view);
		CHECK(!memmgr_block_unlock(rec));
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *reader(void *unused)
{
	struct memmgr_handle handle = shared_handle();
	struct memmgr_view view;

	(void)unused;
	while (!stopped()) {
		CHECK_EQ(memmgr_block_read(&table, handle, &view), 0);
		check_whole(&view);
		CHECK(memmgr_block_read_slot(&table, (u32)handle.raw, &view));
		check_whole(&view);
		CHECK_EQ(view.handle.raw, handle.raw);
	}
	return NULL;
}

/* The same while blocks come and go in one slot: each has its own content. */
static void *recycler(void *unused)
{
	u64 i;

	(void)unused;
	for (i = 0; i < rounds * 10; i++) {
		struct memmgr_record *rec;

		CHECK(publish((u32)i));
		CHECK_EQ(memmgr_block_kill(&table, shared_handle(), NULL, &rec), 0);
		memmgr_block_bury(&table, rec);
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *reader_of_recycled(void *unused)
{
	struct memmgr_handle handle;
	struct memmgr_view view;
	int err;

	(void)unused;
	while (!stopped()) {
		handle = shared_handle();
		err = memmgr_block_read(&table, handle, &view);
		if (!err)
			check_whole(&view);
		else /* not published yet, or killed already */
			CHECK(err == -ENOENT || err == -ESTALE);
		/* Generations start at 1 and each block took one. */
		if (!err)
			CHECK_EQ(view.run.start + 1, handle.raw >> 32);
	}
	return NULL;
}

/* --- a kill by address never takes what has moved away -------------------- */

static void *mover(void *unused)
{
	struct memmgr_view view;
	struct memmgr_record *rec;
	u64 i;

	(void)unused;
	for (i = 0; i < rounds; i++) {
		CHECK(publish(1));
		meet();
		if (!memmgr_block_lock(&table, shared_handle(), NULL, &rec)) {
			view = view_of(2);
			memmgr_block_refill(rec, &view);
			if (memmgr_block_unlock(rec))
				memmgr_block_bury(&table, rec);
		}
		meet();
		if (!memmgr_block_kill(&table, shared_handle(), NULL, &rec))
			memmgr_block_bury(&table, rec);
	}
	return NULL;
}

static void *killer_by_address(void *number)
{
	struct memmgr_expect expect = { true, 1 + (u64)number % 2 };
	struct rng rng = rng_new((u64)number);
	struct memmgr_record *rec;
	struct memmgr_view view;
	u64 i;
	int err;

	for (i = 0; i < rounds; i++) {
		meet();
		dither(&rng);
		err = memmgr_block_kill(&table, shared_handle(), &expect, &rec);
		if (!err) {
			memmgr_block_peek(rec, &view);
			CHECK_EQ(view.run.start, expect.start);
			check_whole(&view);
			memmgr_block_bury(&table, rec);
		} else {
			CHECK(err == -EBUSY || err == -ENOENT || err == -ESTALE);
		}
		meet();
	}
	return NULL;
}

/* --- an owner dies while its block is refilled ---------------------------- */

static void *refiller(void *unused)
{
	struct memmgr_view view = view_of(2);
	struct memmgr_record *rec;
	u64 i;

	(void)unused;
	for (i = 0; i < rounds; i++) {
		shared.winners = 0;
		CHECK(publish(1));
		meet();
		CHECK_EQ(memmgr_block_lock(&table, shared_handle(), NULL, &rec), 0);
		memmgr_block_refill(rec, &view);
		CHECK(!memmgr_block_unlock(rec));
		meet();
		CHECK_EQ(shared.winners, 1);
		CHECK_EQ(memmgr_block_read(&table, shared_handle(), &view), 0);
		CHECK(view.orphan);
		check_whole(&view);
		CHECK_EQ(memmgr_block_kill(&table, shared_handle(), NULL, &rec), 0);
		memmgr_block_bury(&table, rec);
	}
	return NULL;
}

/* Orphan the block, whoever owns it now; the view is what it was then. */
static int orphan_any(struct memmgr_view *view)
{
	struct memmgr_handle handle = shared_handle();

	do {
		CHECK_EQ(memmgr_block_read(&table, handle, view), 0);
		if (view->orphan)
			return -EALREADY;
	} while (memmgr_block_orphan(&table, handle, view->owner, view));
	return 0;
}

/* Orphan the block if it belongs to the owner that it was born with. */
static int orphan_first(struct memmgr_view *view)
{
	return memmgr_block_orphan(&table, shared_handle(), view_of(1).owner, view);
}

static void orphan_each(u64 number, int (*orphan)(struct memmgr_view *view))
{
	struct rng rng = rng_new(number);
	struct memmgr_view view;
	u64 i;
	int err;

	for (i = 0; i < rounds; i++) {
		meet();
		dither(&rng);
		err = orphan(&view);
		if (!err) {
			count_up(&shared.winners);
			check_whole(&view);
		} else {
			CHECK_EQ(err, -EALREADY);
		}
		meet();
	}
}

static void *orphaner(void *number)
{
	orphan_each((u64)number, orphan_any);
	return NULL;
}

static void *first_owner(void *number)
{
	orphan_each((u64)number, orphan_first);
	return NULL;
}

/* --- an owner dies while its block goes to another one -------------------- */

static void *giver(void *unused)
{
	struct memmgr_record *rec;
	struct memmgr_view view, was;
	u64 i;

	(void)unused;
	for (i = 0; i < rounds; i++) {
		shared.winners = 0;
		CHECK(publish(1));
		meet();
		CHECK_EQ(memmgr_block_lock(&table, shared_handle(), NULL, &rec), 0);
		view = view_of(2);
		memmgr_block_change(rec, &view, true, &was);
		CHECK(!memmgr_block_unlock(rec));
		meet();
		CHECK_EQ(shared.winners, was.orphan);
		CHECK_EQ(memmgr_block_read(&table, shared_handle(), &view), 0);
		CHECK(!view.orphan);
		check_whole(&view);
		CHECK_EQ(memmgr_block_kill(&table, shared_handle(), NULL, &rec), 0);
		memmgr_block_bury(&table, rec);
	}
	return NULL;
}

/* --- look, then act ------------------------------------------------------- */

/* Blocks of content 1 become blocks of content 2, die, and are born again. */
static void *changer(void *unused)
{
	struct memmgr_record *rec;
	struct memmgr_view view;
	u64 i;

	(void)unused;
	for (i = 0; i < rounds; i++) {
		CHECK(publish(1));
		meet();
		if (!memmgr_block_lock(&table, shared_handle(), NULL, &rec)) {
			view = view_of(2);
			memmgr_block_refill(rec, &view);
			if (memmgr_block_unlock(rec))
				memmgr_block_bury(&table, rec);
			else if (!memmgr_block_kill(&table, shared_handle(), NULL, &rec))
				memmgr_block_bury(&table, rec);
		}
		CHECK(publish(2));
		meet();
		CHECK_EQ(memmgr_block_kill(&table, shared_handle(), NULL, &rec), 0);
		memmgr_block_bury(&table, rec);
	}
	return NULL;
}

/* Kill what has content 1, and nothing else: whatever is found in the slot. */
static void kill_ones(u32 slot)
{
	struct memmgr_record *rec;
	struct memmgr_view view;
	int err;

	while (memmgr_block_read_slot(&table, slot, &view) && view.run.start == 1) {
		err = memmgr_block_kill_as(&table, &view, &rec);
		if (!err) {
			memmgr_block_peek(rec, &view);
			CHECK_EQ(view.run.start, 1);
			check_whole(&view);
			memmgr_block_bury(&table, rec);
		} else {
			CHECK(err == -EAGAIN || err == -EINPROGRESS || err == -ESTALE);
		}
		if (err != -EAGAIN)
			return;
	}
}

static void *killer_of_ones(void *number)
{
	struct rng rng = rng_new((u64)number);
	u64 i;

	for (i = 0; i < rounds; i++) {
		meet();
		dither(&rng);
		kill_ones((u32)shared_handle().raw);
		meet();
	}
	return NULL;
}

/* --- the stack of free slots ---------------------------------------------- */

static void take(struct memmgr_record *rec)
{
	u32 slot = (u32)memmgr_block_handle(rec).raw;

	CHECK(!__atomic_exchange_n(&shared.taken[slot], 1, __ATOMIC_SEQ_CST));
}

static void give(struct memmgr_record *rec, bool publish_it)
{
	struct memmgr_handle handle = memmgr_block_handle(rec);
	struct memmgr_record *dead;
	u8 *taken = &shared.taken[(u32)handle.raw];

	CHECK(__atomic_exchange_n(taken, 0, __ATOMIC_SEQ_CST));
	if (!publish_it) {
		memmgr_block_abandon(&table, rec);
		return;
	}
	memmgr_block_publish(rec);
	CHECK_EQ(memmgr_block_kill(&table, handle, NULL, &dead), 0);
	CHECK(dead == rec);
	memmgr_block_bury(&table, dead);
}

static void *stormer(void *number)
{
	struct memmgr_record *held[SLOTS_HELD] = { NULL };
	struct rng rng = rng_new((u64)number);
	u64 i, j;

	for (i = 0; i < rounds * 20; i++) {
		j = rng_below(&rng, SLOTS_HELD);
		if (held[j]) {
			give(held[j], rng_below(&rng, 2));
			held[j] = NULL;
		} else {
			held[j] = memmgr_block_prepare(&table);
			if (held[j])
				take(held[j]);
		}
	}
	for (j = 0; j < SLOTS_HELD; j++)
		if (held[j])
			give(held[j], false);
	return NULL;
}

/* Only a few slots: the same ones are popped and pushed again all the time. */
static void stack_storm(u32 slots)
{
	u32 left = MEMMGR_SEGMENT_SLOTS - slots, count = 0;

	set_up();
	while (left--)
		CHECK(memmgr_block_prepare(&table));
	run_threads(THREADS, stormer, stormer);
	while (memmgr_block_prepare(&table))
		count++;
	CHECK_EQ(count, slots);
	tear_down();
}

/* Three segments more, while the others drain what there is. */
static void *grower(void *unused)
{
	u32 i;

	(void)unused;
	for (i = 0; i < 3; i++) {
		while (memmgr_blocks_any_free(&table))
			sched_yield();
		grow();
	}
	while (memmgr_blocks_any_free(&table))
		sched_yield();
	__atomic_store_n(&shared.stop, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *drainer(void *unused)
{
	struct memmgr_record *rec;
	struct memmgr_view view = view_of(4);

	(void)unused;
	while (!stopped()) {
		rec = memmgr_block_prepare(&table);
		if (!rec) {
			sched_yield();
			continue;
		}
		take(rec);
		memmgr_block_fill(rec, &view);
		memmgr_block_publish(rec);
		CHECK((u32)memmgr_block_handle(rec).raw < memmgr_blocks_slots(&table));
		count_up(&shared.winners);
	}
	return NULL;
}

static void growth_while_others_allocate(void)
{
	u32 round;

	for (round = 0; round < 20; round++) {
		set_up();
		run_threads(THREADS, grower, drainer);
		CHECK_EQ(shared.winners, 4 * MEMMGR_SEGMENT_SLOTS);
		tear_down();
	}
}

static void run_on_one_block(u32 threads, void *(*first)(void *), void *(*others)(void *),
			     bool published)
{
	set_up();
	if (published)
		CHECK(publish(0));
	run_threads(threads, first, others);
	tear_down();
}

struct race {
	const char *name;
	void *(*first)(void *);
	void *(*others)(void *);
	bool published;
};

static const struct race races[] = {
	{ "one_of_the_killers_wins", killer_and_publisher, killer, false },
	{ "kill_of_a_locked_block_is_done_once", locker, killer_of_locked, false },
	{ "views_are_never_torn", writer, reader, true },
	{ "views_belong_to_their_handle", recycler, reader_of_recycled, false },
	{ "kill_by_address_takes_what_is_there", mover, killer_by_address, false },
	{ "block_is_orphaned_once_while_it_is_refilled", refiller, orphaner, false },
	{ "block_that_is_given_away_is_no_orphan", giver, first_owner, false },
	{ "look_then_kill_takes_what_was_seen", changer, killer_of_ones, false },
};

int main(int argc, char **argv)
{
	bool tsan = argc > 1;
	u32 i, threads;

	rounds = tap_number("ROUNDS", tsan ? 4000 : 20000);
	tap_suite("threads-%s", tsan ? argv[1] : "plain");
	for (i = 0; i < ARRAY_SIZE(races); i++) {
		for (threads = 2; threads <= THREADS; threads += 2) {
			tap_test("%s_of_%u", races[i].name, threads);
			run_on_one_block(threads, races[i].first, races[i].others,
					 races[i].published);
		}
	}
	tap_test("no_slot_is_handed_out_twice_of_3");
	stack_storm(3);
	tap_test("no_slot_is_handed_out_twice_of_1024");
	stack_storm(1024);
	tap_test("table_grows_while_others_allocate");
	growth_while_others_allocate();
	return tap_done();
}
