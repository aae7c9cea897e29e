// SPDX-License-Identifier: LGPL-2.1-or-later
/* settings.c - see settings.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../libtsem/anchor-log.h"
#include "../../libtsem/cleanup.h"
#include "../../libtsem/ini-lines.h"
#include "feed.h"
#include "settings.h"

/*
 * Registers that nobody else uses on a PC: 8 and 9 are GRUB's, 10 is IMA's, 11 and 12 systemd's
 * and 11 the root model's too, 14 is shim's, 15 systemd's; 16 and 23 anybody can reset, and 17
 * to 22 belong to a dynamic launch. 13 has extensions of the system that systemd-stub has
 * loaded: none on most machines, and then before anything of ours runs. 12 and 14 may be chosen
 * where neither systemd-stub nor shim boots.
 */
#define REGISTERS (1u << 8 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 15)

/* Tests may have one that can be reset. */
#define TEST_REGISTERS (1u << 16 | 1u << 23)

/* The owner's part of the NV indices. Source: TCG Registry of reserved TPM 2.0 handles. */
#define OWNER_INDEX_MIN 0x01800000ul
#define OWNER_INDEX_MAX 0x01bffffful

/* LogSize=: the shortest is for tests, and twice the longest is not too long for any reader. */
#define LOG_KIB_MIN 4ul
#define LOG_KIB_MAX (TSEM_ANCHOR_LOG_BYTES >> 11)

/* Keep=: what a directory can hold without being slow. */
#define KEEP_MAX 10000ul

/** struct reading - A file on its way. */
struct reading {
	const char *path;
	unsigned int line;
	struct settings settings;
	unsigned int seen;
	struct settings_error *error;
};

static int take_text(char *to, const char *value)
{
	if (!*value || strlen(value) >= SETTINGS_TEXT)
		return -EBADMSG;
	memcpy(to, value, strlen(value) + 1);
	return 0;
}

static int take_tcti(struct settings *s, const char *value)
{
	return take_text(s->tcti, value);
}

static int take_directory(struct settings *s, const char *value)
{
	return *value == '/' ? take_text(s->directory, value) : -EBADMSG;
}

static int take_socket(struct settings *s, const char *value)
{
	return *value == '/' ? take_text(s->socket, value) : -EBADMSG;
}

static int take_number(const char *value, int base, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(value, &end, base);
	return *value < '0' || *value > '9' || *end || errno ? -EBADMSG : 0;
}

static int take_register(struct settings *s, const char *value)
{
	unsigned int allowed = REGISTERS;
	unsigned long n;

	if (strncmp(value, "test:", 5) == 0) {
		allowed = TEST_REGISTERS;
		value += 5;
	}
	if (take_number(value, 10, &n) < 0 || n > 23 || !(allowed & 1u << n))
		return -EBADMSG;
	s->pcr = (unsigned int)n;
	return 0;
}

static int take_counter(struct settings *s, const char *value)
{
	unsigned long n;

	if (!strcmp(value, "none")) {
		s->counter = 0;
		return 0;
	}
	if (take_number(value, 16, &n) < 0 || n < OWNER_INDEX_MIN || n > OWNER_INDEX_MAX)
		return -EBADMSG;
	s->counter = (uint32_t)n;
	return 0;
}

/* WORKLOAD:INDEX */
static int take_index(struct settings *s, char *word)
{
	struct settings_index *one = &s->indices[s->index_count];
	char *colon = strchr(word, ':');
	unsigned long n;

	if (!colon || s->index_count == SETTINGS_INDICES)
		return -EBADMSG;
	*colon = '\0';
	if (!tsem_anchor_is_name(word) || take_number(colon + 1, 16, &n) < 0 ||
	    n < OWNER_INDEX_MIN || n > OWNER_INDEX_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < s->index_count; i++) {
		if (s->indices[i].index == n || !strcmp(s->indices[i].workload, word))
			return -EBADMSG;
	}
	memcpy(one->workload, word, strlen(word) + 1);
	one->index = (uint32_t)n;
	s->index_count++;
	return 0;
}

static int take_indices(struct settings *s, const char *value)
{
	char text[SETTINGS_TEXT], *rest = text, *word;
	int r = take_text(text, value);

	while (r == 0 && (word = strtok_r(rest, " ", &rest)))
		r = take_index(s, word);
	return r;
}

/* Digits up to a unit, and the unit. */
static int take_quantity(const char *value, unsigned long *ret, const char **ret_unit)
{
	char digits[16] = "";
	const char *unit = value + strspn(value, "0123456789");
	size_t size = unit - value;

	if (!size || size >= sizeof(digits))
		return -EBADMSG;
	memcpy(digits, value, size);
	*ret_unit = unit;
	return take_number(digits, 10, ret);
}

