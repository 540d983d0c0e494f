/*-------------------------------------------------------------------------
 *
 * test_rules.c
 *	  Promises of core/score about rules: sound definitions compile, others are refused
 *	  with the rule and the field named, and memory short loses nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "score/models.h"

static ModelTexts texts;
static BrimError  error;

/* Compile the definition as it now is; the message must have this part. */
static void
refused(const char *part, const char *promise)
{
	BrimRulesModel *model = model_compile(&texts.def, NULL, brim_mem_malloc(), &error);

	unit_ok(model == NULL && strstr(error.message, part) != NULL, "%s: %s", promise, error.message);
	model_free(model, brim_mem_malloc());
	model_balanced(&texts);
}

static void
check_refusals(void)
{
	static BrimStr none = {NULL, 0};
	static BrimStr blank = {" \t", 2};
	static BrimStr many[] = {{"x", 1}};

	model_balanced(&texts);
	texts.def.nrules = 0;
	refused("1 to 10000 rules", "no rules");
	texts.def.intent_weight = 5000;
	refused("add up to 1", "weights that are not 1 together");
	texts.def.fit_weight = -1;
	texts.def.intent_weight = 10001;
	refused("between 0 and 1", "a negative weight");
	texts.def.head.high_above = 101;
	refused("high_above", "a threshold above 100");
	texts.def.head.medium_above = 90;
	refused("medium_above", "medium above high");
	texts.rules[3].rule_no = 2;
	refused("rule_no: two rules", "a number used twice");
	texts.rules[4].dimension = brim_str("fitness");
	refused("rule 5 (signal \"industry\"), field dimension", "an unknown dimension");
	texts.rules[4].kind = brim_str("like");
	refused("rule 5 (signal \"industry\"), field kind", "an unknown kind");
	texts.rules[4].signal = none;
	refused("rule 5 (signal \"\"), field signal: it is missing", "no signal");
	texts.rules[4].attribute = brim_str("");
	refused("field attribute: it is missing", "no attribute");
	texts.rules[0].points = 101;
	refused("field points: 101", "too many points");
	texts.rules[0].points = -101;
	refused("field points: -101", "too few points");
	texts.rules[0].weight = 0;
	refused("field weight", "no weight");
	texts.rules[0].low = 400;
	refused("field low: 400 is greater than high (300)", "a range upside down");
	texts.rules[0].has_low = texts.rules[0].has_high = false;
	refused("needs low or high", "a range without ends");
	texts.rules[0].high = HUGE_VAL;
	refused("field high: it must be a finite", "an infinite end");
	texts.rules[0].low = NAN;
	refused("field low: it must be a finite", "an end that is no number");
	texts.rules[3].has_low = true;
	refused("only a rule of kind range", "an end where there is no range");
	texts.rules[4].nkeywords = 0;
	refused("field keywords: a rule of this kind needs", "no keywords");
	texts.rules[0].keywords = many;
	texts.rules[0].nkeywords = 1;
	refused("a rule of this kind has none", "keywords of a range");
	texts.good_industries[1] = none;
	refused("keyword 2 is null or empty", "a null keyword");
	texts.jobs[2] = blank;
	refused("keyword 3 is nothing but white space", "a blank word");
	texts.rules[4].reason = none;
	refused("go together", "a kind of reason without reason");
	texts.rules[4].reason_kind = brim_str("neutral");
	refused("positive or negative", "an unknown kind of reason");
	texts.rules[4].reason = brim_str("For {values}.");
	refused("\"{values}\" is neither", "an unknown placeholder");
	texts.rules[0].reason = brim_str("{matched}");
	refused("{matched} needs", "{matched} without keywords");
	texts.rules[6].reason = brim_str("{value}");
	refused("{value} stands for", "{value} of a list");
	texts.rules[4].attribute = brim_str("funding_stage");
	refused("all rules of a signal read the same attribute", "two attributes in one signal");
	texts.rules[4].attribute = texts.rules[5].attribute = brim_str("employee_count");
	refused("kind one_of cannot read attribute \"employee_count\"", "text rules on a number");
	texts.rules[6].attribute = texts.rules[7].attribute = brim_str("region");
	texts.rules[4].attribute = texts.rules[5].attribute = brim_str("region");
	refused("as other rules do", "an attribute read as text and as list");
}

