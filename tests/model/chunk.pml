/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The protocol of the chunk engine, module/engine/chunk_change.h, chunk_map.c and
 * chunk.c. tests/model/check runs all of it; by hand, with the options of a run:
 *
 *	spin -a OPTIONS chunk.pml && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan
 *
 *	run: -DFREE=15 -DROOMY
 *	run: -DFREE=15 -DW=3 -DROOMY
 *	run: -DFREE=10 -DW=3 -DLOWER0 -DROOMY
 *	run: -DFREE=15 -DCALLERS=1 -DLOWER0 -DLOWER1 -DROOMY
 *	run: -DFREE=15 -DLOWER2
 *	run: -DFREE=6 -DLOWER0
 *	run: -DFREE=11 -DLOWER0
 *	run: -DFREE=15 -DLOWER1
 *	run: -DFREE=15 -DLOWER0
 *	run: -DFREE=15 -DCALLERS=1 -DLOWER0 -DLOWER2 -DROOMY
 *
 * Callers claim a run each, of four granules in two words, W in the first; a hint may
 * say anything, so that they try any run, or five where there are searches. They roll
 * back what they lost, and keep or release what they got; without searches perhaps
 * twice. A search lowers the rank of a word (LOWER0, LOWER1) or the one above both
 * (LOWER2). FREE says what is free when they begin; ranks are then as low as they may
 * be, or as high. At any time no granule has two owners, and each gives back its own
 * only; a run released twice is found out unless somebody has claimed it since. When
 * all are at rest, whatever has no owner is free (nothing is lost), and the ranks
 * lead to each hole (nothing is hidden).
 *
 * A claim is one by a search, which announces whatever it leaves behind its end, or
 * one by a hint, which announces less; with ROOMY, ranks may be raised to a word's
 * where less would do. Who loses does not try again.
 *
 * Each access to what others change is a step of its own, in the order of the
 * program. All of them are full barriers or loads. An exchange can fail because
 * another rank of the same eight has changed.
 *
 * Not here: words in the middle of a long run, of which nobody else has a part;
 * counts, hints, and holes announced by who only looked; holes too long to be
 * measured; resizing; two callers with searches on two levels. Nor are there more
 * than two words. So it is not shown that a claim by a hint must look where the hole
 * behind it ends, before it takes the rank of a word for high enough: no run fails
 * without, for that matters only to a hole in three words.
 *
 * Mutants, each of which must fail in some run (-D to spin):
 *	M_PLAIN_CLAIM	look at the bits, then store
 *	M_BELIEVE	a hint is believed, the bits are not looked at
 *	M_NO_UNDO	a lost race gives back nothing
 *	M_UNDO_ALL	it gives back the word that was lost, too
 *	M_QUIET_UNDO	what is given back is not announced
 *	M_NO_BEHIND	a claim does not announce what it leaves behind its end
 *	M_NEAR_QUIET	one by a hint within a word announces nothing
 *	M_KNOWN_NEXT	nor what is left in the next word, if the hole began in its own
 *	M_KNOWN_HERE	nor what is left in its own, wherever the hole began
 *	M_ANY_RANK	to a hole that ends in its word any rank is high enough
 *	M_OWN_ONLY	a release announces its run, not the hole around it
 *	M_SHORT_RANK	a release within a word does not announce a hole that is there
 *	M_SHORT_EDGE	it does not look whether the hole goes on in a word beside
 *	M_TWICE		a release does not look whether the run is claimed
 *	M_CAP_EARLY	the cap is set before the claim
 *	M_CAP_LATE	the cap is set after the release
 *	M_CAP_LOW	the cap is less than what starts before the run
 *	M_STORE_CAP	the cap is a store, after a look at the rank
 *	M_NO_ABOVE	ranks above are not raised
 *	M_LOSE_RAISE	a rank that others change all the time is left as it is
 *	M_NO_RECHECK	a rank is lowered without a second look at what is below
 */
#ifndef W
#define W 2		/* granules of a word */
#endif
#ifndef CALLERS
#define CALLERS 2
#endif
#if defined(LOWER0) || defined(LOWER1) || defined(LOWER2)
#define SEARCHES
#endif
#ifndef TRIES
#define TRIES 1
#endif

#define ALL 15		/* four granules */
#define LONG 4

