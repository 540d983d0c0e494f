/*-------------------------------------------------------------------------
 *
 * text.h
 *	  A text as it is searched for events, and the way back to it as given.
 *
 * Words with characters above ASCII are folded, typographic apostrophes,
 * quotation marks and hyphens become ASCII ones.  ASCII text stays as it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_INTENT_TEXT_H
#define BRIM_CORE_INTENT_TEXT_H

#include "core/base/base.h"
#include "core/match/match.h"

/* A word or sign that is not as long as it was given. */
typedef struct BrimFoldedRun
{
	size_t at;
	size_t len;
	size_t given_at;
	size_t given_len;
} BrimFoldedRun;

typedef struct BrimFoldedText
{
	/* Contents */
	BrimStr        given;
	BrimStr        text; /* as it is searched; given itself where that is ASCII */
	int            nruns;
	BrimFoldedRun *runs;

	/* Memory */
	BrimMem *mem;
	BrimBuf  buf;
	int      room;
} BrimFoldedText;

extern void brim_intent_text_init(BrimFoldedText *folded, BrimMem *mem);
extern void brim_intent_text_free(BrimFoldedText *folded);

/* Fold a text, which is borrowed; false: memory is short.  fold NULL: none. */
extern bool brim_intent_text_fold(BrimFoldedText *folded, const BrimFold *fold, BrimStr text);

/* Where in the text as given begins (ends) what begins (ends) there in the folded one. */
extern size_t brim_intent_text_start(const BrimFoldedText *folded, size_t at);
extern size_t brim_intent_text_end(const BrimFoldedText *folded, size_t at);

#endif /* BRIM_CORE_INTENT_TEXT_H */
