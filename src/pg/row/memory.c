/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  Memory of the pure core inside the server; see memory.h.
 *
 * The server has no realloc that reports failure by its result on all the
 * versions we support, so each block remembers its size in front.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "pg/row/memory.h"

typedef struct ContextMem
{
	BrimMem       mem; /* must be first */
	MemoryContext cxt;
} ContextMem;

typedef union BlockHead
{
	Size size; /* of what follows */
	char align[MAXALIGN(sizeof(Size))];
} BlockHead;

/* realloc() in a memory context; see core/base/mem.h for its contract. */
static void *
context_resize(BrimMem *mem, void *block, size_t size)
{
	ContextMem *self = (ContextMem *) mem;
	BlockHead  *old = block == NULL ? NULL : (BlockHead *) block - 1;
	BlockHead  *fresh;

	if (size == 0)
	{
		if (old != NULL)
			pfree(old);
		return NULL;
	}
	if (old != NULL && size <= old->size && size >= old->size / 2)
		return block;
	if (size > MaxAllocHugeSize - sizeof(BlockHead))
		return NULL;
	fresh = MemoryContextAllocExtended(self->cxt, size + sizeof(BlockHead),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (fresh == NULL)
		return NULL;
	fresh->size = size;
	if (old != NULL)
	{
		memcpy(fresh + 1, old + 1, Min(old->size, size));
		pfree(old);
	}
	return fresh + 1;
}

BrimMem *
brim_memory_in(MemoryContext cxt)
{
	ContextMem *self = MemoryContextAlloc(cxt, sizeof(ContextMem));

	self->mem.resize = context_resize;
	self->cxt = cxt;
	return &self->mem;
}

void
brim_memory_error(void)
{
	ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"));
}

void *
brim_memory_grow(void *rows, int count, int *room, Size size)
{
	if (count == *room)
	{
		*room = Max(*room * 2, 64);
		rows = rows == NULL ? palloc(*room * size) : repalloc(rows, *room * size);
	}
	memset((char *) rows + count * size, 0, size);
	return rows;
}
