// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * creator - creates a file and executes itself COUNT times, so that each file has
 * another creator. Statically linked: there is nothing to be looked at but itself.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	int count = argc == 2 ? atoi(argv[1]) : 0;
	char name[32], next[32];

	snprintf(name, sizeof(name), "file-%d", count);
	if (open(name, O_CREAT | O_CLOEXEC | O_WRONLY, 0600) < 0)
		return 1;
	if (count == 0)
		return 0;
	snprintf(next, sizeof(next), "%d", count - 1);
	execl("/proc/self/exe", argv[0], next, (char *) NULL);
	return 2;
}
