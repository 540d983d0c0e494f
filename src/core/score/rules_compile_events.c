/*-------------------------------------------------------------------------
 *
 * rules_compile_events.c
 *	  The rules of a model that look for events; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

/* Where the texts of an attribute come from. */
static int
sources_of(const BrimRulesAttribute *attribute)
{
	if (attribute->feature->npath == 0 &&
		brim_str_equal(attribute->feature->name, brim_str("news_mentions")))
		return BRIM_INTENT_NEWS;
	if (attribute->feature->npath == 0 &&
		brim_str_equal(attribute->feature->name, brim_str("recent_job_posts")))
		return BRIM_INTENT_JOB_POST;
	return BRIM_INTENT_ANY;
}

static bool
refuse_class(BrimRulesCompiler *compiler, const BrimRule *rule, BrimStr class_name)
{
	if (compiler->def->head.lexicon == NULL)
		brim_error_set(compiler->error, "rule %d, field kind: a rule of kind event needs a lexicon",
					   rule->rule_no);
	else
		brim_error_set(compiler->error, "rule %d, field keywords: \"%.*s\" is no class of events",
					   rule->rule_no, (int) (class_name.len < 63 ? class_name.len : 63),
					   class_name.data);
	return false;
}

/* The classes that a rule looks for. */
static bool
add_events(BrimRulesCompiler *compiler, int place)
{
	BrimRulesModel     *model = compiler->model;
	const BrimRule     *rule = &model->rules[place];
	BrimRulesAttribute *attribute = &model->attributes[model->signals[rule->signal].attribute];

	for (int k = rule->first_keyword; k < rule->first_keyword + rule->nkeywords; k++)
	{
		BrimEventTarget *target = &attribute->events[attribute->nevents];

		target->class_no =
			compiler->def->head.lexicon == NULL
				? -1
				: brim_lexicon_class(compiler->def->head.lexicon, model->keywords[k]);
		if (target->class_no < 0)
			return refuse_class(compiler, rule, model->keywords[k]);
		target->rule = place;
		target->keyword = k;
		attribute->nevents++;
	}
	return true;
}

bool
brim_rules_compile_events(BrimRulesCompiler *compiler)
{
	BrimRulesModel *model = compiler->model;

	for (int r = 0; r < model->nrules; r++)
	{
		if (model->rules[r].kind == BRIM_RULE_EVENT)
			model->attributes[model->signals[model->rules[r].signal].attribute].nevents +=
				model->rules[r].nkeywords;
	}
	for (int a = 0; a < model->head.features.count; a++)
	{
		BrimRulesAttribute *attribute = &model->attributes[a];

		attribute->events =
			brim_arena_alloc(&model->arena, (size_t) attribute->nevents, sizeof(BrimEventTarget));
		if (attribute->events == NULL)
			return brim_rules_no_memory(compiler);
		attribute->sources = sources_of(attribute);
		attribute->nevents = 0;
	}
	for (int r = 0; r < model->nrules; r++)
	{
		if (model->rules[r].kind != BRIM_RULE_EVENT)
			continue;
		if (!add_events(compiler, r))
			return false;
		model->head.lexicon = compiler->def->head.lexicon;
	}
	return true;
}
