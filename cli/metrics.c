// SPDX-License-Identifier: LGPL-2.1-or-later
/* metrics.c - quixote metrics: what running workloads count, in the text format of OpenMetrics. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "running.h"
#include "text.h"

static const char help[] =
	"usage: quixote metrics [OPTION]...\n"
	"\n"
	"Prints what the workloads that run count, in the text format of OpenMetrics.\n"
	"\n"
	"      --textfile=FILE  into FILE, which is replaced as a whole: for node_exporter\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "textfile", required_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct metric - A metric; every sample has the workload as a label.
 * @type: Of OpenMetrics; counters have the suffix _total.
 * @value: Of the status.
 * @scale: What it is divided by.
 */
struct metric {
	const char *name;
	const char *type;
	const char *help;
	const char *value;
	double scale;
};

static const struct metric metrics[] = {
	{ "quixote_events", "counter", "Events judged.", "events", 1 },
	{ "quixote_events_new", "counter", "Events that were new and learned.", "new", 1 },
	{ "quixote_events_outside", "counter", "Events outside the model.", "outside", 1 },
	{ "quixote_events_expired", "counter", "Events without verdict at their deadline.",
	  "kernel.expired", 1 },
	{ "quixote_events_dropped", "counter", "Events that the kernel had no room for.",
	  "kernel.dropped", 1 },
	{ "quixote_points", "gauge", "Coefficients of the model.", "points", 1 },
	{ "quixote_members", "gauge", "Tasks in the namespace.", "kernel.members", 1 },
	{ "quixote_waiting", "gauge", "Tasks that wait for a verdict.", "kernel.waiting", 1 },
	{ "quixote_uptime_seconds", "gauge", "How long the workload runs.", "uptime_usec", 1e6 },
	{ "quixote_forensics_lost", "counter", "Refusals that were not recorded.", "lost.forensics",
	  1 },
	{ "quixote_trajectory_lost", "counter", "Events that were not recorded.", "lost.trajectory",
	  1 },
	{ "quixote_journal_lost", "counter", "Refusals that the journal did not take.",
	  "lost.journal", 1 },
	{ "quixote_clients_refused", "counter",
	  "Connections of other users to the management socket.", "lost.clients_refused", 1 },
	{ "quixote_clients_dropped", "counter",
	  "Clients of the management socket that were dropped.", "lost.clients_dropped", 1 },
};

#define LATENCY "quixote_verdict_seconds"

static void add_label(struct text *t, const struct running *running)
{
	/* A name has no character that would need an escape. */
	text_format(t, "{workload=\"%s\",mode=\"", running->name);
	text_add_shown(t, running_text(running, "mode"),
		       strnlen(running_text(running, "mode"), 16));
	text_add_string(t, "\"");
}

static void add_sample(struct text *t, const struct metric *metric, const struct running *running)
{
	uint64_t value = running_number(running, metric->value);

	text_format(t, "%s%s", metric->name, strcmp(metric->type, "counter") ? "" : "_total");
	add_label(t, running);
	if (metric->scale > 1)
		text_format(t, "} %.6f\n", (double)value / metric->scale);
	else
		text_format(t, "} %llu\n", (unsigned long long)value);
}

static void add_latency(struct text *t, const struct running *running)
{
	static const struct {
		const char *quantile, *value;
	} quantiles[] = {
		{ "0.5", "latency.p50_nsec" },
		{ "0.99", "latency.p99_nsec" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++) {
		text_add_string(t, LATENCY);
		add_label(t, running);
		text_format(t, ",quantile=\"%s\"} %.9f\n", quantiles[i].quantile,
			    (double)running_number(running, quantiles[i].value) / 1e9);
	}
	text_add_string(t, LATENCY "_sum");
	add_label(t, running);
	text_format(t, "} %.9f\n", (double)running_number(running, "latency.sum_nsec") / 1e9);
	text_add_string(t, LATENCY "_count");
	add_label(t, running);
	text_format(t, "} %llu\n", (unsigned long long)running_number(running, "latency.count"));
}

static void add_head(struct text *t, const char *name, const char *type, const char *what)
{
	text_format(t, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, what);
}

/* Two users may run one name: the first of them is told, as a sample must not come twice. */
static bool is_told(const struct running_list *list, size_t i)
{
	return !list->list[i].fault &&
	       (i == 0 || strcmp(list->list[i].name, list->list[i - 1].name) != 0);
}

static void add_all(struct text *t, const struct running_list *list)
{
	for (size_t m = 0; m < ARRAY_SIZE(metrics); m++) {
		add_head(t, metrics[m].name, metrics[m].type, metrics[m].help);
		for (size_t i = 0; i < list->count; i++) {
			if (is_told(list, i))
				add_sample(t, &metrics[m], &list->list[i]);
		}
	}
	add_head(t, LATENCY, "summary", "What the modelling agent adds to an event.");
	for (size_t i = 0; i < list->count; i++) {
		if (is_told(list, i))
			add_latency(t, &list->list[i]);
	}
	text_add_string(t, "# EOF\n");
}

static int write_all(const char *path, const struct text *t)
{
	_cleanup_(close_fdp) int fd = mkostemp((char *)path, O_CLOEXEC);
	const char *data = text_get(t);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < t->size) {
		ssize_t n = write(fd, data + done, t->size - done);

		if (n < 0)
			return -errno;
		done += n;
	}
	/* Whoever collects it is another user. */
	return fchmod(fd, 0644) < 0 ? -errno : 0;
}

/* A reader finds the old one or the new one; it ends in .XXXXXX while it is neither. */
static int replace(const char *path, const struct text *t)
{
	_cleanup_(freep) char *temporary = NULL;
	int r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	r = write_all(temporary, t);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary); /* it may not even be there */
	return r;
}

static int put(const struct text *t, const char *path)
{
	int r;

	if (t->failed)
		r = -ENOMEM;
	else if (path)
		r = replace(path, t);
	else
		r = fwrite(text_get(t), 1, t->size, stdout) != t->size || fflush(stdout) ? -errno
											 : 0;
	if (r == 0)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "quixote: %s: %s\n", path ?: "standard output", strerror(-r));
	return EXIT_LOST;
}

int metrics_main(int argc, char *argv[])
{
	_cleanup_(running_done) struct running_list list = {};
	_cleanup_(text_done) struct text t = TEXT_EMPTY;
	const char *path = NULL;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		if (option != 't')
			return option_error(argv, option);
		path = optarg;
	}
	if (optind != argc)
		return command_line_error(argv[0], "what is \"%s\"?", argv[optind]);
	if (running_find(&list) < 0)
		t.failed = true;
	add_all(&t, &list);
	running_warn(&list);
	return put(&t, path);
}
