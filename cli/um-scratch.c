// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * um-scratch.c - chooses the directory for the memory of User-Mode Linux. Tried, not
 * guessed: Docker's /dev/shm has 64 MB and forbids execution, and looks like any other.
 */
#include "um-scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"

#define MARGIN_MB 32	/* for everyone else who uses the directory */

/* Whether a file there can be mapped for execution. */
static bool allows_execution(const char *directory)
{
	char path[4096];
	void *page;
	_cleanup_(close_fdp) int fd = -EBADF;

	if (snprintf(path, sizeof(path), "%s/quixote-XXXXXX", directory) >= (int)sizeof(path))
		return false;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return false;
	(void)unlink(path);
	if (ftruncate(fd, 4096) < 0)
		return false;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return false;
	(void)munmap(page, 4096);
	return true;
}

static unsigned int free_mb(const char *directory)
{
	struct statvfs stat;
	unsigned long long mb;

	if (statvfs(directory, &stat) < 0)
		return 0;
	mb = (unsigned long long)stat.f_bavail * stat.f_frsize >> 20;
	if (mb <= MARGIN_MB)
		return 0;
	return mb - MARGIN_MB > 1u << 20 ? 1u << 20 : (unsigned int)(mb - MARGIN_MB);
}

int um_scratch_choose(unsigned int want_mb, char *ret, size_t size, unsigned int *ret_mb)
{
	const char *candidates[] = {
		getenv("TMPDIR"), "/dev/shm", getenv("XDG_RUNTIME_DIR"), "/tmp", "/var/tmp",
	};
	const char *best = NULL;
	unsigned int best_mb = 0;

	for (size_t i = 0; i < ARRAY_SIZE(candidates) && best_mb < want_mb; i++) {
		unsigned int mb = candidates[i] ? free_mb(candidates[i]) : 0;

		if (mb <= best_mb || !allows_execution(candidates[i]))
			continue;
		best = candidates[i];
		best_mb = mb < want_mb ? mb : want_mb;
	}
	if (best_mb < UM_MEMORY_MIN_MB)
		return -ENOSPC;
	if (strlen(best) >= size)
		return -ENAMETOOLONG;
	strcpy(ret, best);
	*ret_mb = best_mb;
	return 0;
}
