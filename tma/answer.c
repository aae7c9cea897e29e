// SPDX-License-Identifier: LGPL-2.1-or-later
/* answer.c - see answer.h. What is not in a table here cannot be asked. */
#include <string.h>

#include "../libtsem/cleanup.h"
#include "answer.h"
#include "interface.h"

#define USEC_PER_SEC 1000000ull

/* A piece: some ten microseconds, which is what a verdict may have to wait for. */
#define PIECE_BYTES (32u << 10)
#define PIECE_ANSWERS 64
#define PIECE_SLOTS 1024

#define OURS "org.quixote.Workload"
#define SERVICE "org.varlink.service"

static const char service_description[] =
	"# What every service tells about itself.\n"
	"interface " SERVICE "\n"
	"\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

static const struct {
	const char *name;
	const char *description;
} interfaces[] = {
	{ SERVICE, service_description },
	{ OURS, interface_description },
};

/* Where the kernel knows the model only what is new to it comes here. */
static uint64_t count_events(const struct answer_source *source)
{
	struct judge_counts counts;

	judge_get_counts(source->judge, &counts);
	if (source->params->by_kernel)
		return source->kernel[STATUS_PING_EVENTS];
	return counts.events + source->kernel[STATUS_PING_REMEMBERED];
}

void answer_tick(struct answer_source *source, uint64_t now_usec)
{
	if (now_usec - source->rates[0].begin_usec < USEC_PER_SEC)
		return;
	source->rates[1] = source->rates[0];
	source->rates[0] =
		(struct answer_rate){ .begin_usec = now_usec, .events = count_events(source) };
}

static uint64_t events_per_second(const struct answer_source *source, uint64_t events,
				  uint64_t now_usec)
{
	uint64_t usec = now_usec - source->rates[1].begin_usec;

	return usec ? (events - source->rates[1].events) * USEC_PER_SEC / usec : 0;
}

/* Methods that answer at once. */

static void fail(struct reply *reply, const char *error, const char *name, const char *value)
{
	reply_open(reply, error);
	if (name)
		reply_text(reply, name, value);
	(void)reply_close(reply, false);
}

/** struct asked - A call and what it is answered from. */
struct asked {
	const struct answer_source *source;
	const struct call *call;
	uint64_t now_usec;
};

static void get_info(const struct asked *asked, struct answer *answer, struct reply *reply)
{
	const char *names[ARRAY_SIZE(interfaces)];

	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
		names[i] = interfaces[i].name;
	reply_open(reply, NULL);
	reply_text(reply, "vendor", "Quixote");
	reply_text(reply, "product", "quixote-tma");
	reply_text(reply, "version", QUIXOTE_VERSION);
	reply_text(reply, "url", "");
	reply_texts(reply, "interfaces", names, ARRAY_SIZE(names));
	(void)reply_close(reply, false);
}

static void get_interface(const struct asked *asked, struct answer *answer, struct reply *reply)
{
	if (!(asked->call->given & CALL_INTERFACE)) {
		fail(reply, SERVICE ".InvalidParameter", "parameter", "interface");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
		if (strcmp(interfaces[i].name, asked->call->interface) != 0)
			continue;
		reply_open(reply, NULL);
		reply_text(reply, "description", interfaces[i].description);
		(void)reply_close(reply, false);
		return;
	}
	fail(reply, SERVICE ".InterfaceNotFound", "interface", asked->call->interface);
}

static void add_latency(const struct latency *latency, struct reply *reply)
{
	reply_begin(reply, "latency");
	reply_number(reply, "count", latency->count);
	reply_number(reply, "sum_nsec", latency->sum_nsec);
	reply_number(reply, "max_nsec", latency->max_nsec);
	reply_number(reply, "p50_nsec", latency_quantile(latency, 500));
	reply_number(reply, "p99_nsec", latency_quantile(latency, 990));
	reply_end(reply);
}

static void add_losses(const struct answer_losses *losses, struct reply *reply)
{
	reply_begin(reply, "lost");
	reply_number(reply, "forensics", losses->forensics);
	reply_number(reply, "trajectory", losses->trajectory);
	reply_number(reply, "journal", losses->journal);
	reply_number(reply, "clients_refused", losses->clients_refused);
	reply_number(reply, "clients_dropped", losses->clients_dropped);
	reply_end(reply);
}

static void add_kernel(const uint64_t kernel[STATUS_PING_COUNT], struct reply *reply)
{
	reply_begin(reply, "kernel");
	reply_number(reply, "members", kernel[STATUS_PING_MEMBERS]);
	reply_number(reply, "waiting", kernel[STATUS_PING_WAITING]);
	reply_number(reply, "expired", kernel[STATUS_PING_EXPIRED]);
	reply_number(reply, "dropped", kernel[STATUS_PING_DROPPED]);
	reply_end(reply);
}

