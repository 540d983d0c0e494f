/*-------------------------------------------------------------------------
 *
 * mem.c
 *	  Allocation helpers of the pure core; see mem.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/mem.h"

#include <stdlib.h>

static void *malloc_resize(BrimMem *mem, void *block, size_t size);

static BrimMem malloc_mem = {malloc_resize};

static void *
malloc_resize(BrimMem *mem, void *block, size_t size)
{
	(void) mem;
	if (size == 0)
	{
		free(block);
		return NULL;
	}
	return realloc(block, size);
}

BrimMem *
brim_mem_malloc(void)
{
	return &malloc_mem;
}

/* Allocate size bytes (1 where 0 is asked for), or NULL. */
void *
brim_mem_alloc(BrimMem *mem, size_t size)
{
	return mem->resize(mem, NULL, size > 0 ? size : 1);
}

void
brim_mem_free(BrimMem *mem, void *block)
{
	if (block != NULL)
		mem->resize(mem, block, 0);
}

bool
brim_mem_grow(BrimMem *mem, void **array, int count, int *room, int max, size_t size)
{
	int   more = *room < 32 ? 64 : *room > max / 2 ? max : *room * 2;
	void *grown;

	if (count < *room)
		return true;
	if (count >= max)
		return false;
	grown = mem->resize(mem, *array, (size_t) more * size);
	if (grown == NULL)
		return false;
	*array = grown;
	*room = more;
	return true;
}
