// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * failure.c - the failure table and its one printer. A failure that is not a
 * row here does not exist; its consequence is taken from the row by session.c.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "failure.h"
#include "tell.h"

const struct failure_desc failure_table[FAILURE_COUNT] = {
	[FAILURE_NO_TSEM] = { "no-tsem", "0e926592594c413ba84dba432d157179", ACTION_REFUSE,
			      EXIT_NO_TSEM,
			      "this kernel has no TSEM; start one that has it, as "
			      "kernel-patches/build deb makes it, or use --kernel=builtin" },
	[FAILURE_PRIVILEGE] = { "privilege", "815983c928334f46a439f773b18d73fe", ACTION_REFUSE,
				EXIT_NO_TSEM,
				"not allowed to model a workload; run it as root or with "
				"--kernel=builtin" },
	[FAILURE_NAMESPACE] = { "namespace", "4077e19e28f44020b80296606a4b16e4", ACTION_REFUSE,
				EXIT_LOST, "the kernel made no namespace; see the kernel log" },
	[FAILURE_MODEL_OPEN] = { "model-open", "5bf55fb8b04a470aaa7c8eaa6f43f614", ACTION_REFUSE,
				 EXIT_MODEL,
				 "the model cannot be opened; learn it with quixote train or "
				 "correct File=" },
	[FAILURE_MODEL_BUSY] = { "model-busy", "01a570d741ba432b8086aabd97459605", ACTION_REFUSE,
				 EXIT_MODEL,
				 "another training run writes this model; wait until it is done" },
	[FAILURE_MODEL_LOAD] = { "model-load", "419cde7992e44f63a62ba4c9000ca22b", ACTION_REFUSE,
				 EXIT_MODEL,
				 "the model cannot be used; restore it or learn it again with "
				 "quixote train" },
	[FAILURE_MODEL_SIGNATURE] = { "model-signature", "3f1d0c6d7f5a4b0fa6a7c0a2f6f3d9b1",
				      ACTION_REFUSE, EXIT_MODEL,
				      "the model is not signed by whom it must be; see Keys= and "
				      "Threshold=, and sign it with quixote model sign" },
	[FAILURE_MODEL_VERSION] = { "model-version", "8a4be1f2c7d94e63b25d1f0e97c3a648",
				    ACTION_REFUSE, EXIT_MODEL,
				    "the model is older than one that this workload ran under, or "
				    "that cannot be known; sign it with a higher --version=" },
	[FAILURE_MODEL_WRITE] = { "model-write", "415022147dd24315a740431d35700def", ACTION_END,
				  EXIT_MODEL,
				  "the new model was not written and the old one is unchanged; "
				  "make room and train again" },
	[FAILURE_ANCHOR] = { "anchor", "f51c965ac1ed4b8cb71399e31b66d8ea", ACTION_REFUSE, EXIT_LOST,
			     "the anchor does not take this workload; see to "
			     "quixote-anchor.service "
			     "and quixote tpm status, or set Anchor=no" },
	[FAILURE_ANCHOR_LOST] = { "anchor-lost", "ccbafa1409e44c77a8c1799d0b264d00", ACTION_NOTE,
				  EXIT_LOST,
				  "the anchor is gone, and until it is back nothing new can be "
				  "proved "
				  "of this workload; see the journal of quixote-anchor.service" },
	[FAILURE_TMA_START] = { "tma-start", "74505f70fba242c48845797a5a121b37", ACTION_REFUSE,
				EXIT_LOST,
				"the modelling agent did not start; check the installation" },
	[FAILURE_TMA_DIED] = { "tma-died", "5077a807b3e544749ca2168eda88d66c", ACTION_LOSS,
			       EXIT_LOST, "the modelling agent died; start the workload again" },
	[FAILURE_TMA_HUNG] = { "tma-hung", "1a445f87d3aa4a119910b134297411a6", ACTION_LOSS,
			       EXIT_LOST,
			       "the modelling agent does not answer; start the workload again, "
			       "with a longer Deadline= if the machine is busy" },
	[FAILURE_TMA_GARBAGE] = { "tma-garbage", "005110e36d2d40168fd23004882dff35", ACTION_LOSS,
				  EXIT_LOST,
				  "the modelling agent broke its protocol; report this as a bug" },
	[FAILURE_CHANNEL] = { "channel", "ce06ee5441384b2daf88caf6ec91cd4e", ACTION_LOSS, EXIT_LOST,
			      "the channel to the kernel failed; see the kernel log" },
	[FAILURE_RECORD] = { "record", "e7108089dd604cb38d407d6d44d56d6b", ACTION_LOSS, EXIT_LOST,
			     "the kernel sent a record that does not parse; kernel and quixote "
			     "must be of one version" },
	[FAILURE_MODEL_FULL] = { "model-full", "94c6a27b8691420d9b3b11c5dd988b47", ACTION_END,
				 EXIT_LOST,
				 "the model has no room for another coefficient; add Scratch= or "
				 "Pseudonym= lines for what is new in every run" },
	[FAILURE_EVENT_EXPIRED] = { "event-expired", "186931bf1e97471fa8f5a244fc11f48c",
				    ACTION_LOSS, EXIT_LOST,
				    "an event got no verdict before its deadline and was refused; "
				    "use a longer Deadline= if the machine is busy" },
	[FAILURE_EVENT_DROPPED] = { "event-dropped", "5ffde468ffa742caaf2f74d0066ee897",
				    ACTION_LOSS, EXIT_LOST,
				    "the kernel had no room for a record and refused its event; "
				    "start the workload again" },
	[FAILURE_VIOLATION] = { "violation", "b83fce4e11e642a1a7a7a666f75f494f", ACTION_END,
				EXIT_VIOLATION,
				"the workload left its model and was ended; see quixote explain" },
	[FAILURE_WORKLOAD_START] = { "workload-start", "49b066fad6a04216a6e9efcb94a3d43f",
				     ACTION_END, EXIT_WORKLOAD,
				     "the workload was not started or did not stay; correct the "
				     "configuration" },
	[FAILURE_WORKLOAD_STUCK] = { "workload-stuck", "bc26ea5e395e4ba3966d2294b70fbc90",
				     ACTION_NOTE, EXIT_LOST,
				     "members of the workload did not end when killed; see "
				     "dmesg for what they wait for" },
	[FAILURE_RECORDER] = { "recorder", "48d904217ec4441d8d6e9408dfff487f", ACTION_NOTE,
			       EXIT_LOST,
			       "refusals of this run are not recorded, quixote explain will not "
			       "show them; check the state directory" },
	[FAILURE_FORENSICS_LOST] = { "forensics-lost", "7335c00e79f14f21a3060d41396c7f67",
				     ACTION_NOTE, EXIT_LOST,
				     "refusals came faster than they were recorded; quixote "
				     "explain shows a part of them" },
	[FAILURE_TRAJECTORY_LOST] = { "trajectory-lost", "f44fc0de8bdc4435a57d8dfc42140734",
				      ACTION_NOTE, EXIT_LOST,
				      "events came faster than the trajectory was recorded; a part "
				      "of them is missing in it, each gap is marked" },
	[FAILURE_DISK_FULL] = { "disk-full", "9815661f65eb4f22b33cb33db010cbc0", ACTION_NOTE,
				EXIT_LOST,
				"the recorder cannot write; what it loses is counted in its files; "
				"make room in the state directory" },
	[FAILURE_MANAGEMENT] = { "management", "c355cd30418744a89b9040546a94ac8c", ACTION_NOTE,
				 EXIT_LOST,
				 "this run has no management socket, quixote ps and show will not "
				 "find it; end another run of this name, or see to the directory" },
	[FAILURE_RELOAD] = { "reload", "5a44eab6b6b94d2ba3e34c5f9a6d1f0c", ACTION_NOTE, EXIT_LOST,
			     "the new model was not taken and the workload goes on under the one "
			     "it has; put that right and reload again" },
	[FAILURE_RELOAD_LEFT] = { "reload-left", "b0b6d1c7e42f4a7f9d53f0a4c3c5de81", ACTION_NOTE,
				  EXIT_LOST,
				  "after a reload the modelling agent before did not end as it "
				  "should; what it had read and not answered was refused" },
	[FAILURE_INTERNAL] = { "internal", "61292ae5ba5b4af993243fd92202281b", ACTION_END,
			       EXIT_LOST, "the orchestrator failed; report this as a bug" },
};
_Static_assert(sizeof(failure_table) / sizeof(failure_table[0]) == FAILURE_COUNT,
	       "one row per failure");

