// SPDX-License-Identifier: LGPL-2.1-or-later
/* request.c - see request.h. Starts nothing and opens nothing but the user database. */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/channel.h"
#include "../libtsem/cleanup.h"
#include "../tma/anchor/feed.h"
#include "../tma/recorder.h"
#include "agent.h"
#include "environment.h"
#include "request.h"

/* No system gives anybody more. */
#define GROUPS_MAX 65536

/* Words of build_keeper(), and the end. */
#define KEEPER_ARGUMENTS 6

/* The TMA's own user where there is none made for it: "nobody" owns nothing either. */
#define TMA_USER "quixote-tma"
#define TMA_UID_OTHERWISE 65534

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static int append(char *text, size_t size, size_t *used, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int append(char *text, size_t size, size_t *used, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text + *used, size - *used, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= size - *used)
		return -E2BIG;
	*used += n;
	return 0;
}

static int append_scratch(struct request *q, size_t *used)
{
	char *const *dirs = q->config->scratch;
	int r;

	if (!dirs)
		return 0; /* the default holds */
	r = append(q->create, sizeof(q->create), used, " scratch=");
	for (size_t i = 0; r >= 0 && dirs[i]; i++) {
		if (i)
			r = append(q->create, sizeof(q->create), used, ":");
		if (r >= 0)
			r = tsem_scratch_escape(dirs[i], q->create + *used,
						sizeof(q->create) - *used);
		if (r >= 0)
			*used += r;
	}
	return r < 0 ? r : 0;
}

/*
 * Whether the kernel is given the model of an agent, and asks about the rest only. Not if
 * every event is to be kept, and not where an agent trusts what it does not know.
 */
static bool remembers(const struct config *c, enum config_mode mode)
{
	return c->root == CONFIG_ROOT_PROCESS && mode == CONFIG_MODE_ENFORCE &&
	       c->on_violation != CONFIG_ON_VIOLATION_WARN && !c->trajectory_bytes;
}

/* Who judges. The kernel takes as many points as a model file may have. */
static const char *judge_arguments(const struct config *c, enum config_mode mode)
{
	static const char *const internal[CONFIG_ON_VIOLATION_COUNT] = {
		[CONFIG_ON_VIOLATION_DENY] = "tma=internal points=1048576 violation=deny",
		[CONFIG_ON_VIOLATION_ISOLATE] = "tma=internal points=1048576 violation=isolate",
		[CONFIG_ON_VIOLATION_KILL] = "tma=internal points=1048576 violation=kill",
		[CONFIG_ON_VIOLATION_WARN] = "tma=internal points=1048576",
	};

	if (c->root == CONFIG_ROOT_KERNEL)
		return internal[c->on_violation];
	return remembers(c, mode) ? "tma=external points=1048576 remember=1" : "tma=external";
}

static int build_create(struct request *q, enum config_mode mode)
{
	const struct config *c = q->config;
	size_t used = 0;
	int r;

	r = append(q->create, sizeof(q->create), &used, "%s", judge_arguments(c, mode));
	if (r < 0)
		return r;
	r = append(q->create, sizeof(q->create), &used,
		   " fields=%s digest=%s nsref=%s exec=1 batch=1 deadline=%u gone=%s",
		   config_fields_to_string(c->fields), config_digest_to_string(c->digest),
		   config_user_namespace_to_string(c->user_namespace), q->session.deadline_msec,
		   config_on_loss_to_string(c->on_loss));
	return r < 0 ? r : append_scratch(q, &used);
}

static int add(char **list, size_t *used, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int add(char **list, size_t *used, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&list[*used], format, arguments);
	va_end(arguments);
	if (n < 0) {
		list[*used] = NULL;
		return -ENOMEM;
	}
	(*used)++;
	return 0;
}

static struct file_identity tma_identity(void)
{
	const struct passwd *user = getpwnam(TMA_USER);

	if (!user)
		return (struct file_identity){ .uid = TMA_UID_OTHERWISE, .gid = TMA_UID_OTHERWISE };
	return (struct file_identity){ .uid = user->pw_uid, .gid = user->pw_gid };
}

static int add_paths(char **argv, size_t *used, const char *option, char *const *paths)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && paths && paths[i]; i++)
		r = add(argv, used, "--%s=%s", option, paths[i]);
	return r;
}

static bool must_be_signed(const struct config *c, enum config_mode mode)
{
	return mode == CONFIG_MODE_ENFORCE && !c->allow_unsigned;
}

