// SPDX-License-Identifier: LGPL-2.1-or-later
/* appraise.c - see appraise.h. */
#include <errno.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/statement.h"
#include "appraise.h"
#include "keyring.h"

#define USEC_PER_SEC 1000000ull

/* By which clocks may differ: a machine of which time is set by the network is closer. */
#define CLOCK_USEC (60 * USEC_PER_SEC)

/* The firmware's, of which TSEM has an aggregate. */
#define BOOT_REGISTER_COUNT 8u
#define BOOT_REGISTERS ((1u << BOOT_REGISTER_COUNT) - 1)

static int refuse(struct text *why, const char *text)
{
	text_add_string(why, text);
	return -EKEYREJECTED;
}

static int take_time(const struct evidence *e, uint64_t *ret)
{
	const json_t *time = json_object_get(e->body, "time");

	if (!json_is_integer(time) || json_integer_value(time) < 0)
		return -EBADMSG;
	*ret = (uint64_t)json_integer_value(time);
	return 0;
}

/* Also by the machine's clock: one that is ahead would let evidence live longer. */
static int check_age(uint64_t time_usec, const struct policy *p, uint64_t now_usec,
		     struct text *why)
{
	if (time_usec > now_usec + CLOCK_USEC)
		return refuse(why, "it is from the future: the clocks differ");
	if (now_usec > time_usec && now_usec - time_usec > p->max_age_usec)
		return refuse(why, "it is older than MaxAge=");
	return 0;
}

static int check_boot(const struct evidence *e, const struct policy *p, struct text *why)
{
	for (unsigned int i = 0; i < 24; i++) {
		if (!(p->boot & 1u << i))
			continue;
		if (e->registers & 1u << i &&
		    memcmp(e->values[i], p->values[i], TSEM_ANCHOR_HASH) == 0)
			continue;
		text_format(why,
			    "register %u is not as it must be: firmware, kernel or their "
			    "configuration are others",
			    i);
		return -EKEYREJECTED;
	}
	return 0;
}

/* What TSEM saw of the registers 0 to 7 when it was booted is what they are. */
static int check_aggregate(const struct evidence *e, const struct policy *p, struct text *why)
{
	const char *hex = json_string_value(json_object_get(e->body, "aggregate")) ?: "";
	struct tsem_cursor c = { hex, hex + strlen(hex) };
	uint8_t told[TSEM_ANCHOR_HASH], hash[TSEM_ANCHOR_HASH];

	if (!*hex)
		return p->aggregate
			       ? refuse(why, "it has no aggregate of the registers 0 to 7: its "
					     "kernel has no TSEM, or had no TPM when it booted")
			       : 0;
	if (tsem_take_hex(&c, told, sizeof(told)) < 0 || c.at != c.end)
		return refuse(why, "its aggregate is none");
	if ((e->registers & BOOT_REGISTERS) != BOOT_REGISTERS)
		return refuse(why, "the registers 0 to 7 are not quoted");
	(void)SHA256(e->values[0], BOOT_REGISTER_COUNT * TSEM_ANCHOR_HASH, hash);
	if (memcmp(hash, told, sizeof(told)) != 0)
		return refuse(why,
			      "its kernel was booted with other registers 0 to 7 than are quoted");
	return 0;
}

static int take_line(const struct appraise_params *p, const char *line, size_t size,
		     struct appraisals *a, struct text *why)
{
	int r = tsem_anchor_log_replay(&a->log, line, size);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		text_format(why, "its log is not one: %s", a->log.error);
		return -EKEYREJECTED;
	}
	return p->seen ? seen_look(p->seen, &a->log, why) : 0;
}

/* Number of the first record in evidence; what it is else is seen later. */
static uint64_t first_record(const json_t *lines)
{
	const char *text = json_string_value(json_array_get(lines, 0)) ?: "";
	struct tsem_cursor c = { text, text + strlen(text) };
	uint64_t first = 0;

	return tsem_take(&c, "{\"recnum\":") < 0 || tsem_take_number(&c, &first) < 0 ? 0 : first;
}

/* Up to where the evidence goes on, which has the rest again, and signed. */
static int replay_before(const struct appraise_params *p, uint64_t until, struct appraisals *a,
			 struct text *why)
{
	const char *at = text_get(p->before), *end;
	int r = 0;

