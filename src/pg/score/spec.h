/*-------------------------------------------------------------------------
 *
 * spec.h
 *	  Scoring models as jsonb values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_SPEC_H
#define BRIM_PG_SCORE_SPEC_H

#include "postgres.h"
#include "utils/jsonb.h"

#include "core/score/score.h"

/* The definition that a spec describes, in the current context. */
extern BrimModelDef *brim_spec_read(Jsonb *spec);

#endif /* BRIM_PG_SCORE_SPEC_H */
