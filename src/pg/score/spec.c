/*-------------------------------------------------------------------------
 *
 * spec.c
 *	  Scoring models as jsonb values, in the form of the view brim.model_spec.
 *
 * A spec is an object with the fields of brim.scoring_model and what else its
 * kind has; without the field "kind" it is of kind rules.  Fields that are not
 * known are refused, so that a misspelt one is not overlooked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/score/internal.h"

#define DEFAULT_KIND "rules"

/* The kind of a spec, which decides how its other fields are read. */
static const BrimKind *
read_kind(Jsonb *spec)
{
	BrimSpecPosition place = {0, NULL, "kind"};
	BrimStr          name = brim_str(DEFAULT_KIND);
	const BrimKind  *kind;
	JsonbValue       value;

	if (getKeyJsonValueFromContainer(&spec->root, "kind", strlen("kind"), &value) != NULL &&
		value.type != jbvNull)
		name = brim_spec_value_text(&place, &value);
	kind = brim_kind_find(name);
	if (kind == NULL)
		brim_spec_value_refuse(&place, "there is no such kind of scoring model");
	return kind;
}

/* Read a field that all kinds have; false: it is none. */
static bool
read_field(const BrimSpecPosition *place, const JsonbValue *value, BrimModelDef *def)
{
	const char *field = place->field;

	if (strcmp(field, "name") == 0)
		def->name = brim_spec_value_text(place, value);
	else if (strcmp(field, "version") == 0)
		def->version = brim_spec_value_integer(place, value);
	else if (strcmp(field, "high_above") == 0)
		def->high_above = brim_spec_value_integer(place, value);
	else if (strcmp(field, "medium_above") == 0)
		def->medium_above = brim_spec_value_integer(place, value);
	else if (strcmp(field, "qualified_above") == 0)
		def->qualified_above = brim_spec_value_integer(place, value);
	else if (strcmp(field, "lexicon") == 0)
		def->lexicon = brim_spec_lexicon_read(place, value);
	else if (strcmp(field, "as_of") == 0)
	{
		def->has_as_of = true;
		def->as_of = brim_spec_value_day(place, value);
	}
	else
		return strcmp(field, "kind") == 0; /* it is known already */
	return true;
}

BrimModelDef *
brim_spec_read(Jsonb *spec)
{
	BrimSpecPosition place = {0, NULL, NULL};
	const BrimKind  *kind;
	BrimModelDef    *def;
	JsonbIterator   *it;
	JsonbValue       value;
	char            *key;

	if (!JB_ROOT_IS_OBJECT(spec))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid scoring model spec: expected an object, found %s",
					   JB_ROOT_IS_SCALAR(spec) ? "a single value" : "an array"),
				errhint("The view brim.model_spec shows the form of a spec."));
	kind = read_kind(spec);
	def = kind->start();
	def->scorer = kind->scorer;
	def->name = brim_str("spec");
	def->high_above = 80;
	def->medium_above = 60;
	def->qualified_above = 75;
	it = JsonbIteratorInit(&spec->root);
	while (brim_spec_value_next(&it, &key, &value))
	{
		place.field = key;
		if (value.type != jbvNull && !read_field(&place, &value, def))
			kind->read_field(&place, &value, def);
	}
	kind->finish_spec(def);
	return def;
}
