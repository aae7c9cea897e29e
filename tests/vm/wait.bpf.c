// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait.bpf.c - a program for BPF's security module that asks somebody and waits for the answer, as
 * an agent is asked. The kernel does not load it, which is what tests/vm/comparison-peers wants to
 * see; what it waits for is all that is wrong with it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM	1

struct file;

volatile __u32 asked, answer;

char _license[] SEC("license") = "GPL";

SEC("lsm.s/file_open")
int BPF_PROG(ask, struct file *file)
{
	asked++;
#ifndef WITHOUT_WAITING
	while (!answer)
		;
#endif
	return answer == 1 ? 0 : -EPERM;
}