static void get_status(const struct asked *asked, struct answer *answer, struct reply *reply)
{
	const struct answer_source *source = asked->source;
	struct judge_counts counts;

	judge_get_counts(source->judge, &counts);
	reply_open(reply, NULL);
	reply_text(reply, "name", source->params->name);
	reply_text(reply, "mode", judge_mode_to_string(source->params->mode));
	reply_number(reply, "uptime_usec", asked->now_usec - source->begin_usec);
	reply_number(reply, "events", count_events(source));
	reply_number(reply, "events_per_second",
		     events_per_second(source, count_events(source), asked->now_usec));
	reply_number(reply, "new", counts.learned);
	reply_number(reply, "outside", counts.outside);
	reply_number(reply, "points", counts.total);
	reply_number(reply, "runs", counts.runs);
	add_latency(&source->latency, reply);
	add_losses(&source->losses, reply);
	add_kernel(source->kernel, reply);
	(void)reply_close(reply, false);
}

/* Methods that take their time. */

/* Whether the kernel has counts of its own. */
static bool knows_model(const struct judge_params *params)
{
	return params->by_kernel || params->remember;
}

static void list_points(const struct asked *asked, struct answer *answer, struct reply *reply)
{
	answer->kind = ANSWER_POINTS;
	answer->counting = knows_model(asked->source->params);
	answer->slots = judge_get_points(asked->source->judge)->slots;
}

static const struct ring *ring_of(const struct asked *asked)
{
	return asked->call->outside ? &asked->source->outside : &asked->source->events;
}

static void list_events(const struct asked *asked, struct answer *answer, struct reply *reply)
{
	answer->kind = ANSWER_EVENTS;
	answer->ring = ring_of(asked);
	answer->cursor = (struct ring_cursor){}; /* what gave way is told as missed */
	answer->until = answer->ring->count;
}

static void follow_events(const struct asked *asked, struct answer *answer, struct reply *reply)
{
	answer->kind = ANSWER_FOLLOW;
	answer->ring = ring_of(asked);
	answer->cursor = ring_newest(answer->ring);
}

static void get_model(const struct asked *asked, struct answer *answer, struct reply *reply)
{
	const struct judge_params *p = asked->source->params;

	answer->kind = ANSWER_MODEL;
	reply_open(reply, NULL);
	reply_text(reply, "name", p->name);
	reply_text(reply, "digest", p->hasher->ops->name);
	reply_text(reply, "fields", p->fields == TSEM_FIELDS_STRICT ? "strict" : "portable");
	reply_text(reply, "nsref", p->nsref);
	reply_text(reply, "on_violation", judge_violation_to_string(p->violation));
	(void)reply_close(reply, true);
}

static const struct {
	const char *name;
	bool more;
	unsigned int parameters;
	void (*begin)(const struct asked *asked, struct answer *answer, struct reply *reply);
} methods[] = {
	{ SERVICE ".GetInfo", false, 0, get_info },
	{ SERVICE ".GetInterfaceDescription", false, CALL_INTERFACE, get_interface },
	{ OURS ".GetStatus", false, 0, get_status },
	{ OURS ".ListPoints", true, 0, list_points },
	{ OURS ".ListEvents", true, CALL_OUTSIDE, list_events },
	{ OURS ".FollowEvents", true, CALL_OUTSIDE, follow_events },
	{ OURS ".GetModel", true, 0, get_model },
};

static const char *wrong_parameter(const struct call *call, unsigned int parameters)
{
	if (call->wrong[0])
		return call->wrong;
	if (call->given & ~parameters & CALL_INTERFACE)
		return "interface";
	return call->given & ~parameters & CALL_OUTSIDE ? "outside" : NULL;
}

void answer_begin(struct answer *answer, struct answer_source *source, const struct call *call,
		  uint64_t now_usec, struct reply *reply)
{
	const struct asked asked = { .source = source, .call = call, .now_usec = now_usec };

	*answer = (struct answer){ .kind = ANSWER_NOTHING };
	if (source->counter == answer)
		source->counter = NULL; /* of a client that has gone in the middle */
	if (call->oneway)
		return; /* nothing here has another effect than its answer */
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		const char *wrong;

		if (strcmp(methods[i].name, call->method) != 0)
			continue;
		wrong = wrong_parameter(call, methods[i].parameters);
		if (wrong)
			fail(reply, SERVICE ".InvalidParameter", "parameter", wrong);
		else if (methods[i].more && !call->more)
			fail(reply, SERVICE ".ExpectedMore", NULL, NULL);
		else
			methods[i].begin(&asked, answer, reply);
		return;
	}
	fail(reply, SERVICE ".MethodNotFound", "method", call->method);
}

