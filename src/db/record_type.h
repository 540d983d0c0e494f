/*-------------------------------------------------------------------------
 *
 * record_type.h
 *	  How values of a column's type are read; part of record.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_DB_RECORD_TYPE_H
#define BRIM_DB_RECORD_TYPE_H

#include "postgres.h"
#include "fmgr.h"

#include "core/score.h"

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

/* How to read a column. */
typedef struct BrimColumnReader
{
	AttrNumber     attnum; /* 0: there is no such column */
	BrimValueKind  kind;
	Oid            type; /* without domains */
	BrimTextReader text; /* of the value, or of the entries of an array */
	int16          entry_len;
	bool           entry_by_value;
	char           entry_align;
	void          *list;   /* reused for each row */
	FmgrInfo       output; /* of a value that is of none of our kinds */
} BrimColumnReader;

/* Choose how to read a type; false where it is none of what is accepted. */
extern bool brim_record_choose(BrimColumnReader *reader, Oid type, int accepts, MemoryContext cxt);

/* Read one value that is not null. */
extern void brim_record_value(const BrimColumnReader *reader, const char *column, Datum datum,
							  bool for_reasons, BrimValue *value);

#endif /* BRIM_DB_RECORD_TYPE_H */
