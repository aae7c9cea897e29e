/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tpm.h - the machine's TPM: what it has measured before, and what it is told.
 */
#ifndef _SECURITY_TSEM_TPM_H
#define _SECURITY_TSEM_TPM_H

#include "model.h"

/**
 * struct tsem_tpm_counts - Coefficients and the TPM.
 * @extended: It has been told.
 * @failed: It could not be told.
 */
struct tsem_tpm_counts {
	u64 extended;
	u64 failed;
};

void tsem_tpm_init(void);
void tsem_aggregate(const struct tsem_alg *alg, struct tsem_digest *ret);
void tsem_tpm_follow(struct tsem_model *model);
void tsem_tpm_extend(const struct tsem_model *model);
bool tsem_tpm_follows(const struct tsem_model *model, struct tsem_tpm_counts *ret);

#endif /* _SECURITY_TSEM_TPM_H */
