// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-file.c - the model as a file, docs/model-format.md. Writing and reading
 * stand here together: a line has one spelling, the one that is written.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "model-private.h"

#define FORMAT "quixote-model"
#define FORMAT_VERSION 1
#define FORMULA 1
#define TOOL "quixote " QUIXOTE_VERSION

static const char *const list_names[TSEM_MODEL_LIST_COUNT] = {
	[TSEM_MODEL_PSEUDONYMS] = "pseudonym",
	[TSEM_MODEL_SCRATCH] = "scratch",
};

static const char *const fields_names[] = {
	[TSEM_FIELDS_STRICT] = "strict",
	[TSEM_FIELDS_PORTABLE] = "portable",
};

static const char *const nsref_names[] = { "initial", "current" };

/* Text of a path: as a TEXT of formula.md, section 7. */

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Length of the valid character of UTF-8 at @at; 0 if there is none. */
static size_t character(const char *at, size_t size)
{
	unsigned char c = at[0];
	size_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (c < 0x80)
		return 1;
	if (length > size || c < 0xc2 || c > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(at[i]))
			return 0;
	}
	if ((c == 0xe0 && (unsigned char)at[1] < 0xa0) ||
	    (c == 0xed && (unsigned char)at[1] > 0x9f) ||
	    (c == 0xf0 && (unsigned char)at[1] < 0x90) ||
	    (c == 0xf4 && (unsigned char)at[1] > 0x8f))
		return 0;
	return length;
}

/* Writing. */

#define OUT_BYTES (64u << 10)

/** struct out - A file being written; the first failure stays. */
struct out {
	int fd;
	int error;
	size_t used;
	uint64_t lines;
	char data[OUT_BYTES];
};

static void flush(struct out *out)
{
	size_t done = 0;

	while (!out->error && done < out->used) {
		ssize_t n = write(out->fd, out->data + done, out->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			out->error = -errno;
		else
			done += n;
	}
	out->used = 0;
}

static void put(struct out *out, const char *data, size_t size)
{
	while (size && !out->error) {
		size_t n = sizeof(out->data) - out->used;

		n = n < size ? n : size;
		memcpy(out->data + out->used, data, n);
		out->used += n;
		data += n;
		size -= n;
		if (out->used == sizeof(out->data))
			flush(out);
	}
}

static void put_format(struct out *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* For short text: what is longer is a bug. */
static void put_format(struct out *out, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < sizeof(text));
	put(out, text, n);
}

static void end_line(struct out *out)
{
	put(out, "}\n", 2);
	out->lines++;
}

static void put_text(struct out *out, const char *text)
{
	size_t size = strlen(text), length;

	for (; size; text += length, size -= length) {
		unsigned char c = *text;

		length = character(text, size);
		if (!length) {
			length = 1;
			put_format(out, "\\udc%02x", c);
		} else if (c < 0x20 || c == 0x7f) {
			put_format(out, "\\u%04x", c);
		} else if (c == '"' || c == '\\') {
			put_format(out, "\\%c", c);
		} else {
			put(out, text, length);
		}
	}
}

static void put_hex(struct out *out, const struct tsem_digest *digest, unsigned int size)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < size; i++) {
		put(out, &digits[digest->bytes[i] >> 4], 1);
		put(out, &digits[digest->bytes[i] & 15], 1);
	}
}

static void put_header(struct out *out, const struct tsem_model *model)
{
	const struct tsem_model_header *h = &model->header;

	put_format(out, "{\"format\": \"%s\", \"version\": %d, \"formula\": %d, ", FORMAT,
		   FORMAT_VERSION, FORMULA);
	put_format(out, "\"fields\": \"%s\", \"digest\": \"%s\", ", fields_names[h->fields],
		   h->digest);
	put_format(out, "\"nsref\": \"%s\", \"name\": \"%s\", \"runs\": %llu, ", h->nsref, h->name,
		   (unsigned long long)h->runs);
	put_format(out, "\"tool\": \"%s\"", TOOL);
	end_line(out);
}

