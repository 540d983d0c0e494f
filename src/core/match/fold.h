/*-------------------------------------------------------------------------
 *
 * fold.h
 *	  What the core asks of its host to compare texts.
 *
 * To fold a text is to bring it into the form it is compared in: lower case,
 * UTF-8.  The rules of languages and regular expressions are the host's, too:
 * in the server PostgreSQL's own.
 *
 * Each function may leave by longjmp; what was being built is then lost to its
 * BrimMem only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MATCH_FOLD_H
#define BRIM_CORE_MATCH_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/base.h"

typedef enum BrimSearchResult
{
	BRIM_SEARCH_NO_MEMORY = -1,
	BRIM_SEARCH_NOTHING = 0,
	BRIM_SEARCH_FOUND = 1
} BrimSearchResult;

typedef struct BrimFold
{
	/*
	 * Fold a text with characters above ASCII; ASCII capitals are lowered
	 * already.  The result lives until the next call.  False: memory is short.
	 */
	bool (*fold)(void *state, BrimStr text, BrimStr *folded);
	void *state;

	/*
	 * The stem of a folded word in a language.  The result lives until the
	 * next call.  False: memory is short.  NULL: words stay as they are.
	 */
	bool (*stem)(void *state, BrimStr language, BrimStr word, BrimStr *stem);

	/*
	 * Where a regular expression, which brim_model_check() has let pass,
	 * matches first in a text as given.  NULL: nowhere.
	 */
	BrimSearchResult (*search)(void *state, BrimStr pattern, BrimStr text, BrimStr *found);
} BrimFold;

/* Fold a text into out, which is cleared first; false when memory is short.  fold may be NULL. */
extern bool brim_fold(const BrimFold *fold, BrimStr text, BrimBuf *out);

/* The same with the stem of each word in its place; work is room to work in. */
extern bool
brim_fold_stems(const BrimFold *fold, BrimStr language, BrimStr text, BrimBuf *work, BrimBuf *out);

#endif /* BRIM_CORE_MATCH_FOLD_H */
