// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * judge.c - see judge.h. Scanner and engine do the work; this file decides what
 * follows from their answer, and keeps the model file's side while training.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/core/engine.h"
#include "../libtsem/core/state.h"
#include "../libtsem/core/texts.h"
#include "../libtsem/model-life.h"
#include "../libtsem/model.h"
#include "../libtsem/set-memory.h"
#include "judge.h"

/* Of a model that is being learned; it doubles when it is full. */
#define SLOTS_MIN 4096

/* Formula.md, section 3: what holds if nothing is said. */
static const char *const default_scratch[] = { "/dev/shm/", "/tmp/", "/var/tmp/" };

static const char *const mode_words[JUDGE_MODE_COUNT] = {
	[JUDGE_TRAIN] = "train",
	[JUDGE_SHADOW] = "shadow",
	[JUDGE_ENFORCE] = "enforce",
};

static const char *const violation_words[JUDGE_VIOLATION_COUNT] = {
	[VIOLATION_DENY] = "deny",
	[VIOLATION_ISOLATE] = "isolate",
	[VIOLATION_KILL] = "kill",
	[VIOLATION_WARN] = "warn",
};

/**
 * struct judge - A model at work.
 * @by_kernel: The kernel judges; what comes are those events that are new to it.
 * @remember: The kernel has the model.
 * @engine: Points and pseudonyms.
 * @programs: TASK_IDs that the model has.
 * @model: With the records of its points; NULL unless training, where they are needed.
 * @packed: Room for the objects of one record.
 * @text_key: Of @texts.
 * @texts: Of the engine's hash function, projection and pseudonyms, which do not change.
 * @anchored: The next three are kept.
 * @model_sha256: Of the model's file.
 * @state: Of the points that were loaded.
 * @measurement: That, extended by what was outside.
 */
struct judge {
	enum judge_mode mode;
	enum judge_violation violation;
	bool by_kernel;
	bool remember;
	struct tsem_engine engine;
	struct tsem_set programs;
	struct tsem_model *model;
	struct judge_counts counts;
	uint8_t packed[TSEM_RECORD_LINE_MAX];
	struct tsem_text_key text_key;
	struct tsem_texts texts;
	bool anchored;
	char model_sha256[65];
	struct tsem_digest state;
	struct tsem_digest measurement;
};

/** struct response - What follows when an event is outside the model. */
struct response {
	enum judge_verdict verdict;
	bool end_workload;
	const char *told;
};

/** struct line - The text of a record. */
struct line {
	const char *data;
	size_t size;
};

/** enum timing - When an event is judged. */
enum timing {
	TIMING_WAITS,	/* its task sleeps until it is told */
	TIMING_AFTER,	/* it has happened: the answer is one step harder */
	TIMING_DENIED,	/* the kernel has refused it: its task is untrusted */
	TIMING_KERNEL,	/* the kernel has judged it, and done what was to be done */
	TIMING_REFUSED, /* it could not wait: the kernel, which has the model, has refused it */
};
#define TIMING_COUNT (TIMING_REFUSED + 1)

