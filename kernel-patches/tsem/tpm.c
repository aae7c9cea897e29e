// SPDX-License-Identifier: GPL-2.0-only
/*
 * tpm.c - the machine's TPM. Before the first namespace is made the registers that
 * say what was booted are read: all models begin with them. Afterwards, if the
 * kernel is configured for it, one register takes every coefficient of the root
 * namespace's model.
 *
 * A TPM needs some ten milliseconds for each, which no task waits for: a worker
 * follows the model, whose points are in order of arrival and never freed. So the
 * model is the queue, its bounds are the queue's bounds, and what it could not
 * take is counted there.
 */

#include <crypto/sha1.h>
#include <crypto/sha2.h>
#include <linux/sched.h>
#include <linux/tpm.h>
#include <linux/workqueue.h>

#include "tpm.h"

/* What is measured before the kernel runs. */
#define PLATFORM_PCRS 8

static struct tpm_chip *chip __ro_after_init;
static u8 platform[PLATFORM_PCRS * TPM2_MAX_DIGEST_SIZE] __ro_after_init;
static size_t platform_size __ro_after_init;	/* 0 without a TPM */

static int __init read_platform(void)
{
	bool second = tpm_is_tpm2(chip) > 0;
	size_t size = second ? SHA256_DIGEST_SIZE : SHA1_DIGEST_SIZE;

	for (unsigned int i = 0; i < PLATFORM_PCRS; i++) {
		struct tpm_digest value = { .alg_id = second ? TPM_ALG_SHA256 : TPM_ALG_SHA1 };
		int r = tpm_pcr_read(chip, i, &value);

		if (r)
			return r < 0 ? r : -EIO;	/* a TPM's own codes are positive */
		memcpy(platform + i * size, value.digest, size);
	}
	platform_size = PLATFORM_PCRS * size;
	return 0;
}

/** tsem_tpm_init() - Look for a TPM and read what it has. Context: Late in the boot. */
void __init tsem_tpm_init(void)
{
	chip = tpm_default_chip();
	if (chip && read_platform() < 0)
		pr_warn("tsem: Error generating platform aggregate\n");
}

/**
 * tsem_aggregate() - Digest of what the platform was booted with.
 * @alg: Hash function.
 * @ret: H( PCR 0 || ... || PCR 7 ), zeros if there is no TPM that says it.
 *
 * Context: Any.
 */
void tsem_aggregate(const struct tsem_alg *alg, struct tsem_digest *ret)
{
	TSEM_HASH_ON_STACK(hash, alg);

	memset(ret, 0, sizeof(*ret));
	if (!platform_size)
		return;
	tsem_hash_init(&hash->hasher);
	tsem_hash_update(&hash->hasher, platform, platform_size);
	tsem_hash_final(&hash->hasher, ret->bytes);
}

#ifdef CONFIG_SECURITY_TSEM_ROOT_MODEL_TPM

/**
 * struct follower - Who tells the TPM.
 * @model: Followed; NULL if there is none.
 * @queue: With one worker, so the order is that of the model.
 * @work: One batch.
 * @last: The point that was passed last; the worker's own.
 * @banks: What is extended, one for each bank of the TPM; the worker's own.
 * @extended: Coefficients that it took.
 * @failed: Those that it did not take.
 */
static struct follower {
	struct tsem_model *model;
	struct workqueue_struct *queue;
	struct work_struct work;
	struct tsem_point *last;
	struct tpm_digest *banks;
	atomic64_t extended;
	atomic64_t failed;
} follower;

/* Longer digests are cut and shorter ones filled with zeros, as the bank has it. */
static void extend(const struct tsem_digest *coefficient)
{
	for (unsigned int i = 0; i < chip->nr_allocated_banks; i++) {
		follower.banks[i].alg_id = chip->allocated_banks[i].alg_id;
		memset(follower.banks[i].digest, 0, sizeof(follower.banks[i].digest));
		memcpy(follower.banks[i].digest, coefficient->bytes,
		       min(sizeof(follower.banks[i].digest), sizeof(coefficient->bytes)));
	}
	if (tpm_pcr_extend(chip, CONFIG_SECURITY_TSEM_ROOT_MODEL_PCR, follower.banks)) {
		/* Not once more: it may have been taken, and the answer lost. */
		pr_warn_ratelimited("tsem: Failed TPM update.\n");
		atomic64_inc(&follower.failed);
	} else {
		atomic64_inc(&follower.extended);
	}
}

static void follow(struct work_struct *work)
{
	struct tsem_point *point;

	for (unsigned int i = 0; i < TSEM_TPM_BATCH; i++) {
		point = tsem_point_next(follower.model, follower.last);
		if (!point)
			return;
		if (point->kind != TSEM_POINT_PROGRAM)
			extend(&point->digest);
		follower.last = point;
	}
	queue_work(follower.queue, work);	/* others have their turn, and the freezer */
}

/**
 * tsem_tpm_follow() - From now on tell the TPM each coefficient of a model.
 * @model: Never freed.
 *
 * Context: Once, late in the boot.
 */
void __init tsem_tpm_follow(struct tsem_model *model)
{
	if (!chip)
		return;
	follower.banks = kcalloc(chip->nr_allocated_banks, sizeof(*follower.banks), GFP_KERNEL);
	follower.queue = alloc_ordered_workqueue("tsem_tpm", WQ_FREEZABLE);
	if (!follower.banks || !follower.queue) {
		pr_err("tsem: The TPM is not told of the root namespace: no memory.\n");
		return;
	}
	INIT_WORK(&follower.work, follow);
	WRITE_ONCE(follower.model, model);
	pr_info("tsem: Extending PCR %d.\n", CONFIG_SECURITY_TSEM_ROOT_MODEL_PCR);
}

/** tsem_tpm_extend() - A model has a point more. Context: Any. */
void tsem_tpm_extend(const struct tsem_model *model)
{
	if (unlikely(model == READ_ONCE(follower.model)))
		queue_work(follower.queue, &follower.work);
}

/**
 * tsem_tpm_follows() - Whether the TPM is told of a model.
 * @model: The model; may be NULL.
 * @ret: How often until now.
 */
bool tsem_tpm_follows(const struct tsem_model *model, struct tsem_tpm_counts *ret)
{
	if (!model || model != READ_ONCE(follower.model))
		return false;
	ret->extended = atomic64_read(&follower.extended);
	ret->failed = atomic64_read(&follower.failed);
	return true;
}

#else

void __init tsem_tpm_follow(struct tsem_model *model)
{
}

void tsem_tpm_extend(const struct tsem_model *model)
{
}

bool tsem_tpm_follows(const struct tsem_model *model, struct tsem_tpm_counts *ret)
{
	return false;
}

#endif
