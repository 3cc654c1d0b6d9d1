/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The protocol of module/blocks.c: the state word of a block and the stack of free
 * slots. tests/model/check runs all of it; by hand, with the options of a run:
 *
 *	spin -a OPTIONS blocks.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan
 *
 *	run: -DSLOTS=1 -DFREERS=2 -DRESIZERS=1
 *	run: -DSLOTS=1 -DREADERS=1 -DFREERS=1 -DALLOCATORS=1
 *	run: -DSLOTS=1 -DREADERS=1 -DRESIZERS=1 -DDEATHS=1
 *	run: -DSLOTS=3 -DALLOCATORS=2
 *	run: -DSLOTS=1 -DFREERS=1 -DRESIZERS=2
 *	run: -DSLOTS=1 -DFREERS=1 -DRESIZERS=1 -DALLOCATORS=1
 *	run: -DSLOTS=1 -DFREERS=1 -DDEATHS=1 -DALLOCATORS=1
 *	run: -DSLOTS=3 -DRUNS=2 -DALLOCATORS=2
 *	run: -DSLOTS=1 -DPENDERS=2 -DRESIZERS=1 -DDRAINERS=1
 *	run: -DSLOTS=1 -DPENDERS=2 -DFREERS=1 -DDRAINERS=2
 *	run: -DSLOTS=1 -DPENDERS=1 -DDEATHS=1 -DFREERS=1 -DDRAINERS=1
 *	run: -DSLOTS=1 -DPENDERS=2 -DALLOCATORS=1 -DDRAINERS=1
 *	ends: -DSLOTS=1 -DFREERS=1 -DRESIZERS=2
 *	ends: -DSLOTS=1 -DREADERS=1 -DRESIZERS=1 -DDEATHS=1
 *	ends: -DSLOTS=2 -DALLOCATORS=2
 *	run: -DSLOTS=1 -DFREERS=2 -DRESIZERS=1 -DDEATHS=1
 *	run: -DSLOTS=2 -DFREERS=2 -DALLOCATORS=1 -DREADERS=1
 *
 * A block lives in slot 0, generation 1. Freers, with or without a check of where
 * it starts, and with its handle or the one that the next block there will get;
 * penders, who free it and leave the rest to drainers; resizers, who move it; its owner's death, which frees or orphans it; readers; and
 * allocators, who take slots and give them back. Always: a free has one winner; a
 * handle acts on its own block; a run is released by the block that has it, once;
 * a reader sees the record of one block at one time; a slot that is taken was free.
 * When all are at rest: each block that was freed is released and buried, each slot
 * is used, retired, or on the stack once; no run is lost; what the dead owner left
 * has gone or is an orphan, and is accounted as what it is.
 *
 * An "ends" run is searched for an execution without an end, whatever the scheduler
 * does: nobody repeats for ever what others make it repeat. It is compiled with -DNP
 * for -DSAFETY and run as ./pan -l.
 *
 * Each access to what others change is a step of its own, in the order of the
 * program; what that order needs of the machine is argued in blocks.c. A reader
 * that finds a record half filled waits here for the state word to change.
 *
 * Mutants, each of which must fail (-D to spin):
 *	M_STORE_KILL	a kill looks at the word, then stores
 *	M_STORE_UNLOCK	so does an unlock
 *	M_STORE_VERSION	so does a fill
 *	M_STORE_ORPHAN	so does an orphaning
 *	M_NO_GENERATION	a kill takes any block that lives there
 *	M_SAME_GENERATION	the next block gets the handle of the last one
 *	M_WRAP		after the last generation comes the first again
 *	M_KILL_LOCKED	a kill does not mind a lock
 *	M_KILL_PENDING	a kill does not mind that the block was freed already
 *	M_LOCK_LOCKED	a lock does not mind another
 *	M_LOSE_PENDING	an unlock overlooks the free that came meanwhile
 *	M_LOSE_ORPHAN	a kill forgets that the block is an orphan
 *	M_OLD_ORPHAN	a change is accounted by what the block was when locked
 *	M_NO_VERSION	a fill leaves the version as it is
 *	M_NO_ODD	a reader accepts a record that is being filled
 *	M_ONE_LOOK	a reader does not look at the word again
 *	M_PUBLISH_FIRST	a block is published, then filled
 *	M_BURY_FIRST	a block is buried, then its record tells what to release
 *	M_NO_BURY	a block that was freed while locked is released only
 *	M_NO_COUNTER	the head of the stack has no counter
 *	M_STORE_STACK	a slot is pushed by looking at the head, then storing
 *	M_NO_ABANDON	a slot without memory for its block is forgotten
 *	M_STORE_REAP	a drainer looks at the word, then stores
 *	M_REAP_LOCKED	a drainer does not mind a lock
 *	M_REAP_ALL	a drainer takes blocks that nobody freed
 *	M_DIRTY_FIRST	it is said that a block was freed, then it is
 *	M_CLEAR_LAST	that it was said is forgotten after having looked
 *	M_WAIT_FOR_LOCK	a lock waits for another to be unlocked
 */
