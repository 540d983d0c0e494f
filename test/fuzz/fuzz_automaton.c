/*-------------------------------------------------------------------------
 *
 * fuzz_automaton.c
 *	  The automaton finds exactly what a search one by one finds.
 *
 * Input: keywords, one a line; an empty line; the text.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/match/automaton.h"
#include "core/match/keywords.h"

#define KEYWORDS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
note(void *state, int pattern)
{
	((bool *) state)[pattern] = true;
	return true;
}

static bool
contains(BrimStr text, BrimStr part)
{
	for (size_t at = 0; at + part.len <= text.len; at++)
	{
		if (memcmp(text.data + at, part.data, part.len) == 0)
			return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BrimMem       *mem = brim_mem_malloc();
	BrimKeyword    keywords[KEYWORDS_MAX];
	bool           found[KEYWORDS_MAX] = {false};
	BrimKeywordSet set;
	BrimAutomaton *automaton;
	BrimArena      arena;
	BrimBuf        buf;
	BrimStr        text = {(const char *) data, size};
	int            count = 0;

	if (size > 4096)
		return 0;
	brim_arena_init(&arena, mem);
	brim_buf_init(&buf, mem, 100000);
	while (text.len > 0)
	{
		const char *newline = memchr(text.data, '\n', text.len);
		BrimStr     line = {text.data, newline == NULL ? text.len : (size_t) (newline - text.data)};
		size_t      taken = line.len + (newline == NULL ? 0 : 1);

		text.data += taken;
		text.len -= taken;
		if (line.len == 0 || count == KEYWORDS_MAX)
			break;
		brim_buf_clear(&buf);
		if (!brim_automaton_pattern(line, &buf))
			continue;
		keywords[count].pattern = brim_arena_copy(&arena, brim_buf_str(&buf));
		keywords[count].target.rule = count;
		keywords[count].target.keyword = count;
		count++;
	}
	if (count > 0)
	{
		if (!brim_keywords_build(&set, keywords, count, &arena))
			abort();
		automaton = brim_automaton_build(set.patterns, set.npatterns, &arena);
		if (automaton == NULL || !brim_automaton_walk(automaton, text, note, found))
			abort();
		brim_buf_clear(&buf);
		if (!brim_automaton_pattern(text, &buf))
			brim_buf_clear(&buf);
		for (int i = 0; i < set.npatterns; i++)
		{
			if (found[i] != contains(brim_buf_str(&buf), set.patterns[i]))
				abort();
			if (brim_keywords_find(&set, set.patterns[i]) != i)
				abort();
		}
	}
	brim_buf_free(&buf);
	brim_arena_free(&arena);
	return 0;
}
