// SPDX-License-Identifier: LGPL-2.1-or-later
/* template.c - see template.h. */
#include <string.h>

#include "template.h"

TPM2B_PUBLIC template_ak(void)
{
	/* Says which of all keys that the seed could make. */
	static const char unique[] = "quixote attestation key 1";
	TPM2B_PUBLIC p = {
		.publicArea = {
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
					    TPMA_OBJECT_SENSITIVEDATAORIGIN |
					    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
					    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
			.parameters.eccDetail = {
				.symmetric = { .algorithm = TPM2_ALG_NULL },
				.scheme = { .scheme = TPM2_ALG_ECDSA,
					    .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
				.curveID = TPM2_ECC_NIST_P256,
				.kdf = { .scheme = TPM2_ALG_NULL },
			},
		},
	};

	p.publicArea.unique.ecc.x.size = sizeof(unique) - 1;
	memcpy(p.publicArea.unique.ecc.x.buffer, unique, sizeof(unique) - 1);
	return p;
}

TPM2B_PUBLIC template_ek(void)
{
	/* PolicySecret(TPM_RH_ENDORSEMENT). */
	static const BYTE policy[] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,
				       0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
				       0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
				       0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa };
	TPM2B_PUBLIC p = {
		.publicArea = {
			.type = TPM2_ALG_RSA,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
					    TPMA_OBJECT_SENSITIVEDATAORIGIN |
					    TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED |
					    TPMA_OBJECT_DECRYPT,
			.authPolicy = { .size = sizeof(policy) },
			.parameters.rsaDetail = {
				.symmetric = { .algorithm = TPM2_ALG_AES,
					       .keyBits.aes = 128,
					       .mode.aes = TPM2_ALG_CFB },
				.scheme = { .scheme = TPM2_ALG_NULL },
				.keyBits = 2048,
			},
			.unique.rsa = { .size = 256 },
		},
	};

	memcpy(p.publicArea.authPolicy.buffer, policy, sizeof(policy));
	return p;
}
