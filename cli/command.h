/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.h - the subcommands of quixote. Each is one file; the tables that
 * are the index of them are in main.c, and in model.c for those of quixote model.
 */
#ifndef QUIXOTE_COMMAND_H
#define QUIXOTE_COMMAND_H

/**
 * struct command - A subcommand.
 * @name: As typed.
 * @main: argv[0] is @name; options are parsed by getopt_long(), which has been reset.
 * @help: One line for `quixote --help`, without full stop.
 *
 * @main returns the exit status: 0, one of enum exit_status (orchestrator/failure.h),
 * 1 where its manual says so. It prints its own help with --help.
 */
struct command {
	const char *name;
	int (*main)(int argc, char *argv[]);
	const char *help;
};

int ci_main(int argc, char *argv[]);
int digest_main(int argc, char *argv[]);
int doctor_main(int argc, char *argv[]);
int enforce_main(int argc, char *argv[]);
int oci_main(int argc, char *argv[]);

/** oci_alias_main() - The same, also of --help, which is the runtime's own. */
int oci_alias_main(int argc, char *argv[]);
int events_main(int argc, char *argv[]);
int explain_main(int argc, char *argv[]);
int key_main(int argc, char *argv[]);
int metrics_main(int argc, char *argv[]);
int model_main(int argc, char *argv[]);
int model_accept_main(int argc, char *argv[]);
int model_history_main(int argc, char *argv[]);
int model_mode_main(int argc, char *argv[]);
int model_rollback_main(int argc, char *argv[]);
int model_seal_main(int argc, char *argv[]);
int model_convert_main(int argc, char *argv[]);
int model_diff_main(int argc, char *argv[]);
int model_merge_main(int argc, char *argv[]);
int model_report_main(int argc, char *argv[]);
int model_show_main(int argc, char *argv[]);
int model_status_main(int argc, char *argv[]);
int model_unseal_main(int argc, char *argv[]);
int model_upgrade_main(int argc, char *argv[]);
int model_volatile_main(int argc, char *argv[]);
int reload_main(int argc, char *argv[]);
int rehearse_main(int argc, char *argv[]);
int model_sign_main(int argc, char *argv[]);
int model_verify_main(int argc, char *argv[]);
int ps_main(int argc, char *argv[]);
int run_main(int argc, char *argv[]);
int release_main(int argc, char *argv[]);
int shadow_main(int argc, char *argv[]);
int show_main(int argc, char *argv[]);
int status_main(int argc, char *argv[]);
int top_main(int argc, char *argv[]);
int tpm_main(int argc, char *argv[]);
int attest_main(int argc, char *argv[]);
int verify_main(int argc, char *argv[]);
int train_main(int argc, char *argv[]);
int unit_train(int argc, char *argv[]);

/**
 * command_line_error() - Say on standard error what is wrong with a command line.
 * @command: Name of the subcommand.
 * @format: What is wrong, without full stop.
 *
 * Return: EXIT_COMMAND_LINE, for main().
 */
int command_line_error(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * option_error() - The same after getopt_long() said '?' or ':' (with ":" first in its options).
 * @option: What it said; the rest comes from its variables.
 */
int option_error(char *const argv[], int option);

#endif
