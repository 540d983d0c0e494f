/*-------------------------------------------------------------------------
 *
 * launcher.c
 *	  The process that keeps brim.workers workers per database of brim.databases.
 *
 * It is connected to no database, so it blocks no DROP DATABASE and no
 * CREATE DATABASE ... TEMPLATE.  An entry is one worker: a name of
 * brim.databases and a number.  A worker that ends is started again: at once
 * when it had reached its loop, else after a pause that doubles up to a minute.
 * Task processes (task_start.c) come second: none is started while a worker
 * waits for a process.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procsignal.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "pg/server/server.h"
#include "worker/task_start.h"
#include "worker/worker.h"

#define FIRST_PAUSE_MS 200
#define LONGEST_PAUSE_MS 60000

typedef struct Entry
{
	/* Identity */
	char database[NAMEDATALEN]; /* empty: free */
	int  number;                /* of the worker within its database, from 1 */
	bool wanted;                /* still called for by the settings */

	/* Process */
	BackgroundWorkerHandle *handle;     /* NULL: none runs */
	bool                    no_process; /* the server had none left */

	/* Restart */
	int         pause_ms;
	TimestampTz start_at;
} Entry;

static Entry entries[BRIM_MAX_SLOTS];
static char  role[NAMEDATALEN]; /* as whom the running workers were started */

void
brim_launcher_init(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), "brim");
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "brim_launcher_main");
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "brim launcher");
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "brim launcher");
	RegisterBackgroundWorker(&worker);
}

static Entry *
find_entry(const char *database, int number)
{
	for (int i = 0; i < BRIM_MAX_SLOTS; i++)
		if (strcmp(entries[i].database, database) == 0 && entries[i].number == number)
			return &entries[i];
	return NULL;
}

/* See that a worker is wanted that had no entry or has one; false when there are too many. */
static bool
want_worker(const char *database, int number)
{
	Entry *entry = find_entry(database, number);

	if (entry == NULL)
	{
		entry = find_entry("", 0);
		if (entry == NULL)
			return false;
		memset(entry, 0, sizeof(*entry));
		strlcpy(entry->database, database, sizeof(entry->database));
		entry->number = number;
	}
	entry->wanted = true;
	entry->start_at = 0; /* a new setting deserves a new try */
	entry->pause_ms = 0;
	return true;
}

/* Make the entries say what the settings say: first one worker for each database. */
static void
read_databases(void)
{
	char     *copy = pstrdup(brim_databases);
	List     *names = NIL;
	ListCell *cell;

	for (int i = 0; i < BRIM_MAX_SLOTS; i++)
		entries[i].wanted = false;
	if (*brim_worker_role == '\0')
	{
		if (*copy != '\0')
			ereport(LOG, (errcode(ERRCODE_CONFIG_FILE_ERROR),
						  errmsg("brim starts no worker because \"brim.worker_role\" is not set"),
						  errhint("Create a role without superuser, give it rights with "
								  "brim_grant(role, 'worker') and set brim.worker_role to it.")));
		*copy = '\0';
	}
	if (!SplitGUCList(copy, ',', &names))
		names = NIL; /* refused by the setting's check */
	for (int number = 1; number <= brim_workers; number++)
	{
		foreach (cell, names)
		{
			const char *name = (const char *) lfirst(cell);

			if (*name == '\0' || strlen(name) >= NAMEDATALEN || want_worker(name, number))
				continue;
			ereport(WARNING,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("brim starts no worker %d for database \"%s\"", number, name),
					 errdetail("There are at most %d workers in all.", BRIM_MAX_SLOTS),
					 errhint("Reduce \"brim.workers\" or the list in \"brim.databases\".")));
		}
	}
	list_free(names);
	pfree(copy);

	/* workers of another role end, and are started again as this one */
	if (strcmp(role, brim_worker_role) != 0)
	{
		for (int i = 0; i < BRIM_MAX_SLOTS; i++)
			if (entries[i].handle != NULL)
				TerminateBackgroundWorker(entries[i].handle);
		brim_task_start_stop();
		strlcpy(role, brim_worker_role, sizeof(role));
	}
}

