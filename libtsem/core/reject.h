/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reject.h - why a line was refused.
 */
#ifndef TSEM_CORE_REJECT_H
#define TSEM_CORE_REJECT_H

#include "base.h"

/** enum tsem_reject - Why a line was refused; formula.md, section 8. */
enum tsem_reject {
	TSEM_REJECT_UTF8 = 1,
	TSEM_REJECT_JSON,
	TSEM_REJECT_TRAILING,
	TSEM_REJECT_DEPTH,
	TSEM_REJECT_DUPLICATE_KEY,
	TSEM_REJECT_MISSING_KEY,
	TSEM_REJECT_UNKNOWN_KEY,
	TSEM_REJECT_VALUE_KIND,
	TSEM_REJECT_ESCAPE,
	TSEM_REJECT_NUMBER_FORM,
	TSEM_REJECT_OVERFLOW,
	TSEM_REJECT_HEX,
	TSEM_REJECT_LENGTH,
	TSEM_REJECT_GROUP,
	TSEM_REJECT_CHOICE,
	TSEM_REJECT_UNKNOWN_EVENT,
	TSEM_REJECT_EVENT_MISMATCH,
	TSEM_REJECT_EXPORT_KIND,
	TSEM_REJECT_TOO_LONG, /* ours: longer than the line or the buffer may be */
};
#define TSEM_REJECT_COUNT (TSEM_REJECT_TOO_LONG + 1)

/** tsem_reject_name() - The word of formula.md, for people; "?" for what is none. */
const char *tsem_reject_name(int reject);

#endif
