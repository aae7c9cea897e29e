// SPDX-License-Identifier: LGPL-2.1-or-later
/* sealing.c - see sealing.h. */
#include <stdio.h>

#include "../libtsem/coverage.h"
#include "sealing.h"

/* What the numbers mean for who forces it. */
static void say_risk(const struct revision *r, const struct completeness *c)
{
	(void)fprintf(stderr,
		      "quixote: %s: sealed although it is not complete: up to %.2f %% of what the "
		      "next run does may be refused although it is harmless\n",
		      r->path, 100 * (1 - c->complete));
	if (tsem_model_get_header(r->opened.model)->runs < 2)
		(void)fprintf(stderr,
			      "quixote: %s: a single run says nothing about another: what differs "
			      "from run to run is not known\n",
			      r->path);
}

static int refuse(const struct revision *r, const struct sealing *s)
{
	(void)fprintf(
		stderr,
		"quixote: %s: not sealed: its completeness is at least %.2f %%, and %.2f %% "
		"is needed; train it more (quixote model status %s tells what still moves), or "
		"add --force\n",
		r->path, 100 * s->complete, (double)s->least / 10000, r->argument);
	return 1;
}

static int change(struct revision *r, enum tsem_model_what what, struct sealing *s,
		  const char *note)
{
	const char *name = tsem_model_what_name(what);
	uint64_t number;
	int status;

	status = revision_change(
		r, &(struct tsem_model_change){ .what = what, .why = s->why, .note = note },
		&number);
	if (status == 0)
		status = revision_commit(r, &(struct history_entry){ .what = (char *)name,
								     .why = (char *)s->why,
								     .note = (char *)note });
	s->done = status == 0;
	return status;
}

int sealing_seal(struct revision *r, struct sealing *s)
{
	const struct completeness c = completeness_of(r->opened.model);
	bool enough = c.complete * 1000000 >= (double)s->least;
	char note[128];

	s->complete = c.complete;
	if (tsem_model_is_sealed(r->opened.model))
		return 0;
	if (!enough && !s->force)
		return refuse(r, s);
	(void)snprintf(note, sizeof(note), "completeness at least %.2f %%, needed %.2f %%%s",
		       100 * c.complete, (double)s->least / 10000,
		       enough ? "" : ", forced"); /* fits */
	if (!enough)
		say_risk(r, &c);
	return change(r, TSEM_MODEL_SEAL, s, note);
}

int sealing_unseal(struct revision *r, struct sealing *s)
{
	return tsem_model_is_sealed(r->opened.model) ? change(r, TSEM_MODEL_UNSEAL, s, "") : 0;
}