static void put_paths(struct out *out, const struct tsem_model *model, enum tsem_model_list list)
{
	for (size_t i = 0; i < model->lists[list].count; i++) {
		put_format(out, "{\"%s\": \"", list_names[list]);
		put_text(out, model->lists[list].paths[i]);
		put(out, "\"", 1);
		end_line(out);
	}
}

struct writing {
	struct out *out;
	unsigned int digest_size;
};

static int write_program(const struct tsem_model_program *program, void *userdata)
{
	struct writing *w = userdata;

	put_format(w->out, "{\"program\": \"");
	put_hex(w->out, &program->task_id, w->digest_size);
	put_format(w->out, "\", \"p_task_id\": \"");
	put_hex(w->out, &program->p_task_id, w->digest_size);
	put_format(w->out, "\", \"event\": ");
	put(w->out, program->event, program->event_size);
	end_line(w->out);
	return w->out->error;
}

static int write_point(const struct tsem_model_point *point, void *userdata)
{
	struct writing *w = userdata;

	put_format(w->out, "{\"coefficient\": \"");
	put_hex(w->out, &point->coefficient, w->digest_size);
	put_format(w->out, "\", \"count\": %llu, \"runs\": %llu, \"event\": ",
		   (unsigned long long)point->count, (unsigned long long)point->runs);
	put(w->out, point->event, point->event_size);
	end_line(w->out);
	return w->out->error;
}

int tsem_model_write(const struct tsem_model *model, int fd)
{
	_cleanup_(freep) struct out *out = calloc(1, sizeof(*out));
	struct writing w = { out, model->header.digest_size };

	if (!out)
		return -ENOMEM;
	out->fd = fd;
	put_header(out, model);
	put_paths(out, model, TSEM_MODEL_PSEUDONYMS);
	put_paths(out, model, TSEM_MODEL_SCRATCH);
	/* What they return is out->error, which stays. */
	(void)tsem_model_each_program(model, write_program, &w);
	(void)tsem_model_each_point(model, write_point, &w);
	put_format(out, "{\"end\": %llu", (unsigned long long)out->lines);
	end_line(out);
	flush(out);
	return out->error;
}

/* Reading. */

/**
 * struct in - A file being read, line by line.
 * @offset: Of what has not been read into @data.
 * @begin: The line, in @data, without its line feed.
 * @size: Bytes at @begin.
 * @next: Of what follows the line, in @data.
 * @used: Bytes in @data.
 * @number: Of the line.
 */
struct in {
	int fd;
	off_t offset;
	const char *begin;
	size_t size;
	size_t next;
	size_t used;
	unsigned int number;
	struct tsem_model_error *error;
	char data[TSEM_MODEL_LINE_BYTES + 1];
};

static int refuse(struct in *in, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct in *in, int r, const char *format, ...)
{
	va_list args;

	in->error->line = in->number;
	va_start(args, format);
	(void)vsnprintf(in->error->text, sizeof(in->error->text), format, args); /* cut */
	va_end(args);
	return r;
}

static int refuse_memory(struct in *in)
{
	return refuse(in, -ENOMEM, "out of memory");
}