#ifndef FREERS
#define FREERS 0
#endif
#ifndef RESIZERS
#define RESIZERS 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef READERS
#define READERS 0
#endif
#ifndef ALLOCATORS
#define ALLOCATORS 0
#endif
#ifndef PENDERS
#define PENDERS 0
#endif
#ifndef DRAINERS
#define DRAINERS 0
#endif
#define OTHERS (FREERS + RESIZERS + DEATHS + READERS + ALLOCATORS + PENDERS)
#define PROCS (OTHERS + DRAINERS)

#ifndef RUNS
#define RUNS 3
#endif
#define LAST 2		/* generation */

/* the state word */
#define FREE 0
#define BORN 1
#define USED 2
#define DYING 3
#define RETIRED 4
#define LOCK 8
#define PEND 16
#define ORPHAN 32
#define ONE 64		/* of the version */
#define VERSION (7 * ONE)
#define GENERATION 512
#define KIND(w) ((w) & 7)
#define GEN(w) ((w) / GENERATION)
#define MAKE(g, kind) ((g) * GENERATION + (kind))
#define NEXT(w) (((w) & ~VERSION) | (((w) + ONE) & VERSION))

/* a record: two words, which both say of which generation it is, and its run */
#define RECORD(g, r) (4 * (g) + (r))
#define RUN(record) ((record) & 3)
#define BYTES(record) (RUN(record) + 1)

/* the stack's head: a counter of pushes, and the top slot plus one */
#define TOP(head) ((head) & 3)
#ifdef M_NO_COUNTER
#define COUNT 0
#else
#define COUNT 4
#endif
#define PUSHED(head, s) (((head) & ~3) + COUNT + (s) + 1)
#define POPPED(head, next) (((head) & ~3) + (next))

short state[SLOTS];
byte first[SLOTS], second[SLOTS];	/* of a record */
byte link[SLOTS];
byte head;
bool dirty;				/* slot 0 is to be looked at */

/* ghosts */
#define BLOCK(s, g) ((s) * (LAST + 1) + (g))
byte holder[RUNS];			/* the block that has it, plus one */
bool killed[SLOTS * (LAST + 1)];
bool locked[SLOTS];
short owned, orphaned;			/* bytes: the first block's owner, and nobody */
bool died;
byte ended;