#ifdef M_CAP_LOW
#define CAP 0
#else
#define CAP W
#endif

/* Of a hole that began in a near claim's word and goes on there the rank is high enough. */
#ifdef M_KNOWN_NEXT
#define STAYS true
#else
#define STAYS (last != TOP(WORD_OF(last)))
#endif
#ifdef M_KNOWN_HERE
#define BEGAN true
#else
#define BEGAN (~free & BITS_BEFORE(start, WORD_OF(start)))
#endif

#ifdef M_ANY_RANK
#define RANK_WORD 0
#else
#define RANK_WORD W
#endif

byte free = FREE;	/* bit set: the granule is free */
byte rank[2];
byte above;		/* the rank over both */
byte working;
byte owned[CALLERS];	/* ghost: who has what */

hidden byte g, n;	/* within a step */

#define IS_FREE(pos) ((free >> (pos)) & 1)
#define WORD_OF(pos) ((pos) / W)
#define IS_NEAR (WORD_OF(start) == WORD_OF(last))
#define TOP(word) (W * (word) + W - 1)
#define WORD0 ((1 << W) - 1)
#define BITS ((2 << last) - (1 << start))
#define BITS_BEFORE(pos, word) (((1 << (pos)) - 1) & ((word) -> ~WORD0 : WORD0))
#define ENDS_IN_WORD(pos) (~free & ((2 << TOP(WORD_OF(pos))) - (1 << (pos))))
#define BITS_IN(word) (BITS & ((word) -> ~WORD0 : WORD0))
#define SOMEBODYS (owned[0] | owned[CALLERS - 1] | (ALL & ~FREE))

/* raise_one(); r is 0 then if somebody else did it */
inline raise_one(cell)
{
	do
	:: tries < TRIES ->
		atomic {
			old = cell;
			if
			:: old >= r -> r = 0; break
			:: else
			fi
		}
		atomic {
			if
			:: cell == old -> cell = r; break
			:: tries++	/* another one of the eight */
			fi
		}
	:: tries == TRIES ->
#ifndef M_LOSE_RAISE
		atomic { r = LONG; cell = LONG }
#endif
		break
	od;
	atomic { old = 0; tries = 0 }
}

/* memmgr_chunk_raise() of a word's rank to r */
inline raise(word)
{
	raise_one(rank[word]);
#ifndef M_NO_ABOVE
	raise_one(above);
#endif
	r = 0
}

/* hole_start() of pos, into from */
inline hole_start(pos)
{
	d_step {
		from = pos;
		do
		:: from % W && IS_FREE(from - 1) -> from--
		:: else -> break
		od
	}
	if
	:: d_step {
		from == W ->
		do
		:: from > 0 && IS_FREE(from - 1) -> from--
		:: else -> break
		od
	   }
	:: else
	fi
}

/* hole_end() of pos, into end */
inline hole_end(pos)
{
	d_step {
		n = WORD_OF(pos);
		end = pos;
		do
		:: end <= TOP(n) && IS_FREE(end) -> end++
		:: else -> break
		od;
		n = 0
	}
	if
	:: d_step {
		end == W && (pos) < W ->
		do
		:: IS_FREE(end) -> end++
		:: else -> break
		od
	   }
	:: else
	fi
}

/* announce() of the hole from..end */
inline announce()
{
	atomic {
		word = WORD_OF(from);
		r = end - from;
		from = 0; end = 0;
#ifdef ROOMY
		if
		:: r < W -> r = W
		:: true
		fi
#endif
	}
	raise(word);
	word = 0
}

/* memmgr_chunk_announce() of a run that is free */
inline announce_around(pos, tail)
{
#ifdef M_OWN_ONLY
	d_step { from = pos; end = tail + 1 };
#else
	hole_start(pos);
	hole_end(tail);
#endif
	announce()
}

inline announce_behind()
{
	if
	:: atomic { IS_FREE(last + 1) -> from = last + 1 };
		hole_end(last + 1);
		announce()
	:: else
	fi
}

/* is_high_enough(), and if it is not, as above */
inline announce_if_low()
{
	r = rank[WORD_OF(last + 1)];
	if
	:: atomic { r == LONG -> r = 0 }
	:: atomic { r != LONG && r >= RANK_WORD && ENDS_IN_WORD(last + 1) -> r = 0 }
	:: atomic { r != LONG && !(r >= RANK_WORD && ENDS_IN_WORD(last + 1)) -> r = 0 };
		announce_behind()
	fi
}

