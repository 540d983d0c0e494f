/*-------------------------------------------------------------------------
 *
 * spec.c
 *	  Scoring models as jsonb values, in the form of the view brim.model_spec.
 *
 * A spec is an object with the fields of brim.scoring_model and an array
 * "rules" of objects with the fields of brim.scoring_rule.  Fields that are
 * not known are refused, so that a misspelt one is not overlooked.  Nesting
 * is fixed at three levels; nothing here recurses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "api/site.h"

/* Where in the spec we are, for errors. */
typedef struct Place
{
	int         number; /* of the rule or signal, counted from 1; 0: in none */
	const char *what;   /* rule or signal */
	const char *field;
} Place;

static const char *
kind_of(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "a string";
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		case jbvBinary:
			return JsonContainerIsArray(value->val.binary.data) ? "an array" : "an object";
		default:
			return "something else";
	}
}

/* Refuse the field we are at. */
pg_noreturn static void
refuse(const Place *place, const char *why)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			place->number > 0
				? errmsg("invalid scoring model spec: %s %d, field \"%s\": %s", place->what,
						 place->number, place->field, why)
				: errmsg("invalid scoring model spec: field \"%s\": %s", place->field, why),
			errhint("The view brim.model_spec shows the form of a spec."));
}

pg_noreturn static void
refuse_kind(const Place *place, const char *expected, const JsonbValue *value)
{
	refuse(place, psprintf("expected %s, found %s", expected, kind_of(value)));
}

static BrimStr
get_text(const Place *place, const JsonbValue *value)
{
	BrimStr text;

	if (value->type != jbvString)
		refuse_kind(place, "a string", value);
	text.data = value->val.string.val;
	text.len = (size_t) value->val.string.len;
	return text;
}

static double
get_number(const Place *place, const JsonbValue *value)
{
	if (value->type != jbvNumeric)
		refuse_kind(place, "a number", value);
	return DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
}

static int
get_integer(const Place *place, const JsonbValue *value)
{
	double number = get_number(place, value);

	if (number < INT_MIN || number > INT_MAX || number != (int) number)
		refuse(place, "it must be an integer");
	return (int) number;
}

static bool
get_boolean(const Place *place, const JsonbValue *value)
{
	if (value->type != jbvBool)
		refuse_kind(place, "a boolean", value);
	return value->val.boolean;
}

static int64
get_weight(const Place *place, const JsonbValue *value)
{
	int64 weight;

	if (value->type != jbvNumeric)
		refuse_kind(place, "a number", value);
	if (!brim_model_weight(NumericGetDatum(value->val.numeric), &weight))
		refuse(place, "it must be a number with at most four digits behind the point");
	return weight;
}

/* The array of a field. */
static JsonbContainer *
get_array(const Place *place, const JsonbValue *value, int limit, int *count)
{
	JsonbContainer *array;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		refuse_kind(place, "an array", value);
	array = value->val.binary.data;
	*count = (int) JsonContainerSize(array);
	if (*count > limit)
		refuse(place, psprintf("it has %d entries, at most %d are allowed", *count, limit));
	return array;
}

static BrimStr *
get_texts(const Place *place, const JsonbValue *value, int limit, int *count)
{
	JsonbContainer *array = get_array(place, value, limit, count);
	JsonbIterator  *it = JsonbIteratorInit(array);
	BrimStr        *texts = palloc0(sizeof(BrimStr) * Max(*count, 1));
	JsonbValue      entry;
	int             n = 0;

	(void) JsonbIteratorNext(&it, &entry, true);
	while (JsonbIteratorNext(&it, &entry, true) == WJB_ELEM)
		texts[n++] = get_text(place, &entry);
	return texts;
}

