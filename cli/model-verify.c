// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-verify.c - quixote model verify: who has signed a model, and what it was that they signed.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/coverage.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "signed.h"

static const char help[] =
	"usage: quixote model verify [OPTION]... FILE\n"
	"\n"
	"Verifies a model and who has signed it, FILE.sig, as it is done before it is enforced.\n"
	"FILE is the model, or a configuration (*.cfg): then its Keys= and Threshold= hold, the\n"
	"model must be for its workload, and not older than the last that this ran under.\n"
	"\n"
	"      --keys=DIR       the keys that may sign, by default " CONFIG_KEYS_DIRECTORY "\n"
	"      --threshold=N    how many of them must have signed, by default 1\n"
	"      --json           in JSON\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "keys", required_argument, NULL, 'k' },
	{ "threshold", required_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/** struct verification - What is asked for; what the command line does not say is empty. */
struct verification {
	bool json;
	struct signed_params params;
};

static int set_threshold(struct verification *v, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || n < 1 || n > TSEM_ENVELOPE_SIGNATURES)
		return command_line_error("model verify",
					  "--threshold=%s: expected a number from 1 to %u", text,
					  TSEM_ENVELOPE_SIGNATURES);
	v->params.threshold = n;
	return 0;
}

static void tell(const struct signed_model *m, struct text *t)
{
	const struct tsem_statement *s = &m->trust.statement;
	const struct completeness c = completeness_of(m->opened.model);

	text_format(t, "%s: ", s->name);
	signed_tell(m, t);
	text_format(t,
		    "\n  %llu coefficient%s of %llu program%s, training runs: %llu; %llu events, "
		    "%llu of "
		    "them of a kind seen once only\n  completeness: at least %.1f %%\n",
		    (unsigned long long)s->coefficients, text_plural(s->coefficients),
		    (unsigned long long)s->programs, text_plural(s->programs),
		    (unsigned long long)s->runs, (unsigned long long)s->events,
		    (unsigned long long)s->once, 100 * c.complete);
}

static void tell_json(const struct signed_model *m, struct text *t)
{
	const struct tsem_signers *signers = &m->trust.signers;

	text_add_string(t, "{\"signers\": [");
	for (size_t i = 0; i < signers->count; i++)
		text_format(t, "%s{\"name\": \"%s\", \"id\": \"%s\"}", i ? ", " : "",
			    signers->keys[i]->name, signers->keys[i]->id);
	text_add_string(t, "], \"statement\": ");
	text_add(t, m->trust.envelope.payload, m->trust.envelope.payload_size);
	text_add_string(t, "}\n");
}

static int verify(const struct verification *v)
{
	_cleanup_(freep) struct signed_model *m = calloc(1, sizeof(*m));
	struct text t = TEXT_EMPTY;
	int r = -ENOMEM, status = EXIT_LOST;

	if (m)
		r = signed_read(&v->params, &t, m);
	if (r == 0)
		(v->json ? tell_json : tell)(m, &t);
	else
		text_add_string(&t, "\n");
	if (!m || t.failed) {
		(void)fprintf(stderr, "quixote: %s: %s\n", v->params.model, strerror(ENOMEM));
	} else if (r < 0) {
		(void)fprintf(stderr, "quixote: %s", text_get(&t));
		status = EXIT_MODEL;
	} else if (fputs(text_get(&t), stdout) >= 0 && !fflush(stdout)) {
		status = EXIT_SUCCESS;
	}
	if (m)
		signed_done(m);
	text_done(&t);
	return status;
}

int model_verify_main(int argc, char *argv[])
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct verification v = { .json = false };
	int option, r = 0;

	opterr = 0;
	while (r == 0 && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		if (option == 'k')
			v.params.keys = optarg;
		else if (option == 't')
			r = set_threshold(&v, optarg);
		else if (option == 'j')
			v.json = true;
		else
			r = option_error(argv, option);
	}
	if (r)
		return r;
	if (optind != argc - 1)
		return command_line_error(argv[0], "one FILE is expected");
	r = open_path(argv[optind], &config, &v.params.model);
	if (r)
		return r;
	v.params.name = config ? config->name : NULL;
	v.params.keys = v.params.keys ?: config ? config->keys : CONFIG_KEYS_DIRECTORY;
	v.params.threshold = v.params.threshold ?: config ? config->threshold : 1;
	return verify(&v);
}
