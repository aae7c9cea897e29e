// SPDX-License-Identifier: LGPL-2.1-or-later
/* recorded.c - see recorded.h. Files of a disk: each line is checked, and none is believed to end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../libtsem/cleanup.h"
#include "../tma/crc.h"
#include "../tma/recorder.h"
#include "event-tell.h"
#include "recorded.h"
#include "text.h"

/* What the sandbox of the recorder lets a file have. */
#define FILE_BYTES_MAX (2ull * RECORDER_FILE_BYTES)

/** struct reading - One file. */
struct reading {
	struct events *events;
	const char *path;
	unsigned int line;
	bool checked;
	bool damaged;
};

static void tell_damage(struct reading *r, const char *what)
{
	r->damaged = true;
	(void)fflush(stdout); /* where it stands among what is told */
	(void)fprintf(stderr, "quixote: %s:%u: %s\n", r->path, r->line, what);
}

/* Takes the check off. */
static const char *check(char **line, size_t *size)
{
	char expected[CRC_MEMBER_SIZE + 1];

	if (*size < CRC_MEMBER_SIZE)
		return "this is no line of a trajectory";
	(void)snprintf(expected, sizeof(expected), CRC_MEMBER,
		       crc32_of(*line + CRC_MEMBER_SIZE, *size - CRC_MEMBER_SIZE));
	if (memcmp(*line, expected, CRC_MEMBER_SIZE) != 0)
		return "the line is damaged: it does not have its check";
	*line += CRC_MEMBER_SIZE - 1;
	*size -= CRC_MEMBER_SIZE - 1;
	**line = '{';
	return NULL;
}

static bool tell_lost(const struct reading *r, const struct facts *facts)
{
	const char *lost = facts_get(facts, "lost");

	if (lost && !r->events->json) {
		(void)fflush(stdout);
		(void)fprintf(stderr, "quixote: %s:%u: %llu events could not be recorded\n",
			      r->path, r->line, strtoull(lost, NULL, 10)); /* whatever it is */
	}
	return lost;
}

/* As "quixote events" prints those that are told by the agent. */
static int print_event(const char *line, size_t size)
{
	_cleanup_(text_done) struct text t = TEXT_EMPTY;

	text_add_string(&t, "{\"event\":");
	text_add(&t, line, size);
	text_add_string(&t, "}");
	return t.failed ? -ENOMEM : text_print_json(text_get(&t), t.size);
}

static int tell_line(struct reading *r, const char *line, size_t size)
{
	_cleanup_(facts_done) struct facts facts = {};
	int result = facts_parse(line, size, &facts);

	if (result == 0 && !tell_lost(r, &facts)) {
		if (!r->events->json)
			result = event_tell(&r->events->subject, &facts);
		else
			result = print_event(line, size);
	} else if (result == 0 && r->events->json) {
		result = text_print_json(line, size);
	}
	if (result != -EBADMSG && result != -E2BIG)
		return result;
	tell_damage(r, "this is no event");
	return 0;
}

static int take_line(struct reading *r, char *line, size_t size)
{
	const char *wrong = NULL;

	r->line++;
	if (line[size - 1] != '\n')
		wrong = "the file was cut off in this line";
	else if (r->checked)
		size--, wrong = check(&line, &size);
	else
		size--;
	if (!wrong)
		return tell_line(r, line, size);
	tell_damage(r, wrong);
	return 0;
}

static int read_lines(struct reading *r, FILE *file)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;
	ssize_t size;
	int result = 0;

	while (result == 0 && (size = getline(&line, &room, file)) > 0)
		result = take_line(r, line, (size_t)size);
	if (result == 0 && ferror(file))
		return -EIO;
	return result;
}

/* Returns 1 if the file is there. */
static int read_file(struct reading *r)
{
	_cleanup_(close_fdp) int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_(fclosep) FILE *file = NULL;
	struct stat st;
	int result;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_BYTES_MAX) {
		tell_damage(r, "this is no file of the recorder");
		return 1;
	}
	file = fdopen(fd, "r");
	if (!file)
		return -errno;
	(void)TAKE_FD(fd);
	result = read_lines(r, file);
	return result < 0 ? result : 1;
}

int recorded_tell(struct events *e, const char *dir)
{
	const char *name = e->outside ? RECORDER_FORENSICS : RECORDER_TRAJECTORY;
	struct reading r = { .events = e, .checked = !e->outside };
	char path[PATH_MAX];
	int found = 0;

	for (int i = RECORDER_KEPT_MAX; i >= 0; i--) {
		int result = snprintf(path, sizeof(path), i ? "%s/%s.%d" : "%s/%s", dir, name, i);

		if (result < 0 || (size_t)result >= sizeof(path))
			return -ENAMETOOLONG;
		r.path = path;
		r.line = 0;
		result = read_file(&r);
		if (result < 0)
			return result;
		found |= result;
	}
	return r.damaged ? -EBADMSG : found;
}
