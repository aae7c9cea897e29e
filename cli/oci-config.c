// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * oci-config.c - the configuration of a container that an engine creates: its annotations
 * as a container.cfg(5), which then is read, and refused, as any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/config.h"
#include "oci.h"

/* Far above what engines write. */
#define SPEC_BYTES (4u << 20)

/* Annotations by section; the first two are required. */
static const struct annotation {
	const char *name, *section, *key;
} annotations[] = {
	{ "model", "Model", "File" },
	{ "mode", "Model", "Mode" },
	{ "digest", "Model", "Digest" },
	{ "fields", "Model", "Fields" },
	{ "user-namespace", "Model", "UserNamespace" },
	{ "pseudonym", "Model", "Pseudonym" },
	{ "scratch", "Model", "Scratch" },
	{ "trajectory", "Model", "Trajectory" },
	{ "root", "Trust", "Root" },
	{ "keys", "Trust", "Keys" },
	{ "threshold", "Trust", "Threshold" },
	{ "allow-unsigned", "Trust", "AllowUnsigned" },
	{ "on-violation", "Failure", "OnViolation" },
	{ "on-loss", "Failure", "OnLoss" },
	{ "deadline", "Failure", "Deadline" },
	{ "name", "Workload", "Name" },
};

#define REQUIRED 2

static void json_freep(json_t **json)
{
	json_decref(*json);
}

static bool is_line(const char *value)
{
	for (; *value; value++) {
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			return false;
	}
	return true;
}

/* The annotation without prefix, or NULL. */
static const char *get(const json_t *given, const char *name)
{
	char key[64];

	(void)snprintf(key, sizeof(key), OCI_PREFIX "%s", name); /* it fits */
	return json_string_value(json_object_get(given, key));
}

static bool is_known(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(annotations); i++) {
		if (!strcmp(annotations[i].name, key))
			return true;
	}
	return false;
}

static int check(json_t *given, struct text *why)
{
	const char *key;
	json_t *value;

	json_object_foreach(given, key, value) {
		if (strncmp(key, OCI_PREFIX, strlen(OCI_PREFIX)) != 0)
			continue;
		if (!is_known(key + strlen(OCI_PREFIX)))
			text_add_string(why, "unknown annotation ");
		else if (!json_is_string(value) || !is_line(json_string_value(value)))
			text_add_string(why, "not one line of text: annotation ");
		else
			continue;
		text_add_shown(why, key, strlen(key));
		return -EBADMSG;
	}
	/* Both, always: an image can bring annotations, and what the command line says wins. */
	for (size_t i = 0; i < REQUIRED; i++) {
		if (get(given, annotations[i].name))
			continue;
		text_format(why, "the annotation " OCI_PREFIX "%s is missing; see quixote oci --help",
			    annotations[i].name);
		return -ENOENT;
	}
	if (get(given, "model")[0] != '/') {
		text_format(why, "the annotation " OCI_PREFIX "model is no absolute path");
		return -EBADMSG;
	}
	return 0;
}

/* Absolute, for the configuration is elsewhere. */
static int write_workload(const struct oci *o, const char *name, struct text *t)
{
	char bundle[PATH_MAX];

	if (!realpath(o->bundle, bundle) || !is_line(bundle))
		return -errno ?: -EBADMSG;
	text_format(t, "[Workload]\nName=%s\nBundle=%s\nRuntime=%s\n", name, bundle, o->runtime);
	return 0;
}

static void write_others(const json_t *given, struct text *t)
{
	const char *section = "Workload";

	for (size_t i = 0; i < ARRAY_SIZE(annotations); i++) {
		const char *value = get(given, annotations[i].name);

		if (!value || !strcmp(annotations[i].section, "Workload"))
			continue;
		if (strcmp(section, annotations[i].section) != 0)
			text_format(t, "[%s]\n", annotations[i].section);
		section = annotations[i].section;
		text_format(t, "%s=%s\n", annotations[i].key, value);
	}
}

/* Those of the command line are the administrator's, who told the engine: they win. */
static int add_given(const struct oci *o, json_t **given, struct text *why)
{
	if (!json_is_object(*given)) {
		json_decref(*given);
		*given = json_object();
	}
	for (size_t i = 0; i < o->given_count; i++) {
		size_t size = strcspn(o->given[i], "=");
		_cleanup_(freep) char *key = strndup(o->given[i], size);

		if (key && o->given[i][size] &&
		    json_object_set_new(*given, key, json_string(&o->given[i][size + 1])) == 0)
			continue;
		text_add_string(why, "no value, or no text: --");
		text_add_shown(why, o->given[i], strlen(o->given[i]));
		return -EBADMSG;
	}
	return 0;
}

