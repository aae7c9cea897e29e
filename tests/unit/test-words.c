// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-words.c - records taken apart, made printable, and told in words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../cli/answer.h"
#include "../../cli/facts.h"
#include "../../cli/phrase.h"
#include "../../cli/text.h"
#include "../../libtsem/cleanup.h"
#include "table.h"

static struct facts_case {
	const char *name, *text;
	int r;
	const char *path;	/* of the last member */
	const char *value;
} facts_cases[] = {
	{ "facts: one member", "{\"a\": \"b\"}", 0, "a", "b" },
	{ "facts: objects", "{\"a\":{\"b\":{\"c\":\"d\"}}}", 0, "a.b.c", "d" },
	{ "facts: number", "{\"a\": -12.5e3 }", 0, "a", "-12.5e3" },
	{ "facts: word", "{\"a\": true}", 0, "a", "true" },
	{ "facts: blanks", " {\t\"a\" :\r\"b\" } \n", 0, "a", "b" },
	{ "facts: blanks in a text", "{\"a\": \"  b  \"}", 0, "a", "  b  " },
	{ "facts: escapes", "{\"a\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", 0, "a", "\"\\/\b\f\n\r\t" },
	{ "facts: unicode escapes", "{\"a\": \"\\u00e4\\u20AC\\ud83d\\ude00\"}", 0, "a",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "facts: byte", "{\"a\": \"\\udcff\"}", 0, "a", "\xff" },
	{ "facts: quote in a name", "{\"a\\\".b\": \"c\"}", 0, "a\".b", "c" },
	{ "facts: empty object", "{}", 0, NULL, NULL },
	{ "facts: nothing", "", -EBADMSG, NULL, NULL },
	{ "facts: array", "[]", -EBADMSG, NULL, NULL },
	{ "facts: array inside", "{\"a\": []}", -EBADMSG, NULL, NULL },
	{ "facts: cut off", "{\"a\": \"b\"", -EBADMSG, NULL, NULL },
	{ "facts: cut in a text", "{\"a\": \"b", -EBADMSG, NULL, NULL },
	{ "facts: cut in an escape", "{\"a\": \"\\", -EBADMSG, NULL, NULL },
	{ "facts: cut in a number", "{\"a\": \"\\u00", -EBADMSG, NULL, NULL },
	{ "facts: rest", "{} x", -EBADMSG, NULL, NULL },
	{ "facts: comma at the end", "{\"a\": \"b\",}", -EBADMSG, NULL, NULL },
	{ "facts: no colon", "{\"a\" \"b\"}", -EBADMSG, NULL, NULL },
	{ "facts: no value", "{\"a\": }", -EBADMSG, NULL, NULL },
	{ "facts: name without quotes", "{a: \"b\"}", -EBADMSG, NULL, NULL },
	{ "facts: unknown escape", "{\"a\": \"\\x\"}", -EBADMSG, NULL, NULL },
	{ "facts: high surrogate alone", "{\"a\": \"\\ud83d\"}", -EBADMSG, NULL, NULL },
	{ "facts: two high surrogates", "{\"a\": \"\\ud83d\\ud83d\"}", -EBADMSG, NULL, NULL },
	{ "facts: low surrogate alone", "{\"a\": \"\\udc00\"}", -EBADMSG, NULL, NULL },
	{ "facts: line feed in a text", "{\"a\": \"\n\"}", -EBADMSG, NULL, NULL },
	{ "facts: too deep",
	  "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
	  "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}}}}",
	  -E2BIG, NULL, NULL },
};

static void check_facts(void **state)
{
	const struct facts_case *c = *state;
	struct facts facts = { NULL, 0, NULL };

	assert_int_equal(facts_parse(c->text, strlen(c->text), &facts), c->r);
	if (c->path) {
		assert_int_equal(facts.count, 1);
		assert_string_equal(facts.list[0].path, c->path);
		assert_int_equal(facts.list[0].size, strlen(c->value));
		assert_string_equal(facts_get(&facts, c->path), c->value);
	} else {
		assert_int_equal(facts.count, 0);
		assert_null(facts_get(&facts, "a"));
	}
	facts_done(&facts);
}

static void test_too_many_facts(void **state)
{
	struct text t = TEXT_EMPTY;
	struct facts facts = { NULL, 0, NULL };

	text_add_string(&t, "{\"a\": \"\"");
	for (unsigned int i = 0; i < FACTS_MAX; i++)
		text_add_string(&t, ", \"b\": \"\"");
	text_add_string(&t, "}");
	assert_int_equal(facts_parse(t.data, t.size, &facts), -E2BIG);
	text_done(&t);
}

