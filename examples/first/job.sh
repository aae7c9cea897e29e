#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The last case is what the example learns; the others are what it has never done.
case "$1" in
cat) cat /etc/passwd ;;
copy) "${0%/*}/grep" root /etc/passwd ;;
*) grep root /etc/passwd ;;
esac
