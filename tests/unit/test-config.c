// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-config.c - the workload's configuration: what is taken, and how the rest is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/ini-lines.h"
#include "../../orchestrator/config-value.h"
#include "../../orchestrator/config.h"
#include "table.h"

#define GOOD "[Workload]\nCommand=/bin/true\n[Model]\nFile=a.model\n"

/* Whole files that are refused, each with its whole message. */
static struct refusal {
	const char *name, *text, *error;
} refusals[] = {
	{ "empty file", "",
	  "/etc/q/web.cfg: Command: missing in [Workload]; expected a program and its arguments, Bundle= or Unit=" },
	{ "no model", "[Workload]\nCommand=/bin/true\n",
	  "/etc/q/web.cfg: File: missing in [Model]; expected the path of the model" },
	{ "unknown section", "[Workloads]\nName=a\n",
	  "/etc/q/web.cfg:1: [Workloads]: unknown section; did you mean [Workload]?" },
	{ "far section", "[Service]\nExecStart=/bin/true\n",
	  "/etc/q/web.cfg:1: [Service]: unknown section; "
	  "expected [Workload], [Model], [Trust], [TPM] or [Failure]" },
	{ "unknown section without a key", "[Workload]\nName=a\n[Modle]\n",
	  "/etc/q/web.cfg:3: [Modle]: unknown section; did you mean [Model]?" },
	{ "section without a name", "[]\nName=a\n",
	  "/etc/q/web.cfg:1: not understood; expected [Section], Key=value, or a comment after #" },
	{ "key behind a section", "[Workload] Name=a\n",
	  "/etc/q/web.cfg:1: something stands behind the section; expected it in a line of its own" },
	{ "section of which a prefix is known", "[Workload                                               ]\nName=a\n",
	  "/etc/q/web.cfg:1: [Workload                                               ]: unknown section; "
	  "expected [Workload], [Model], [Trust], [TPM] or [Failure]" },
	{ "no section", "Name=a\n",
	  "/etc/q/web.cfg:1: Name: stands before any section; "
	  "expected [Workload], [Model], [Trust], [TPM] or [Failure]" },
	{ "unknown key", "[Workload]\nComand=/bin/true\n",
	  "/etc/q/web.cfg:2: Comand: unknown key in [Workload]; did you mean Command?" },
	{ "key in other case", "[Workload]\ncommand=/bin/true\n",
	  "/etc/q/web.cfg:2: command: unknown key in [Workload]; did you mean Command?" },
	{ "key of another section", "[Workload]\nMode=train\n",
	  "/etc/q/web.cfg:2: Mode: unknown key in [Workload]; it belongs to [Model]" },
	{ "far key", "[TPM]\nQuux=1\n",
	  "/etc/q/web.cfg:2: Quux: unknown key in [TPM]; expected Anchor" },
	{ "twice", "[Workload]\nName=a\n\nName=a\n",
	  "/etc/q/web.cfg:4: Name: is given twice, first in line 2; "
	  "expected up to 64 letters, digits, '.', '_' and '-', a letter or digit first" },
	{ "twice in two sections of one name", "[TPM]\nAnchor=no\n[Trust]\n[TPM]\nAnchor=no\n",
	  "/etc/q/web.cfg:5: Anchor: is given twice, first in line 2; expected no or yes" },
	{ "empty value", "[Workload]\nCommand=\n",
	  "/etc/q/web.cfg:2: Command: is empty; expected a program and its arguments" },
	{ "no equals sign", "[Workload]\nCommand /bin/true\n",
	  "/etc/q/web.cfg:2: not understood; expected [Section], Key=value, or a comment after #" },
	{ "open bracket", "[Workload\nName=a\n",
	  "/etc/q/web.cfg:1: not understood; expected [Section], Key=value, or a comment after #" },
	{ "continued line", "[Workload]\nCommand=/bin/echo\n  a\n",
	  "/etc/q/web.cfg:3: not understood; expected [Section], Key=value, or a comment after #" },
	{ "comment behind a value", "[Model]\nMode=train # now\n",
	  "/etc/q/web.cfg:2: Mode: \"train # now\" is unknown; expected train, shadow or enforce" },
	{ "escape sequence", "[Model]\nMode=\x1b[31m\n",
	  "/etc/q/web.cfg:2: byte 6 (0x1b) is a control character or no UTF-8; expected text" },
	{ "Latin 1", "# caf\xe9\n",
	  "/etc/q/web.cfg:1: byte 6 (0xe9) is a control character or no UTF-8; expected text" },
	{ "C1 control", "# \xc2\x9b\n",
	  "/etc/q/web.cfg:1: byte 3 (0xc2) is a control character or no UTF-8; expected text" },
	{ "name with slash", "[Workload]\nName=../web\n",
	  "/etc/q/web.cfg:2: Name: \"../web\" does not begin with a letter or digit; "
	  "expected up to 64 letters, digits, '.', '_' and '-', a letter or digit first" },
	{ "type", "[Workload]\nType=simple\n",
	  "/etc/q/web.cfg:2: Type: \"simple\" is unknown; expected service or tool" },
	{ "command with open quote", "[Workload]\nCommand=/bin/sh -c \"a\n",
	  "/etc/q/web.cfg:2: Command: \"/bin/sh -c \"a\" has an opening quote without its closing "
	  "one; expected a program and its arguments" },
	{ "empty program", "[Workload]\nCommand=\"\" a\n",
	  "/etc/q/web.cfg:2: Command: \"\"\" a\" has an empty program; "
	  "expected a program and its arguments" },
	{ "bundle and command", "[Workload]\nBundle=/b\nCommand=/bin/true\n[Model]\nFile=a\n",
	  "/etc/q/web.cfg:3: Command: what a bundle runs is args in its config.json; expected "
	  "Command= or Bundle=" },
	{ "bundle and environment", "[Workload]\nBundle=/b\nEnvironment=A=1\n[Model]\nFile=a\n",
	  "/etc/q/web.cfg:3: Environment: that of a bundle is env in its config.json" },
	{ "bundle and directory", "[Workload]\nWorkingDirectory=/\nBundle=/b\n[Model]\nFile=a\n",
	  "/etc/q/web.cfg:2: WorkingDirectory: that of a bundle is cwd in its config.json" },
	{ "bundle that is a tool", "[Workload]\nBundle=/b\nType=tool\n[Model]\nFile=a\n",
	  "/etc/q/web.cfg:3: Type: a bundle is a service; expected service" },
	{ "empty bundle", "[Workload]\nBundle=\n",
	  "/etc/q/web.cfg:2: Bundle: is empty; expected the directory of an OCI bundle" },
	{ "bundle twice", "[Workload]\nBundle=/b\nBundle=/c\n",
	  "/etc/q/web.cfg:3: Bundle: is given twice, first in line 2; expected the directory of an "
	  "OCI bundle" },
	{ "runtime without bundle", "[Workload]\nCommand=/bin/true\nRuntime=crun\n[Model]\nFile=a\n",
	  "/etc/q/web.cfg:3: Runtime: runs bundles; expected Bundle= beside it" },
	{ "runtime", "[Workload]\nBundle=/b\nRuntime=kata\n[Model]\nFile=a\n",
	  "/etc/q/web.cfg:3: Runtime: \"kata\" is unknown; expected crun or runc" },
	{ "unit that is none", "[Workload]\nUnit=nginx\n",
	  "/etc/q/web.cfg:2: Unit: \"nginx\" does not end in .service; expected the name of a service, such as "
	  "nginx.service" },
	{ "unit without name", "[Workload]\nUnit=.service\n",
	  "/etc/q/web.cfg:2: Unit: \".service\" does not end in .service; expected the name of a service, such as "
	  "nginx.service" },
	{ "unit of another kind", "[Workload]\nUnit=nginx.socket\n",
	  "/etc/q/web.cfg:2: Unit: \"nginx.socket\" does not end in .service; expected the name of a service, such "
	  "as nginx.service" },
	{ "unit with slash", "[Workload]\nUnit=a/b.service\n",
	  "/etc/q/web.cfg:2: Unit: \"a/b.service\" has a character that is not taken; expected the name of a service, "
	  "such as nginx.service" },
	{ "unit whose members nobody ends",
	  "[Workload]\nUnit=ssh.service\n[Failure]\nOnViolation=kill\nOnLoss=deny\n",
	  "/etc/q/web.cfg:5: OnLoss: with Unit= and OnViolation=kill the kernel has to end members that left the "
	  "unit's control group; expected kill" },
	{ "unit that is hidden", "[Workload]\nUnit=..service\n",
	  "/etc/q/web.cfg:2: Unit: \"..service\" does not begin with a letter or digit; expected the name of a service, "
	  "such as nginx.service" },
	{ "template of units", "[Workload]\nUnit=ssh@.service\n",
	  "/etc/q/web.cfg:2: Unit: \"ssh@.service\" is that of a template; expected the name of a service, such as "
	  "nginx.service" },
	{ "unit that is long",
	  "[Workload]\nUnit=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.service\n",
	  "/etc/q/web.cfg:2: Unit: "
	  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is too long; "
	  "expected the name of a service, such as nginx.service" },
	{ "unit and command", "[Workload]\nUnit=a.service\nCommand=/bin/true\n[Model]\nFile=m\n",
	  "/etc/q/web.cfg:2: Unit: what a unit runs is its own; expected one of Command=, Bundle= and Unit=" },
	{ "unit and bundle", "[Workload]\nBundle=/b\nUnit=a.service\n[Model]\nFile=m\n",
	  "/etc/q/web.cfg:3: Unit: what a unit runs is its own; expected one of Command=, Bundle= and Unit=" },
	{ "user", "[Workload]\nUser=www data\n",
	  "/etc/q/web.cfg:2: User: \"www data\" has a character that a user name cannot have; "
	  "expected a user name or number" },
	{ "user 2^32-1", "[Workload]\nUser=4294967295\n",
	  "/etc/q/web.cfg:2: User: \"4294967295\" is not the number of a user; "
	  "expected a user name or number" },
	{ "environment", "[Workload]\nEnvironment=A=1 B\n",
	  "/etc/q/web.cfg:2: Environment: \"A=1 B\" has a word that is not NAME=VALUE; "
	  "expected NAME=VALUE, several separated by blanks, each name once" },
	{ "variable twice", "[Workload]\nEnvironment=A=1 AB=2 A=3\n",
	  "/etc/q/web.cfg:2: Environment: \"A=1 AB=2 A=3\" has a variable twice; "
	  "expected NAME=VALUE, several separated by blanks, each name once" },
	{ "terminal", "[Workload]\nTerminal=true\n",
	  "/etc/q/web.cfg:2: Terminal: \"true\" is unknown; expected no, yes or inherit" },
	{ "mode", "[Model]\nMode=learn\n",
	  "/etc/q/web.cfg:2: Mode: \"learn\" is unknown; expected train, shadow or enforce" },
	{ "digest", "[Model]\nDigest=md5\n",
	  "/etc/q/web.cfg:2: Digest: \"md5\" is unknown; "
	  "expected sha256, sha384, sha512, sha3-256 or sm3" },
	{ "fields", "[Model]\nFields=Portable\n",
	  "/etc/q/web.cfg:2: Fields: \"Portable\" is unknown; expected strict or portable" },
	{ "user namespace", "[Model]\nUserNamespace=host\n",
	  "/etc/q/web.cfg:2: UserNamespace: \"host\" is unknown; expected initial or current" },
	{ "pseudonym", "[Model]\nPseudonym=/a b\n",
	  "/etc/q/web.cfg:2: Pseudonym: \"/a b\" is not an absolute path; "
	  "expected absolute paths, separated by blanks" },
	{ "trajectory without unit", "[Model]\nTrajectory=64\n",
	  "/etc/q/web.cfg:2: Trajectory: \"64\" has an unknown unit; expected no, or a size from 16M to 8G: "
	  "a number with M or G" },
	{ "trajectory that is small", "[Model]\nTrajectory=15M\n",
	  "/etc/q/web.cfg:2: Trajectory: \"15M\" is less than 16M; expected no, or a size from 16M to 8G: "
	  "a number with M or G" },
	{ "trajectory that is large", "[Model]\nTrajectory=9G\n",
	  "/etc/q/web.cfg:2: Trajectory: \"9G\" is more than 8G; expected no, or a size from 16M to 8G: "
	  "a number with M or G" },
	{ "trajectory that overflows", "[Model]\nTrajectory=18446744073709551617M\n",
	  "/etc/q/web.cfg:2: Trajectory: \"18446744073709551617M\" does not begin with a number; expected no, or a "
	  "size from 16M to 8G: a number with M or G" },
	{ "trajectory in words", "[Model]\nTrajectory=yes\n",
	  "/etc/q/web.cfg:2: Trajectory: \"yes\" does not begin with a number; expected no, or a size from 16M to "
	  "8G: a number with M or G" },
	{ "pseudonym twice", "[Model]\nPseudonym=/a /b /a\n",
	  "/etc/q/web.cfg:2: Pseudonym: \"/a /b /a\" has a path twice; "
	  "expected absolute paths, separated by blanks" },
	{ "pseudonym with dots", "[Model]\nPseudonym=/a/../b\n",
	  "/etc/q/web.cfg:2: Pseudonym: \"/a/../b\" has a component . or ..: recorded paths have "
	  "none; expected absolute paths, separated by blanks" },
	{ "scratch is all", "[Model]\nScratch=/\n",
	  "/etc/q/web.cfg:2: Scratch: \"/\" is the whole file system; "
	  "expected up to 32 absolute directories, separated by blanks" },
	{ "scratch twice", "[Model]\nScratch=/tmp/ /tmp\n",
	  "/etc/q/web.cfg:2: Scratch: \"/tmp/ /tmp\" has a directory twice; "
	  "expected up to 32 absolute directories, separated by blanks" },
	{ "scratch, too many",
	  "[Model]\nScratch=/0 /1 /2 /3 /4 /5 /6 /7 /8 /9 /a /b /c /d /e /f /g /h /i /j /k /l /m /n "
	  "/o /p /q /r /s /t /u /v /w\n",
	  "/etc/q/web.cfg:2: Scratch: \"/0 /1 /2 /3 /4 /5 /6 /7 /8 /9 /a /b /c /d /e /f /g /h /i "
	  "/j ...\" has more directories than the kernel takes; "
	  "expected up to 32 absolute directories, separated by blanks" },
	{ "root to come", "[Trust]\nRoot=mcu\n",
	  "/etc/q/web.cfg:2: Root: \"mcu\" does not exist yet in this version; expected process "
	  "or kernel" },
	{ "unknown root", "[Trust]\nRoot=tpm\n",
	  "/etc/q/web.cfg:2: Root: \"tpm\" is unknown; expected process or kernel" },
	{ "unsigned", "[Trust]\nAllowUnsigned=maybe\n",
	  "/etc/q/web.cfg:2: AllowUnsigned: \"maybe\" is unknown; expected no or yes" },
	{ "anchor", "[TPM]\nAnchor=13\n",
	  "/etc/q/web.cfg:2: Anchor: \"13\" is unknown; expected no or yes" },
	{ "violation", "[Failure]\nOnViolation=log\n",
	  "/etc/q/web.cfg:2: OnViolation: \"log\" is unknown; expected deny, isolate, kill or warn" },
	{ "loss", "[Failure]\nOnLoss=allow\n",
	  "/etc/q/web.cfg:2: OnLoss: \"allow\" is unknown; expected kill or deny" },
	{ "completeness without number", "[Model]\nCompleteness=all\n",
	  "/etc/q/web.cfg:2: Completeness: \"all\" does not begin with a number; expected a "
	  "percentage, such as 95% or 99.5%" },
	{ "completeness without %", "[Model]\nCompleteness=95\n",
	  "/etc/q/web.cfg:2: Completeness: \"95\" does not end in %; expected a percentage, such "
	  "as 95% or 99.5%" },
	{ "completeness above all", "[Model]\nCompleteness=100.1%\n",
	  "/etc/q/web.cfg:2: Completeness: \"100.1%\" is more than all; expected a percentage, such "
	  "as 95% or 99.5%" },
	{ "completeness too exact", "[Model]\nCompleteness=99.00001%\n",
	  "/etc/q/web.cfg:2: Completeness: \"99.00001%\" has more than four digits behind the "
	  "point; expected a percentage, such as 95% or 99.5%" },
	{ "deadline without number", "[Failure]\nDeadline=soon\n",
	  "/etc/q/web.cfg:2: Deadline: \"soon\" does not begin with a number; "
	  "expected a time from 1ms to 60min: a number with ms, s or min" },
	{ "deadline of nothing", "[Failure]\nDeadline=0\n",
	  "/etc/q/web.cfg:2: Deadline: \"0\" is no time at all; "
	  "expected a time from 1ms to 60min: a number with ms, s or min" },
	{ "deadline for ever", "[Failure]\nDeadline=99999999999999999999s\n",
	  "/etc/q/web.cfg:2: Deadline: \"99999999999999999999s\" is longer than an hour; "
	  "expected a time from 1ms to 60min: a number with ms, s or min" },
	{ "deadline in hours", "[Failure]\nDeadline=1h\n",
	  "/etc/q/web.cfg:2: Deadline: \"1h\" has an unknown unit; "
	  "expected a time from 1ms to 60min: a number with ms, s or min" },
	{ "first error of two", "[Model]\nMode=a\nMode=b\n",
	  "/etc/q/web.cfg:2: Mode: \"a\" is unknown; expected train, shadow or enforce" },
	{ "no signature is too few", "[Trust]\nThreshold=0\n",
	  "/etc/q/web.cfg:2: Threshold: \"0\" is out of range; expected a number from 1 to 16" },
	{ "more signatures than there can be", "[Trust]\nThreshold=17\n",
	  "/etc/q/web.cfg:2: Threshold: \"17\" is out of range; expected a number from 1 to 16" },
	{ "a sign before the threshold", "[Trust]\nThreshold=+1\n",
	  "/etc/q/web.cfg:2: Threshold: \"+1\" is not a number; expected a number from 1 to 16" },
	{ "a threshold with a unit", "[Trust]\nThreshold=1s\n",
	  "/etc/q/web.cfg:2: Threshold: \"1s\" is not a number; expected a number from 1 to 16" },
	{ "directory for a model", GOOD "[Model]\n[Trust]\nKeys=/etc/keys/\n",
	  "/etc/q/web.cfg:7: Keys: \"/etc/keys/\" ends in a slash; expected a directory" },
};

