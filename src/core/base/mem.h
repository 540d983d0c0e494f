/*-------------------------------------------------------------------------
 *
 * mem.h
 *	  Where the pure core gets its memory from.
 *
 * The core knows neither palloc nor malloc.  Its callers hand it a BrimMem:
 * in the server one that allocates in a memory context (and returns NULL,
 * never throws, when memory is short), in tests and fuzzers one over malloc.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_MEM_H
#define BRIM_CORE_BASE_MEM_H

#include <stddef.h>

typedef struct BrimMem BrimMem;

struct BrimMem
{
	/*
	 * realloc() with its contract: block NULL allocates, size 0 releases and
	 * returns NULL, NULL for size > 0 means that memory is short and the old
	 * block is still there.  Must return to its caller (no longjmp).
	 */
	void *(*resize)(BrimMem *mem, void *block, size_t size);
};

extern void *brim_mem_alloc(BrimMem *mem, size_t size);
extern void  brim_mem_free(BrimMem *mem, void *block);

/* An allocator over malloc/realloc/free, for tests, fuzzers and the worker. */
extern BrimMem *brim_mem_malloc(void);

#endif /* BRIM_CORE_BASE_MEM_H */
