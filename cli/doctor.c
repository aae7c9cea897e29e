// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * doctor.c - quixote doctor: the table of what is looked at, and how what was
 * found is told. Changes nothing on the machine.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "doctor.h"
#include "line.h"
#include "survey.h"

static const char help[] =
	"usage: quixote doctor [OPTION]...\n"
	"\n"
	"Looks at what quixote needs of this machine, and of a workload: one line each, and for\n"
	"each problem the command that repairs it. Changes nothing. Exits with 1 if there is a\n"
	"problem; notes are no problems.\n"
	"\n"
	"  -c, --config=FILE    also the workload that this configures\n"
	"      --json           in JSON: one array\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	void (*run)(struct doctor *doctor);
} checks[] = {
	{ "kernel", doctor_kernel },	 { "securityfs", doctor_securityfs },
	{ "lsm", doctor_lsm },		 { "capability", doctor_capability },
	{ "hashing", doctor_hashing },	 { "builtin", doctor_builtin },
	{ "memory", doctor_memory },	 { "programs", doctor_programs },
	{ "tpm", doctor_tpm },		 { "clock", doctor_clock },
	{ "keys", doctor_keys },	 { "state", doctor_state },
	{ "sockets", doctor_sockets },	 { "config", doctor_config },
	{ "workload", doctor_workload }, { "scratch", doctor_scratch },
	{ "files", doctor_files },
};

static const struct {
	const char *name, *colour;
} kinds[] = {
	[FINDING_OK] = { "ok", "\033[32m" },
	[FINDING_NOTE] = { "note", "\033[33m" },
	[FINDING_PROBLEM] = { "problem", "\033[31m" },
};

struct text *doctor_say(struct doctor *d, enum finding_kind kind, const char *format, ...)
{
	struct finding *longer = reallocarray(d->findings, d->count + 1, sizeof(*longer));
	_cleanup_(freep) char *sentence = NULL;
	va_list args;
	int n;

	if (longer)
		d->findings = longer;
	va_start(args, format);
	n = vasprintf(&sentence, format, args);
	va_end(args);
	if (n < 0)
		sentence = NULL; /* undefined, else */
	if (!longer || !sentence) {
		d->failed = true;
		return &d->nowhere;
	}
	longer += d->count++;
	*longer = (struct finding){ .kind = kind, .check = d->check };
	text_add(&longer->text, sentence, n);
	return &longer->repair;
}

const char *doctor_sudo(void)
{
	return getuid() == 0 ? "" : "sudo ";
}

void doctor_repair(struct text *repair, const char *command, const char *path)
{
	text_add_string(repair, command);
	text_add_word(repair, path);
}

static void tell(const struct finding *f, bool coloured, struct text *t)
{
	text_format(t, "%s%-7s%s  %s: ", coloured ? kinds[f->kind].colour : "", kinds[f->kind].name,
		    coloured ? "\033[0m" : "", f->check);
	text_add_shown(t, text_get(&f->text), f->text.size);
	if (f->repair.size)
		text_format(t, "; type: %s", text_get(&f->repair));
	text_add_string(t, "\n");
}

static void tell_json(const struct finding *f, struct text *t)
{
	text_format(t,
		    "%s{\"check\": \"%s\", \"kind\": \"%s\", \"text\": ", t->size > 1 ? ",\n " : "",
		    f->check, kinds[f->kind].name);
	text_add_json(t, text_get(&f->text), f->text.size);
	text_add_string(t, ", \"repair\": ");
	if (f->repair.size)
		text_add_json(t, text_get(&f->repair), f->repair.size);
	else
		text_add_string(t, "null");
	text_add_string(t, "}");
}

/* Return: exit status. */
static int tell_all(const struct doctor *d, bool json)
{
	bool coloured = survey_style_of(STDOUT_FILENO) == SURVEY_COLOURED;
	bool failed = d->failed, problem = false;
	_cleanup_(text_done) struct text t = TEXT_EMPTY;

	text_add_string(&t, json ? "[" : "");
	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->findings[i];

		failed = failed || f->text.failed || f->repair.failed;
		problem = problem || f->kind == FINDING_PROBLEM;
		if (json)
			tell_json(f, &t);
		else
			tell(f, coloured, &t);
	}
	text_add_string(&t, json ? "]\n" : "");
	if (failed || t.failed) {
		(void)fprintf(stderr, "quixote: %s\n", strerror(ENOMEM));
		return EXIT_LOST;
	}
	if (fputs(text_get(&t), stdout) < 0 || fflush(stdout))
		return EXIT_LOST;
	return problem ? 1 : EXIT_SUCCESS;
}

static void doctor_done(struct doctor *d)
{
	for (size_t i = 0; i < d->count; i++) {
		text_done(&d->findings[i].text);
		text_done(&d->findings[i].repair);
	}
	free(d->findings);
	text_done(&d->nowhere);
	d->config = config_free(d->config);
}

int doctor_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 0, 0, "no operand", ":c:h" };
	_cleanup_(doctor_done) struct doctor doctor = { .path = NULL };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	doctor.path = line.values['c'];
	if (doctor.path && config_read(doctor.path, &doctor.config, &doctor.error) < 0)
		doctor.config = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		doctor.check = checks[i].name;
		checks[i].run(&doctor);
	}
	return tell_all(&doctor, line.values['j']);
}
