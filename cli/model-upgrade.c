// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-upgrade.c - quixote model upgrade: files that packages changed are the same
 * files to a model, and what follows from their contents is derived anew.
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "contents.h"
#include "line.h"
#include "packages.h"
#include "revision.h"
#include "rewrite.h"
#include "text.h"

#define KEEP_OLD_SECONDS (7 * 86400)

static const char help[] =
	"usage: quixote model upgrade [OPTION]... --packages|--root=DIR FILE\n"
	"\n"
	"Derives a model for the files of other versions of packages, without training. Each file\n"
	"of the model whose content has changed, and is what its Debian package brought, takes "
	"the\n"
	"place of the old one in every event; all programs that it leads to get their new names.\n"
	"FILE is the model, or a configuration (*.cfg) that names it.\n"
	"\n"
	"      --packages        files of this system\n"
	"      --root=DIR        files below DIR, with the database of packages there\n"
	"      --also=PATH:PATH  these files, too, whoever changed them\n"
	"      --keep-old=TIME   how long the old versions hold beside the new: 30min, 12h, 7d\n"
	"                        (default), 0 or forever\n"
	"      --check           tell what would be done\n"
	"      --why=TEXT        the reason, kept in the model\n"
	"      --json            in JSON\n"
	"  -h, --help            this text\n";

