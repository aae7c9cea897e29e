// SPDX-License-Identifier: GPL-2.0-only
/*
 * root.c - the root namespace, that of every task that is in no other. It exists
 * if a boot parameter asks for it, from late in the boot on: hashing is not
 * possible earlier. It does what upstream's verbs do, with two differences. While
 * it is not enforced an event that is lost is counted and happens: a full model or
 * a file that cannot be read must not stop a machine. And its files are those of
 * a namespace that create has made, so that losses can be seen.
 */

#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "control.h"
#include "root.h"
#include "task.h"
#include "tpm.h"

static enum tsem_root_mode mode __initdata;
static unsigned int cache __initdata = TSEM_POOL_DEFAULT;
static char *digest __initdata;	/* NULL: sha256 */

static const char *const mode_words[] = {
	[TSEM_ROOT_NONE] = "no_root_modeling",
	[TSEM_ROOT_EXPORT] = "root_export_only",
	[TSEM_ROOT_MODEL] = "full_modeling",
};

static_assert(ARRAY_SIZE(mode_words) == TSEM_ROOT_MODE_COUNT);

/**
 * tsem_root_mode_parse() - What follows tsem_mode=.
 * @text: A word.
 * @ret: What it means.
 *
 * Return: 0 or -EINVAL.
 */
int tsem_root_mode_parse(const char *text, enum tsem_root_mode *ret)
{
	int i = match_string(mode_words, ARRAY_SIZE(mode_words), text);

	if (i < 0)
		return -EINVAL;
	*ret = i;
	return 0;
}

/**
 * tsem_root_cache_parse() - What follows tsem_cache=.
 * @text: A number of records, decimal or with 0 or 0x before it.
 * @ret: The number.
 *
 * Return: 0; -EINVAL if it is no number; -ERANGE if it is 0 or above TSEM_POOL_MAX.
 */
int tsem_root_cache_parse(const char *text, unsigned int *ret)
{
	unsigned int number;

	if (kstrtouint(text, 0, &number) < 0)
		return -EINVAL;
	if (!number || number > TSEM_POOL_MAX)
		return -ERANGE;
	*ret = number;
	return 0;
}

static int __init mode_setup(char *text)
{
	if (tsem_root_mode_parse(text, &mode) < 0)
		pr_warn("tsem: Unknown tsem_mode %s specified, using no_root_modeling.\n", text);
	return 1;
}
__setup("tsem_mode=", mode_setup);

static int __init cache_setup(char *text)
{
	int r = tsem_root_cache_parse(text, &cache);

	if (r == -EINVAL)
		pr_warn("tsem: Failed to parse root cache size.\n");
	else if (r < 0)
		pr_warn("tsem: Root cache size is not between 1 and %u.\n", TSEM_POOL_MAX);
	pr_info("tsem: Setting default root cache size to %u.\n", cache);
	return 1;
}
__setup("tsem_cache=", cache_setup);

static int __init digest_setup(char *text)
{
	digest = text;
	return 1;
}
__setup("tsem_digest=", digest_setup);

static const char *const mode_phrases[] = {
	[TSEM_ROOT_NONE] = "namespace only modeling",
	[TSEM_ROOT_EXPORT] = "root export only",
	[TSEM_ROOT_MODEL] = "full modeling",
};

static_assert(ARRAY_SIZE(mode_phrases) == TSEM_ROOT_MODE_COUNT);

/** tsem_root_announce() - TSEM is one of the security modules of this boot. */
void __init tsem_root_announce(void)
{
	pr_info("tsem: Initialized %s.\n", mode_phrases[mode]);
}

/* The function that was asked for, or the one that is always there. */
static int __init make(struct tsem_ns **ret)
{
	char none[] = "";
	struct tsem_params params;
	int r = tsem_params_parse(mode == TSEM_ROOT_MODEL ? TSEM_VERB_INTERNAL : TSEM_VERB_EXPORT,
				  none, &params);

	if (r < 0)
		return r;
	params.gone = TSEM_GONE_ALLOW;	/* a reader that ends is no reason to stop the machine */
	params.batch = true;
	params.cache = cache;
	if (digest)
		params.digest = digest;
	r = tsem_ns_new_root(&params, tsem_ns_files_create, ret);
	if (digest && (r == -EINVAL || r == -ENOENT)) {
		pr_warn("tsem: Unknown root digest %s, using sha256.\n", digest);
		params.digest = "sha256";
		r = tsem_ns_new_root(&params, tsem_ns_files_create, ret);
	}
	tsem_params_done(&params);
	return r;
}

static void __init start(void)
{
	if (mode != TSEM_ROOT_NONE) {
		int r = make(&tsem_root);

		if (r < 0) {
			pr_err("tsem: The root namespace is not modelled: error %d.\n", -r);
			return;
		}
		if (mode == TSEM_ROOT_MODEL)
			tsem_tpm_follow(tsem_root->model);
		static_branch_enable(&tsem_root_modelled);
	}
	pr_info("tsem: Now active.\n");
}

/* After the crypto API, securityfs and the TPM; before user space. */
static int __init begin(void)
{
	int r;

	if (!tsem_enabled)
		return 0;	/* built, and not in the list of modules: there are no blobs */
	tsem_tpm_init();
	r = tsem_tree_create();
	if (r == 0)
		start();
	return r;
}
late_initcall(begin);
