/*-------------------------------------------------------------------------
 *
 * rules_kind.c
 *	  What the server does for models of rules; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pg/row/row.h"
#include "pg/score/internal.h"

/* The context of an error: which rule. */
static void
add_context(void *arg)
{
	const BrimRuleDef *rule = *(const BrimRuleDef **) arg;

	if (rule != NULL)
		errcontext("rule %d of a scoring model", rule->rule_no);
}

static void
check(const BrimModelDef *head)
{
	const BrimRulesDef  *def = (const BrimRulesDef *) head;
	ErrorContextCallback context;
	const BrimRuleDef   *rule = NULL;

	context.callback = add_context;
	context.arg = &rule;
	context.previous = error_context_stack;
	error_context_stack = &context;
	for (int r = 0; r < def->nrules; r++)
	{
		CHECK_FOR_INTERRUPTS();
		rule = &def->rules[r];
		if (rule->stem)
			brim_language_check(def->language.data == NULL ? brim_str("english") : def->language);
		if (rule->pattern.data != NULL && rule->pattern.len <= BRIM_MODEL_PATTERN_MAX)
			brim_language_check_pattern(rule->pattern);
	}
	error_context_stack = context.previous;
}

static bool
needs_lexicon(const BrimModelDef *head)
{
	const BrimRulesDef *def = (const BrimRulesDef *) head;

	for (int r = 0; r < def->nrules; r++)
	{
		if (brim_str_equal(def->rules[r].kind, brim_str("event")))
			return true;
	}
	return false;
}

/* Leave out the settings of signals that have no rules yet. */
static bool
trim_draft(BrimModelDef *head)
{
	BrimRulesDef *def = (BrimRulesDef *) head;
	int           kept = 0;

	for (int i = 0; i < def->nsignals; i++)
	{
		const BrimSignalDef *settings = &def->signals[i];
		int                  rule = 0;

		CHECK_FOR_INTERRUPTS();
		while (rule < def->nrules &&
			   (!brim_str_equal(def->rules[rule].signal, settings->signal) ||
				!brim_str_equal(def->rules[rule].dimension, settings->dimension)))
			rule++;
		if (rule < def->nrules)
			def->signals[kept++] = *settings;
	}
	def->nsignals = kept;
	return def->nrules > 0;
}

const BrimKind brim_rules_kind = {
	.scorer = &brim_rules_scorer,
	.start = brim_rules_spec_start,
	.load = brim_rules_load,
	.read_field = brim_rules_spec_field,
	.finish_spec = brim_rules_spec_finish,
	.check = check,
	.needs_lexicon = needs_lexicon,
	.trim_draft = trim_draft,
};