static void check_refusal(void **state)
{
	const struct refusal *c = *state;
	struct config *config = (void *)&refusals;	/* must stay */
	struct config_error error;

	assert_int_equal(config_parse("/etc/q/web.cfg", c->text, strlen(c->text), &config, &error),
			 -EBADMSG);
	assert_string_equal(error.text, c->error);
	assert_ptr_equal(config, &refusals);
}

static void test_everything(void **state)
{
	static const char text[] =
		"# comment\n; comment\n"
		"[Workload]\nName=web-1\nType=tool\n"
		"Command=./nginx -g \"daemon off;\" ; 'a b' \\x41\\102\\s\n"
		"User=www-data\nWorkingDirectory=/srv/www\n"
		"Environment=LANG=C.UTF-8 \"A=b c\" E=\nTerminal=inherit\r\n"
		"[Model]\nFile=models/web.model\nMode=shadow\nDigest=sha3-256\nFields=strict\n"
		"UserNamespace=current\nPseudonym=/var/log/a \"/var/log/b c\"\nScratch=/tmp /v/l/\n"
		"Completeness=99.85%\nTrajectory=100M\n"
		"[Trust]\nRoot=process\nKeys=keys.d\nThreshold=2\nAllowUnsigned=yes\n"
		"[TPM]\nAnchor=yes\n"
		"[Failure]\nOnViolation=isolate\nOnLoss=deny\nDeadline=250ms";
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_error error = { "" };

	assert_int_equal(config_parse("q/x.cfg", text, strlen(text), &c, &error), 0);
	assert_string_equal(c->name, "web-1");
	assert_int_equal(c->type, CONFIG_TYPE_TOOL);
	assert_string_equal(c->command[0], "q/./nginx");
	assert_string_equal(c->command[2], "daemon off;");
	assert_string_equal(c->command[3], ";");
	assert_string_equal(c->command[4], "a b");
	assert_string_equal(c->command[5], "AB ");
	assert_null(c->command[6]);
	assert_string_equal(c->user, "www-data");
	assert_string_equal(c->working_directory, "/srv/www");
	assert_string_equal(c->environment[1], "A=b c");
	assert_string_equal(c->environment[2], "E=");
	assert_null(c->environment[3]);
	assert_int_equal(c->terminal, CONFIG_TERMINAL_INHERIT);
	assert_string_equal(c->model, "q/models/web.model");
	assert_int_equal(c->mode, CONFIG_MODE_SHADOW);
	assert_string_equal(config_digest_to_string(c->digest), "sha3-256");
	assert_int_equal(c->fields, CONFIG_FIELDS_STRICT);
	assert_int_equal(c->user_namespace, CONFIG_USER_NAMESPACE_CURRENT);
	assert_string_equal(c->pseudonym[1], "/var/log/b c");
	assert_string_equal(c->scratch[0], "/tmp/");
	assert_string_equal(c->scratch[1], "/v/l/");
	assert_null(c->scratch[2]);
	assert_string_equal(c->keys, "q/keys.d");
	assert_int_equal(c->threshold, 2);
	assert_true(c->allow_unsigned);
	assert_true(c->anchor);
	assert_int_equal(c->on_violation, CONFIG_ON_VIOLATION_ISOLATE);
	assert_int_equal(c->on_loss, CONFIG_ON_LOSS_DENY);
	assert_int_equal(c->deadline_usec, 250000);
	assert_int_equal(c->completeness, 998500);
	assert_int_equal(c->trajectory_bytes, 100u << 20);
}

