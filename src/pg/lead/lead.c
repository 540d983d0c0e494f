/*-------------------------------------------------------------------------
 *
 * lead.c
 *	  Triggers of brim.lead and of the scoring tables.
 *
 * A lead is scored when it is written, by the trigger and not by its writer:
 * INSERT, UPDATE and COPY alike.  The trigger runs no SQL, so whoever may write
 * leads needs no right on the scoring tables.
 *
 * While a dump is restored, rows are stored as they come: the models may not
 * be there yet, and what was scored before keeps its score.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/timestamp.h"

#include "pg/lead/company.h"
#include "pg/score/score.h"

BRIM_FUNCTION(brim_lead_before_write);
BRIM_FUNCTION(brim_scoring_changed);
BRIM_FUNCTION(brim_check_model);

/* The columns that the trigger reads or writes. */
typedef enum LeadColumn
{
	/* Written: the score, in the order of compare */
	COL_FIT_SCORE,
	COL_INTENT_SCORE,
	COL_TOTAL_SCORE,
	COL_CONFIDENCE,
	COL_ACTION,
	COL_MODEL,
	COL_MODEL_VERSION,
	COL_SCORED_AT,
	COL_UPDATED_AT,
	COL_COMPANY_ID,
	/* Read only */
	COL_COMPANY_NAME,
	COL_DOMAIN
} LeadColumn;

#define NSCORES (COL_MODEL_VERSION + 1) /* columns whose change is a new score */
#define NWRITTEN (COL_COMPANY_ID + 1)
#define NCOLUMNS (COL_DOMAIN + 1)

static const struct
{
	const char *name;
	Oid         type;
} columns[NCOLUMNS] = {
	[COL_FIT_SCORE] = {"fit_score", INT4OID},
	[COL_INTENT_SCORE] = {"intent_score", INT4OID},
	[COL_TOTAL_SCORE] = {"total_score", INT4OID},
	[COL_CONFIDENCE] = {"confidence", NUMERICOID},
	[COL_ACTION] = {"action", TEXTOID},
	[COL_MODEL] = {"model", TEXTOID},
	[COL_MODEL_VERSION] = {"model_version", INT4OID},
	[COL_SCORED_AT] = {"scored_at", TIMESTAMPTZOID},
	[COL_UPDATED_AT] = {"updated_at", TIMESTAMPTZOID},
	[COL_COMPANY_ID] = {"company_id", TEXTOID},
	[COL_COMPANY_NAME] = {"company_name", TEXTOID},
	[COL_DOMAIN] = {"domain", TEXTOID},
};

/* A row being written. */
typedef struct LeadRow
{
	TupleDesc desc;
	HeapTuple old; /* NULL: INSERT */
	HeapTuple new;
	int  *attnum;          /* of each LeadColumn */
	Datum value[NCOLUMNS]; /* of the new row, as it is to be written */
	bool  isnull[NCOLUMNS];
} LeadRow;

/* Find a column of the table by name, and check its type. */
static int
lead_column(Relation rel, LeadColumn column)
{
	TupleDesc desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), columns[column].name) == 0 &&
			att->atttypid == columns[column].type)
			return att->attnum;
	}
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("table \"%s\" has no column \"%s\" of type %s", RelationGetRelationName(rel),
				   columns[column].name, format_type_be(columns[column].type)),
			errhint("brim.lead_before_write() is the trigger of brim.lead."));
}

/* The numbers of all columns we need, in the order of LeadColumn. */
static int *
find_columns(Relation rel, MemoryContext cxt)
{
	int *found = MemoryContextAlloc(cxt, sizeof(int) * NCOLUMNS);

	for (int c = 0; c < NCOLUMNS; c++)
		found[c] = lead_column(rel, (LeadColumn) c);
	return found;
}

/* Make up the company_id of a new lead; that of an old one stays. */
static void
settle_company_id(LeadRow *row)
{
	bool  isnull;
	Datum old;

	if (row->isnull[COL_COMPANY_ID])
	{
		text *name =
			row->isnull[COL_COMPANY_NAME] ? NULL : DatumGetTextPP(row->value[COL_COMPANY_NAME]);
		text *domain = row->isnull[COL_DOMAIN] ? NULL : DatumGetTextPP(row->value[COL_DOMAIN]);

		if (name == NULL)
			ereport(ERROR, errcode(ERRCODE_NOT_NULL_VIOLATION),
					errmsg("company_name of a lead must not be null"));
		row->value[COL_COMPANY_ID] = PointerGetDatum(brim_company_make_id(name, domain));
		row->isnull[COL_COMPANY_ID] = false;
	}
	if (row->old == NULL)
		return;
	old = heap_getattr(row->old, row->attnum[COL_COMPANY_ID], row->desc, &isnull);
	if (!isnull && !datum_image_eq(old, row->value[COL_COMPANY_ID], false, -1))
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("company_id of lead \"%s\" cannot be changed to \"%s\"",
					   TextDatumGetCString(old), TextDatumGetCString(row->value[COL_COMPANY_ID])),
				errhint("Events, e-mails and outcomes refer to it. Insert the company as a new "
						"lead instead."));
}

