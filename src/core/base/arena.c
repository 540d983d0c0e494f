/*-------------------------------------------------------------------------
 *
 * arena.c
 *	  Memory that lives and dies together; see arena.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/arena.h"

#include <stdint.h>
#include <string.h>

#define ARENA_BLOCK_SIZE 8192
#define ARENA_ALIGN 16

struct BrimArenaBlock
{
	BrimArenaBlock *next;
	size_t          unused; /* keeps what follows aligned */
};

void
brim_arena_init(BrimArena *arena, BrimMem *mem)
{
	memset(arena, 0, sizeof(*arena));
	arena->mem = mem;
}

void *
brim_arena_alloc(BrimArena *arena, size_t count, size_t size)
{
	size_t need;
	char  *at;

	if (size != 0 && count > (SIZE_MAX / 2) / size)
		return NULL;
	need = count * size;
	need = (need + ARENA_ALIGN - 1) & ~(size_t) (ARENA_ALIGN - 1);
	if (need == 0)
		need = ARENA_ALIGN;
	if (arena->blocks == NULL || need > arena->free)
	{
		size_t          payload = need > ARENA_BLOCK_SIZE ? need : ARENA_BLOCK_SIZE;
		BrimArenaBlock *block = brim_mem_alloc(arena->mem, sizeof(BrimArenaBlock) + payload);

		if (block == NULL)
			return NULL;
		block->next = arena->blocks;
		block->unused = 0;
		arena->blocks = block;
		arena->free = payload;
		arena->used = 0;
	}
	at = (char *) arena->blocks + sizeof(BrimArenaBlock) + arena->used;
	arena->used += need;
	arena->free -= need;
	memset(at, 0, need);
	return at;
}

BrimStr
brim_arena_copy(BrimArena *arena, BrimStr text)
{
	BrimStr copy = {NULL, 0};
	char   *data = brim_arena_alloc(arena, text.len + 1, 1);

	if (data == NULL)
		return copy;
	if (text.len > 0)
		memcpy(data, text.data, text.len);
	copy.data = data;
	copy.len = text.len;
	return copy;
}

void
brim_arena_free(BrimArena *arena)
{
	BrimArenaBlock *block = arena->blocks;

	while (block != NULL)
	{
		BrimArenaBlock *next = block->next;

		brim_mem_free(arena->mem, block);
		block = next;
	}
	arena->blocks = NULL;
	arena->free = 0;
	arena->used = 0;
}
