/*-------------------------------------------------------------------------
 *
 * mem.c
 *	  Allocation helpers of the pure core; see mem.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mem.h"

#include <stdlib.h>
#include <string.h>

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

/* Copy len bytes and add a NUL behind them; NULL when memory is short. */
char *
brim_mem_copy(BrimMem *mem, const char *data, size_t len)
{
	char *copy = brim_mem_alloc(mem, len + 1);

	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}
