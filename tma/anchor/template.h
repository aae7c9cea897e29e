/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * template.h - what the keys look like that are made in a TPM; the verifier
 * compares with the same. A key that is not so is not one of ours.
 */
#ifndef QUIXOTE_TEMPLATE_H
#define QUIXOTE_TEMPLATE_H

#include <tss2/tss2_tpm2_types.h>

/** template_ak() - Signs what the TPM says itself, and nothing that it is given. */
TPM2B_PUBLIC template_ak(void);

/** template_ek() - TCG's default template L-1: RSA 2048. Source: TCG EK Credential Profile, B.3.3.
 */
TPM2B_PUBLIC template_ek(void);

#endif
