// SPDX-License-Identifier: LGPL-2.1-or-later
/* seen.c - see seen.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "seen.h"

#define HEAD_BEGIN "{\"format\":\"quixote-seen-1\",\"key\":\""
#define HEAD_MIDDLE "\",\"made\":"
#define HEAD_BELIEVED ",\"believed\":"
#define HEAD_END "}\n"

/* Both lines. */
#define FILE_BYTES (TSEM_ANCHOR_LINE_BYTES + 256u)

static int refuse(struct text *why, int r, const char *text)
{
	text_add_string(why, text);
	return r;
}

static int refuse_file(const struct seen *s, struct text *why, int r, const char *text)
{
	text_add_shown(why, s->path, strlen(s->path));
	text_format(why, ": %s", text);
	return r;
}

/* The file itself is replaced whenever it is written: a lock on it would be on one of before. */
int seen_lock(struct seen *s, struct text *why)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s.lock", s->path) < 0) {
		path = NULL;
		return refuse_file(s, why, -ENOMEM, strerror(ENOMEM));
	}
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (s->lock < 0)
		return refuse_file(s, why, -errno, strerror(errno));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return refuse_file(s, why, -errno, strerror(errno));
	return refuse_file(s, why, -EBUSY,
			   "another quixote verify uses it; type it again when that has ended");
}

static int hash_key(EVP_PKEY *ak, uint8_t ret[TSEM_ANCHOR_HASH])
{
	uint8_t *der = NULL;
	int size = i2d_PUBKEY(ak, &der);

	if (size <= 0)
		return -ENOMEM;
	(void)SHA256(der, size, ret);
	OPENSSL_free(der);
	return 0;
}

static int read_whole(const char *path, struct text *ret)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : text_read(fd, FILE_BYTES, ret);
}

/* It is there only if there is something to tell. */
static int take_believed(struct tsem_cursor *c, uint64_t *ret)
{
	*ret = 0;
	if (tsem_take(c, HEAD_BELIEVED) < 0)
		return 0;
	return tsem_take_number(c, ret) < 0 || !*ret ? -EBADMSG : 0;
}

/* Nothing else has this spelling. */
static int parse(struct seen *s, const struct text *t, uint8_t key[TSEM_ANCHOR_HASH])
{
	struct tsem_cursor c = { t->data, t->data + t->size };

	if (!t->size || c.end[-1] != '\n' || tsem_take(&c, HEAD_BEGIN) < 0 ||
	    tsem_take_hex(&c, key, TSEM_ANCHOR_HASH) < 0 || tsem_take(&c, HEAD_MIDDLE) < 0 ||
	    tsem_take_number(&c, &s->made_usec) < 0 || take_believed(&c, &s->believed) < 0 ||
	    tsem_take(&c, HEAD_END) < 0 || c.at == c.end)
		return -EBADMSG;
	return tsem_anchor_log_replay(&s->log, c.at, c.end - 1 - c.at) == 0 &&
			       s->log.first > s->believed
		       ? 0
		       : -EBADMSG;
}

int seen_read(struct seen *ret, EVP_PKEY *ak, unsigned int pcr, struct text *why)
{
	uint8_t key[TSEM_ANCHOR_HASH];
	struct text t = TEXT_EMPTY;
	int r = tsem_anchor_log_init(&ret->log, pcr);

	if (r == 0)
		r = hash_key(ak, ret->key);
	if (r < 0)
		return refuse_file(ret, why, r, strerror(-r));
	r = read_whole(ret->path, &t);
	if (r == 0 && parse(ret, &t, key) < 0)
		r = refuse_file(ret, why, -EBADMSG, "it is not what quixote verify --state writes");
	else if (r == 0 && memcmp(key, ret->key, sizeof(key)) != 0)
		r = refuse_file(ret, why, -EKEYREJECTED, "it is about another machine");
	else if (r < 0 && r != -ENOENT)
		(void)refuse_file(ret, why, r, strerror(-r));
	ret->known = r == 0;
	text_done(&t);
	return r == -ENOENT ? 0 : r;
}

/* How many records were seen. */
static uint64_t seen_records(const struct seen *s)
{
	return s->log.first;
}

static bool is_same_boot(const struct seen *s, const struct tsem_anchor_log *log)
{
	return log->begin.reset == s->log.begin.reset;
}

