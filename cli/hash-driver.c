// SPDX-License-Identifier: LGPL-2.1-or-later
/* hash-driver.c - see hash-driver.h. */
#include "hash-driver.h"

#include <stdlib.h>
#include <string.h>

/** struct entry - What of an entry matters here. */
struct entry {
	char name[HASH_DRIVER_BYTES];
	char driver[HASH_DRIVER_BYTES];
	char type[HASH_DRIVER_BYTES];
	char selftest[HASH_DRIVER_BYTES];
	char priority[HASH_DRIVER_BYTES];
};

/* "key   : value\n"; what is not of this form, or too long, is no field of ours. */
static void take_field(struct entry *entry, char *line)
{
	const struct {
		const char *key;
		char *value;
	} fields[] = {
		{ "name", entry->name },	 { "driver", entry->driver },
		{ "type", entry->type },	 { "selftest", entry->selftest },
		{ "priority", entry->priority },
	};
	char *value = strstr(line, ": ");

	if (!value)
		return;
	*value = '\0';
	value += 2;
	value[strcspn(value, "\n")] = '\0';
	line[strcspn(line, " \t")] = '\0';
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!strcmp(fields[i].key, line) && strlen(value) < HASH_DRIVER_BYTES)
			strcpy(fields[i].value, value);
	}
}

static bool is_wanted(const struct entry *entry, const char *hash)
{
	return !strcmp(entry->name, hash) && !strcmp(entry->type, "shash") &&
	       !strcmp(entry->selftest, "passed") && entry->driver[0];
}

bool hash_driver_find(FILE *crypto, const char *hash, char ret_driver[HASH_DRIVER_BYTES])
{
	struct entry entry = { 0 };
	char line[2 * HASH_DRIVER_BYTES];
	long best = -1;
	bool more;

	do {
		more = fgets(line, sizeof(line), crypto) != NULL;
		if (more && line[0] != '\n') {
			take_field(&entry, line);
			continue;
		}
		if (is_wanted(&entry, hash) && atol(entry.priority) > best) {
			best = atol(entry.priority);
			strcpy(ret_driver, entry.driver);
		}
		entry = (struct entry){ 0 };
	} while (more);
	return best >= 0;
}

bool hash_driver_is_helped(const char *driver)
{
	return !strstr(driver, "-generic") && !strstr(driver, "-lib");
}
