/*-------------------------------------------------------------------------
 *
 * models.h
 *	  The default scoring model for unit tests and fuzz targets of the core.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_UNIT_MODELS_H
#define BRIM_UNIT_MODELS_H

#include <string.h>

#include "core/score/internal.h"

#define MODEL_RULES 9

typedef struct ModelTexts
{
	BrimRulesDef def;
	BrimRuleDef  rules[MODEL_RULES];
	BrimStr      good_industries[4];
	BrimStr      fair_industries[3];
	BrimStr      tools[4];
	BrimStr      jobs[5];
} ModelTexts;

static BrimRuleDef *
model_rule(ModelTexts *texts, const char *dimension, const char *attribute, const char *kind,
		   int points)
{
	BrimRuleDef *rule = &texts->rules[texts->def.nrules++];

	memset(rule, 0, sizeof(*rule));
	rule->rule_no = texts->def.nrules;
	rule->dimension = brim_str(dimension);
	rule->signal = brim_str(attribute);
	rule->attribute = brim_str(attribute);
	rule->kind = brim_str(kind);
	rule->points = points;
	rule->weight = BRIM_WEIGHT_ONE;
	return rule;
}

static void
model_range(ModelTexts *texts, double low, double high, int points)
{
	BrimRuleDef *rule = model_rule(texts, "fit", "employee_count", "range", points);

	rule->has_low = rule->has_high = true;
	rule->low = low;
	rule->high = high;
}

static void
model_reason(BrimRuleDef *rule, const char *reason, const char *kind)
{
	rule->reason = brim_str(reason);
	rule->reason_kind = brim_str(kind);
}

/* The definition of the model balanced. */
static BrimRulesDef *
model_balanced(ModelTexts *texts)
{
	static const char *const good[] = {"saas", "fintech", "ai", "technology"};
	static const char *const fair[] = {"e-commerce", "biotech", "education"};
	static const char *const tools[] = {"zapier", "make", "workato", "hubspot"};
	static const char *const jobs[] = {"operations", "ops", "revops", "devops",
									   "automation engineer"};
	BrimRuleDef             *rule;

	memset(texts, 0, sizeof(*texts));
	for (int i = 0; i < 4; i++)
		texts->good_industries[i] = brim_str(good[i]);
	for (int i = 0; i < 3; i++)
		texts->fair_industries[i] = brim_str(fair[i]);
	for (int i = 0; i < 4; i++)
		texts->tools[i] = brim_str(tools[i]);
	for (int i = 0; i < 5; i++)
		texts->jobs[i] = brim_str(jobs[i]);
	texts->def.head.scorer = &brim_rules_scorer;
	texts->def.head.name = brim_str("balanced");
	texts->def.head.version = 1;
	texts->def.fit_weight = 6000;
	texts->def.intent_weight = 4000;
	texts->def.head.high_above = 80;
	texts->def.head.medium_above = 60;
	texts->def.head.qualified_above = 75;
	texts->def.rules = texts->rules;
	model_range(texts, 30, 300, 100);
	model_reason(&texts->rules[0], "Ideal company size ({value} employees).", "positive");
	model_range(texts, 15, 29, 50);
	model_range(texts, 301, 500, 50);
	rule = model_rule(texts, "fit", "employee_count", "otherwise", 0);
	model_reason(rule, "Company size is outside target range.", "negative");
	rule = model_rule(texts, "fit", "industry", "one_of", 100);
	rule->keywords = texts->good_industries;
	rule->nkeywords = 4;
	model_reason(rule, "Ideal industry: {value}.", "positive");
	rule = model_rule(texts, "fit", "industry", "one_of", 60);
	rule->keywords = texts->fair_industries;
	rule->nkeywords = 3;
	rule = model_rule(texts, "intent", "tech_stack", "any_of", 100);
	rule->keywords = texts->tools;
	rule->nkeywords = 4;
	model_reason(rule, "Uses automation tools: {matched}.", "positive");
	model_rule(texts, "intent", "tech_stack", "otherwise", 20);
	rule = model_rule(texts, "intent", "recent_job_posts", "words", 100);
	rule->keywords = texts->jobs;
	rule->nkeywords = 5;
	model_reason(rule, "Hiring for operations or automation roles.", "positive");
	return &texts->def;
}

/* Compile rules; a NULL model is released like any other. */
static BrimRulesModel *__attribute__((unused))
model_compile(BrimRulesDef *def, const BrimFold *fold, BrimMem *mem, BrimError *error)
{
	def->head.scorer = &brim_rules_scorer;
	return (BrimRulesModel *) brim_rules_scorer.compile(&def->head, fold, mem, error);
}

static void __attribute__((unused)) model_free(BrimRulesModel *model, BrimMem *mem)
{
	brim_rules_scorer.free((BrimModel *) model, mem);
}

#endif /* BRIM_UNIT_MODELS_H */
