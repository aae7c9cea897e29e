/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.h - a workload's configuration, container.cfg(5), as a struct. Reads
 * one file and checks each value by itself and against the others; opens
 * nothing that the file names.
 */
#ifndef QUIXOTE_CONFIG_H
#define QUIXOTE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** CONFIG_WORDS - Most words in one value. */
#define CONFIG_WORDS 1024

/** CONFIG_COMPLETENESS - Unless the file says another: three quiet runs of a small program. */
#define CONFIG_COMPLETENESS 950000

/** CONFIG_KEYS_DIRECTORY - Keys=, if the file does not say. */
#define CONFIG_KEYS_DIRECTORY "/etc/quixote/keys.d"

/** CONFIG_UNIT_BYTES - Longest name of a unit: its socket's address has room for it. */
#define CONFIG_UNIT_BYTES 80

/** CONFIG_NAME_BYTES - Longest name of a workload: it is part of file and unit names. */
#define CONFIG_NAME_BYTES 64

/** CONFIG_CONTAINER_PREFIX - The container of a Bundle= is called so, with the workload's name. */
#define CONFIG_CONTAINER_PREFIX "quixote-"

enum config_type {
	CONFIG_TYPE_SERVICE,
	CONFIG_TYPE_TOOL,
};
#define CONFIG_TYPE_COUNT (CONFIG_TYPE_TOOL + 1)

/* The program that runs a bundle. */
enum config_runtime {
	CONFIG_RUNTIME_CRUN,
	CONFIG_RUNTIME_RUNC,
};
#define CONFIG_RUNTIME_COUNT (CONFIG_RUNTIME_RUNC + 1)

enum config_terminal {
	CONFIG_TERMINAL_NO,
	CONFIG_TERMINAL_YES,
	CONFIG_TERMINAL_INHERIT,
};
#define CONFIG_TERMINAL_COUNT (CONFIG_TERMINAL_INHERIT + 1)

enum config_mode {
	CONFIG_MODE_TRAIN,
	CONFIG_MODE_SHADOW,
	CONFIG_MODE_ENFORCE,
};
#define CONFIG_MODE_COUNT (CONFIG_MODE_ENFORCE + 1)

enum config_digest {
	CONFIG_DIGEST_SHA256,
	CONFIG_DIGEST_SHA384,
	CONFIG_DIGEST_SHA512,
	CONFIG_DIGEST_SHA3_256,
	CONFIG_DIGEST_SM3,
};
#define CONFIG_DIGEST_COUNT (CONFIG_DIGEST_SM3 + 1)

enum config_fields {
	CONFIG_FIELDS_STRICT,
	CONFIG_FIELDS_PORTABLE,
};
#define CONFIG_FIELDS_COUNT (CONFIG_FIELDS_PORTABLE + 1)

enum config_user_namespace {
	CONFIG_USER_NAMESPACE_INITIAL,
	CONFIG_USER_NAMESPACE_CURRENT,
};
#define CONFIG_USER_NAMESPACE_COUNT (CONFIG_USER_NAMESPACE_CURRENT + 1)

/* Roots of trust; all but CONFIG_ROOT_PROCESS are refused until they exist. */
enum config_root {
	CONFIG_ROOT_KERNEL,
	CONFIG_ROOT_PROCESS,
	CONFIG_ROOT_MCU,
	CONFIG_ROOT_XEN,
	CONFIG_ROOT_SGX,
};
#define CONFIG_ROOT_COUNT (CONFIG_ROOT_SGX + 1)

enum config_on_violation {
	CONFIG_ON_VIOLATION_DENY,    /* the event */
	CONFIG_ON_VIOLATION_ISOLATE, /* the task is untrusted for good */
	CONFIG_ON_VIOLATION_KILL,    /* the workload */
	CONFIG_ON_VIOLATION_WARN,
};
#define CONFIG_ON_VIOLATION_COUNT (CONFIG_ON_VIOLATION_WARN + 1)

enum config_on_loss {
	CONFIG_ON_LOSS_KILL,
	CONFIG_ON_LOSS_DENY,
};
#define CONFIG_ON_LOSS_COUNT (CONFIG_ON_LOSS_DENY + 1)

