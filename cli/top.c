// SPDX-License-Identifier: LGPL-2.1-or-later
/* top.c - quixote top: the workloads that run, again and again. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "overview.h"

/* From the top left, what was there before is cleared line by line behind it. */
#define HOME "\033[H"
#define CLEAR_BELOW "\033[J"
#define ALTERNATE_SCREEN "\033[?1049h\033[?25l"
#define USUAL_SCREEN "\033[?25h\033[?1049l"

#define INTERVAL_USEC 1000000u
#define USEC_PER_MSEC 1000u

static const char help[] = "usage: quixote top [OPTION]...\n"
			   "\n"
			   "Shows the workloads that run, again every second, until q is pressed. "
			   "Where the output is\n"
			   "no terminal, one table after the other.\n"
			   "\n"
			   "      --interval=TIME  how long between two (1s)\n"
			   "      --count=N        end after so many\n"
			   "      --json           in JSON, one object a line\n"
			   "  -h, --help           this text\n";

static const struct option options[] = {
	{ "interval", required_argument, NULL, 'i' },
	{ "count", required_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct top - What is shown and how.
 * @count: 0: without end.
 * @screen: A terminal that is drawn again.
 * @keys: Its input was set to tell keys; @before is how it was.
 */
struct top {
	uint64_t interval_usec;
	unsigned long count;
	bool json;
	bool screen;
	bool keys;
	struct termios before;
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	ended = 1;
}

static void begin_screen(struct top *top)
{
	const struct sigaction action = { .sa_handler = on_end };
	struct termios keys;

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	top->keys = tcgetattr(STDIN_FILENO, &top->before) == 0;
	if (top->keys) {
		keys = top->before;
		keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		top->keys = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
	}
	(void)fputs(ALTERNATE_SCREEN, stdout);
}

static void end_screen(struct top *top)
{
	(void)fputs(USUAL_SCREEN, stdout);
	if (top->keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &top->before);
}

/* Whether it goes on. */
static bool wait_interval(const struct top *top)
{
	struct pollfd input = { .fd = top->keys ? STDIN_FILENO : -1, .events = POLLIN };
	char key;

	if (poll(&input, 1, (int)(top->interval_usec / USEC_PER_MSEC)) <= 0 || !input.revents)
		return !ended;
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q' && !ended;
}

static void print_time(const struct top *top)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32] = "";

	if (localtime_r(&now, &tm))
		(void)strftime(text, sizeof(text), "%H:%M:%S", &tm);
	(void)printf("%s%s  q: quit" CLEAR_BELOW "\n", HOME, text);
}

static int show_once(const struct top *top, bool first)
{
	_cleanup_(running_done) struct running_list list = {};

	if (running_find(&list) < 0)
		return -ENOMEM;
	if (top->screen)
		print_time(top);
	if (top->json)
		overview_json(&list);
	else
		overview_print(&list, top->screen || first);
	if (!top->screen)
		running_warn(&list);
	return fflush(stdout) ? -EIO : 0;
}

static int run(struct top *top)
{
	unsigned long done = 0;
	int r;

	top->screen = !top->json && isatty(STDOUT_FILENO);
	if (top->screen)
		begin_screen(top);
	do {
		r = show_once(top, !done);
		done++;
	} while (r == 0 && done != top->count && wait_interval(top));
	if (top->screen)
		end_screen(top);
	if (r == -ENOMEM)
		(void)fprintf(stderr, "quixote: %s\n", strerror(-r));
	return r < 0 ? EXIT_LOST : EXIT_SUCCESS;
}

static int take_option(struct top *top, char *argv[], int option)
{
	const char *wrong;
	char *end;

	switch (option) {
	case 'i':
		if (value_usec(optarg, &top->interval_usec, &wrong) < 0)
			return command_line_error(argv[0], "--interval=%s: %s", optarg, wrong);
		return 0;
	case 'n':
		errno = 0;
		top->count = strtoul(optarg, &end, 10);
		if (errno || *end || *optarg < '1' || *optarg > '9')
			return command_line_error(argv[0], "--count=%s: no number from 1 on",
						  optarg);
		return 0;
	case 'j':
		top->json = true;
		return 0;
	default:
		return option_error(argv, option);
	}
}

int top_main(int argc, char *argv[])
{
	struct top top = { .interval_usec = INTERVAL_USEC };
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		r = take_option(&top, argv, option);
		if (r)
			return r;
	}
	if (optind != argc)
		return command_line_error(argv[0], "what is \"%s\"?", argv[optind]);
	return run(&top);
}