/* Pieces. */

static void end(struct answer *answer, struct reply *reply)
{
	reply_open(reply, NULL);
	(void)reply_close(reply, false);
	answer->kind = ANSWER_NOTHING;
}

/*
 * One piece of the kernel's counts. Whoever asks while another one is at it is told
 * what that one has read so far.
 */
static void continue_counting(struct answer *answer, struct answer_source *source,
			      struct reply *reply)
{
	const struct answer *counter = source->counter;
	int r = 0;

	if (counter != answer) {
		if (counter && counter->kind == ANSWER_POINTS && counter->counting) {
			answer->counting = false;
			return;
		}
		source->counter = answer;
		r = counts_begin(&source->counts_reader, source->counts);
	}
	if (r == 0)
		r = counts_read_some(&source->counts_reader, source->judge, source->counts);
	if (r > 0)
		return;
	source->counter = NULL;
	answer->counting = false;
	if (r < 0) {
		fail(reply, OURS ".CountsUnknown", NULL, NULL);
		answer->kind = ANSWER_NOTHING;
	}
}

static void continue_points(struct answer *answer, struct answer_source *source,
			    struct reply *reply)
{
	const struct tsem_set *points = judge_get_points(source->judge);
	unsigned int told = 0;

	if (answer->counting) {
		continue_counting(answer, source, reply);
		return;
	}
	if (points->slots != answer->slots) {
		fail(reply, OURS ".PointsMoved", NULL, NULL);
		answer->kind = ANSWER_NOTHING;
		return;
	}
	for (unsigned int i = 0; i < PIECE_SLOTS && told < PIECE_ANSWERS; i++) {
		const struct tsem_set_entry *entry;
		struct tsem_digest coefficient;

		if (answer->slot == points->slots) {
			end(answer, reply);
			return;
		}
		entry = tsem_set_at(points, answer->slot++);
		if (!entry)
			continue;
		memcpy(coefficient.bytes, entry->digest, points->digest_size);
		reply_open(reply, NULL);
		reply_digest(reply, "coefficient", &coefficient, points->digest_size);
		reply_number(reply, "count", entry->count);
		(void)reply_close(reply, true);
		told++;
	}
}

static void add_event(const struct ring_event *event, unsigned int digest_size, struct reply *reply)
{
	reply_begin(reply, "event");
	reply_number(reply, "usec", event->usec);
	reply_number(reply, "number", event->number);
	reply_digest(reply, "coefficient", &event->coefficient, digest_size);
	reply_text(reply, "verdict", event->verdict);
	reply_json(reply, "record", event->record, event->size);
	reply_end(reply);
}

static void continue_events(struct answer *answer, struct answer_source *source,
			    struct reply *reply)
{
	unsigned int digest_size = source->params->hasher->ops->size;

	for (unsigned int i = 0; i < PIECE_ANSWERS && reply->end < PIECE_BYTES; i++) {
		struct ring_event event;
		uint64_t missed;

		if (answer->kind == ANSWER_EVENTS && answer->cursor.number >= answer->until) {
			end(answer, reply);
			return;
		}
		if (!ring_next(answer->ring, &answer->cursor, &event, &missed))
			return;
		reply_open(reply, NULL);
		add_event(&event, digest_size, reply);
		if (missed)
			reply_number(reply, "missed", missed);
		(void)reply_close(reply, true);
	}
}

static void continue_model(struct answer *answer, struct answer_source *source, struct reply *reply)
{
	const struct judge_params *p = source->params;
	size_t slot = answer->slot++;

	if (slot >= p->pseudonym_count + p->scratch_count) {
		end(answer, reply);
		return;
	}
	reply_open(reply, NULL);
	if (slot < p->pseudonym_count)
		reply_text(reply, "pseudonym", p->pseudonyms[slot]);
	else
		reply_text(reply, "scratch", p->scratch[slot - p->pseudonym_count]);
	(void)reply_close(reply, true);
}

void answer_continue(struct answer *answer, struct answer_source *source, struct reply *reply)
{
	static void (*const pieces[ANSWER_KIND_COUNT])(
		struct answer * answer, struct answer_source * source, struct reply * reply) = {
		[ANSWER_POINTS] = continue_points,
		[ANSWER_EVENTS] = continue_events,
		[ANSWER_FOLLOW] = continue_events,
		[ANSWER_MODEL] = continue_model,
	};

	pieces[answer->kind](answer, source, reply);
}
