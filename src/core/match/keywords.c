/*-------------------------------------------------------------------------
 *
 * keywords.c
 *	  The keywords of many rules as one sorted set; see keywords.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/match/keywords.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/base.h"

/* Order of texts by their bytes, a prefix before what it begins. */
static int
compare_texts(BrimStr a, BrimStr b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int    order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static int
compare_keywords(const void *left, const void *right)
{
	const BrimKeyword *a = left;
	const BrimKeyword *b = right;
	int                order = compare_texts(a->pattern, b->pattern);

	if (order != 0)
		return order;
	if (a->target.owner != b->target.owner)
		return a->target.owner < b->target.owner ? -1 : 1;
	return (a->target.keyword > b->target.keyword) - (a->target.keyword < b->target.keyword);
}

bool
brim_keywords_build(BrimKeywordSet *set, BrimKeyword *keywords, int count, BrimArena *arena)
{
	int ntargets = 0;

	memset(set, 0, sizeof(*set));
	if (count > 1)
		qsort(keywords, (size_t) count, sizeof(BrimKeyword), compare_keywords);
	set->patterns = brim_arena_alloc(arena, (size_t) count, sizeof(BrimStr));
	set->first = brim_arena_alloc(arena, (size_t) count + 1, sizeof(int));
	set->targets = brim_arena_alloc(arena, (size_t) count, sizeof(BrimTarget));
	if (set->patterns == NULL || set->first == NULL || set->targets == NULL)
		return false;
	for (int i = 0; i < count; i++)
	{
		bool same = i > 0 && compare_texts(keywords[i - 1].pattern, keywords[i].pattern) == 0;

		if (same && keywords[i - 1].target.owner == keywords[i].target.owner)
			continue; /* the owner names it twice */
		if (!same)
		{
			set->first[set->npatterns] = ntargets;
			set->patterns[set->npatterns++] = keywords[i].pattern;
			if (keywords[i].pattern.len > set->longest)
				set->longest = keywords[i].pattern.len;
		}
		set->targets[ntargets++] = keywords[i].target;
	}
	set->first[set->npatterns] = ntargets;
	return true;
}

/* Find a text by a function that compares it with a pattern. */
static int
find_by(const BrimKeywordSet *set, BrimStr text, int (*compare)(BrimStr text, BrimStr pattern))
{
	int low = 0;
	int high = set->npatterns;

	if (text.len > set->longest)
		return -1;
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = compare(text, set->patterns[middle]);

		if (order == 0)
			return middle;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

int
brim_keywords_find(const BrimKeywordSet *set, BrimStr pattern)
{
	return find_by(set, pattern, compare_texts);
}

/* compare_texts() with the capitals of a lowered. */
static int
compare_lowered(BrimStr a, BrimStr b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < shorter; i++)
	{
		unsigned char left = brim_text_lower_byte((unsigned char) a.data[i]);
		unsigned char right = (unsigned char) b.data[i];

		if (left != right)
			return left < right ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

int
brim_keywords_find_lowered(const BrimKeywordSet *set, BrimStr text)
{
	return find_by(set, text, compare_lowered);
}
