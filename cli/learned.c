// SPDX-License-Identifier: LGPL-2.1-or-later
/* learned.c - see learned.h. */
#include "learned.h"

static int add_program(const struct tsem_model_program *program, void *userdata)
{
	struct programs *programs = userdata;
	struct facts facts;
	int r = facts_parse(program->event, program->event_size, &facts);

	return r < 0 ? r : programs_add(programs, &facts, true);
}

int learned_programs(const struct tsem_model *model, struct programs *programs)
{
	return tsem_model_each_program(model, add_program, programs);
}
