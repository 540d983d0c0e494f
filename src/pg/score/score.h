/*-------------------------------------------------------------------------
 *
 * score.h
 *	  What the room offers: models of this database, and scoring with them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_SCORE_H
#define BRIM_PG_SCORE_SCORE_H

#include "pg/score/call_cache.h"
#include "pg/score/model_cache.h"
#include "pg/score/reason_text.h"

#endif /* BRIM_PG_SCORE_SCORE_H */
