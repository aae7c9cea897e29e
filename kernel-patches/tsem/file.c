// SPDX-License-Identifier: GPL-2.0-only
/*
 * file.c - events of open files: opening, mapping, commands.
 */

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "control.h"
#include "describe.h"
#include "event.h"
#include "inode.h"

/* As printed in FILE.flags; the kernel keeps it with the open flags. */
#define OPENED_FOR_EXEC __FMODE_EXEC

/* A nameless new file passes no hook of its creation before it is opened. */
static int mark_tmpfile(const struct file *file)
{
	if (!(file->f_flags & __O_TMPFILE) || file_inode(file)->i_nlink)
		return 0;
	return tsem_mark_created(file_inode(file), 0);
}

static int hook_file_open(struct file *file)
{
	bool executes = file->f_flags & OPENED_FOR_EXEC;
	struct tsem_object object __uninitialized;
	struct tsem_event event __uninitialized;
	int r;

	if (tsem_is_control_plane(file_inode(file)))
		return tsem_may_control(file->f_cred) ? 0 : -EPERM;
	/* What a stacked filesystem opens below itself was judged above it. */
	if (!S_ISREG(file_inode(file)->i_mode) || (file->f_mode & FMODE_BACKING))
		return 0;
	if (!tsem_is_modelled())
		return 0;
	object = tsem_object_of(file);
	object.content = true;
	object.executes = executes;
	object.looks = true;
	if (!tsem_event_begin_object(&event, TSEM_EVENT_FILE_OPEN, &object, &r))
		return r;
	r = mark_tmpfile(file);
	if (r < 0)
		return tsem_event_end(&event, r);
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
	struct tsem_event event __uninitialized;
	struct tsem_object object __uninitialized;
	int r;

	if (!mapping_counts(file, prot) || !tsem_is_modelled())
		return 0;
	object.path = NULL;
	if (file) {
		object = tsem_object_of(file);
		object.lead = 1;
		object.content = true;
		object.executes = executes;
		object.count = 3;
		object.numbers[0] = reqprot;
		object.numbers[1] = prot;
		object.numbers[2] = flags;
	}
	if (!tsem_event_begin_object(&event, TSEM_EVENT_MMAP_FILE, &object, &r))
		return r;
	tsem_pack_u8(&event.cell, !!file);
	if (file)
		r = tsem_pack_file(&event.cell, event.ns, file, executes, false);
	tsem_pack_u32(&event.cell, reqprot);
	tsem_pack_u32(&event.cell, prot);
	tsem_pack_u32(&event.cell, flags);
	return tsem_event_end(&event, r);
}

/* An event that is a file and a command. */
static int command(enum tsem_event_id id, struct file *file, unsigned int cmd)
{
	struct tsem_object object = tsem_object_of(file);
	struct tsem_event event __uninitialized;
	int r;

	object.count = 1;
	object.numbers[0] = cmd;
	if (!tsem_event_begin_object(&event, id, &object, &r))
		return r;
	r = tsem_pack_mapped(&event.cell, event.ns, file);
	tsem_pack_u32(&event.cell, cmd);
	return tsem_event_end(&event, r);
}

static int hook_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command(TSEM_EVENT_FILE_IOCTL, file, cmd);
}

static int hook_file_ioctl_compat(struct file *file, unsigned int cmd, unsigned long arg)
{
	/* A namespace that does not know this event must not miss the operation. */
	if (tsem_event_wanted(TSEM_EVENT_FILE_IOCTL_COMPAT))
		return command(TSEM_EVENT_FILE_IOCTL_COMPAT, file, cmd);
	return command(TSEM_EVENT_FILE_IOCTL, file, cmd);
}

static int hook_file_lock(struct file *file, unsigned int cmd)
{
	return command(TSEM_EVENT_FILE_LOCK, file, cmd);
}

static int hook_file_fcntl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return command(TSEM_EVENT_FILE_FCNTL, file, cmd);
}

/* Precedes inode_setattr, as path_truncate does where there is no file. */
static int hook_file_truncate(struct file *file)
{
	struct tsem_event event __uninitialized;
	int r;

	if (tsem_is_control_plane(file_inode(file)))
		return 0;	/* was opened; see tsem_is_emptied_control_plane() */
	r = tsem_note_place(&file->f_path);
	if (r < 0 || !tsem_event_begin(&event, TSEM_EVENT_FILE_TRUNCATE, &r))
		return r;
	return tsem_event_end(&event, tsem_pack_mapped(&event.cell, event.ns, file));
}

static int hook_file_receive(struct file *file)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_FILE_RECEIVE, &r))
		return r;
	return tsem_event_end(&event, tsem_pack_file(&event.cell, event.ns, file, false, true));
}

/* The protection of a mapping as mmap() knows it. */
static unsigned int vma_prot(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_READ ? PROT_READ : 0) |
	       (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
	       (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0);
}

static int hook_file_mprotect(struct vm_area_struct *vma, unsigned long reqprot,
			      unsigned long prot)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!(prot & PROT_EXEC) || (vma->vm_flags & VM_EXEC))
		return 0;
	if (!tsem_event_begin(&event, TSEM_EVENT_FILE_MPROTECT, &r))
		return r;
	tsem_pack_u8(&event.cell, !!vma->vm_file);
	if (vma->vm_file)
		r = tsem_pack_mapped(&event.cell, event.ns, vma->vm_file);
	tsem_pack_u32(&event.cell, vma_prot(vma));
	tsem_pack_u32(&event.cell, reqprot);
	tsem_pack_u32(&event.cell, prot);
	return tsem_event_end(&event, r);
}

static struct security_hook_list file_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(file_open, hook_file_open),
	LSM_HOOK_INIT(mmap_file, hook_mmap_file),
	LSM_HOOK_INIT(file_mprotect, hook_file_mprotect),
	LSM_HOOK_INIT(file_ioctl, hook_file_ioctl),
	LSM_HOOK_INIT(file_ioctl_compat, hook_file_ioctl_compat),
	LSM_HOOK_INIT(file_lock, hook_file_lock),
	LSM_HOOK_INIT(file_fcntl, hook_file_fcntl),
	LSM_HOOK_INIT(file_truncate, hook_file_truncate),
	LSM_HOOK_INIT(file_receive, hook_file_receive),
};

void __init tsem_add_file_hooks(void)
{
	security_add_hooks(file_hooks, ARRAY_SIZE(file_hooks), &tsem_lsmid);
}
