#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What "make bench-kernel" measures with: a short run, of which the figures do not
# matter, but all must be there and everything must add up.
# shellcheck source=tests/kselftest/cli.inc
. "$(dirname "$0")/cli.inc"

modules=$(dirname "$MEMMGR_KO")
results=$(mktemp)
trap 'rm -f "$log" "$results"' EXIT
live=60
mixes="log:16:1024 fixed:64"
engines="chunk first_fit best_fit buddy ebuddy"

# Modules of the kernel that ours was built for, in the order of need.
load_needed() {
	for needed in drm drm_buddy; do
		[ -d /sys/module/$needed ] || ! [ -e "$modules/kernel/$needed.ko" ] ||
			insmod "$modules/kernel/$needed.ko"
	done
}

# A figure above zero: PART CONTENDER SIZES COUNT METRIC
positive() {
	figure=$(grep "^$1,$2,$3,$4,$5," "$results" | cut -d, -f6)
	echo "$*: $figure"
	echo "$figure" | grep -q '^[0-9.]*[1-9]'
}

bench_runs() {
	load_needed
	insmod "$modules/memmgr_bench.ko"
	bench-kernel --live=$live --reps=1 --timed=100 --sizes="$(echo "$mixes" | tr ' ' ,)" >"$results"
	rmmod memmgr_bench
}

everybody_took_part() {
	for context in process-ns hardirq-ns; do
		for sizes in $mixes; do
			for who in kmalloc gen_pool_first gen_pool_best $engines; do
				positive $context "$who" "$sizes" $live pair
				positive $context "$who" "$sizes" $live alloc-worst
			done
		done
		positive $context kmem_cache fixed:64 $live pair
	done
	[ ! -d /sys/module/drm_buddy ] || positive process-ns drm_buddy log:16:1024 $live pair
}

# In interrupts, whoever finds a lock taken is.
nobody_was_refused_in_process_context() {
	grep -q '^process-ns,.*,refused,0$' "$results"
	! grep '^process-ns,.*,refused,' "$results" | grep -v ',0$'
}

device_calls_were_timed() {
	for engine in $engines; do
		for call in getppid null info free alloc; do
			positive calls-ns $call "$engine" 1 p50
		done
	done
}

run_tests bench_runs everybody_took_part nobody_was_refused_in_process_context \
	device_calls_were_timed
