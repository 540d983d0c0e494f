/*-------------------------------------------------------------------------
 *
 * model_load.c
 *	  Read a scoring model from its tables; see model.h.
 *
 * The tables are scanned like catalogs, without SPI: that asks for no
 * privilege, runs in parallel workers, and sees the newest committed rows
 * whatever snapshot the transaction has.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "db/model.h"

/* The model that is the default until another one is made it. */
#define SHIPPED_DEFAULT "balanced"

/* The number of a column, which must have the type. */
static AttrNumber
column_number(Relation rel, const char *name, Oid type)
{
	TupleDesc desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0 && att->atttypid == type)
			return att->attnum;
	}
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("table \"brim.%s\" has no column \"%s\" of type %s",
				   RelationGetRelationName(rel), name, format_type_be(type)),
			errhint("Run ALTER EXTENSION brim UPDATE."));
}

static Datum
column(Relation rel, HeapTuple row, const char *name, Oid type, bool *isnull)
{
	return heap_getattr(row, column_number(rel, name, type), RelationGetDescr(rel), isnull);
}

/* A text column as a text in the current context; data NULL where it is null. */
static BrimStr
text_column(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = column(rel, row, name, TEXTOID, &isnull);

	return brim_str(isnull ? NULL : TextDatumGetCString(value));
}

static int
int_column(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = column(rel, row, name, INT4OID, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static bool
bool_column(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = column(rel, row, name, BOOLOID, &isnull);

	return !isnull && DatumGetBool(value);
}

static bool
number_column(Relation rel, HeapTuple row, const char *name, double *number)
{
	bool  isnull;
	Datum value = column(rel, row, name, NUMERICOID, &isnull);

	if (!isnull)
		*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	return !isnull;
}

bool
brim_model_weight(Datum numeric, int64 *weight)
{
	double about = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, numeric));
	Datum  scaled;
	Datum  whole;

	if (!isfinite(about) || fabs(about) > 1e9)
		return false;
	scaled = DirectFunctionCall2(numeric_mul, numeric,
								 NumericGetDatum(int64_to_numeric(BRIM_WEIGHT_ONE)));
	whole = DirectFunctionCall2(numeric_trunc, scaled, Int32GetDatum(0));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, scaled, whole)))
		return false;
	*weight = DatumGetInt64(DirectFunctionCall1(numeric_int8, whole));
	return true;
}

static int64
weight_column(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = column(rel, row, name, NUMERICOID, &isnull);
	int64 weight;

	return !isnull && brim_model_weight(value, &weight) ? weight : -1;
}

/* The entries of a text array; a null one has data NULL. */
static BrimStr *
texts_column(Relation rel, HeapTuple row, const char *name, int *count)
{
	bool     isnull;
	Datum    value = column(rel, row, name, TEXTARRAYOID, &isnull);
	Datum   *entries;
	bool    *nulls;
	BrimStr *texts;

	*count = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypePCopy(value), TEXTOID, -1, false, TYPALIGN_INT, &entries,
					  &nulls, count);
	texts = palloc0(sizeof(BrimStr) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		if (!nulls[i])
			texts[i] = brim_str(TextDatumGetCString(entries[i]));
	}
	return texts;
}

/* A key that compares a column with a name. */
static void
name_key(ScanKey key, Relation rel, const char *column_name, const char *name)
{
	ScanKeyEntryInitialize(key, 0, column_number(rel, column_name, TEXTOID), BTEqualStrategyNumber,
						   InvalidOid, C_COLLATION_OID, F_TEXTEQ, CStringGetTextDatum(name));
}

/*
 * Which version of a model is published: the one that was chosen, else the
 * newest that brim brings along; 0 where there is neither.
 */
