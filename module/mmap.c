// SPDX-License-Identifier: GPL-2.0
/*
 * The payload in a process.
 *
 * Offset 0 of a file is the start of its arena; only the payload is ever mapped,
 * shared, page by page as it is touched. Each page that is mapped or otherwise
 * held has a reference of its own. A mapping holds its file, hence its owner and
 * the arena.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "arena.h"
#include "file.h"

static u64 pages_of(const struct memmgr_arena *arena)
{
	return arena->size >> PAGE_SHIFT;
}

static vm_fault_t memmgr_fault(struct vm_fault *vmf)
{
	struct memmgr_arena *arena = memmgr_owner_of(vmf->vma->vm_file)->arena;

	if (vmf->pgoff >= pages_of(arena))
		return VM_FAULT_SIGBUS;
	vmf->page = vmalloc_to_page(arena->memory + ((u64)vmf->pgoff << PAGE_SHIFT));
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct memmgr_vm_ops = {
	.fault = memmgr_fault,
};

/*
 * A read-only file never becomes writable, neither now nor by mprotect() later.
 * That a private or oversized mapping is refused is the caller's first surprise
 * rather than a later one.
 */
int memmgr_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct memmgr_owner *owner = memmgr_owner_of(file);
	u64 pages = pages_of(owner->arena);

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	if (!(owner->rights & MEMMGR_RIGHT_WRITE)) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vma->vm_flags &= ~VM_MAYWRITE;
	}
	vma->vm_flags |= VM_DONTEXPAND;
	vma->vm_ops = &memmgr_vm_ops;
	return 0;
}
