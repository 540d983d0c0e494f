/*-------------------------------------------------------------------------
 *
 * task.c
 *	  A process that does one long piece of work and ends: brim.task.
 *
 * It looks at the rows once: those whose process is gone get their end, and the
 * oldest that waits is taken, if any.  The process holds a lock for its row as
 * long as it lives; whether a row is really running is that lock, never a clock.
 * A task is not resumed: whatever ends the process, the row gets an end that
 * says so, by the process itself or by whoever looks next.
 *
 * It runs as brim.worker_role, never as a superuser.  What a kind may do is
 * written here and in SQL functions with rights of their own; that who asked
 * for it may have it done is checked when it is queued and when it begins.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <signal.h>

#include "access/xact.h"
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

#include "pg/server/server.h"
#include "worker/process.h"
#include "worker/task.h"
#include "worker/task_rescore.h"

#define SAME_REQUEST_MS 500 /* SIGTERMs so close together are one */
#define END_TRIES 3         /* to record the end, which an interrupt may disturb */

static const BrimTaskKind *const kinds[] = {&brim_task_rescore};

static volatile sig_atomic_t stop_requested = false;
static volatile int64        requested_at = 0;

/* How a task ended, to be recorded */
typedef struct End
{
	int64       task_id;
	const char *status;
	const char *error;
	Oid         by; /* who cancelled it; InvalidOid: nobody */
} End;

void
brim_task_look(void *arg)
{
	bool any;

	if (!brim_txn_begin("brim: look for tasks"))
		return;
	any = brim_task_row_any();
	brim_txn_commit();
	if (any)
		brim_task_slots_wish();
}

/*
 * The first SIGTERM ends the statement, so that the row can get its end; the
 * next one ends the process.  The postmaster signals a process and then its
 * process group, so one request arrives twice.
 */
static void
on_terminate(SIGNAL_ARGS)
{
	int         save_errno = errno;
	const int64 now = brim_process_steady();

	if (requested_at == 0)
	{
		requested_at = now;
		stop_requested = true;
		StatementCancelHandler(postgres_signal_arg);
	}
	else if (now - requested_at >= SAME_REQUEST_MS)
		die(postgres_signal_arg);
	errno = save_errno;
}

/* Look at the rows, and take one; returns 0 if there is nothing to do. */
static int64
take_task(char **kind)
{
	bool  more = false;
	int64 task_id = 0;

	if (brim_txn_begin("brim: look for tasks"))
	{
		brim_task_row_settle();
		task_id = brim_task_row_take(kind, &more);
		brim_txn_commit();
	}
	brim_task_slots_looked();
	if (more)
		brim_task_slots_wish();
	return task_id;
}

static void
run_task(int64 task_id, const char *name)
{
	const BrimTaskKind *kind = NULL;

	for (size_t i = 0; i < lengthof(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			kind = kinds[i];
	if (kind == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("this library knows no kind of task \"%s\"", name)));
	brim_task_row_begin();
	brim_task_row_check(task_id);
	brim_task_row_commit();
	kind->run(task_id);
}

/* What an error means for the row. */
static void
explain_error(const ErrorData *error, End *how)
{
	how->status = "failed";
	if (error->sqlerrcode != ERRCODE_QUERY_CANCELED)
		how->error = error->detail == NULL ? error->message
										   : psprintf("%s: %s", error->message, error->detail);
	else if (stop_requested)
		how->error = "its process was asked to stop before it was done";
	else
	{
		how->status = "cancelled";
		how->error = "its process was sent a cancel";
		how->by = brim_task_slots_stopped_by();
	}
}

/* Run it, and say in *how what ended it if not the end of the work. */
static void
try_task(const char *kind, End *how)
{
	PG_TRY();
	{
		run_task(how->task_id, kind);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(TopMemoryContext);
		EmitErrorReport();
		explain_error(CopyErrorData(), how);
		brim_txn_abort();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
}

/* Record the end; false when something came in between. */
static bool
try_end(const End *how)
{
	volatile bool ok = false;

	PG_TRY();
	{
		brim_task_row_end(how->task_id, how->status, how->error, how->by);
		ok = true;
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(TopMemoryContext);
		EmitErrorReport();
		brim_txn_abort();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	return ok;
}

static void
do_task(int64 task_id, const char *kind)
{
	End  how = {task_id, "done", NULL, InvalidOid};
	bool recorded = false;

	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING,
						   psprintf("brim task " INT64_FORMAT ": %s", task_id, kind));
	ereport(LOG, (errmsg("brim task " INT64_FORMAT " (%s) begins", task_id, kind)));
	try_task(kind, &how);
	for (int i = 0; i < END_TRIES && !recorded; i++)
	{
		QueryCancelPending = false; /* there is no statement to cancel */
		recorded = try_end(&how);
	}
	if (recorded)
		brim_task_slots_ended();
	ereport(LOG,
			(errmsg("brim task " INT64_FORMAT " (%s) has ended: %s", task_id, kind, how.status)));
}

/* Entry point of a task process. */
void
brim_task_main(Datum arg)
{
	char *kind = NULL;
	int64 task_id;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, on_terminate);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(MyBgworkerEntry->bgw_extra, brim_worker_role, 0);
	brim_process_refuse_superuser();
	brim_txn_force_safety();
	BRIM_FAULT("task_start");
	if (!brim_task_slots_attach(DatumGetInt32(arg)))
		proc_exit(0);
	MemoryContextSwitchTo(TopMemoryContext);
	task_id = take_task(&kind);
	BRIM_FAULT("task_taken");
	if (task_id != 0)
		do_task(task_id, kind);
	proc_exit(0);
}
