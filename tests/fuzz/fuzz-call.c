// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-call.c - fuzzes calls on the management socket.
 *
 * What is accepted can be written in one spelling, and means the same then; a
 * name of it can stand in an answer as it is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tma/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_name(const char *name)
{
	check(strlen(name) < CALL_NAME_BYTES);
	check(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
	      strlen(name));
}

static void print(const struct call *call, char *text, size_t size)
{
	const char *separator = "";
	int n = snprintf(
		text, size, "{\"method\":\"%s\",\"more\":%s,\"oneway\":%s,\"parameters\":{",
		call->method, call->more ? "true" : "false", call->oneway ? "true" : "false");

	if (call->given & CALL_INTERFACE) {
		n += snprintf(text + n, size - n, "\"interface\":\"%s\"", call->interface);
		separator = ",";
	}
	if (call->given & CALL_OUTSIDE) {
		n += snprintf(text + n, size - n, "%s\"outside\":%s", separator,
			      call->outside ? "true" : "false");
		separator = ",";
	}
	if (call->wrong[0])
		n += snprintf(text + n, size - n, "%s\"%s\":0", separator, call->wrong);
	(void)snprintf(text + n, size - n, "}}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call call, again;
	char text[1024];

	memset(&call, 0, sizeof(call));
	memset(&again, 0, sizeof(again));
	if (call_parse((const char *)data, size, &call) < 0)
		return 0;
	check(call.method[0]);
	check_name(call.method);
	check_name(call.interface);
	check_name(call.wrong);
	/* A known parameter may be the wrong one, by its type, and be given again: no one spelling.
	 */
	if (!strcmp(call.wrong, "outside") || !strcmp(call.wrong, "interface"))
		return 0;
	print(&call, text, sizeof(text));
	check(call_parse(text, strlen(text), &again) == 0);
	check(!memcmp(&call, &again, sizeof(call)));
	return 0;
}
