// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel.c - events of what enters or controls the kernel itself: modules,
 * firmware, BPF programs, keys, rings, monitoring, tunnels, its log and clock.
 */

#include <linux/bpf.h>
#include <linux/cred.h>
#include <linux/filter.h>
#include <linux/io_uring/cmd.h>
#include <linux/kernel_read_file.h>
#include <linux/key.h>
#include <linux/time.h>

#include "describe.h"
#include "event.h"
#include "task.h"

/* An event that is up to two numbers of 32 bits. */
static int numbers(enum tsem_event_id id, unsigned int count, u32 first, u32 second)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, id, &r))
		return r;
	if (count > 0)
		tsem_pack_u32(&event.cell, first);
	if (count > 1)
		tsem_pack_u32(&event.cell, second);
	return tsem_event_end(&event, 0);
}

static int hook_kernel_module_request(char *kmod_name)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_KERNEL_MODULE_REQUEST, &r))
		return r;
	tsem_pack_text(&event.cell, kmod_name, strlen(kmod_name));
	return tsem_event_end(&event, 0);
}

static int hook_kernel_load_data(enum kernel_load_data_id id, bool contents)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_KERNEL_LOAD_DATA, &r))
		return r;
	tsem_pack_u32(&event.cell, id);
	tsem_pack_u8(&event.cell, contents);
	return tsem_event_end(&event, 0);
}

static int hash_bytes(const struct tsem_ns *ns, const void *data, size_t size,
		      struct tsem_digest *ret)
{
	struct tsem_hash *hash = tsem_hash_new(&ns->alg, GFP_KERNEL);

	if (!hash)
		return -ENOMEM;
	memset(ret, 0, sizeof(*ret));
	tsem_hash_init(&hash->hasher);
	tsem_hash_update(&hash->hasher, data, size);
	tsem_hash_final(&hash->hasher, ret->bytes);
	tsem_hash_free(hash);
	return 0;
}

static int hook_kernel_post_load_data(char *buffer, loff_t size, enum kernel_load_data_id id,
				      char *description)
{
	struct tsem_digest digest;
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_KERNEL_POST_LOAD_DATA, &r))
		return r;
	r = hash_bytes(event.ns, buffer, size, &digest);
	if (r == 0) {
		tsem_pack_u32(&event.cell, id);
		tsem_pack_text(&event.cell, description, strlen(description));
		tsem_pack_u64(&event.cell, size);
		tsem_pack_digest(&event.cell, event.ns, &digest);
	}
	return tsem_event_end(&event, r);
}

static int hook_kernel_read_file(struct file *file, enum kernel_read_file_id id, bool contents)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_KERNEL_READ_FILE, &r))
		return r;
	r = tsem_pack_file(&event.cell, event.ns, file, true, true);
	tsem_pack_u32(&event.cell, id);
	tsem_pack_u8(&event.cell, contents);
	return tsem_event_end(&event, r);
}

static int hook_syslog(int type)
{
	return numbers(TSEM_EVENT_SYSLOG, 1, type, 0);
}

static int hook_settime(const struct timespec64 *ts, const struct timezone *tz)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_SETTIME, &r))
		return r;
	tsem_pack_u8(&event.cell, !!ts);
	if (ts) {
		tsem_pack_u64(&event.cell, ts->tv_sec);
		tsem_pack_u64(&event.cell, ts->tv_nsec);
	}
	tsem_pack_u8(&event.cell, !!tz);
	if (tz) {
		tsem_pack_u32(&event.cell, tz->tz_minuteswest);
		tsem_pack_u32(&event.cell, tz->tz_dsttime);
	}
	return tsem_event_end(&event, 0);
}

static int hook_tun_dev_create(void)
{
	return numbers(TSEM_EVENT_TUN_DEV_CREATE, 0, 0, 0);
}

static int hook_tun_dev_attach_queue(void *security)
{
	return numbers(TSEM_EVENT_TUN_DEV_ATTACH_QUEUE, 0, 0, 0);
}

static int hook_tun_dev_attach(struct sock *sk, void *security)
{
	return numbers(TSEM_EVENT_TUN_DEV_ATTACH, 0, 0, 0);
}

static int hook_tun_dev_open(void *security)
{
	return numbers(TSEM_EVENT_TUN_DEV_OPEN, 0, 0, 0);
}

#ifdef CONFIG_PERF_EVENTS
static int hook_perf_event_open(int type)
{
	return numbers(TSEM_EVENT_PERF_EVENT_OPEN, 1, type, 0);
}
#endif

#ifdef CONFIG_IO_URING
static int hook_uring_override_creds(const struct cred *new)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_URING_OVERRIDE_CREDS, &r))
		return r;
	tsem_pack_creds(&event.cell, new, event.ns);
	return tsem_event_end(&event, 0);
}

static int hook_uring_sqpoll(void)
{
	return numbers(TSEM_EVENT_URING_SQPOLL, 0, 0, 0);
}

static int hook_uring_cmd(struct io_uring_cmd *command)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_URING_CMD, &r))
		return r;
	r = tsem_pack_mapped(&event.cell, event.ns, command->file);
	tsem_pack_u32(&event.cell, command->cmd_op);
	return tsem_event_end(&event, r);
}
#endif

#ifdef CONFIG_KEYS
static int hook_key_alloc(struct key *key, const struct cred *cred, unsigned long flags)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_KEY_ALLOC, &r))
		return r;
	tsem_pack_creds(&event.cell, cred, event.ns);
	tsem_pack_u64(&event.cell, flags);
	return tsem_event_end(&event, 0);
}