/* A claim by a search says all that it leaves behind its end, one by a hint less. */
inline announce_left()
{
	if
	:: announce_behind()
	:: atomic { known || last == 3 }
	:: atomic { !known && last < 3 };
#ifdef M_NEAR_QUIET
		if
		:: IS_NEAR
		:: else -> announce_if_low()
		fi
#else
		announce_if_low()
#endif
	fi;
	known = false
}

/* take_bits(); it can lose too often against those who change other bits */
inline take_bits(i)
{
#ifdef M_PLAIN_CLAIM
	end = free;
	atomic {
		if
		:: (end & BITS_IN(i)) == BITS_IN(i) ->
			known = IS_NEAR && STAYS && BEGAN;
			free = (i -> (free & WORD0) | (end & ~WORD0) : (free & ~WORD0) | (end & WORD0));
			free = free & ~BITS_IN(i);
#else
	atomic {
		if
#ifdef M_BELIEVE
		:: true ->
#else
		:: (free & BITS_IN(i)) == BITS_IN(i) ->
#endif
			known = IS_NEAR && STAYS && BEGAN;
			free = free & ~BITS_IN(i);
#endif
			assert(!(SOMEBODYS & BITS_IN(i)));
			owned[me] = owned[me] | BITS_IN(i)
#ifdef M_PLAIN_CLAIM
		:: (end & BITS_IN(i)) != BITS_IN(i) -> lost = true
#else
		:: (free & BITS_IN(i)) != BITS_IN(i) -> lost = true
#endif
		:: lost = true	/* too often */
		fi;
		end = 0
	}
}

inline give_bits(i)
{
	atomic {
		assert((owned[me] & BITS_IN(i)) == BITS_IN(i));
		owned[me] = owned[me] & ~BITS_IN(i);
		free = free | BITS_IN(i)
	}
}

inline undo()
{
#ifdef M_UNDO_ALL
	free = free | BITS;
#endif
#ifdef M_NO_UNDO
	owned[me] = 0
#else
	give_bits(0);
#ifndef M_QUIET_UNDO
	announce_around(start, W - 1)
#endif
#endif
}

inline take_words()
{
	if
	:: start < W -> take_bits(0)
	:: else
	fi;
	if
	:: !lost && last >= W -> take_bits(1)
	:: else
	fi;
	if
	:: lost && owned[me] -> undo()
	:: else
	fi
}

/* memmgr_chunk_cap(), one attempt */
inline cap_rank()
{
	if
	:: start < W && last >= W ->
#ifdef M_STORE_CAP
		if
		:: rank[0] > CAP -> rank[0] = CAP
		:: else
		fi
#else
		atomic {
			if
			:: rank[0] > CAP -> rank[0] = CAP
			:: true		/* not needed, or another one of the eight */
			fi
		}
#endif
	:: else
	fi
}

/* Where the hole begins and ends within the word, one look at that is all. */
inline release_near()
{
	give_bits(WORD_OF(start));
	d_step {
		n = TOP(WORD_OF(start));
		from = start;
		do
		:: from % W && IS_FREE(from - 1) -> from--
		:: else -> break
		od;
		end = last + 1;
		do
		:: end <= n && IS_FREE(end) -> end++
		:: else -> break
		od;
		beside = from % W == 0 || end > n;
		n = 0
	}
#ifdef M_SHORT_EDGE
	beside = false;
#endif
	if
	:: atomic { beside -> beside = false; from = 0; end = 0 }; announce_around(start, last)
#ifdef M_SHORT_RANK
	:: atomic { else -> from = 0; end = 0 }
#else
	:: else -> announce()
#endif
	fi
}

inline release_far()
{
	give_bits(1);
	give_bits(0);
	announce_around(start, last)
}

/* The caller has released it already: some of it is free, or somebody else's. */
inline release_twice()
{
#ifdef M_TWICE
	release_near()
#else
	if
	:: atomic { start < W && free & BITS_IN(0) }
	:: else ->
		if
		:: atomic { last >= W && free & BITS_IN(1) }
		:: atomic { else -> assert(start / W != last / W || (SOMEBODYS & ~owned[me] & BITS) == BITS) }
		fi
	fi
#endif
}

proctype caller(byte me)
{
	byte start, last, word, from, end, r, old, tries;
	bool lost, known, beside;

	atomic {
		if
		:: start = 0; last = 0
		:: start = 0; last = 2
		:: start = 1; last = 1
		:: start = 1; last = 2
		:: start = 2; last = 2
#ifndef SEARCHES
		:: start = 0; last = 1
		:: start = 0; last = 3
		:: start = 1; last = 3
		:: start = 2; last = 3
		:: start = 3; last = 3
#endif
		fi
	}
#ifdef M_CAP_EARLY
	cap_rank();
#endif
	take_words();
	if
	:: lost
	:: else ->
#if !defined(M_CAP_EARLY) && !defined(M_CAP_LATE)
		cap_rank();
#endif
#ifndef M_NO_BEHIND
		announce_left();
#endif
		if
		:: true		/* keep it */
		:: true ->
			if
			:: IS_NEAR -> release_near()
			:: else -> release_far()
			fi;
#ifdef M_CAP_LATE
			cap_rank();
#endif
#ifndef SEARCHES
			if
			:: true
			:: release_twice()
			fi
#endif
		fi
	fi;
	atomic { start = 0; last = 0; lost = false; known = false; working-- }
}

/* memmgr_chunk_rank_below() of a word, into r, with what is behind its end */
inline word_rank(word)
{
	d_step {
		r = 0; ahead = 0;
		for (g : W * word .. TOP(word)) {
			if
			:: IS_FREE(g) -> ahead++
			:: else -> r = (ahead > r -> ahead : r); ahead = 0
			fi
		}
		g = 0
	}
	if
	:: ahead ->
		hole_end(TOP(word));
		d_step { ahead = ahead + end - (TOP(word) + 1); end = 0 }
	:: else
	fi;
	d_step { r = (ahead > r -> ahead : r); ahead = 0 }
}

inline rank_below()
{
	if
	:: level -> r = rank[0]; atomic { r = (rank[1] > r -> rank[1] : r) }
	:: else -> word_rank(word)
	fi
}

/* memmgr_chunk_lower(), of a rank that was not as high as it said */
proctype search(bool level; byte word)
{
	byte r, was, old, end, ahead, tries;
	bool lowered;

	was = (level -> above : rank[word]);
	rank_below();
	atomic {
		if
		:: r >= was
		:: r < was && level && above == was -> above = r; lowered = true
		:: r < was && !level && rank[word] == was -> rank[word] = r; lowered = true
		:: r < was && (level -> above : rank[word]) != was
		fi;
		was = 0; r = 0
	}
#ifndef M_NO_RECHECK
	if
	:: lowered ->
		rank_below();
		if
		:: level -> raise_one(above)
		:: else -> raise(word)
		fi
	:: else
	fi;
#endif
	atomic { lowered = false; r = 0; working-- }
}

/* The rank of a word is at least the longest hole that starts in it. */
inline set_or_check_ranks(check)
{
	n = 0;
	for (g : 0 .. 4) {
		if
		:: IS_FREE(g) -> n++
		:: !IS_FREE(g) && n ->
			if
			:: check -> assert(rank[WORD_OF(g - n)] >= n)
			:: !check && rank[WORD_OF(g - n)] < n -> rank[WORD_OF(g - n)] = n
			:: else
			fi;
			n = 0
		:: else
		fi
	}
	g = 0
}

proctype at_rest()
{
	atomic {
		!working;
		assert(free == (ALL & ~SOMEBODYS));
		set_or_check_ranks(true);
		assert(above >= rank[0] && above >= rank[1])
	}
}

#define START(process) working++; run process

init
{
	atomic {
		if
		:: set_or_check_ranks(false)
		:: rank[0] = LONG; rank[1] = LONG
		fi;
		above = (rank[0] > rank[1] -> rank[0] : rank[1]);
		START(caller(0));
#if CALLERS == 2
		START(caller(1));
#endif
#ifdef LOWER0
		START(search(false, 0));
#endif
#ifdef LOWER1
		START(search(false, 1));
#endif
#ifdef LOWER2
		START(search(true, 0));
#endif
		run at_rest()
	}
}