static void test_defaults(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_error error;

	assert_int_equal(config_parse("web.app.cfg", GOOD, strlen(GOOD), &c, &error), 0);
	assert_string_equal(c->name, "web.app");
	assert_int_equal(c->type, CONFIG_TYPE_SERVICE);
	assert_string_equal(c->command[0], "/bin/true");
	assert_null(c->user);
	assert_null(c->working_directory);
	assert_null(c->environment[0]);
	assert_int_equal(c->terminal, CONFIG_TERMINAL_NO);
	assert_string_equal(c->model, "a.model");
	assert_int_equal(c->mode, CONFIG_MODE_ENFORCE);
	assert_int_equal(c->digest, CONFIG_DIGEST_SHA256);
	assert_int_equal(c->fields, CONFIG_FIELDS_PORTABLE);
	assert_int_equal(c->trajectory_bytes, 0);
	assert_string_equal(c->pseudonym[0], "/etc/ld.so.cache");
	assert_null(c->pseudonym[1]);
	assert_null(c->scratch);
	assert_int_equal(c->root, CONFIG_ROOT_PROCESS);
	assert_string_equal(c->keys, CONFIG_KEYS_DIRECTORY);
	assert_int_equal(c->threshold, 1);
	assert_false(c->allow_unsigned);
	assert_int_equal(c->on_violation, CONFIG_ON_VIOLATION_DENY);
	assert_int_equal(c->on_loss, CONFIG_ON_LOSS_KILL);
	assert_int_equal(c->deadline_usec, 5000000);
	assert_int_equal(c->completeness, CONFIG_COMPLETENESS);
}

