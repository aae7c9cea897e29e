# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# rings.sh - runs a ring of tests with its output in a log, and counts what passed. Each leaves
# its result, 'PASSED FAILED SKIPPED', in a file of the directory $results. Sourced after steps.sh.

# Sets cpu to the CPU time, in ticks of 1/100 s, of what this shell has started and waited for.
read_cpu() {
	local stat
	read -ra stat </proc/$BASHPID/stat
	cpu=$((stat[15] + stat[16]))
}

# begin RING USUALLY: say what runs, and name its log. A ring that does not come to its end has failed.
begin() {
	ring=$1 log=$logs/test-$1.log started=$SECONDS
	echo 0 1 0 >"$results/$ring"
	read_cpu
	begun=$cpu
	printf '%s%-16s%s usually %-20s log: %s\n' "$bold" "$ring" "$plain" "$2" "${log#"$PWD"/}"
}

# end PASSED FAILED SKIPPED [TEXT]: the result, and what there is to tell about it, in one piece.
end() {
	echo "$1 $2 $3" >"$results/$ring"
	read_cpu
	printf '%s%-16s %d passed, %d failed, %d skipped in %d s, %d CPU-s\n' "${4:+$4$'\n'}" "$ring" \
		"$1" "$2" "$3" $((SECONDS - started)) $(((cpu - begun) / 100))
}

# Summary of meson test, which counts test programs.
run_meson() {
	begin "$1" "$2"
	local suite=$1 ok fail timeout skip
	shift 2
	meson test -C build --no-rebuild --suite "$suite" --logbase "$suite" --print-errorlogs -t 10 "$@" >"$log" 2>&1 </dev/null
	summary() { sed -n "s/^$1: *\([0-9]*\).*/\1/p" "$log" | tail -n 1; }
	ok=$(summary Ok) fail=$(summary Fail) timeout=$(summary Timeout) skip=$(summary Skipped)
	if [ -z "$ok" ] || [ "$ok" = 0 ]; then
		end 0 1 0 "$(tail -n 20 "$log")"
	else
		end "$ok" $((fail + timeout)) "$skip" "$(grep -E 'FAIL|TIMEOUT|ERROR|SKIP' "$log")"
	fi
}

# Standard error has a file of its own until the results are counted: many a program writes a message in several
# pieces, and a result that came between them would not be at the beginning of a line.
append_errors() {
	[ ! -s "$log.errors" ] || { printf '\n# on standard error:\n' && cat "$log.errors"; } >>"$log"
	rm -f "$log.errors"
}

# Lines of TAP: a rule each.
run_tap() {
	begin "$1" "$2"
	shift 2
	local status ok bad skip text planned
	"$@" >"$log" 2>"$log.errors" </dev/null
	status=$?
	planned=$(awk -F. '/^1\.\.[0-9]+$/ { n += $3 } END { print n + 0 }' "$log")
	skip=$(grep -c '^ok .*# SKIP' "$log")
	ok=$(($(grep -c '^ok ' "$log") - skip))
	bad=$(grep -c '^not ok ' "$log")
	text=$(grep -E '^not ok |# SKIP' "$log")
	append_errors
	# A machine that fails is a failure, whatever its rules said before, and so is a rule that never came.
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$ok$skip" = 00 ] || [ $((ok + skip)) -lt "$planned" ]; }; then
		text+=$'\n'"# $((ok + skip)) of $planned rules are told; exit status $status"$'\n'$(tail -n 40 "$log")
		bad=1
	fi
	end "$ok" "$bad" "$skip" "$text"
}

# A last line 'N passed, N failed'.
run_counted() {
	begin "$1" "$2"
	shift 2
	local status line
	"$@" >"$log" 2>"$log.errors" </dev/null
	status=$?
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	append_errors
	# shellcheck disable=SC2086
	set -- ${line//,/}
	if [ -z "$line" ] || { [ "$status" != 0 ] && [ "$3" = 0 ]; }; then
		end "${1:-0}" 1 0 "$(tail -n 20 "$log")"
	elif [ "$3" = 0 ]; then
		end "$1" 0 0
	else
		end "$1" "$3" 0 "$(tail -n 30 "$log")"
	fi
}