static void test_path_too_long(void **state)
{
	struct text t = TEXT_EMPTY;
	struct facts facts = { NULL, 0, NULL };

	text_add_string(&t, "{\"");
	for (unsigned int i = 0; i < 600; i++)
		text_add_string(&t, "a");
	text_add_string(&t, "\": \"\"}");
	assert_int_equal(facts_parse(t.data, t.size, &facts), -E2BIG);
	text_done(&t);
}

static struct shown_case {
	const char *name, *text, *shown, *json;
} shown_cases[] = {
	{ "shown: plain", "a b", "a b", "\"a b\"" },
	{ "shown: UTF-8", "\xc3\xa4", "\xc3\xa4", "\"\xc3\xa4\"" },
	{ "shown: backslash", "\\", "\\\\", "\"\\\\\"" },
	{ "shown: quote", "\"", "\"", "\"\\\"\"" },
	{ "shown: escape sequence", "\x1b[2J", "\\x1b[2J", "\"\\u001b[2J\"" },
	{ "shown: line feed", "\n", "\\x0a", "\"\\u000a\"" },
	{ "shown: DEL", "\x7f", "\\x7f", "\"\\u007f\"" },
	{ "shown: C1 control", "\xc2\x9b", "\\xc2\\x9b", "\"\\u009b\"" },
	{ "shown: right to left", "\xe2\x80\xae", "\\xe2\\x80\\xae", "\"\\u202e\"" },
	{ "shown: tag", "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81", "\"\\udb40\\udc41\"" },
	{ "shown: no UTF-8", "\xff\xc3", "\\xff\\xc3", "\"\\udcff\\udcc3\"" },
	{ "shown: overlong", "\xc0\xaf", "\\xc0\\xaf", "\"\\udcc0\\udcaf\"" },
	{ "shown: surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\udced\\udca0\\udc80\"" },
};

static void check_shown(void **state)
{
	const struct shown_case *c = *state;
	struct text t = TEXT_EMPTY;

	text_add_shown(&t, c->text, strlen(c->text));
	assert_string_equal(text_get(&t), c->shown);
	text_done(&t);
	text_add_json(&t, c->text, strlen(c->text));
	assert_string_equal(text_get(&t), c->json);
	text_done(&t);
}

static struct word_case {
	const char *name, *text, *word;
} word_cases[] = {
	{ "word: plain", "/etc/nginx-1.2/a_b+c,d:e=f@g%h.cfg", "/etc/nginx-1.2/a_b+c,d:e=f@g%h.cfg" },
	{ "word: nothing", "", "''" },
	{ "word: blank", "a b", "'a b'" },
	{ "word: variable", "$HOME", "'$HOME'" },
	{ "word: command", "`id`", "'`id`'" },
	{ "word: another command", "$(id)", "'$(id)'" },
	{ "word: double quote", "a\"b", "'a\"b'" },
	{ "word: single quote", "a'; id; 'b", "'a'\\''; id; '\\''b'" },
	{ "word: single quote at the end", "a'", "'a'\\'''" },
	{ "word: history", "!!", "'!!'" },
	{ "word: tilde", "~root", "'~root'" },
	{ "word: letter of another alphabet", "\xc3\xa4", "'\xc3\xa4'" },
	{ "word: line feed", "a\nid", "'a\\x0aid'" },
};

/* What is pasted into a shell is one word, and nothing in it is executed. */
static void check_word(void **state)
{
	const struct word_case *c = *state;
	struct text t = TEXT_EMPTY;

	text_add_word(&t, c->text);
	assert_string_equal(text_get(&t), c->word);
	text_done(&t);
}

/* Whether a path of names leads to a member of an object, or of a form of a choice. */
static bool leads_somewhere(const struct tsem_type *type, const char *path)
{
	size_t size = strcspn(path, ".");

	for (unsigned int i = 0; i < type->member_count; i++) {
		const struct tsem_member *m = &type->members[i];

		if (strlen(m->name) != size || memcmp(m->name, path, size))
			continue;
		return !path[size] || (m->kind == TSEM_KIND_OBJECT &&
				       leads_somewhere(&tsem_types[m->index], path + size + 1));
	}
	return false;
}

