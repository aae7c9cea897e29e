// SPDX-License-Identifier: LGPL-2.1-or-later
/* packages.c - see packages.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "packages.h"

#define DPKG "/var/lib/dpkg"
#define SUFFIX ".md5sums"

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct package_file *)a)->path,
		      ((const struct package_file *)b)->path);
}

static void file_free(void *node)
{
	struct package_file *file = node;

	free(file->path);
	free(file->package);
	free(file);
}

/*
 * Packages of before the merge of /usr name /bin/sh what the kernel names /usr/bin/sh:
 * both are one here.
 */
static const char *merged(const char *path)
{
	static const char *const directories[] = { "bin/",   "sbin/",  "lib/",
						   "lib32/", "lib64/", "libx32/" };

	path += *path == '/';
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		if (!strncmp(path, "usr/", 4) &&
		    !strncmp(path + 4, directories[i], strlen(directories[i])))
			return path + 4;
	}
	return path;
}

/* No link leads out of the root directory. */
static int open_below(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_IN_ROOT,
	};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int add_file(struct packages *p, const char *package, const char *path, const char *md5)
{
	struct package_file *file = calloc(1, sizeof(*file)), **found;

	if (!file)
		return -ENOMEM;
	file->path = strdup(merged(path));
	file->package = strdup(package);
	memcpy(file->md5, md5, PACKAGES_MD5_SIZE - 1);
	found = file->path && file->package ? tsearch(file, &p->tree, compare) : NULL;
	if (!found || *found != file)
		file_free(file); /* the first one that has it */
	p->count += found && *found == file;
	return found ? 0 : -ENOMEM;
}

static bool is_md5(const char *text)
{
	return strspn(text, "0123456789abcdef") == PACKAGES_MD5_SIZE - 1;
}

/* Lines "MD5  usr/bin/true". What is none is passed over: such a file is of no package. */
static int read_sums(struct packages *p, const char *package, FILE *file)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;
	ssize_t size;
	int r = 0;

	while (r == 0 && (size = getline(&line, &room, file)) > 0) {
		if (line[size - 1] == '\n')
			line[size - 1] = '\0';
		if (is_md5(line) && !strncmp(line + PACKAGES_MD5_SIZE - 1, "  ", 2))
			r = add_file(p, package, line + PACKAGES_MD5_SIZE + 1, line);
	}
	return r;
}

/* Lines " /etc/file MD5" below "Conffiles:": they are in no list of sums. */
static int read_status(struct packages *p, FILE *file)
{
	_cleanup_(freep) char *line = NULL, *package = NULL;
	bool conffiles = false;
	size_t room = 0;
	ssize_t size;
	int r = 0;

	while (r == 0 && (size = getline(&line, &room, file)) > 0) {
		char *path, *md5;

		if (!strncmp(line, "Package: ", 9)) {
			free(package);
			package = strndup(line + 9, size - 10);
		}
		if (line[0] != ' ')
			conffiles = !strncmp(line, "Conffiles:", 10);
		if (!conffiles || line[0] != ' ' || !package)
			continue;
		path = line + 1;
		md5 = strchr(path, ' ');
		if (!md5 || !is_md5(md5 + 1))
			continue;
		*md5 = '\0';
		r = add_file(p, package, path, md5 + 1);
	}
	return r;
}

static int read_list(struct packages *p, int dir, const char *name)
{
	size_t size = strlen(name), suffix = strlen(SUFFIX);
	_cleanup_(freep) char *package = NULL;
	_cleanup_(fclosep) FILE *file = NULL;
	int fd;

	if (size <= suffix || strcmp(name + size - suffix, SUFFIX) != 0)
		return 0;
	package = strndup(name, size - suffix);
	if (!package)
		return -ENOMEM;
	package[strcspn(package, ":")] = '\0'; /* libc6:amd64 */
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	file = fd < 0 ? NULL : fdopen(fd, "re");
	return file ? read_sums(p, package, file) : -errno;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int read_lists(struct packages *p)
{
	int fd = open_below(p->root, DPKG "/info", O_RDONLY | O_DIRECTORY), r = 0;
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (fd < 0)
		return fd;
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		r = read_list(p, dirfd(dir), entry->d_name);
	return r;
}

int packages_read(const char *root, struct packages *ret)
{
	_cleanup_(packages_done) struct packages p = { .root = -EBADF };
	_cleanup_(fclosep) FILE *status = NULL;
	int fd, r;

	p.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.root < 0)
		return -errno;
	r = read_lists(&p);
	if (r < 0)
		return r;
	fd = open_below(p.root, DPKG "/status", O_RDONLY);
	status = fd < 0 ? NULL : fdopen(fd, "re");
	r = status ? read_status(&p, status) : 0; /* without it no conffile is of a package */
	if (r < 0)
		return r;
	*ret = p;
	p = (struct packages){ .root = -EBADF };
	return 0;
}

void packages_done(struct packages *p)
{
	tdestroy(p->tree, file_free);
	(void)close_fd(p->root);
	*p = (struct packages){ .root = -EBADF };
}

const struct package_file *packages_find(const struct packages *p, const char *path)
{
	const struct package_file key = { .path = (char *)merged(path) };
	struct package_file **found = tfind(&key, &p->tree, compare);

	return found ? *found : NULL;
}

static void mdp(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void print_hex(const uint8_t *bytes, unsigned int size, char *ret)
{
	for (unsigned int i = 0; i < size; i++)
		(void)sprintf(ret + 2 * i, "%02x", bytes[i]);
}

static int digest_file(int fd, struct tsem_hasher *hasher, EVP_MD_CTX *md5)
{
	_cleanup_(freep) char *buffer = malloc(1 << 16);
	ssize_t n;

	if (!buffer || EVP_DigestInit_ex(md5, EVP_md5(), NULL) != 1)
		return -ENOMEM;
	tsem_hash_init(hasher);
	while ((n = read(fd, buffer, 1 << 16)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		tsem_hash_update(hasher, buffer, n);
		if (EVP_DigestUpdate(md5, buffer, n) != 1)
			return -ENOMEM;
	}
	return 0;
}

int packages_digest(const struct packages *p, const char *path, struct tsem_hasher *hasher,
		    char ret[2 * TSEM_DIGEST_MAX + 1], char ret_md5[PACKAGES_MD5_SIZE])
{
	_cleanup_(close_fdp) int fd = open_below(p->root, path, O_RDONLY);
	_cleanup_(mdp) EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	uint8_t digest[TSEM_DIGEST_MAX], sum[EVP_MAX_MD_SIZE];
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (!md5)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = digest_file(fd, hasher, md5);
	if (r < 0)
		return r;
	tsem_hash_final(hasher, digest);
	if (EVP_DigestFinal_ex(md5, sum, NULL) != 1)
		return -ENOMEM;
	print_hex(digest, hasher->ops->size, ret);
	print_hex(sum, (PACKAGES_MD5_SIZE - 1) / 2, ret_md5);
	return 0;
}
