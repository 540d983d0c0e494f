/*-------------------------------------------------------------------------
 *
 * feature.c
 *	  The facts that each model reads; see feature.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/feature.h"

static const struct
{
	const char *name;
	int         accepts;
} facts[BRIM_FACTS] = {
	{"company_name", BRIM_ACCEPTS_TEXT},
	{"employee_count", BRIM_ACCEPTS_NUMBER},
	{"industry", BRIM_ACCEPTS_TEXT},
	{"funding_stage", BRIM_ACCEPTS_TEXT},
	{"tech_stack", BRIM_ACCEPTS_LIST | BRIM_ACCEPTS_TEXT},
	{"recent_job_posts", BRIM_ACCEPTS_LIST | BRIM_ACCEPTS_TEXT},
	{"news_mentions", BRIM_ACCEPTS_LIST | BRIM_ACCEPTS_TEXT},
};

BrimStr
brim_feature_fact_name(int fact)
{
	return brim_str(facts[fact].name);
}

int
brim_feature_fact_accepts(int fact)
{
	return facts[fact].accepts;
}
