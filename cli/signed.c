// SPDX-License-Identifier: LGPL-2.1-or-later
/* signed.c - see signed.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/accepted.h"
#include "../orchestrator/keys.h"
#include "signed.h"
#include "state.h"

static int refuse(struct text *why, int r, const char *path, const char *what)
{
	text_add_shown(why, path, strlen(path));
	text_format(why, ": %s", what);
	return r;
}

static int open_envelope(const char *model, struct text *why)
{
	_cleanup_(freep) char *path = NULL;
	int fd;

	if (asprintf(&path, "%s" SIGNED_SUFFIX, model) < 0) {
		path = NULL;
		return refuse(why, -ENOMEM, model, strerror(ENOMEM));
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? refuse(why, -errno, path, strerror(errno)) : fd;
}

static int read_trust(const struct signed_params *p, struct tsem_trust *trust, struct text *why)
{
	_cleanup_(close_fdp) int keyring = -EBADF, envelope = -EBADF;
	struct tsem_trust_params params = { .threshold = p->threshold, .name = p->name };
	char detail[KEYS_DETAIL_BYTES];
	struct tsem_model_error error;
	int r;

	envelope = open_envelope(p->model, why);
	if (envelope < 0)
		return envelope;
	keyring = keys_open(p->keys, getuid(), detail);
	if (keyring == -EPERM)
		return refuse(why, keyring, detail, "others may write it");
	if (keyring < 0)
		return refuse(why, keyring, detail, strerror(-keyring));
	params.fd_envelope = envelope;
	params.fd_keyring = keyring;
	r = tsem_trust_read(trust, &params, &error);
	return r < 0 ? refuse(why, r, p->model, error.text) : 0;
}

/* What the orchestrator will look at, if it runs as the same user. */
static int check_version(const struct signed_params *p, const struct tsem_trust *trust,
			 struct text *why)
{
	_cleanup_(freep) char *path = p->name ? state_directory(p->name) : NULL;
	_cleanup_(close_fdp) int dir = -EBADF;
	uint64_t accepted = 0;
	int r = 0;

	if (!path)
		return 0;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		r = accepted_read(dir, &accepted);
	if (r < 0)
		return refuse(why, r, path, "the version that was accepted last cannot be read");
	if (trust->statement.version >= accepted)
		return 0;
	text_add_shown(why, p->model, strlen(p->model));
	text_format(why, ": it is version %llu, and version %llu was accepted before",
		    (unsigned long long)trust->statement.version, (unsigned long long)accepted);
	return -ESTALE;
}

static int read_model(const char *path, const struct tsem_trust *trust, struct opened *ret,
		      struct tsem_model_error *error)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct tsem_model_source source = { .fd = fd };

	error->line = 0;
	if (fd < 0) {
		(void)snprintf(error->text, sizeof(error->text), "%s", strerror(errno));
		return -errno;
	}
	if (tsem_hasher_new(trust->statement.digest, &ret->hasher) < 0) {
		(void)snprintf(error->text, sizeof(error->text), "its hash function is unknown");
		return -EPROTONOSUPPORT;
	}
	source.hasher = ret->hasher;
	return tsem_trust_read_model(trust, &source, error, &ret->model);
}

int signed_read(const struct signed_params *p, struct text *why, struct signed_model *ret)
{
	struct tsem_model_error error;
	int r;

	*ret = (struct signed_model){ .opened = { NULL, NULL } };
	if (tsem_hasher_new("sha256", &ret->trust.measure) < 0)
		return refuse(why, -ENOMEM, p->model, strerror(ENOMEM));
	r = read_trust(p, &ret->trust, why);
	if (r == 0)
		r = check_version(p, &ret->trust, why);
	if (r < 0)
		return r;
	r = read_model(p->model, &ret->trust, &ret->opened, &error);
	if (r < 0 && error.line)
		text_format(why, "%s:%u: %s", p->model, error.line, error.text);
	else if (r < 0)
		return refuse(why, r, p->model, error.text);
	return r;
}

void signed_done(struct signed_model *model)
{
	opened_done(&model->opened);
	model->trust.measure = tsem_hasher_free(model->trust.measure);
}

void signed_tell(const struct signed_model *model, struct text *t)
{
	const struct tsem_statement *s = &model->trust.statement;

	text_add_string(t, "signed by ");
	for (size_t i = 0; i < model->trust.signers.count; i++)
		text_format(t, "%s%s", i ? ", " : "", model->trust.signers.keys[i]->name);
	text_format(t, "; version %llu", (unsigned long long)s->version);
	if (s->source[0])
		text_format(t, ", source %s", s->source);
}

int signed_measure(const char *path, struct opened *ret_model, struct tsem_statement *ret,
		   struct tsem_model_error *error)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(tsem_hasher_freep) struct tsem_hasher *measure = NULL;
	uint8_t sha256[TSEM_DIGEST_MAX];
	int r = fd < 0 ? -errno : tsem_hasher_new("sha256", &measure);

	error->line = 0;
	if (r < 0) {
		(void)snprintf(error->text, sizeof(error->text), "%s", strerror(-r));
		return r;
	}
	measure->ops->init(measure->ctx);
	r = open_model_measured(fd, measure, ret_model, error);
	if (r < 0)
		return r;
	measure->ops->final(measure->ctx, sha256);
	tsem_statement_about(ret_model->model, sha256, ret);
	return 0;
}
