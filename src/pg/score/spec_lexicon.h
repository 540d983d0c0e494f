/*-------------------------------------------------------------------------
 *
 * spec_lexicon.h
 *	  The lexicon of events as a part of a model given as jsonb.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_SPEC_LEXICON_H
#define BRIM_PG_SCORE_SPEC_LEXICON_H

#include "core/intent/intent.h"
#include "pg/score/spec_value.h"

/* Compile the lexicon of a spec into the current memory context. */
extern BrimLexicon *brim_spec_lexicon_read(const BrimSpecPosition *place, const JsonbValue *value);

#endif /* BRIM_PG_SCORE_SPEC_LEXICON_H */
