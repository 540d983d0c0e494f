/*-------------------------------------------------------------------------
 *
 * rule_text.c
 *	  What a rule that matched says; see rule_text.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/score/rule_text.h"
#include "pg/row/row.h"

#define RULE_TEXT_MAX (64 * 1024 * 1024)

BrimStr
brim_rule_text(BrimRuleTeller tell, const BrimScore *score, int rule, const BrimValue *values)
{
	BrimBuf buf;

	brim_buf_init(&buf, brim_memory_in(CurrentMemoryContext), RULE_TEXT_MAX);
	if (!tell(score, rule, values, &buf))
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("reason of rule %d is too long", score->model->rules[rule].rule_no));
	return brim_buf_str(&buf);
}