static int
published_version(const BrimModelTables *tables, const char *name, bool *exists)
{
	Relation    rel = table_open(tables->published, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   row;
	int         version = 0;

	name_key(&key, rel, "name", name);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	if (HeapTupleIsValid(row = systable_getnext(scan)))
		version = int_column(rel, row, "version");
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	*exists = version > 0;
	if (version > 0)
		return version;

	rel = table_open(tables->model, AccessShareLock);
	name_key(&key, rel, "name", name);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		*exists = true;
		if (bool_column(rel, row, "is_shipped"))
			version = Max(version, int_column(rel, row, "version"));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version;
}

/* The name of the default model. */
static const char *
default_model(const BrimModelTables *tables)
{
	Relation    rel = table_open(tables->published, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	const char *name = SHIPPED_DEFAULT;
	HeapTuple   row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		if (bool_column(rel, row, "is_default"))
			name = text_column(rel, row, "name").data;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return name;
}

static void
read_rule(Relation rel, HeapTuple row, BrimRuleDef *rule)
{
	rule->rule_no = int_column(rel, row, "rule_no");
	rule->dimension = text_column(rel, row, "dimension");
	rule->signal = text_column(rel, row, "signal");
	rule->attribute = text_column(rel, row, "attribute");
	rule->kind = text_column(rel, row, "kind");
	rule->has_low = number_column(rel, row, "low", &rule->low);
	rule->has_high = number_column(rel, row, "high", &rule->high);
	rule->keywords = texts_column(rel, row, "keywords", &rule->nkeywords);
	rule->path = texts_column(rel, row, "path", &rule->npath);
	rule->pattern = text_column(rel, row, "pattern");
	rule->stem = bool_column(rel, row, "stem");
	rule->points = int_column(rel, row, "points");
	rule->weight = weight_column(rel, row, "weight");
	rule->reason = text_column(rel, row, "reason");
	rule->reason_kind = text_column(rel, row, "reason_kind");
}

/* The rules of a version. */
static void
read_rules(Oid table, const char *name, BrimModelDef *def)
{
	Relation    rel = table_open(table, AccessShareLock);
	AttrNumber  version = column_number(rel, "version", INT4OID);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple   row;
	int         room = 64;

	name_key(&keys[0], rel, "model", name);
	ScanKeyInit(&keys[1], version, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(def->version));
	def->rules = palloc(sizeof(BrimRuleDef) * room);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 2, keys);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		if (def->nrules > BRIM_MODEL_RULES_MAX)
			break; /* compiling will say so */
		if (def->nrules == room)
		{
			room *= 2;
			def->rules = repalloc(def->rules, sizeof(BrimRuleDef) * room);
		}
		memset(&def->rules[def->nrules], 0, sizeof(BrimRuleDef));
		read_rule(rel, row, &def->rules[def->nrules]);
		def->nrules++;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* The settings of the signals of a version. */
static void
read_signals(Oid table, const char *name, BrimModelDef *def)
{
	Relation    rel = table_open(table, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple   row;

	name_key(&keys[0], rel, "model", name);
	ScanKeyInit(&keys[1], column_number(rel, "version", INT4OID), BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(def->version));
	def->signals = palloc0(sizeof(BrimSignalDef) * (BRIM_MODEL_SIGNALS_MAX + 1));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 2, keys);
	while (def->nsignals <= BRIM_MODEL_SIGNALS_MAX &&
		   HeapTupleIsValid(row = systable_getnext(scan)))
	{
		BrimSignalDef *settings = &def->signals[def->nsignals++];
		bool           isnull;
		Datum          prior = column(rel, row, "prior_points", INT4OID, &isnull);

		settings->dimension = text_column(rel, row, "dimension");
		settings->signal = text_column(rel, row, "signal");
		settings->combine = text_column(rel, row, "combine");
		settings->has_min = settings->has_max = true;
		settings->min_points = int_column(rel, row, "min_points");
		settings->max_points = int_column(rel, row, "max_points");
		settings->has_prior = !isnull;
		settings->prior_points = isnull ? 0 : DatumGetInt32(prior);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

BrimModelDef *
brim_model_load(const BrimModelTables *tables, const char *name, int version)
{
	BrimModelDef *def = palloc0(sizeof(BrimModelDef));
	Relation      rel;
	ScanKeyData   keys[2];
	SysScanDesc   scan;
	HeapTuple     row;
	bool          exists = false;

	if (name == NULL)
		name = default_model(tables);
	if (version == 0)
		version = published_version(tables, name, &exists);
	if (version == 0 && exists)
		ereport(
			ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
			errmsg("scoring model \"%s\" has no published version", name),
			errhint("Publish it with SELECT brim_publish_model(%s).", quote_literal_cstr(name)));
	def->name = brim_str(name);
	def->version = version;

	rel = table_open(tables->model, AccessShareLock);
	name_key(&keys[0], rel, "name", name);
	ScanKeyInit(&keys[1], column_number(rel, "version", INT4OID), BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(version));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 2, keys);
	row = systable_getnext(scan);
	exists = HeapTupleIsValid(row);
	if (exists)
	{
		def->fit_weight = weight_column(rel, row, "fit_weight");
		def->intent_weight = weight_column(rel, row, "intent_weight");
		def->high_above = int_column(rel, row, "high_above");
		def->medium_above = int_column(rel, row, "medium_above");
		def->qualified_above = int_column(rel, row, "qualified_above");
		def->missing_policy = text_column(rel, row, "missing_policy");
		def->language = text_column(rel, row, "language");
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (!exists && version == 0)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
				errmsg("scoring model \"%s\" does not exist", name),
				errhint("The view brim.model_spec lists the models."));
	if (!exists)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
				errmsg("version %d of scoring model \"%s\" does not exist", version, name),
				errhint("The view brim.model_spec lists the models and their versions."));
	read_rules(tables->rule, name, def);
	read_signals(tables->signal, name, def);
	return def;
}
