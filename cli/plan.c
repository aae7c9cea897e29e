// SPDX-License-Identifier: LGPL-2.1-or-later
/* plan.c - see plan.h. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "../orchestrator/failure.h"
#include "../tma/anchor/feed.h"
#include "builtin.h"
#include "plan.h"
#include "signed.h"

/* Formula.md, section 3, "Pathnames". */
static char *const default_scratch[] = { "/tmp/", "/var/tmp/", "/dev/shm/", NULL };

static const enum exit_status subject_status[PLAN_SUBJECT_COUNT] = {
	[PLAN_COMMAND] = EXIT_CONFIGURATION,
	[PLAN_USER] = EXIT_CONFIGURATION,
	[PLAN_DIRECTORY] = EXIT_CONFIGURATION,
	[PLAN_MODEL_MISSING] = EXIT_MODEL,
	[PLAN_MODEL] = EXIT_MODEL,
	[PLAN_MODEL_SEALED] = EXIT_MODEL,
	[PLAN_TRUST] = EXIT_MODEL,
	[PLAN_ANCHOR] = EXIT_LOST,
};

static struct text *add_problem(struct plan *p, enum plan_subject subject)
{
	struct plan_problem *problem;

	if (!p->status)
		p->status = subject_status[subject];
	if (p->problem_count == PLAN_PROBLEMS)
		p->problem_count--; /* the last one is replaced */
	problem = &p->problems[p->problem_count++];
	text_done(&problem->text);
	problem->subject = subject;
	problem->told = 0;
	return &problem->text;
}

/* To the last problem. */
static void add_command(struct plan *p, const char *command, const char *path)
{
	struct plan_problem *problem = &p->problems[p->problem_count - 1];

	problem->told = problem->text.size;
	text_format(&problem->text, "; %s %s", command, path);
}

static void add_line(struct text *t, char *const *words)
{
	for (; words && *words; words++) {
		if (t->size)
			text_add_string(t, " ");
		text_add_word(t, *words);
	}
}

static void build_command(struct plan *p)
{
	const struct config *c = p->config;

	if (c->bundle)
		text_format(&p->command, "%s run --bundle %s",
			    config_runtime_to_string(c->runtime), c->bundle);
	add_line(&p->command, c->command);
	add_line(p->launch->driver ? &p->driver : &p->command, p->launch->arguments);
}

static void check_program(struct plan *p)
{
	const char *program = p->config->command ? p->config->command[0] : "";
	struct stat st;

	if (!strchr(program, '/'))
		return; /* looked for in PATH, as the workload's user */
	if (stat(program, &st) < 0)
		text_format(add_problem(p, PLAN_COMMAND), "%s: Command: %s: %s", p->launch->path,
			    program, strerror(errno));
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		text_format(add_problem(p, PLAN_COMMAND), "%s: Command: %s: not an executable file",
			    p->launch->path, program);
}

/* What is in it the runtime says better. */
static void check_bundle(struct plan *p)
{
	const char *bundle = p->config->bundle;
	_cleanup_(freep) char *path = NULL;

	if (!bundle)
		return;
	if (asprintf(&path, "%s/config.json", bundle) < 0)
		path = NULL;
	else if (access(path, R_OK) < 0)
		text_format(add_problem(p, PLAN_COMMAND), "%s: Bundle: %s: %s", p->launch->path,
			    path, strerror(errno));
	if (p->launch->arguments && p->launch->arguments[0] && !p->launch->driver)
		text_format(add_problem(p, PLAN_COMMAND),
			    "%s: nothing can be appended to args in the config.json of a bundle",
			    p->launch->path);
}

static void check_user(struct plan *p)
{
	const char *user = p->config->user;

	if (!user || (user[0] >= '0' && user[0] <= '9') || getpwnam(user))
		return;
	text_format(add_problem(p, PLAN_USER), "%s: User: there is no user \"%s\"", p->launch->path,
		    user);
}

static void check_directory(struct plan *p)
{
	const char *directory = p->config->working_directory;
	struct stat st;

	if (!directory)
		return;
	if (stat(directory, &st) < 0)
		text_format(add_problem(p, PLAN_DIRECTORY), "%s: WorkingDirectory: %s: %s",
			    p->launch->path, directory, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		text_format(add_problem(p, PLAN_DIRECTORY),
			    "%s: WorkingDirectory: %s: not a directory", p->launch->path,
			    directory);
}

static bool has_path(const char *const *paths, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(paths[i], path))
			return true;
	}
	return false;
}