static const struct response responses[JUDGE_VIOLATION_COUNT][TIMING_COUNT] = {
	[VIOLATION_DENY] = {
		[TIMING_WAITS] = { JUDGE_REFUSED, false, "refused" },
		[TIMING_AFTER] = { JUDGE_UNTRUSTED, false, "untrusted" },
		[TIMING_DENIED] = { JUDGE_SILENT, false, "refused" },
		[TIMING_KERNEL] = { JUDGE_SILENT, false, "refused" },
		[TIMING_REFUSED] = { JUDGE_SILENT, false, "refused" },
	},
	[VIOLATION_ISOLATE] = {
		[TIMING_WAITS] = { JUDGE_UNTRUSTED, false, "untrusted" },
		[TIMING_AFTER] = { JUDGE_UNTRUSTED, true, "untrusted" },
		[TIMING_DENIED] = { JUDGE_SILENT, false, "refused" },
		[TIMING_KERNEL] = { JUDGE_SILENT, false, "untrusted" },
		[TIMING_REFUSED] = { JUDGE_UNTRUSTED, false, "untrusted" },
	},
	[VIOLATION_KILL] = {
		/* It sleeps until it is killed: an answer would let it run on until then. */
		[TIMING_WAITS] = { JUDGE_SILENT, true, "refused" },
		[TIMING_AFTER] = { JUDGE_UNTRUSTED, true, "untrusted" },
		[TIMING_DENIED] = { JUDGE_SILENT, true, "refused" },
		[TIMING_KERNEL] = { JUDGE_SILENT, true, "refused" },
		[TIMING_REFUSED] = { JUDGE_UNTRUSTED, true, "refused" },
	},
	[VIOLATION_WARN] = {
		[TIMING_WAITS] = { JUDGE_TRUSTED, false, "shadow" },
		[TIMING_AFTER] = { JUDGE_SILENT, false, "shadow" },
		[TIMING_DENIED] = { JUDGE_SILENT, false, "refused" },
		[TIMING_KERNEL] = { JUDGE_SILENT, false, "shadow" },
		[TIMING_REFUSED] = { JUDGE_SILENT, false, "shadow" },
	},
};

/* Position of a word in a list that is indexed by an enum. */
static int find_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return -EINVAL;
}

const char *judge_mode_to_string(enum judge_mode mode)
{
	return mode_words[mode];
}

const char *judge_violation_to_string(enum judge_violation violation)
{
	return violation_words[violation];
}

int judge_mode_from_string(const char *word)
{
	return find_word(mode_words, ARRAY_SIZE(mode_words), word);
}

int judge_violation_from_string(const char *word)
{
	return find_word(violation_words, ARRAY_SIZE(violation_words), word);
}

void judge_set_defaults(struct judge_params *params)
{
	if (params->scratch)
		return;
	params->scratch = default_scratch;
	params->scratch_count = ARRAY_SIZE(default_scratch);
}

/* Slots for @count entries at three quarters of the room. */
static size_t slots_for(size_t count)
{
	size_t slots = 64;

	while (slots / 4 * 3 <= count)
		slots *= 2;
	return slots;
}

/* What has ceased to hold is not there, but for training, which writes it again. */
static int load_point(const struct tsem_model_point *point, void *userdata)
{
	struct judge *judge = userdata;
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	if (judge->mode != JUDGE_TRAIN && !tsem_model_point_holds(point, now.tv_sec))
		return 0;
	return tsem_set_insert(&judge->engine.points, &point->coefficient);
}

static int load_program(const struct tsem_model_program *program, void *userdata)
{
	return tsem_set_insert(userdata, &program->task_id);
}

static int load_pseudonyms(struct judge *judge, const struct tsem_model *model)
{
	struct tsem_set *set = &judge->engine.pseudonyms;
	const char *const *paths;
	size_t count;
	int r;

	paths = tsem_model_get_paths(model, TSEM_MODEL_PSEUDONYMS, &count);
	r = tsem_set_new(set, slots_for(count), judge->engine.hasher->ops->size);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct tsem_digest pseudonym = {};

		tsem_pseudonym(paths[i], strlen(paths[i]), judge->engine.hasher, &pseudonym);
		r = tsem_set_insert(set, &pseudonym);
	}
	return r;
}

