// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.c - events of open files: opening and mapping.
 */

#include <linux/fs.h>
#include <linux/mman.h>

#include "control.h"
#include "describe.h"
#include "event.h"
#include "inode.h"

/* As printed in FILE.flags; the kernel keeps it with the open flags. */
#define OPENED_FOR_EXEC __FMODE_EXEC

static int hook_file_open(struct file *file)
{
	bool executes = file->f_flags & OPENED_FOR_EXEC;
	struct tsem_event event;
	int r;

	if (tsem_is_control_plane(file_inode(file)))
		return tsem_may_control(file->f_cred) ? 0 : -EPERM;
	/* What a stacked filesystem opens below itself was judged above it. */
	if (!S_ISREG(file_inode(file)->i_mode) || (file->f_mode & FMODE_BACKING))
		return 0;
	if (!tsem_event_begin(&event, TSEM_EVENT_FILE_OPEN, &r))
		return r;
	return tsem_event_end(&event,
			      tsem_pack_file(&event.cell, event.ns, file, executes, true));
}

/* Only what is executable, and regular files that have content of their own. */
static bool mapping_counts(const struct file *file, unsigned long prot)
{
	if (prot & PROT_EXEC)
		return true;
	return file && S_ISREG(file_inode(file)->i_mode) &&
	       !tsem_on_pseudo_filesystem(file_inode(file)->i_sb);
}

static int hook_mmap_file(struct file *file, unsigned long reqprot, unsigned long prot,
			  unsigned long flags)
{
	bool executes = prot & PROT_EXEC;
	struct tsem_event event;
	int r;

	if (!mapping_counts(file, prot))
		return 0;
	if (!tsem_event_begin(&event, TSEM_EVENT_MMAP_FILE, &r))
		return r;
	tsem_pack_u8(&event.cell, !!file);
	if (file)
		r = tsem_pack_file(&event.cell, event.ns, file, executes, false);
	tsem_pack_u32(&event.cell, reqprot);
	tsem_pack_u32(&event.cell, prot);
	tsem_pack_u32(&event.cell, flags);
	return tsem_event_end(&event, r);
}

static struct security_hook_list file_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(file_open, hook_file_open),
	LSM_HOOK_INIT(mmap_file, hook_mmap_file),
};

void __init tsem_add_file_hooks(void)
{
	security_add_hooks(file_hooks, ARRAY_SIZE(file_hooks), &tsem_lsmid);
}
