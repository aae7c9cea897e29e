/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oci.h - quixote as an OCI runtime: every command is crun's or runc's own, but for
 * those by which a process begins in a container, which is then armed.
 */
#ifndef QUIXOTE_OCI_H
#define QUIXOTE_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text.h"

/** OCI_DIRECTORY - Configurations of containers: NAME.cfg, NAME.log and the like. */
#define OCI_DIRECTORY "/run/quixote-oci"

/** OCI_IDS - Links from ids to configurations: an id may be called as a file there is. */
#define OCI_IDS OCI_DIRECTORY "/ids"

/** OCI_WORDS_MAX - Longest command line: that of an "exec" has the command's words. */
#define OCI_WORDS_MAX 4096

/** OCI_GIVEN_MAX - More than there are annotations. */
#define OCI_GIVEN_MAX 32

/** OCI_PREFIX - Of the annotations that are ours. */
#define OCI_PREFIX "quixote."

/** OCI_RUNTIME_PREFIX - What an engine executes is called so, with the name of the runtime. */
#define OCI_RUNTIME_PREFIX "quixote-"

/** OCI_REPLACED_MAX - Of each option the last holds, and nobody gives it oftener. */
#define OCI_REPLACED_MAX 8

/**
 * struct oci - A command line of a runtime.
 * @runtime: Program to delegate to.
 * @given: Annotations that its command line has, as they are; @given_count of them; borrowed.
 * @words: The rest of the command line after the program; @count of them; borrowed.
 * @verb: Index of the command among them.
 * @id: Index of the container's id.
 * @bundle: Value of --bundle; "." otherwise.
 * @pid_file: Of --pid-file, or NULL.
 * @process: Of --process, or NULL.
 * @preserve_fds: Of --preserve-fds.
 * @replaced: Words of these two options: exec writes them anew.
 */
struct oci {
	const char *runtime;
	const char *given[OCI_GIVEN_MAX];
	size_t given_count;
	char **words;
	size_t count;
	size_t verb;
	size_t id;
	const char *bundle;
	const char *pid_file;
	const char *process;
	unsigned int preserve_fds;
	struct {
		size_t first, count;
	} replaced[OCI_REPLACED_MAX];
	size_t replaced_count;
};

/** oci_runtime() - The runtime that a program is to be, by its path; NULL if it is none. */
const char *oci_runtime(const char *path);

/**
 * oci_parse() - Find the parts of a command line.
 * @ret: Has the runtime and the words; of these the annotations are taken out, in place.
 * Return: 0; -EINVAL if there is no command; -EBADMSG for a bad number or an option
 * without its value; -E2BIG if there are too many.
 */
int oci_parse(struct oci *ret);

/** oci_has_id() - Whether there is one, and it can be a file name. Says if not. */
bool oci_has_id(const struct oci *oci);

/* Each is one command. Return: exit status. */
int oci_create(const struct oci *oci);
int oci_exec(const struct oci *oci);
int oci_delete(const struct oci *oci);

/** oci_execute() - Become the runtime. @words: NULL-terminated, from the first option. */
int oci_execute(const struct oci *oci, char *const *words);

/** oci_run() - The runtime as a child. Return: its exit status. */
int oci_run(const struct oci *oci, char *const *words);

/** oci_ask() - Connect to where processes of a container are armed. Return: A descriptor. */
int oci_ask(const char *name);

/* oci-config.c */

/**
 * oci_config_write() - Write the configuration that the annotations of a bundle describe.
 * @path: Of the file, for the caller; PATH_MAX bytes.
 * @name: Name of the workload, likewise; 65 bytes.
 * @why: What is wrong.
 * Return: 0 or a negative errno.
 */
int oci_config_write(const struct oci *oci, char *path, char *name, struct text *why);

/** oci_config_find() - The name of the workload that a container is. Return: 0 or -ENOENT. */
int oci_config_find(const char *id, char *name);

/** oci_config_remove() - Forget the container; the configuration stays if it has a name of its own. */
void oci_config_remove(const char *id);

/**
 * oci_say() - On standard error, and where the engine looks for what the runtime says.
 * Return: 1, which is a runtime's failure.
 */
int oci_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