#define JUDGE(w, g) (GEN(w) == (g) && KIND(w) == USED && !((w) & PEND))
#ifdef M_NO_GENERATION
#define MAY_KILL(w, g) (KIND(w) == USED && !((w) & PEND))
#elif defined(M_KILL_PENDING)
#define MAY_KILL(w, g) (GEN(w) == (g) && KIND(w) == USED)
#else
#define MAY_KILL(w, g) JUDGE(w, g)
#endif
#ifdef M_KILL_LOCKED
#define KILL(w) (MAKE(GEN(w), DYING) | ((w) & ORPHAN))
#elif defined(M_LOSE_ORPHAN)
#define KILL(w) ((w) & LOCK -> (w) | PEND : MAKE(GEN(w), DYING))
#else
#define KILL(w) ((w) & LOCK -> (w) | PEND : MAKE(GEN(w), DYING) | ((w) & ORPHAN))
#endif

#ifdef M_LOSE_PENDING
#define UNLOCK(w) ((w) & ~(LOCK | PEND))
#else
#define UNLOCK(w) ((w) & PEND -> MAKE(GEN(w), DYING) | ((w) & ORPHAN) : (w) & ~LOCK)
#endif

#define LOCALS byte me, s, g, c, d, r, at; short old, now; bool ok; byte got

/* compare-and-swap of @word; the branch @then is part of it, after a success */
#define SWAP(word, to) \
	atomic { \
		if \
		:: word == old -> now = to; word = now; ok = true \
		:: else -> old = word; ok = false \
		fi \
	}

/* what is left of it in a mutant that stores what it made of an older word */
#define STORE(word, to) \
	atomic { now = to; word = now; ok = true }

/* ---- the stack ---- */

inline push()	/* s */
{
	old = head;
	do
	:: link[s] = TOP(old);
#ifdef M_STORE_STACK
	   STORE(head, PUSHED(old, s));
#else
	   SWAP(head, PUSHED(old, s));
#endif
	   if
	   :: ok -> break
	   :: else
	   fi
	od
}

inline prepare()	/* ok: got s, BORN, of generation g */
{
	old = head;
	do
	:: !TOP(old) -> ok = false; break
	:: else ->
	   atomic { s = TOP(old) - 1; at = link[s] }
	   SWAP(head, POPPED(old, at));
	   if
	   :: ok -> break
	   :: else
	   fi
	od;
	at = 0;
	if
	:: ok ->
		assert(KIND(state[s]) == FREE);
		link[s] = s;
		atomic { g = GEN(state[s]); state[s] = MAKE(g, BORN) }
	:: else
	fi
}

/* ---- the engine ---- */

inline claim(block)	/* got: a run; RUNS if there is none */
{
	atomic {
		got = 0;
		do
		:: got < RUNS && holder[got] -> got++
		:: else -> break
		od;
		if
		:: got < RUNS -> holder[got] = (block) + 1
		:: else
		fi
	}
}

inline release(index, block)
{
	atomic { assert(holder[index] == (block) + 1); holder[index] = 0 }
}

inline credit(is_orphan, bytes)
{
	atomic {
		if
		:: s != 0 || g != 1
		:: else ->
			if
			:: is_orphan -> orphaned = orphaned + (bytes)
			:: else -> owned = owned + (bytes)
			fi
		fi
	}
}

/* ---- a record ---- */

inline bump()	/* old: the word before */
{
#ifdef M_NO_VERSION
	old = state[s]
#else
	old = state[s];
	do
	::
#ifdef M_STORE_VERSION
	   STORE(state[s], NEXT(old));
#else
	   SWAP(state[s], NEXT(old));
#endif
	   if
	   :: ok -> break
	   :: else
	   fi
	od
#endif
}

inline read_record()	/* old, and c if that is USED */
{
	do
	:: old = state[s];
	   if
	   :: KIND(old) != USED -> break
	   :: else
	   fi;
	   c = first[s];
	   d = second[s];
#ifdef M_ONE_LOOK
	   break
#else
	   if
#ifndef M_NO_ODD
	   :: old & ONE -> state[s] != old
	   :: !(old & ONE) && state[s] == old -> break
#else
	   :: state[s] == old -> break
#endif
	   :: else
	   fi
#endif
	od;
	assert(KIND(old) != USED || (c == d && c / 4 == GEN(old)))
}

