#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# memmgr stress: it proves what it says, and ends well under all options.
# shellcheck source=tests/kselftest/cli.inc
. "$(dirname "$0")/cli.inc"

out=$(mktemp)
trap 'rm -f "$log" "$out"' EXIT

stress_holds() {
	memmgr stress -t 2 -p 2 -d 2 --round 1 --seed 1 >"$out"
	has "^round 1: all released, the arena is one free run again" <"$out"
	has "^all held; rounds: [1-9]" <"$out"
}

stress_holds_while_processes_are_killed() {
	memmgr stress -t 2 -p 2 -d 4 --round 2 --kill >"$out"
	has "killed [1-9][0-9]* \([1-9][0-9]* blocks, .* back\)" <"$out"
	has "^all held; rounds: [1-9][0-9]*, processes killed: [1-9]" <"$out"
}

stress_prints_json_lines() {
	memmgr stress -t 2 -p 3 -d 2 --round 1 --kill --json >"$out"
	cat "$out"
	is_json <"$out"
	has '"thread_bytes":\[[0-9]+(,[0-9]+){5}\]' <"$out"
	tail -n 1 "$out" | has '"held":true'
}

stress_runs_out_of_memory_and_holds() {
	memmgr stress -t 2 -p 2 -d 2 --size 256k --block-max 64k --json >"$out"
	[ "$(grep '"second":1' "$out" | member failures)" -gt 0 ]
	tail -n 1 "$out" | has '"held":true'
}

stress_works_beside_blocks_of_others() {
	handle=$(memmgr alloc 1000)
	memmgr stress --default -d 1 --kill >"$out"
	has "nothing of ours is left" <"$out"
	memmgr free "$handle"
	memmgr stress --default -d 1 >"$out"
	has "one free run again" <"$out"
}

interrupt_ends_it_with_a_proof() {
	memmgr stress -d 100 >"$out" &
	pid=$!
	sleep 2
	kill -INT $pid
	exits_with 0 wait $pid
	has "^all held; rounds: 1," <"$out"
}

killed_parent_takes_its_children_along() {
	memmgr stress --default -d 100 >"$out" &
	pid=$!
	sleep 1
	kill -KILL $pid
	wait $pid || :
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(memmgr stat --json | member owners)" = 1 ] && break
		sleep 1
	done
	equal "$(memmgr stat --json | member owners)" 1
	equal "$(memmgr stat --json | member blocks)" 0
}

run_tests \
	stress_holds \
	stress_holds_while_processes_are_killed \
	stress_prints_json_lines \
	stress_runs_out_of_memory_and_holds \
	stress_works_beside_blocks_of_others \
	interrupt_ends_it_with_a_proof \
	killed_parent_takes_its_children_along