/* Each event has words, and they name what it has. */
static void test_templates(void **state)
{
	for (unsigned int event = 1; event < TSEM_EVENT_COUNT; event++) {
		const char *at = phrase_template(event);

		if (!at)
			fail_msg("%s has no template", tsem_events[event].name);
		while ((at = strchr(at, '{'))) {
			char call[128] = "";
			char *member;

			at++;
			memcpy(call, at, strcspn(at, "}"));
			member = strchr(call, ' ');
			assert_non_null(member);
			*member++ = '\0';
			if (!phrase_is_function(call, strlen(call)))
				fail_msg("%s: no function %s", tsem_events[event].name, call);
			if (!leads_somewhere(&tsem_events[event].cell, member))
				fail_msg("%s: no member %s", tsem_events[event].name, member);
		}
	}
}

/* Whatever is in a record, it can be told. */
static void test_record_without_members(void **state)
{
	const struct programs programs = { NULL };

	for (unsigned int event = 1; event < TSEM_EVENT_COUNT; event++) {
		struct text record = TEXT_EMPTY, words = TEXT_EMPTY;
		struct facts facts;

		text_format(&record, "{\"event\": {\"type\": \"%s\"}}", tsem_events[event].name);
		assert_int_equal(facts_parse(record.data, record.size, &facts), 0);
		assert_int_equal(phrase_event(&facts), event);
		phrase_add(&facts, &programs, &words);
		assert_true(words.size > 0);
		facts_done(&facts);
		text_done(&record);
		text_done(&words);
	}
}

static struct phrase_case {
	const char *name, *record, *words;
} phrase_cases[] = {
	{ "phrase: prctl", "{\"event\": {\"type\": \"task_prctl\"}, \"task_prctl\": {\"option\": \"38\"}}",
	  "call prctl (PR_SET_NO_NEW_PRIVS)" },
	{ "phrase: unknown prctl", "{\"event\": {\"type\": \"task_prctl\"}, \"task_prctl\": {\"option\": \"9999\"}}",
	  "call prctl (9999)" },
	{ "phrase: prctl without option", "{\"event\": {\"type\": \"task_prctl\"}, \"task_prctl\": {\"a\": \"1\"}}",
	  "call prctl ((nothing))" },
	{ "phrase: prctl of more than a number has",
	  "{\"event\": {\"type\": \"task_prctl\"}, \"task_prctl\": {\"option\": \"18446744073709551654\"}}",
	  "call prctl (18446744073709551654)" },
	{ "phrase: ioctl",
	  "{\"event\": {\"type\": \"file_ioctl\"}, \"file_ioctl\": "
	  "{\"file\": {\"path\": {\"pathname\": \"/dev/tty\"}}, \"cmd\": \"21505\"}}",
	  "control /dev/tty (ioctl TCGETS)" },
	{ "phrase: unknown ioctl",
	  "{\"event\": {\"type\": \"file_ioctl\"}, \"file_ioctl\": "
	  "{\"file\": {\"path\": {\"pathname\": \"/dev/tty\"}}, \"cmd\": \"1\"}}",
	  "control /dev/tty (ioctl 1)" },
	{ "phrase: fcntl",
	  "{\"event\": {\"type\": \"file_fcntl\"}, \"file_fcntl\": "
	  "{\"file\": {\"path\": {\"pathname\": \"pipe:/\"}}, \"cmd\": \"4\"}}",
	  "control the descriptor of pipe:/ (fcntl F_SETFL)" },
	{ "phrase: limit",
	  "{\"event\": {\"type\": \"task_setrlimit\"}, \"task_setrlimit\": {\"new_rlim\": {\"resource\": \"7\"}}}",
	  "set limit RLIMIT_NOFILE of a process of unknown program" },
	{ "phrase: option of sockets",
	  "{\"event\": {\"type\": \"socket_setsockopt\"}, \"socket_setsockopt\": "
	  "{\"sock\": {\"family\": \"2\", \"type\": \"1\"}, \"level\": \"1\", \"optname\": \"2\"}}",
	  "set option SO_REUSEADDR of a socket (IPv4 stream)" },
	{ "phrase: option of another level",
	  "{\"event\": {\"type\": \"socket_setsockopt\"}, \"socket_setsockopt\": "
	  "{\"sock\": {\"family\": \"2\", \"type\": \"1\"}, \"level\": \"6\", \"optname\": \"1\"}}",
	  "set option TCP_NODELAY of a socket (IPv4 stream)" },
	{ "phrase: option of an unknown level",
	  "{\"event\": {\"type\": \"socket_setsockopt\"}, \"socket_setsockopt\": "
	  "{\"sock\": {\"family\": \"2\", \"type\": \"1\"}, \"level\": \"4711\", \"optname\": \"2\"}}",
	  "set option 2 (level 4711) of a socket (IPv4 stream)" },
	{ "phrase: option without level",
	  "{\"event\": {\"type\": \"socket_setsockopt\"}, \"socket_setsockopt\": "
	  "{\"sock\": {\"family\": \"2\", \"type\": \"1\"}, \"optname\": \"2\"}}",
	  "set option 2 (level (nothing)) of a socket (IPv4 stream)" },
};

