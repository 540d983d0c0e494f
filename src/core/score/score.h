/*-------------------------------------------------------------------------
 *
 * score.h
 *	  What the room offers: score leads with models of any kind.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_SCORE_H
#define BRIM_CORE_SCORE_SCORE_H

#include "core/score/feature.h"
#include "core/score/rules.h"
#include "core/score/scorer.h"

/* Set what is wanted, and which features that depends on: score->reads. */
extern void brim_score_want(BrimScore *score, int want);

/* For scorers: begin a score of a model (false: memory is short), and set its total. */
extern bool brim_score_init(BrimScore *score, const BrimModel *model, BrimMem *mem);
extern void brim_score_set_total(BrimScore *score, int total);

#endif /* BRIM_CORE_SCORE_SCORE_H */
