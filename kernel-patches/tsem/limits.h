/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * limits.h - every bound of TSEM, each with its reason. What exceeds one of them
 * is refused and counted, never cut.
 */
#ifndef _SECURITY_TSEM_LIMITS_H
#define _SECURITY_TSEM_LIMITS_H

#include <linux/limits.h>
#include <linux/sizes.h>

/* A stalled agent must not cost more memory than a large process' page tables. */
#define TSEM_QUEUE_RECORDS_MAX 8192
#define TSEM_QUEUE_BYTES_MAX SZ_8M

/* Each costs what docs/performance.md says; no machine has so many workloads. */
#define TSEM_NAMESPACES_MAX 4096

/* One page: room for a create command with 30 scratch directories. */
#define TSEM_COMMAND_MAX 4096

/* More lines than tasks that can wait in one burst, still one allocation. */
#define TSEM_VERDICTS_MAX SZ_64K

/* Three whole pathnames and what stands around them (inode_symlink). */
#define TSEM_PACKED_MAX (3 * PATH_MAX + SZ_2K)

/*
 * The largest cell of an atomic hook is two sockets of 76 bytes or two CREDS; of one that may
 * sleep and packs no pathname it is a socket with the longest address there is.
 */
#define TSEM_ATOMIC_PACKED_MAX 384

/* Atomic events between two runs of the refill worker; upstream's default. */
#define TSEM_POOL_DEFAULT 128
#define TSEM_POOL_MAX 16384

/* An agent that is this far behind can no longer name the task of an atomic event. */
#define TSEM_RECENT_MAX 256

/* Reading more takes longer than any deadline; an unreadable file is refused. */
#define TSEM_CONTENT_BYTES_MAX SZ_4G

/* Few enough that the longest match is a short walk. */
#define TSEM_SCRATCH_MAX 32

/* Deadline of an event, in milliseconds: above it nobody would still be waiting. */
#define TSEM_DEADLINE_MSEC_MAX (10 * 60 * 1000)

/* Handles of local filesystems have 3 to 5 words, behind overlayfs 6 more. */
#define TSEM_HANDLE_WORDS_MAX 12

/* Created objects that are known again after their inode went: 12 MiB. */
#define TSEM_MARKS_MAX 65536

/* What a TMA in user space holds too; above it an administrator says how many (points=). */
#define TSEM_POINTS_DEFAULT 65536
#define TSEM_POINTS_MAX 1048576

/* Events outside a sealed model: more than anybody reads. Further ones are counted. */
#define TSEM_FORENSICS_MAX 8192

/* Each program is the cause of several points; one that executes itself has no end. */
#define TSEM_PROGRAMS_MAX 16384

/* Records that a model keeps for whoever reads them: 65,536 of a kilobyte. */
#define TSEM_TOLD_BYTES_MAX SZ_64M

/* Models that modules bring: more kinds than anybody has thought of. */
#define TSEM_MODELS_MAX 16

/* As much of a name as fits in that of a module. */
#define TSEM_MODEL_NAME_MAX 55

/* As many paths as a model file may name. */
#define TSEM_PSEUDONYMS_MAX 1024

/*
 * Events that are known byte for byte, 32,768 in all: half of the points that a model has by
 * default, and more than looking at every file of a small machine takes. Full they are 15 MB,
 * less than the records of as many points. Larger ones (three long pathnames) are rare and
 * computed anew.
 */
#define TSEM_KNOWN_SETS 8192
#define TSEM_KNOWN_WAYS 4

/* Programs with their credentials, 1024 in all; one that is pushed out is somebody new. */
#define TSEM_KNOWN_SUBJECT_SETS 256
#define TSEM_KNOWN_CELL_MAX 1024

/* A name is put together again long before rename_lock can have counted through its 32 bits. */
#define TSEM_NAME_SECONDS 8

/* Creators that one directory tells apart; beyond it instance is 0. */
#define TSEM_DIRECTORY_CREATORS_MAX 1024

/* Coefficients that a TPM is told in one go: a second of its time. */
#define TSEM_TPM_BATCH 64

#endif /* _SECURITY_TSEM_LIMITS_H */
