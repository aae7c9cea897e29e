// SPDX-License-Identifier: LGPL-2.1-or-later
/* subject.c - see subject.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "learned.h"
#include "oci.h"
#include "open.h"
#include "subject.h"

static bool is_file(const char *argument)
{
	size_t size = strlen(argument);
	struct stat st;

	return strchr(argument, '/') || (size > 4 && !strcmp(argument + size - 4, ".cfg")) ||
	       (stat(argument, &st) == 0 && S_ISREG(st.st_mode));
}

static int read_config(const char *path, bool required, struct config **ret)
{
	struct config_error error;
	int r = config_read(path, ret, &error);

	if (r == 0 || (r == -ENOENT && !required))
		return 0;
	(void)fprintf(stderr, "quixote: %s\n", error.text);
	return EXIT_CONFIGURATION;
}

/* A container of an engine has its configuration where quixote oci has put it. */
static int read_container(struct subject *s, const char *name)
{
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), OCI_DIRECTORY "/%s.cfg", name) >= (int)sizeof(path) ||
	    access(path, R_OK) < 0)
		return 0;
	r = read_config(path, false, &s->config);
	if (s->config)
		(void)strcpy(s->config_path, path);
	return r;
}

int subject_find(const char *command, const char *argument, struct subject *ret)
{
	bool file = is_file(argument);
	struct subject s = { .name = argument };
	const char *wrong;
	int r;

	if (!file && value_name(argument, &wrong) < 0)
		return command_line_error(command, "\"%s\" %s", argument, wrong);
	/* Cut, it is longer than what can be opened. */
	(void)snprintf(s.config_path, sizeof(s.config_path),
		       file ? "%s" : SUBJECT_CONFIG_DIR "/%s.cfg", argument);
	r = read_config(s.config_path, file, &s.config);
	if (!r && !s.config)
		r = read_container(&s, argument);
	if (r)
		return r;
	if (s.config)
		s.name = s.config->name;
	*ret = s;
	return 0;
}

bool subject_is_of_engine(const struct subject *subject)
{
	return !strncmp(subject->config_path, OCI_DIRECTORY "/", strlen(OCI_DIRECTORY "/"));
}

void subject_read_programs(struct subject *subject)
{
	_cleanup_(opened_done) struct opened model = {};
	struct tsem_model_error error;

	/* For names only: whoever wants to know what is wrong with it asks quixote run --check. */
	if (subject->config && open_model(subject->config->model, &model, &error) == 0)
		subject->known = learned_programs(model.model, &subject->programs) == 0;
}

void subject_done(struct subject *subject)
{
	subject->config = config_free(subject->config);
	programs_done(&subject->programs);
}