	while (r == 0 && a->log.records < until && (end = strchr(at, '\n'))) {
		r = take_line(p, at, end - at, a, why);
		at = end + 1;
	}
	if (r == 0 && a->log.lines && a->log.records != until)
		return refuse(why, "what was given by --log= does not reach up to its log");
	return r;
}

static int replay(const struct appraise_params *p, struct appraisals *a, struct text *why)
{
	const json_t *lines = json_object_get(p->evidence->body, "log");
	const json_t *line;
	size_t i;
	int r;

	if (!json_is_array(lines) || !json_array_size(lines))
		return refuse(why, "there is no log in it");
	r = replay_before(p, first_record(lines), a, why);
	json_array_foreach (lines, i, line) {
		if (r == 0)
			r = json_is_string(line) ? take_line(p, json_string_value(line),
							     json_string_length(line), a, why)
						 : refuse(why, "its log has other than lines");
	}
	return r == 0 && p->seen ? seen_end(p->seen, &a->log, why) : r;
}

/* What was believed is not proved by having been seen. */
static uint64_t find_believed(const struct seen *seen, uint64_t first)
{
	return seen && seen->met && seen->believed < first ? seen->believed : first;
}

/* Whoever has become root could have had the register extended with a checkpoint of his own. */
static int check_first(const struct appraise_params *p, struct appraisals *a, struct text *why)
{
	a->believed = find_believed(p->seen, a->log.first);
	if (!a->believed || p->policy->checkpoint)
		return 0;
	text_format(why,
		    "its log%s begins with the checkpoint of record %" PRIu64
		    ", and nothing tells what was before: have it made with --from=0, give the "
		    "records before by --log=, or believe it by Checkpoint=yes",
		    a->believed < a->log.first ? ", as far as it was seen," : "", a->believed);
	return -EKEYREJECTED;
}

static int check_log(const struct evidence *e, const struct policy *p,
		     const struct tsem_anchor_log *log, struct text *why)
{
	if (!(e->registers & 1u << p->pcr))
		return refuse(why, "the register of the log is not quoted");
	if (memcmp(log->begin.start, p->start, TSEM_ANCHOR_HASH) != 0)
		return refuse(why, "its log does not begin with the register as Start= says: "
				   "something was extended before, or the log was begun anew");
	if (memcmp(log->value, e->values[p->pcr], TSEM_ANCHOR_HASH) != 0)
		return refuse(why, "its log is not what the register says");
	if (log->begin.reset != e->resets)
		return refuse(why, "its log is not of this boot of the TPM");
	if (e->restarts && !p->suspend)
		return refuse(why,
			      "its TPM was started again without a reset: the machine slept, or its "
			      "registers were begun anew to take back what was in them; boot it, or "
			      "believe the former by Suspend=yes");
	return 0;
}

/* Which model may have this digest and version. Returns NULL, or what is wrong. */
static const char *check_signature(const struct evidence *e, const struct policy_workload *w,
				   const struct tsem_anchor_entry *entry, struct text *signers)
{
	_cleanup_(freep) struct tsem_keyring *ring = calloc(1, sizeof(*ring));
	_cleanup_(freep) struct tsem_envelope *envelope = calloc(1, sizeof(*envelope));
	const json_t *text = json_object_get(json_object_get(e->body, "signatures"), w->name);
	struct tsem_statement statement;
	struct tsem_model_error error;
	struct tsem_signers found;
	struct text why = TEXT_EMPTY;
	int r = ring && envelope ? keyring_read(w->keys, ring, &why) : -ENOMEM;

	text_done(&why);
	if (r < 0)
		return "Keys= cannot be read";
	if (!json_is_string(text))
		return "no signature of its model is in the evidence";
	if (tsem_envelope_parse(json_string_value(text), json_string_length(text), envelope,
				&error) < 0)
		return "the signature of its model is none";
	tsem_envelope_verify(envelope, ring, &found);
	if (found.count < w->threshold)
		return "its model is not signed by as many as must have";
	if (tsem_statement_parse(envelope, &statement, &error) < 0)
		return "what is signed is not about a model";
	if (strcmp(statement.name, w->name) != 0 || strcmp(statement.sha256, entry->model) != 0 ||
	    statement.version != entry->version)
		return "what is signed is another model than it ran under";
	for (size_t i = 0; i < found.count; i++)
		text_format(signers, "%s%s", i ? ", " : " signed by ", found.keys[i]->name);
	return NULL;
}

