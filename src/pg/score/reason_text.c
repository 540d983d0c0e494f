/*-------------------------------------------------------------------------
 *
 * reason_text.c
 *	  What a reason of a score says; see reason_text.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/row/row.h"
#include "pg/score/reason_text.h"

#define TEXT_MAX (64 * 1024 * 1024)

BrimExplanation
brim_reason_text_explain(const BrimScore *score)
{
	BrimExplanation explanation;

	if (!score->model->scorer->explain(score, brim_memory_in(CurrentMemoryContext), &explanation))
		brim_memory_error();
	return explanation;
}

BrimStr
brim_reason_text(const BrimScore *score, const BrimReason *reason, BrimTelling what,
				 const BrimValue *values)
{
	BrimBuf buf;

	brim_buf_init(&buf, brim_memory_in(CurrentMemoryContext), TEXT_MAX);
	if (!score->model->scorer->tell(score, reason->id, what, values, &buf))
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("reason of rule %d is too long", reason->rule_no));
	return brim_buf_str(&buf);
}