static const struct option options[] = {
	{ "packages", no_argument, NULL, 'p' },
	{ "root", required_argument, NULL, 'r' },
	{ "also", required_argument, NULL, 'a' },
	{ "keep-old", required_argument, NULL, 'k' },
	{ "check", no_argument, NULL, 'n' },
	{ "why", required_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/** enum file_state - What became of a file. */
enum file_state {
	FILE_SAME,
	FILE_UPGRADED, /* as its package brought it; or it was named */
	FILE_CHANGED,  /* not as its package brought it */
	FILE_FOREIGN,  /* changed, and of no package */
	FILE_GONE,
};

static const struct {
	const char *name, *words;
} states[] = {
	[FILE_SAME] = { "same", "the same" },
	[FILE_UPGRADED] = { "upgraded", "upgraded" },
	[FILE_CHANGED] = { "changed", "left out: not as its package brought it" },
	[FILE_FOREIGN] = { "foreign", "left out: changed, and of no package (--also takes it)" },
	[FILE_GONE] = { "gone", "left out: not there, or not to be read" },
};

/** struct file - A file of the model with a content. */
struct file {
	char *path;
	char old[2 * TSEM_DIGEST_MAX + 1];
	char new[2 * TSEM_DIGEST_MAX + 1];
	enum file_state state;
	const char *package; /* borrowed; "" if it is of none */
};

/** struct upgrade - A model being upgraded. */
struct upgrade {
	const struct line *line;
	struct revision revision;
	struct packages packages;
	struct rewrite rewrite;
	void *files; /* tree of struct file */
	unsigned int digits;
	int64_t until; /* 0: the old ones hold for ever */
	uint64_t points, programs, upgraded, gone;
	struct text told;
};

static int compare(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(x->path, y->path) ?: strcmp(x->old, y->old);
}

static void file_free(void *node)
{
	free(((struct file *)node)->path);
	free(node);
}

/* Files. */

static bool is_named(const char *list, const char *path)
{
	size_t size = strlen(path);

	for (const char *at = list; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		if (!strncmp(at, path, size) && (at[size] == ':' || !at[size]))
			return true;
	}
	return false;
}

static int look_at(struct upgrade *u, struct file *file)
{
	const struct package_file *known = packages_find(&u->packages, file->path);
	char md5[PACKAGES_MD5_SIZE];
	int r = packages_digest(&u->packages, file->path, u->revision.opened.hasher, file->new,
				md5);

	if (r == -ENOMEM)
		return r;
	file->package = known ? known->package : "";
	if (r < 0)
		file->state = FILE_GONE;
	else if (!strcmp(file->old, file->new))
		file->state = FILE_SAME;
	else if (is_named(u->line->values['a'], file->path) || (known && !strcmp(known->md5, md5)))
		file->state = FILE_UPGRADED;
	else
		file->state = known ? FILE_CHANGED : FILE_FOREIGN;
	return 0;
}

static int add_content(struct upgrade *u, const struct content *content)
{
	struct file *file, **found;

	/* Content that was not looked at; names that no package has. */
	if (strspn(content->digest, "0") >= u->digits ||
	    memchr(content->path, '\\', content->path_size))
		return 0;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->path = strndup(content->path, content->path_size);
	memcpy(file->old, content->digest, u->digits);
	found = file->path ? tsearch(file, &u->files, compare) : NULL;
	if (!found || *found != file) {
		file_free(file);
		return found ? 0 : -ENOMEM;
	}
	return look_at(u, file);
}

/* Content that does not count, but where it is executed: then the exec tells it, too. */
static bool is_pseudonym(const struct upgrade *u, const struct content *content)
{
	size_t count;
	const char *const *paths =
		tsem_model_get_paths(u->revision.opened.model, TSEM_MODEL_PSEUDONYMS, &count);

	for (size_t i = 0; i < count; i++) {
		if (strlen(paths[i]) == content->path_size &&
		    !memcmp(paths[i], content->path, content->path_size))
			return true;
	}
	return false;
}

static int add_contents(struct upgrade *u, const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	struct content content;
	int r = 0;

	while (r == 0 && content_next(at, end, u->digits, &content)) {
		r = is_pseudonym(u, &content) ? 0 : add_content(u, &content);
		at = content.digest + u->digits;
	}
	return r;
}

/* What holds up to a time only was upgraded before. */
static int look_at_point(const struct tsem_model_point *point, void *userdata)
{
	return point->until ? 0 : add_contents(userdata, point->event, point->event_size);
}

static int look_at_program(const struct tsem_model_program *program, void *userdata)
{
	struct upgrade *u = userdata;
	const char *at = program->event, *end = at + program->event_size;
	struct content content;
	int r = 0;

	while (r == 0 && content_next(at, end, u->digits, &content)) {
		r = add_content(u, &content);
		at = content.digest + u->digits;
	}
	return r;
}

/* Records. */

static int edit(const char *text, size_t size, void *userdata, struct text *ret)
{
	struct upgrade *u = userdata;
	const char *begin = text, *at = text, *end = text + size;
	struct content content;

	while (content_next(at, end, u->digits, &content)) {
		_cleanup_(freep) char *path = strndup(content.path, content.path_size);
		struct file key = { .path = path }, **found;

		if (!path)
			return -ENOMEM;
		memcpy(key.old, content.digest, u->digits);
		found = tfind(&key, &u->files, compare);
		text_add(ret, begin, content.digest - begin);
		text_add(ret,
			 found && (*found)->state == FILE_UPGRADED ? (*found)->new : content.digest,
			 u->digits);
		begin = at = content.digest + u->digits;
	}
	text_add(ret, begin, end - begin);
	return 0;
}

static int bring_points(struct upgrade *u, uint64_t change)
{
	struct tsem_model *model = u->revision.opened.model;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < u->rewrite.point_count; i++) {
		const struct rewritten *point = &u->rewrite.points[i];
		struct tsem_model_point numbers = *point->numbers;

		if (!point->changed || numbers.until)
			continue;
		numbers.change = change;
		r = tsem_model_bring_point(model, &numbers, point->text, point->size);
		if (r >= 0 && u->until)
			r = tsem_model_limit_point(model, &point->old, u->until);
	}
	for (size_t i = 0; r >= 0 && i < u->rewrite.program_count; i++) {
		const struct rewritten *program = &u->rewrite.programs[i];

		if (program->changed)
			r = tsem_model_add_program(model, program->text, program->size);
	}
	return r < 0 ? r : 0;
}

static void count(struct upgrade *u)
{
	for (size_t i = 0; i < u->rewrite.point_count; i++)
		u->points += u->rewrite.points[i].changed && !u->rewrite.points[i].numbers->until;
	for (size_t i = 0; u->points && i < u->rewrite.program_count; i++)
		u->programs += u->rewrite.programs[i].changed;
}

static int apply(struct upgrade *u)
{
	const char *why = u->line->values['w'];
	uint64_t change;
	char note[128];
	int r;

	(void)snprintf(note, sizeof(note),
		       "%llu file%s, %llu coefficient%s of %llu program%s derived",
		       (unsigned long long)u->upgraded, text_plural(u->upgraded),
		       (unsigned long long)u->points, text_plural(u->points),
		       (unsigned long long)u->programs, text_plural(u->programs)); /* fits */
	r = revision_change(
		&u->revision,
		&(struct tsem_model_change){ .what = TSEM_MODEL_UPGRADE, .why = why, .note = note },
		&change);
	if (r)
		return r;
	r = bring_points(u, change);
	if (r == 0) {
		rewrite_done(&u->rewrite); /* it points into what goes now */
		r = tsem_model_drop(u->revision.opened.model, u->revision.time);
	}
	if (r < 0)
		return revision_fail(&u->revision, r);
	return revision_commit(&u->revision, &(struct history_entry){ .what = (char *)"upgrade",
								      .why = (char *)why,
								      .note = note });
}

/* Telling. */

static void tell_file(const void *node, VISIT when, void *closure)
{
	const struct file *file = *(const struct file *const *)node;
	struct upgrade *u = closure;
	struct text *t = &u->told;

	if ((when != postorder && when != leaf) || file->state == FILE_SAME)
		return;
	u->upgraded += file->state == FILE_UPGRADED;
	if (u->line->values['j']) {
		text_add_string(t, t->size ? ", {\"path\": " : "{\"path\": ");
		text_add_json(t, file->path, strlen(file->path));
		text_format(t, ", \"state\": \"%s\", \"package\": ", states[file->state].name);
		text_add_json(t, file->package, strlen(file->package));
		text_format(t, ", \"old\": \"%s\", \"new\": \"%s\"}", file->old, file->new);
		return;
	}
	if (file->state == FILE_GONE && !*file->package) {
		u->gone++;
		return;
	}
	text_add_string(t, "  ");
	text_add_shown(t, file->path, strlen(file->path));
	text_add_string(t, *file->package ? " (" : "");
	text_add_shown(t, file->package, strlen(file->package));
	text_format(t, "%s: %s\n", *file->package ? ")" : "", states[file->state].words);
}

static int tell(struct upgrade *u)
{
	const char *name = tsem_model_get_header(u->revision.opened.model)->name;
	struct text *t = &u->told;

	if (t->failed)
		return revision_fail(&u->revision, -ENOMEM);
	if (u->line->values['j'])
		(void)printf("{\"files\": [%s], \"coefficients\": %llu, \"programs\": %llu, "
			     "\"until\": %lld}\n",
			     text_get(t), (unsigned long long)u->points,
			     (unsigned long long)u->programs, (long long)u->until);
	else
		(void)printf("%s%s: %llu file%s upgraded, from which %llu coefficient%s and %llu "
			     "program%s follow\n",
			     text_get(t), name, (unsigned long long)u->upgraded,
			     text_plural(u->upgraded), (unsigned long long)u->points,
			     text_plural(u->points), (unsigned long long)u->programs,
			     text_plural(u->programs));
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int upgrade(struct upgrade *u)
{
	struct tsem_model *model = u->revision.opened.model;
	const char *root = u->line->values['r'] ?: "/";
	int r = packages_read(root, &u->packages);

	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s: the database of packages: %s\n", root,
			      strerror(-r));
		return EXIT_LOST;
	}
	u->digits = 2 * tsem_model_get_header(model)->digest_size;
	u->rewrite =
		(struct rewrite){ .model = model, .engine = model, .edit = edit, .userdata = u };
	r = tsem_model_each_point(model, look_at_point, u);
	if (r == 0)
		r = tsem_model_each_needed_program(model, INT64_MAX, look_at_program, u);
	twalk_r(u->files, tell_file, u);
	if (u->gone)
		text_format(&u->told,
			    "  %llu files of no package are not there, or not to be read\n",
			    (unsigned long long)u->gone);
	if (r == 0 && u->upgraded)
		r = rewrite_model(&u->rewrite);
	if (r < 0)
		return revision_fail(&u->revision, r);
	count(u);
	r = u->points && !u->line->values['n'] ? apply(u) : 0;
	return r ?: tell(u);
}

