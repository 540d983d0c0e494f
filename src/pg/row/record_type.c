/*-------------------------------------------------------------------------
 *
 * record_type.c
 *	  How values of a column's type are read; see internal.h.
 *
 * Numbers are the integer types, numeric and floating point.  Texts are the
 * string types and enums.  Lists are arrays of texts, of any shape, and jsonb
 * arrays of strings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "pg/row/internal.h"

static bool
is_number(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == FLOAT4OID ||
		   type == FLOAT8OID || type == NUMERICOID;
}

bool
brim_record_type_choose(BrimColumnReader *reader, const BrimAttribute *attribute, Oid type,
						MemoryContext cxt)
{
	int  accepts = attribute->accepts;
	Oid  entry;
	Oid  function;
	bool is_varlena;

	type = getBaseType(type);
	reader->attribute = attribute;
	reader->type = type;
	if (attribute->npath > 0)
	{
		reader->kind = BRIM_VALUE_OTHER;
		return type == JSONBOID;
	}
	if ((accepts & BRIM_ACCEPTS_NUMBER) != 0 && is_number(type))
	{
		reader->kind = BRIM_VALUE_NUMBER;
		return true;
	}
	if ((accepts & BRIM_ACCEPTS_TEXT) != 0 && brim_record_text_choose(&reader->text, type, cxt))
	{
		reader->kind = BRIM_VALUE_TEXT;
		return true;
	}
	entry = get_element_type(type);
	if ((accepts & BRIM_ACCEPTS_LIST) != 0 && OidIsValid(entry))
	{
		entry = getBaseType(entry);
		if (brim_record_text_choose(&reader->text, entry, cxt))
		{
			reader->kind = BRIM_VALUE_LIST;
			reader->array.reader = &reader->text;
			get_typlenbyvalalign(entry, &reader->array.entry_len, &reader->array.entry_by_value,
								 &reader->array.entry_align);
			return true;
		}
	}
	if ((accepts & BRIM_ACCEPTS_LIST) != 0 && type == JSONBOID)
	{
		reader->kind = BRIM_VALUE_LIST;
		return true;
	}
	if ((accepts & BRIM_ACCEPTS_OTHER) != 0)
	{
		reader->kind = BRIM_VALUE_OTHER;
		getTypeOutputInfo(type, &function, &is_varlena);
		fmgr_info_cxt(function, &reader->output, cxt);
		return true;
	}
	return false;
}

static double
read_number(Oid type, Datum datum)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(datum);
		case INT4OID:
			return DatumGetInt32(datum);
		case INT8OID:
			return (double) DatumGetInt64(datum);
		case FLOAT4OID:
			return DatumGetFloat4(datum);
		case FLOAT8OID:
			return DatumGetFloat8(datum);
		default:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, datum));
	}
}

/* A column of type jsonb that is a list. */
static void
read_json(BrimColumnReader *reader, Datum datum, BrimValue *value)
{
	const char *column = reader->attribute->name.data;
	Jsonb      *json = DatumGetJsonbP(datum);
	JsonbValue  first;

	if (JB_ROOT_IS_SCALAR(json) && JsonbExtractScalar(&json->root, &first) && first.type == jbvNull)
	{
		value->kind = BRIM_VALUE_MISSING;
		return;
	}
	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
				errmsg("column \"%s\" is of type jsonb but holds no array", column),
				errdetail("Scoring expects text[] or a jsonb array of strings."));
	brim_record_list_json(&reader->json, &json->root, column);
	value->list = &reader->json.list;
}

void
brim_record_type_read(BrimColumnReader *reader, Datum datum, bool for_reasons, BrimValue *value)
{
	if (reader->attribute->npath > 0)
	{
		brim_record_path_read(reader, datum, value);
		return;
	}
	value->kind = reader->kind;
	switch (reader->kind)
	{
		case BRIM_VALUE_NUMBER:
			value->number = read_number(reader->type, datum);
			break;
		case BRIM_VALUE_TEXT:
			value->text = brim_record_text_read(&reader->text, datum);
			break;
		case BRIM_VALUE_LIST:
			if (reader->type == JSONBOID)
				read_json(reader, datum, value);
			else
				brim_record_list_array(&reader->array, datum, value);
			break;
		case BRIM_VALUE_OTHER:
			if (for_reasons)
				value->text = brim_str(OutputFunctionCall(&reader->output, datum));
			break;
		case BRIM_VALUE_MISSING:
			break;
	}
}
