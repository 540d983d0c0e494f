/*-------------------------------------------------------------------------
 *
 * spec_value.c
 *	  Values of a scoring model that is given as jsonb; see internal.h.
 *
 * Nesting is fixed at three levels; nothing here recurses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "pg/score/internal.h"

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

void
brim_spec_value_refuse(const BrimSpecPosition *place, const char *why)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			place->number > 0
				? errmsg("invalid scoring model spec: %s %d, field \"%s\": %s", place->what,
						 place->number, place->field, why)
				: errmsg("invalid scoring model spec: field \"%s\": %s", place->field, why),
			errhint("The view brim.model_spec shows the form of a spec."));
}

pg_noreturn static void
refuse_kind(const BrimSpecPosition *place, const char *expected, const JsonbValue *value)
{
	brim_spec_value_refuse(place, psprintf("expected %s, found %s", expected, kind_of(value)));
}

BrimStr
brim_spec_value_text(const BrimSpecPosition *place, const JsonbValue *value)
{
	BrimStr text;

	if (value->type != jbvString)
		refuse_kind(place, "a string", value);
	text.data = value->val.string.val;
	text.len = (size_t) value->val.string.len;
	return text;
}

double
brim_spec_value_number(const BrimSpecPosition *place, const JsonbValue *value)
{
	if (value->type != jbvNumeric)
		refuse_kind(place, "a number", value);
	return DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
}

int
brim_spec_value_integer(const BrimSpecPosition *place, const JsonbValue *value)
{
	double number = brim_spec_value_number(place, value);

	if (number < INT_MIN || number > INT_MAX || number != (int) number)
		brim_spec_value_refuse(place, "it must be an integer");
	return (int) number;
}

int
brim_spec_value_day(const BrimSpecPosition *place, const JsonbValue *value)
{
	BrimStr text = brim_spec_value_text(place, value);
	int     day = 0;

	if (text.len != strlen("YYYY-MM-DD") || !brim_intent_date(text, &day))
		brim_spec_value_refuse(place, "expected a day as YYYY-MM-DD");
	return day;
}

bool
brim_spec_value_boolean(const BrimSpecPosition *place, const JsonbValue *value)
{
	if (value->type != jbvBool)
		refuse_kind(place, "a boolean", value);
	return value->val.boolean;
}

int64
brim_spec_value_weight(const BrimSpecPosition *place, const JsonbValue *value)
{
	int64 weight;

	if (value->type != jbvNumeric)
		refuse_kind(place, "a number", value);
	if (!brim_columns_weight(NumericGetDatum(value->val.numeric), &weight))
		brim_spec_value_refuse(place,
							   "it must be a number with at most four digits behind the point");
	return weight;
}

JsonbContainer *
brim_spec_value_array(const BrimSpecPosition *place, const JsonbValue *value, int limit, int *count)
{
	JsonbContainer *array;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		refuse_kind(place, "an array", value);
	array = value->val.binary.data;
	*count = (int) JsonContainerSize(array);
	if (*count > limit)
		brim_spec_value_refuse(
			place, psprintf("it has %d entries, at most %d are allowed", *count, limit));
	return array;
}

BrimStr *
brim_spec_value_texts(const BrimSpecPosition *place, const JsonbValue *value, int limit, int *count)
{
	JsonbContainer *array = brim_spec_value_array(place, value, limit, count);
	JsonbIterator  *it = JsonbIteratorInit(array);
	BrimStr        *texts = palloc0(sizeof(BrimStr) * Max(*count, 1));
	JsonbValue      entry;
	int             n = 0;

	(void) JsonbIteratorNext(&it, &entry, true);
	while (JsonbIteratorNext(&it, &entry, true) == WJB_ELEM)
		texts[n++] = brim_spec_value_text(place, &entry);
	return texts;
}

bool
brim_spec_value_next(JsonbIterator **it, char **key, JsonbValue *value)
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

JsonbContainer *
brim_spec_value_object(const BrimSpecPosition *place, const JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		refuse_kind(place, "an object in each place", value);
	return value->val.binary.data;
}

void *
brim_spec_value_rows(const BrimSpecPosition *place, const JsonbValue *value, const char *what,
					 int limit, Size size, BrimSpecField read, int *count)
{
	JsonbContainer  *array = brim_spec_value_array(place, value, limit, count);
	JsonbIterator   *it = JsonbIteratorInit(array);
	char            *things = palloc0(size * Max(*count, 1));
	BrimSpecPosition inner = {0, what, NULL};
	JsonbValue       entry;

	(void) JsonbIteratorNext(&it, &entry, true);
	while (JsonbIteratorNext(&it, &entry, true) == WJB_ELEM)
	{
		JsonbIterator *fields = JsonbIteratorInit(brim_spec_value_object(place, &entry));
		void          *thing = things + size * inner.number++;
		JsonbValue     field;
		char          *key;

		CHECK_FOR_INTERRUPTS();
		while (brim_spec_value_next(&fields, &key, &field))
		{
			inner.field = key;
			if (field.type != jbvNull)
				read(&inner, &field, thing);
		}
	}
	return things;
}
