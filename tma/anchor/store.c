// SPDX-License-Identifier: LGPL-2.1-or-later
/* store.c - see store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../libtsem/cleanup.h"
#include "store.h"

#define LOCK_FILE "lock"

/* A file that was kept: SETTINGS_LOG, and the number that its first line has. */
#define KEPT_FILE SETTINGS_LOG ".%" PRIu64

static int refuse(struct store *s, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct store *s, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(s->error, sizeof(s->error), format, arguments);
	va_end(arguments);
	return r;
}

static int refuse_tpm(struct store *s, int r)
{
	static const char *const advice[] = {
		[ENODEV] = "look whether it is there and who may use it (TCTI= in tpm.conf)",
		[EBUSY] = "something else uses all of it; end that",
		[EACCES] = "it is locked or wants an authorisation; see quixote tpm status",
		[ENOTSUP] = "have its SHA-256 bank allocated in the firmware's setup",
	};
	const char *what = -r < (int)ARRAY_SIZE(advice) ? advice[-r] : NULL;

	return refuse(s, r, "the TPM: %.200s; %s", s->tpm_error->text,
		      what ?: "see quixote tpm status");
}

static int read_boot(struct store *s)
{
	_cleanup_(close_fdp) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[40] = "";
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0 || tsem_anchor_log_parse_boot(text, s->boot) < 0)
		return refuse(s, -EIO, "the kernel does not say which boot this is");
	return 0;
}

/* A lock of its own, as the log is renamed. */
static int lock(struct store *s)
{
	int fd = openat(s->dir, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return refuse(s, -errno, "%s: %s; it must be the anchor's own",
			      s->settings->directory, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		(void)close(fd);
		return refuse(s, -EBUSY, "another anchor runs; one is enough for a machine");
	}
	return 0; /* held as long as the process lives */
}

static int open_log(struct store *s, const char *name, int flags)
{
	struct stat st;

	s->fd = openat(s->dir, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags,
		       0640);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return refuse(s, -errno, "%s/%s: %s", s->settings->directory, name,
			      strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)TSEM_ANCHOR_LOG_BYTES)
		return refuse(s, -EBADMSG, "%s/%s is not a log, or too long; restore it",
			      s->settings->directory, name);
	s->size = st.st_size;
	return 0;
}

/* Returns 0 if it is none that was kept. */
static uint64_t number_of(const char *name)
{
	struct tsem_cursor c = { name, name + strlen(name) };
	uint64_t number = 0;

	if (tsem_take(&c, SETTINGS_LOG ".") < 0 || tsem_take_number(&c, &number) < 0 ||
	    c.at != c.end)
		return 0;
	return number;
}

/* The sandbox reads no directories. */
static int find_kept(struct store *s)
{
	int copy = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		(void)close_fd(copy);
		return refuse(s, -EIO, "%s cannot be read", s->settings->directory);
	}
	while ((entry = readdir(dir))) {
		uint64_t number = number_of(entry->d_name);

		if (!number)
			continue;
		if (!s->oldest || number < s->oldest)
			s->oldest = number;
		if (number > s->newest)
			s->newest = number;
	}
	(void)closedir(dir);
	return 0;
}