static int priority(const struct failure_desc *desc)
{
	return desc->action == ACTION_NOTE ? LOG_WARNING : LOG_ERR;
}

/* Below a service manager it would be told twice. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void failure_compose(enum failure failure, const char *detail, int error, char *text, size_t size)
{
	(void)snprintf(text, size, "%s%s%s%s%s", detail ?: "", detail ? ": " : "",
		       error ? strerror(-error) : "", error ? ": " : "",
		       failure_table[failure].sentence); /* cut, if it must be */
}

void failure_report(struct tell *tell, enum failure failure, const char *name, const char *detail,
		    int error)
{
	const struct failure_desc *desc = &failure_table[failure];
	char message[1024];
	int n;

	n = snprintf(message, sizeof(message), "%s: ", name);
	if (n > 0 && (size_t)n < sizeof(message))
		failure_compose(failure, detail, error, message + n, sizeof(message) - n);
	tell_flatten(message);

	if (!stderr_is_journal())
		tell_line(tell, "quixote: %s", message);
	tell_journal(tell,
		     "MESSAGE=%s\nMESSAGE_ID=%s\nPRIORITY=%i\n" TELL_JOURNAL_IDENTIFIER
		     "TSEM_WORKLOAD=%s\nTSEM_FAILURE=%s\n",
		     message, desc->message_id, priority(desc), name, desc->name);
}
