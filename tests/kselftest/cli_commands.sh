#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# memmgr(1): every command but stress.
# shellcheck disable=SC2016 # scripts in quotes are for another shell
# shellcheck source=tests/kselftest/cli.inc
. "$(dirname "$0")/cli.inc"

# Run a script in which all commands work on an arena of 1 MiB of its own.
on_arena() {
	printf 'set -e\n. %s/functions\n%s\n' "$work" "$1" >"$work/script"
	memmgr create --size 1M --name "cli test" -- sh "$work/script"
}

work=$(mktemp -d)
trap 'rm -rf "$log" "$work"' EXIT
sed -n '/^# The command exits/,$p' "$(dirname "$0")/cli.inc" >"$work/functions"

info_tells_what_the_arena_is() {
	on_arena '
	memmgr info | has "^name +cli test$"
	memmgr info | has "^size +1 MiB$"
	memmgr info | has "^rights +read-write$"
	memmgr info | has "^engines .*first_fit"'
	memmgr info | has "^rights +read-only$"
}

every_command_prints_json() {
	on_arena '
	handle=$(memmgr alloc 100 --json | member handle)
	for command in info stat ls map validate epoch sweep "mark $handle" "alloc 5" "free $handle"; do
		memmgr $command --json >out
		cat out
		is_json <out
		memmgr --json $command >out || :
		is_json <out
	done'
}

stat_tells_what_rounding_costs() {
	memmgr create --size 1M --engine buddy -- sh -ec "
	. $work/functions
	memmgr alloc 600 --json
	memmgr stat | has '^internal fragmentation +424 B$'
	equal \"\$(memmgr stat --json | member internal_fragmentation)\" 424"
}

stat_tells_of_contention_races_and_ties() {
	on_arena '
	for figure in contended lost_races ties_broken retries; do
		equal "$(memmgr stat --json | member $figure)" 0
		memmgr stat | has "^$(echo $figure | tr _ " ") +0$"
	done'
}

json_sizes_are_exact_and_handles_text() {
	on_arena '
	memmgr alloc 1000 --tag 0xffffffff --json |
		has "^\{\"handle\":\"0x[0-9a-f]{16}\",\"offset\":[0-9]+,\"usable\":1008\}$"
	memmgr ls --json | has "\"size\":1000,\"usable\":1008"
	memmgr ls --json | has "\"tag\":4294967295"
	equal "$(memmgr stat --json | member size)" 1048576'
}

alloc_prints_a_handle_that_free_takes() {
	on_arena '
	handle=$(memmgr alloc 4k)
	equal "$(memmgr stat --json | member blocks)" 1
	memmgr free "$handle"
	equal "$(memmgr stat --json | member blocks)" 0'
}

free_tries_all_and_says_which_failed() {
	on_arena '
	a=$(memmgr alloc 1) b=$(memmgr alloc 1)
	memmgr free $a
	exits_with 1 memmgr free $a 0xffffffffffffffff $b 2>err
	has "cannot free $a: it was freed before" <err
	has "cannot free 0xffffffffffffffff: there is no such block" <err
	equal "$(memmgr stat --json | member blocks)" 0'
}

alloc_takes_alignment_tag_and_zero() {
	on_arena '
	memmgr alloc 1
	memmgr alloc 10 --align 64k --tag 7 --zero --policy free
	memmgr ls --tag 7 --json | has "\"offset\":65536,.*\"align\":65536,\"tag\":7"
	memmgr ls --tag 7 --json | has "\"policy\":\"free\""'
}

alloc_without_memory_says_what_to_do() {
	on_arena '
	exits_with 1 memmgr alloc 2M 2>err
	has "see .memmgr stat" <err
	for i in 1 2 3 4; do memmgr alloc 256k; done
	memmgr free 0x100000000 0x100000002
	exits_with 1 memmgr alloc 300k 2>err
	has "largest hole has 256 KiB" <err'
}

block_of_the_default_arena_stays_as_an_orphan() {
	handle=$(memmgr alloc 100 --tag 99)
	memmgr ls --state orphan --tag 99 | has "^$handle .* keep +orphan of [0-9]+$"
	memmgr ls --owner 0 --tag 99 | has "^$handle"
	memmgr free "$handle"
	equal "$(memmgr ls --tag 99 --json)" '{"blocks":[]}'
}

