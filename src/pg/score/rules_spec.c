/*-------------------------------------------------------------------------
 *
 * rules_spec.c
 *	  Models of rules as jsonb values; see spec.c.
 *
 * Beside the head a spec has the weights, the policy and the language of
 * brim.scoring_model, an array "rules" of objects with the fields of
 * brim.scoring_rule, and one "signals" with those of brim.scoring_signal.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/score/internal.h"

/* One field of a rule. */
static void
read_rule_field(const BrimSpecPosition *place, const JsonbValue *value, BrimRuleDef *rule)
{
	const char *field = place->field;

	if (strcmp(field, "rule_no") == 0)
		rule->rule_no = brim_spec_value_integer(place, value);
	else if (strcmp(field, "dimension") == 0)
		rule->dimension = brim_spec_value_text(place, value);
	else if (strcmp(field, "signal") == 0)
		rule->signal = brim_spec_value_text(place, value);
	else if (strcmp(field, "attribute") == 0)
		rule->attribute = brim_spec_value_text(place, value);
	else if (strcmp(field, "kind") == 0)
		rule->kind = brim_spec_value_text(place, value);
	else if (strcmp(field, "low") == 0)
	{
		rule->low = brim_spec_value_number(place, value);
		rule->has_low = true;
	}
	else if (strcmp(field, "high") == 0)
	{
		rule->high = brim_spec_value_number(place, value);
		rule->has_high = true;
	}
	else if (strcmp(field, "keywords") == 0)
		rule->keywords =
			brim_spec_value_texts(place, value, BRIM_MODEL_KEYWORDS_MAX, &rule->nkeywords);
	else if (strcmp(field, "path") == 0)
		rule->path = brim_spec_value_texts(place, value, BRIM_MODEL_PATH_MAX, &rule->npath);
	else if (strcmp(field, "pattern") == 0)
		rule->pattern = brim_spec_value_text(place, value);
	else if (strcmp(field, "stem") == 0)
		rule->stem = brim_spec_value_boolean(place, value);
	else if (strcmp(field, "points") == 0)
		rule->points = brim_spec_value_integer(place, value);
	else if (strcmp(field, "weight") == 0)
		rule->weight = brim_spec_value_weight(place, value);
	else if (strcmp(field, "reason") == 0)
		rule->reason = brim_spec_value_text(place, value);
	else if (strcmp(field, "reason_kind") == 0)
		rule->reason_kind = brim_spec_value_text(place, value);
	else
		brim_spec_value_refuse(place, "there is no such field");
}

static void
read_rule(int number, JsonbContainer *object, BrimRuleDef *rule)
{
	JsonbIterator   *it = JsonbIteratorInit(object);
	BrimSpecPosition place = {number, "rule", NULL};
	bool             has_points = false;
	JsonbValue       value;
	char            *key;

	rule->rule_no = number;
	rule->weight = BRIM_WEIGHT_ONE;
	while (brim_spec_value_next(&it, &key, &value))
	{
		place.field = key;
		has_points = has_points || strcmp(key, "points") == 0;
		if (value.type != jbvNull)
			read_rule_field(&place, &value, rule);
	}
	place.field = "points";
	if (!has_points)
		brim_spec_value_refuse(&place, "it is missing");
}

/* One field of the settings of a signal. */
static void
read_signal_field(const BrimSpecPosition *place, const JsonbValue *value, void *thing)
{
	BrimSignalDef *signal = thing;
	const char    *field = place->field;

	if (strcmp(field, "dimension") == 0)
		signal->dimension = brim_spec_value_text(place, value);
	else if (strcmp(field, "signal") == 0)
		signal->signal = brim_spec_value_text(place, value);
	else if (strcmp(field, "combine") == 0)
		signal->combine = brim_spec_value_text(place, value);
	else if (strcmp(field, "min_points") == 0)
	{
		signal->has_min = true;
		signal->min_points = brim_spec_value_integer(place, value);
	}
	else if (strcmp(field, "max_points") == 0)
	{
		signal->has_max = true;
		signal->max_points = brim_spec_value_integer(place, value);
	}
	else if (strcmp(field, "prior_points") == 0)
	{
		signal->has_prior = true;
		signal->prior_points = brim_spec_value_integer(place, value);
	}
	else
		brim_spec_value_refuse(place, "there is no such field");
}

static void
read_rules(const BrimSpecPosition *place, const JsonbValue *value, BrimRulesDef *def)
{
	JsonbContainer *array = brim_spec_value_array(place, value, BRIM_MODEL_RULES_MAX, &def->nrules);
	JsonbIterator  *it = JsonbIteratorInit(array);
	JsonbValue      entry;
	int             n = 0;

	def->rules = palloc0(sizeof(BrimRuleDef) * Max(def->nrules, 1));
	(void) JsonbIteratorNext(&it, &entry, true);
	while (JsonbIteratorNext(&it, &entry, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		read_rule(n + 1, brim_spec_value_object(place, &entry), &def->rules[n]);
		n++;
	}
}

BrimModelDef *
brim_rules_spec_start(void)
{
	BrimRulesDef *def = palloc0(sizeof(BrimRulesDef));

	def->fit_weight = -1;
	def->intent_weight = -1;
	return &def->head;
}

void
brim_rules_spec_field(const BrimSpecPosition *place, const JsonbValue *value, BrimModelDef *head)
{
	BrimRulesDef *def = (BrimRulesDef *) head;
	const char   *field = place->field;

	if (strcmp(field, "fit_weight") == 0)
		def->fit_weight = brim_spec_value_weight(place, value);
	else if (strcmp(field, "intent_weight") == 0)
		def->intent_weight = brim_spec_value_weight(place, value);
	else if (strcmp(field, "missing_policy") == 0)
		def->missing_policy = brim_spec_value_text(place, value);
	else if (strcmp(field, "language") == 0)
		def->language = brim_spec_value_text(place, value);
	else if (strcmp(field, "rules") == 0)
		read_rules(place, value, def);
	else if (strcmp(field, "signals") == 0)
		def->signals =
			brim_spec_value_rows(place, value, "signal", BRIM_MODEL_SIGNALS_MAX,
								 sizeof(BrimSignalDef), read_signal_field, &def->nsignals);
	else
		brim_spec_value_refuse(place, "there is no such field");
}

void
brim_rules_spec_finish(const BrimModelDef *head)
{
	const BrimRulesDef *def = (const BrimRulesDef *) head;
	BrimSpecPosition    place = {0, NULL, NULL};

	if (def->fit_weight < 0 || def->intent_weight < 0)
	{
		place.field = def->fit_weight < 0 ? "fit_weight" : "intent_weight";
		brim_spec_value_refuse(&place, "it must be given, between 0 and 1");
	}
	if (def->rules == NULL)
	{
		place.field = "rules";
		brim_spec_value_refuse(&place, "it is missing");
	}
}
