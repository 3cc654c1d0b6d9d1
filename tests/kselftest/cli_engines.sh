#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every engine that the module has, in the kernel: under stress, with processes
# killed meanwhile, and in an arena whose size is no power of two.
# shellcheck source=tests/kselftest/cli.inc
. "$(dirname "$0")/cli.inc"

holds_under_stress() {
	memmgr stress --engine "$1" -t 2 -p 2 -d 2 --round 1 --kill --size 3148k >"$log"
	grep -q "^all held" "$log"
}

first_fit_holds() { holds_under_stress first_fit; }
best_fit_holds() { holds_under_stress best_fit; }
chunk_holds() { holds_under_stress chunk; }
buddy_holds() { holds_under_stress buddy; }
ebuddy_holds() { holds_under_stress ebuddy; }

ebuddy_with_a_reserve_holds() {
	memmgr create --engine ebuddy --size 4M --reserve 1M -- \
		memmgr stress --default -t 2 -p 2 -d 2 --round 1 --kill
}

no_engine_is_left_out() {
	[ "$(memmgr info --json | sed 's/.*"engines":\[\([^]]*\)\].*/\1/')" = \
		'"first_fit","best_fit","chunk","buddy","ebuddy"' ]
}

run_tests \
	first_fit_holds \
	best_fit_holds \
	chunk_holds \
	buddy_holds \
	ebuddy_holds \
	ebuddy_with_a_reserve_holds \
	no_engine_is_left_out