/* Those that a boot begins with, or a checkpoint of it has, are not before those that were seen. */
static int compare_chains(const struct seen *s, const struct tsem_anchor_log *log, struct text *why)
{
	for (size_t i = 0; i < s->log.chain_count; i++) {
		const struct tsem_anchor_chain *old = &s->log.chains[i];
		const struct tsem_anchor_chain *now = tsem_anchor_log_find(log, old->workload);

		if (now && now->number > old->number)
			continue;
		if (now && now->number == old->number &&
		    memcmp(now->head, old->head, sizeof(old->head)) == 0)
			continue;
		text_format(why,
			    "the chain of %s does not go on from its entry %" PRIu64
			    ", which was seen: it was begun anew, or is another",
			    old->workload, old->number);
		return -EKEYREJECTED;
	}
	return 0;
}

static int look_at_boot(const struct seen *s, const struct tsem_anchor_log *log, struct text *why)
{
	if (log->begin.reset < s->log.begin.reset)
		return refuse(why, -EKEYREJECTED,
			      "it is older than what was seen: of an earlier boot");
	if (s->log.begin.counter && log->begin.counter <= s->log.begin.counter)
		return refuse(why, -EKEYREJECTED,
			      "its log does not count on from the boot that was seen");
	return compare_chains(s, log, why);
}

static int refuse_gap(const struct seen *s, const struct tsem_anchor_log *log, struct text *why)
{
	text_format(why,
		    "the records %" PRIu64 " to %" PRIu64
		    " are missing after what was seen: have it made with --from=%" PRIu64
		    ", or give them by --log=",
		    seen_records(s), log->first - 1, seen_records(s));
	return -EKEYREJECTED;
}

/* The register has gone the same way, or this is not the log that was seen. */
static int meet(struct seen *s, const struct tsem_anchor_log *log, const uint8_t *value,
		struct text *why)
{
	if (memcmp(value, s->log.before, TSEM_ANCHOR_HASH) != 0 ||
	    !tsem_anchor_log_same_chains(log, &s->log))
		return refuse(why, -EKEYREJECTED, "its log is another than the one that was seen");
	s->met = true;
	return 0;
}

int seen_look(struct seen *s, const struct tsem_anchor_log *log, struct text *why)
{
	if (!s->known || s->met)
		return 0;
	if (!is_same_boot(s, log))
		return log->lines == 1 ? look_at_boot(s, log, why) : 0;
	if (log->first > seen_records(s))
		return refuse_gap(s, log, why);
	/* Its first line may be the checkpoint behind just these records. */
	if (log->first == seen_records(s))
		return meet(s, log, log->before, why);
	return log->records == seen_records(s) ? meet(s, log, log->value, why) : 0;
}

int seen_end(const struct seen *s, const struct tsem_anchor_log *log, struct text *why)
{
	if (!s->known || s->met || !is_same_boot(s, log))
		return 0;
	text_format(why,
		    "it is older than what was seen: it has %" PRIu64 " records, and %" PRIu64
		    " were seen",
		    log->records, seen_records(s));
	return -EKEYREJECTED;
}

static int write_file(const char *path, const struct text *t)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, t->data, t->size);
	int r = n < 0 ? -errno : (size_t)n == t->size ? 0 : -ENOSPC;

	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	(void)close_fd(fd);
	return r;
}

int seen_write(const struct seen *s, uint64_t made_usec, uint64_t believed,
	       struct tsem_anchor_log *log, struct text *why)
{
	const struct tsem_anchor_file file = { .serial = log->begin.file.serial + 1,
					       .pruned = log->begin.file.pruned,
					       .time_usec = made_usec };
	_cleanup_(freep) char *line = malloc(TSEM_ANCHOR_LINE_BYTES), *path = NULL;
	char key[2 * TSEM_ANCHOR_HASH + 1];
	struct text t = TEXT_EMPTY;
	int r = line ? tsem_anchor_log_checkpoint(log, &file, line) : -ENOMEM;

	tsem_anchor_hex(s->key, sizeof(s->key), key);
	text_format(&t, HEAD_BEGIN "%s" HEAD_MIDDLE "%" PRIu64, key, made_usec);
	if (believed)
		text_format(&t, HEAD_BELIEVED "%" PRIu64, believed);
	text_add_string(&t, HEAD_END);
	if (r > 0) {
		text_add(&t, line, r);
		text_add_string(&t, "\n");
		r = asprintf(&path, "%s.new", s->path);
	}
	if (r < 0 || t.failed) {
		path = NULL;
		r = -ENOMEM;
	} else {
		r = write_file(path, &t);
	}
	if (r == 0 && rename(path, s->path) < 0)
		r = -errno;
	text_done(&t);
	return r < 0 ? refuse_file(s, why, r, strerror(-r)) : 0;
}

void seen_done(struct seen *s)
{
	tsem_anchor_log_done(&s->log);
	s->lock = close_fd(s->lock);
}
