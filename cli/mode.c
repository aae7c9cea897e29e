// SPDX-License-Identifier: LGPL-2.1-or-later
/* mode.c - see mode.h. */
#include "mode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "config-edit.h"
#include "sealing.h"

/* Before the mode, so that whatever happens between holds no more than is asked for. */
static int prepare_model(struct revision *revision, const struct mode_change *change)
{
	struct sealing sealing = {
		.least = revision->config->completeness,
		.force = change->force,
		.why = change->why,
	};

	switch (change->mode) {
	case CONFIG_MODE_TRAIN:
		return sealing_unseal(revision, &sealing);
	case CONFIG_MODE_ENFORCE:
		return sealing_seal(revision, &sealing);
	case CONFIG_MODE_SHADOW:
		break;
	}
	return 0;
}

static int change_mode(struct revision *revision, const struct mode_change *change)
{
	const char *name = config_mode_to_string(change->mode);
	const struct history_entry what = {
		.what = "mode",
		.mode = (char *)name,
		.why = (char *)change->why,
	};
	struct config_error error;

	if (revision->config->mode == change->mode)
		return 0;
	if (config_edit(change->path, "Mode", name, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	return revision_record(revision, &what);
}

int mode_set(const struct mode_change *change, char **ret_name)
{
	_cleanup_(revision_done) struct revision revision = REVISION_EMPTY;
	int r = revision_begin(change->path, &revision);

	if (r == 0)
		r = prepare_model(&revision, change);
	if (r == 0)
		r = revision_again(&revision);
	if (r == 0)
		r = change_mode(&revision, change);
	if (r)
		return r;
	*ret_name = strdup(revision.config->name);
	return *ret_name ? 0 : revision_fail(&revision, -ENOMEM);
}
