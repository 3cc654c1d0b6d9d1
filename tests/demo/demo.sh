#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - what memmgr does, in front of your eyes; status 0 only if all of it held
#
#	MODULE	memmgr.ko
#	BIN	folder with neighbour, share and memmgr
#	COLOR	1 for colours, empty for none; unset: colours on a terminal
#
# It runs in a guest of its own (make demo) or on the running kernel (LIVE=1), as
# root, with nothing beyond a plain shell: each step is a command to try yourself.
set -u
MODULE=${MODULE:-/demo/memmgr.ko}
BIN=${BIN:-/demo}
PATH=$BIN:$PATH
debugfs=/sys/kernel/debug/memmgr

if [ -n "${COLOR-$([ -t 1 ] && echo 1)}" ]; then
	bold=$(printf '\033[1m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
	when=always
else
	bold='' red='' plain='' when=never
fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

fail() {
	printf '%sFAILED: %s%s\n' "$red" "$*" "$plain"
	cleanup
	exit 1
}

# Show a command, then run it: all that follows can be typed by hand.
run() {
	printf '  $ %s\n' "$*"
	"$@" || fail "$*"
}

cleanup() {
	exec 3>&-
	kill -9 "${victim:-}" 2>/dev/null
	wait
	rm -rf "$work"
	rmmod memmgr 2>/dev/null
}

blocks_with_tag() { memmgr ls --tag "$1" --json | grep -o '"handle"' | wc -l; }
free_bytes() { sed -n 's/^free  *//p' "$debugfs/1/summary"; }

wait_for() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		"$@" && return
		sleep 0.5
	done
	fail "waited too long for: $*"
}

load_module() {
	say "1. Load the module"
	run insmod "$MODULE"
	run memmgr info
}

share_block() {
	say "2. A parent hands a block to its child, which reads it and frees it"
	run share
}

start_neighbours() {
	say "3. Two processes in one heap: one holds 2000 blocks, one allocates as fast as it can"
	mkfifo "$work/stdin"
	neighbour hold 0xbee 2000 <"$work/stdin" >"$work/holder" &
	holder=$!
	exec 3>"$work/stdin"
	wait_for grep -q ready "$work/holder"
	before=$(free_bytes)
	neighbour churn 0xbad &
	victim=$!
	wait_for has_blocks 0xbad 500
	run memmgr map --color="$when"
	echo "  $ memmgr ls --tag 0xbad | head"
	memmgr ls --tag 0xbad | head
	run head -n 12 "$debugfs/1/summary"
	run grep '^owner ' "$debugfs/1/summary"
}

has_blocks() { [ "$(blocks_with_tag "$1")" -ge "$2" ]; }

kill_victim() {
	say "4. The second one is killed in the middle of allocating"
	run kill -9 "$victim"
	wait "$victim"
	victim=
	echo "  blocks with its tag: $(blocks_with_tag 0xbad), free: $(free_bytes) bytes, before it came: $before"
	[ "$(blocks_with_tag 0xbad)" -eq 0 ] || fail "the dead process still has blocks"
	[ "$(free_bytes)" -eq "$before" ] || fail "not all of its memory came back"
	run memmgr map --color="$when"
	run cat "$debugfs/1/validate"
}

verify_holder() {
	say "5. The first one never noticed: it verifies every byte"
	exec 3>&-
	wait "$holder" || fail "the survivor's blocks were damaged: $(cat "$work/holder")"
	echo "  2000 blocks, 2000000 bytes: all as they were written"
}

stress() {
	say "6. Stress: four processes of two threads, killed at random meanwhile"
	run memmgr stress -t 2 -p 4 -d 6 --round 3 --kill
}

unload_module() {
	say "7. Unload; nothing is left"
	run cat "$debugfs/arenas"
	run rmmod memmgr
}

work=$(mktemp -d)
trap 'fail interrupted' INT TERM
load_module
share_block
start_neighbours
kill_victim
verify_holder
stress
unload_module
rm -rf "$work"
say "All of it held."
