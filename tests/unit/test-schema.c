// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-schema.c - the generated tables against the schema, read by another
 * reader: every row and every field of it.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../libtsem/core/schema.h"

static json_t *schema;

static const char *const kind_names[TSEM_KIND_COUNT] = {
	"BOOL", "U16", "U32", "U64", "S32", "S64", "TEXT", "BLOB", "UUID", "IP6", "DIGEST", NULL, NULL,
};
static const char *const project_names[TSEM_PROJECT_COUNT] = {
	"", "fsclass", "ephemeral", "absname", "size01", "sign", "loop", "uservalue",
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Name of what a member holds, as the schema has it. */
static const char *kind_name(const struct tsem_member *m)
{
	if (m->kind == TSEM_KIND_OBJECT)
		return tsem_types[m->index].name;
	if (m->kind == TSEM_KIND_CHOICE)
		return tsem_choices[m->index].name;
	return kind_names[m->kind];
}

static void check_member(const struct tsem_member *m, const json_t *json, const json_t *siblings)
{
	bool is_number = m->kind <= TSEM_KIND_S64;
	json_int_t base = json_integer_value(json_object_get(json, "base"));
	const char *empty_if = text_of(json, "empty_if");

	assert_string_equal(m->name, text_of(json, "name"));
	assert_string_equal(kind_name(m), text_of(json, "type"));
	assert_int_equal(m->base, is_number ? (base ? base : 10) : 0);
	assert_int_equal(!!(m->flags & TSEM_MEMBER_OPTIONAL),
			 json_is_true(json_object_get(json, "optional")));
	assert_int_equal(!!(m->flags & TSEM_MEMBER_LOCAL),
			 json_is_true(json_object_get(json, "local")));
	assert_int_equal(!!m->group, !!*text_of(json, "group"));
	assert_string_equal(project_names[m->project], text_of(json, "project"));
	if (m->empty_if < 0)
		assert_string_equal(empty_if, "");
	else
		assert_string_equal(empty_if,
				    text_of(json_array_get(siblings, (size_t)m->empty_if), "name"));
}

static void check_members(const struct tsem_type *type, const json_t *members)
{
	assert_int_equal(type->member_count, json_array_size(members));
	assert_true(type->member_count <= 16);	/* what the walker has room for */
	for (unsigned int i = 0; i < type->member_count; i++) {
		const struct tsem_member *m = &type->members[i];

		check_member(m, json_array_get(members, i), members);
		assert_true(m->empty_if < (int)i);	/* known when it is needed */
		for (unsigned int j = 0; j < i; j++) {
			const char *group = text_of(json_array_get(members, i), "group");
			const char *other = text_of(json_array_get(members, j), "group");

			if (*group && *other)
				assert_int_equal(m->group == type->members[j].group,
						 !strcmp(group, other));
		}
	}
}

static void types_agree(void **state)
{
	const json_t *types = json_object_get(schema, "types");

	assert_int_equal(json_object_size(types), TSEM_TYPE_COUNT);
	for (unsigned int i = 0; i < TSEM_TYPE_COUNT; i++)
		check_members(&tsem_types[i], json_object_get(types, tsem_types[i].name));
}

static void choices_agree(void **state)
{
	const json_t *choices = json_object_get(schema, "choices");

	assert_int_equal(json_object_size(choices), TSEM_CHOICE_COUNT);
	for (unsigned int i = 0; i < TSEM_CHOICE_COUNT; i++) {
		const json_t *forms = json_object_get(choices, tsem_choices[i].name);

		assert_int_equal(json_array_size(forms), tsem_choices[i].form_count);
		for (unsigned int j = 0; j < tsem_choices[i].form_count; j++) {
			const struct tsem_form *form = &tsem_choices[i].forms[j];
			const json_t *json = json_array_get(forms, j);

			assert_string_equal(form->name, text_of(json, "name"));
			assert_int_equal(form->tag,
					 json_integer_value(json_object_get(json, "tag")));
			assert_string_equal(tsem_types[form->type].name, text_of(json, "type"));
		}
	}
}

static void objects_agree(void **state)
{
	check_members(&tsem_coe, json_object_get(schema, "coe"));
	check_members(&tsem_event_object, json_object_get(schema, "event"));
}

static void check_executes(const struct tsem_event_desc *event, const json_t *rule)
{
	const struct tsem_type *type = &event->cell;
	const json_t *path = json_object_get(rule, "member");

	if (!rule) {
		assert_int_equal(event->executes, TSEM_EXECUTES_NEVER);
		return;
	}
	if (!json_object_size(rule)) {
		assert_int_equal(event->executes, TSEM_EXECUTES_ALWAYS);
		return;
	}
	assert_int_equal(event->executes, TSEM_EXECUTES_MASK);
	assert_int_equal(event->executes_mask, json_integer_value(json_object_get(rule, "mask")));
	assert_int_equal(event->executes_depth, json_array_size(path));
	for (unsigned int i = 0; i < event->executes_depth; i++) {
		const struct tsem_member *m = &type->members[event->executes_path[i]];

		assert_string_equal(m->name, json_string_value(json_array_get(path, i)));
		type = &tsem_types[m->index];
	}
}

static void events_agree(void **state)
{
	static const char *const since[] = { "v4", "later", "ours" };
	const json_t *events = json_object_get(schema, "events"), *json;
	size_t i;

	assert_int_equal(json_array_size(events), TSEM_EVENT_COUNT - 1);
	assert_null(tsem_events[TSEM_EVENT_NONE].name);
	json_array_foreach(events, i, json) {
		json_int_t id = json_integer_value(json_object_get(json, "id"));
		const struct tsem_event_desc *event;

		assert_in_range(id, 1, TSEM_EVENT_COUNT - 1);
		event = &tsem_events[id];
		assert_string_equal(event->name, text_of(json, "name"));
		assert_int_equal(event->atomic, !strcmp(text_of(json, "context"), "atomic"));
		assert_int_equal(event->wait, json_is_true(json_object_get(json, "wait")));
		assert_string_equal(since[event->since], text_of(json, "since"));
		assert_false(event->atomic && event->wait);
		check_executes(event, json_object_get(json, "executes"));
		check_members(&event->cell, json_object_get(json, "cell"));
	}
}

static void lists_agree(void **state)
{
	const json_t *filesystems = json_object_get(schema, "local_filesystems");
	const json_t *prctls = json_object_get(schema, "prctl"), *json, *argument;
	size_t i, j;

	assert_int_equal(json_array_size(filesystems), TSEM_LOCAL_FILESYSTEM_COUNT);
	json_array_foreach(filesystems, i, json)
		assert_int_equal(tsem_local_filesystems[i],
				 strtoull(text_of(json, "magic"), NULL, 16));

	assert_int_equal(json_array_size(prctls), TSEM_PRCTL_COUNT);
	json_array_foreach(prctls, i, json) {
		uint8_t args = 0;

		assert_int_equal(tsem_prctls[i].option,
				 json_integer_value(json_object_get(json, "option")));
		json_array_foreach(json_object_get(json, "args"), j, argument)
			args |= (uint8_t)(1U << json_integer_value(argument));
		assert_int_equal(tsem_prctls[i].args, args);
	}
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_agree),	 cmocka_unit_test(choices_agree),
		cmocka_unit_test(objects_agree), cmocka_unit_test(events_agree),
		cmocka_unit_test(lists_agree),
	};
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: test-schema SCHEMA\n");
		return 2;
	}
	schema = json_load_file(argv[1], 0, NULL);
	if (!schema) {
		fprintf(stderr, "%s cannot be read\n", argv[1]);
		return 1;
	}
	r = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(schema);
	return r;
}