static int fill(struct in *in)
{
	memmove(in->data, in->data + in->next, in->used - in->next);
	in->used -= in->next;
	in->next = 0;
	while (in->used < sizeof(in->data)) {
		ssize_t n =
			pread(in->fd, in->data + in->used, sizeof(in->data) - in->used, in->offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(in, -errno, "cannot be read: %s", strerror(errno));
		if (n == 0)
			break;
		in->used += n;
		in->offset += n;
		if ((unsigned long long)in->offset > TSEM_MODEL_BYTES)
			return refuse(in, -E2BIG, "the file is longer than %llu bytes",
				      TSEM_MODEL_BYTES);
	}
	return 0;
}

/* Return: 1 and a line; 0 at the end of the file. */
static int next_line(struct in *in)
{
	const char *end = memchr(in->data + in->next, '\n', in->used - in->next);
	int r;

	if (!end) {
		r = fill(in);
		if (r < 0)
			return r;
		if (!in->used)
			return 0;
		end = memchr(in->data, '\n', in->used);
	}
	in->number++;
	if (!end && in->used == sizeof(in->data))
		return refuse(in, -E2BIG, "the line is longer than %u bytes",
			      TSEM_MODEL_LINE_BYTES);
	if (!end)
		return refuse(in, -EBADMSG, "the file was cut off in this line");
	in->begin = in->data + in->next;
	in->size = end - in->begin;
	in->next += in->size + 1;
	return 1;
}

/**
 * struct cursor - What is left of a line.
 * @in: For refusals.
 */
struct cursor {
	struct in *in;
	const char *at;
	const char *end;
};

static struct cursor begin_line(struct in *in)
{
	return (struct cursor){ in, in->begin, in->begin + in->size };
}

static bool starts_with(const struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(c->end - c->at) >= size && !memcmp(c->at, text, size);
}

static size_t column(const struct cursor *c)
{
	return c->at - c->in->begin + 1;
}

static int expect(struct cursor *c, const char *text)
{
	if (!starts_with(c, text))
		return refuse(c->in, -EBADMSG, "byte %zu: expected %s", column(c), text);
	c->at += strlen(text);
	return 0;
}

static int expect_end(struct cursor *c)
{
	int r = expect(c, "}");

	if (r < 0)
		return r;
	if (c->at != c->end)
		return refuse(c->in, -EBADMSG, "byte %zu: something behind the end", column(c));
	return 0;
}

/* A number without sign and leading zeros. */
static int take_number(struct cursor *c, uint64_t least, uint64_t *ret)
{
	size_t at = column(c);
	const char *begin = c->at;
	uint64_t value = 0;
	bool bad = false;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		bad |= __builtin_mul_overflow(value, 10, &value) ||
		       __builtin_add_overflow(value, *c->at - '0', &value);
	}
	if (bad || c->at == begin || (*begin == '0' && c->at - begin > 1) || value < least)
		return refuse(c->in, -EBADMSG, "byte %zu: expected a number from %llu on", at,
			      (unsigned long long)least);
	*ret = value;
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -EBADMSG;
}

static int take_hex(struct cursor *c, unsigned int size, struct tsem_digest *ret)
{
	struct tsem_digest digest = { .bytes = { 0 } };

	for (unsigned int i = 0; i < 2 * size; i++) {
		int value = c->at + i < c->end ? hex_value(c->at[i]) : -EBADMSG;

		if (value < 0)
			return refuse(c->in, -EBADMSG, "byte %zu: expected %u hexadecimal digits",
				      column(c), 2 * size);
		digest.bytes[i / 2] |= i % 2 ? value : value << 4;
	}
	c->at += 2 * size;
	*ret = digest;
	return 0;
}

/* What stands up to the next quote: printable ASCII, without an escape. */
static int take_plain(struct cursor *c, char ret[TSEM_MODEL_NAME_BYTES + 1])
{
	size_t n = 0;

	for (; c->at + n < c->end && c->at[n] != '"'; n++) {
		if (n == TSEM_MODEL_NAME_BYTES || c->at[n] < ' ' || c->at[n] > '~' ||
		    c->at[n] == '\\')
			return refuse(c->in, -EBADMSG,
				      "byte %zu: expected up to %u characters of ASCII", column(c),
				      TSEM_MODEL_NAME_BYTES);
	}
	memcpy(ret, c->at, n);
	ret[n] = '\0';
	c->at += n;
	return 0;
}

static int take_name(struct cursor *c, const char *const *names, unsigned int count,
		     unsigned int *ret)
{
	for (unsigned int i = 0; i < count; i++) {
		size_t size = strlen(names[i]);

		if (starts_with(c, names[i]) && c->at + size < c->end && c->at[size] == '"') {
			c->at += size;
			*ret = i;
			return 0;
		}
	}
	return refuse(c->in, -EBADMSG, "byte %zu: expected %s or %s", column(c), names[0],
		      names[1]);
}