block_with_policy_free_ends_with_its_owner() {
	memmgr alloc 100 --tag 98 --policy free
	equal "$(memmgr ls --tag 98 --json)" '{"blocks":[]}'
}

acts_look_at_the_tag_first() {
	on_arena '
	a=$(memmgr alloc 1 --tag 5) b=$(memmgr alloc 1 --tag 6)
	exits_with 1 memmgr free --if-tag 6 $a $b 2>err
	has "cannot free $a: it has another tag" <err
	equal "$(memmgr ls --json | member handle)" $a
	memmgr retag --if-tag 5 0x77 $a
	memmgr ls --tag 0x77 | has "^$a"
	exits_with 1 memmgr retag --if-tag 5 1 $a
	memmgr retag --json 8 $a | has "^\{\"retagged\":\[\"$a\"\],\"failed\":\[\]\}$"
	exits_with 1 memmgr transfer 12345 $a 2>err
	has "no such block or owner" <err
	memmgr transfer "$(memmgr info --json | member owner)" $a
	memmgr ls --state owned | has "^$a"
	exits_with 2 memmgr retag $a
	exits_with 2 memmgr retag
	exits_with 2 memmgr mark
	exits_with 2 memmgr free --if-tag x $a'
}

sweep_frees_what_is_old() {
	on_arena '
	equal "$(memmgr epoch)" 1
	a=$(memmgr alloc 100 --tag 5) b=$(memmgr alloc 200 --tag 6) c=$(memmgr alloc 1 --tag 6)
	memmgr sweep | has "^ +all +0 +0 B$"
	equal "$(memmgr epoch --advance)" 2
	equal "$(memmgr epoch --json)" "{\"epoch\":2}"
	memmgr mark $a
	memmgr sweep --dry-run --json >out
	has "^\{\"blocks\":2,\"bytes\":224,\"tags\":\[\{\"tag\":6,\"blocks\":2,\"bytes\":224\}\]\}$" <out
	is_json <out
	memmgr sweep --size-min 100 | has "^ +0x6 +1 +208 B$"
	memmgr ls --epoch-before 2 | has "^$c"
	memmgr sweep
	equal "$(memmgr ls --json | member handle)" $a
	exits_with 1 memmgr sweep --epoch-before 3
	exits_with 2 memmgr sweep --epoch-before x
	exits_with 2 memmgr sweep --size-max x'
}

block_is_left_to_an_heir() {
	on_arena '
	heir=$(memmgr info --json | member owner)
	handle=$(memmgr alloc 100 --policy give --heir $heir)
	memmgr ls | has "^$handle .* $heir give +owned for $heir$"
	exits_with 1 memmgr alloc 100 --policy give
	exits_with 1 memmgr alloc 100 --policy give --heir 54321'
}

ls_is_sorted_by_address() {
	on_arena '
	for i in 1 2 3 4 5 6; do memmgr alloc 1000; done
	memmgr free 0x100000001
	memmgr alloc 500
	memmgr ls | awk "NR > 1 { print \$2 }" | sed "s/^0\$/0x0/" >offsets
	equal "$(wc -l <offsets)" 6
	sorted=$(while read -r n; do printf "%d\n" "$n"; done <offsets | sort -n | tr "\n" " ")
	equal "$(while read -r n; do printf "%d " "$n"; done <offsets)" "$sorted"'
}

ls_filters_by_tag_and_mask() {
	on_arena '
	for tag in 0x10 0x11 0x21; do memmgr alloc 1 --tag $tag; done
	equal "$(memmgr ls --tag 0x11 | wc -l)" 2
	equal "$(memmgr ls --tag 0x10/0xf0 | wc -l)" 3
	equal "$(memmgr ls --tag 1/1 | wc -l)" 3
	equal "$(memmgr ls --tag 0/0 | wc -l)" 4
	equal "$(memmgr ls --state orphan | wc -l)" 1
	equal "$(memmgr ls --state orphan --state owned | wc -l)" 4
	exits_with 2 memmgr ls --tag x
	exits_with 2 memmgr ls --state lost
	exits_with 2 memmgr ls --owner -1'
}

