/*-------------------------------------------------------------------------
 *
 * memory.h
 *	  Memory of the pure core inside the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_ROW_MEMORY_H
#define BRIM_PG_ROW_MEMORY_H

#include "postgres.h"
#include "compat.h"

#include "core/base/base.h"

/*
 * An allocator over a memory context, which it lives in.  It returns NULL
 * where palloc would raise an error; making it may raise one.
 */
extern BrimMem *brim_memory_in(MemoryContext cxt);

/* Room for one more row, all zero, in an array of the current context that has count; NULL: none yet. */
extern void *brim_memory_grow(void *rows, int count, int *room, Size size);

/* Raise the usual error for a core function that found memory short. */
pg_noreturn extern void brim_memory_error(void);

#endif /* BRIM_PG_ROW_MEMORY_H */
