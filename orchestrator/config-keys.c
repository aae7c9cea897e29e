// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * config-keys.c - the keys of a configuration: one table, with what takes the
 * value of each. Finds nothing and says nothing; config.c does.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "config-private.h"
#include "config-value.h"

/* The kernel's: directories of one namespace, and room for them in its create command. */
#define SCRATCH_MAX 32
#define SCRATCH_BYTES 3072

/* As many signatures as a model can have. */
#define THRESHOLD_MAX 16

#define CHOICES(name, NAME)                                                                        \
	static_assert(sizeof(enum config_##name) == sizeof(unsigned int), "size");                 \
	static const char *const name##_choices[CONFIG_##NAME##_COUNT + 1]

CHOICES(type, TYPE) = {
	[CONFIG_TYPE_SERVICE] = "service",
	[CONFIG_TYPE_TOOL] = "tool",
};
CHOICES(runtime, RUNTIME) = {
	[CONFIG_RUNTIME_CRUN] = "crun",
	[CONFIG_RUNTIME_RUNC] = "runc",
};
CHOICES(terminal, TERMINAL) = {
	[CONFIG_TERMINAL_NO] = "no",
	[CONFIG_TERMINAL_YES] = "yes",
	[CONFIG_TERMINAL_INHERIT] = "inherit",
};
CHOICES(mode, MODE) = {
	[CONFIG_MODE_TRAIN] = "train",
	[CONFIG_MODE_SHADOW] = "shadow",
	[CONFIG_MODE_ENFORCE] = "enforce",
};
CHOICES(digest, DIGEST) = {
	[CONFIG_DIGEST_SHA256] = "sha256", [CONFIG_DIGEST_SHA384] = "sha384",
	[CONFIG_DIGEST_SHA512] = "sha512", [CONFIG_DIGEST_SHA3_256] = "sha3-256",
	[CONFIG_DIGEST_SM3] = "sm3",
};
CHOICES(fields, FIELDS) = {
	[CONFIG_FIELDS_STRICT] = "strict",
	[CONFIG_FIELDS_PORTABLE] = "portable",
};
CHOICES(user_namespace, USER_NAMESPACE) = {
	[CONFIG_USER_NAMESPACE_INITIAL] = "initial",
	[CONFIG_USER_NAMESPACE_CURRENT] = "current",
};
CHOICES(root, ROOT) = {
	[CONFIG_ROOT_KERNEL] = "kernel", [CONFIG_ROOT_PROCESS] = "process",
	[CONFIG_ROOT_MCU] = "mcu",	 [CONFIG_ROOT_XEN] = "xen",
	[CONFIG_ROOT_SGX] = "sgx",
};
CHOICES(on_violation, ON_VIOLATION) = {
	[CONFIG_ON_VIOLATION_DENY] = "deny",
	[CONFIG_ON_VIOLATION_ISOLATE] = "isolate",
	[CONFIG_ON_VIOLATION_KILL] = "kill",
	[CONFIG_ON_VIOLATION_WARN] = "warn",
};
CHOICES(on_loss, ON_LOSS) = {
	[CONFIG_ON_LOSS_KILL] = "kill",
	[CONFIG_ON_LOSS_DENY] = "deny",
};
static const char *const boolean_choices[] = { "no", "yes", NULL };

/* Values. */

static int wrong(const char **ret_wrong, const char *what)
{
	*ret_wrong = what;
	return -EBADMSG;
}

static int take_choice(struct parse *p, const struct key *key, const char *value, void *field,
		       const char **ret_wrong)
{
	for (unsigned int i = 0; key->choices[i]; i++) {
		if (strcmp(key->choices[i], value))
			continue;
		if (key->unavailable & (1u << i))
			return wrong(ret_wrong, "does not exist yet in this version");
		*(unsigned int *)field = i;
		return 0;
	}
	return wrong(ret_wrong, "is unknown");
}

static int take_boolean(struct parse *p, const struct key *key, const char *value, void *field,
			const char **ret_wrong)
{
	unsigned int choice = 0;
	int r = take_choice(p, key, value, &choice, ret_wrong);

	if (r == 0 && field)
		*(bool *)field = choice;
	return r;
}

static int set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int take_name(struct parse *p, const struct key *key, const char *value, void *field,
		     const char **ret_wrong)
{
	int r = value_name(value, ret_wrong);

	return r < 0 ? r : set_text(field, value);
}

static int take_user(struct parse *p, const struct key *key, const char *value, void *field,
		     const char **ret_wrong)
{
	int r = value_user(value, ret_wrong);

	return r < 0 ? r : set_text(field, value);
}

static int take_unit(struct parse *p, const struct key *key, const char *value, void *field,
		     const char **ret_wrong)
{
	int r = value_unit(value, ret_wrong);

	return r < 0 ? r : set_text(field, value);
}

static int take_bytes(struct parse *p, const struct key *key, const char *value, void *field,
		      const char **ret_wrong)
{
	return value_bytes(value, field, ret_wrong);
}

static int take_deadline(struct parse *p, const struct key *key, const char *value, void *field,
			 const char **ret_wrong)
{
	return value_usec(value, field, ret_wrong);
}

static int take_completeness(struct parse *p, const struct key *key, const char *value, void *field,
			     const char **ret_wrong)
{
	return value_percent(value, field, ret_wrong);
}

static int take_threshold(struct parse *p, const struct key *key, const char *value, void *field,
			  const char **ret_wrong)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end)
		return wrong(ret_wrong, "is not a number");
	if (n < 1 || n > THRESHOLD_MAX)
		return wrong(ret_wrong, "is out of range");
	*(unsigned int *)field = n;
	return 0;
}

