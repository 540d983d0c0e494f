/*-------------------------------------------------------------------------
 *
 * fold.h
 *	  How the core has text folded: brought into the form it is compared in,
 *	  lower case and UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_FOLD_H
#define BRIM_CORE_FOLD_H

#include "core/buf.h"

/*
 * Folds a text with characters above ASCII; ASCII capitals are lowered
 * already.  The result, UTF-8, lives until the next call.  False: memory is
 * short.  May leave by longjmp; what was being built is then lost to its
 * BrimMem only.
 */
typedef struct BrimFold
{
	bool (*fold)(void *state, BrimStr text, BrimStr *folded);
	void *state;
} BrimFold;

#endif /* BRIM_CORE_FOLD_H */