/*
 * Return true while a script of pg_dump is being loaded.  The same test as
 * brim.is_restoring(), without SQL: what every such script sets, by somebody who
 * may act as owner of the table.
 */
static bool
is_restoring(Relation rel)
{
	return !check_function_bodies && !row_security &&
		   is_member_of_role(GetSessionUserId(), rel->rd_rel->relowner);
}

/* Put the score into the row, and the time where it is another one than before. */
static void
set_score(LeadRow *row, const BrimCallModel *model)
{
	const BrimScore *score = model->score;
	bool             is_new = row->old == NULL;

	row->value[COL_FIT_SCORE] = Int32GetDatum(score->fit);
	row->value[COL_INTENT_SCORE] = Int32GetDatum(score->intent);
	row->value[COL_TOTAL_SCORE] = Int32GetDatum(score->total);
	row->value[COL_CONFIDENCE] = NumericGetDatum(int64_div_fast_to_numeric(score->confidence, 2));
	row->value[COL_ACTION] = CStringGetTextDatum(score->action);
	row->value[COL_MODEL] =
		PointerGetDatum(cstring_to_text_with_len(model->model->name.data, model->model->name.len));
	row->value[COL_MODEL_VERSION] = Int32GetDatum(model->model->version);
	for (int c = 0; c < NSCORES; c++)
		row->isnull[c] = false;
	for (int c = 0; c < NSCORES && !is_new; c++)
	{
		Form_pg_attribute att = TupleDescAttr(row->desc, row->attnum[c] - 1);
		bool              isnull;
		Datum             old = heap_getattr(row->old, row->attnum[c], row->desc, &isnull);

		is_new = isnull || !datum_image_eq(old, row->value[c], att->attbyval, att->attlen);
	}
	if (is_new)
	{
		row->value[COL_SCORED_AT] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		row->isnull[COL_SCORED_AT] = false;
	}
	else
		row->value[COL_SCORED_AT] = heap_getattr(row->old, row->attnum[COL_SCORED_AT], row->desc,
												 &row->isnull[COL_SCORED_AT]);
}

/*
 * brim.lead_before_write(): BEFORE INSERT OR UPDATE FOR EACH ROW ON brim.lead.
 */
Datum
brim_lead_before_write(PG_FUNCTION_ARGS)
{
	TriggerData   *trigger = (TriggerData *) fcinfo->context;
	LeadRow        row = {0};
	BrimCallCache *site;
	BrimCallModel *model;
	char          *name = NULL;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(
			ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			errmsg("brim.lead_before_write() must be called BEFORE INSERT OR UPDATE FOR EACH ROW"));
	row.desc = RelationGetDescr(trigger->tg_relation);
	row.old = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_trigtuple : NULL;
	row.new = row.old != NULL ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (row.old == NULL && is_restoring(trigger->tg_relation))
		return PointerGetDatum(row.new);
	site = brim_call_cache_get(fcinfo);
	if (site->user == NULL)
		site->user = find_columns(trigger->tg_relation, site->cxt);
	row.attnum = site->user;
	for (int c = 0; c < NCOLUMNS; c++)
	{
		row.value[c] = heap_getattr(row.new, row.attnum[c], row.desc, &row.isnull[c]);
	}
	settle_company_id(&row);
	if (row.old != NULL)
	{
		row.value[COL_UPDATED_AT] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		row.isnull[COL_UPDATED_AT] = false;
	}

	/* The model the writer names or the lead has already, else the default. */
	if (!row.isnull[COL_MODEL])
		name = TextDatumGetCString(row.value[COL_MODEL]);
	if (name != NULL && strchr(name, '@') != NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("model \"%s\" of a lead names a version", name),
				errhint("A stored lead is scored by the published version of its model: "
						"leave out the @ and what follows."));
	model = brim_call_cache_model(site, name);
	brim_call_cache_score(site, model, NULL, row.desc, row.new, BRIM_WANT_ALL & ~BRIM_WANT_MATCHES);
	set_score(&row, model);
	brim_call_cache_finish(site);
	return PointerGetDatum(
		heap_modify_tuple_by_cols(row.new, row.desc, NWRITTEN, row.attnum, row.value, row.isnull));
}

/*
 * brim.scoring_changed(): AFTER statement trigger of the scoring tables.  Every
 * backend drops its compiled models when this transaction commits, this one at
 * its next command.
 */
Datum
brim_scoring_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("brim.scoring_changed() must be called AFTER a statement"));
	CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	return PointerGetDatum(NULL);
}

/* brim.check_model(name, version, is_draft): raise what is wrong with a version, if something is. */
Datum
brim_check_model(PG_FUNCTION_ARGS)
{
	brim_model_cache_try(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1),
						 PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}
