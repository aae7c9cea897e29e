// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * config.c - see config.h. One table of keys; ini-lines.h finds lines, sections and
 * names, everything else is refused or taken here.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/ini-lines.h"
#include "config-private.h"
#include "config-value.h"
#include "suggest.h"

/* More than there are keys. */
#define KEYS_MAX 64

/* As many bytes of a bad value as a message shows. */
#define SHOWN_BYTES 60

/* Messages. */

struct text {
	char *at;
	size_t room;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, t->room, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= t->room)
		n = (int)t->room - 1; /* cut off */
	t->at += n;
	t->room -= n;
}

/* Text from the file or the command line, printable: other bytes are \xHH. */
static void put_shown(struct text *t, const char *text, size_t limit)
{
	for (size_t i = 0; text[i]; i++) {
		unsigned char c = text[i];

		if (i == limit) {
			put(t, "...");
			return;
		}
		/* Bytes of UTF-8 stay: what the terminal cannot take was refused on reading. */
		if (c < 0x20 || c == 0x7f)
			put(t, "\\x%02x", c);
		else
			put(t, "%c", c);
	}
}

static struct text begin_error(const struct parse *p, unsigned int line)
{
	struct text t = { .at = p->error->text, .room = sizeof(p->error->text) };

	put_shown(&t, p->path, 200);
	if (line)
		put(&t, ":%u", line);
	put(&t, ": ");
	return t;
}

static void put_expected(struct text *t, const struct key *key)
{
	put(t, "; expected ");
	if (key->expected) {
		put(t, "%s", key->expected);
		return;
	}
	for (unsigned int i = 0; key->choices[i]; i++) {
		const char *between = !i ? "" : key->choices[i + 1] ? ", " : " or ";

		put(t, "%s%s", between, key->choices[i]);
	}
}

static int refuse(struct parse *p, int error)
{
	if (!p->result)
		p->result = error;
	return p->result;
}

static int refuse_value(struct parse *p, const struct key *key, const char *value, const char *what)
{
	struct text t = begin_error(p, p->line);

	put(&t, "%s: \"", key->name);
	put_shown(&t, value, SHOWN_BYTES);
	put(&t, "\" %s", what);
	put_expected(&t, key);
	return refuse(p, -EBADMSG);
}

static int refuse_key(struct parse *p, const struct key *key, const char *what,
		      unsigned int other_line)
{
	struct text t = begin_error(p, p->line);

	put(&t, "%s: ", key->name);
	put(&t, what, other_line);
	put_expected(&t, key);
	return refuse(p, -EBADMSG);
}

/* Finding the key of a line. */

static const char *const sections[] = { "Workload", "Model", "Trust", "TPM", "Failure", NULL };

static const char *section_name(size_t i, const void *userdata)
{
	return sections[i];
}

/* Number i of the keys of a section. */
static const char *key_name(size_t i, const void *section)
{
	for (size_t k = 0; k < config_key_count; k++) {
		if (!strcmp(config_keys[k].section, section) && i-- == 0)
			return config_keys[k].name;
	}
	return NULL;
}

static bool is_section(const char *name)
{
	for (size_t i = 0; sections[i]; i++) {
		if (!strcmp(sections[i], name))
			return true;
	}
	return false;
}

static int refuse_section(struct parse *p, const char *section, const char *name)
{
	struct text t = begin_error(p, p->line);
	const char *near = suggest(section, section_name, NULL);

	if (!*section) {
		put_shown(&t, name, SHOWN_BYTES);
		put(&t, ": stands before any section");
	} else {
		put(&t, "[");
		put_shown(&t, section, SHOWN_BYTES);
		put(&t, "]: unknown section");
	}
	if (near && *section)
		put(&t, "; did you mean [%s]?", near);
	else
		put(&t, "; expected [Workload], [Model], [Trust], [TPM] or [Failure]");
	return refuse(p, -EBADMSG);
}

static const struct key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (!strcmp(config_keys[i].section, section) && !strcmp(config_keys[i].name, name))
			return &config_keys[i];
	}
	return NULL;
}

/* The section in which a key stands that was written in another; NULL if in none. */
static const char *section_of(const char *name)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (!strcmp(config_keys[i].name, name))
			return config_keys[i].section;
	}
	return NULL;
}

static int refuse_unknown(struct parse *p, const char *section, const char *name)
{
	struct text t = begin_error(p, p->line);
	const char *near = suggest(name, key_name, section), *home = section_of(name);

	put_shown(&t, name, SHOWN_BYTES);
	put(&t, ": unknown key in [%s]; ", section);
	if (home)
		put(&t, "it belongs to [%s]", home);
	else if (near)
		put(&t, "did you mean %s?", near);
	else
		put(&t, "expected");
	for (size_t i = 0; !home && !near && key_name(i, section); i++)
		put(&t, "%s%s", i ? ", " : " ", key_name(i, section));
	return refuse(p, -EBADMSG);
}