/* One field of a rule. */
static void
read_rule_field(const Place *place, const JsonbValue *value, BrimRuleDef *rule)
{
	const char *field = place->field;

	if (strcmp(field, "rule_no") == 0)
		rule->rule_no = get_integer(place, value);
	else if (strcmp(field, "dimension") == 0)
		rule->dimension = get_text(place, value);
	else if (strcmp(field, "signal") == 0)
		rule->signal = get_text(place, value);
	else if (strcmp(field, "attribute") == 0)
		rule->attribute = get_text(place, value);
	else if (strcmp(field, "kind") == 0)
		rule->kind = get_text(place, value);
	else if (strcmp(field, "low") == 0)
	{
		rule->low = get_number(place, value);
		rule->has_low = true;
	}
	else if (strcmp(field, "high") == 0)
	{
		rule->high = get_number(place, value);
		rule->has_high = true;
	}
	else if (strcmp(field, "keywords") == 0)
		rule->keywords = get_texts(place, value, BRIM_MODEL_KEYWORDS_MAX, &rule->nkeywords);
	else if (strcmp(field, "path") == 0)
		rule->path = get_texts(place, value, BRIM_MODEL_PATH_MAX, &rule->npath);
	else if (strcmp(field, "pattern") == 0)
		rule->pattern = get_text(place, value);
	else if (strcmp(field, "stem") == 0)
		rule->stem = get_boolean(place, value);
	else if (strcmp(field, "points") == 0)
		rule->points = get_integer(place, value);
	else if (strcmp(field, "weight") == 0)
		rule->weight = get_weight(place, value);
	else if (strcmp(field, "reason") == 0)
		rule->reason = get_text(place, value);
	else if (strcmp(field, "reason_kind") == 0)
		rule->reason_kind = get_text(place, value);
	else
		refuse(place, "there is no such field");
}

/* Next key and value of an object; false at its end.  Nested values stay unread. */
static bool
next_field(JsonbIterator **it, char **key, JsonbValue *value)
{
	JsonbValue         name;
	JsonbIteratorToken token = JsonbIteratorNext(it, &name, true);

	if (token == WJB_BEGIN_OBJECT)
		token = JsonbIteratorNext(it, &name, true);
	if (token != WJB_KEY)
		return false;
	*key = pnstrdup(name.val.string.val, name.val.string.len);
	(void) JsonbIteratorNext(it, value, true);
	return true;
}

static void
read_rule(int number, JsonbContainer *object, BrimRuleDef *rule)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	Place          place = {number, "rule", NULL};
	bool           has_points = false;
	JsonbValue     value;
	char          *key;

	rule->rule_no = number;
	rule->weight = BRIM_WEIGHT_ONE;
	while (next_field(&it, &key, &value))
	{
		place.field = key;
		has_points = has_points || strcmp(key, "points") == 0;
		if (value.type != jbvNull)
			read_rule_field(&place, &value, rule);
	}
	place.field = "points";
	if (!has_points)
		refuse(&place, "it is missing");
}

/* One field of the settings of a signal. */
static void
read_signal_field(const Place *place, const JsonbValue *value, BrimSignalDef *signal)
{
	const char *field = place->field;

	if (strcmp(field, "dimension") == 0)
		signal->dimension = get_text(place, value);
	else if (strcmp(field, "signal") == 0)
		signal->signal = get_text(place, value);
	else if (strcmp(field, "combine") == 0)
		signal->combine = get_text(place, value);
	else if (strcmp(field, "min_points") == 0)
		signal->min_points = get_integer(place, value);
	else if (strcmp(field, "max_points") == 0)
		signal->max_points = get_integer(place, value);
	else if (strcmp(field, "prior_points") == 0)
	{
		signal->has_prior = true;
		signal->prior_points = get_integer(place, value);
	}
	else
		refuse(place, "there is no such field");
}

static void
read_signal(int number, JsonbContainer *object, BrimSignalDef *signal)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	Place          place = {number, "signal", NULL};
	JsonbValue     value;
	char          *key;

	signal->min_points = -BRIM_MODEL_POINTS_MAX;
	signal->max_points = BRIM_MODEL_POINTS_MAX;
	while (next_field(&it, &key, &value))
	{
		place.field = key;
		if (value.type != jbvNull)
			read_signal_field(&place, &value, signal);
	}
}