static void
start_worker(Entry *entry)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART; /* restarts are the launcher's */
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), "brim");
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "brim_jobs_main");
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "brim worker %d: %s", entry->number,
			 entry->database);
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "brim worker");
	worker.bgw_main_arg = BRIM_LOOP_ARG((int) (entry - entries), entry->number);
	strlcpy(worker.bgw_extra, entry->database, sizeof(worker.bgw_extra));
	worker.bgw_notify_pid = MyProcPid;
	BRIM_FAULT("launch");
	brim_shared_expect((int) (entry - entries));
	entry->no_process = !RegisterDynamicBackgroundWorker(&worker, &entry->handle);
	if (entry->no_process)
	{
		entry->handle = NULL;
		ereport(LOG, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					  errmsg("brim could not start a worker for database \"%s\": no free "
							 "background worker slot",
							 entry->database),
					  errhint("Increase \"max_worker_processes\".")));
	}
}

/* See what became of an entry's process; what pause follows its end. */
static void
watch_worker(Entry *entry, TimestampTz now)
{
	pid_t    pid;
	BrimSlot slot;

	if (GetBackgroundWorkerPid(entry->handle, &pid) != BGWH_STOPPED)
		return;
	pfree(entry->handle);
	entry->handle = NULL;
	if (brim_shared_get((int) (entry - entries), &slot) && slot.was_ready)
		entry->pause_ms = 0;
	else
		entry->pause_ms =
			entry->pause_ms == 0 ? FIRST_PAUSE_MS : Min(entry->pause_ms * 2, LONGEST_PAUSE_MS);
	entry->start_at = TimestampTzPlusMilliseconds(now, entry->pause_ms);
}

/* The name of a database that has a worker, or NULL. */
static const char *
name_of(Oid database)
{
	for (int i = 0; i < BRIM_MAX_SLOTS; i++)
	{
		BrimSlot slot;
		pid_t    pid;

		if (entries[i].wanted && entries[i].handle != NULL &&
			GetBackgroundWorkerPid(entries[i].handle, &pid) == BGWH_STARTED &&
			brim_shared_get(i, &slot) && slot.pid == pid && slot.database == database)
			return entries[i].database;
	}
	return NULL;
}

/* One look at all entries; returns milliseconds until the next is due, or -1. */
static long
turn(void)
{
	TimestampTz now = GetCurrentTimestamp();
	long        sleep_ms = -1;
	long        task_ms;
	bool        task_ended = brim_task_start_watch(now);
	bool        no_process = false;

	for (int i = 0; i < BRIM_MAX_SLOTS; i++)
	{
		Entry *entry = &entries[i];

		if (entry->database[0] == '\0')
			continue;
		if (entry->handle != NULL)
			watch_worker(entry, now);
		if (entry->no_process && task_ended)
			entry->start_at = 0;
		if (!entry->wanted)
		{
			if (entry->handle != NULL)
				TerminateBackgroundWorker(entry->handle);
			else
				memset(entry, 0, sizeof(*entry));
			continue;
		}
		/* after a clock step backwards no start is further away than the longest pause */
		entry->start_at = Min(entry->start_at, TimestampTzPlusMilliseconds(now, LONGEST_PAUSE_MS));
		if (entry->handle == NULL && entry->start_at <= now)
		{
			start_worker(entry);
			if (entry->handle == NULL)
				entry->start_at = TimestampTzPlusMilliseconds(now, LONGEST_PAUSE_MS);
		}
		if (entry->handle == NULL)
		{
			long due = TimestampDifferenceMilliseconds(now, entry->start_at) + 1;

			if (sleep_ms < 0 || due < sleep_ms)
				sleep_ms = due;
			no_process |= entry->no_process;
		}
	}
	task_ms = brim_task_start_turn(now, !no_process, name_of);
	return sleep_ms < 0 || (task_ms >= 0 && task_ms < sleep_ms) ? task_ms : sleep_ms;
}

static void
forget_launcher(int code, Datum arg)
{
	brim_shared_set_launcher(0);
	brim_shared_stop_workers();
}

/* Entry point of the launcher process. */
void
brim_launcher_main(Datum arg)
{
	MemoryContext turn_context;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	brim_shared_stop_workers();
	brim_shared_set_launcher(MyProcPid);
	before_shmem_exit(forget_launcher, (Datum) 0);
	pgstat_report_activity(STATE_IDLE, NULL);

	turn_context =
		AllocSetContextCreate(TopMemoryContext, "brim launcher turn", ALLOCSET_SMALL_SIZES);
	read_databases();
	for (;;)
	{
		long sleep_ms;

		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			MemoryContextSwitchTo(turn_context);
			read_databases();
			brim_task_start_retry();
			MemoryContextReset(turn_context);
		}
		MemoryContextSwitchTo(TopMemoryContext); /* handles outlive the turn */
		sleep_ms = turn();
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (sleep_ms >= 0 ? WL_TIMEOUT : 0),
						 sleep_ms, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}
