/*-------------------------------------------------------------------------
 *
 * txn.c
 *	  The worker's transactions; see txn.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "pg/server/faults.h"
#include "pg/server/txn.h"
#include "pg/server/version.h"

/* Without these a statement may mean something else, or end before its time. */
static const char *const safe_settings[][2] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"synchronous_commit", "on"},
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"exit_on_error", "off"},
	{"lock_timeout", "5s"},       /* the one timeout that a background worker arms */
	{"deadlock_timeout", "20ms"}, /* of two, the one that can begin again gives way */
#ifdef BRIM_HAVE_TRANSACTION_TIMEOUT
	{"transaction_timeout", "0"},
#endif
	{"row_security", "off"},
	{"session_replication_role", "origin"},
	{"DateStyle", "ISO, MDY"},
	{"TimeZone", "UTC"},
	{"client_min_messages", "warning"},
	{"max_parallel_workers_per_gather", "0"},
	{"jit", "off"},
};

/*
 * Every statement of the queues finds its rows through an index; a plan made
 * while the tables were empty must not scan them later.
 */
static const char *const plan_settings[][2] = {
	{"plan_cache_mode", "force_generic_plan"},
	{"enable_seqscan", "off"},
	{"enable_hashjoin", "off"},
	{"enable_mergejoin", "off"},
	{"enable_bitmapscan", "off"},
	{"enable_material", "off"},
	{"enable_sort", "off"},
};

static void
force(const char *const (*settings)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		/* what only a superuser may set is the default unless a superuser decided */
		if (strcmp(settings[i][0], "session_replication_role") == 0 ||
			strcmp(settings[i][0], "deadlock_timeout") == 0)
			(void) set_config_option(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE,
									 GUC_ACTION_SET, true, 0, false);
		else
			(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_OVERRIDE,
									 GUC_ACTION_SET, true, 0, false);
	}
}

void
brim_txn_force_safety(void)
{
	force(safe_settings, lengthof(safe_settings));
}

void
brim_txn_force_settings(void)
{
	force(safe_settings, lengthof(safe_settings));
	force(plan_settings, lengthof(plan_settings));
}

#define MAX_RUNS 2000 /* of one plan */

/* Transactions end in the memory context in which they were begun. */
static MemoryContext caller_context = NULL;
static bool          shows_activity = false;

static void
show(BackendState state, const char *activity)
{
	if (shows_activity)
		pgstat_report_activity(state, activity);
}

bool
brim_txn_begin(const char *activity)
{
	caller_context = CurrentMemoryContext;
	shows_activity = activity != NULL;
	show(STATE_RUNNING, activity);
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!brim_version_fits())
	{
		PopActiveSnapshot();
		CommitTransactionCommand();
		MemoryContextSwitchTo(caller_context);
		show(STATE_IDLE, NULL);
		return false;
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	return true;
}

void
brim_txn_commit(void)
{
	SPI_finish();
	PopActiveSnapshot();
	BRIM_FAULT("commit");
	CommitTransactionCommand();
	BRIM_FAULT("commit_done");
	MemoryContextSwitchTo(caller_context);
	(void) pgstat_report_stat(false);
	show(STATE_IDLE, NULL);
}

void
brim_txn_report(void)
{
	(void) pgstat_report_stat(true);
}

void
brim_txn_abort(void)
{
	AbortOutOfAnyTransaction();
	(void) pgstat_report_stat(true);
	show(STATE_IDLE, NULL);
}

uint64
brim_txn_run(BrimStatement *statement, Datum *values, const bool *nulls)
{
	char nullchars[lengthof(statement->types) + 1];
	int  code;

	/* tables grow: a plan is made again after 1, 2, 4 ... runs, at last every so many */
	if (statement->plan != NULL && ++statement->runs >= statement->replan_at)
	{
		SPI_freeplan(statement->plan);
		statement->plan = NULL;
	}
	if (statement->plan == NULL)
	{
		SPIPlanPtr plan = SPI_prepare(statement->text, statement->nargs, statement->types);

		statement->replan_at = Min(statement->replan_at * 2 + 1, MAX_RUNS);
		statement->runs = 0;
		if (plan == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", statement->text,
				 SPI_result_code_string(SPI_result));
		if (SPI_keepplan(plan) != 0)
			elog(ERROR, "could not keep a plan");
		statement->plan = plan;
	}
	for (int i = 0; i < statement->nargs; i++)
		nullchars[i] = (nulls != NULL && nulls[i]) ? 'n' : ' ';
	nullchars[statement->nargs] = '\0';
	code = SPI_execute_plan(statement->plan, values, nullchars, false, 0);
	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", statement->text, SPI_result_code_string(code));
	return SPI_processed;
}

char *
brim_txn_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

int64
brim_txn_int64(uint64 row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	if (isnull)
		return 0;
	if (SPI_gettypeid(SPI_tuptable->tupdesc, column) == INT4OID)
		return DatumGetInt32(value);
	return DatumGetInt64(value);
}

bool
brim_txn_bool(uint64 row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return !isnull && DatumGetBool(value);
}

TimestampTz
brim_txn_time(uint64 row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

Datum
brim_txn_int8_array(const int64 *items, int n)
{
	Datum *datums = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(items[i]);
	return PointerGetDatum(
		construct_array(datums, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
brim_txn_int4_array(const int *items, int n)
{
	Datum *datums = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		datums[i] = Int32GetDatum(items[i]);
	return PointerGetDatum(construct_array(datums, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

Datum
brim_txn_text_array(const char *const *items, int n)
{
	Datum *datums = palloc(sizeof(Datum) * Max(n, 1));
	bool  *nulls = palloc(sizeof(bool) * Max(n, 1));
	int    dims[1] = {n};
	int    lower[1] = {1};

	for (int i = 0; i < n; i++)
	{
		nulls[i] = (items[i] == NULL);
		datums[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(items[i]);
	}
	return PointerGetDatum(
		construct_md_array(datums, nulls, 1, dims, lower, TEXTOID, -1, false, TYPALIGN_INT));
}

Datum
brim_txn_column(Oid type, const void *rows, int n, size_t size, size_t offset)
{
	int64 *wide = palloc(sizeof(int64) * Max(n, 1));
	int   *ints = palloc(sizeof(int) * Max(n, 1));
	char **texts = palloc(sizeof(char *) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		const char *member = (const char *) rows + size * i + offset;

		if (type == INT8OID)
			wide[i] = *(const int64 *) member;
		else if (type == INT4OID)
			ints[i] = *(const int *) member;
		else if (*(char *const *) member == NULL)
			texts[i] = NULL;
		else
			texts[i] = brim_txn_from_utf8(*(char *const *) member);
	}
	if (type == INT8OID)
		return brim_txn_int8_array(wide, n);
	if (type == INT4OID)
		return brim_txn_int4_array(ints, n);
	return brim_txn_text_array((const char *const *) texts, n);
}

char *
brim_txn_from_utf8(const char *text)
{
	return pg_any_to_server(text, (int) strlen(text), PG_UTF8);
}

char *
brim_txn_to_utf8(char *text)
{
	return text == NULL ? NULL : pg_server_to_any(text, (int) strlen(text), PG_UTF8);
}

Datum
brim_txn_utf8_or_null(const char *text, bool *isnull)
{
	*isnull = (text == NULL);
	return *isnull ? (Datum) 0 : CStringGetTextDatum(brim_txn_from_utf8(text));
}
