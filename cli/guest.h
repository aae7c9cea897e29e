/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest.h - what init of the built-in kernel does before it runs a command.
 */
#ifndef QUIXOTE_GUEST_H
#define QUIXOTE_GUEST_H

/**
 * guest_set_up() - Mount what a machine has, bring up the loopback interface.
 * @ret_what: On failure what it was, for people; static.
 *
 * The kernel's command line says how, as environment of init: guest_root=overlay puts a
 * throw-away overlay over the root file system, guest_write=DIR keeps one directory of
 * it writable for real, guest_disk=DEVICE is an ext4 for /disk. guest_line=DEVICE is the
 * line to the caller, guest_host=NAME the host's name.
 *
 * Return: 0 or a negative errno.
 */
int guest_set_up(const char **ret_what);

/**
 * guest_look_for_leaks() - Where the kernel has kmemleak, have it write what it found
 * into its log, which somebody outside reads.
 */
void guest_look_for_leaks(void);

#endif
