// SPDX-License-Identifier: GPL-2.0-only
/*
 * confine.bpf.c - programs for BPF's security module that learn what the members of a workload do,
 * with content, names and the chain of programs, and then refuse what they have not learned. The
 * other side of tests/vm/comparison-peers on a kernel that has BPF: as finely as it can be.
 *
 * Only what is asked there has a hook here; each is written by hand.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define NAME_BYTES	128
#define DIGEST_BYTES	32
#define EPERM		1
#define SIGKILL		9
#define MAY_EXEC	1
#define MAY_WRITE	2
#define MAY_READ	4
#define PROT_EXEC	4
#define ADDRESS_BYTES	8	/* family, port and address of an IPv4 socket */
#define ARGUMENTS_TOLD	4
#define ARGUMENT_BYTES	(2 * NAME_BYTES / ARGUMENTS_TOLD)
#define DIRECTORY_BYTES	64
#define MIXER		0x9e3779b97f4a7c15	/* odd, so that nothing of a chain is lost */

/* Of the kernel's types what is read of them; where it lies, the loader finds out. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct path {
};
struct file {
	struct path f_path;
};
struct linux_binprm {
	unsigned long p;
	struct file *file;
	int argc;
};
struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct qstr d_name;
};
struct msghdr {
	void *msg_name;
};
struct task_struct {
	int tgid;
};
#pragma clang attribute pop

struct cred;
struct kernel_siginfo;
struct socket;
struct sockaddr;
struct vm_area_struct;

enum what { EXECUTE, OPEN, MAP, PROTECT, RECEIVE, SIGNAL, TRACE, CONNECT, SEND, UNLINK, PRIORITY, ARGUMENTS };

/* What was done, by whom: the key under which it is known. Compared as bytes, so without holes. */
struct deed {
	__u64 chain;
	__u64 number;
	__u64 what;
	__u8 digest[DIGEST_BYTES];
	char name[2 * NAME_BYTES];
};

struct member {
	__u64 chain;	/* of the programs that led to it */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct member);
} members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct deed);
	__type(value, __u8);
} known SEC(".maps");