static void test_lists_may_be_empty(void **state)
{
	static const char text[] = GOOD "Scratch=\nPseudonym=\n";
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_error error;

	assert_int_equal(config_parse("a.cfg", text, strlen(text), &c, &error), 0);
	assert_non_null(c->scratch);
	assert_null(c->scratch[0]);
	assert_null(c->pseudonym[0]);
}

static void test_name_that_cannot_be(void **state)
{
	struct config *c = NULL;
	struct config_error error;

	assert_int_equal(config_parse("a b.cfg", GOOD, strlen(GOOD), &c, &error), -EBADMSG);
	assert_string_equal(error.text, "a b.cfg: Name: cannot be made from the file name; "
					"expected Name= in [Workload]");
}

static void test_program_without_slash_stays(void **state)
{
	static const char text[] = "[Workload]\nCommand=grep root\n[Model]\nFile=/m\n";
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_error error;

	assert_int_equal(config_parse("/etc/a.cfg", text, strlen(text), &c, &error), 0);
	assert_string_equal(c->command[0], "grep");
	assert_string_equal(c->model, "/m");
}

static void test_limits(void **state)
{
	_cleanup_(freep) char *text = malloc(INI_FILE_BYTES + 1);
	struct config *c = NULL;
	struct config_error error;

	assert_non_null(text);
	memset(text, 'x', INI_FILE_BYTES + 1);
	assert_int_equal(config_parse("a", text, INI_FILE_BYTES + 1, &c, &error), -E2BIG);
	assert_string_equal(error.text, "a: the file is too long; expected at most 262144 bytes");
	text[0] = '#';
	text[INI_LINE_BYTES + 2] = '\n';
	assert_int_equal(config_parse("a", text, INI_LINE_BYTES + 3, &c, &error), -EBADMSG);
	assert_string_equal(error.text, "a:1: the line is too long; expected at most 32768 bytes");
	assert_null(c);
}