/* What the verdict loop needs of a model, in sets. */
static int load_sets(struct judge *judge, const struct tsem_model *model)
{
	unsigned int digest_size = judge->engine.hasher->ops->size;
	size_t points = slots_for(tsem_model_point_count(model));
	int r;

	if (judge->mode == JUDGE_TRAIN && points < SLOTS_MIN)
		points = SLOTS_MIN;
	r = tsem_set_new(&judge->engine.points, points, digest_size);
	if (r < 0)
		return r;
	r = tsem_set_new(&judge->programs, slots_for(tsem_model_program_count(model)), digest_size);
	if (r < 0)
		return r;
	r = tsem_model_each_point(model, load_point, judge);
	if (r < 0)
		return r;
	r = tsem_model_each_program(model, load_program, &judge->programs);
	return r < 0 ? r : load_pseudonyms(judge, model);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether a list of the model, which is sorted, has the same paths. */
static bool has_paths(const struct tsem_model *model, enum tsem_model_list list,
		      const char *const *paths, size_t count)
{
	const char *const *own;
	const char **sorted;
	size_t own_count;
	bool same;

	own = tsem_model_get_paths(model, list, &own_count);
	if (own_count != count)
		return false;
	if (!count)
		return true;
	sorted = reallocarray(NULL, count, sizeof(*sorted));
	if (!sorted)
		return false;
	memcpy(sorted, paths, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_texts);
	same = true;
	for (size_t i = 0; same && i < count; i++)
		same = strcmp(own[i], sorted[i]) == 0;
	free(sorted);
	return same;
}

static int read_file(const struct judge_params *p, int fd, struct tsem_model_error *error,
		     struct tsem_model **ret)
{
	const struct tsem_model_source source = { fd, p->hasher, p->measure };

	if (p->trust)
		return tsem_trust_read_model(p->trust, &source, error, ret);
	if (p->measure)
		tsem_hash_init(p->measure);
	return tsem_model_read_from(&source, error, ret);
}

static int read_model(const struct judge_params *p, int fd, struct judge_error *ret_error,
		      struct tsem_model **ret)
{
	const struct tsem_model_header wanted = {
		.digest = p->hasher->ops->name,
		.fields = p->fields,
		.nsref = p->nsref,
	};
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	struct tsem_model_error error = {};
	int r;

	r = read_file(p, fd, &error, &model);
	if (r >= 0)
		r = tsem_model_matches(model, &wanted, &error);
	if (r < 0) {
		if (error.line)
			(void)snprintf(ret_error->text, sizeof(ret_error->text), "line %u: %.180s",
				       error.line, error.text);
		else
			(void)snprintf(ret_error->text, sizeof(ret_error->text), "%.199s",
				       error.text);
		return r;
	}
	if (p->mode == JUDGE_TRAIN && tsem_model_is_sealed(model)) {
		(void)snprintf(ret_error->text, sizeof(ret_error->text),
			       "it is sealed, so no run adds to it; see quixote model unseal");
		return -EPERM;
	}
	if (!has_paths(model, TSEM_MODEL_PSEUDONYMS, p->pseudonyms, p->pseudonym_count) ||
	    !has_paths(model, TSEM_MODEL_SCRATCH, p->scratch, p->scratch_count)) {
		(void)snprintf(ret_error->text, sizeof(ret_error->text),
			       "it was learned with other Pseudonym= or Scratch= lines");
		return -EPROTONOSUPPORT;
	}
	*ret = TAKE_PTR(model);
	return 0;
}

static int make_model(const struct judge_params *p, struct tsem_model **ret)
{
	const struct tsem_model_header header = {
		.name = p->name,
		.digest = p->hasher->ops->name,
		.nsref = p->nsref,
		.fields = p->fields,
	};
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	int r;

	r = tsem_model_new(&header, p->hasher, &model);
	if (r < 0)
		return r;
	r = tsem_model_set_paths(model, TSEM_MODEL_PSEUDONYMS, p->pseudonyms, p->pseudonym_count);
	if (r < 0)
		return r;
	r = tsem_model_set_paths(model, TSEM_MODEL_SCRATCH, p->scratch, p->scratch_count);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(model);
	return 0;
}

static int get_model(const struct judge_params *params, int fd, struct judge_error *error,
		     struct tsem_model **ret)
{
	struct judge_params p = *params;

	judge_set_defaults(&p);
	if (fd >= 0)
		return read_model(&p, fd, error, ret);
	return p.mode == JUDGE_TRAIN ? make_model(&p, ret) : -ENOENT;
}

static int make_text_key(struct tsem_text_key *ret)
{
	ssize_t n = getrandom(ret, sizeof(*ret), GRND_INSECURE);

	return n == sizeof(*ret) ? 0 : n < 0 ? -errno : -EIO;
}

static void judge_freep(struct judge **judge)
{
	*judge = judge_free(*judge);
}

static void print_hex(const struct tsem_digest *digest, unsigned int size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < size; i++) {
		*ret++ = digits[digest->bytes[i] >> 4];
		*ret++ = digits[digest->bytes[i] & 0xf];
	}
	*ret = '\0';
}

