// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-channel.c - fuzzes what the kernel says: tsem_status_parse(), and
 * tsem_scratch_escape() on the way there.
 *
 * What is accepted means the same when the known numbers are printed again;
 * what is refused leaves no trace; an escaped directory is one word that
 * decodes to itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../libtsem/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_status(const char *text, size_t size)
{
	struct tsem_status status, again, untouched;
	char printed[256];
	int n;

	memset(&status, 0xa5, sizeof(status));
	untouched = status;
	if (tsem_status_parse(text, size, &status) < 0) {
		check(memcmp(&status, &untouched, sizeof(status)) == 0);
		return;
	}
	n = snprintf(printed, sizeof(printed),
		     "expired %" PRIu64 "\ndropped %" PRIu64 "\nmembers %" PRIu64 "\n",
		     status.expired, status.dropped, status.members);
	check(n > 0 && (size_t)n < sizeof(printed));
	check(tsem_status_parse(printed, n, &again) == 0);
	check(again.expired == status.expired && again.dropped == status.dropped &&
	      again.members == status.members);
}

static int unhex(char digit)
{
	const char *digits = "0123456789abcdef", *found = strchr(digits, digit);

	return digit && found ? (int)(found - digits) : -1;
}

static void check_scratch(const char *dir)
{
	char text[4096], *to = text;
	int n = tsem_scratch_escape(dir, text, sizeof(text));

	if (n < 0) {
		check(n == -E2BIG);
		return;
	}
	check((size_t)n == strlen(text));
	check(!strpbrk(text, " :\n"));
	for (const char *from = text; *from; from++) {
		if (*from == '\\') {
			check(from[1] == 'x' && unhex(from[2]) >= 0 && unhex(from[3]) >= 0);
			*to++ = (char)(unhex(from[2]) << 4 | unhex(from[3]));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	check(strcmp(text, dir) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_status(text, size);
	check_scratch(text);
	free(text);
	return 0;
}