map_draws_shares() {
	on_arena '
	memmgr alloc 256k
	equal "$(memmgr map --width 16 --rows 1 | head -n 1)" "####............"
	equal "$(memmgr map --width 4 --rows 4 | head -n 4 | tr "\n" " ")" "#### .... .... .... "
	memmgr alloc 1k
	memmgr alloc 40k
	equal "$(memmgr map --width 16 --rows 1 | head -n 1)" "####+..........."
	equal "$(memmgr map --width 16 --rows 1 --json | member map)" "####+..........."'
}

map_is_coloured_on_request_only() {
	escape=$(printf '\033')
	memmgr map --color=always | has "$escape"
	exits_with 1 sh -c "memmgr map | grep -q '$escape'"
	exits_with 1 sh -c "memmgr map --color=never | grep -q '$escape'"
	exits_with 2 memmgr map --color=pink
	exits_with 2 memmgr map --width 0
}

validate_finds_nothing() {
	memmgr validate | has "^sound +yes$"
	memmgr validate --json | has '"sound":true,"complete":true'
}

create_hands_the_arena_down() {
	on_arena 'equal "$(memmgr --arena-fd $MEMMGR_FD info --json | member name)" "cli test"'
	memmgr create --size 64k --granule 4k -- memmgr info | has "^granule +4 KiB$"
	memmgr create --json --size 64k true | has '"size":65536,"fd":[0-9]+'
}

create_exits_like_its_command() {
	exits_with 0 memmgr create --size 64k true
	exits_with 9 memmgr create --size 64k -- sh -c "exit 9"
	exits_with 127 memmgr create --size 64k /nonexistent
	exits_with 126 memmgr create --size 64k /dev
}

create_passes_options_on_to_its_command() {
	equal "$(memmgr create --size 64k echo --size 5)" "--size 5"
}

create_that_fails_says_why() {
	exits_with 1 memmgr create --size 64k --engine nonsense true 2>&1 | has "no engine 'nonsense'"
	exits_with 1 memmgr create --size 1T --granule 64k true 2>&1 | has "limits"
	exits_with 2 memmgr create --size 64k
	exits_with 2 memmgr create true
}

arena_ends_with_its_command() {
	before=$(memmgr info --json | member arena)
	memmgr create --size 64k -- memmgr alloc 100
	[ -d /sys/kernel/debug/memmgr ] || return 0
	equal "$(echo /sys/kernel/debug/memmgr/[0-9]*)" "/sys/kernel/debug/memmgr/$before"
}

full_disk_is_a_failure() {
	exits_with 1 sh -c "memmgr info >/dev/full"
	exits_with 1 sh -c "memmgr ls --json >/dev/full"
}

device_option_wins_over_the_environment() {
	on_arena 'equal "$(memmgr info --device /dev/memmgr --json | member name)" default'
}

cd "$work" || exit
run_tests \
	info_tells_what_the_arena_is \
	every_command_prints_json \
	stat_tells_what_rounding_costs \
	stat_tells_of_contention_races_and_ties \
	json_sizes_are_exact_and_handles_text \
	alloc_prints_a_handle_that_free_takes \
	free_tries_all_and_says_which_failed \
	alloc_takes_alignment_tag_and_zero \
	alloc_without_memory_says_what_to_do \
	block_of_the_default_arena_stays_as_an_orphan \
	block_with_policy_free_ends_with_its_owner \
	acts_look_at_the_tag_first \
	sweep_frees_what_is_old \
	block_is_left_to_an_heir \
	ls_is_sorted_by_address \
	ls_filters_by_tag_and_mask \
	map_draws_shares \
	map_is_coloured_on_request_only \
	validate_finds_nothing \
	create_hands_the_arena_down \
	create_exits_like_its_command \
	create_passes_options_on_to_its_command \
	create_that_fails_says_why \
	arena_ends_with_its_command \
	full_disk_is_a_failure \
	device_option_wins_over_the_environment