/* Neither base nor aggregate: the state of a model is the same on every machine. */
static const struct tsem_digest nothing;

static void extend_measurement(struct judge *judge, const struct tsem_digest *coefficient)
{
	tsem_measurement_extend(&nothing, coefficient, judge->engine.hasher, &judge->measurement);
}

static int extend_point(const struct tsem_model_point *point, void *userdata)
{
	extend_measurement(userdata, &point->coefficient);
	return 0;
}

/* The bytes were measured when the model was read. */
static void identify_model(struct judge *judge, const struct judge_params *p, int model_fd)
{
	struct tsem_digest sha256 = {};

	if (model_fd >= 0 && !p->trust && p->measure)
		tsem_hash_final(p->measure, sha256.bytes);
	print_hex(&sha256, 32, judge->model_sha256);
	if (p->trust)
		memcpy(judge->model_sha256, p->trust->statement.sha256,
		       sizeof(judge->model_sha256));
}

static void begin_measurement(struct judge *judge, const struct tsem_model *model)
{
	tsem_measurement_start(&nothing, &nothing, judge->engine.hasher, &judge->measurement);
	(void)tsem_model_each_point(model, extend_point, judge); /* cannot fail */
	judge->state = judge->measurement;
	judge->anchored = true;
}

void judge_get_identity(const struct judge *judge, struct judge_identity *ret)
{
	memcpy(ret->model, judge->model_sha256, sizeof(ret->model));
	print_hex(&judge->state, judge->engine.hasher->ops->size, ret->state);
}

void judge_get_measurement(const struct judge *judge, char ret[JUDGE_DIGEST_SIZE])
{
	print_hex(&judge->measurement, judge->anchored ? judge->engine.hasher->ops->size : 0, ret);
}

int judge_new(const struct judge_params *params, int model_fd, struct judge_error *error,
	      struct judge **ret)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	_cleanup_(judge_freep) struct judge *judge = NULL;
	int r;

	error->text[0] = '\0';
	r = get_model(params, model_fd, error, &model);
	if (r < 0)
		return r;
	judge = calloc(1, sizeof(*judge));
	if (!judge)
		return -ENOMEM;
	judge->mode = params->mode;
	judge->violation = params->violation;
	judge->by_kernel = params->by_kernel;
	judge->remember = params->remember;
	judge->engine.hasher = params->hasher;
	judge->engine.fields = params->fields;
	judge->engine.sealed = params->mode != JUDGE_TRAIN;
	r = make_text_key(&judge->text_key);
	if (r < 0)
		return r;
	r = load_sets(judge, model);
	if (r < 0)
		return r;
	identify_model(judge, params, model_fd);
	if (params->anchored)
		begin_measurement(judge, model);
	judge->counts.total = judge->engine.points.count;
	judge->counts.runs = tsem_model_get_header(model)->runs;
	if (params->mode == JUDGE_TRAIN)
		judge->model = TAKE_PTR(model);
	*ret = TAKE_PTR(judge);
	return 0;
}

struct judge *judge_free(struct judge *judge)
{
	if (!judge)
		return NULL;
	tsem_model_free(judge->model);
	free(judge->engine.points.memory);
	free(judge->engine.pseudonyms.memory);
	free(judge->programs.memory);
	free(judge);
	return NULL;
}

