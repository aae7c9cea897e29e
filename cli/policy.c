// SPDX-License-Identifier: LGPL-2.1-or-later
/* policy.c - see policy.h. What is not understood is refused: a verifier must not want less than it
 * says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/envelope.h"
#include "../libtsem/ini-lines.h"
#include "evidence.h"
#include "policy.h"

#define USEC_PER_SEC 1000000ull

#define WORKLOAD_SECTION "Workload "

/** struct reading - A file on its way. */
struct reading {
	const char *path;
	unsigned int line; /* in hand; 0 for what is about all of them */
	struct policy *policy;
	struct policy_workload *workload; /* whose section it is; NULL in [Machine] */
	uint64_t seen[POLICY_WORKLOADS + 1];
	struct text *why;
};

static int take_number(const char *value, uint64_t *ret)
{
	struct tsem_cursor c = { value, value + strlen(value) };

	return tsem_take_number(&c, ret) < 0 || c.at != c.end ? -EBADMSG : 0;
}

static int take_hash(const char *value, uint8_t ret[TSEM_ANCHOR_HASH])
{
	struct tsem_cursor c = { value, value + strlen(value) };

	return tsem_take_hex(&c, ret, TSEM_ANCHOR_HASH) < 0 || c.at != c.end ? -EBADMSG : 0;
}

static int take_path(struct reading *r, const char *value, char ret[PATH_MAX])
{
	const char *slash = strrchr(r->path, '/');
	int directory = *value == '/' || !slash ? 0 : (int)(slash + 1 - r->path);
	int n = snprintf(ret, PATH_MAX, "%.*s%s", directory, r->path, value);

	return *value && n > 0 && n < PATH_MAX ? 0 : -EBADMSG;
}

static int take_key(struct reading *r, const char *value)
{
	return take_path(r, value, r->policy->key);
}

static int take_age(struct reading *r, const char *value)
{
	static const struct {
		const char *unit;
		uint64_t sec;
	} units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 } };
	struct tsem_cursor c = { value, value + strlen(value) };
	uint64_t n;

	if (tsem_take_number(&c, &n) < 0 || !n || n > 86400)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(c.at, units[i].unit) != 0)
			continue;
		r->policy->max_age_usec = n * units[i].sec * USEC_PER_SEC;
		return 0;
	}
	return -EBADMSG;
}

static int take_register(struct reading *r, const char *value)
{
	uint64_t n;

	if (take_number(value, &n) < 0 || n < 8 || n > 23 || n == 10 || n == 11)
		return -EBADMSG;
	r->policy->pcr = (unsigned int)n;
	return 0;
}

static int take_start(struct reading *r, const char *value)
{
	return take_hash(value, r->policy->start);
}

static int take_yes(const char *value, bool *ret)
{
	*ret = strcmp(value, "yes") == 0;
	return *ret || strcmp(value, "no") == 0 ? 0 : -EBADMSG;
}

static int take_checkpoint(struct reading *r, const char *value)
{
	return take_yes(value, &r->policy->checkpoint);
}

static int take_aggregate(struct reading *r, const char *value)
{
	return take_yes(value, &r->policy->aggregate);
}

static int take_suspend(struct reading *r, const char *value)
{
	return take_yes(value, &r->policy->suspend);
}

static int take_model(struct reading *r, const char *value)
{
	uint8_t hash[TSEM_ANCHOR_HASH];

	if (take_hash(value, hash) < 0)
		return -EBADMSG;
	tsem_anchor_hex(hash, sizeof(hash), r->workload->model);
	return 0;
}

static int take_keys(struct reading *r, const char *value)
{
	return take_path(r, value, r->workload->keys);
}

static int take_threshold(struct reading *r, const char *value)
{
	uint64_t n;

	if (take_number(value, &n) < 0 || n < 1 || n > TSEM_ENVELOPE_SIGNATURES)
		return -EBADMSG;
	r->workload->threshold = (unsigned int)n;
	return 0;
}

static int take_version(struct reading *r, const char *value)
{
	return take_number(value, &r->workload->version);
}

static int take_mode(struct reading *r, const char *value)
{
	if (!strcmp(value, "enforce"))
		r->workload->mode = TSEM_ANCHOR_ENFORCE;
	else if (!strcmp(value, "shadow"))
		r->workload->mode = TSEM_ANCHOR_SHADOW;
	else
		return -EBADMSG;
	return 0;
}

static int take_state(struct reading *r, const char *value)
{
	r->workload->stopped = strcmp(value, "any") == 0;
	return r->workload->stopped || strcmp(value, "running") == 0 ? 0 : -EBADMSG;
}

/* The index of a row is the bit of what was seen. */
static const struct {
	bool of_workload;
	const char *name;
	int (*take)(struct reading *r, const char *value);
	const char *expected;
} keys[] = {
	{ false, "Key", take_key, "the path of a key, as quixote verify --accept prints it" },
	{ false, "MaxAge", take_age, "a time, such as 15min" },
	{ false, "Register", take_register, "8, 9, 12 to 16, or 23" },
	{ false, "Start", take_start, "64 small hexadecimal digits" },
	{ false, "Checkpoint", take_checkpoint, "yes or no" },
	{ false, "Aggregate", take_aggregate, "yes or no" },
	{ false, "Suspend", take_suspend, "yes or no" },
	{ true, "Model", take_model, "64 small hexadecimal digits" },
	{ true, "Keys", take_keys, "a directory" },
	{ true, "Threshold", take_threshold, "a number from 1 to 16" },
	{ true, "MinimumVersion", take_version, "a number" },
	{ true, "Mode", take_mode, "enforce or shadow" },
	{ true, "State", take_state, "running or any" },
};

