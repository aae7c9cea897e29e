// SPDX-License-Identifier: LGPL-2.1-or-later
/* trust.c - see trust.h. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "refuse.h"
#include "trust.h"

int tsem_trust_prepare(void)
{
	/* RFC 8032, section 7.1, the first example: the signature of nothing. */
	static const struct tsem_public_key key = {
		.bytes = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
			   0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
			   0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a },
	};
	static const uint8_t signature[TSEM_SIGNATURE_BYTES] = {
		0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80,
		0x6e, 0x82, 0x8a, 0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73,
		0xe0, 0x65, 0x22, 0x49, 0x01, 0x55, 0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b,
		0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b, 0xd2, 0x5b, 0xf5, 0xf0,
		0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b,
	};

	json_object_seed(0); /* opens a file of random numbers */
	return tsem_public_key_verifies(&key, "", 0, signature) ? 0 : -ENOTSUP;
}

/* The whole file, if it is not longer than @room - 1. */
static ssize_t read_file(int fd, char *data, size_t room)
{
	size_t used = 0;

	while (used < room) {
		ssize_t n = pread(fd, data + used, room - used, (off_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)used;
		used += n;
	}
	return -E2BIG;
}

static int read_keyring(struct tsem_trust *trust, int fd, struct tsem_model_error *error)
{
	char data[TSEM_KEYRING_BYTES + 1];
	struct tsem_model_error why = { .line = 0 };
	ssize_t size = read_file(fd, data, sizeof(data));
	int r;

	if (size < 0)
		return tsem_refuse(error, -EKEYREJECTED, "the keys cannot be read: %s",
				   strerror((int)-size));
	r = tsem_keyring_parse(data, size, &trust->keyring, &why);
	if (r < 0)
		return tsem_refuse(error, r == -ENOMEM ? r : -EKEYREJECTED, "%.200s", why.text);
	if (!trust->keyring.count)
		return tsem_refuse(error, -EKEYREJECTED, "there is no key that may sign");
	return 0;
}

static int read_envelope(struct tsem_trust *trust, int fd, struct tsem_model_error *error)
{
	char data[TSEM_ENVELOPE_BYTES + 1];
	struct tsem_model_error why = { .line = 0 };
	ssize_t size = read_file(fd, data, sizeof(data));
	int r;

	if (size < 0)
		return tsem_refuse(error, -EKEYREJECTED, "the signature cannot be read: %s",
				   strerror((int)-size));
	r = tsem_envelope_parse(data, size, &trust->envelope, &why);
	return r < 0 ? tsem_refuse(error, r == -ENOMEM ? r : -EKEYREJECTED, "the signature: %.200s",
				   why.text)
		     : 0;
}

static int check_signers(struct tsem_trust *trust, unsigned int threshold,
			 struct tsem_model_error *error)
{
	tsem_envelope_verify(&trust->envelope, &trust->keyring, &trust->signers);
	if (trust->signers.count >= threshold && trust->signers.count)
		return 0;
	return tsem_refuse(error, -EKEYREJECTED,
			   "of its %zu signature%s %zu %s good and by a key that may sign, and %u "
			   "must be",
			   trust->envelope.signature_count,
			   trust->envelope.signature_count == 1 ? "" : "s", trust->signers.count,
			   trust->signers.count == 1 ? "is" : "are", threshold);
}

int tsem_trust_read(struct tsem_trust *trust, const struct tsem_trust_params *params,
		    struct tsem_model_error *error)
{
	struct tsem_model_error why = { .line = 0 };
	int r;

	(void)((r = read_keyring(trust, params->fd_keyring, error)) ||
	       (r = read_envelope(trust, params->fd_envelope, error)) ||
	       (r = check_signers(trust, params->threshold, error)));
	if (r < 0)
		return r;
	r = tsem_statement_parse(&trust->envelope, &trust->statement, &why);
	if (r < 0)
		return tsem_refuse(error, -EKEYREJECTED, "%.200s", why.text);
	if (params->name && strcmp(params->name, trust->statement.name))
		return tsem_refuse(error, -EKEYREJECTED,
				   "it was signed for the workload %s, not for %.64s",
				   trust->statement.name, params->name);
	return 0;
}

int tsem_trust_read_model(const struct tsem_trust *trust, const struct tsem_model_source *source,
			  struct tsem_model_error *error, struct tsem_model **ret)
{
	const struct tsem_model_source measured = { source->fd, source->hasher, trust->measure };
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	struct tsem_statement about;
	uint8_t sha256[TSEM_DIGEST_MAX];
	int r;

	trust->measure->ops->init(trust->measure->ctx);
	r = tsem_model_read_from(&measured, error, &model);
	if (r < 0)
		return r;
	trust->measure->ops->final(trust->measure->ctx, sha256);
	tsem_statement_about(model, sha256, &about);
	r = tsem_statement_agrees(&trust->statement, &about, error);
	if (r == 0)
		*ret = TAKE_PTR(model);
	return r;
}
