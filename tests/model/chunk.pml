/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The protocol of module/engine/chunk_map.c. tests/model/check runs all of it; by
 * hand, with the options of one of the runs:
 *
 *	spin -a OPTIONS chunk.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan
 *
 *	run: -DSEARCH -DCALLERS=1 -DTURNS=2
 *	run: -DSEARCH -DFREE=4
 *	run:
 *	run: -DSEARCH -DFREE=3
 *	run: -DSEARCH -DFREE=2
 *
 * Two callers claim, roll back and release runs over two words of two granules
 * each, all runs that touch in some way; with SEARCH, another lowers the rank above
 * them, and to stay small two callers have a run each and begin with FREE granules.
 * At any time no granule has two owners; when all are at rest, whatever has no owner
 * is free (nothing is lost), and no rank is lower than it should be.
 *
 * Plain stores of ranks go through a store buffer of each process that drains at
 * any time, so that a barrier that is missing is missed. Mutants, each of which
 * must fail (-D to spin):
 *	M_PLAIN_CLAIM	look at the bits, then store
 *	M_ROLL_ALL	a lost race gives back the word that was lost, too
 *	M_NO_ROLL	a lost race gives back nothing
 *	M_NO_CONFIRM	no second look at what a rank was made from
 *	M_NO_BARRIER	a second look, but with the rank still in the store buffer
 *	M_NO_BELOW	the rank of the word before a run is left as it is
 *	M_FORGET	no second look at a word before that seems not to depend now
 *	M_NO_RECHECK	a rank above is lowered without another look below it
 *	M_NO_RAISE	ranks above are not raised
 */
#ifndef CALLERS
#define CALLERS 2
#endif
#ifdef SEARCH
#define PROCS (CALLERS + 1)
#else
#define PROCS CALLERS
#endif
#ifndef TURNS
#define TURNS 1
#endif

byte word[2];		/* bit set: free; starts all free */
byte owner[4];		/* ghost: who cleared the bit, plus one */
byte rank[2];
byte above;		/* the rank over both */
byte ended;

/* store buffers, an entry each */
bool held[CALLERS];
byte slot[CALLERS];
byte value[CALLERS];

inline barrier()
{
	!held[me]
}

/* a load sees the process's own store first */
#define LOAD_RANK(i) ((held[me] && slot[me] == (i)) -> value[me] : rank[i])

inline store_rank(i, v)
{
	atomic { !held[me] -> slot[me] = i; value[me] = v; held[me] = true }
}

proctype drain(byte who)
{
	do
	:: atomic { held[who] -> rank[slot[who]] = value[who]; held[who] = false }
	:: atomic { ended == PROCS && !held[who] -> break }
	od
}

#define LONGEST(w) ((w) == 3 -> 2 : ((w) -> 1 : 0))
#define PREFIX(w) ((w) & 1 -> ((w) == 3 -> 2 : 1) : 0)
#define RANK0(w, next) (((w) & 2) -> (((w) == 3 -> 2 : 1) + PREFIX(next)) : LONGEST(w))

/* a load, and an exchange where it finds less */
inline raise(v)
{
#ifdef M_NO_RAISE
	skip
#else
	atomic {
		if
		:: above >= v
		:: above < v && !held[me] -> above = v
		fi
	}
#endif
}

/*
 * refresh(): the ranks that depend on a run in the words first..last, bits from
 * low on. Each atomic step has one access to what others change, at most.
 */
inline refresh(up)
{
	atomic { wrong = false; next = 0; idx = last; w = word[idx] }
	if
	:: atomic { idx == 0 && (w & 2) -> next = word[1] }
	:: else
	fi;
	do
	:: atomic {
		r = (idx == 0 -> RANK0(w, next) : LONGEST(w));
		put = (LOAD_RANK(idx) != r);
		wrong = wrong || put
	   }
		if
		:: atomic { put && !held[me] -> slot[me] = idx; value[me] = r; held[me] = true }
		:: !put
		fi;
		if
		:: up -> raise(r)
		:: else
		fi;
		atomic {
			if
			:: idx == 0 -> break
#ifdef M_NO_BELOW
			:: idx == first -> break
#endif
			:: else
			fi;
			next = w;
			w = word[0];
			if	/* goes_on_below() */
#ifndef M_FORGET
			:: deep
#endif
			:: idx != first
			:: idx == first && (low == 0 || (next & 1)) && (w & 2)
			:: else -> break
			fi;
			deep = true;
			idx = 0
		}
	od
}

inline confirm()
{
	do
	:: tries < 2 ->
		refresh(true);
		if
		:: !wrong -> break
		:: else
		fi;
		barrier();
		tries++
	:: else ->	/* overrate() */
		store_rank(0, 4); barrier(); raise(4);
		store_rank(1, 4); barrier(); raise(4);
		break
	od;
	atomic { tries = 0; idx = 0; w = 0; next = 0; r = 0; put = false; wrong = false; deep = false }
}

inline settle()
{
	deep = false;
	refresh(false);
#ifndef M_NO_BARRIER
	barrier();
#endif
#ifdef M_NO_CONFIRM
	raise(r)
#else
	confirm()
#endif
}