/* \u00xx or \udcxx: the byte; -EBADMSG. */
static int unescape_byte(const char *at, const char *end)
{
	int high, low;

	if (end - at < 6 || at[1] != 'u' || (memcmp(at + 2, "00", 2) && memcmp(at + 2, "dc", 2)))
		return -EBADMSG;
	high = hex_value(at[4]);
	low = hex_value(at[5]);
	return high < 0 || low < 0 ? -EBADMSG : high << 4 | low;
}

/*
 * Text up to the next quote. Whether it is spelled in the one way that it can
 * be written is for the caller, who writes it again.
 */
static int take_text(struct cursor *c, char *ret, size_t room)
{
	size_t n = 0;

	while (c->at < c->end && *c->at != '"' && n + 1 < room) {
		int byte = (unsigned char)*c->at;
		size_t length = 1;

		if (*c->at == '\\' && c->end - c->at >= 2 && strchr("\"\\", c->at[1])) {
			byte = (unsigned char)c->at[1];
			length = 2;
		} else if (*c->at == '\\') {
			byte = unescape_byte(c->at, c->end);
			length = 6;
		}
		if (byte <= 0)
			return refuse(c->in, -EBADMSG, "byte %zu: expected a path", column(c));
		ret[n++] = (char)byte;
		c->at += length;
	}
	ret[n] = '\0';
	return 0;
}

/** struct header_text - The header as it stands in a file. */
struct header_text {
	char name[TSEM_MODEL_NAME_BYTES + 1];
	char digest[TSEM_MODEL_NAME_BYTES + 1];
	char tool[TSEM_MODEL_NAME_BYTES + 1];
	unsigned int fields;
	unsigned int nsref;
	uint64_t runs;
};

static int take_version(struct cursor *c, const char *key, uint64_t ours)
{
	uint64_t version = 0;
	int r = expect(c, key);

	if (r == 0)
		r = take_number(c, 0, &version);
	if (r == 0 && version != ours)
		r = refuse(c->in, -EPROTONOSUPPORT, "%s is %llu; this version knows only %llu",
			   strstr(key, "formula") ? "the formula" : "the version of the format",
			   (unsigned long long)version, (unsigned long long)ours);
	return r;
}

/* A reader is a chain that looks like the format. */
static int parse_header(struct cursor *c, struct header_text *h)
{
	int r;

	if (!starts_with(c, "{\"format\": \"" FORMAT "\""))
		return refuse(c->in, -EBADMSG,
			      "not a model: it does not begin with "
			      "{\"format\": \"" FORMAT "\"");
	c->at += strlen("{\"format\": \"" FORMAT "\"");
	(void)((r = take_version(c, ", \"version\": ", FORMAT_VERSION)) ||
	       (r = take_version(c, ", \"formula\": ", FORMULA)) ||
	       (r = expect(c, ", \"fields\": \"")) ||
	       (r = take_name(c, fields_names, ARRAY_SIZE(fields_names), &h->fields)) ||
	       (r = expect(c, "\", \"digest\": \"")) || (r = take_plain(c, h->digest)) ||
	       (r = expect(c, "\", \"nsref\": \"")) ||
	       (r = take_name(c, nsref_names, ARRAY_SIZE(nsref_names), &h->nsref)) ||
	       (r = expect(c, "\", \"name\": \"")) || (r = take_plain(c, h->name)) ||
	       (r = expect(c, "\", \"runs\": ")) || (r = take_number(c, 0, &h->runs)) ||
	       (r = expect(c, ", \"tool\": \"")) || (r = take_plain(c, h->tool)) ||
	       (r = expect(c, "\"")) || (r = expect_end(c)));
	if (r == 0 && (!*h->name || !*h->digest))
		r = refuse(c->in, -EBADMSG, "name or digest is empty");
	return r;
}

