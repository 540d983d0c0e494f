/*-------------------------------------------------------------------------
 *
 * record_list.c
 *	  Lists of a row, walked where they lie; see internal.h.
 *
 * A short array is in its row behind a header of one byte, so that nothing
 * in it is aligned.  It is read like that: to copy every array of every row
 * would cost more than to score it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/tupmacs.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "pg/row/internal.h"

/* What lies at an offset from an array's beginning, where the header may be a short one. */
static inline const char *
at_offset(const BrimArrayList *list, Size offset)
{
	return list->data + (offset - VARHDRSZ);
}

/* Return true if the entries are texts that can be read without being aligned. */
static inline bool
is_in_place(const BrimArrayList *list)
{
	return list->reader->form == TEXT_FORM_VARLENA || list->reader->form == TEXT_FORM_BPCHAR;
}

/* A varlena of the array that is not aligned, and where the next entry begins. */
static BrimStr
read_unaligned(const BrimArrayList *list, const char *entry, Size *size)
{
	BrimStr text;

	if (VARATT_IS_1B(entry) && !VARATT_IS_1B_E(entry))
	{
		*size = VARSIZE_1B(entry);
		text.data = VARDATA_1B(entry);
		text.len = *size - VARHDRSZ_SHORT;
	}
	else
	{
		uint32 header;

		memcpy(&header, entry, sizeof(header));
		*size = VARATT_IS_1B_E(entry) ? VARSIZE_EXTERNAL(entry) : VARSIZE_4B(&header);
		if (VARATT_IS_1B_E(entry) || !VARATT_IS_4B_U(&header))
		{
			/* never seen inside an array, but nothing forbids it */
			char *copy = palloc(*size);

			memcpy(copy, entry, *size);
			return brim_record_text_read(list->reader, PointerGetDatum(copy));
		}
		text.data = entry + VARHDRSZ;
		text.len = *size - VARHDRSZ;
	}
	if (list->reader->form == TEXT_FORM_BPCHAR)
	{
		while (text.len > 0 && text.data[text.len - 1] == ' ')
			text.len--;
	}
	return text;
}

/* The next entry of an array that is not null. */
static bool
next_of_array(BrimList *head, BrimStr *entry)
{
	BrimArrayList *list = (BrimArrayList *) head;

	while (list->left > 0)
	{
		bool isnull = list->nulls != NULL && (*list->nulls & list->bit) == 0;

		list->left--;
		if (list->nulls != NULL)
		{
			list->bit <<= 1;
			if (list->bit == 0x100)
			{
				list->nulls++;
				list->bit = 1;
			}
		}
		if (isnull)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (is_in_place(list))
		{
			Size size;

			*entry = read_unaligned(list, at_offset(list, list->offset), &size);
			list->offset += size;
		}
		else
		{
			const char *at = at_offset(list, list->offset);

			*entry = brim_record_text_read(list->reader,
										   fetch_att(at, list->entry_by_value, list->entry_len));
			list->offset = att_addlength_pointer(list->offset, list->entry_len, at);
		}
		list->offset = att_align_nominal(list->offset, list->entry_align);
		return true;
	}
	return false;
}

/* Begin to walk an array. */
static void
start_array(BrimList *head)
{
	BrimArrayList *list = (BrimArrayList *) head;
	ArrayType      array;
	int            dims[MAXDIM];

	list->data = VARDATA_ANY(list->array);
	memcpy((char *) &array + VARHDRSZ, list->data, sizeof(array) - VARHDRSZ);
	if (array.ndim < 0 || array.ndim > MAXDIM)
		elog(ERROR, "array with %d dimensions", array.ndim);
	memcpy(dims, at_offset(list, sizeof(ArrayType)), sizeof(int) * array.ndim);
	list->left = ArrayGetNItems(array.ndim, dims);
	list->bit = 1;
	list->nulls = NULL;
	list->offset = ARR_OVERHEAD_NONULLS(array.ndim);
	if (array.dataoffset != 0)
	{
		list->nulls =
			(const bits8 *) at_offset(list, sizeof(ArrayType) + 2 * sizeof(int) * array.ndim);
		list->offset = array.dataoffset;
	}
}

void
brim_record_list_array(BrimArrayList *list, Datum datum, BrimValue *value)
{
	struct varlena *array = (struct varlena *) DatumGetPointer(datum);
	bool            is_short = VARATT_IS_SHORT(array) && !VARATT_IS_EXTERNAL(array);

	if (VARATT_IS_EXTENDED(array) && !(is_short && is_in_place(list)))
		array = PG_DETOAST_DATUM(datum);
	list->array = array;
	list->list.start = start_array;
	list->list.next = next_of_array;
	value->list = &list->list;
	if (is_in_place(list)) /* else the entries are no more than numbers of texts */
	{
		value->bytes.data = VARDATA_ANY(array);
		value->bytes.len = VARSIZE_ANY_EXHDR(array);
	}
}

/* The next string of a jsonb array; anything else in it but null is an error, or passed over. */
static bool
next_of_json(BrimList *head, BrimStr *entry)
{
	BrimJsonList *list = (BrimJsonList *) head;
	JsonbValue    value;

	while (JsonbIteratorNext(&list->iterator, &value, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		if (value.type == jbvString)
		{
			entry->data = value.val.string.val;
			entry->len = (size_t) value.val.string.len;
			return true;
		}
		if (value.type != jbvNull && list->column != NULL)
			ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
					errmsg("column \"%s\" is a jsonb array with an entry that is no string",
						   list->column),
					errdetail("Scoring expects text[] or a jsonb array of strings."));
	}
	return false;
}

/* Begin to walk a jsonb array. */
static void
start_json(BrimList *head)
{
	BrimJsonList *list = (BrimJsonList *) head;
	JsonbValue    first;

	list->iterator = JsonbIteratorInit(list->array);
	JsonbIteratorNext(&list->iterator, &first, true); /* the beginning of the array */
}

void
brim_record_list_json(BrimJsonList *list, JsonbContainer *array, const char *column)
{
	list->list.start = start_json;
	list->list.next = next_of_json;
	list->array = array;
	list->column = column;
}