static void test_unit(void **state)
{
	static const char text[] = "[Workload]\nUnit=postgresql@15-main.service\nName=db\n[Model]\nFile=m\n";
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_error error;

	assert_int_equal(config_parse("/etc/q/db.cfg", text, strlen(text), &c, &error), 0);
	assert_string_equal(c->unit, "postgresql@15-main.service");
	assert_string_equal(c->command[0], "postgresql@15-main.service");
	assert_null(c->command[1]);
}

static void test_long_command(void **state)
{
	_cleanup_(freep) char *text = malloc(INI_LINE_BYTES + 100);
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_error error;
	int n;

	assert_non_null(text);
	n = sprintf(text, "[Model]\nFile=m\n[Workload]\nCommand=");
	memset(text + n, 'x', INI_LINE_BYTES - 8);
	text[n + INI_LINE_BYTES - 8] = '\0';
	assert_int_equal(config_parse("a", text, strlen(text), &c, &error), 0);
	assert_int_equal(strlen(c->command[0]), INI_LINE_BYTES - 8);
}

static void test_no_file(void **state)
{
	struct config *c = NULL;
	struct config_error error;

	assert_int_equal(config_read("/nowhere/a.cfg", &c, &error), -ENOENT);
	assert_string_equal(error.text, "/nowhere/a.cfg: No such file or directory");
	assert_int_equal(config_read("/", &c, &error), -EISDIR);
	assert_null(c);
}

