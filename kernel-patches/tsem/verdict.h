/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verdict.h - records on their way to whoever judges, and verdicts on their way back.
 */
#ifndef _SECURITY_TSEM_VERDICT_H
#define _SECURITY_TSEM_VERDICT_H

#include "ns.h"
#include "record.h"

int tsem_lost(struct tsem_ns *ns, int error);
int tsem_undescribed(struct tsem_ns *ns, int error);
int tsem_refuse_undescribed(struct tsem_ns *ns, int error);
int tsem_submit(struct tsem_ns *ns, struct tsem_record *record, const struct tsem_asked *asked);
void tsem_answer(struct tsem_ns *ns, u64 shift, const char *lines, size_t size,
		 size_t *ret_taken);
int tsem_answer_task(struct tsem_ns *ns, struct task_struct *task, bool trusted);
int tsem_submit_aggregate(struct tsem_ns *ns);
int tsem_reader_opened(struct tsem_ns *ns, u64 *ret_shift);
void tsem_reader_closed(struct tsem_ns *ns, u64 shift);
void tsem_readers_next(struct tsem_ns *ns);
int tsem_readers_change(struct tsem_ns *ns);
void tsem_recent_clear(struct tsem_ns *ns);

#endif /* _SECURITY_TSEM_VERDICT_H */
