// SPDX-License-Identifier: LGPL-2.1-or-later
/* membership.c - see membership.h. The kernel tells each process the number of its namespace. */
#include "membership.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "text.h"

#define ID "/sys/kernel/security/tsem/id"

/* 0: of none; else a text of digits and a line feed. */
static int read_id(char *text, size_t size)
{
	_cleanup_(close_fdp) int fd = open(ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* systemd executes it then, which is in no namespace. */
static void tell_way(char *const argv[])
{
	_cleanup_(text_done) struct text words = TEXT_EMPTY;

	for (size_t i = 0; argv[i]; i++) {
		text_add_string(&words, " ");
		text_add_word(&words, argv[i]);
	}
	(void)fprintf(stderr,
		      ", and would end itself before it is done; nothing was changed; type it where nothing is modelled, as at the console, "
		      "or: systemd-run --collect --wait quixote%s\n",
		      text_get(&words));
}

int membership_check(char *const argv[])
{
	char id[32];
	int r = read_id(id, sizeof(id));

	/* Who may not ask is no root, and so may change nothing either: that is said elsewhere. */
	if (r == -ENOENT || (r == -EACCES && geteuid() != 0) || (r == 0 && !strcmp(id, "0")))
		return 0;
	if (r == 0)
		(void)fprintf(stderr, "quixote: this was typed inside a workload (namespace %s)", id);
	else /* refused by its model, for a lack of CAP_MAC_ADMIN, or of a sealed namespace */
		(void)fprintf(stderr,
			      "quixote: this may have been typed inside a workload (%s: %s)", ID,
			      strerror(-r));
	tell_way(argv);
	return EXIT_LOST;
}