static int build_tma_argv(struct request *q, enum config_mode mode, struct file_identity caller)
{
	const struct config *c = q->config;
	const struct file_identity identity = tma_identity();
	const struct {
		const char *option, *value;
	} words[] = {
		{ "mode", config_mode_to_string(mode) },
		{ "fields", config_fields_to_string(c->fields) },
		{ "digest", config_digest_to_string(c->digest) },
		{ "nsref", config_user_namespace_to_string(c->user_namespace) },
		{ "root", config_root_to_string(c->root) },
		{ "remember", remembers(c, mode) ? "yes" : "no" },
		{ "anchored", c->anchor ? "yes" : "no" },
		{ "on-violation", config_on_violation_to_string(c->on_violation) },
		{ "name", c->name },
	};
	size_t used = 0;
	int r;

	q->tma_argv = calloc(TMA_ARGUMENTS + count(c->pseudonym) + count(c->scratch),
			     sizeof(*q->tma_argv));
	if (!q->tma_argv)
		return -ENOMEM;
	r = add(q->tma_argv, &used, "quixote-tma");
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(words); i++)
		r = add(q->tma_argv, &used, "--%s=%s", words[i].option, words[i].value);
	if (r >= 0)
		r = add(q->tma_argv, &used, "--identity=%u:%u", identity.uid, identity.gid);
	if (r >= 0 && must_be_signed(c, mode))
		r = add(q->tma_argv, &used, "--threshold=%u", c->threshold);
	if (r >= 0)
		r = add(q->tma_argv, &used, "--caller=%u:%u", caller.uid, caller.gid);
	if (r >= 0)
		r = add_paths(q->tma_argv, &used, "pseudonym", c->pseudonym);
	/* An empty one says that there is none, which is not the default. */
	if (r >= 0 && c->scratch && !c->scratch[0])
		r = add(q->tma_argv, &used, "--scratch=");
	return r < 0 ? r : add_paths(q->tma_argv, &used, "scratch", c->scratch);
}

/* Who keeps a bundle: it runs the runtime, and is what is started. */
static int build_keeper(struct request *q)
{
	const struct config *c = q->config;
	char program[PATH_MAX];
	size_t used = 0;
	int r = agent_find_program("quixote-bundle", program, sizeof(program));

	if (r < 0)
		return r;
	q->keeper = calloc(KEEPER_ARGUMENTS, sizeof(*q->keeper));
	if (!q->keeper)
		return -ENOMEM;
	r = add(q->keeper, &used, "%s", program);
	if (r >= 0)
		r = add(q->keeper, &used, "--runtime=%s", config_runtime_to_string(c->runtime));
	if (r >= 0)
		r = add(q->keeper, &used, "--id=" CONFIG_CONTAINER_PREFIX "%s", c->name);
	if (r >= 0)
		r = add(q->keeper, &used, "--bundle=%s", c->bundle);
	if (r >= 0 && c->terminal == CONFIG_TERMINAL_YES)
		r = add(q->keeper, &used, "--terminal");
	return r;
}

static int build_argv(struct request *q, char *const *arguments)
{
	size_t own = count(q->config->command), more = count(arguments);

	if (q->config->bundle)
		return build_keeper(q);

	q->argv = calloc(own + more + 1, sizeof(*q->argv));
	if (!q->argv)
		return -ENOMEM;
	memcpy(q->argv, q->config->command, own * sizeof(*q->argv));
	memcpy(q->argv + own, arguments, more * sizeof(*q->argv));
	return 0;
}

