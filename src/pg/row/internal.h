/*-------------------------------------------------------------------------
 *
 * internal.h
 *	  How values of a row's columns are read; parts of record.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_ROW_INTERNAL_H
#define BRIM_PG_ROW_INTERNAL_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/jsonb.h"

#include "core/score/score.h"

typedef enum TextForm
{
	TEXT_FORM_NONE = 0,
	TEXT_FORM_VARLENA, /* bytes of a varlena */
	TEXT_FORM_BPCHAR,  /* the same, except trailing blanks */
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

/*
 * record_text.c: texts of the string types and enums.
 */

/* Choose how to read texts of a type; false where it holds no text. */
extern bool brim_record_text_choose(BrimTextReader *reader, Oid type, MemoryContext cxt);

/* A value as text; borrows where it can. */
extern BrimStr brim_record_text_read(const BrimTextReader *reader, Datum datum);

/*
 * record_list.c: arrays, and jsonb arrays, walked where they lie.
 */

extern void brim_record_list_array(BrimArrayList *list, Datum datum, BrimValue *value);
extern void brim_record_list_json(BrimJsonList *list, JsonbContainer *array, const char *column);

/*
 * record_path.c: what a path leads to in a jsonb column.
 */

extern void brim_record_path_read(BrimColumnReader *reader, Datum datum, BrimValue *value);

/*
 * record_type.c: which of these reads a column.
 */

/* Choose how to read an attribute from a type; false where it is none of what is accepted. */
extern bool brim_record_type_choose(BrimColumnReader *reader, const BrimAttribute *attribute,
									Oid type, MemoryContext cxt);

/* Read one value that is not null. */
extern void
brim_record_type_read(BrimColumnReader *reader, Datum datum, bool for_reasons, BrimValue *value);

#endif /* BRIM_PG_ROW_INTERNAL_H */
