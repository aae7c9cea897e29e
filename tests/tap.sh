# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# tap.sh - rules in shell, printed as TAP. Sourced by a test that has made the directory $scratch.

number=0 failed=0

# check TEXT COMMAND...: a rule is a command that succeeds.
check() {
	local text=$1 what=ok
	shift
	number=$((number + 1))
	# shellcheck disable=SC2154 # of who sources this
	"$@" >"$scratch/said" 2>&1 || what='not ok'
	echo "$what $number - $text"
	[ "$what" = ok ] && return
	failed=$((failed + 1))
	sed 's/^/# /' "$scratch/said"
}

# end_checks: the plan. Fails if a rule did.
end_checks() {
	echo "1..$number"
	[ $failed = 0 ]
}
