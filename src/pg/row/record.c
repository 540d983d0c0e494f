/*-------------------------------------------------------------------------
 *
 * record.c
 *	  Rows of any composite type as leads; see record.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "pg/row/record.h"
#include "pg/row/internal.h"

struct BrimRecord
{
	/* Settings */
	const BrimFeatures *features;
	const char         *model;
	MemoryContext       cxt; /* holds this */

	/* The row type seen last */
	bool   is_bound;
	Oid    type;
	int32  typmod;
	uint64 identifier; /* changes when the type does */

	/* How to read it; memory of bound_cxt */
	MemoryContext     bound_cxt;
	TupleDesc         desc;
	BrimColumnReader *readers; /* one for each feature */
	Datum            *datums;
	bool             *nulls;

	/* What was read */
	BrimValue *values;
};

BrimRecord *
brim_record_create(const BrimFeatures *features, const char *model, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "brim record", ALLOCSET_SMALL_SIZES);
	BrimRecord   *record = MemoryContextAllocZero(cxt, sizeof(BrimRecord));

	record->features = features;
	record->model = MemoryContextStrdup(cxt, model);
	record->cxt = cxt;
	record->bound_cxt = AllocSetContextCreate(cxt, "brim record type", ALLOCSET_SMALL_SIZES);
	record->values = MemoryContextAllocZero(cxt, sizeof(BrimValue) * features->count);
	return record;
}

/* What an attribute accepts, in words. */
static const char *
accepted_types(int accepts)
{
	switch (accepts)
	{
		case BRIM_ACCEPTS_NUMBER:
			return "integer, numeric or double precision";
		case BRIM_ACCEPTS_TEXT:
			return "text";
		case BRIM_ACCEPTS_LIST:
			return "text[]";
		default:
			return "text or text[]";
	}
}

/* The column of an attribute's name, or 0; two of that name are an error. */
static AttrNumber
find_column(TupleDesc desc, BrimStr name)
{
	AttrNumber found = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped || strlen(NameStr(att->attname)) != name.len ||
			memcmp(NameStr(att->attname), name.data, name.len) != 0)
			continue;
		if (found != 0)
			ereport(ERROR, errcode(ERRCODE_AMBIGUOUS_COLUMN),
					errmsg("column \"%s\" of the row to score is specified more than once",
						   NameStr(att->attname)));
		found = att->attnum;
	}
	return found;
}

/* A row type without any column that we know is a mistake, not a score of 0. */
static void
raise_no_columns(const BrimRecord *record, TupleDesc desc)
{
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("no column of the row to score (type %s) is known to scoring model \"%s\"",
				   desc->tdtypeid == RECORDOID ? "record" : format_type_be(desc->tdtypeid),
				   record->model),
			errdetail("Columns are matched by name: company_name, employee_count, industry, "
					  "funding_stage, tech_stack, recent_job_posts, news_mentions, and those that "
					  "the model's rules read."),
			errhint("Give the columns these names, as in SELECT brim_score(l) "
					"FROM (SELECT staff AS employee_count FROM company) AS l."));
}

/* Choose how to read an attribute from a column of a type. */
static void
bind_attribute(BrimRecord *record, int place, AttrNumber attnum, Oid type)
{
	const BrimAttribute *attribute = &record->features->attributes[place];
	BrimColumnReader    *reader = &record->readers[place];

	if (!brim_record_type_choose(reader, attribute, type, record->bound_cxt))
		ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
				errmsg("column \"%s\" is of type %s, but scoring expects %s", attribute->name.data,
					   format_type_be(type),
					   attribute->npath > 0 ? "jsonb" : accepted_types(attribute->accepts)),
				errhint("Cast the column in a subquery or a view, or rename it there if it "
						"means something else."));
	reader->attnum = attnum;
}

/* Make room for readers in an empty context. */
static void
start_binding(BrimRecord *record)
{
	record->is_bound = false;
	MemoryContextReset(record->bound_cxt);
	record->readers = MemoryContextAllocZero(record->bound_cxt,
											 sizeof(BrimColumnReader) * record->features->count);
}

