// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * change-evidence.c - change every bit of an evidence file, one after the other, and have it
 *opened.
 *
 *	change-evidence KEY NONCE FILE
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/evidence.h"
#include "../../libtsem/cleanup.h"

DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)

static int opens(const char *data, size_t size, EVP_PKEY *key, const struct evidence_nonce *nonce)
{
	struct text why = TEXT_EMPTY;
	struct evidence evidence;
	int r = evidence_open(data, size, key, nonce, &evidence, &why);

	if (r == 0)
		evidence_done(&evidence);
	else if (!why.size)
		abort(); /* without a reason */
	text_done(&why);
	return r == 0;
}

int main(int argc, char *argv[])
{
	_cleanup_(fclosep) FILE *key_file = argc == 4 ? fopen(argv[1], "re") : NULL;
	_cleanup_(fclosep) FILE *file = argc == 4 ? fopen(argv[3], "re") : NULL;
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key =
		key_file ? PEM_read_PUBKEY(key_file, NULL, NULL, NULL) : NULL;
	_cleanup_(freep) char *data = malloc(EVIDENCE_BYTES);
	struct evidence_nonce nonce;
	size_t size, refused = 0;

	if (!key || !file || !data || evidence_nonce_parse(argv[2], &nonce) < 0)
		return 2;
	size = fread(data, 1, EVIDENCE_BYTES, file);
	if (!opens(data, size, key, &nonce)) {
		(void)printf("the file itself is refused\n");
		return 1;
	}
	for (size_t bit = 0; bit < 8 * size; bit++) {
		data[bit / 8] ^= (char)(1 << bit % 8);
		if (opens(data, size, key, &nonce)) {
			(void)printf("bit %zu of byte %zu\n", bit % 8, bit / 8);
			return 1;
		}
		refused++;
		data[bit / 8] ^= (char)(1 << bit % 8);
	}
	(void)printf("%zu changed bits refused\n", refused);
	return 0;
}