/* Never trusted: refused, if it can be found out whose it was. */
static void judge_garbage(struct line line, struct judgement *ret)
{
	ret->garbage = true;
	ret->number = tsem_record_peek_number(line.data, line.size);
	ret->verdict = ret->number ? JUDGE_REFUSED : JUDGE_SILENT;
}

static enum timing timing_of(const struct judge *judge, const struct tsem_record *record)
{
	if (judge->by_kernel)
		return TIMING_KERNEL;
	if (record->kind != TSEM_RECORD_ASYNC)
		return TIMING_WAITS;
	if (tsem_events[record->event].wait)
		return TIMING_DENIED;
	/* An empty model is none that the kernel could hold anything against. */
	return judge->remember && judge->engine.points.count ? TIMING_REFUSED : TIMING_AFTER;
}

static void respond(struct judge *judge, const struct tsem_record *record,
		    const struct tsem_digest *coefficient, struct judgement *ret)
{
	enum judge_violation violation =
		judge->mode == JUDGE_ENFORCE ? judge->violation : VIOLATION_WARN;
	const struct response *response = &responses[violation][timing_of(judge, record)];

	judge->counts.outside++;
	ret->verdict = response->verdict;
	ret->end_workload = response->end_workload;
	ret->told = response->told;
	print_hex(coefficient, judge->engine.hasher->ops->size, ret->coefficient);
}

/* An exec says which program a TASK_ID is. It waits for nobody and is no point. */
static int judge_program(struct judge *judge, const struct tsem_record *record, struct line line,
			 struct judgement *ret)
{
	struct tsem_result result = {};
	int r;

	tsem_engine_digest(&judge->engine, record, &result);
	/* Kernel and agent must compute one identity, or nothing else they agree on has meaning. */
	if (memcmp(result.coefficient.bytes, record->task_id.bytes,
		   judge->engine.hasher->ops->size) != 0) {
		judge_garbage(line, ret);
		return 0;
	}
	ret->event = "program";
	ret->program = true;
	ret->digest = result.coefficient;
	if (judge->mode == JUDGE_TRAIN) {
		r = tsem_model_add_program(judge->model, line.data, line.size);
		return r < 0 ? r : 0;
	}
	if (!tsem_set_find(&judge->programs, &record->task_id)) {
		ret->told = "program";
		print_hex(&record->task_id, judge->engine.hasher->ops->size, ret->coefficient);
	}
	return 0;
}

static int learn(struct judge *judge, const struct tsem_result *result, struct line line)
{
	int r;

	r = tsem_model_add_point(judge->model, &result->coefficient, 0, line.data, line.size);
	if (r < 0)
		return r;
	judge->counts.learned++;
	judge->counts.total++;
	return 0;
}

static int make_room(struct judge *judge)
{
	if (judge->engine.points.count >= TSEM_MODEL_POINTS)
		return -E2BIG;
	return tsem_set_grow(&judge->engine.points);
}

/* What follows for an event that the engine has judged; of @record kind and event are looked at. */
static int judge_point(struct judge *judge, const struct tsem_record *record,
		       struct tsem_result *result, struct line line, struct judgement *ret)
{
	int r;

	judge->counts.events++;
	ret->verdict = timing_of(judge, record) == TIMING_WAITS ? JUDGE_TRUSTED : JUDGE_SILENT;
	if (result->judgement == TSEM_JUDGED_FULL) {
		r = make_room(judge);
		if (r < 0)
			return r;
		tsem_engine_count(&judge->engine, result);
	}
	ret->event = result->judgement == TSEM_JUDGED_LEARNED ? "learned" : "trusted";
	ret->digest = result->coefficient;
	if (result->judgement == TSEM_JUDGED_OUTSIDE) {
		respond(judge, record, &result->coefficient, ret);
		ret->event = ret->told;
		if (judge->anchored)
			extend_measurement(judge, &result->coefficient);
	}
	return result->judgement == TSEM_JUDGED_LEARNED ? learn(judge, result, line) : 0;
}

static void name_event(const struct tsem_record *record, struct judgement *ret)
{
	ret->number = record->number;
	ret->type = tsem_events[record->event].name;
}

