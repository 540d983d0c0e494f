/*-------------------------------------------------------------------------
 *
 * record_type.h
 *	  How values of a column's type are read; part of record.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_ROW_RECORD_TYPE_H
#define BRIM_PG_ROW_RECORD_TYPE_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/jsonb.h"

#include "core/score/score.h"

typedef enum TextForm
{
	TEXT_FORM_NONE = 0,
	TEXT_FORM_VARLENA, /* bytes of a varlena */
	TEXT_FORM_BPCHAR,  /* the same, but for trailing blanks */
	TEXT_FORM_NAME,
	TEXT_FORM_OUTPUT /* what the type's output function gives */
} TextForm;

/* How to read texts of a type. */
typedef struct BrimTextReader
{
	TextForm form;
	FmgrInfo output;
} BrimTextReader;

/* An array that is walked in place, from its packed form too. */
typedef struct BrimArrayList
{
	BrimList              list; /* must be first */
	const BrimTextReader *reader;
	int16                 entry_len;
	bool                  entry_by_value;
	char                  entry_align;

	/* What is being walked */
	struct varlena *array; /* not toasted */
	const char     *data; /* behind the header: what is at an offset lies VARHDRSZ before it here */
	Size            offset; /* of the next entry from the array's beginning */
	const bits8    *nulls;  /* NULL: none is null */
	int             bit;
	int             left;
} BrimArrayList;

/* A jsonb array. */
typedef struct BrimJsonList
{
	BrimList        list; /* must be first */
	JsonbContainer *array;
	JsonbIterator  *iterator;
	const char     *column; /* NULL: entries that are no strings are passed over, not refused */
} BrimJsonList;

/* How to read a column. */
typedef struct BrimColumnReader
{
	AttrNumber           attnum; /* 0: there is no such column */
	BrimValueKind        kind;
	const BrimAttribute *attribute;
	Oid                  type; /* without domains */
	BrimTextReader       text; /* of the value, or of the entries of an array */
	BrimArrayList        array;
	BrimJsonList         json;
	FmgrInfo             output; /* of a value that is of none of our kinds */
} BrimColumnReader;

/* Choose how to read an attribute from a type; false where it is none of what is accepted. */
extern bool brim_record_choose(BrimColumnReader *reader, const BrimAttribute *attribute, Oid type,
							   MemoryContext cxt);

/* Read one value that is not null. */
extern void
brim_record_value(BrimColumnReader *reader, Datum datum, bool for_reasons, BrimValue *value);

/* Walk an array, or a jsonb array (record_list.c). */
extern void brim_record_array(BrimArrayList *list, Datum datum, BrimValue *value);
extern void brim_record_json(BrimJsonList *list, JsonbContainer *array, const char *column);

/* A value as text; borrows where it can. */
extern BrimStr brim_record_text(const BrimTextReader *reader, Datum datum);

/* Read what a path leads to (record_path.c). */
extern void brim_record_path(BrimColumnReader *reader, Datum datum, BrimValue *value);

#endif /* BRIM_PG_ROW_RECORD_TYPE_H */
