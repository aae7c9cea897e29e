// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-evidence.c - fuzzes what quixote verify is given: evidence, and what would be looked at if
 * it were signed.
 *
 * Nothing that is made up opens; a body that nobody has signed is held against a policy without
 * harm, and whatever is not trusted has a reason.
 */
#include <openssl/evp.h>
#include <openssl/ec.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/appraise.h"
#include "../../libtsem/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static const struct evidence_nonce nonce = { .data = "a nonce of mine", .size = 16 };

static void check_file(const char *data, size_t size)
{
	static EVP_PKEY *key;
	struct text why = TEXT_EMPTY;
	struct evidence evidence;

	if (!key)
		key = EVP_EC_gen("P-256");
	check(key && evidence_open(data, size, key, &nonce, &evidence, &why) == -EKEYREJECTED);
	check(why.size > 0);
	text_done(&why);
}

/* As if the TPM had signed it, with the register that it says. */
static void check_body(const char *data, size_t size)
{
	static struct policy policy = {
		.max_age_usec = 60000000,
		.pcr = 13,
		.workload_count = 2,
		.workloads = { { .name = "web", .mode = TSEM_ANCHOR_ENFORCE, .threshold = 1 },
			       { .name = "db",
				 .mode = TSEM_ANCHOR_SHADOW,
				 .keys = "/nonexistent",
				 .threshold = 1,
				 .stopped = true } },
	};
	struct evidence evidence = { .registers = 1u << 13, .resets = 4 };
	struct appraisals *a = calloc(1, sizeof(*a));
	struct text why = TEXT_EMPTY, before = TEXT_EMPTY;
	const struct appraise_params params = { .evidence = &evidence,
						.policy = &policy,
						.now_usec = 1764100000000000,
						.before = &before };
	json_error_t error;

	evidence.body = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
	if (evidence.body && a) {
		struct tsem_anchor_log log;
		const json_t *line;
		size_t i;

		check(tsem_anchor_log_init(&log, 13) == 0);
		json_array_foreach (json_object_get(evidence.body, "log"), i, line) {
			if (!json_is_string(line) ||
			    tsem_anchor_log_replay(&log, json_string_value(line),
						   json_string_length(line)) < 0)
				break;
		}
		memcpy(evidence.values[13], log.value, sizeof(log.value));
		tsem_anchor_log_done(&log);
		policy.checkpoint = data[size / 2] & 1;
		if (appraise(&params, a, &why) < 0)
			check(why.size > 0);
		for (i = 0; i < a->count; i++)
			check(a->all[i].words.size > 0);
		appraisals_done(a);
	}
	json_decref(evidence.body);
	text_done(&why);
	free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_file((const char *)data, size);
	check_body((const char *)data, size);
	return 0;
}
