/*-------------------------------------------------------------------------
 *
 * rules_load.c
 *	  Read the rules of a model from their tables; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "pg/row/row.h"
#include "pg/score/internal.h"

static bool
number_column(Relation rel, HeapTuple row, const char *name, double *number)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, NUMERICOID, &isnull);

	if (!isnull)
		*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	return !isnull;
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
	rule->weight = brim_model_key_weight(rel, row, "weight");
	rule->reason = brim_columns_text(rel, row, "reason");
	rule->reason_kind = brim_columns_text(rel, row, "reason_kind");
}

/* The rules of a version. */
static void
read_rules(Oid table, const char *name, BrimRulesDef *def)
{
	Relation    rel = table_open(table, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple   row;
	int         room = 0;

	brim_model_key_version(keys, rel, "model", name, def->head.version);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 2, keys);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		if (def->nrules > BRIM_MODEL_RULES_MAX)
			break; /* compiling will say so */
		def->rules = brim_memory_grow(def->rules, def->nrules, &room, sizeof(BrimRuleDef));
		read_rule(rel, row, &def->rules[def->nrules]);
		def->nrules++;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* The settings of the signals of a version. */
static void
read_signals(Oid table, const char *name, BrimRulesDef *def)
{
	Relation    rel = table_open(table, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple   row;

	brim_model_key_version(keys, rel, "model", name, def->head.version);
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

void
brim_rules_load(BrimModelDef *head, const BrimModelTables *tables, const char *name, Relation rel,
				HeapTuple row)
{
	BrimRulesDef *def = (BrimRulesDef *) head;

	def->fit_weight = brim_model_key_weight(rel, row, "fit_weight");
	def->intent_weight = brim_model_key_weight(rel, row, "intent_weight");
	def->missing_policy = brim_columns_text(rel, row, "missing_policy");
	def->language = brim_columns_text(rel, row, "language");
	read_rules(tables->rule, name, def);
	read_signals(tables->signal, name, def);
}