static const char *check_model(const struct evidence *e, const struct policy_workload *w,
			       const struct tsem_anchor_entry *entry, struct text *signers)
{
	if (w->model[0] && strcmp(w->model, entry->model) != 0)
		return "its model is another than Model=";
	if (entry->version < w->version)
		return "its model is older than MinimumVersion=";
	return w->keys[0] ? check_signature(e, w, entry, signers) : NULL;
}

static bool has_ended(const struct tsem_anchor_entry *entry)
{
	return entry->kind == TSEM_ANCHOR_STOP || entry->kind == TSEM_ANCHOR_GONE;
}

static const char *check_state(const struct policy *p, const struct policy_workload *w,
			       const struct tsem_anchor_chain *chain, uint64_t now_usec)
{
	const struct tsem_anchor_entry *entry = &chain->last;

	if (chain->violated || strcmp(entry->state, entry->measurement) != 0)
		return "it has left its model";
	if (entry->lost)
		return "events of it got no verdict";
	/* A mode is as good as those after it. */
	if (entry->mode < w->mode)
		return "its model is not enforced";
	if (w->stopped)
		return NULL;
	if (has_ended(entry))
		return "it does not run";
	/* Else it would be young for as long as the clock was ahead. */
	if (entry->time_usec > now_usec + CLOCK_USEC)
		return "what was heard of it is from the future: the clocks differ";
	if (now_usec > entry->time_usec && now_usec - entry->time_usec > p->max_age_usec)
		return "nothing was heard of it for longer than MaxAge=";
	return NULL;
}

static void appraise_workload(const struct appraise_params *p, const struct policy_workload *w,
			      const struct appraisals *all, struct appraisal *ret)
{
	const struct tsem_anchor_chain *chain = tsem_anchor_log_find(&all->log, w->name);
	struct text signers = TEXT_EMPTY;
	const char *wrong;

	*ret = (struct appraisal){ .name = w->name, .words = TEXT_EMPTY };
	if (!chain || !chain->known) {
		text_add_string(&ret->words, "it has not run since this machine was started");
		return;
	}
	ret->known = true;
	ret->entry = chain->last;
	wrong = check_state(p->policy, w, chain, p->now_usec);
	if (!wrong)
		wrong = check_model(p->evidence, w, &chain->last, &signers);
	ret->trusted = !wrong;
	if (wrong)
		text_add_string(&ret->words, wrong);
	else
		text_format(&ret->words,
			    "%s under model %.12s, version %" PRIu64 "%s; %" PRIu64
			    " events, none outside of it; entry %" PRIu64 " of its chain",
			    has_ended(&chain->last) ? "ended" : "runs", chain->last.model,
			    chain->last.version, text_get(&signers), chain->last.events,
			    chain->number);
	if (!wrong && all->believed)
		text_format(&ret->words, "; what was before record %" PRIu64 " is believed",
			    all->believed);
	if (signers.failed || ret->words.failed)
		ret->trusted = false;
	text_done(&signers);
}

static int check_made(const struct appraise_params *p, struct appraisals *a, struct text *why)
{
	int r = take_time(p->evidence, &a->made_usec) < 0
			? refuse(why, "it does not say when it was made")
			: check_age(a->made_usec, p->policy, p->now_usec, why);

	if (r == 0 && p->seen && p->seen->known && a->made_usec + CLOCK_USEC < p->seen->made_usec)
		return refuse(why, "it was made before what was seen");
	return r;
}

int appraise(const struct appraise_params *p, struct appraisals *ret, struct text *why)
{
	int r;

	*ret = (struct appraisals){ .count = 0 };
	if (tsem_anchor_log_init(&ret->log, p->policy->pcr) < 0)
		return -ENOMEM;
	r = check_made(p, ret, why);
	if (r == 0)
		r = check_boot(p->evidence, p->policy, why);
	if (r == 0)
		r = check_aggregate(p->evidence, p->policy, why);
	if (r == 0)
		r = replay(p, ret, why);
	if (r == 0)
		r = check_log(p->evidence, p->policy, &ret->log, why);
	if (r == 0)
		r = check_first(p, ret, why);
	for (size_t i = 0; r == 0 && i < p->policy->workload_count; i++)
		appraise_workload(p, &p->policy->workloads[i], ret, &ret->all[ret->count++]);
	return r;
}

void appraisals_done(struct appraisals *a)
{
	for (size_t i = 0; i < a->count; i++)
		text_done(&a->all[i].words);
	a->count = 0;
	tsem_anchor_log_done(&a->log);
}
