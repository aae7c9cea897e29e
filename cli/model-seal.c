// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-seal.c - quixote model seal and unseal: whether training may add to a model. */
#include <stdio.h>
#include <stdlib.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "line.h"
#include "sealing.h"

static const char seal_help[] =
	"usage: quixote model seal [OPTION]... FILE\n"
	"\n"
	"Seals a model: no training run adds to it any more. Refuses with status 1 if it is not\n"
	"complete enough: quixote model status tells how complete it is, Completeness= of the\n"
	"configuration how complete it has to be (95%). FILE is the model, or a configuration\n"
	"(*.cfg) that names it.\n"
	"\n"
	"      --least=PERCENT  instead of Completeness=\n"
	"      --force          seal it all the same; tells what is risked\n"
	"      --why=TEXT       the reason, kept in the model\n"
	"      --json           in JSON\n"
	"  -h, --help           this text\n";

static const char unseal_help[] =
	"usage: quixote model unseal [OPTION]... FILE\n"
	"\n"
	"Lets training runs add to a sealed model again. FILE is the model, or a configuration\n"
	"(*.cfg) that names it.\n"
	"\n"
	"      --why=TEXT       the reason, kept in the model\n"
	"      --json           in JSON\n"
	"  -h, --help           this text\n";

static const struct option seal_options[] = {
	{ "least", required_argument, NULL, 'l' }, { "force", no_argument, NULL, 'f' },
	{ "why", required_argument, NULL, 'w' },   { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },	   { NULL, 0, NULL, 0 },
};

static const struct option unseal_options[] = {
	{ "why", required_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int tell(const struct line *line, const struct revision *r, const struct sealing *s,
		bool sealed)
{
	if (line->values['j'])
		(void)printf(
			"{\"sealed\": %s, \"changed\": %s, \"complete\": %.9g, \"least\": %.9g}\n",
			sealed ? "true" : "false", s->done ? "true" : "false", s->complete,
			(double)s->least / 1000000);
	else
		(void)printf("%s: %s%s\n", tsem_model_get_header(r->opened.model)->name,
			     s->done ? "" : "was ", sealed ? "sealed" : "not sealed");
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int take_least(const struct line *line, const struct revision *r, struct sealing *s)
{
	const char *wrong;

	s->least = r->config ? r->config->completeness : CONFIG_COMPLETENESS;
	if (!line->values['l'] || value_percent(line->values['l'], &s->least, &wrong) == 0)
		return 0;
	return command_line_error("model seal",
				  "--least=%s %s; expected a percentage, such as 95%% or 99.5%%",
				  line->values['l'], wrong);
}

int model_seal_main(int argc, char *argv[])
{
	static const struct grammar grammar = { seal_help, seal_options, 1, 1, "one FILE", NULL };
	_cleanup_(revision_done) struct revision revision = REVISION_EMPTY;
	struct sealing sealing = { .least = 0 };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r == 0)
		r = revision_begin(line.operands[0], &revision);
	if (r == 0)
		r = take_least(&line, &revision, &sealing);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	sealing.force = line.values['f'];
	sealing.why = line.values['w'];
	r = sealing_seal(&revision, &sealing);
	if (r > 1)
		return r;
	return tell(&line, &revision, &sealing, r == 0) ?: r;
}

int model_unseal_main(int argc, char *argv[])
{
	static const struct grammar grammar = {
		unseal_help, unseal_options, 1, 1, "one FILE", NULL
	};
	_cleanup_(revision_done) struct revision revision = REVISION_EMPTY;
	struct sealing sealing = { .least = 0 };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r == 0)
		r = revision_begin(line.operands[0], &revision);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	sealing.why = line.values['w'];
	return sealing_unseal(&revision, &sealing) ?: tell(&line, &revision, &sealing, false);
}