/**
 * struct config - A checked configuration; owns everything in it.
 * @name: Of the workload; by default the file name without its suffix.
 * @type: What a driver runs beside, or around.
 * @command: NULL-terminated, at least one word; the first may lack a slash. NULL with @bundle,
 *	the name of a unit with @unit.
 * @unit: Service of systemd that is the workload; NULL if it is none.
 * @bundle: Directory of an OCI bundle; absolute if @path is. NULL with @command.
 * @runtime: What runs it.
 * @user: Name or number, of the runtime if there is a bundle; NULL is the caller.
 * @working_directory: Absolute; NULL is the caller's.
 * @environment: NULL-terminated list of NAME=VALUE, each name once; never NULL.
 * @terminal: What the workload's standard streams are.
 * @model: Path of the model; absolute if @path is.
 * @mode: What the model is for.
 * @digest: Of the namespace.
 * @fields: Projection.
 * @user_namespace: In which ids are told.
 * @pseudonym: NULL-terminated absolute paths; never NULL, without the key the linker's cache.
 * @scratch: NULL-terminated absolute directories, each with its final slash;
 *	NULL if the file does not say (the kernel's default holds), empty if
 *	it says that there is none.
 * @completeness: What a model must have to be sealed; parts of a million.
 * @trajectory_bytes: How much of it is kept: whole files of the recorder, at least two; 0: nothing.
 * @root: Where the TMA runs.
 * @keys: Directory of the keys that may sign.
 * @threshold: How many of them must have signed the model.
 * @allow_unsigned: A model need not be signed.
 * @anchor: Its state goes into the machine's anchor.
 * @on_violation: What follows from an event outside the model.
 * @on_loss: What follows when TMA or channel is gone.
 * @deadline_usec: How long an event may wait for its verdict; whole milliseconds.
 */
struct config {
	char *name;
	enum config_type type;
	char **command;
	char *bundle;
	enum config_runtime runtime;
	char *unit;
	char *user;
	char *working_directory;
	char **environment;
	enum config_terminal terminal;

	char *model;
	enum config_mode mode;
	enum config_digest digest;
	enum config_fields fields;
	enum config_user_namespace user_namespace;
	char **pseudonym;
	char **scratch;
	uint64_t trajectory_bytes;
	uint64_t completeness;

	enum config_root root;
	char *keys;
	unsigned int threshold;
	bool allow_unsigned;

	bool anchor;

	enum config_on_violation on_violation;
	enum config_on_loss on_loss;
	uint64_t deadline_usec;
};

/**
 * struct config_error - What is wrong, for a person.
 * @text: "FILE:LINE: Key: what is wrong; expected …", printable, without line
 *	feed; the parts that do not apply are missing.
 */
struct config_error {
	char text[512];
};

/**
 * config_read() - Read a configuration.
 * @path: The file. Relative paths of files in it are relative to its directory.
 * @ret: The configuration, owned by the caller.
 * @error: Filled in whenever the result is negative; never NULL.
 *
 * May block on the file.
 *
 * Return: 0; -EBADMSG for a file that is not a good configuration; -E2BIG above
 * a limit; -ENOMEM; an errno of open() or read().
 */
int config_read(const char *path, struct config **ret, struct config_error *error);

/**
 * config_parse() - The same from memory.
 * @path: Where it comes from, for messages, relative paths and the default name.
 */
int config_parse(const char *path, const char *data, size_t size, struct config **ret,
		 struct config_error *error);

/** config_free() - Takes NULL. Return: NULL. */
struct config *config_free(struct config *config);

static inline void config_freep(struct config **config)
{
	*config = config_free(*config);
}

/* Names as in the file, in kernel commands and in argv; the value must be one of the enum. */
const char *config_type_to_string(enum config_type value);
const char *config_runtime_to_string(enum config_runtime value);
const char *config_terminal_to_string(enum config_terminal value);
const char *config_mode_to_string(enum config_mode value);
const char *config_digest_to_string(enum config_digest value);
const char *config_fields_to_string(enum config_fields value);
const char *config_user_namespace_to_string(enum config_user_namespace value);
const char *config_root_to_string(enum config_root value);
const char *config_on_violation_to_string(enum config_on_violation value);
const char *config_on_loss_to_string(enum config_on_loss value);

/** config_mode_from_string() - Return: the mode, or -EINVAL. */
int config_mode_from_string(const char *name);

#endif
