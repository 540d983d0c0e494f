/*-------------------------------------------------------------------------
 *
 * matcher.h
 *	  Which of many keywords does a text have?  As a whole, or as words.
 *
 * Almost every word of almost every text begins no keyword.  A filter of a
 * few bits a keyword says so at once: it is asked with the first eight bytes
 * of the text, or of each of its words, so the time follows the length of the
 * text and not the number of keywords.  Only what passes is compared: with the
 * one word that begins so, as most do, or else with all that begin so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MATCH_MATCHER_H
#define BRIM_CORE_MATCH_MATCHER_H

#include <stdint.h>

#include "core/match/automaton.h"
#include "core/match/keywords.h"

/* A set of 64-bit keys that may say yes where it is no. */
typedef struct BrimFilter
{
	uint64_t *bits;
	int       shift; /* of a hashed key, down to the number of a bit */
} BrimFilter;

/* A first word of patterns. */
typedef struct BrimFirstWord
{
	uint64_t key;     /* of what it begins with; 0: an empty place */
	int      pattern; /* the only pattern with this key, and nothing but a word; else -1 */
} BrimFirstWord;

typedef struct BrimMatcher
{
	BrimKeywordSet set;
	BrimFilter     filter; /* whole: beginnings of patterns; words: their first words */
	BrimFirstWord *first;  /* words: hashed by their keys */
	int            first_shift;
	BrimAutomaton *automaton; /* words: all patterns */
	BrimAutomaton *others;    /* words: patterns that begin otherwise than with an ASCII word */
	int           *other;     /* their numbers in the set */
} BrimMatcher;

/*
 * Build for keywords whose patterns are folded texts (whole) or streams of
 * brim_automaton_pattern() (words).  Sorts the keywords, borrows the patterns.
 * NULL when memory is short.
 */
extern BrimMatcher *
brim_matcher_build(BrimKeyword *keywords, int count, bool words, BrimArena *arena);

/* The pattern that a text is as a whole, or -1.  The text is folded, or ASCII as it is. */
extern int brim_matcher_whole(const BrimMatcher *matcher, BrimStr text);

/*
 * Report each pattern that occurs in a text as words; false if a hit ended
 * it.  The text is folded, or (is_ascii) ASCII as it is.
 */
extern bool brim_matcher_words(const BrimMatcher *matcher, BrimStr text, bool is_ascii,
							   BrimAutomatonHit hit, void *state);

#endif /* BRIM_CORE_MATCH_MATCHER_H */