/* No list has a path twice, so as many that are all there are the same. */
static void check_paths(struct plan *p, enum tsem_model_list list, char *const *wanted,
			const char *key)
{
	size_t count, wanted_count = 0;
	const char *const *paths = tsem_model_get_paths(p->model.model, list, &count);
	bool same = true;

	for (; wanted[wanted_count]; wanted_count++)
		same = same && has_path(paths, count, wanted[wanted_count]);
	if (!same || count != wanted_count)
		text_format(add_problem(p, PLAN_MODEL),
			    "%s: it was learned with another %s=", p->config->model, key);
}

/* What the model must agree with; the TMA compares the same. */
static void check_match(struct plan *p)
{
	const struct tsem_model_header wanted = {
		.fields = p->config->fields == CONFIG_FIELDS_STRICT ? TSEM_FIELDS_STRICT
								    : TSEM_FIELDS_PORTABLE,
		.digest = config_digest_to_string(p->config->digest),
		.nsref = config_user_namespace_to_string(p->config->user_namespace),
	};
	struct tsem_model_error error;

	if (tsem_model_matches(p->model.model, &wanted, &error) < 0)
		text_format(add_problem(p, PLAN_MODEL), "%s: %s", p->config->model, error.text);
	if (p->mode == CONFIG_MODE_TRAIN && tsem_model_is_sealed(p->model.model)) {
		text_format(add_problem(p, PLAN_MODEL_SEALED),
			    "%s: it is sealed, so no run adds to it", p->config->model);
		add_command(p, "type: quixote model unseal", p->config->model);
	}
	check_paths(p, TSEM_MODEL_PSEUDONYMS, p->config->pseudonym, "Pseudonym");
	check_paths(p, TSEM_MODEL_SCRATCH, p->config->scratch ?: default_scratch, "Scratch");
}

static void check_model(struct plan *p)
{
	struct tsem_model_error error;
	int r = open_model(p->config->model, &p->model, &error);

	if (r == 0) {
		check_match(p);
		return;
	}
	if (r == -ENOENT && p->mode == CONFIG_MODE_TRAIN)
		return; /* the first run makes it */
	if (r == -ENOENT) {
		text_format(add_problem(p, PLAN_MODEL_MISSING), "%s: there is no model",
			    p->config->model);
		add_command(p, "learn it: quixote train -c", p->launch->path);
	} else if (error.line) {
		text_format(add_problem(p, PLAN_MODEL), "%s:%u: %s", p->config->model, error.line,
			    error.text);
	} else {
		text_format(add_problem(p, PLAN_MODEL), "%s: %s", p->config->model, error.text);
	}
}

/* The same as the TMA will do; a model that is not there or damaged has been told. */
static void check_trust(struct plan *p)
{
	const struct signed_params params = {
		.model = p->config->model,
		.keys = p->config->keys,
		.threshold = p->config->threshold,
		.name = p->config->name,
	};
	_cleanup_(freep) struct signed_model *m = NULL;
	struct text why = TEXT_EMPTY;

	if (p->mode != CONFIG_MODE_ENFORCE || p->config->allow_unsigned || !p->model.model)
		return;
	m = calloc(1, sizeof(*m));
	if (m && signed_read(&params, &why, m) == 0)
		signed_tell(m, &p->trust);
	else
		text_format(add_problem(p, PLAN_TRUST), "%s",
			    m ? text_get(&why) : strerror(ENOMEM));
	if (m)
		signed_done(m);
	text_done(&why);
}

/* Whether anybody is there; who may not ask does not know. */
static void check_anchor(struct plan *p)
{
	_cleanup_(close_fdp) int fd = p->config->anchor ? feed_connect(FEED_SOCKET) : -EBADF;

	if (fd == -ENOENT || fd == -ECONNREFUSED)
		text_format(add_problem(p, PLAN_ANCHOR),
			    "%s: Anchor: nobody is at " FEED_SOCKET "; see quixote-tpm(1)",
			    p->launch->path);
}

static const char *place_name(const struct plan *p)
{
	if (p->place < 0)
		return "none";
	return p->place == LAUNCH_KERNEL_HOST ? "host" : "builtin";
}

static void add_model(const struct plan *p, struct text *t)
{
	size_t points, programs;

	if (!p->model.model) {
		text_add_string(t, "none yet");
		return;
	}
	points = tsem_model_point_count(p->model.model);
	programs = tsem_model_program_count(p->model.model);
	text_format(t, "%zu coefficient%s of %zu program%s, training runs: %llu", points,
		    text_plural(points), programs, text_plural(programs),
		    (unsigned long long)tsem_model_get_header(p->model.model)->runs);
}