static int hook_key_permission(key_ref_t key_ref, const struct cred *cred,
			       enum key_need_perm need_perm)
{
	const struct key *key = key_ref_to_ptr(key_ref);
	struct user_namespace *to;
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_KEY_PERMISSION, &r))
		return r;
	to = tsem_reference_userns(event.ns);
	tsem_pack_u8(&event.cell, is_key_possessed(key_ref));
	tsem_pack_u32(&event.cell, from_kuid(to, key->uid));
	tsem_pack_u32(&event.cell, from_kgid(to, key->gid));
	tsem_pack_u64(&event.cell, key->flags);
	tsem_pack_u32(&event.cell, key->perm);
	tsem_pack_creds(&event.cell, cred, event.ns);
	tsem_pack_u32(&event.cell, need_perm);
	return tsem_event_end(&event, 0);
}
#endif

#ifdef CONFIG_BPF_SYSCALL
static int hook_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	return numbers(TSEM_EVENT_BPF, 2, cmd, size);
}

static int hook_bpf_map(struct bpf_map *map, fmode_t fmode)
{
	return numbers(TSEM_EVENT_BPF_MAP, 2, map->map_type, (__force u32)fmode);
}

static int hook_bpf_prog(struct bpf_prog *prog)
{
	return numbers(TSEM_EVENT_BPF_PROG, 2, prog->type, prog->expected_attach_type);
}

/* Loads of 64 bits take two instructions; a map in them is a number of this run. */
static bool is_map_load(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
	       (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE);
}

/* Formula.md, section 3, rule 8. */
static int hash_program(const struct tsem_ns *ns, const struct bpf_prog *prog,
			struct tsem_digest *ret)
{
	struct bpf_insn *copy = kvmemdup(prog->insnsi, bpf_prog_insn_size(prog), GFP_KERNEL);
	int r;

	if (!copy)
		return -ENOMEM;
	for (u32 i = 0; i < prog->len; i++) {
		if (!is_map_load(&copy[i]))
			continue;
		copy[i].imm = 0;
		if (++i < prog->len)
			copy[i].imm = 0;
	}
	r = hash_bytes(ns, copy, bpf_prog_insn_size(prog), ret);
	kvfree(copy);
	return r;
}

static int hook_bpf_prog_load(struct bpf_prog *prog, union bpf_attr *attr, struct bpf_token *token)
{
	const char *name = prog->aux->name;
	struct tsem_digest digest;
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_BPF_PROG_LOAD, &r))
		return r;
	r = hash_program(event.ns, prog, &digest);
	if (r == 0) {
		tsem_pack_u32(&event.cell, prog->type);
		tsem_pack_u32(&event.cell, prog->expected_attach_type);
		tsem_pack_text(&event.cell, name, strnlen(name, BPF_OBJ_NAME_LEN));
		tsem_pack_u32(&event.cell, prog->len);
		tsem_pack_digest(&event.cell, event.ns, &digest);
		tsem_pack_u8(&event.cell, !!token);
	}
	return tsem_event_end(&event, r);
}

static int hook_bpf_token_create(struct bpf_token *token, union bpf_attr *attr,
				 const struct path *path)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_BPF_TOKEN_CREATE, &r))
		return r;
	r = tsem_pack_path(&event.cell, event.ns, path);
	tsem_pack_u64(&event.cell, token->allowed_cmds);
	tsem_pack_u64(&event.cell, token->allowed_maps);
	tsem_pack_u64(&event.cell, token->allowed_progs);
	tsem_pack_u64(&event.cell, token->allowed_attachs);
	return tsem_event_end(&event, r);
}
#endif

static struct security_hook_list kernel_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(kernel_module_request, hook_kernel_module_request),
	LSM_HOOK_INIT(kernel_load_data, hook_kernel_load_data),
	LSM_HOOK_INIT(kernel_post_load_data, hook_kernel_post_load_data),
	LSM_HOOK_INIT(kernel_read_file, hook_kernel_read_file),
	LSM_HOOK_INIT(syslog, hook_syslog),
	LSM_HOOK_INIT(settime, hook_settime),
	LSM_HOOK_INIT(tun_dev_create, hook_tun_dev_create),
	LSM_HOOK_INIT(tun_dev_attach_queue, hook_tun_dev_attach_queue),
	LSM_HOOK_INIT(tun_dev_attach, hook_tun_dev_attach),
	LSM_HOOK_INIT(tun_dev_open, hook_tun_dev_open),
#ifdef CONFIG_PERF_EVENTS
	LSM_HOOK_INIT(perf_event_open, hook_perf_event_open),
#endif
#ifdef CONFIG_IO_URING
	LSM_HOOK_INIT(uring_override_creds, hook_uring_override_creds),
	LSM_HOOK_INIT(uring_sqpoll, hook_uring_sqpoll),
	LSM_HOOK_INIT(uring_cmd, hook_uring_cmd),
#endif
#ifdef CONFIG_KEYS
	LSM_HOOK_INIT(key_alloc, hook_key_alloc),
	LSM_HOOK_INIT(key_permission, hook_key_permission),
#endif
#ifdef CONFIG_BPF_SYSCALL
	LSM_HOOK_INIT(bpf, hook_bpf),
	LSM_HOOK_INIT(bpf_map, hook_bpf_map),
	LSM_HOOK_INIT(bpf_prog, hook_bpf_prog),
	LSM_HOOK_INIT(bpf_prog_load, hook_bpf_prog_load),
	LSM_HOOK_INIT(bpf_token_create, hook_bpf_token_create),
#endif
};

void __init tsem_add_kernel_hooks(void)
{
	security_add_hooks(kernel_hooks, ARRAY_SIZE(kernel_hooks), &tsem_lsmid);
}
