/*-------------------------------------------------------------------------
 *
 * rule_text.h
 *	  What a rule that matched says: its reason, its evidence.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_RULE_TEXT_H
#define BRIM_PG_SCORE_RULE_TEXT_H

#include "core/score/score.h"

/* brim_score_reason() or brim_score_reason_evidence(). */
typedef bool (*BrimRuleTeller)(const BrimScore *score, int rule, const BrimValue *values,
							   BrimBuf *out);

/* The text that one of them makes, in the current context. */
extern BrimStr
brim_rule_text(BrimRuleTeller tell, const BrimScore *score, int rule, const BrimValue *values);

#endif /* BRIM_PG_SCORE_RULE_TEXT_H */
