/*-------------------------------------------------------------------------
 *
 * record_type.c
 *	  How values of a column's type are read; see record_type.h.
 *
 * Numbers are the integer types, numeric and floating point.  Texts are the
 * string types and enums.  Lists are arrays of texts, of any shape, and jsonb
 * arrays of strings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "db/record_type.h"

/* An array that is walked in place. */
typedef struct ArrayList
{
	BrimList                list; /* must be first */
	const BrimColumnReader *reader;
	char                   *at;
	const bits8            *nulls; /* NULL: none is null */
	int                     bit;
	int                     left;
} ArrayList;

/* A jsonb array. */
typedef struct JsonList
{
	BrimList       list; /* must be first */
	JsonbIterator *iterator;
	const char    *column;
} JsonList;

static bool
is_number(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == FLOAT4OID ||
		   type == FLOAT8OID || type == NUMERICOID;
}

/* Choose how to read texts of a type; false where it holds no text. */
static bool
choose_text(BrimTextReader *reader, Oid type, MemoryContext cxt)
{
	char category;
	bool preferred;
	Oid  function;
	bool is_varlena;

	reader->form = TEXT_FORM_NONE;
	if (type == BPCHAROID)
		reader->form = TEXT_FORM_BPCHAR;
	else if (type == NAMEOID)
		reader->form = TEXT_FORM_NAME;
	else if (type == TEXTOID || type == VARCHAROID)
		reader->form = TEXT_FORM_VARLENA;
	if (reader->form != TEXT_FORM_NONE)
		return true;
	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING && category != TYPCATEGORY_ENUM)
		return false;
	if (IsBinaryCoercible(type, TEXTOID))
	{
		reader->form = TEXT_FORM_VARLENA;
		return true;
	}
	reader->form = TEXT_FORM_OUTPUT;
	getTypeOutputInfo(type, &function, &is_varlena);
	fmgr_info_cxt(function, &reader->output, cxt);
	return true;
}