static int read_header(struct in *in, struct header_text *h)
{
	struct cursor c;
	int r = next_line(in);

	if (r < 0)
		return r;
	if (r == 0) {
		in->number = 1;
		return refuse(in, -EBADMSG, "the file is empty");
	}
	c = begin_line(in);
	return parse_header(&c, h);
}

static struct in *new_in(int fd, struct tsem_model_error *error)
{
	struct in *in = malloc(sizeof(*in));

	*error = (struct tsem_model_error){ .text = "out of memory" };
	if (!in)
		return NULL;
	in->fd = fd;
	in->offset = 0;
	in->next = in->used = in->number = 0;
	in->error = error;
	return in;
}

int tsem_model_peek(int fd, char ret_digest[TSEM_MODEL_NAME_BYTES + 1],
		    struct tsem_model_error *error)
{
	_cleanup_(freep) struct in *in = new_in(fd, error);
	struct header_text h;
	int r;

	if (!in)
		return -ENOMEM;
	r = read_header(in, &h);
	if (r == 0)
		memcpy(ret_digest, h.digest, sizeof(h.digest));
	return r;
}

/* Lines of a model come in this order. */
enum kind {
	KIND_PSEUDONYM,
	KIND_SCRATCH,
	KIND_PROGRAM,
	KIND_POINT,
	KIND_END,
};
#define KIND_COUNT (KIND_END + 1)

/**
 * struct reading - A model being read.
 * @kind: Of the line before.
 * @first: The line is the first of its kind.
 * @last: The digest of the line before, by which this kind is sorted.
 */
struct reading {
	struct in *in;
	struct tsem_model *model;
	enum kind kind;
	bool first;
	struct tsem_digest last;
};

static int check_order(struct reading *r, int compared)
{
	if (r->first || compared < 0)
		return 0;
	return refuse(r->in, -EBADMSG,
		      compared ? "not sorted: it belongs before the line above"
			       : "the same as the line above");
}

/* Whether the line is as it would be written. */
static bool is_respelled(const struct in *in, enum tsem_model_list list, const char *path)
{
	_cleanup_(freep) struct out *out = calloc(1, sizeof(*out));

	if (!out)
		return false;
	out->fd = -EBADF;
	put_format(out, "{\"%s\": \"", list_names[list]);
	put_text(out, path); /* fits: the line was read from less than OUT_BYTES */
	put(out, "\"}", 2);
	return out->used == in->size && !memcmp(out->data, in->begin, in->size);
}

static int add_path(struct reading *r, struct model_paths *paths, const char *path)
{
	int result;

	if (paths->count == TSEM_MODEL_PATHS)
		return refuse(r->in, -E2BIG, "more than %u of these lines", TSEM_MODEL_PATHS);
	if (!paths->paths)
		paths->paths = calloc(TSEM_MODEL_PATHS + 1, sizeof(*paths->paths));
	if (!paths->paths)
		return refuse_memory(r->in);
	result = check_order(r, r->first ? 0 : strcmp(paths->paths[paths->count - 1], path));
	if (result < 0)
		return result;
	paths->paths[paths->count] = strdup(path);
	if (!paths->paths[paths->count])
		return refuse_memory(r->in);
	paths->count++;
	if (paths != &r->model->lists[TSEM_MODEL_PSEUDONYMS])
		return 0;
	return model_add_pseudonym(r->model, path) ? refuse_memory(r->in) : 0;
}

static int read_path(struct reading *r, struct cursor *c, enum tsem_model_list list)
{
	char path[4096];
	int result = take_text(c, path, sizeof(path));

	if (result == 0)
		result = expect(c, "\"");
	if (result == 0)
		result = expect_end(c);
	if (result < 0)
		return result;
	if (path[0] != '/' || !is_respelled(r->in, list, path))
		return refuse(r->in, -EBADMSG, "not an absolute path in its one spelling");
	return add_path(r, &r->model->lists[list], path);
}