/* Return: 0; an exit status, said. */
static int take_time(struct upgrade *u)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 } };
	const char *text = u->line->values['k'];
	int64_t number;
	char *end;

	u->until = u->revision.time + KEEP_OLD_SECONDS;
	if (!text)
		return 0;
	if (!strcmp(text, "forever")) {
		u->until = 0;
		return 0;
	}
	errno = 0;
	number = strtol(text, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units) && end != text && *text != '-'; i++) {
		if (strcmp(end, units[i].unit) != 0 || errno || number > 1000000)
			continue;
		u->until = u->revision.time + number * units[i].seconds;
		return 0;
	}
	return command_line_error(
		"model upgrade",
		"--keep-old=%s: expected a time such as 30min, 12h or 7d, or forever", text);
}

static void upgrade_done(struct upgrade *u)
{
	rewrite_done(&u->rewrite);
	packages_done(&u->packages);
	revision_done(&u->revision);
	tdestroy(u->files, file_free);
	text_done(&u->told);
}

int model_upgrade_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 1, 1, "one FILE", NULL };
	_cleanup_(upgrade_done) struct upgrade u = { .revision = REVISION_EMPTY,
						     .packages = { .root = -EBADF } };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (!line.values['p'] == !line.values['r'])
		return command_line_error(argv[0], "either --packages or --root=DIR is expected");
	u.line = &line;
	r = revision_begin(line.operands[0], &u.revision);
	if (r == 0)
		r = take_time(&u);
	return r ?: upgrade(&u);
}
