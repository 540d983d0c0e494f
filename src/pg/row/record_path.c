/*-------------------------------------------------------------------------
 *
 * record_path.c
 *	  What a path leads to in a jsonb column; see internal.h.
 *
 * Each step is a key of an object, or the number of an entry of an array, as
 * with the operator #>.  What a CRM wrote there cannot be helped by whoever
 * stores the lead: a value that the rules cannot read is missing, not an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "pg/row/internal.h"

/*
 * The number of an array's entry that a step names, written as the operator #>
 * reads it: white space, a sign and zeros may stand before it.  False where
 * there is no such entry.
 */
static bool
entry_number(BrimStr step, JsonbContainer *array, uint32 *number)
{
	int64  size = (int64) JsonContainerSize(array);
	int64  index = 0;
	size_t at = 0;
	bool   is_negative;

	while (at < step.len &&
		   (step.data[at] == ' ' || (step.data[at] >= '\t' && step.data[at] <= '\r')))
		at++;
	is_negative = at < step.len && step.data[at] == '-';
	if (is_negative || (at < step.len && step.data[at] == '+'))
		at++;
	if (at == step.len)
		return false;
	for (; at < step.len; at++)
	{
		if (step.data[at] < '0' || step.data[at] > '9')
			return false;
		index = index * 10 + (step.data[at] - '0');
		if (index > size)
			return false;
	}
	if (is_negative && index > 0)
		index = size - index;
	*number = (uint32) index;
	return index < size;
}

/* Follow a path; false where it leads nowhere. */
static bool
follow(JsonbContainer *container, const BrimAttribute *attribute, JsonbValue *value)
{
	for (int i = 0; i < attribute->npath; i++)
	{
		BrimStr     step = attribute->path[i];
		JsonbValue *found = NULL;
		uint32      number;

		if (i > 0)
		{
			if (value->type != jbvBinary)
				return false;
			container = value->val.binary.data;
		}
		if (JsonContainerIsObject(container))
			found = getKeyJsonValueFromContainer(container, step.data, (int) step.len, value);
		else if (JsonContainerIsArray(container) && !JsonContainerIsScalar(container) &&
				 entry_number(step, container, &number))
		{
			found = getIthJsonbValueFromContainer(container, number);
			if (found != NULL)
				*value = *found;
		}
		if (found == NULL)
			return false;
	}
	return true;
}

void
brim_record_path_read(BrimColumnReader *reader, Datum datum, BrimValue *value)
{
	int        accepts = reader->attribute->accepts;
	JsonbValue found;

	value->kind = BRIM_VALUE_MISSING;
	if (!follow(&DatumGetJsonbP(datum)->root, reader->attribute, &found))
		return;
	switch (found.type)
	{
		case jbvNumeric:
			if ((accepts & BRIM_ACCEPTS_NUMBER) == 0)
				return;
			value->kind = BRIM_VALUE_NUMBER;
			value->number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
															   NumericGetDatum(found.val.numeric)));
			break;
		case jbvString:
			if ((accepts & BRIM_ACCEPTS_TEXT) == 0)
				return;
			value->kind = BRIM_VALUE_TEXT;
			value->text.data = found.val.string.val;
			value->text.len = (size_t) found.val.string.len;
			break;
		case jbvBool:
			if ((accepts & BRIM_ACCEPTS_TEXT) == 0)
				return;
			value->kind = BRIM_VALUE_TEXT;
			value->text = brim_str(found.val.boolean ? "true" : "false");
			break;
		case jbvBinary:
			if (JsonContainerIsArray(found.val.binary.data))
			{
				if ((accepts & BRIM_ACCEPTS_LIST) != 0)
				{
					brim_record_list_json(&reader->json, found.val.binary.data, NULL);
					value->kind = BRIM_VALUE_LIST;
					value->list = &reader->json.list;
				}
			}
			else if ((accepts & BRIM_ACCEPTS_OTHER) != 0 &&
					 JsonContainerSize(found.val.binary.data) > 0)
				value->kind = BRIM_VALUE_OTHER;
			break;
		default:
			break;
	}
}
