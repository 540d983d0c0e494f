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
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "pg/row/row.h"
#include "pg/score/model_cache.h"

/* The model that is the default until another one is made it. */
#define SHIPPED_DEFAULT "balanced"

static bool
number_column(Relation rel, HeapTuple row, const char *name, double *number)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, NUMERICOID, &isnull);

	if (!isnull)
		*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	return !isnull;
}

static int64
weight_column(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, NUMERICOID, &isnull);
	int64 weight;

	return !isnull && brim_columns_weight(value, &weight) ? weight : -1;
}

/* A key that compares a column with a name. */
static void
name_key(ScanKey key, Relation rel, const char *column_name, const char *name)
{
	ScanKeyEntryInitialize(key, 0, brim_columns_number(rel, column_name, TEXTOID),
						   BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(name));
}

/* Keys that find a version of a model. */
static void
version_keys(ScanKey keys, Relation rel, const char *name_column, const char *name, int version)
{
	name_key(&keys[0], rel, name_column, name);
	ScanKeyInit(&keys[1], brim_columns_number(rel, "version", INT4OID), BTEqualStrategyNumber,
				F_INT4EQ, Int32GetDatum(version));
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
		version = brim_columns_int(rel, row, "version");
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
		if (brim_columns_bool(rel, row, "is_shipped"))
			version = Max(version, brim_columns_int(rel, row, "version"));
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
		if (brim_columns_bool(rel, row, "is_default"))
			name = brim_columns_text(rel, row, "name").data;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return name;
}

static void
read_rule(Relation rel, HeapTuple row, BrimRuleDef *rule)
{
	rule->rule_no = brim_columns_int(rel, row, "rule_no");
	rule->dimension = brim_columns_text(rel, row, "dimension");
	rule->signal = brim_columns_text(rel, row, "signal");
	rule->attribute = brim_columns_text(rel, row, "attribute");
	rule->kind = brim_columns_text(rel, row, "kind");
	rule->has_low = number_column(rel, row, "low", &rule->low);
	rule->has_high = number_column(rel, row, "high", &rule->high);
	rule->keywords = brim_columns_texts(rel, row, "keywords", &rule->nkeywords);
	rule->path = brim_columns_texts(rel, row, "path", &rule->npath);
	rule->pattern = brim_columns_text(rel, row, "pattern");
	rule->stem = brim_columns_bool(rel, row, "stem");
	rule->points = brim_columns_int(rel, row, "points");
	rule->weight = weight_column(rel, row, "weight");
	rule->reason = brim_columns_text(rel, row, "reason");
	rule->reason_kind = brim_columns_text(rel, row, "reason_kind");
}

/* The rules of a version. */
static void
read_rules(Oid table, const char *name, BrimModelDef *def)
{
	Relation    rel = table_open(table, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple   row;
	int         room = 64;

	version_keys(keys, rel, "model", name, def->version);
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

	version_keys(keys, rel, "model", name, def->version);
	def->signals = palloc0(sizeof(BrimSignalDef) * (BRIM_MODEL_SIGNALS_MAX + 1));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 2, keys);
	while (def->nsignals <= BRIM_MODEL_SIGNALS_MAX &&
		   HeapTupleIsValid(row = systable_getnext(scan)))
	{
		BrimSignalDef *settings = &def->signals[def->nsignals++];
		bool           isnull;
		Datum          prior = brim_columns_value(rel, row, "prior_points", INT4OID, &isnull);

		settings->dimension = brim_columns_text(rel, row, "dimension");
		settings->signal = brim_columns_text(rel, row, "signal");
		settings->combine = brim_columns_text(rel, row, "combine");
		settings->has_min = settings->has_max = true;
		settings->min_points = brim_columns_int(rel, row, "min_points");
		settings->max_points = brim_columns_int(rel, row, "max_points");
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
	version_keys(keys, rel, "name", name, version);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 2, keys);
	row = systable_getnext(scan);
	exists = HeapTupleIsValid(row);
	if (exists)
	{
		def->fit_weight = weight_column(rel, row, "fit_weight");
		def->intent_weight = weight_column(rel, row, "intent_weight");
		def->high_above = brim_columns_int(rel, row, "high_above");
		def->medium_above = brim_columns_int(rel, row, "medium_above");
		def->qualified_above = brim_columns_int(rel, row, "qualified_above");
		def->missing_policy = brim_columns_text(rel, row, "missing_policy");
		def->language = brim_columns_text(rel, row, "language");
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
