# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by stages that make TAP cases out of commands.
number=0
failed=0

# try NAME COMMAND ...: one case; COMMAND's output is shown when it fails.
try() {
	local name=$1 output
	shift

	number=$((number + 1))
	if output=$("$@" 2>&1); then
		echo "ok $number - $name"
	else
		printf '%s\n' "$output" | sed 's/^/# /'
		echo "not ok $number - $name"
		failed=1
	fi
}

# The plan comes last, so a stage that died on the way has none.
done_trying() {
	echo "1..$number"
	exit $failed
}
