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

#include <stdbool.h>
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

/*
 * Make room for one more entry in an array that holds count entries and has
 * room for *room: false when memory is short or there are max entries.
 */
extern bool brim_mem_grow(BrimMem *mem, void **array, int count, int *room, int max, size_t size);

#define BRIM_GROW(mem, array, count, room, max)                                                    \
	((count) < (room) ||                                                                           \
	 brim_mem_grow((mem), (void **) &(array), (count), &(room), (max), sizeof(*(array))))

/* An allocator over malloc/realloc/free, for tests, fuzzers and the worker. */
extern BrimMem *brim_mem_malloc(void);

#endif /* BRIM_CORE_BASE_MEM_H */