static struct split_case {
	const char *name, *text;
	int r;
	const char *words[6];
} split_cases[] = {
	{ "nothing", "", 0, { NULL } },
	{ "blanks", " \t ", 0, { NULL } },
	{ "two words", "a  b", 0, { "a", "b" } },
	{ "quotes", "\"a b\" 'c d'", 0, { "a b", "c d" } },
	{ "quotes in quotes", "\"a 'b'\" 'c \"d\"'", 0, { "a 'b'", "c \"d\"" } },
	{ "escaped blank", "a\\ b", -EBADMSG, { NULL } },
	{ "escapes", "\\t\\\\\\\"\\'\\s", 0, { "\t\\\"' " } },
	{ "octal", "\\101", 0, { "A" } },
	{ "hexadecimal", "\\x7a", 0, { "z" } },
	{ "nothing is expanded", "$A ${B} %i ~ *", 0, { "$A", "${B}", "%i", "~", "*" } },
	{ "empty words", "'' \"\"", 0, { "", "" } },
	{ "NUL", "\\x00", -EBADMSG, { NULL } },
	{ "octal NUL", "\\000", -EBADMSG, { NULL } },
	{ "octal 777", "\\777", -EBADMSG, { NULL } },
	{ "octal cut off", "\\1", -EBADMSG, { NULL } },
	{ "hexadecimal cut off", "\\x1", -EBADMSG, { NULL } },
	{ "backslash at the end", "a\\", -EBADMSG, { NULL } },
	{ "unknown escape", "\\q", -EBADMSG, { NULL } },
	{ "quote in a word", "a\"b\"", -EBADMSG, { NULL } },
	{ "word behind a quote", "\"a\"b", -EBADMSG, { NULL } },
	{ "open quote", "'a", -EBADMSG, { NULL } },
	{ "open quote with escape", "'a\\'", -EBADMSG, { NULL } },
};