static int take_interval(struct settings *s, const char *value)
{
	const char *unit;
	unsigned long n;

	if (take_quantity(value, &n, &unit) < 0 || n > 86400)
		return -EBADMSG;
	if (!strcmp(unit, "min"))
		n *= 60;
	else if (strcmp(unit, "s") != 0)
		return -EBADMSG;
	if (n < 1 || n > 86400)
		return -EBADMSG;
	s->interval_sec = (unsigned int)n;
	return 0;
}

static int take_log_size(struct settings *s, const char *value)
{
	const char *unit;
	unsigned long n;

	if (take_quantity(value, &n, &unit) < 0 || n > LOG_KIB_MAX)
		return -EBADMSG;
	if (!strcmp(unit, "M"))
		n <<= 10;
	else if (strcmp(unit, "K") != 0)
		return -EBADMSG;
	if (n < LOG_KIB_MIN || n > LOG_KIB_MAX)
		return -EBADMSG;
	s->log_bytes = (uint64_t)n << 10;
	return 0;
}

static int take_keep(struct settings *s, const char *value)
{
	unsigned long n;

	if (take_number(value, 10, &n) < 0 || n < 1 || n > KEEP_MAX)
		return -EBADMSG;
	s->keep = (unsigned int)n;
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct settings *s, const char *value);
	const char *expected;
} keys[] = {
	{ "TCTI", take_tcti, "device:/dev/tpmrm0 or another TCTI" },
	{ "Register", take_register, "8, 9, 12, 13, 14 or 15" },
	{ "Counter", take_counter, "none, or an index from 01800000 to 01bfffff" },
	{ "Indices", take_indices,
	  "up to four WORKLOAD:INDEX, each once, from 01800000 to 01bfffff" },
	{ "Interval", take_interval, "a time from 1s to 1440min" },
	{ "LogSize", take_log_size, "a size from 4K to 32M" },
	{ "Keep", take_keep, "a number from 1 to 10000" },
	{ "Directory", take_directory, "an absolute path" },
	{ "Socket", take_socket, "an absolute path" },
};

static void refuse(struct reading *reading, const char *name, const char *why)
{
	if (!reading->error->text[0])
		(void)snprintf(reading->error->text, sizeof(reading->error->text),
			       "%s:%u: %.40s: %s", reading->path, reading->line, name, why);
}

static int on_section(void *userdata, unsigned int line, const char *section)
{
	struct reading *reading = userdata;

	reading->line = line;
	if (strcmp(section, "TPM") == 0)
		return 0;
	refuse(reading, section, "is no section of it; expected TPM");
	return -EBADMSG;
}

static int on_key(void *userdata, unsigned int line, const char *section, const char *name,
		  const char *value)
{
	struct reading *reading = userdata;
	char why[120];

	reading->line = line;
	if (!*section) {
		refuse(reading, name, "stands before any section; expected [TPM]");
		return -EBADMSG;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		if (reading->seen & 1u << i) {
			refuse(reading, name, "is given twice");
			return -EBADMSG;
		}
		reading->seen |= 1u << i;
		if (keys[i].take(&reading->settings, value) == 0)
			return 0;
		(void)snprintf(why, sizeof(why), "has another value than it may; expected %s",
			       keys[i].expected);
		refuse(reading, name, why);
		return -EBADMSG;
	}
	refuse(reading, name, "unknown key; see tpm.conf(5)");
	return -EBADMSG;
}

static void on_refused(void *userdata, unsigned int line, const char *what)
{
	struct reading *reading = userdata;

	reading->line = line;
	refuse(reading, "line", what);
}

int settings_read(const char *path, struct settings *ret, struct settings_error *error)
{
	static const struct ini_reader reader = { on_section, on_key, on_refused };
	struct reading reading = {
		.path = path ?: SETTINGS_FILE,
		.settings = { .tcti = "device:/dev/tpmrm0",
			      .pcr = 13,
			      .counter = 0x01800511,
			      .interval_sec = 3600,
			      .log_bytes = 4u << 20,
			      .keep = 64,
			      .directory = "/var/lib/quixote-anchor",
			      .socket = FEED_SOCKET },
		.error = error,
	};
	_cleanup_(close_fdp) int fd = open(reading.path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(freep) char *data = NULL;
	size_t size = 0;
	int r = fd < 0 ? -errno : ini_lines_read(fd, &data, &size);

	error->text[0] = '\0';
	if (r < 0 && (path || r != -ENOENT)) {
		(void)snprintf(error->text, sizeof(error->text), "%s: %s", reading.path,
			       strerror(-r));
		return r;
	}
	r = r < 0 ? 0 : ini_lines_parse(data, size, &reader, &reading);
	if (r < 0) {
		refuse(&reading, "line", strerror(-r));
		return r;
	}
	*ret = reading.settings;
	return 0;
}
