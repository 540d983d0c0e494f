/*-------------------------------------------------------------------------
 *
 * reason_text.h
 *	  What a reason of a score says: its sentence, its evidence.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_REASON_TEXT_H
#define BRIM_PG_SCORE_REASON_TEXT_H

#include "postgres.h"

#include "core/score/score.h"

/* Explain the last run of a score, in the current context. */
extern BrimExplanation brim_reason_text_explain(const BrimScore *score);

/* The text of a reason of the last run, in the current context. */
extern BrimStr brim_reason_text(const BrimScore *score, const BrimReason *reason, BrimTelling what,
								const BrimValue *values);

#endif /* BRIM_PG_SCORE_REASON_TEXT_H */