static void describe(const struct plan *p, struct text *t)
{
	const struct config *c = p->config;

	text_format(t, "%s: %s\n", c->name, text_get(&p->command));
	text_format(t, "  as user %s, in %s\n", c->user ?: "(the caller)",
		    c->working_directory ?: "(the caller's directory)");
	if (p->driver.size)
		text_format(t, "  driven by: %s\n", text_get(&p->driver));
	text_format(t, "  mode %s, model %s: ", config_mode_to_string(p->mode), c->model);
	add_model(p, t);
	text_format(t, "\n  on violation %s, on loss %s, deadline %llu ms%s\n",
		    config_on_violation_to_string(c->on_violation),
		    config_on_loss_to_string(c->on_loss),
		    (unsigned long long)c->deadline_usec / 1000,
		    c->allow_unsigned ? ", the model need not be signed (AllowUnsigned=yes)" : "");
	if (p->trust.size)
		text_format(t, "  the model is %s\n", text_get(&p->trust));
	text_format(t, "  kernel: %s\n",
		    p->place == LAUNCH_KERNEL_HOST	? "this one"
		    : p->place == LAUNCH_KERNEL_BUILTIN ? "the built-in one, which protects nothing"
							: "none that may be used");
}

static void add_member(struct text *t, const char *name, const char *value)
{
	text_format(t, "%s\"%s\": ", t->size > 1 ? ", " : "", name);
	if (value)
		text_add_json(t, value, strlen(value));
	else
		text_add_string(t, "null");
}

static void add_words(struct text *t, const char *name, char *const *first, char *const *second)
{
	char *const *lists[] = { first, second };
	bool any = false;

	text_format(t, ", \"%s\": [", name);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (char *const *word = lists[i]; word && *word; word++) {
			text_add_string(t, any ? ", " : "");
			text_add_json(t, *word, strlen(*word));
			any = true;
		}
	}
	text_add_string(t, "]");
}

static void describe_json(const struct plan *p, struct text *t)
{
	const struct config *c = p->config;
	const struct {
		const char *name, *value;
	} members[] = {
		{ "name", c->name },
		{ "user", c->user },
		{ "directory", c->working_directory },
		{ "mode", config_mode_to_string(p->mode) },
		{ "model", c->model },
		{ "fields", config_fields_to_string(c->fields) },
		{ "digest", config_digest_to_string(c->digest) },
		{ "on_violation", config_on_violation_to_string(c->on_violation) },
		{ "on_loss", config_on_loss_to_string(c->on_loss) },
		{ "kernel", place_name(p) },
	};

	text_add_string(t, "{");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		add_member(t, members[i].name, members[i].value);
	add_words(t, "command", c->command, p->launch->driver ? NULL : p->launch->arguments);
	add_words(t, "driver", p->launch->driver ? p->launch->arguments : NULL, NULL);
	text_format(t, ", \"coefficients\": %zu",
		    p->model.model ? tsem_model_point_count(p->model.model) : 0);
	add_member(t, "trust", p->trust.data);
	text_add_string(t, ", \"problems\": [");
	for (size_t i = 0; i < p->problem_count; i++) {
		text_add_string(t, i ? ", " : "");
		text_add_json(t, text_get(&p->problems[i].text), p->problems[i].text.size);
	}
	text_add_string(t, "]}\n");
}

static void print_plan(const struct plan *p)
{
	struct text t = TEXT_EMPTY;

	(p->launch->json ? describe_json : describe)(p, &t);
	(void)fputs(text_get(&t), stdout);
	text_done(&t);
	for (size_t i = 0; i < p->problem_count; i++)
		(void)fprintf(stderr, "quixote: %s\n", text_get(&p->problems[i].text));
}

void plan_examine(struct plan *p)
{
	build_command(p);
	check_program(p);
	check_bundle(p);
	check_user(p);
	check_directory(p);
	check_model(p);
	check_trust(p);
	check_anchor(p);
}

void plan_done(struct plan *p)
{
	text_done(&p->command);
	text_done(&p->driver);
	opened_done(&p->model);
	text_done(&p->trust);
	for (size_t i = 0; i < p->problem_count; i++)
		text_done(&p->problems[i].text);
}

int plan_print(const struct launch *l, const struct config *config, enum config_mode mode)
{
	_cleanup_(plan_done) struct plan p = { .launch = l, .config = config, .mode = mode };

	plan_examine(&p);
	p.place = launch_place(l, mode); /* says itself why there is none */
	if (p.place < 0 && !p.status)
		p.status = -p.place;
	print_plan(&p);
	return p.status;
}