/* Of a program of the workload, by its name, the content: whoever executes it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__uint(key_size, NAME_BYTES);
	__uint(value_size, DIGEST_BYTES);
} programs SEC(".maps");

/* Set from outside. */
struct settings {
	__u32 first;		/* the process that becomes a member by itself */
	__u32 enforcing;
	__u32 arguments;	/* are judged as well */
	char directory[DIRECTORY_BYTES];	/* given for reading as a whole, if any is */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

char _license[] SEC("license") = "GPL";

static __always_inline struct settings *get_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct member *get_member(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct member *member = bpf_task_storage_get(&members, task, NULL, 0);
	struct settings *set = get_settings();

	if (member || !set || task->tgid != set->first)
		return member;
	return bpf_task_storage_get(&members, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* What is not known is refused, or learned. */
static __always_inline int judge(const struct deed *deed)
{
	struct settings *set = get_settings();
	__u8 one = 1;

	if (!set || bpf_map_lookup_elem(&known, deed))
		return 0;
	if (set->enforcing)
		return -EPERM;
	return bpf_map_update_elem(&known, deed, &one, BPF_ANY) ? -EPERM : 0;
}

static __always_inline void describe(struct deed *deed, struct file *file)
{
	bpf_ima_file_hash(file, deed->digest, sizeof(deed->digest));
	bpf_d_path(&file->f_path, deed->name, NAME_BYTES);
}

/* A program of the workload has the content that it had, or it is none of it. */
static __always_inline int judge_program(const struct deed *deed)
{
	__u64 *digest = bpf_map_lookup_elem(&programs, deed->name);
	const __u64 *words = (const void *) deed->digest;
	struct settings *set = get_settings();

	if (!digest || !set || !set->enforcing)
		return 0;
	return digest[0] == words[0] && digest[1] == words[1] && digest[2] == words[2] && digest[3] == words[3] ?
		       0 : -EPERM;
}

static __always_inline int in_directory(const char *name)
{
	struct settings *set = get_settings();

	if (!set || !set->directory[0])
		return 0;
#pragma unroll
	for (int i = 0; i < DIRECTORY_BYTES; i++) {
		if (!set->directory[i])
			return 1;
		if (set->directory[i] != name[i])
			return 0;
	}
	return 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(birth, struct task_struct *task, unsigned long flags)
{
	struct member *parent = get_member(), *child;

	if (!parent)
		return 0;
	child = bpf_task_storage_get(&members, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!child)
		return -EPERM;
	child->chain = parent->chain;
	return 0;
}

SEC("lsm.s/bprm_check_security")
int BPF_PROG(execute, struct linux_binprm *bprm)
{
	struct member *member = get_member();
	struct deed deed = { .what = EXECUTE };
	struct settings *set = get_settings();

	describe(&deed, bprm->file);
	if (!member)
		return judge_program(&deed);
	if (set && !set->enforcing)
		bpf_map_update_elem(&programs, deed.name, deed.digest, BPF_ANY);
	deed.chain = member->chain;
	return judge(&deed);
}

/*
 * The arguments lie where the new program will find them, one after the other. It is too late to
 * refuse, but not to end who has not begun.
 */
static __always_inline void judge_arguments(struct linux_binprm *bprm, __u64 chain)
{
	struct deed deed = { .what = ARGUMENTS, .chain = chain, .number = bprm->argc };
	unsigned long address = bprm->p;
	long size;

#pragma unroll
	for (int i = 0; i < ARGUMENTS_TOLD; i++) {
		if (i < bprm->argc) {
			size = bpf_probe_read_user_str(deed.name + i * ARGUMENT_BYTES, ARGUMENT_BYTES, (void *) address);
			address += size > 0 ? size : 0;
		}
	}
	if (judge(&deed))
		bpf_send_signal(SIGKILL);
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(executed, struct linux_binprm *bprm)
{
	struct member *member = get_member();
	struct settings *set = get_settings();
	__u64 digest[DIGEST_BYTES / sizeof(__u64)] = {}, name[NAME_BYTES / sizeof(__u64)] = {}, chain;

	if (!member || !set)
		return 0;
	bpf_ima_file_hash(bprm->file, digest, sizeof(digest));
	bpf_d_path(&bprm->file->f_path, (char *) name, sizeof(name));
	chain = member->chain * MIXER + digest[0] + 1;
#pragma unroll
	for (int i = 0; i < NAME_BYTES / sizeof(__u64); i++)
		chain = chain * MIXER + name[i];
	member->chain = chain;
	return 0;
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(told, struct linux_binprm *bprm)
{
	struct member *member = get_member();
	struct settings *set = get_settings();

	if (member && set && set->arguments)
		judge_arguments(bprm, member->chain);
	return 0;
}

/* In file_open nothing can be read of the file yet, so there is no digest. */
SEC("lsm.s/file_post_open")
int BPF_PROG(opened, struct file *file, int mask)
{
	struct member *member = get_member();
	struct deed deed = { .what = OPEN, .number = mask };

	if (!member)
		return 0;
	deed.chain = member->chain;
	if (mask & (MAY_READ | MAY_EXEC))	/* who only writes does not care what was there */
		bpf_ima_file_hash(file, deed.digest, sizeof(deed.digest));
	bpf_d_path(&file->f_path, deed.name, NAME_BYTES);
	if (!(mask & (MAY_WRITE | MAY_EXEC)) && in_directory(deed.name))
		return 0;
	return judge(&deed);
}

SEC("lsm.s/mmap_file")
int BPF_PROG(map, struct file *file, unsigned long wanted, unsigned long protection, unsigned long flags)
{
	struct member *member = get_member();
	struct deed deed = { .what = MAP, .number = protection };

	if (!member || !(protection & PROT_EXEC))
		return 0;
	deed.chain = member->chain;
	if (file)
		describe(&deed, file);
	return judge(&deed);
}

SEC("lsm/file_mprotect")
int BPF_PROG(protect, struct vm_area_struct *area, unsigned long wanted, unsigned long protection)
{
	struct member *member = get_member();
	struct deed deed = { .what = PROTECT, .number = protection };

	if (!member || !(protection & PROT_EXEC))
		return 0;
	deed.chain = member->chain;
	return judge(&deed);
}

SEC("lsm.s/file_receive")
int BPF_PROG(receive, struct file *file)
{
	struct member *member = get_member();
	struct deed deed = { .what = RECEIVE };

	if (!member)
		return 0;
	deed.chain = member->chain;
	describe(&deed, file);
	return judge(&deed);
}

SEC("lsm/task_kill")
int BPF_PROG(send_signal, struct task_struct *task, struct kernel_siginfo *info, int number, const struct cred *cred)
{
	struct member *member = get_member(), *other;
	struct deed deed = { .what = SIGNAL, .number = number };

	if (!member)
		return 0;
	deed.chain = member->chain;
	other = bpf_task_storage_get(&members, task, NULL, 0);
	if (other)
		__builtin_memcpy(deed.digest, &other->chain, sizeof(other->chain));
	return judge(&deed);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(trace, struct task_struct *task, unsigned int mode)
{
	struct member *member = get_member();
	struct deed deed = { .what = TRACE, .number = mode };

	if (!member)
		return 0;
	deed.chain = member->chain;
	return judge(&deed);
}

SEC("lsm/socket_connect")
int BPF_PROG(connect, struct socket *socket, struct sockaddr *address, int length)
{
	struct member *member = get_member();
	struct deed deed = { .what = CONNECT };

	if (!member)
		return 0;
	deed.chain = member->chain;
	bpf_probe_read_kernel(&deed.number, ADDRESS_BYTES, address);
	return judge(&deed);
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(send, struct socket *socket, struct msghdr *message, int size)
{
	struct member *member = get_member();
	struct deed deed = { .what = SEND };

	if (!member || !message->msg_name)
		return 0;
	deed.chain = member->chain;
	bpf_probe_read_kernel(&deed.number, ADDRESS_BYTES, message->msg_name);
	return judge(&deed);
}

SEC("lsm.s/path_unlink")
int BPF_PROG(remove_name, struct path *directory, struct dentry *dentry)
{
	struct member *member = get_member();
	struct deed deed = { .what = UNLINK };

	if (!member)
		return 0;
	deed.chain = member->chain;
	bpf_d_path(directory, deed.name, NAME_BYTES);
	bpf_probe_read_kernel_str(deed.name + NAME_BYTES, NAME_BYTES, dentry->d_name.name);
	return judge(&deed);
}

SEC("lsm/task_setnice")
int BPF_PROG(set_priority, struct task_struct *task, int priority)
{
	struct member *member = get_member();
	struct deed deed = { .what = PRIORITY, .number = priority };

	if (!member)
		return 0;
	deed.chain = member->chain;
	return judge(&deed);
}