static void check_split(void **state)
{
	const struct split_case *c = *state;
	_cleanup_(value_words_freep) char **words = NULL;
	const char *wrong = NULL;
	size_t i = 0;

	assert_int_equal(value_split(c->text, &words, &wrong), c->r);
	assert_int_equal(words != NULL, c->r == 0);
	assert_int_equal(wrong != NULL, c->r < 0);
	for (; words && words[i]; i++)
		assert_string_equal(words[i], c->words[i]);
	assert_null(c->words[i]);
}

static void test_too_many_words(void **state)
{
	char text[2 * CONFIG_WORDS + 3];
	char **words = NULL;
	const char *wrong = NULL;

	for (size_t i = 0; i < CONFIG_WORDS + 1; i++)
		memcpy(text + 2 * i, "a ", 3);
	assert_int_equal(value_split(text, &words, &wrong), -E2BIG);
	assert_string_equal(wrong, "has too many words");
	assert_null(words);
}

static struct usec_case {
	const char *name, *text;
	int r;
	uint64_t usec;
} usec_cases[] = {
	{ "number", "5", 0, 5000000 },
	{ "seconds", "5s", 0, 5000000 },
	{ "blank", "5 s", 0, 5000000 },
	{ "milliseconds", "1ms", 0, 1000 },
	{ "minutes", "60min", 0, 3600000000 },
	{ "61 minutes", "61min", -EBADMSG, 0 },
	{ "negative", "-1s", -EBADMSG, 0 },
	{ "plus", "+1s", -EBADMSG, 0 },
	{ "fraction", "0.5s", -EBADMSG, 0 },
	{ "leading zero", "05s", -EBADMSG, 0 },
	{ "infinity", "infinity", -EBADMSG, 0 },
	{ "overflow", "18446744073709551617ms", -EBADMSG, 0 },
	{ "rest", "5s1", -EBADMSG, 0 },
	{ "empty", "", -EBADMSG, 0 },
};