/* ghost: [start, end) of word i gets or loses its owner */
inline own(i, bits, who)
{
	if
	:: bits & 1 -> assert(!who || !owner[2 * i]); owner[2 * i] = who
	:: else
	fi;
	if
	:: bits & 2 -> assert(!who || !owner[2 * i + 1]); owner[2 * i + 1] = who
	:: else
	fi
}

inline take_bits(i, bits)
{
#ifdef M_PLAIN_CLAIM
	w = word[i];
	atomic {
		if
		:: (w & bits) == bits -> word[i] = w & ~bits; own(i, bits, me + 1); got = true
		:: else -> got = false
		fi
	}
#else
	atomic {
		barrier() ->
		if
		:: (word[i] & bits) == bits ->
			word[i] = word[i] & ~bits; own(i, bits, me + 1); got = true
		:: else -> got = false
		fi
	}
#endif
}

inline give_bits(i, bits)
{
	atomic { barrier() -> own(i, bits, 0); word[i] = word[i] | bits }
}

/* a run: bits b0 of word 0 and b1 of word 1 */
inline take()
{
	got = true;
	if
	:: b0 -> take_bits(0, b0)
	:: else
	fi;
	if
	:: got && b1 ->
		take_bits(1, b1);
		if
		:: !got && b0 ->
#ifdef M_ROLL_ALL
			atomic { word[1] = word[1] | b1 }	/* as if it were held */
#endif
#ifdef M_NO_ROLL
			atomic { own(0, b0, 0) }
#else
			give_bits(0, b0);
			barrier();
			last = 0;
			deep = false;
			confirm();
#endif
			got = false
		:: else
		fi
	:: else
	fi
}

inline set_run(x, y)
{
	b0 = x; b1 = y;
	first = (x -> 0 : 1);
	last = (y -> 1 : 0);
	low = (x -> (x == 2) : (y == 2))
}

proctype caller(byte me)
{
	byte b0, b1, first, last, low, idx, w, next, r, tries, turn;
	bool wrong, got, deep, put;

	do
	:: turn < TURNS ->
		atomic {
			if
			:: CALLERS == 1 || me == 0 -> set_run(2, 1)
			:: CALLERS == 1 || me == 1 -> set_run(0, 1)
#if !defined(SEARCH) || CALLERS == 1
			:: CALLERS == 2 && me == 0 -> set_run(0, 1)
			:: CALLERS == 2 && me == 1 -> set_run(2, 1)
			:: set_run(1, 0)
			:: set_run(2, 0)
			:: set_run(3, 3)
			:: set_run(0, 3)
#endif
			fi
		}
		take();
		if
		:: got ->
			settle();
			if
			:: turn == TURNS - 1 -> break	/* keep it */
			:: true ->
				if
				:: b1 -> give_bits(1, b1)
				:: else
				fi;
				if
				:: b0 -> give_bits(0, b0)
				:: else
				fi;
				barrier();
				settle()
			fi
		:: else
		fi;
		atomic { turn++; idx = 0; w = 0; next = 0; r = 0; wrong = false; got = false }
	:: else -> break
	od;
	barrier();
	ended++
}

/* lower(): nothing was found below */
proctype search()
{
	byte old, r0, r1, turn;

	do
	:: turn < 1 ->
		old = above;
		r0 = rank[0];
		r1 = rank[1];
		if
		:: r0 < old && r1 < old ->
			r0 = (r0 > r1 -> r0 : r1);
			atomic {
				if
				:: above == old -> above = r0
				:: else
				fi
			}
#ifndef M_NO_RECHECK
			r1 = rank[0];
			atomic { above = (above < r1 -> r1 : above) }
			r1 = rank[1];
			atomic { above = (above < r1 -> r1 : above) }
#endif
		:: else
		fi;
		atomic { turn++; old = 0; r0 = 0; r1 = 0 }
	:: else -> break
	od;
	ended++
}

proctype at_rest()
{
	byte i, r;

	atomic {
		ended == PROCS && !held[0] && !held[CALLERS - 1];
		for (i : 0 .. 3) {
			assert(!owner[i] == ((word[i / 2] >> (i % 2)) & 1))
		}
		assert(rank[0] >= RANK0(word[0], word[1]));
		assert(rank[1] >= LONGEST(word[1]));
		assert(above >= rank[0] && above >= rank[1])
	}
}

init
{
	atomic {
		if	/* some granules belong to somebody who is not here */
#if !defined(FREE) || FREE == 4
		:: word[0] = 3; word[1] = 3
#endif
#if !defined(FREE) || FREE == 2
		:: word[0] = 2; word[1] = 1; owner[0] = 9; owner[3] = 9
#endif
#if !defined(FREE) || FREE == 3
		:: word[0] = 3; word[1] = 2; owner[2] = 9
#endif
		fi;
		rank[0] = RANK0(word[0], word[1]);
		rank[1] = LONGEST(word[1]);
		above = (rank[0] > rank[1] -> rank[0] : rank[1]);
		run caller(0); run drain(0);
#if CALLERS == 2
		run caller(1); run drain(1);
#endif
#ifdef SEARCH
		run search();
#endif
		run at_rest()
	}
}
