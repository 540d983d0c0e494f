/*-------------------------------------------------------------------------
 *
 * automaton.h
 *	  Find many words and phrases in one pass over a text (Aho-Corasick).
 *
 * Words are whole words: "ops" is found in "ops, sales" and not in "laptops".
 * Precisely, a keyword that begins (ends) with a letter, digit or mark is
 * found only where a word begins (ends); "c++" is found in "c++17".  White
 * space inside a phrase stands for any run of white space.
 *
 * Text and keywords are compared as written except ASCII capitals, which
 * count as small letters; other letters are lowered by the caller.
 *
 * Keyword and text are both turned into a stream in which a mark (the byte
 * 0xFF, which UTF-8 never has) stands at each beginning and end of a word and
 * each run of white space is one space.  Finding whole words is then finding
 * bytes, and a pass costs the length of the text, however many keywords.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MATCH_AUTOMATON_H
#define BRIM_CORE_MATCH_AUTOMATON_H

#include "core/base/base.h"

typedef struct BrimAutomaton BrimAutomaton;

/* Called with the number of a pattern found; false ends the pass. */
typedef bool (*BrimAutomatonHit)(void *state, int pattern);

/* The same, with the place in the text where the pattern's last byte was read: bytes before it and it. */
typedef bool (*BrimAutomatonHitAt)(void *state, int pattern, size_t end);

/* Append the stream of a keyword; false for nothing but white space or a failed buffer. */
extern bool brim_automaton_pattern(BrimStr keyword, BrimBuf *out);

/*
 * Build from streams, sorted by bytes, no two the same, none empty.  NULL when
 * memory is short.  The patterns are not referred to later.
 */
extern BrimAutomaton *
brim_automaton_build(const BrimStr *patterns, int npatterns, BrimArena *arena);

/* Pass over a text; false where a hit ended it. */
extern bool brim_automaton_walk(const BrimAutomaton *automaton, BrimStr text, BrimAutomatonHit hit,
								void *state);

/* Tell of the patterns that the text begins with; false where a hit ended it. */
extern bool brim_automaton_match(const BrimAutomaton *automaton, BrimStr text, BrimAutomatonHit hit,
								 void *state);

/* The same with places, in rising order. */
extern bool brim_automaton_walk_at(const BrimAutomaton *automaton, BrimStr text,
								   BrimAutomatonHitAt hit, void *state);

#endif /* BRIM_CORE_MATCH_AUTOMATON_H */
