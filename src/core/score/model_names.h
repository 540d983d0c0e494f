/*-------------------------------------------------------------------------
 *
 * model_names.h
 *	  The words that scoring models are written in, for model_check.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_MODEL_NAMES_H
#define BRIM_CORE_SCORE_MODEL_NAMES_H

#include "core/score/model.h"

/* What a name stands for, or -1. */
extern int brim_model_names_find_kind(BrimStr name);
extern int brim_model_names_find_dimension(BrimStr name);
extern int brim_model_names_find_combine(BrimStr name);
extern int brim_model_names_find_policy(BrimStr name);

extern bool brim_model_names_kind_has_keywords(BrimRuleKind kind);

#endif /* BRIM_CORE_SCORE_MODEL_NAMES_H */
