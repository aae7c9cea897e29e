// SPDX-License-Identifier: LGPL-2.1-or-later
/* key.c - quixote key: make a key that signs models, and tell which keys may. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/key.h"
#include "../orchestrator/config.h"
#include "../orchestrator/failure.h"
#include "../orchestrator/keys.h"
#include "command.h"
#include "keyring.h"
#include "text.h"

static const char help[] =
	"usage: quixote key new [--json] NAME\n"
	"       quixote key list [--json] [DIRECTORY]\n"
	"\n"
	"new makes a key of Ed25519 that signs models: NAME.key, which is secret and signs\n"
	"(quixote model sign), and NAME.pub, which goes into the directory of the keys that may\n"
	"sign on every machine that shall believe it. NAME may begin with a directory.\n"
	"list tells the keys in DIRECTORY, by default " CONFIG_KEYS_DIRECTORY ".\n"
	"\n"
	"      --json    in JSON\n"
	"  -h, --help    this text\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/** struct key_command - What is asked for. */
struct key_command {
	bool json;
	const char *argument; /* NULL if there is none */
};

static int fail(const char *path, const char *what)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", path, what);
	return EXIT_LOST;
}

/* Never in place of one that is there: it may be the only copy. */
static FILE *create(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int write_private(const struct tsem_private_key *key, const char *path)
{
	FILE *file = create(path, 0600);
	int r;

	if (!file)
		return -errno;
	r = tsem_private_key_write(key, file);
	if (r == 0 && (fflush(file) || fsync(fileno(file)) < 0))
		r = -EIO;
	return fclose(file) && r == 0 ? -EIO : r;
}

static int write_public(const struct tsem_public_key *key, const char *path)
{
	char text[TSEM_KEY_TEXT_BYTES];
	FILE *file = create(path, 0644);
	int r;

	if (!file)
		return -errno;
	tsem_public_key_print(key, text);
	r = fputs(text, file) < 0 ? -EIO : 0;
	return fclose(file) && r == 0 ? -EIO : r;
}

static void add_json(struct text *t, const char *name, const char *value)
{
	text_format(t, "%s\"%s\": ", t->size && t->data[t->size - 1] == '{' ? "" : ", ", name);
	text_add_json(t, value, strlen(value));
}

static int print(struct text *t)
{
	bool failed = t->failed || fputs(text_get(t), stdout) < 0 || fflush(stdout);

	text_done(t);
	return failed ? EXIT_LOST : EXIT_SUCCESS;
}

static int tell_new(const struct key_command *c, const struct tsem_public_key *key,
		    const char *const paths[2])
{
	struct text t = TEXT_EMPTY;

	if (c->json) {
		text_add_string(&t, "{");
		add_json(&t, "id", key->id);
		add_json(&t, "private", paths[0]);
		add_json(&t, "public", paths[1]);
		text_add_string(&t, "}\n");
	} else {
		text_format(&t,
			    "%s  secret, signs: quixote model sign --key=%s MODEL\n"
			    "%s  copy it to " CONFIG_KEYS_DIRECTORY
			    " wherever models that it signed shall hold\n",
			    paths[0], paths[0], paths[1]);
	}
	return print(&t);
}

static int key_new(const struct key_command *c)
{
	_cleanup_(tsem_private_key_freep) struct tsem_private_key *key = NULL;
	_cleanup_(freep) char *private = NULL, *public = NULL;
	const char *slash, *name;
	struct tsem_public_key half;
	int r;

	if (!c->argument)
		return command_line_error("key", "a NAME is expected");
	slash = strrchr(c->argument, '/');
	name = slash ? slash + 1 : c->argument;
	if (!tsem_key_is_name(name, strlen(name)))
		return command_line_error(
			"key",
			"\"%s\" is no name for a key; expected letters, digits, '.', "
			"'_', '-' and '@', a letter or digit first",
			name);
	if (asprintf(&private, "%s.key", c->argument) < 0 ||
	    asprintf(&public, "%s" KEYS_SUFFIX, c->argument) < 0 ||
	    tsem_private_key_new(&key) < 0 || tsem_private_key_get_public(key, &half) < 0)
		return fail(c->argument, strerror(ENOMEM));
	r = write_private(key, private);
	if (r < 0)
		return fail(private, strerror(-r));
	r = write_public(&half, public);
	if (r < 0)
		return fail(public, strerror(-r));
	return tell_new(c, &half, (const char *[]){ private, public });
}

static int key_list(const struct key_command *c)
{
	_cleanup_(freep) struct tsem_keyring *ring = calloc(1, sizeof(*ring));
	const char *directory = c->argument ?: CONFIG_KEYS_DIRECTORY;
	struct text t = TEXT_EMPTY;

	if (!ring)
		return fail(directory, strerror(ENOMEM));
	if (keyring_read(directory, ring, &t) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", text_get(&t));
		text_done(&t);
		return EXIT_LOST;
	}
	for (size_t i = 0; i < ring->count; i++) {
		if (c->json) {
			text_add_string(&t, "{");
			add_json(&t, "name", ring->keys[i].name);
			add_json(&t, "id", ring->keys[i].id);
			text_add_string(&t, "}\n");
		} else {
			text_format(&t, "%s  %s\n", ring->keys[i].id, ring->keys[i].name);
		}
	}
	if (!ring->count && !c->json)
		text_format(&t, "%s: no keys (*" KEYS_SUFFIX ")\n", directory);
	return print(&t);
}

int key_main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*run)(const struct key_command *c);
	} verbs[] = { { "new", key_new }, { "list", key_list } };
	struct key_command c = { .json = false };
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		if (option != 'j')
			return option_error(argv, option);
		c.json = true;
	}
	if (optind == argc)
		return command_line_error(argv[0], "new or list is expected");
	if (argc - optind > 2)
		return command_line_error(argv[0], "what is \"%s\"?", argv[optind + 2]);
	c.argument = argv[optind + 1]; /* or the NULL at the end */
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, argv[optind]))
			return verbs[i].run(&c);
	}
	return command_line_error(argv[0], "\"%s\" is neither new nor list", argv[optind]);
}