static void check_phrase(void **state)
{
	const struct phrase_case *c = *state;
	const struct programs programs = { NULL };
	struct text words = TEXT_EMPTY;
	struct facts facts;

	assert_int_equal(facts_parse(c->record, strlen(c->record), &facts), 0);
	phrase_add(&facts, &programs, &words);
	assert_string_equal(text_get(&words), c->words);
	facts_done(&facts);
	text_done(&words);
}

static struct answer_case {
	const char *name, *text;
	int r;
	const char *error, *parameters;
	bool continues;
} answer_cases[] = {
	{ "answer: empty parameters", "{\"parameters\":{}}", 0, NULL, "{}", false },
	{ "answer: continues", "{\"parameters\":{\"a\":1},\"continues\":true}", 0, NULL, "{\"a\":1}", true },
	{ "answer: does not continue", "{\"parameters\":{},\"continues\":false}", 0, NULL, "{}", false },
	{ "answer: error", "{\"error\":\"a.B\",\"parameters\":{\"c\":\"d\"}}", 0, "a.B", NULL, false },
	{ "answer: nested", "{\"parameters\":{\"a\":{\"b\":\"}\\\"{\"}}}", 0, NULL, "{\"a\":{\"b\":\"}\\\"{\"}}", false },
	{ "answer: line feeds become blanks", "{\"parameters\":{\n\"a\":\r1}}", 0, NULL, "{ \"a\": 1}", false },
	{ "answer: nothing", "", -EBADMSG, NULL, NULL, false },
	{ "answer: empty object", "{}", -EBADMSG, NULL, NULL, false },
	{ "answer: no object", "[]", -EBADMSG, NULL, NULL, false },
	{ "answer: parameters are a number", "{\"parameters\":5}", -EBADMSG, NULL, NULL, false },
	{ "answer: parameters are a text", "{\"parameters\":\"{}\"}", -EBADMSG, NULL, NULL, false },
	{ "answer: parameters are not first", "{\"a\":1,\"parameters\":{}}", -EBADMSG, NULL, NULL, false },
	{ "answer: cut off", "{\"parameters\":{}", -EBADMSG, NULL, NULL, false },
	{ "answer: something behind", "{\"parameters\":{}}x", -EBADMSG, NULL, NULL, false },
	{ "answer: an array", "{\"parameters\":{\"a\":[]}}", -EBADMSG, NULL, NULL, false },
};

static void check_answer(void **state)
{
	const struct answer_case *c = *state;
	struct answer answer, untouched;
	char text[200];

	memset(&untouched, 0xaa, sizeof(untouched));
	answer = untouched;
	strcpy(text, c->text);
	assert_int_equal(answer_parse(text, strlen(text), &answer), c->r);
	if (c->r < 0) {
		assert_memory_equal(&answer, &untouched, sizeof(answer));
		return;
	}
	assert_int_equal(answer.continues, c->continues);
	if (c->error)
		assert_string_equal(answer.error, c->error);
	else
		assert_null(answer.error);
	if (c->parameters) {
		assert_int_equal(answer.size, strlen(c->parameters));
		assert_memory_equal(answer.text, c->parameters, answer.size);
	}
	answer_done(&answer);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(test_too_many_facts),
		cmocka_unit_test(test_path_too_long),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_record_without_members),
	};
	struct CMUnitTest tests[ARRAY_SIZE(single) + ARRAY_SIZE(facts_cases) +
				ARRAY_SIZE(shown_cases) + ARRAY_SIZE(word_cases) +
				ARRAY_SIZE(phrase_cases) + ARRAY_SIZE(answer_cases)];
	size_t count = 0;

	for (; count < ARRAY_SIZE(single); count++)
		tests[count] = single[count];
	ADD_TABLE(facts_cases, check_facts);
	ADD_TABLE(shown_cases, check_shown);
	ADD_TABLE(word_cases, check_word);
	ADD_TABLE(phrase_cases, check_phrase);
	ADD_TABLE(answer_cases, check_answer);
	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
