// SPDX-License-Identifier: LGPL-2.1-or-later
/* subject.c - see subject.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "learned.h"
#include "named.h"
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

static int read_config(struct subject *s)
{
	struct config_error error;

	if (config_read(s->config_path, &s->config, &error) == 0)
		return 0;
	(void)fprintf(stderr, "quixote: %s\n", error.text);
	return EXIT_CONFIGURATION;
}

/* A unit's name may have an @, and its workload's may not. */
static int check_name(const char *command, const char *name)
{
	const char *wrong, *unit_wrong;

	if (value_name(name, &wrong) == 0 || value_unit(name, &unit_wrong) == 0)
		return 0;
	return command_line_error(command, "\"%s\" %s", name, wrong);
}

int subject_find(const char *command, const char *argument, struct subject *ret)
{
	bool file = is_file(argument);
	struct subject s = { .name = argument };
	int r = file ? 0 : check_name(command, argument);

	if (r)
		return r;
	/* Cut, it is longer than what can be opened. */
	if (file)
		(void)snprintf(s.config_path, sizeof(s.config_path), "%s", argument);
	if (file || named_find(argument, s.config_path))
		r = read_config(&s);
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
