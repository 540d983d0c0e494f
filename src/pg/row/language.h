/*-------------------------------------------------------------------------
 *
 * language.h
 *	  How the server folds text for the scoring core: lowered by the
 *	  database's default collation, in UTF-8; stems by its text search
 *	  dictionaries; searches by its regular expressions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_ROW_LANGUAGE_H
#define BRIM_PG_ROW_LANGUAGE_H

#include "core/match/match.h"

/* Works in the memory context that is current when it is called. */
extern const BrimFold brim_language_server;

/* Raise an error for a language without a stemmer, for a pattern that is no regular expression. */
extern void brim_language_check(BrimStr language);
extern void brim_language_check_pattern(BrimStr pattern);

#endif /* BRIM_PG_ROW_LANGUAGE_H */