/* Find the model's columns in a row type. */
static void
bind_type(BrimRecord *record, TupleDesc desc)
{
	const BrimFeatures *features = record->features;
	MemoryContext       caller;
	int                 known = 0;

	start_binding(record);
	caller = MemoryContextSwitchTo(record->bound_cxt);
	record->desc = CreateTupleDescCopyConstr(desc);
	record->datums = palloc(sizeof(Datum) * Max(desc->natts, 1));
	record->nulls = palloc(sizeof(bool) * Max(desc->natts, 1));
	for (int a = 0; a < features->count; a++)
	{
		AttrNumber attnum = find_column(desc, features->attributes[a].name);

		if (attnum == 0)
			continue;
		known++;
		bind_attribute(record, a, attnum, TupleDescAttr(desc, attnum - 1)->atttypid);
	}
	MemoryContextSwitchTo(caller);
	if (known == 0)
		raise_no_columns(record, desc);
	record->is_bound = true;
}

void
brim_record_bind_columns(BrimRecord *record, const BrimColumns *columns)
{
	const BrimFeatures *features = record->features;

	start_binding(record);
	for (int a = 0; a < features->count; a++)
	{
		BrimStr name = features->attributes[a].name;

		for (int c = 0; c < columns->count; c++)
		{
			if (brim_str_equal(name, brim_str(columns->names[c])))
				bind_attribute(record, a, (AttrNumber) (c + 1), columns->types[c]);
		}
	}
	record->is_bound = true;
}

/* Read one feature. */
static inline void
read_value(BrimRecord *record, int place, Datum datum, bool isnull, bool for_reasons)
{
	BrimValue *value = &record->values[place];

	value->kind = BRIM_VALUE_MISSING;
	value->text.data = NULL;
	value->text.len = 0;
	value->bytes.data = NULL;
	if (!isnull)
		brim_record_type_read(&record->readers[place], datum, for_reasons, value);
}

/* Read what is asked for from a tuple of the bound type. */
static const BrimValue *
read_tuple(BrimRecord *record, HeapTuple tuple, const BrimReads *reads)
{
	heap_deform_tuple(tuple, record->desc, record->datums, record->nulls);
	for (int i = 0; i < reads->count; i++)
	{
		int        place = reads->places[i];
		AttrNumber attnum = record->readers[place].attnum;

		if (attnum > 0)
			read_value(record, place, record->datums[attnum - 1], record->nulls[attnum - 1],
					   reads->for_reasons);
		else
			read_value(record, place, (Datum) 0, true, false);
	}
	return record->values;
}

const BrimValue *
brim_record_read_columns(BrimRecord *record, const NullableDatum *datums, const BrimReads *reads)
{
	for (int i = 0; i < reads->count; i++)
	{
		int        place = reads->places[i];
		AttrNumber attnum = record->readers[place].attnum;

		if (attnum > 0)
			read_value(record, place, datums[attnum - 1].value, datums[attnum - 1].isnull,
					   reads->for_reasons);
		else
			read_value(record, place, (Datum) 0, true, false);
	}
	return record->values;
}

const BrimValue *
brim_record_read(BrimRecord *record, HeapTupleHeader row, const BrimReads *reads)
{
	Oid           type = HeapTupleHeaderGetTypeId(row);
	int32         typmod = HeapTupleHeaderGetTypMod(row);
	uint64        identifier = assign_record_type_identifier(type, typmod);
	HeapTupleData tuple;

	if (!record->is_bound || record->type != type || record->typmod != typmod ||
		record->identifier != identifier)
	{
		TupleDesc desc = lookup_rowtype_tupdesc_domain(type, typmod, false);

		bind_type(record, desc);
		ReleaseTupleDesc(desc);
		record->type = type;
		record->typmod = typmod;
		record->identifier = identifier;
	}
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	return read_tuple(record, &tuple, reads);
}

const BrimValue *
brim_record_read_tuple(BrimRecord *record, TupleDesc desc, HeapTuple tuple, const BrimReads *reads)
{
	if (!record->is_bound)
		bind_type(record, desc);
	return read_tuple(record, tuple, reads);
}
