# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# debian.sh - what it takes to make a root of Debian 12 by the package sources of this machine.
# Sourced.

PATH=$PATH:/usr/sbin:/sbin

# as_root COMMAND...: owners other than the caller need a namespace of users.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --map-auto --map-root-user -- "$@"
	fi
}

# Debian's own sources among those of this machine: others have no part in a root that is made.
sources() {
	local file
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -e "$file" ] || grep -E '^deb .*/debian(-security)?/? +bookworm' "$file" || true
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -e "$file" ] || ! grep -qE '^Suites:.*bookworm' "$file" || cat "$file"
	done
}