/* ---- the end of a block ---- */

inline bury()
{
	if
#ifndef M_WRAP
	:: g == LAST -> state[s] = MAKE(g, RETIRED)
	:: else ->
#else
	:: true ->
#endif
#ifdef M_SAME_GENERATION
		state[s] = MAKE(g, FREE);
#else
		state[s] = MAKE((g % LAST) + 1, FREE);
#endif
		push()
	fi
}

inline finish_free()	/* s, g: DYING and the caller's */
{
#ifdef M_BURY_FIRST
	bury();
#endif
	atomic { c = first[s]; old = state[s]; d = old & ORPHAN }
	release(RUN(c), BLOCK(s, g));
	credit(d, -BYTES(c));
#ifndef M_BURY_FIRST
	bury()
#endif
}

/* free block (s, g); one that must start where run @expect does, or RUNS */
inline kill(expect)
{
	old = state[s];
	got = false;
	do
	:: !MAY_KILL(old, g) -> break
	:: MAY_KILL(old, g) && expect < RUNS && (old & LOCK) -> break
	:: else ->
	   if
	   :: expect == RUNS
	   :: expect < RUNS && RUN(first[s]) == expect
	   :: else -> break
	   fi;
	   atomic {
#ifdef M_STORE_KILL
		STORE(state[s], KILL(old));
#else
		SWAP(state[s], KILL(old));
#endif
		if
		:: ok ->
			assert(GEN(old) == g);
			assert(expect == RUNS || RUN(first[s]) == expect);
			assert(!killed[BLOCK(s, g)]);
			killed[BLOCK(s, g)] = true;
			got = !(now & PEND);
			break
		:: else
		fi
	   }
	od;
	if
	:: got -> finish_free()
	:: else
	fi
}

proctype freer()
{
	LOCALS;

	atomic {
		if
		:: g = 1
		:: ALLOCATORS -> g = 2
		fi;
		if
		:: r = 0
		:: r = RUNS
		fi
	}
	kill(r);
	atomic { old = 0; now = 0; c = 0; d = 0; got = 0; r = 0; g = 0; ok = 0; ended++ }
}

/* ---- freeing it where it cannot be given back ---- */

inline pend()	/* ok */
{
	old = state[s];
	do
	:: !JUDGE(old, g) -> ok = false; break
	:: else ->
	   atomic {
		SWAP(state[s], old | PEND);
		if
		:: ok ->
			assert(!killed[BLOCK(s, g)]);
			killed[BLOCK(s, g)] = true;
			break
		:: else
		fi
	   }
	od
}

proctype pender()
{
	LOCALS;

	atomic {
		if
		:: g = 1
		:: ALLOCATORS -> g = 2
		fi
	}
#ifdef M_DIRTY_FIRST
	dirty = true;
	pend();
#else
	pend();
	if
	:: ok -> dirty = true
	:: else
	fi;
#endif
	atomic { old = 0; now = 0; g = 0; ok = 0; ended++ }
}

#ifdef M_REAP_ALL
#define MAY_REAP(w) (KIND(w) == USED && !((w) & LOCK))
#elif defined(M_REAP_LOCKED)
#define MAY_REAP(w) (KIND(w) == USED && ((w) & PEND))
#else
#define MAY_REAP(w) (KIND(w) == USED && ((w) & PEND) && !((w) & LOCK))
#endif
#define REAP(w) (MAKE(GEN(w), DYING) | ((w) & ORPHAN))

inline reap()
{
	old = state[s];
	ok = false;
	do
	:: !MAY_REAP(old) -> ok = false; break
	:: else ->
#ifdef M_STORE_REAP
	   STORE(state[s], REAP(old));
#else
	   SWAP(state[s], REAP(old));
#endif
	   if
	   :: ok -> break
	   :: else
	   fi
	od;
	if
	:: ok -> g = GEN(old); assert(killed[BLOCK(s, g)]); finish_free()
	:: else
	fi;
	atomic { old = 0; now = 0; c = 0; d = 0; g = 0; ok = 0 }
}

