// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * reject.c - names of the reasons for which a line is refused.
 */

#include "reject.h"

const char *tsem_reject_name(int reject)
{
	static const char *const names[TSEM_REJECT_COUNT] = {
		[TSEM_REJECT_UTF8] = "utf8",
		[TSEM_REJECT_JSON] = "json",
		[TSEM_REJECT_TRAILING] = "trailing",
		[TSEM_REJECT_DEPTH] = "depth",
		[TSEM_REJECT_DUPLICATE_KEY] = "duplicate-key",
		[TSEM_REJECT_MISSING_KEY] = "missing-key",
		[TSEM_REJECT_UNKNOWN_KEY] = "unknown-key",
		[TSEM_REJECT_VALUE_KIND] = "value-kind",
		[TSEM_REJECT_ESCAPE] = "escape",
		[TSEM_REJECT_NUMBER_FORM] = "number-form",
		[TSEM_REJECT_OVERFLOW] = "overflow",
		[TSEM_REJECT_HEX] = "hex",
		[TSEM_REJECT_LENGTH] = "length",
		[TSEM_REJECT_GROUP] = "group",
		[TSEM_REJECT_CHOICE] = "choice",
		[TSEM_REJECT_UNKNOWN_EVENT] = "unknown-event",
		[TSEM_REJECT_EVENT_MISMATCH] = "event-mismatch",
		[TSEM_REJECT_EXPORT_KIND] = "export-kind",
		[TSEM_REJECT_TOO_LONG] = "too-long",
	};

	if (reject < 0)
		reject = -reject;
	return reject < TSEM_REJECT_COUNT && names[reject] ? names[reject] : "?";
}
