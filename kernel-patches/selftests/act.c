// SPDX-License-Identifier: GPL-2.0-only
/*
 * act.c - the workload of these tests: opens each file that it is told to. Its exit
 * status has bit N set if the file N could not be opened, and bit 7 if that was for
 * another reason than EPERM.
 */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		if (fd >= 0)
			close(fd);
		else
			status |= 1 << (i - 1) | (errno == EPERM ? 0 : 0x80);
	}
	return status;
}