/* works as long as there may be something to do, and once without being asked */
proctype drainer()
{
	LOCALS;

	reap();
	do
	:: atomic { ended >= OTHERS && !dirty -> break }
#ifdef M_CLEAR_LAST
	:: dirty -> reap(); dirty = false
#else
	:: atomic { dirty -> dirty = false }; reap()
#endif
	od;
	ended++
}

/* ---- its change of size ---- */

inline lock_block()	/* ok */
{
	old = state[s];
	do
	:: !JUDGE(old, g) -> ok = false; break
#ifdef M_WAIT_FOR_LOCK
	:: JUDGE(old, g) && (old & LOCK) -> old = state[s]
#elif !defined(M_LOCK_LOCKED)
	:: JUDGE(old, g) && (old & LOCK) -> ok = false; break
#endif
	:: else ->
	   atomic {
		SWAP(state[s], old | LOCK);
		if
		:: ok -> assert(!locked[s]); locked[s] = true; break
		:: else
		fi
	   }
	od
}

inline unlock_block()	/* ok: it is the caller's to finish */
{
	old = state[s];
	do
	:: atomic {
#ifdef M_STORE_UNLOCK
		STORE(state[s], UNLOCK(old));
#else
		SWAP(state[s], UNLOCK(old));
#endif
		if
		:: ok -> locked[s] = false; break
		:: else
		fi
	   }
	od;
	ok = (KIND(now) == DYING)
}

inline move()	/* to run got */
{
	atomic { d = first[s]; c = RECORD(g, got) }
	at = state[s] & ORPHAN;
	bump();
	first[s] = c;
	second[s] = c;
	bump();
#ifndef M_OLD_ORPHAN
	at = old & ORPHAN;
#endif
	release(RUN(d), BLOCK(s, g));
	credit(at, BYTES(c) - BYTES(d));
	at = 0
}

proctype resizer()
{
	LOCALS;

	g = 1;
	lock_block();
	if
	:: ok ->
		claim(BLOCK(s, g));
		if
		:: got < RUNS -> move()
		:: else
		fi;
		unlock_block();
		if
		:: ok ->
#ifdef M_NO_BURY
			release(RUN(first[s]), BLOCK(s, g))
#else
			finish_free()
#endif
		:: else
		fi
	:: else
	fi;
	atomic { old = 0; now = 0; c = 0; d = 0; got = 0; g = 0; ok = 0; ended++ }
}

/* ---- its owner's death ---- */

inline orphan()
{
	do
	:: read_record();
	   if
	   :: !JUDGE(old, g) || (old & ORPHAN) -> break
	   :: else
	   fi;
	   atomic {
#ifdef M_STORE_ORPHAN
		STORE(state[s], old | ORPHAN);
#else
		SWAP(state[s], old | ORPHAN);
#endif
		if
		:: ok -> assert(c == first[s]); got = c; break
		:: else
		fi
	   }
	od;
	if
	:: got -> credit(false, -BYTES(got)); credit(true, BYTES(got))
	:: else
	fi
}

proctype death()
{
	LOCALS;

	read_record();
	g = 1;
	if
	:: !JUDGE(old, g)
	:: JUDGE(old, g) -> old = 0; orphan()
	:: JUDGE(old, g) -> old = 0; kill(RUNS)
	fi;
	atomic { old = 0; now = 0; c = 0; d = 0; got = 0; g = 0; ok = 0; died = true; ended++ }
}

/* ---- readers and allocators ---- */

proctype reader()
{
	LOCALS;

	read_record();
	atomic { old = 0; c = 0; d = 0; ended++ }
}

inline publish()
{
	state[s] = MAKE(g, USED)
}

