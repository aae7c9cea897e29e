# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# steps.sh - what ./quickstart and ./check share: steps that say what they do and how
# long it takes, keep a log, and end in one sentence when they fail. Sourced.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$project/build
logs=$build/log

# What Debian's packages bring before what somebody has put before it: another Python, for one,
# and a wrapper around it takes longer than many a test.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH

# Debian packages by what they are for.
packages_build="build-essential meson ninja-build pkg-config python3 libjansson-dev libssl-dev
	libsystemd-dev libcap-dev libinih-dev libseccomp-dev libtss2-dev libcbor-dev libcmocka-dev"
packages_kernel="linux-source-6.12 bc bison flex libelf-dev rsync xz-utils ccache"
packages_check="sparse python3-ply clang libclang-rt-14-dev gcc-arm-none-eabi curl openssl git perl groff-base
	qemu-system-x86 swtpm tpm2-tools python3-cbor2 e2fsprogs mmdebstrap uidmap chromium diod
	crun runc podman
	libpq5 libxml2 libldap-2.5-0 libicu72 libpam0g libgssapi-krb5-2 libreadline8"
packages_full="debhelper lintian kmod cpio stress-ng libcap-ng-dev python3-sphinx python3-sphinx-rtd-theme
	apparmor libdevmapper1.02.1 ima-evm-utils fsverity dwarves libbpf-dev bpftool"

if [ -t 1 ]; then
	bold=$'\033[1m' red=$'\033[31m' plain=$'\033[0m'
else
	bold='' red='' plain=''
fi

die() {
	printf '%s%s%s\n' "$red" "$*" "$plain" >&2
	exit 1
}

# What a log says of well-known troubles, in a sentence that says what to do.
advise() {
	local log=$1
	if grep -qi 'no space left' "$log"; then
		echo "The disk is full: make room (about 6 GB below ${QUIXOTE_CACHE:-~/.cache} and $build) and start again."
	elif grep -qiE 'temporary failure resolving|could not connect|failed to fetch|connection timed out' "$log"; then
		echo "A download failed: check the network and the package sources, then start again."
	elif grep -qi 'unable to locate package' "$log"; then
		echo "A package is not there: this needs Debian 12 with its updates among the package sources."
	elif grep -qE '^[a-z]+: .*(is missing;|GB free;)' "$log"; then
		sed -nE 's/^[a-z]+: (.*(is missing|GB free);.*)/\1./p' "$log" | tail -n 1
	elif grep -q 'command not found' "$log"; then
		echo "$(sed -n 's/.*: \([^ ]*\): command not found.*/\1/p' "$log" | tail -n 1) is missing in PATH," \
			"though its package is installed: correct PATH and start again."
	elif grep -qiE 'are you root|permission denied' "$log"; then
		echo "Rights are missing: start as root, or as a user who may use sudo."
	else
		echo "What went wrong stands at the end of $log."
	fi
}

# step NAME USUALLY -- COMMAND...: run it with its output in a log.
step() {
	local name=$1 usually=$2 log start
	shift 3
	mkdir -p "$logs"
	log=$logs/$name.log
	: 2>/dev/null >"$log" ||
		die "$name failed. $log cannot be written: start as the user who owns $build, or remove it."
	start=$SECONDS
	printf '%s%-16s%s usually %-20s log: %s\n' "$bold" "$name" "$plain" "$usually" "${log#"$PWD"/}"
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 15 "$log" | sed 's/^/  | /' >&2
		die "$name failed. $(advise "$log")"
	fi
	printf '%-16s done in %d s\n' "$name" $((SECONDS - start))
}

missing_packages() {
	local package
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
			printf '%s ' "$package"
	done
}

install_packages() {
	local as_root=''
	[ "$(id -u)" = 0 ] || as_root=sudo
	if [ -n "$as_root" ] && ! command -v sudo; then
		echo "are you root? there is no sudo" && return 1
	fi
	$as_root apt-get update &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# The only step that needs root, and none at all if everything is there.
step_packages() {
	local missing
	command -v dpkg-query >/dev/null || die "This needs Debian 12: there is no dpkg here."
	missing=$(missing_packages "$@")
	[ -z "$missing" ] && return
	# shellcheck disable=SC2086
	step packages "1 to 3 minutes" -- install_packages $missing
}

build_userspace() {
	if [ ! -e "$build/build.ninja" ]; then
		meson setup "$build" "$project"
	fi && ninja -C "$build"
}

build_kernel() {
	local kernel
	kernel=$("$project/kernel-patches/build" um) && ln -sfn "$kernel" "$build/linux"
}

step_build() {
	step userspace "half a minute" -- build_userspace
	step kernel "3 minutes, then 1 s" -- build_kernel
}