/* The object at a place of an array of them, or an error. */
static JsonbContainer *
get_object(const Place *place, const JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		refuse_kind(place, "an object in each place", value);
	return value->val.binary.data;
}

static void
read_signals(const Place *place, const JsonbValue *value, BrimModelDef *def)
{
	JsonbContainer *array = get_array(place, value, BRIM_MODEL_SIGNALS_MAX, &def->nsignals);
	JsonbIterator  *it = JsonbIteratorInit(array);
	JsonbValue      entry;
	int             n = 0;

	def->signals = palloc0(sizeof(BrimSignalDef) * Max(def->nsignals, 1));
	(void) JsonbIteratorNext(&it, &entry, true);
	while (JsonbIteratorNext(&it, &entry, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		read_signal(n + 1, get_object(place, &entry), &def->signals[n]);
		n++;
	}
}

static void
read_rules(const Place *place, const JsonbValue *value, BrimModelDef *def)
{
	JsonbContainer *array = get_array(place, value, BRIM_MODEL_RULES_MAX, &def->nrules);
	JsonbIterator  *it = JsonbIteratorInit(array);
	JsonbValue      entry;
	int             n = 0;

	def->rules = palloc0(sizeof(BrimRuleDef) * Max(def->nrules, 1));
	(void) JsonbIteratorNext(&it, &entry, true);
	while (JsonbIteratorNext(&it, &entry, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		read_rule(n + 1, get_object(place, &entry), &def->rules[n]);
		n++;
	}
}

static void
read_field(const Place *place, const JsonbValue *value, BrimModelDef *def)
{
	const char *field = place->field;

	if (strcmp(field, "name") == 0)
		def->name = get_text(place, value);
	else if (strcmp(field, "version") == 0)
		def->version = get_integer(place, value);
	else if (strcmp(field, "fit_weight") == 0)
		def->fit_weight = get_weight(place, value);
	else if (strcmp(field, "intent_weight") == 0)
		def->intent_weight = get_weight(place, value);
	else if (strcmp(field, "high_above") == 0)
		def->high_above = get_integer(place, value);
	else if (strcmp(field, "medium_above") == 0)
		def->medium_above = get_integer(place, value);
	else if (strcmp(field, "qualified_above") == 0)
		def->qualified_above = get_integer(place, value);
	else if (strcmp(field, "missing_policy") == 0)
		def->missing_policy = get_text(place, value);
	else if (strcmp(field, "language") == 0)
		def->language = get_text(place, value);
	else if (strcmp(field, "rules") == 0)
		read_rules(place, value, def);
	else if (strcmp(field, "signals") == 0)
		read_signals(place, value, def);
	else
		refuse(place, "there is no such field");
}

BrimModelDef *
brim_spec_read(Jsonb *spec)
{
	BrimModelDef  *def = palloc0(sizeof(BrimModelDef));
	Place          place = {0, NULL, NULL};
	JsonbIterator *it;
	JsonbValue     value;
	char          *key;

	if (!JB_ROOT_IS_OBJECT(spec))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid scoring model spec: expected an object, found %s",
					   JB_ROOT_IS_SCALAR(spec) ? "a single value" : "an array"),
				errhint("The view brim.model_spec shows the form of a spec."));
	def->name = brim_str("spec");
	def->fit_weight = -1;
	def->intent_weight = -1;
	def->high_above = 80;
	def->medium_above = 60;
	def->qualified_above = 75;
	it = JsonbIteratorInit(&spec->root);
	while (next_field(&it, &key, &value))
	{
		place.field = key;
		if (value.type != jbvNull)
			read_field(&place, &value, def);
	}
	if (def->fit_weight < 0 || def->intent_weight < 0)
	{
		place.field = def->fit_weight < 0 ? "fit_weight" : "intent_weight";
		refuse(&place, "it must be given, between 0 and 1");
	}
	if (def->rules == NULL)
	{
		place.field = "rules";
		refuse(&place, "it is missing");
	}
	return def;
}
