// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * channel.c - the kernel's files, see channel.h. Builds commands and reads
 * numbers; never looks at the text of a record, never logs.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel.h"
#include "cleanup.h"

/* The status file is one page at most. */
#define STATUS_SIZE_MAX 4096

static int connect_file(int dir, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(close_fdp) int fd = -EBADF;
	int n;

	/* Through the directory's descriptor: the address is short whatever the path is. */
	n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int open_file(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		return fd;
	return errno == ENXIO ? connect_file(dir, name) : -errno;
}

int tsem_channel_open(const char *path, struct tsem_channel *ret)
{
	_cleanup_(close_fdp) int dir = -EBADF;
	int control;

	dir = open(path ?: TSEM_CHANNEL_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	control = open_file(dir, "control", O_RDWR);
	if (control < 0)
		return control;

	*ret = (struct tsem_channel){ .dir = TAKE_FD(dir), .control = control };
	return 0;
}

void tsem_channel_close(struct tsem_channel *channel)
{
	channel->control = close_fd(channel->control);
	channel->dir = close_fd(channel->dir);
}

int tsem_channel_command(const struct tsem_channel *channel, const char *format, ...)
{
	char line[TSEM_COMMAND_MAX + 1];
	va_list arguments;
	ssize_t written;
	int n;

	va_start(arguments, format);
	n = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (n < 0)
		return -EINVAL;
	if (n >= TSEM_COMMAND_MAX)
		return -E2BIG;
	if (strchr(line, '\n'))
		return -EINVAL;

	line[n++] = '\n';
	written = write(channel->control, line, n);
	if (written < 0)
		return -errno;
	return written == n ? 0 : -EIO;
}

/* Exactly decimal digits, no sign, no leading zero, no overflow. */
static int parse_number(const char *text, size_t size, uint64_t *ret)
{
	uint64_t number = 0;

	if (!size || (size > 1 && text[0] == '0'))
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EBADMSG;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, text[i] - '0', &number))
			return -EBADMSG;
	}
	*ret = number;
	return 0;
}

static int read_id(int control, uint64_t *ret)
{
	static const char prefix[] = "id ";
	const size_t skip = sizeof(prefix) - 1;
	char text[32];
	ssize_t n;

	/* At position 0 without moving it: the kernel takes commands there only. */
	n = pread(control, text, sizeof(text), 0);
	if (n < 0 && errno == ESPIPE)
		n = read(control, text, sizeof(text));
	if (n < 0)
		return -errno;
	if ((size_t)n < skip + 2 || memcmp(text, prefix, skip) != 0 || text[n - 1] != '\n')
		return -EPROTO;
	return parse_number(text + skip, n - skip - 1, ret) < 0 || !*ret ? -EPROTO : 0;
}

int tsem_channel_create(struct tsem_channel *channel, const char *arguments)
{
	uint64_t id = 0;
	int r;

	r = tsem_channel_command(channel, "create %s", arguments);
	if (r < 0)
		return r;
	r = read_id(channel->control, &id);
	if (r < 0)
		return r;
	channel->id = id;
	return 0;
}

int tsem_channel_arm(const struct tsem_channel *channel, int pidfd)
{
	return tsem_channel_command(channel, "arm pidfd=%d", pidfd);
}

static int open_numbered(const struct tsem_channel *channel, const char *suffix, int flags)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s/%llu%s",
		       channel->internal ? "internal_tma" : "external_tma",
		       (unsigned long long)channel->id, suffix); /* 64 bytes hold any number */
	return open_file(channel->dir, name, flags);
}

int tsem_channel_open_events(const struct tsem_channel *channel)
{
	_cleanup_(close_fdp) int fd = open_numbered(channel, "", O_RDWR);
	int flags;

	if (fd < 0)
		return TAKE_FD(fd);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int tsem_channel_open_counts(const struct tsem_channel *channel)
{
	return open_numbered(channel, ".counts", O_RDONLY);
}

int tsem_channel_open_status(const struct tsem_channel *channel)
{
	return open_numbered(channel, ".status", O_RDONLY);
}

static const struct {
	const char *key;
	size_t offset;
} status_keys[] = {
	{ "events", offsetof(struct tsem_status, events) },
	{ "waiting", offsetof(struct tsem_status, waiting) },
	{ "exported", offsetof(struct tsem_status, exported) },
	{ "remembered", offsetof(struct tsem_status, remembered) },
	{ "refused", offsetof(struct tsem_status, refused) },
	{ "dropped", offsetof(struct tsem_status, dropped) },
	{ "expired", offsetof(struct tsem_status, expired) },
	{ "unknown", offsetof(struct tsem_status, unknown) },
	{ "pool_low", offsetof(struct tsem_status, pool_low) },
	{ "points", offsetof(struct tsem_status, points) },
	{ "forensics", offsetof(struct tsem_status, forensics) },
	{ "bytes", offsetof(struct tsem_status, bytes) },
	{ "members", offsetof(struct tsem_status, members) },
	{ "gone", offsetof(struct tsem_status, gone) },
	{ "entered", offsetof(struct tsem_status, entered) },
	{ "untold", offsetof(struct tsem_status, untold) },
};
_Static_assert(ARRAY_SIZE(status_keys) * sizeof(uint64_t) == sizeof(struct tsem_status),
	       "one row per member");

static int parse_status_line(const char *line, size_t size, unsigned int *seen,
			     struct tsem_status *status)
{
	const char *blank = memchr(line, ' ', size);
	size_t length;

	if (!blank || blank == line)
		return -EBADMSG;
	length = blank - line;
	for (size_t i = 0; i < ARRAY_SIZE(status_keys); i++) {
		uint64_t *number = (uint64_t *)((char *)status + status_keys[i].offset);

		if (strlen(status_keys[i].key) != length ||
		    memcmp(status_keys[i].key, line, length) != 0)
			continue;
		if (*seen & (1u << i))
			return -EBADMSG;
		*seen |= 1u << i;
		return parse_number(blank + 1, size - length - 1, number);
	}
	return 0;
}

int tsem_status_parse(const char *text, size_t size, struct tsem_status *ret)
{
	struct tsem_status status = {};
	unsigned int seen = 0;

	while (size) {
		const char *end = memchr(text, '\n', size);
		int r;

		if (!end)
			return -EBADMSG;
		r = parse_status_line(text, end - text, &seen, &status);
		if (r < 0)
			return r;
		size -= end + 1 - text;
		text = end + 1;
	}
	if (!seen)
		return -EBADMSG;
	*ret = status;
	return 0;
}

int tsem_status_read(int fd, struct tsem_status *ret)
{
	char text[STATUS_SIZE_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);

	if (n < 0)
		return -errno;
	return tsem_status_parse(text, n, ret);
}

static bool stands_for_itself(unsigned char byte)
{
	return byte > ' ' && byte != 0x7f && byte != ':' && byte != '\\';
}

int tsem_scratch_escape(const char *dir, char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (const unsigned char *byte = (const unsigned char *)dir; *byte; byte++) {
		bool plain = stands_for_itself(*byte);

		if (size - used <= (plain ? 1u : 4u))
			return -E2BIG;
		if (plain) {
			text[used++] = *byte;
			continue;
		}
		text[used++] = '\\';
		text[used++] = 'x';
		text[used++] = digits[*byte >> 4];
		text[used++] = digits[*byte & 0xf];
	}
	if (used >= size || used > INT_MAX)
		return -E2BIG;
	text[used] = '\0';
	return used;
}