static int on_section(void *userdata, unsigned int line, const char *section)
{
	struct parse *p = userdata;

	p->line = line;
	return is_section(section) ? 0 : refuse_section(p, section, "");
}

static int on_key(void *userdata, unsigned int line, const char *section, const char *name,
		  const char *value)
{
	struct parse *p = userdata;
	const struct key *key = find_key(section, name);
	const char *what = NULL;
	void *field;
	int r;

	p->line = line;
	if (!*section)
		return refuse_section(p, section, name);
	if (!key)
		return refuse_unknown(p, section, name);
	if (p->seen[key - config_keys])
		return refuse_key(p, key, "is given twice, first in line %u",
				  p->seen[key - config_keys]);
	if (!*value && !key->may_be_empty)
		return refuse_key(p, key, "is empty", 0);

	p->seen[key - config_keys] = p->line;
	field = key->offset == SIZE_MAX ? NULL : (char *)p->config + key->offset;
	r = key->take(p, key, value, field, &what);
	if (r == 0)
		return 0;
	if (r == -ENOMEM)
		return refuse(p, r);
	return refuse_value(p, key, value, what);
}

static void on_refused(void *userdata, unsigned int line, const char *what)
{
	struct parse *p = userdata;
	struct text t = begin_error(p, line);

	put(&t, "%s", what);
	(void)refuse(p, -EBADMSG);
}

static void parse_lines(struct parse *p, const char *data, size_t size)
{
	static const struct ini_reader reader = { on_section, on_key, on_refused };
	int r = ini_lines_parse(data, size, &reader, p);

	if (r < 0)
		(void)refuse(p, r);
}

/* The whole. */

static int default_name(struct parse *p)
{
	const char *base = p->path + p->dir_size, *dot = strrchr(base, '.');
	const char *what;
	char name[CONFIG_NAME_BYTES + 1];
	size_t size = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	struct text t;

	if (size < sizeof(name)) {
		memcpy(name, base, size);
		name[size] = '\0';
		if (value_name(name, &what) == 0) {
			p->config->name = strdup(name);
			return p->config->name ? 0 : -ENOMEM;
		}
	}
	t = begin_error(p, 0);
	put(&t, "Name: cannot be made from the file name; expected Name= in [Workload]");
	return -EBADMSG;
}

static int check_required(struct parse *p)
{
	for (size_t i = 0; i < config_key_count; i++) {
		struct text t;

		if (!config_keys[i].required || p->seen[i])
			continue;
		t = begin_error(p, 0);
		put(&t, "%s: missing in [%s]", config_keys[i].name, config_keys[i].section);
		put_expected(&t, &config_keys[i]);
		return -EBADMSG;
	}
	return 0;
}

/* What a bundle says itself, and what is about a bundle; each with what is wrong with it. */
static const struct {
	const char *key;
	bool with_bundle; /* it is wrong with a bundle; else without */
	const char *what;
} bundle_rules[] = {
	{ "Command", true,
	  "what a bundle runs is args in its config.json; expected Command= or Bundle=" },
	{ "WorkingDirectory", true, "that of a bundle is cwd in its config.json" },
	{ "Environment", true, "that of a bundle is env in its config.json" },
	{ "Runtime", false, "runs bundles; expected Bundle= beside it" },
};

static unsigned int line_of(const struct parse *p, const char *name)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (!strcmp(config_keys[i].name, name))
			return p->seen[i];
	}
	return 0;
}

static int refuse_rule(struct parse *p, const char *key, const char *what)
{
	struct text t = begin_error(p, line_of(p, key));

	put(&t, "%s: %s", key, what);
	return -EBADMSG;
}

/* The name of a unit stands for what it runs, wherever that is told. */
static int settle_unit(struct parse *p)
{
	struct config *c = p->config;

	if (!c->unit)
		return 0;
	if (c->command || c->bundle)
		return refuse_rule(p, "Unit",
				   "what a unit runs is its own; expected one of Command=, "
				   "Bundle= and Unit=");
	c->command = calloc(2, sizeof(*c->command));
	if (!c->command)
		return -ENOMEM;
	c->command[0] = strdup(c->unit);
	return c->command[0] ? 0 : -ENOMEM;
}