/* A record of which the text is not known; it is from now on, if it could be cut. */
static int judge_new_text(struct judge *judge, struct line line, const struct tsem_text *text,
			  struct judgement *ret)
{
	struct tsem_record record;
	struct tsem_result result;

	if (tsem_record_scan(line.data, line.size, judge->engine.hasher->ops->size, judge->packed,
			     sizeof(judge->packed), &record) < 0) {
		judge_garbage(line, ret);
		return 0;
	}
	switch (record.kind) {
	case TSEM_RECORD_AGGREGATE:
	case TSEM_RECORD_LOG:
		return 0; /* no events: upstream's way of telling */
	case TSEM_RECORD_BARE:
	case TSEM_RECORD_EVENT:
	case TSEM_RECORD_ASYNC:
		break;
	}
	name_event(&record, ret);
	if (record.event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return judge_program(judge, &record, line, ret);
	tsem_engine_judge(&judge->engine, &record, &result);
	if (text)
		tsem_texts_keep(&judge->texts, text, &record, &result.coefficient);
	return judge_point(judge, &record, &result, line, ret);
}

static int judge_known_text(struct judge *judge, struct line line, const struct tsem_text *text,
			    const struct tsem_known_text *known, struct judgement *ret)
{
	const struct tsem_record record = {
		.kind = text->kind,
		.event = known->event,
		.number = text->number,
		.pid = text->pid,
	};
	struct tsem_result result = { .coefficient = known->coefficient };

	name_event(&record, ret);
	tsem_engine_count(&judge->engine, &result);
	return judge_point(judge, &record, &result, line, ret);
}

int judge_record(struct judge *judge, const char *data, size_t size, struct judgement *ret)
{
	const struct line line = { .data = data, .size = size };
	const struct tsem_known_text *known;
	struct tsem_text text;

	*ret = (struct judgement){ .verdict = JUDGE_SILENT };
	if (!tsem_text_cut(data, size, judge->engine.hasher->ops->size, &judge->text_key, &text))
		return judge_new_text(judge, line, NULL, ret);
	known = tsem_texts_find(&judge->texts, &text);
	if (!known)
		return judge_new_text(judge, line, &text, ret);
	return judge_known_text(judge, line, &text, known, ret);
}

/* The counts of this run, which the loop kept in the set, go into the model. */
static int add_counts(struct judge *judge)
{
	const struct tsem_set *set = &judge->engine.points;

	for (size_t slot = 0; slot < set->slots; slot++) {
		const struct tsem_set_entry *entry = tsem_set_at(set, slot);
		struct tsem_digest coefficient = {};
		int r;

		if (!entry || !entry->count)
			continue;
		memcpy(coefficient.bytes, entry->digest, set->digest_size);
		r = tsem_model_add_point(judge->model, &coefficient, entry->count, NULL, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct tsem_set *judge_get_points(const struct judge *judge)
{
	return &judge->engine.points;
}

const struct tsem_set *judge_get_pseudonyms(const struct judge *judge)
{
	return &judge->engine.pseudonyms;
}

bool judge_is_training(const struct judge *judge)
{
	return judge->mode == JUDGE_TRAIN;
}

void judge_set_count(struct judge *judge, const struct tsem_digest *coefficient, uint64_t count)
{
	struct tsem_set_entry *entry = tsem_set_find(&judge->engine.points, coefficient);

	if (entry)
		entry->count = count;
}

int judge_write(struct judge *judge, int fd)
{
	int r;

	r = add_counts(judge);
	if (r < 0)
		return r;
	r = tsem_model_end_run(judge->model);
	if (r < 0)
		return r;
	r = tsem_model_write(judge->model, fd);
	if (r < 0)
		return r;
	judge->counts.runs = tsem_model_get_header(judge->model)->runs;
	return 0;
}

void judge_get_counts(const struct judge *judge, struct judge_counts *ret)
{
	*ret = judge->counts;
}
