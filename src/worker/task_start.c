/*-------------------------------------------------------------------------
 *
 * task_start.c
 *	  The launcher's part in tasks; see task_start.h.
 *
 * A wish (pg/server/task_slots.h) is dropped when a process is started for it,
 * and made again when that ends before it has looked.  A task is started in a
 * database that has a worker, and in no other: the worker wishes for one when
 * it starts, if rows are there, so a wish that finds no worker may be dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "postmaster/bgworker.h"
#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/task_start.h"

#define FIRST_PAUSE_MS 200
#define LONGEST_PAUSE_MS 60000

/* A process that this launcher has started, one a slot */
typedef struct Start
{
	BackgroundWorkerHandle *handle; /* NULL: none runs */
	BrimTaskWish            wish;   /* for which it was started */
} Start;

static Start starts[BRIM_MAX_TASKS];

/* Keep a wish for later; the pause doubles each time. */
static void
put_off(BrimTaskWish *wish, BrimTaskWait why, TimestampTz now)
{
	wish->why = why;
	wish->pause_ms =
		wish->pause_ms == 0 ? FIRST_PAUSE_MS : Min(wish->pause_ms * 2, LONGEST_PAUSE_MS);
	wish->start_at = TimestampTzPlusMilliseconds(now, wish->pause_ms);
	brim_task_slots_put_off(wish);
}

bool
brim_task_start_watch(TimestampTz now)
{
	bool ended = false;

	for (int i = 0; i < BRIM_MAX_TASKS; i++)
	{
		Start *start = &starts[i];
		pid_t  pid;

		if (start->handle == NULL || GetBackgroundWorkerPid(start->handle, &pid) != BGWH_STOPPED)
			continue;
		pfree(start->handle);
		start->handle = NULL;
		ended = true;
		if (!brim_task_slots_has_looked(i))
			put_off(&start->wish, BRIM_TASK_WAIT_START, now);
	}
	return ended;
}

/* A slot that has no process, or -1 */
static int
free_slot(void)
{
	for (int i = 0; i < BRIM_MAX_TASKS; i++)
		if (starts[i].handle == NULL && brim_task_slots_is_free(i))
			return i;
	return -1;
}

static bool
start_task(int slot, const BrimTaskWish *wish, const char *database)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), "brim");
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "brim_task_main");
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "brim task: %s", database);
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "brim task");
	worker.bgw_main_arg = Int32GetDatum(slot);
	strlcpy(worker.bgw_extra, database, sizeof(worker.bgw_extra));
	worker.bgw_notify_pid = MyProcPid;
	BRIM_FAULT("task_launch");
	brim_task_slots_expect(slot);
	starts[slot].wish = *wish;
	if (RegisterDynamicBackgroundWorker(&worker, &starts[slot].handle))
		return true;
	starts[slot].handle = NULL;
	return false;
}

/* Take a wish, or say why not; returns milliseconds until it is due, or -1. */
static long
grant(BrimTaskWish *wish, TimestampTz now, bool may_start, const char *database)
{
	int slot = free_slot();

	if (database == NULL)
	{
		brim_task_slots_drop_wish(wish->database);
		return -1;
	}
	/* after a clock step backwards no start is further away than the longest pause */
	wish->start_at = Min(wish->start_at, TimestampTzPlusMilliseconds(now, LONGEST_PAUSE_MS));
	if (slot < 0)
	{
		wish->why = BRIM_TASK_WAIT_TURN; /* until one ends */
		brim_task_slots_put_off(wish);
		return -1;
	}
	if (wish->start_at <= now)
	{
		/* dropped first: what is queued from here on is another wish */
		brim_task_slots_drop_wish(wish->database);
		if (may_start && start_task(slot, wish, database))
			return -1;
		put_off(wish, BRIM_TASK_WAIT_PROCESS, now);
	}
	return TimestampDifferenceMilliseconds(now, wish->start_at) + 1;
}

long
brim_task_start_turn(TimestampTz now, bool may_start, const char *(*name_of)(Oid database))
{
	BrimTaskWish wishes[BRIM_MAX_WISHES];
	int          nwishes = brim_task_slots_wishes(wishes, BRIM_MAX_WISHES);
	long         sleep_ms = -1;

	for (int i = 0; i < nwishes; i++)
	{
		long due = grant(&wishes[i], now, may_start, name_of(wishes[i].database));

		if (due >= 0 && (sleep_ms < 0 || due < sleep_ms))
			sleep_ms = due;
	}
	return sleep_ms;
}

void
brim_task_start_retry(void)
{
	brim_task_slots_retry();
}

void
brim_task_start_stop(void)
{
	for (int i = 0; i < BRIM_MAX_TASKS; i++)
		if (starts[i].handle != NULL)
			TerminateBackgroundWorker(starts[i].handle);
}
