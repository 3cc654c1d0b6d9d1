#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A short torture of heaps in the kernel; "make torture" has the long one.
# shellcheck source=tests/kselftest/cli.inc
. "$(dirname "$0")/cli.inc"

result=/sys/module/memmgr_torture/parameters/result

torture() {
	insmod "$(dirname "$MEMMGR_KO")/memmgr_torture.ko" "$@"
	while grep -q '^running' $result; do sleep 0.2; done
	cat $result
	grep -q '^SUCCESS' $result
	rmmod memmgr_torture
}

every_engine_survives_every_context() { torture duration="${TORTURE:-5}" interval=1; }

it_can_be_ended_early() {
	insmod "$(dirname "$MEMMGR_KO")/memmgr_torture.ko" duration=0 engine=chunk
	sleep 0.5
	rmmod memmgr_torture
	dmesg | tail -n 20 | grep -q 'memmgr_torture: SUCCESS: engine chunk'
}

run_tests every_engine_survives_every_context it_can_be_ended_early