static int read_annotations(const struct oci *o, json_t **ret, struct text *why)
{
	char path[PATH_MAX];
	json_error_t error;
	struct stat st;
	json_t *spec;

	if (snprintf(path, sizeof(path), "%s/config.json", o->bundle) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > SPEC_BYTES)
		return -E2BIG;
	/* Only texts of it are read; numbers are unsigned in it, as those of limits are. */
	spec = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (!spec) {
		text_format(why, "config.json:%d: ", error.line);
		text_add_shown(why, error.text, strlen(error.text));
		return -EBADMSG;
	}
	*ret = json_incref(json_object_get(spec, "annotations"));
	json_decref(spec);
	return add_given(o, ret, why);
}

static int config_path(const char *name, const char *suffix, char *path)
{
	return snprintf(path, PATH_MAX, OCI_DIRECTORY "/%s%s", name, suffix) >= PATH_MAX
		       ? -ENAMETOOLONG
		       : 0;
}

static int link_path(const char *id, char *path)
{
	return snprintf(path, PATH_MAX, OCI_IDS "/%s", id) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make_directory(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int write_file(const char *path, const struct text *t)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	int r = t->failed ? -ENOMEM : make_directory(OCI_DIRECTORY);

	if (r < 0)
		return r;
	/* A new one: who reads the old one goes on reading that. */
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	return write(fd, t->data, t->size) == (ssize_t)t->size ? 0 : -errno ?: -EIO;
}

static int link_id(const char *id, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];
	int r = make_directory(OCI_IDS);

	if (r < 0)
		return r;
	if (link_path(id, path) < 0 ||
	    snprintf(target, sizeof(target), "../%s.cfg", name) >= (int)sizeof(target))
		return -ENAMETOOLONG;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	return symlink(target, path) < 0 ? -errno : 0;
}

static int write_all(const struct oci *o, const json_t *given, const char *path, const char *name,
		     struct text *why)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(text_done) struct text t = TEXT_EMPTY;
	struct config_error error;
	int r = write_workload(o, name, &t);

	if (r < 0)
		return r;
	write_others(given, &t);
	if (t.failed)
		return -ENOMEM;
	r = config_parse(path, t.data, t.size, &config, &error);
	if (r < 0) {
		text_add_string(why, error.text);
		return r;
	}
	return write_file(path, &t);
}

/* Whoever is asked here is another's: its configuration is not to be replaced, or removed. */
static bool runs(const char *name)
{
	_cleanup_(close_fdp) int fd = oci_ask(name);

	return fd >= 0;
}

static int check_free(const char *id, const char *name, struct text *why)
{
	char known[CONFIG_NAME_BYTES + 1];

	if (!runs(name) && (oci_config_find(id, known) < 0 || !runs(known)))
		return 0;
	text_format(why, "%s: a container of this name or id runs", name);
	return -EBUSY;
}

int oci_config_write(const struct oci *o, char *path, char *name, struct text *why)
{
	_cleanup_(json_freep) json_t *given = NULL;
	const char *chosen, *what;
	int r = read_annotations(o, &given, why);

	if (r >= 0)
		r = check(given, why);
	if (r < 0)
		return r;
	chosen = get(given, "name") ?: o->words[o->id];
	if (value_name(chosen, &what) < 0) {
		text_format(why, "the annotation " OCI_PREFIX "name %s", what);
		return -EBADMSG;
	}
	(void)snprintf(name, CONFIG_NAME_BYTES + 1, "%s", chosen);
	r = check_free(o->words[o->id], name, why);
	if (r >= 0)
		r = config_path(name, ".cfg", path);
	if (r >= 0)
		r = write_all(o, given, path, name, why);
	return r < 0 ? r : link_id(o->words[o->id], name);
}

int oci_config_find(const char *id, char *name)
{
	static const char before[] = "../", after[] = ".cfg";
	const size_t around = sizeof(before) - 1 + sizeof(after) - 1;
	char path[PATH_MAX], target[CONFIG_NAME_BYTES + sizeof(before) + sizeof(after)];
	const char *what;
	ssize_t n;

	if (link_path(id, path) < 0)
		return -ENOENT;
	n = readlink(path, target, sizeof(target));
	if (n <= (ssize_t)around || n - around > CONFIG_NAME_BYTES)
		return -ENOENT;
	(void)snprintf(name, CONFIG_NAME_BYTES + 1, "%.*s", (int)(n - around),
		       target + sizeof(before) - 1);
	return value_name(name, &what) < 0 ? -ENOENT : 0;
}

void oci_config_remove(const char *id)
{
	static const char *const suffixes[] = { ".cfg", ".log" };
	char path[PATH_MAX], name[CONFIG_NAME_BYTES + 1];
	bool own = oci_config_find(id, name) < 0 || strcmp(id, name) != 0;

	if (link_path(id, path) == 0)
		(void)unlink(path);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes) && !own; i++) {
		if (config_path(id, suffixes[i], path) == 0)
			(void)unlink(path);
	}
}