/* Relative to the directory of the file. */
static int resolve(const struct parse *p, const char *value, char **ret)
{
	int dir_size = value[0] == '/' ? 0 : (int)p->dir_size;
	char *path;

	if (asprintf(&path, "%.*s%s", dir_size, p->path, value) < 0)
		return -ENOMEM;
	free(*ret);
	*ret = path;
	return 0;
}

static int take_file(struct parse *p, const struct key *key, const char *value, void *field,
		     const char **ret_wrong)
{
	if (strlen(value) + p->dir_size >= 4096)
		return wrong(ret_wrong, "is longer than a path can be");
	if (value[strlen(value) - 1] == '/' && value[1])
		return wrong(ret_wrong, "ends in a slash");
	return resolve(p, value, field);
}

static int take_words(struct parse *p, const char *value, char ***field, const char **ret_wrong)
{
	char **words;
	int r = value_split(value, &words, ret_wrong);

	if (r < 0)
		return r;
	value_words_free(*field);
	*field = words;
	return 0;
}

static int take_command(struct parse *p, const struct key *key, const char *value, void *field,
			const char **ret_wrong)
{
	_cleanup_(value_words_freep) char **words = NULL;
	int r = take_words(p, value, &words, ret_wrong);

	if (r < 0)
		return r;
	if (!words[0][0])
		return wrong(ret_wrong, "has an empty program");
	if (strchr(words[0], '/')) {
		r = resolve(p, words[0], &words[0]);
		if (r < 0)
			return r;
	}
	*(char ***)field = TAKE_PTR(words);
	return 0;
}

static bool has_name_before(char *const *words, char *const *word)
{
	size_t size = strcspn(*word, "=") + 1;

	for (; words < word; words++) {
		if (!strncmp(*words, *word, size))
			return true;
	}
	return false;
}

static int take_environment(struct parse *p, const struct key *key, const char *value, void *field,
			    const char **ret_wrong)
{
	int r = take_words(p, value, field, ret_wrong);
	char **words = *(char ***)field;

	for (char **w = words; r == 0 && *w; w++) {
		r = value_variable(*w, ret_wrong);
		if (r == 0 && has_name_before(words, w))
			r = wrong(ret_wrong, "has a variable twice");
	}
	return r;
}

static bool has_word_before(char *const *words, char *const *word)
{
	for (; words < word; words++) {
		if (!strcmp(*words, *word))
			return true;
	}
	return false;
}

static int take_pseudonym(struct parse *p, const struct key *key, const char *value, void *field,
			  const char **ret_wrong)
{
	int r = take_words(p, value, field, ret_wrong);
	char **words = *(char ***)field;

	for (char **w = words; r == 0 && *w; w++) {
		r = value_path(*w, ret_wrong);
		if (r == 0 && has_word_before(words, w))
			r = wrong(ret_wrong, "has a path twice");
	}
	return r;
}

/* A directory, with or without its final slash, gets it. */
static int finish_directory(char **word, const char **ret_wrong)
{
	size_t size = strlen(*word);
	char *path;
	int r;

	if (size > 1 && (*word)[size - 1] == '/')
		(*word)[size - 1] = '\0';
	r = value_path(*word, ret_wrong);
	if (r < 0)
		return r;
	if (!(*word)[1])
		return wrong(ret_wrong, "is the whole file system");
	if (asprintf(&path, "%s/", *word) < 0)
		return -ENOMEM;
	free(*word);
	*word = path;
	return 0;
}

