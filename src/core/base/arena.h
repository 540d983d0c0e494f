/*-------------------------------------------------------------------------
 *
 * arena.h
 *	  Memory that lives and dies together: many allocations, one release.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_ARENA_H
#define BRIM_CORE_BASE_ARENA_H

#include <stddef.h>

#include "core/base/buf.h"

typedef struct BrimArenaBlock BrimArenaBlock;

typedef struct BrimArena
{
	BrimMem        *mem;
	BrimArenaBlock *blocks; /* newest first */
	size_t          free;   /* bytes left in the newest block */
	size_t          used;   /* bytes in use in the newest block */
} BrimArena;

extern void brim_arena_init(BrimArena *arena, BrimMem *mem);

/* Zeroed memory for count things of a size, or NULL. */
extern void *brim_arena_alloc(BrimArena *arena, size_t count, size_t size);

/* Copy a text and add a NUL; data NULL when memory is short. */
extern BrimStr brim_arena_copy(BrimArena *arena, BrimStr text);
extern void    brim_arena_free(BrimArena *arena);

#endif /* BRIM_CORE_BASE_ARENA_H */