inline allocate()	/* g: of the block in s, or 0 */
{
	g = 0;
	prepare();
	if
	:: ok ->
		claim(BLOCK(s, g));
		if
		:: got < RUNS ->
#ifdef M_PUBLISH_FIRST
			publish();
#endif
			c = RECORD(g, got);
			first[s] = c;
			second[s] = c;
#ifndef M_PUBLISH_FIRST
			publish()
#endif
		:: else ->
#ifndef M_NO_ABANDON
			state[s] = MAKE(g, FREE);
			push();
#endif
			g = 0
		fi
	:: else -> g = 0
	fi
}

/* takes two slots, gives back the first, takes another */
proctype allocator()
{
	LOCALS;
	byte s1, g1;

	allocate();
	atomic { s1 = s; g1 = g; s = 0; c = 0; got = 0; old = 0; now = 0; ok = 0 }
	allocate();
	atomic { s = s1; g = g1; s1 = 0; g1 = 0; c = 0; got = 0; old = 0; now = 0; ok = 0 }
	if
	:: g -> kill(RUNS)
	:: else
	fi;
	atomic { s = 0; c = 0; d = 0; got = 0; old = 0; now = 0; ok = 0 }
	allocate();
	atomic { s = 0; c = 0; d = 0; g = 0; got = 0; old = 0; now = 0; ok = 0; ended++ }
}

/* ---- what is left ---- */

inline check_block(s)
{
	assert(KIND(state[s]) == USED && !(state[s] & (LOCK | PEND | ONE)));
	assert(first[s] == second[s] && first[s] / 4 == GEN(state[s]));
	assert(holder[RUN(first[s])] == BLOCK(s, GEN(state[s])) + 1);
	assert(!killed[BLOCK(s, GEN(state[s]))]);
	blocks++
}

proctype at_rest()
{
	byte s, blocks, runs, at;
	bool stacked[SLOTS];

	atomic {
		ended == PROCS;
		at = TOP(head);
		do
		:: at ->
			assert(!stacked[at - 1] && KIND(state[at - 1]) == FREE);
			stacked[at - 1] = true;
			at = link[at - 1]
		:: else -> break
		od;
		for (s : 0 .. SLOTS - 1) {
			if
			:: stacked[s] || KIND(state[s]) == RETIRED
			:: else -> check_block(s)
			fi
		}
		for (s : 0 .. RUNS - 1) {
			runs = runs + (holder[s] != 0)
		}
		assert(runs == blocks);
		if
		:: stacked[0] || state[0] / GENERATION != 1 -> assert(!owned && !orphaned)
		:: else ->
			assert(!died || (state[0] & ORPHAN));
			assert(orphaned == (state[0] & ORPHAN -> BYTES(first[0]) : 0));
			assert(owned == (state[0] & ORPHAN -> 0 : BYTES(first[0])))
		fi
	}
}

init
{
	byte s;

	atomic {
		state[0] = MAKE(1, USED);
		first[0] = RECORD(1, 0);
		second[0] = RECORD(1, 0);
		holder[0] = BLOCK(0, 1) + 1;
		owned = BYTES(first[0]);
		s = SLOTS - 1;
		do
		:: s > 0 ->
			state[s] = MAKE(1, FREE);
			link[s] = TOP(head);
			head = s + 1;
			s--
		:: else -> break
		od;
		do
		:: s < FREERS -> run freer(); s++
		:: else -> break
		od;
		s = 0;
		do
		:: s < RESIZERS -> run resizer(); s++
		:: else -> break
		od;
		s = 0;
		do
		:: s < ALLOCATORS -> run allocator(); s++
		:: else -> break
		od;
		s = 0;
		do
		:: s < PENDERS -> run pender(); s++
		:: else -> break
		od;
		s = 0;
		do
		:: s < DRAINERS -> run drainer(); s++
		:: else -> break
		od;
		s = 0;
#if DEATHS
		run death();
#endif
#if READERS
		run reader();
#endif
		run at_rest()
	}
}