/* What is promised of a violation has to be kept: see docs/failures.md. */
static int check_unit(struct parse *p)
{
	const struct config *c = p->config;

	if (c->unit && c->on_violation == CONFIG_ON_VIOLATION_KILL &&
	    c->on_loss == CONFIG_ON_LOSS_DENY)
		return refuse_rule(p, "OnLoss",
				   "with Unit= and OnViolation=kill the kernel has to end members "
				   "that left the unit's control group; expected kill");
	return 0;
}

static int check_workload(struct parse *p)
{
	const struct config *c = p->config;

	for (size_t i = 0; i < sizeof(bundle_rules) / sizeof(bundle_rules[0]); i++) {
		if (bundle_rules[i].with_bundle == !!c->bundle && line_of(p, bundle_rules[i].key))
			return refuse_rule(p, bundle_rules[i].key, bundle_rules[i].what);
	}
	if (c->bundle && c->type == CONFIG_TYPE_TOOL)
		return refuse_rule(p, "Type", "a bundle is a service; expected service");
	if (!c->bundle && !c->command)
		return refuse_rule(p, "Command",
				   "missing in [Workload]; expected a program and its arguments, "
				   "Bundle= or Unit=");
	return 0;
}

/*
 * Installing any package rewrites it. It names libraries, which are judged by their own
 * names and contents when they are mapped as code: whoever changes it cannot add one.
 */
#define LINKER_CACHE "/etc/ld.so.cache"

static int set_defaults(struct config *c)
{
	c->mode = CONFIG_MODE_ENFORCE;
	c->fields = CONFIG_FIELDS_PORTABLE;
	c->root = CONFIG_ROOT_PROCESS;
	c->completeness = CONFIG_COMPLETENESS;
	c->deadline_usec = 5000000;
	c->threshold = 1;
	c->keys = strdup(CONFIG_KEYS_DIRECTORY);
	c->environment = calloc(1, sizeof(char *));
	c->pseudonym = calloc(2, sizeof(char *));
	if (c->pseudonym)
		c->pseudonym[0] = strdup(LINKER_CACHE);
	return c->environment && c->pseudonym && c->pseudonym[0] && c->keys ? 0 : -ENOMEM;
}

static int parse_all(struct parse *p, const char *data, size_t size)
{
	int r = set_defaults(p->config);

	if (r < 0)
		return r;
	parse_lines(p, data, size);
	if (p->result < 0)
		return p->result;
	r = settle_unit(p);
	if (r == 0)
		r = check_workload(p);
	if (r == 0)
		r = check_unit(p);
	if (r == 0)
		r = check_required(p);
	if (r == 0 && !p->config->name)
		r = default_name(p);
	return r;
}

static int fail(struct config_error *error, const char *path, int r)
{
	struct parse p = { .path = path, .error = error };
	struct text t = begin_error(&p, 0);

	put(&t, "%s", strerror(-r));
	return r;
}

static int fail_long(struct config_error *error, const char *path)
{
	struct parse p = { .path = path, .error = error };
	struct text t = begin_error(&p, 0);

	put(&t, "the file is too long; expected at most %u bytes", INI_FILE_BYTES);
	return -E2BIG;
}

int config_parse(const char *path, const char *data, size_t size, struct config **ret,
		 struct config_error *error)
{
	_cleanup_(config_freep) struct config *config = calloc(1, sizeof(*config));
	const char *slash = strrchr(path, '/');
	unsigned int seen[KEYS_MAX] = { 0 };
	struct parse p = { .path = path,
			   .dir_size = slash ? slash + 1 - path : 0,
			   .seen = seen,
			   .config = config,
			   .error = error };
	int r = -ENOMEM;

	if (size > INI_FILE_BYTES)
		return fail_long(error, path);
	assert(config_key_count <= KEYS_MAX);
	if (config)
		r = parse_all(&p, data, size);
	if (r == -ENOMEM)
		return fail(error, path, r);
	if (r == 0)
		*ret = TAKE_PTR(config);
	return r;
}

int config_read(const char *path, struct config **ret, struct config_error *error)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(freep) char *data = NULL;
	size_t size = 0;
	int r;

	if (fd < 0)
		return fail(error, path, -errno);
	r = ini_lines_read(fd, &data, &size);
	if (r == -E2BIG)
		return fail_long(error, path);
	if (r < 0)
		return fail(error, path, r);
	return config_parse(path, data, size, ret, error);
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	free(config->name);
	value_words_free(config->command);
	free(config->bundle);
	free(config->unit);
	free(config->user);
	free(config->working_directory);
	value_words_free(config->environment);
	free(config->model);
	value_words_free(config->pseudonym);
	value_words_free(config->scratch);
	free(config->keys);
	free(config);
	return NULL;
}
