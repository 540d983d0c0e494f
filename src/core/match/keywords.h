/*-------------------------------------------------------------------------
 *
 * keywords.h
 *	  The keywords of many rules, or phrases of many items, as one sorted set.
 *
 * A pattern is a keyword in the form it is compared in; a target says which
 * keyword of which rule, or which item of a lexicon, it stands for.  Owners
 * that name the same keyword share its pattern.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MATCH_KEYWORDS_H
#define BRIM_CORE_MATCH_KEYWORDS_H

#include "core/base/base.h"

typedef struct BrimTarget
{
	union
	{
		int owner; /* whichever it is */
		int rule;  /* of a scoring model */
		int item;  /* of a lexicon */
	};
	int keyword;
} BrimTarget;

typedef struct BrimKeyword
{
	BrimStr    pattern;
	BrimTarget target;
} BrimKeyword;

typedef struct BrimKeywordSet
{
	int         npatterns;
	BrimStr    *patterns; /* by bytes, each once */
	int        *first;    /* npatterns + 1 places in targets */
	BrimTarget *targets;  /* by pattern, then owner; an owner once a pattern */
	size_t      longest;  /* bytes of the longest pattern */
} BrimKeywordSet;

/* Sort the keywords (in place) and make the set of them; patterns are borrowed. */
extern bool
brim_keywords_build(BrimKeywordSet *set, BrimKeyword *keywords, int count, BrimArena *arena);

/* The place of a pattern in the set, or -1. */
extern int brim_keywords_find(const BrimKeywordSet *set, BrimStr pattern);

/* The same for a text whose ASCII capitals count as small letters. */
extern int brim_keywords_find_lowered(const BrimKeywordSet *set, BrimStr text);

#endif /* BRIM_CORE_MATCH_KEYWORDS_H */
