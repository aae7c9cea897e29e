/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * packages.h - which files of a system are those that its Debian packages brought,
 * by the dpkg database of a root directory; and the content of files there.
 */
#ifndef QUIXOTE_PACKAGES_H
#define QUIXOTE_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "../libtsem/hasher.h"

/** PACKAGES_MD5_SIZE - Hexadecimal, and its NUL. */
#define PACKAGES_MD5_SIZE 33

/** struct package_file - A file of a package; texts are owned. */
struct package_file {
	char *path; /* absolute; below /usr where that is merged */
	char *package;
	char md5[PACKAGES_MD5_SIZE];
};

/**
 * struct packages - The database of a root directory.
 * @root: Its descriptor.
 * @tree: Of struct package_file, by path.
 */
struct packages {
	int root;
	void *tree;
	size_t count;
};

/**
 * packages_read() - Read the database.
 * @root: Root directory.
 * @ret: To be ended by packages_done().
 * Return: 0; -ENOENT if there is none; -ENOMEM; an errno.
 */
int packages_read(const char *root, struct packages *ret);

void packages_done(struct packages *packages);

/** packages_find() - Return: the file, or NULL if no package brought it. */
const struct package_file *packages_find(const struct packages *packages, const char *path);

/**
 * packages_digest() - Look at the content of a file below the root directory.
 * @path: Absolute; links lead nowhere out of the root directory.
 * @hasher: Hash function of the model.
 * @ret: Its digest in hexadecimal.
 * @ret_md5: That of the database.
 *
 * Return: 0; -EINVAL if it is no regular file; an errno.
 */
int packages_digest(const struct packages *packages, const char *path, struct tsem_hasher *hasher,
		    char ret[2 * TSEM_DIGEST_MAX + 1], char ret_md5[PACKAGES_MD5_SIZE]);

#endif