static int read_pseudonym(struct reading *r, struct cursor *c)
{
	return read_path(r, c, TSEM_MODEL_PSEUDONYMS);
}

static int read_scratch(struct reading *r, struct cursor *c)
{
	return read_path(r, c, TSEM_MODEL_SCRATCH);
}

static int check_digest_order(struct reading *r, const struct tsem_digest *digest)
{
	int result = check_order(r, memcmp(&r->last, digest, sizeof(*digest)));

	r->last = *digest;
	return result;
}

/* Up to the last brace of the line. */
static int take_record(struct reading *r, struct cursor *c, struct model_record *ret)
{
	const char *reason = "";
	size_t size;
	int result = expect(c, ", \"event\": ");

	if (result < 0)
		return result;
	if (c->at >= c->end || c->end[-1] != '}')
		return refuse(r->in, -EBADMSG, "the line does not end in a brace");
	size = c->end - c->at - 1;
	result = model_record_read(r->model, c->at, size, true, ret, &reason);
	if (result == -ENOMEM)
		return refuse_memory(r->in);
	if (result < 0)
		return refuse(r->in, result, "the event is not a record: %s", reason);
	if (ret->size == size && !memcmp(ret->text, c->at, size))
		return 0;
	free(ret->text);
	ret->text = NULL;
	return refuse(r->in, -EBADMSG, "the event is not in its one spelling");
}

