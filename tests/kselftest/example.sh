#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The example of a driver: it does what it says, and comes and goes as a driver does.
# shellcheck source=tests/kselftest/cli.inc
. "$(dirname "$0")/cli.inc"

watch=$(dirname "$0")/watch

load() { insmod "$(dirname "$MEMMGR_KO")/memmgr_example.ko" "$@"; }

figure() { cat "/sys/module/memmgr_example/parameters/$1"; }

# Until $1 records were consumed.
until_consumed() {
	while [ "$(figure consumed)" -lt "$1" ]; do sleep 0.1; done
}

process_watches_what_interrupts_write() {
	load
	"$watch" 100
	until_consumed 100
	[ "$(figure wrong)" = 0 ]
	rmmod memmgr_example
}

memmgr_stays_as_long_as_its_client() {
	load
	! rmmod memmgr
	rmmod memmgr_example
	[ -d /sys/module/memmgr ]
}

operator_sees_the_arena() {
	load linger_ms=300
	sleep 0.5
	grep -q ' chunk .* example$' /sys/kernel/debug/memmgr/arenas
	id=$(grep ' example$' /sys/kernel/debug/memmgr/arenas | cut -d' ' -f1)
	grep -q 0x7ec07d "/sys/kernel/debug/memmgr/$id/blocks"
	grep -q '^sound' "/sys/kernel/debug/memmgr/$id/validate"
	rmmod memmgr_example
}

watcher_outlives_the_driver() {
	load
	until_consumed 10
	"$watch" 100000000 >/dev/null &
	watcher=$!
	sleep 0.5
	rmmod memmgr_example
	! rmmod memmgr
	kill $watcher
	wait $watcher || true
}

# More records than fit into the queue: some are lost, none is wrong.
overload_loses_records_and_nothing_else() {
	load period_us=50 linger_ms=1000
	until_consumed 2000
	[ "$(figure lost)" -gt 0 ]
	[ "$(figure wrong)" = 0 ]
	rmmod memmgr_example
}

run_tests \
	process_watches_what_interrupts_write \
	memmgr_stays_as_long_as_its_client \
	operator_sees_the_arena \
	watcher_outlives_the_driver \
	overload_loses_records_and_nothing_else
