/*-------------------------------------------------------------------------
 *
 * model_compile.h
 *	  What the parts of compiling a scoring model share: model.c,
 *	  model_keywords.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_MODEL_COMPILE_H
#define BRIM_CORE_SCORE_MODEL_COMPILE_H

#include "core/score/model.h"

/* A model while it is compiled. */
typedef struct BrimCompiler
{
	BrimModel      *model;
	BrimModelDef   *def;
	const BrimFold *fold;
	BrimError      *error;

	/* Memory */
	BrimArena scratch;
	BrimBuf   folded;
	BrimBuf   pattern;
	size_t    keyword_bytes; /* of all keywords so far */
} BrimCompiler;

/* Say that memory is short; false, to be returned. */
static inline bool
brim_model_no_memory(BrimCompiler *compiler)
{
	brim_error_set(compiler->error, "out of memory");
	return false;
}

/* Tell each attribute the events that its rules look for. */
extern bool brim_model_events_index(BrimCompiler *compiler);

/* Give each attribute what finds the keywords of its rules. */
extern bool brim_model_keywords_index(BrimCompiler *compiler);

#endif /* BRIM_CORE_SCORE_MODEL_COMPILE_H */