static void check_usec(void **state)
{
	const struct usec_case *c = *state;
	const char *wrong = NULL;
	uint64_t usec = 7;

	assert_int_equal(value_usec(c->text, &usec, &wrong), c->r);
	assert_int_equal(usec, c->r < 0 ? 7 : c->usec);
	assert_int_equal(wrong != NULL, c->r < 0);
}

static struct path_case {
	const char *name, *text;
	int r;
} path_cases[] = {
	{ "root", "/", 0 },
	{ "file", "/a/b.c", 0 },
	{ "dot file", "/.a/..b/...", 0 },
	{ "empty", "", -EBADMSG },
	{ "relative", "a", -EBADMSG },
	{ "two slashes", "/a//b", -EBADMSG },
	{ "two slashes first", "//a", -EBADMSG },
	{ "dot", "/a/./b", -EBADMSG },
	{ "dot last", "/a/.", -EBADMSG },
	{ "dots", "/..", -EBADMSG },
	{ "final slash", "/a/", -EBADMSG },
};

static void check_path(void **state)
{
	const struct path_case *c = *state;
	const char *wrong = NULL;

	assert_int_equal(value_path(c->text, &wrong), c->r);
	assert_int_equal(wrong != NULL, c->r < 0);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_lists_may_be_empty),
		cmocka_unit_test(test_name_that_cannot_be),
		cmocka_unit_test(test_program_without_slash_stays),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_unit),
		cmocka_unit_test(test_long_command),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_too_many_words),
	};
	struct CMUnitTest tests[ARRAY_SIZE(single) + ARRAY_SIZE(refusals) +
				ARRAY_SIZE(split_cases) + ARRAY_SIZE(usec_cases) +
				ARRAY_SIZE(path_cases)];
	size_t count = 0;

	for (; count < ARRAY_SIZE(single); count++)
		tests[count] = single[count];
	ADD_TABLE(refusals, check_refusal);
	ADD_TABLE(split_cases, check_split);
	ADD_TABLE(usec_cases, check_usec);
	ADD_TABLE(path_cases, check_path);
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