static int take_scratch(struct parse *p, const struct key *key, const char *value, void *field,
			const char **ret_wrong)
{
	int r = take_words(p, value, field, ret_wrong);
	char **words = *(char ***)field;
	size_t bytes = 0;

	for (char **w = words; r == 0 && *w; w++) {
		r = finish_directory(w, ret_wrong);
		if (r == 0 && has_word_before(words, w))
			r = wrong(ret_wrong, "has a directory twice");
		bytes += strlen(*w) + 1;
		if (r == 0 && (w - words >= SCRATCH_MAX || bytes > SCRATCH_BYTES))
			r = wrong(ret_wrong, "has more directories than the kernel takes");
	}
	return r;
}

/* The table. */

#define FIELD(field) .offset = offsetof(struct config, field)
#define CHOICE(field) .take = take_choice, FIELD(field), .choices = field##_choices

const struct key config_keys[] = {
	{ "Workload", "Name", take_name, FIELD(name),
	  .expected = "up to 64 letters, digits, '.', '_' and '-', a letter or digit first" },
	{ "Workload", "Type", CHOICE(type) },
	{ "Workload", "Command", take_command, FIELD(command),
	  .expected = "a program and its arguments" },
	{ "Workload", "Bundle", take_file, FIELD(bundle),
	  .expected = "the directory of an OCI bundle" },
	{ "Workload", "Runtime", CHOICE(runtime) },
	{ "Workload", "Unit", take_unit, FIELD(unit),
	  .expected = "the name of a service, such as nginx.service" },
	{ "Workload", "User", take_user, FIELD(user), .expected = "a user name or number" },
	{ "Workload", "WorkingDirectory", take_file, FIELD(working_directory),
	  .expected = "a directory" },
	{ "Workload", "Environment", take_environment, FIELD(environment), .may_be_empty = true,
	  .expected = "NAME=VALUE, several separated by blanks, each name once" },
	{ "Workload", "Terminal", CHOICE(terminal) },
	{ "Model", "File", take_file, FIELD(model), .required = true,
	  .expected = "the path of the model" },
	{ "Model", "Mode", CHOICE(mode) },
	{ "Model", "Digest", CHOICE(digest) },
	{ "Model", "Fields", CHOICE(fields) },
	{ "Model", "UserNamespace", CHOICE(user_namespace) },
	{ "Model", "Pseudonym", take_pseudonym, FIELD(pseudonym), .may_be_empty = true,
	  .expected = "absolute paths, separated by blanks" },
	{ "Model", "Scratch", take_scratch, FIELD(scratch), .may_be_empty = true,
	  .expected = "up to 32 absolute directories, separated by blanks" },
	{ "Model", "Completeness", take_completeness, FIELD(completeness),
	  .expected = "a percentage, such as 95% or 99.5%" },
	{ "Model", "Trajectory", take_bytes, FIELD(trajectory_bytes),
	  .expected = "no, or a size from 16M to 8G: a number with M or G" },
	{ "Trust", "Root", CHOICE(root),
	  .unavailable = ~(1u << CONFIG_ROOT_PROCESS | 1u << CONFIG_ROOT_KERNEL),
	  .expected = "process or kernel" },
	{ "Trust", "Keys", take_file, FIELD(keys), .expected = "a directory" },
	{ "Trust", "Threshold", take_threshold, FIELD(threshold),
	  .expected = "a number from 1 to 16" },
	{ "Trust", "AllowUnsigned", take_boolean, FIELD(allow_unsigned),
	  .choices = boolean_choices },
	{ "TPM", "Anchor", take_boolean, FIELD(anchor), .choices = boolean_choices },
	{ "Failure", "OnViolation", CHOICE(on_violation) },
	{ "Failure", "OnLoss", CHOICE(on_loss) },
	{ "Failure", "Deadline", take_deadline, FIELD(deadline_usec),
	  .expected = "a time from 1ms to 60min: a number with ms, s or min" },
};

const size_t config_key_count = ARRAY_SIZE(config_keys);

/* Names. */

#define TO_STRING(name)                                                                            \
	const char *config_##name##_to_string(enum config_##name value)                            \
	{                                                                                          \
		return name##_choices[value];                                                      \
	}

TO_STRING(type)
TO_STRING(runtime)
TO_STRING(terminal)
TO_STRING(mode)
TO_STRING(digest)
TO_STRING(fields)
TO_STRING(user_namespace)
TO_STRING(root)
TO_STRING(on_violation)
TO_STRING(on_loss)

int config_mode_from_string(const char *name)
{
	for (int i = 0; mode_choices[i]; i++) {
		if (!strcmp(mode_choices[i], name))
			return i;
	}
	return -EINVAL;
}