static void
check_groups(void)
{
	BrimRulesModel *model;
	BrimRuleDef     swapped;

	model_balanced(&texts);
	swapped = texts.rules[0];
	texts.rules[0] = texts.rules[8];
	texts.rules[8] = swapped;
	model = model_compile(&texts.def, NULL, brim_mem_malloc(), &error);
	if (!unit_ok(model != NULL, "rules may come in any order"))
		return;
	unit_is_int(model->nsignals, 4, "rules are grouped into signals");
	unit_is_str(model->signals[0].name, "employee_count", "signals follow their first rules");
	unit_is_int(model->rules[0].rule_no, 1, "rules follow their numbers");
	unit_is_int(model->head.features.count, BRIM_FACTS,
				"the seven facts are attributes of each model");
	model_free(model, brim_mem_malloc());

	/* The same name in both dimensions is two signals */
	model_balanced(&texts);
	texts.rules[8].signal = texts.rules[4].signal;
	model = model_compile(&texts.def, NULL, brim_mem_malloc(), &error);
	unit_ok(model != NULL && model->nsignals == 4, "a name of a signal belongs to its dimension");
	model_free(model, brim_mem_malloc());
}

/* An allocator that fails from the nth time on. */
static int allocations_left;

static void *
scarce(BrimMem *mem, void *block, size_t size)
{
	(void) mem;
	if (size > 0 && allocations_left-- <= 0)
		return NULL;
	return brim_mem_malloc()->resize(brim_mem_malloc(), block, size);
}

static void
check_memory(void)
{
	BrimMem         mem = {scarce};
	int             tries = 0;
	BrimRulesModel *model = NULL;
	bool            said = true;

	model_balanced(&texts);
	while (model == NULL && tries < 1000)
	{
		allocations_left = tries++;
		model = model_compile(&texts.def, NULL, &mem, &error);
		said = said && (model != NULL || strcmp(error.message, "out of memory") == 0);
	}
	unit_ok(model != NULL && tries > 2 && said, "memory short at any place is said (%d places)",
			tries);
	allocations_left = 1000;
	model_free(model, &mem);
}

/* As many rules and keywords as are allowed. */
static void
check_bounds(void)
{
	static BrimRuleDef rules[BRIM_MODEL_RULES_MAX + 1];
	static BrimStr     words[BRIM_MODEL_KEYWORDS_MAX / BRIM_MODEL_RULES_MAX + 1];
	BrimRulesDef       def;
	BrimRulesModel    *model;

	model_balanced(&texts);
	def = texts.def;
	def.rules = rules;
	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
		words[k] = brim_str("word");
	for (int i = 0; i <= BRIM_MODEL_RULES_MAX; i++)
	{
		rules[i] = texts.rules[8];
		rules[i].rule_no = i + 1;
		rules[i].keywords = words;
		rules[i].nkeywords = BRIM_MODEL_KEYWORDS_MAX / BRIM_MODEL_RULES_MAX;
	}
	def.nrules = BRIM_MODEL_RULES_MAX;
	model = model_compile(&def, NULL, brim_mem_malloc(), &error);
	unit_ok(model != NULL, "as many rules and keywords as are allowed compile");
	model_free(model, brim_mem_malloc());
	rules[7].nkeywords++;
	model = model_compile(&def, NULL, brim_mem_malloc(), &error);
	unit_ok(model == NULL && strstr(error.message, "more than 100000") != NULL,
			"one keyword more is refused: %s", error.message);
	model_free(model, brim_mem_malloc());
	rules[7].nkeywords--;
	def.nrules++;
	model = model_compile(&def, NULL, brim_mem_malloc(), &error);
	unit_ok(model == NULL && strstr(error.message, "1 to 10000 rules") != NULL,
			"one rule more is refused: %s", error.message);
	model_free(model, brim_mem_malloc());
}

int
main(void)
{
	check_refusals();
	check_groups();
	check_memory();
	check_bounds();
	return unit_done();
}