int store_open(const struct settings *settings, struct store *ret)
{
	struct store *s = ret;
	int r;

	*s = (struct store){ .settings = settings, .dir = -EBADF, .fd = -EBADF };
	s->line = malloc(TSEM_ANCHOR_LINE_BYTES);
	if (!s->line || tsem_anchor_log_init(&s->log, settings->pcr) < 0)
		return refuse(s, -ENOMEM, "out of memory");
	r = read_boot(s);
	if (r < 0)
		return r;
	s->dir = open(settings->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return refuse(s, -errno, "%s: %s; make it with quixote tpm init",
			      settings->directory, strerror(errno));
	r = lock(s);
	if (r == 0)
		r = find_kept(s);
	return r < 0 ? r : open_log(s, SETTINGS_LOG, 0);
}

void store_close(struct store *s)
{
	s->fd = close_fd(s->fd);
	s->dir = close_fd(s->dir);
	tsem_anchor_log_done(&s->log);
	free(TAKE_PTR(s->line));
}

/* Line by line; what stands behind the last line feed was being written when the anchor died. */
static int replay(struct store *s)
{
	_cleanup_(fclosep) FILE *file = NULL;
	_cleanup_(freep) char *line = NULL;
	int copy = dup(s->fd);
	size_t room = 0;
	uint64_t good = 0;
	ssize_t n;

	file = copy < 0 ? NULL : fdopen(copy, "r");
	if (!file) {
		(void)close_fd(copy);
		return refuse(s, -ENOMEM, "out of memory");
	}
	rewind(file);
	while ((n = getline(&line, &room, file)) > 0 && line[n - 1] == '\n') {
		if (tsem_anchor_log_replay(&s->log, line, n - 1) < 0)
			return refuse(s, -EBADMSG,
				      "%s/" SETTINGS_LOG
				      ": %.119s; somebody has changed it: keep it "
				      "for whoever looks into that, and move it away",
				      s->settings->directory, s->log.error);
		if (!good)
			s->first_size = n;
		good += n;
	}
	if (ferror(file))
		return refuse(s, -EIO, "%s/" SETTINGS_LOG " cannot be read",
			      s->settings->directory);
	if (good < s->size && ftruncate(s->fd, good) < 0)
		return refuse(s, -errno, "%s/" SETTINGS_LOG ": %s", s->settings->directory,
			      strerror(errno));
	s->size = good;
	return 0;
}

/* Whole and on the disk, or not at all. */
static int write_line(struct store *s, int size)
{
	ssize_t n;

	s->line[size] = '\n';
	n = write(s->fd, s->line, size + 1);
	if (n == size + 1 && fsync(s->fd) == 0) {
		s->size += n;
		return 0;
	}
	if (n > 0)
		(void)!ftruncate(s->fd, s->size); /* else the next start does */
	return refuse(s, -ENOSPC, "%s/" SETTINGS_LOG " cannot be written; make room",
		      s->settings->directory);
}

static int check_register(struct store *s)
{
	uint8_t value[TPM_HASH];
	int r = tpm_read_register(s->tpm, s->settings->pcr, value);

	if (r < 0)
		return refuse_tpm(s, r);
	if (memcmp(value, s->log.value, sizeof(value)) == 0)
		return 0;
	return refuse(
		s, -ESTALE,
		"register %u is not what the log says: the TPM was reset, or something else has "
		"extended it; choose another Register=, and start the machine again",
		s->settings->pcr);
}

/* The line has been taken by the log, and is on disk. */
static int extend_register(struct store *s)
{
	int r = tpm_extend(s->tpm, s->settings->pcr, s->log.extended);

	return r < 0 ? refuse_tpm(s, r) : check_register(s);
}

static int refuse_index(struct store *s, const struct settings_index *one)
{
	return refuse(s, -ESTALE,
		      "index %08" PRIx32 " of %s is not what the log says: it was made after the "
		      "start of %s, or something else has extended it; take it out of Indices=, or "
		      "start the machine again",
		      one->index, one->workload, one->workload);
}

/* Equal, or a line behind if the anchor died before it; which is made up then. */
static int settle_index(struct store *s, const struct settings_index *one)
{
	const struct tsem_anchor_chain *chain = tsem_anchor_log_find(&s->log, one->workload);
	static const uint8_t zeros[TPM_HASH];
	uint8_t value[TPM_HASH];
	int r = tpm_index_read(s->tpm, one->index, value);

	if (r == -ENOENT)
		return refuse(s, r,
			      "the TPM has no index %08" PRIx32 "; make it with quixote tpm init",
			      one->index);
	if (r < 0)
		return refuse_tpm(s, r);
	if (memcmp(value, chain && chain->known ? chain->folded : zeros, sizeof(value)) == 0)
		return 0;
	if (!chain || !chain->known || chain->record + 1 != s->log.records ||
	    memcmp(value, chain->folded_before, sizeof(value)) != 0)
		return refuse_index(s, one);
	r = tpm_index_extend(s->tpm, one->index, chain->head);
	return r < 0 ? refuse_tpm(s, r) : 0;
}

/* Each is one line behind, or has nothing to do with this line. */
static int settle_indices(struct store *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->settings->index_count; i++)
		r = settle_index(s, &s->settings->indices[i]);
	return r;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* Of the newest file: as its first line says, if it is not of a version that had no numbers. */
static uint64_t number_of_newest(const struct store *s)
{
	if (!s->log.records)
		return s->newest; /* there is none */
	return s->log.begin.file.serial ?: s->newest + 1;
}

/* What the first line of the next file says of files. */
static struct tsem_anchor_file next_file(const struct store *s)
{
	const uint64_t number = number_of_newest(s), keep = s->settings->keep;
	struct tsem_anchor_file file = { .serial = number + 1,
					 .pruned = s->log.begin.file.pruned,
					 .time_usec = now_usec() };

	if (number > keep && number - keep > file.pruned)
		file.pruned = number - keep;
	return file;
}

/* It has its name, too, until the next file takes that: if the anchor died in between it is kept.
 */
static int keep_file(struct store *s, uint64_t number)
{
	struct stat st, kept;
	char name[64];

	(void)snprintf(name, sizeof(name), KEPT_FILE, number);
	if (linkat(s->dir, SETTINGS_LOG, s->dir, name, 0) == 0) {
		s->newest = number;
		if (!s->oldest)
			s->oldest = number;
		return 0;
	}
	if (errno != EEXIST)
		return refuse(s, -errno, "%s: %s", s->settings->directory, strerror(errno));
	if (fstatat(s->dir, SETTINGS_LOG, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(s->dir, name, &kept, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == kept.st_ino &&
	    st.st_dev == kept.st_dev)
		return 0;
	return refuse(s, -EEXIST, "%s/%s is there, and another one; move it away",
		      s->settings->directory, name);
}

/*
 * At no time is there none: chains go on from the file that has the name. @number: That the file
 * before is kept under; 0 if there is none.
 */
static int replace_file(struct store *s, int size, uint64_t number)
{
	int r;

	s->fd = close_fd(s->fd);
	r = open_log(s, SETTINGS_LOG ".new", O_TRUNC);
	if (r == 0)
		r = write_line(s, size);
	if (r == 0 && number)
		r = keep_file(s, number);
	if (r < 0)
		return r;
	if (renameat(s->dir, SETTINGS_LOG ".new", s->dir, SETTINGS_LOG) < 0 || fsync(s->dir) < 0)
		return refuse(s, -errno, "%s: %s", s->settings->directory, strerror(errno));
	s->first_size = s->size;
	return 0;
}

/* Those that the register says are not kept; what cannot be removed costs room, and nothing else.
 */
static void prune(struct store *s)
{
	char name[64];

	for (; s->oldest && s->oldest <= s->newest && s->oldest <= s->log.begin.file.pruned;
	     s->oldest++) {
		(void)snprintf(name, sizeof(name), KEPT_FILE, s->oldest);
		(void)unlinkat(s->dir, name, 0);
	}
}

/* The log is one ahead if the anchor died between the two. Whatever else differs is a log of
 * before. */
static int compare_counter(struct store *s, uint64_t value)
{
	uint64_t logged = s->log.begin.counter;
	int r;

	if (!s->log.records || logged == value)
		return 0;
	if (logged == value + 1) {
		r = tpm_counter_increment(s->tpm, s->settings->counter);
		return r < 0 ? refuse_tpm(s, r) : 0;
	}
	if (!logged)
		return refuse(s, -ESTALE,
			      "the log was begun without a counter, and could be any; move "
			      "%s/" SETTINGS_LOG " away, and tell whoever verifies",
			      s->settings->directory);
	return refuse(s, -ESTALE,
		      "the log is that of counter %" PRIu64 ", and the TPM is at %" PRIu64
		      ": an old copy was put in its place; restore the newest, or move it away and "
		      "tell whoever verifies",
		      logged, value);
}

static int check_counter(struct store *s)
{
	uint64_t value = 0;
	int r;

	if (!s->settings->counter && s->log.begin.counter)
		return refuse(s, -ESTALE,
			      "the log has a counter, and Counter=none; move %s/" SETTINGS_LOG
			      " away, and tell whoever verifies",
			      s->settings->directory);
	if (!s->settings->counter)
		return 0;
	r = tpm_counter_read(s->tpm, s->settings->counter, &value);
	/* What it will count to first is the TPM's to say. */
	if (r == 0 && value == 0)
		r = -ENOENT;
	if (r == -ENOENT && s->log.begin.counter)
		return refuse(s, -ESTALE,
			      "the TPM has lost the counter of the log; move %s/" SETTINGS_LOG
			      " away, and tell whoever verifies",
			      s->settings->directory);
	if (r == -ENOENT)
		return refuse(s, r, "the TPM has no counter yet; make it with quixote tpm init");
	return r < 0 ? refuse_tpm(s, r) : compare_counter(s, value);
}

/* Chains go on; the counter says which log is the newest. */
static int begin_log(struct store *s, uint64_t resets)
{
	struct tsem_anchor_begin begin = { .file = next_file(s),
					   .reset = resets,
					   .time_usec = now_usec() };
	struct tsem_anchor_log old = s->log;
	const uint64_t number = old.records ? number_of_newest(s) : 0;
	const bool counted = s->settings->counter != 0;
	uint64_t counter = 0;
	int r = tpm_read_register(s->tpm, s->settings->pcr, begin.start);

	if (r == 0 && counted)
		r = tpm_counter_read(s->tpm, s->settings->counter, &counter);
	if (r < 0)
		return refuse_tpm(s, r);
	memcpy(begin.boot, s->boot, sizeof(begin.boot));
	begin.counter = counted ? counter + 1 : 0;
	r = tsem_anchor_log_init(&s->log, s->settings->pcr);
	if (r == 0)
		r = tsem_anchor_log_begin(&s->log, &begin, &old, s->line);
	tsem_anchor_log_done(&old);
	if (r < 0)
		return refuse(s, r, "the log cannot be begun: %s", strerror(-r));
	r = replace_file(s, r, number);
	if (r == 0 && counted) {
		r = tpm_counter_increment(s->tpm, s->settings->counter);
		r = r < 0 ? refuse_tpm(s, r) : 0;
	}
	return r < 0 ? r : extend_register(s);
}

/*
 * The next file begins with all that the log has led to, so that nobody needs the one before to go
 * on. Whatever ends the anchor between two of these steps, the log is at most the first line of the
 * next file ahead of the register.
 */
static int rotate(struct store *s)
{
	const struct tsem_anchor_file file = next_file(s);
	const uint64_t number = number_of_newest(s);
	int r = tsem_anchor_log_checkpoint(&s->log, &file, s->line);

	if (r < 0)
		return refuse(s, r, "the log cannot be continued: %s", strerror(-r));
	r = replace_file(s, r, number);
	if (r == 0)
		r = extend_register(s);
	if (r == 0)
		prune(s);
	return r;
}

/* A first line that is long is worth as much of entries behind it. */
static bool is_long(const struct store *s)
{
	return s->size > s->settings->log_bytes && s->size > 2 * s->first_size;
}

/* The log is of this boot: equal to the register, or its last line ahead. */
static int continue_log(struct store *s)
{
	uint8_t value[TPM_HASH];
	int r = tpm_read_register(s->tpm, s->settings->pcr, value);

	if (r < 0)
		return refuse_tpm(s, r);
	if (memcmp(value, s->log.before, sizeof(value)) == 0)
		return extend_register(s);
	return check_register(s);
}

int store_begin(struct store *s, struct tpm *tpm, const struct tpm_error *error)
{
	uint64_t resets;
	int r;

	s->tpm = tpm;
	s->tpm_error = error;
	r = replay(s);
	if (r < 0)
		return r;
	r = check_counter(s);
	if (r < 0)
		return r;
	r = tpm_read_resets(tpm, &resets);
	if (r < 0)
		return refuse_tpm(s, r);
	if (s->log.records && s->log.begin.reset == resets)
		r = continue_log(s);
	else
		r = begin_log(s, resets);
	if (r == 0)
		prune(s);
	return r < 0 ? r : settle_indices(s);
}

int store_append(struct store *s, struct tsem_anchor_entry *entries, size_t count)
{
	int r = is_long(s) ? rotate(s) : 0;

	if (r < 0)
		return r;
	r = tsem_anchor_log_append(&s->log, entries, count, s->line);
	if (r < 0)
		return refuse(s, r, "the log cannot be continued: %s", strerror(-r));
	r = write_line(s, r);
	if (r == 0)
		r = extend_register(s);
	return r < 0 ? r : settle_indices(s);
}
