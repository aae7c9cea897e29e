// SPDX-License-Identifier: LGPL-2.1-or-later
/* config-value.c - see config-value.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "config-value.h"
#include "config.h"

static int wrong(const char **ret_wrong, const char *what)
{
	*ret_wrong = what;
	return -EBADMSG;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/** struct split - A value being taken apart. */
struct split {
	const char *at;
	char **words;
	size_t count;
	char *word; /* the one being written; room for all that is left */
	size_t size;
	const char *wrong;
};

char **value_words_free(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
	return NULL;
}

static int number_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* \xHH or \OOO, after the backslash (and x). */
static int take_number(struct split *s, unsigned int base, unsigned int digits, char *ret)
{
	unsigned int value = 0;

	for (unsigned int i = 0; i < digits; i++, s->at++) {
		unsigned int digit = number_value(*s->at);

		if (digit >= base)
			return wrong(&s->wrong, "has an escape that is not \\xHH or \\OOO");
		value = value * base + digit;
	}
	if (value == 0 || value > 255)
		return wrong(&s->wrong, "has an escape that stands for no possible byte");
	*ret = (char)value;
	return 0;
}

static int take_escape(struct split *s, char *ret)
{
	static const char names[] = "abfnrtv\\\"'s", values[] = "\a\b\f\n\r\t\v\\\"' ";
	const char *found;
	char c = *s->at;

	if (c == '\0')
		return wrong(&s->wrong, "ends in a backslash");
	if (c >= '0' && c <= '7')
		return take_number(s, 8, 3, ret);
	s->at++;
	if (c == 'x')
		return take_number(s, 16, 2, ret);
	found = strchr(names, c);
	if (!found)
		return wrong(&s->wrong, "has an unknown escape");
	*ret = values[found - names];
	return 0;
}

static bool ends_word(char c)
{
	return c == '\0' || is_blank(c);
}

/* Up to the closing quote, or up to a blank if @quote is 0. */
static int take_word(struct split *s, char quote)
{
	while (quote ? *s->at != quote : !ends_word(*s->at)) {
		char c = *s->at;
		int r;

		if (c == '\0')
			return wrong(&s->wrong, "has an opening quote without its closing one");
		if (!quote && (c == '"' || c == '\''))
			return wrong(&s->wrong, "has a quote inside a word: quotes stand around "
						"whole words, or are escaped");
		s->at++;
		if (c == '\\') {
			r = take_escape(s, &c);
			if (r < 0)
				return r;
		}
		s->word[s->size++] = c;
	}
	if (!quote)
		return 0;
	s->at++;
	return ends_word(*s->at) ? 0 : wrong(&s->wrong, "has a closing quote inside a word");
}

static int add_word(struct split *s)
{
	char quote = *s->at == '"' || *s->at == '\'' ? *s->at : '\0';
	int r;

	if (s->count == CONFIG_WORDS) {
		s->wrong = "has too many words";
		return -E2BIG;
	}
	s->word = malloc(strlen(s->at) + 1);
	if (!s->word)
		return -ENOMEM;
	s->size = 0;
	s->at += quote != '\0';
	r = take_word(s, quote);
	s->word[s->size] = '\0';
	s->words[s->count++] = s->word; /* freed with the others if it is bad */
	return r;
}

int value_split(const char *text, char ***ret, const char **ret_wrong)
{
	_cleanup_(value_words_freep) char **words = calloc(CONFIG_WORDS + 1, sizeof(*words));
	struct split s = { .at = text, .words = words };
	int r;

	if (!words)
		return -ENOMEM;
	for (;;) {
		while (is_blank(*s.at))
			s.at++;
		if (*s.at == '\0')
			break;
		r = add_word(&s);
		if (r < 0) {
			if (r != -ENOMEM)
				*ret_wrong = s.wrong;
			return r;
		}
	}
	*ret = TAKE_PTR(words);
	return 0;
}

/* Decimal without sign and without leading zeros, at most @max. */
static int take_decimal(const char **at, uint64_t max, uint64_t *ret)
{
	const char *c = *at;
	uint64_t value = 0;

	if (!is_digit(*c) || (*c == '0' && is_digit(c[1])))
		return -EBADMSG;
	for (; is_digit(*c); c++) {
		if (value > (max - (*c - '0')) / 10)
			return -E2BIG;
		value = value * 10 + (*c - '0');
	}
	*at = c;
	*ret = value;
	return 0;
}

int value_bytes(const char *text, uint64_t *ret, const char **ret_wrong)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {
		{ "M", 1u << 20 },
		{ "G", 1u << 30 },
	};
	const uint64_t least = 16u << 20, most = 8ull << 30;
	uint64_t number;

	if (strcmp(text, "no") == 0) {
		*ret = 0;
		return 0;
	}
	if (take_decimal(&text, most, &number) < 0)
		return wrong(ret_wrong, "does not begin with a number");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].unit))
			continue;
		if (number > most / units[i].bytes)
			return wrong(ret_wrong, "is more than 8G");
		if (number * units[i].bytes < least)
			return wrong(ret_wrong, "is less than 16M");
		*ret = number * units[i].bytes;
		return 0;
	}
	return wrong(ret_wrong, "has an unknown unit");
}