bool
brim_record_choose(BrimColumnReader *reader, Oid type, int accepts, MemoryContext cxt)
{
	Oid  entry;
	Oid  function;
	bool is_varlena;

	type = getBaseType(type);
	reader->type = type;
	if ((accepts & BRIM_ACCEPTS_NUMBER) != 0 && is_number(type))
	{
		reader->kind = BRIM_VALUE_NUMBER;
		return true;
	}
	if ((accepts & BRIM_ACCEPTS_TEXT) != 0 && choose_text(&reader->text, type, cxt))
	{
		reader->kind = BRIM_VALUE_TEXT;
		return true;
	}
	entry = get_element_type(type);
	if ((accepts & BRIM_ACCEPTS_LIST) != 0 && OidIsValid(entry))
	{
		entry = getBaseType(entry);
		if (choose_text(&reader->text, entry, cxt))
		{
			reader->kind = BRIM_VALUE_LIST;
			reader->list = MemoryContextAllocZero(cxt, sizeof(ArrayList));
			get_typlenbyvalalign(entry, &reader->entry_len, &reader->entry_by_value,
								 &reader->entry_align);
			return true;
		}
	}
	if ((accepts & BRIM_ACCEPTS_LIST) != 0 && type == JSONBOID)
	{
		reader->kind = BRIM_VALUE_LIST;
		reader->list = MemoryContextAllocZero(cxt, sizeof(JsonList));
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

/* A value as text; borrows where it can. */
static BrimStr
read_text(const BrimTextReader *reader, Datum datum)
{
	BrimStr         text;
	struct varlena *varlena;

	if (reader->form == TEXT_FORM_NAME)
		return brim_str(NameStr(*DatumGetName(datum)));
	if (reader->form == TEXT_FORM_OUTPUT)
		return brim_str(OutputFunctionCall(unconstify(FmgrInfo *, &reader->output), datum));
	varlena = PG_DETOAST_DATUM_PACKED(datum);
	text.data = VARDATA_ANY(varlena);
	text.len = VARSIZE_ANY_EXHDR(varlena);
	if (reader->form == TEXT_FORM_BPCHAR)
	{
		while (text.len > 0 && text.data[text.len - 1] == ' ')
			text.len--;
	}
	return text;
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

/* The next entry of an array that is not null. */
static bool
next_of_array(BrimList *list, BrimStr *entry)
{
	ArrayList              *self = (ArrayList *) list;
	const BrimColumnReader *reader = self->reader;

	while (self->left > 0)
	{
		bool isnull = self->nulls != NULL && (*self->nulls & self->bit) == 0;

		self->left--;
		if (self->nulls != NULL)
		{
			self->bit <<= 1;
			if (self->bit == 0x100)
			{
				self->nulls++;
				self->bit = 1;
			}
		}
		if (isnull)
			continue;
		CHECK_FOR_INTERRUPTS();
		*entry = read_text(&reader->text,
						   fetch_att(self->at, reader->entry_by_value, reader->entry_len));
		self->at = att_addlength_pointer(self->at, reader->entry_len, self->at);
		self->at = (char *) att_align_nominal(self->at, reader->entry_align);
		return true;
	}
	return false;
}

/* The next string of a jsonb array; anything else in it but null is an error. */
static bool
next_of_json(BrimList *list, BrimStr *entry)
{
	JsonList  *self = (JsonList *) list;
	JsonbValue value;

	while (JsonbIteratorNext(&self->iterator, &value, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		if (value.type == jbvNull)
			continue;
		if (value.type != jbvString)
			ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
					errmsg("column \"%s\" is a jsonb array with an entry that is no string",
						   self->column),
					errdetail("Scoring expects text[] or a jsonb array of strings."));
		entry->data = value.val.string.val;
		entry->len = (size_t) value.val.string.len;
		return true;
	}
	return false;
}

static void
read_array(const BrimColumnReader *reader, Datum datum, BrimValue *value)
{
	ArrayType *array = DatumGetArrayTypeP(datum);
	ArrayList *list = reader->list;

	list->list.next = next_of_array;
	list->reader = reader;
	list->at = ARR_DATA_PTR(array);
	list->nulls = ARR_NULLBITMAP(array);
	list->bit = 1;
	list->left = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	value->list = &list->list;
}

static void
read_json(const BrimColumnReader *reader, const char *column, Datum datum, BrimValue *value)
{
	Jsonb     *json = DatumGetJsonbP(datum);
	JsonList  *list = reader->list;
	JsonbValue first;

	if (JB_ROOT_IS_SCALAR(json) && JsonbExtractScalar(&json->root, &first) && first.type == jbvNull)
	{
		value->kind = BRIM_VALUE_MISSING;
		return;
	}
	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
				errmsg("column \"%s\" is of type jsonb but holds no array", column),
				errdetail("Scoring expects text[] or a jsonb array of strings."));
	list->list.next = next_of_json;
	list->iterator = JsonbIteratorInit(&json->root);
	list->column = column;
	(void) JsonbIteratorNext(&list->iterator, &first, true); /* the array's beginning */
	value->list = &list->list;
}

void
brim_record_value(const BrimColumnReader *reader, const char *column, Datum datum, bool for_reasons,
				  BrimValue *value)
{
	value->kind = reader->kind;
	switch (reader->kind)
	{
		case BRIM_VALUE_NUMBER:
			value->number = read_number(reader->type, datum);
			break;
		case BRIM_VALUE_TEXT:
			value->text = read_text(&reader->text, datum);
			break;
		case BRIM_VALUE_LIST:
			if (reader->type == JSONBOID)
				read_json(reader, column, datum, value);
			else
				read_array(reader, datum, value);
			break;
		case BRIM_VALUE_OTHER:
			if (for_reasons)
				value->text =
					brim_str(OutputFunctionCall(unconstify(FmgrInfo *, &reader->output), datum));
			break;
		case BRIM_VALUE_MISSING:
			break;
	}
}
