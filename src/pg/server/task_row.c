/*-------------------------------------------------------------------------
 *
 * task_row.c
 *	  Statements on brim.task; see task_row.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "postmaster/interrupt.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pg/server/faults.h"
#include "pg/server/task_row.h"
#include "pg/server/task_slots.h"
#include "pg/server/txn.h"

#define MAX_ERROR 1000 /* bytes */

/* clang-format off */

static BrimStatement any_rows = {
	"SELECT 1"
	"  FROM brim.task AS t"
	" WHERE t.status IN ('queued', 'running')"
	" LIMIT 1",
	0, {0}
};

static BrimStatement settle = {"SELECT brim.settle_tasks()", 0, {0}};

static BrimStatement take = {
	"UPDATE brim.task AS t"
	"   SET status = 'running',"
	"       started_at = clock_timestamp(),"
	"       pid = pg_backend_pid()"
	" WHERE t.task_id = (SELECT q.task_id"
	"                      FROM brim.task AS q"
	"                     WHERE q.status = 'queued'"
	"                     ORDER BY q.task_id"
	"                     LIMIT 1"
	"                       FOR UPDATE SKIP LOCKED)"
	" RETURNING t.task_id, t.kind,"
	"           EXISTS (SELECT"
	"                     FROM brim.task AS o"
	"                    WHERE o.status = 'queued' AND o.task_id <> t.task_id)",
	0, {0}
};

static BrimStatement check = {"SELECT brim.check_queued_task($1)", 1, {INT8OID}};

/* Of a row that is not this process's any more nothing is said. */
static BrimStatement progress = {
	"UPDATE brim.task AS t"
	"   SET done_units = $2,"
	"       total_units = $3,"
	"       progress = $4,"
	"       progress_at = clock_timestamp()"
	" WHERE t.task_id = $1"
	"   AND t.status = 'running'"
	"   AND t.pid = pg_backend_pid()",
	4, {INT8OID, INT8OID, INT8OID, TEXTOID}
};

static BrimStatement end = {
	"UPDATE brim.task AS t"
	"   SET status = $2,"
	"       error = coalesce('cancelled by ' || pg_get_userbyid($4), $3),"
	"       ended_at = clock_timestamp()"
	" WHERE t.task_id = $1"
	"   AND t.status = 'running'"
	"   AND t.pid = pg_backend_pid()",
	4, {INT8OID, TEXTOID, TEXTOID, OIDOID}
};

/* clang-format on */

bool
brim_task_row_any(void)
{
	return brim_txn_run(&any_rows, NULL, NULL) > 0;
}

void
brim_task_row_settle(void)
{
	(void) brim_txn_run(&settle, NULL, NULL);
}

int64
brim_task_row_take(char **kind, bool *more)
{
	int64 task_id;

	if (brim_txn_run(&take, NULL, NULL) == 0)
		return 0;
	task_id = brim_txn_int64(0, 1);
	*kind = MemoryContextStrdup(TopMemoryContext, brim_txn_text(0, 2));
	*more = brim_txn_bool(0, 3);

	/* an extension that was dropped meanwhile may have had a row of that number, too */
	if (!brim_task_slots_lock(task_id))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
						errmsg("task " INT64_FORMAT " is taken by another process", task_id)));
	brim_task_slots_take(task_id);
	return task_id;
}

void
brim_task_row_check(int64 task_id)
{
	Datum values[1] = {Int64GetDatum(task_id)};

	(void) brim_txn_run(&check, values, NULL);
}

void
brim_task_row_begin(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		brim_txn_force_safety();
	}
	if (!brim_txn_begin(NULL))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("extension \"brim\" is not installed any more")));
}

void
brim_task_row_commit(void)
{
	brim_txn_commit();
}

void
brim_task_row_progress(int64 task_id, int64 done, int64 total, const char *text)
{
	Datum values[4];
	bool  nulls[4] = {false};

	values[0] = Int64GetDatum(task_id);
	values[1] = Int64GetDatum(done);
	values[2] = Int64GetDatum(total);
	nulls[2] = total == BRIM_TASK_UNKNOWN;
	nulls[3] = text == NULL;
	values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(text);
	(void) brim_txn_run(&progress, values, nulls);
	BRIM_FAULT("task_progress");
}

void
brim_task_row_end(int64 task_id, const char *status, const char *error, Oid by)
{
	Datum values[4];
	bool  nulls[4] = {false};

	if (!brim_txn_begin(NULL))
		return;
	values[0] = Int64GetDatum(task_id);
	values[1] = CStringGetTextDatum(status);
	nulls[2] = error == NULL;
	if (error != NULL)
	{
		int length = (int) strlen(error);

		length = pg_mbcliplen(error, length, MAX_ERROR);
		values[2] = PointerGetDatum(cstring_to_text_with_len(error, length));
	}
	values[3] = ObjectIdGetDatum(by);
	nulls[3] = !OidIsValid(by);
	(void) brim_txn_run(&end, values, nulls);
	BRIM_FAULT("task_end");
	brim_txn_commit();
}