int value_usec(const char *text, uint64_t *ret, const char **ret_wrong)
{
	static const struct {
		const char *unit;
		uint64_t usec;
	} units[] = {
		{ "", 1000000 },
		{ "s", 1000000 },
		{ "ms", 1000 },
		{ "min", 60000000 },
	};
	const uint64_t least = 1000, most = 3600ull * 1000000;
	uint64_t number;
	int r = take_decimal(&text, most, &number);

	if (r == -E2BIG)
		return wrong(ret_wrong, "is longer than an hour");
	if (r < 0)
		return wrong(ret_wrong, "does not begin with a number");
	while (*text == ' ')
		text++;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].unit))
			continue;
		if (number > most / units[i].usec)
			return wrong(ret_wrong, "is longer than an hour");
		if (number * units[i].usec < least)
			return wrong(ret_wrong, "is no time at all");
		*ret = number * units[i].usec;
		return 0;
	}
	return wrong(ret_wrong, "has an unknown unit");
}

int value_percent(const char *text, uint64_t *ret, const char **ret_wrong)
{
	uint64_t whole, part = 10000;
	int r = take_decimal(&text, 100, &whole);

	if (r == -E2BIG)
		return wrong(ret_wrong, "is more than all");
	if (r < 0)
		return wrong(ret_wrong, "does not begin with a number");
	whole *= part;
	if (*text == '.' && is_digit(text[1])) {
		for (text++; is_digit(*text); text++) {
			part /= 10;
			whole += part * (*text - '0');
		}
		if (!part)
			return wrong(ret_wrong, "has more than four digits behind the point");
	}
	if (strcmp(text, "%") != 0)
		return wrong(ret_wrong, "does not end in %");
	if (whole > 1000000)
		return wrong(ret_wrong, "is more than all");
	*ret = whole;
	return 0;
}

int value_name(const char *text, const char **ret_wrong)
{
	if (strlen(text) > CONFIG_NAME_BYTES)
		return wrong(ret_wrong, "is too long");
	if (!is_letter(*text) && !is_digit(*text))
		return wrong(ret_wrong, "does not begin with a letter or digit");
	for (; *text; text++) {
		if (!is_letter(*text) && !is_digit(*text) && !strchr("._-", *text))
			return wrong(ret_wrong, "has a character that a name cannot have");
	}
	return 0;
}

int value_unit(const char *text, const char **ret_wrong)
{
	static const char suffix[] = ".service";
	size_t size = strlen(text);

	if (size > CONFIG_UNIT_BYTES)
		return wrong(ret_wrong, "is too long");
	if (size < sizeof(suffix) || strcmp(text + size - (sizeof(suffix) - 1), suffix))
		return wrong(ret_wrong, "does not end in .service");
	if (!is_letter(*text) && !is_digit(*text))
		return wrong(ret_wrong, "does not begin with a letter or digit");
	for (; *text; text++) {
		if (!is_letter(*text) && !is_digit(*text) && !strchr(":._-@", *text))
			return wrong(ret_wrong, "has a character that is not taken");
		if (text[0] == '@' && (text[1] == '@' || text[1] == '.'))
			return wrong(ret_wrong, "is that of a template");
	}
	return 0;
}

int value_user(const char *text, const char **ret_wrong)
{
	const char *end = text;
	uint64_t uid;

	if (is_digit(*text)) {
		/* The highest value means "leave as it is" to the kernel. */
		if (take_decimal(&end, UINT32_MAX - 1, &uid) < 0 || *end)
			return wrong(ret_wrong, "is not the number of a user");
		return 0;
	}
	if (strlen(text) > 32)
		return wrong(ret_wrong, "is too long");
	if (!is_letter(*text) && *text != '_')
		return wrong(ret_wrong, "does not begin with a letter, digit or _");
	for (; *text; text++) {
		if (!is_letter(*text) && !is_digit(*text) && !strchr("._-", *text))
			return wrong(ret_wrong, "has a character that a user name cannot have");
	}
	return 0;
}

static bool is_dots(const char *component, size_t size)
{
	return (size == 1 && component[0] == '.') ||
	       (size == 2 && component[0] == '.' && component[1] == '.');
}

int value_path(const char *text, const char **ret_wrong)
{
	if (*text != '/')
		return wrong(ret_wrong, "is not an absolute path");
	if (strlen(text) >= 4096)
		return wrong(ret_wrong, "is longer than a path can be");
	if (!text[1])
		return 0;
	while (*text == '/') {
		size_t size = strcspn(++text, "/");

		if (!size)
			return wrong(ret_wrong,
				     *text ? "has two slashes together" : "ends in a slash");
		if (is_dots(text, size))
			return wrong(ret_wrong,
				     "has a component . or ..: recorded paths have none");
		text += size;
	}
	return 0;
}

int value_variable(const char *text, const char **ret_wrong)
{
	const char *end = text;

	if (is_digit(*end))
		return wrong(ret_wrong, "has a variable that begins with a digit");
	while (is_letter(*end) || is_digit(*end) || *end == '_')
		end++;
	if (*end != '=' || end == text)
		return wrong(ret_wrong, "has a word that is not NAME=VALUE");
	return 0;
}