/* Registers have bits behind those of the rows. */
#define REGISTER_BIT(i) (1ull << (ARRAY_SIZE(keys) + (i)))

/* The first reason stays. @name: what it is about; NULL for the whole line. */
static void refuse(struct reading *r, const char *name, const char *why)
{
	if (r->why->size)
		return;
	text_add_shown(r->why, r->path, strlen(r->path));
	if (r->line)
		text_format(r->why, ":%u", r->line);
	text_add_string(r->why, ": ");
	if (name) {
		text_add_shown(r->why, name, strlen(name));
		text_add_string(r->why, ": ");
	}
	text_add_string(r->why, why);
}

static int refuse_value(struct reading *r, const char *name, const char *expected)
{
	char why[120];

	(void)snprintf(why, sizeof(why), "has another value than it may; expected %s", expected);
	refuse(r, name, why);
	return -EBADMSG;
}

/* [Workload NAME] may come again. */
static int enter_section(struct reading *r, const char *section)
{
	struct policy *p = r->policy;
	const char *name = section + strlen(WORKLOAD_SECTION);

	r->workload = NULL;
	if (strcmp(section, "Machine") == 0)
		return 0;
	if (strncmp(section, WORKLOAD_SECTION, strlen(WORKLOAD_SECTION)) != 0 ||
	    !tsem_anchor_is_name(name))
		return -EBADMSG;
	for (size_t i = 0; i < p->workload_count; i++) {
		if (!strcmp(p->workloads[i].name, name)) {
			r->workload = &p->workloads[i];
			return 0;
		}
	}
	if (p->workload_count == POLICY_WORKLOADS)
		return -E2BIG;
	r->workload = &p->workloads[p->workload_count++];
	*r->workload = (struct policy_workload){ .threshold = 1, .mode = TSEM_ANCHOR_ENFORCE };
	memcpy(r->workload->name, name, strlen(name) + 1);
	return 0;
}

/* Returns false if it was there before. */
static bool see(struct reading *r, uint64_t bit)
{
	uint64_t *seen = &r->seen[r->workload ? r->workload - r->policy->workloads + 1 : 0];
	bool new = !(*seen & bit);

	*seen |= bit;
	return new;
}

/* PCR0 to PCR7, and PCR11. Returns -ENOENT if it is none of them. */
static int take_boot(struct reading *r, const char *name, const char *value)
{
	uint64_t n;

	if (r->workload || strncmp(name, "PCR", 3) != 0 || take_number(name + 3, &n) < 0 ||
	    n > 23 || !(EVIDENCE_REGISTERS & 1u << n))
		return -ENOENT;
	if (!see(r, REGISTER_BIT(n)))
		return -EEXIST;
	r->policy->boot |= 1u << n;
	return take_hash(value, r->policy->values[n]);
}

static int on_section(void *userdata, unsigned int line, const char *section)
{
	struct reading *r = userdata;
	int entered;

	r->line = line;
	entered = enter_section(r, section);
	if (entered == -E2BIG)
		refuse(r, section, "is one more than a policy can have");
	else if (entered < 0)
		refuse(r, section, "is no section of it; expected Machine or Workload NAME");
	return entered;
}

static int on_key(void *userdata, unsigned int line, const char *section, const char *name,
		  const char *value)
{
	struct reading *r = userdata;
	int found;

	r->line = line;
	if (!*section) {
		refuse(r, name, "stands before any section; expected Machine or Workload NAME");
		return -EBADMSG;
	}
	found = take_boot(r, name, value);
	if (found == 0)
		return 0;
	if (found == -EBADMSG)
		return refuse_value(r, name, "64 small hexadecimal digits");
	for (size_t i = 0; found == -ENOENT && i < ARRAY_SIZE(keys); i++) {
		if (keys[i].of_workload != !!r->workload || strcmp(keys[i].name, name) != 0)
			continue;
		if (!see(r, 1ull << i)) {
			found = -EEXIST;
			break;
		}
		return keys[i].take(r, value) == 0 ? 0 : refuse_value(r, name, keys[i].expected);
	}
	refuse(r, name, found == -EEXIST ? "is given twice" : "unknown key; see quixote-policy(5)");
	return -EBADMSG;
}

static void on_refused(void *userdata, unsigned int line, const char *what)
{
	struct reading *r = userdata;

	r->line = line;
	refuse(r, NULL, what);
}

static int check_whole(struct reading *r)
{
	const struct policy *p = r->policy;

	r->line = 0;
	if (!p->key[0])
		refuse(r, "Key", "is missing: whose evidence would it be?");
	if (!p->workload_count)
		refuse(r, "Workload", "is missing: nothing would be asked for");
	for (size_t i = 0; i < p->workload_count; i++) {
		const struct policy_workload *w = &p->workloads[i];

		if (!w->model[0] && !w->keys[0])
			refuse(r, w->name, "has neither Model= nor Keys=: any model would do");
	}
	return r->why->size ? -EBADMSG : 0;
}

int policy_read(const char *path, struct policy *ret, struct text *why)
{
	static const struct ini_reader reader = { on_section, on_key, on_refused };
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct reading r = { .path = path, .policy = ret, .why = why };
	_cleanup_(freep) char *data = NULL;
	size_t size = 0;
	int n = fd < 0 ? -errno : ini_lines_read(fd, &data, &size);

	*ret = (struct policy){ .max_age_usec = 15 * 60 * USEC_PER_SEC, .pcr = 13 };
	if (n < 0) {
		refuse(&r, NULL, strerror(-n));
		return n;
	}
	n = ini_lines_parse(data, size, &reader, &r);
	if (n == -ENOMEM)
		refuse(&r, NULL, strerror(ENOMEM));
	return n < 0 ? n : check_whole(&r);
}