static int insert_program(struct reading *r, const struct tsem_digest *task_id,
			  const struct tsem_digest *p_task_id, struct model_record *record)
{
	if (record->event != TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return refuse(r->in, -EBADMSG, "the event of a program must be an exec");
	if (memcmp(task_id, &record->task_id, sizeof(*task_id)) ||
	    memcmp(task_id, &record->coefficient, sizeof(*task_id)))
		return refuse(r->in, -EBADMSG, "the task_id is not that of the event");
	if (memcmp(p_task_id, &record->p_task_id, sizeof(*p_task_id)))
		return refuse(r->in, -EBADMSG, "the p_task_id is not that of the event");
	if (r->model->program_count == TSEM_MODEL_PROGRAMS)
		return refuse(r->in, -E2BIG, "more than %u programs", TSEM_MODEL_PROGRAMS);
	return model_insert_program(r->model, record) ? refuse_memory(r->in) : 0;
}

static int read_program(struct reading *r, struct cursor *c)
{
	unsigned int size = r->model->header.digest_size;
	struct tsem_digest task_id, p_task_id;
	struct model_record record = { .text = NULL };
	int result;

	(void)((result = take_hex(c, size, &task_id)) ||
	       (result = expect(c, "\", \"p_task_id\": \"")) ||
	       (result = take_hex(c, size, &p_task_id)) || (result = expect(c, "\"")) ||
	       (result = check_digest_order(r, &task_id)) || (result = take_record(r, c, &record)));
	if (result == 0)
		result = insert_program(r, &task_id, &p_task_id, &record);
	free(record.text);
	return result;
}

static int insert_point(struct reading *r, const struct tsem_digest *coefficient, uint64_t count,
			uint64_t runs, struct model_record *record)
{
	if (record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return refuse(r->in, -EBADMSG,
			      "a bprm_committed_creds is never a point of a model");
	if (memcmp(coefficient, &record->coefficient, sizeof(*coefficient)))
		return refuse(r->in, -EBADMSG, "the coefficient is not that of the event");
	if (runs > r->model->header.runs || runs > count)
		return refuse(r->in, -EBADMSG, "more runs than there were");
	if (r->model->point_count == TSEM_MODEL_POINTS)
		return refuse(r->in, -E2BIG, "more than %u coefficients", TSEM_MODEL_POINTS);
	return model_insert_point(r->model, record, count, runs) ? refuse_memory(r->in) : 0;
}

static int read_point(struct reading *r, struct cursor *c)
{
	struct model_record record = { .text = NULL };
	struct tsem_digest coefficient;
	uint64_t count, runs;
	int result;

	(void)((result = take_hex(c, r->model->header.digest_size, &coefficient)) ||
	       (result = expect(c, "\", \"count\": ")) || (result = take_number(c, 1, &count)) ||
	       (result = expect(c, ", \"runs\": ")) || (result = take_number(c, 1, &runs)) ||
	       (result = check_digest_order(r, &coefficient)) ||
	       (result = take_record(r, c, &record)));
	if (result == 0)
		result = insert_point(r, &coefficient, count, runs, &record);
	free(record.text);
	return result;
}

static int read_end(struct reading *r, struct cursor *c)
{
	uint64_t lines;
	int result = take_number(c, 0, &lines);

	if (result == 0)
		result = expect_end(c);
	if (result == 0 && lines != r->in->number - 1)
		result = refuse(r->in, -EBADMSG, "%llu lines were written before this one, not %u",
				(unsigned long long)lines, r->in->number - 1);
	return result;
}

static const struct {
	const char *begin;
	int (*read)(struct reading *r, struct cursor *c);
} kinds[KIND_COUNT] = {
	[KIND_PSEUDONYM] = { "{\"pseudonym\": \"", read_pseudonym },
	[KIND_SCRATCH] = { "{\"scratch\": \"", read_scratch },
	[KIND_PROGRAM] = { "{\"program\": \"", read_program },
	[KIND_POINT] = { "{\"coefficient\": \"", read_point },
	[KIND_END] = { "{\"end\": ", read_end },
};

static int read_line(struct reading *r)
{
	struct cursor c = begin_line(r->in);

	for (unsigned int kind = 0; kind < KIND_COUNT; kind++) {
		if (!starts_with(&c, kinds[kind].begin))
			continue;
		if (kind < r->kind)
			return refuse(r->in, -EBADMSG, "this kind of line belongs further up");
		r->first = kind != r->kind || r->in->number == 2;
		r->kind = kind;
		c.at += strlen(kinds[kind].begin);
		return kinds[kind].read(r, &c);
	}
	return refuse(r->in, -EBADMSG,
		      "unknown line; expected pseudonym, scratch, program, coefficient or end");
}

static int read_lines(struct reading *r)
{
	int result;

	do {
		result = next_line(r->in);
		if (result == 0)
			return refuse(r->in, -EBADMSG,
				      "the file was cut off: there is no last line "
				      "{\"end\": ...}");
		if (result > 0)
			result = read_line(r);
	} while (result == 0 && r->kind != KIND_END);
	if (result < 0)
		return result;
	result = next_line(r->in);
	return result > 0 ? refuse(r->in, -EBADMSG, "something behind the end") : result;
}

static int new_model(struct in *in, const struct header_text *h, struct tsem_hasher *hasher,
		     struct tsem_model **ret)
{
	const struct tsem_model_header header = {
		.name = h->name,
		.digest = h->digest,
		.nsref = nsref_names[h->nsref],
		.tool = h->tool,
		.fields = h->fields,
		.runs = h->runs,
	};

	if (strcmp(h->digest, hasher->ops->name))
		return refuse(in, -EPROTONOSUPPORT, "the model is for digest %s, not %s", h->digest,
			      hasher->ops->name);
	return tsem_model_new(&header, hasher, ret) ? refuse_memory(in) : 0;
}

static int read_model(struct in *in, struct tsem_hasher *hasher, struct tsem_model **ret)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	struct reading reading = { .in = in, .kind = KIND_PSEUDONYM };
	struct header_text h;
	int r = read_header(in, &h);

	if (r == 0)
		r = new_model(in, &h, hasher, &model);
	if (r < 0)
		return r;
	reading.model = model;
	r = read_lines(&reading);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(model);
	return 0;
}

int tsem_model_read(int fd, struct tsem_hasher *hasher, struct tsem_model_error *error,
		    struct tsem_model **ret)
{
	_cleanup_(freep) struct in *in = new_in(fd, error);

	return in ? read_model(in, hasher, ret) : -ENOMEM;
}