/* Between the service manager, quixote and us; not for the workload. */
static bool is_ours(const char *assignment)
{
	static const char *const names[] = {
		"NOTIFY_SOCKET=",   "WATCHDOG_PID=",   "WATCHDOG_USEC=",
		"STATE_DIRECTORY=", "LISTEN_FDS=",     "LISTEN_PID=",
		"QUIXOTE_LIBEXEC=", "QUIXOTE_CALLER=", "QUIXOTE_RUNTIME_DIR="
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strncmp(assignment, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

static int set_user_variables(char ***environment, const struct passwd *user)
{
	const struct {
		const char *name, *value;
	} variables[] = {
		{ "HOME", user->pw_dir },
		{ "USER", user->pw_name },
		{ "LOGNAME", user->pw_name },
		{ "SHELL", user->pw_shell },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(variables); i++)
		r = environment_set_value(environment, variables[i].name, variables[i].value);
	return r;
}

/* The caller's; then the user's own, if the configuration names one; then the configuration's. */
static int build_environment(struct request *q, const struct passwd *user)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && environ[i]; i++) {
		if (!is_ours(environ[i]))
			r = environment_set(&q->environment, environ[i]);
	}
	if (r >= 0 && user)
		r = set_user_variables(&q->environment, user);
	return r < 0 ? r : environment_add_all(&q->environment, q->config->environment);
}

static const struct passwd *find_user(const char *user)
{
	char *end;
	unsigned long uid;

	if (!isdigit((unsigned char)user[0]))
		return getpwnam(user);
	errno = 0;
	uid = strtoul(user, &end, 10);
	return errno || *end ? NULL : getpwuid(uid);
}

static int set_groups(struct workload_params *w, const char *user, gid_t **groups)
{
	int n = 64;

	for (;;) {
		int room = n;
		gid_t *longer = reallocarray(*groups, room, sizeof(**groups));

		if (!longer)
			return -ENOMEM;
		*groups = longer;
		if (getgrouplist(user, w->gid, longer, &n) >= 0)
			break;
		if (n <= room || n > GROUPS_MAX)
			return -E2BIG;
	}
	w->groups = *groups;
	w->group_count = n;
	return 0;
}

/* @user may be NULL: a number without a name has no further groups. */
static int set_identity(struct workload_params *w, struct file_identity identity,
			const struct passwd *user, gid_t **groups)
{
	w->uid = identity.uid;
	w->gid = identity.gid;
	w->group_count = 0;
	if (w->uid == getuid() && w->gid == getgid())
		w->group_count = -1; /* nothing changes */
	else if (user)
		return set_groups(w, user->pw_name, groups);
	return 0;
}

static int refuse_user(const struct request *q, const char *why, struct config_error *error)
{
	(void)snprintf(error->text, sizeof(error->text), "User=%.64s: %s", q->config->user, why);
	return -ESRCH;
}

static int build_identity(struct request *q, const struct request_options *options,
			  const struct passwd **ret_user, struct config_error *error)
{
	struct file_identity identity = options->caller;
	const struct passwd *user = NULL;

	if (q->config->user) {
		user = find_user(q->config->user);
		if (!user)
			return refuse_user(q, "there is no such user", error);
		identity = (struct file_identity){ .uid = user->pw_uid, .gid = user->pw_gid };
	}
	if (q->session.driver == DRIVER_AROUND && identity.uid != options->caller.uid)
		return refuse_user(q, "a driver runs a tool as its own user only", error);
	*ret_user = user;
	if (!user)
		user = getpwuid(identity.uid);
	return set_identity(&q->session.workload, identity, user, &q->groups);
}

static int build_driver(struct request *q, const struct request_options *options)
{
	struct workload_params *w = &q->session.driver_workload;
	int r = 0;

	if (q->session.driver == DRIVER_NONE)
		return 0;
	for (size_t i = 0; r >= 0 && environ[i]; i++) {
		if (!is_ours(environ[i]))
			r = environment_set(&q->driver_environment, environ[i]);
	}
	if (r >= 0 && q->session.driver == DRIVER_AROUND) /* what it starts shall have them */
		r = environment_add_all(&q->driver_environment, q->config->environment);
	if (r < 0)
		return r;
	w->argv = options->arguments;
	w->environment = q->driver_environment;
	return set_identity(w, options->caller, getpwuid(options->caller.uid), &q->driver_groups);
}

static enum session_driver driver_of(const struct config *c, const struct request_options *options)
{
	if (!options->driver)
		return DRIVER_NONE;
	return c->type == CONFIG_TYPE_TOOL ? DRIVER_AROUND : DRIVER_BESIDE;
}

static enum session_entry entry_of(const struct config *c, const struct request_options *options)
{
	if (c->unit)
		return ENTRY_UNIT;
	if (!c->bundle)
		return ENTRY_CHILD;
	return options->apart ? ENTRY_APART : ENTRY_BUNDLE;
}

static enum session_terminal terminal_of(const struct config *c)
{
	static const enum session_terminal terminals[CONFIG_TERMINAL_COUNT] = {
		[CONFIG_TERMINAL_NO] = TERMINAL_NO,
		[CONFIG_TERMINAL_YES] = TERMINAL_YES,
		[CONFIG_TERMINAL_INHERIT] = TERMINAL_INHERIT,
	};

	return terminals[c->terminal];
}

static int build(struct request *q, const struct request_options *options,
		 struct config_error *error)
{
	static char *const no_arguments[] = { NULL };
	const struct passwd *user;
	int r;

	if (q->config->bundle && !options->driver && options->arguments && options->arguments[0]) {
		(void)snprintf(error->text, sizeof(error->text),
			       "\"%.64s\" cannot be appended: what a bundle runs is args in its "
			       "config.json",
			       options->arguments[0]);
		return -EINVAL;
	}
	r = build_identity(q, options, &user, error);
	if (r >= 0)
		r = build_environment(q, user);
	if (r >= 0)
		r = build_driver(q, options);
	if (r >= 0)
		r = build_argv(q, options->driver ? no_arguments : options->arguments);
	if (r >= 0)
		r = build_tma_argv(q, options->mode, options->caller);
	if (r >= 0)
		r = build_create(q, options->mode);
	return r;
}

static const unsigned int digest_sizes[CONFIG_DIGEST_COUNT] = {
	[CONFIG_DIGEST_SHA256] = 32,   [CONFIG_DIGEST_SHA384] = 48, [CONFIG_DIGEST_SHA512] = 64,
	[CONFIG_DIGEST_SHA3_256] = 32, [CONFIG_DIGEST_SM3] = 32,
};

/* To warn is the agent's matter: it trusts and tells. The kernel tells if it may not refuse. */
static bool enforces(const struct config *c, enum config_mode mode)
{
	return mode == CONFIG_MODE_ENFORCE &&
	       (c->root != CONFIG_ROOT_KERNEL || c->on_violation != CONFIG_ON_VIOLATION_WARN);
}

/* Where the kernel judges only a sealed model has an outside. */
static bool seals(const struct config *c, enum config_mode mode)
{
	return mode == CONFIG_MODE_ENFORCE ||
	       (c->root == CONFIG_ROOT_KERNEL && mode == CONFIG_MODE_SHADOW);
}

/* Old files of the recorder, besides the one that it writes. */
static unsigned int kept_files(uint64_t bytes)
{
	return bytes ? (unsigned int)(bytes / RECORDER_FILE_BYTES - 1) : 0;
}

int request_init(struct request *q, const struct config *config,
		 const struct request_options *options, struct config_error *error)
{
	int r;

	*q = (struct request){ .config = config };
	q->session = (struct session_params){
		.name = config->name,
		.create = q->create,
		.control_dir = options->control_dir,
		.model = config->model,
		.keys = must_be_signed(config, options->mode) ? config->keys : NULL,
		.caller = options->caller,
		.train = options->mode == CONFIG_MODE_TRAIN,
		.enforce = enforces(config, options->mode),
		.seal = seals(config, options->mode),
		.internal = config->root == CONFIG_ROOT_KERNEL,
		.preload = config->root == CONFIG_ROOT_KERNEL || remembers(config, options->mode)
				   ? digest_sizes[config->digest]
				   : 0,
		.anchor = config->anchor ? options->anchor ?: FEED_SOCKET : NULL,
		.kill_on_loss = config->on_loss == CONFIG_ON_LOSS_KILL,
		.trajectory_kept = kept_files(config->trajectory_bytes),
		.deadline_msec = config->deadline_usec / 1000,
		.terminal = terminal_of(config),
		.driver = driver_of(config, options),
		.entry = entry_of(config, options),
		.unit = config->unit,
		.workload = { .directory = config->working_directory },
	};
	error->text[0] = '\0';
	r = build(q, options, error);
	if (r < 0) {
		if (!error->text[0])
			(void)snprintf(error->text, sizeof(error->text), "%s", strerror(-r));
		request_done(q);
		return r;
	}
	q->session.tma_argv = q->tma_argv;
	q->session.workload.argv = q->keeper ?: q->argv;
	q->session.workload.environment = q->environment;
	return 0;
}

void request_done(struct request *q)
{
	q->tma_argv = environment_free(q->tma_argv); /* a list of texts as well */
	q->environment = environment_free(q->environment);
	q->driver_environment = environment_free(q->driver_environment);
	free(TAKE_PTR(q->driver_groups));
	q->keeper = environment_free(q->keeper);
	free(TAKE_PTR(q->argv));
	free(TAKE_PTR(q->groups));
}
