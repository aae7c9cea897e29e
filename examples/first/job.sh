#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Without a word it does what the example learns first, with "build" what it learns then. The
# others are what it has never done.
case "$1" in
'') grep root /etc/passwd ;;
build) cp "$(command -v grep)" "$2/tool" && "$2/tool" root /etc/passwd ;;
cat) cat /etc/passwd ;;
parent) sh -c 'grep root /etc/passwd; exit' ;;
tool) "$2" root /etc/passwd ;;
esac
