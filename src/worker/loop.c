/*-------------------------------------------------------------------------
 *
 * loop.c
 *	  The worker process of one database: start, loop, stop.
 *
 * The loop gives each job a turn and then waits for everything at once.  A
 * turn never waits for the network; it runs short transactions and starts or
 * drives transfers.  An error ends the turn of that job, not the process.
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
#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "pg/queue/queue.h"
#include "net/net.h"
#include "worker/worker.h"
#include "worker/process.h"
#include "worker/recovery.h"
#include "worker/task.h"

#define LONGEST_ERROR_PAUSE_MS 60000
#define CLOCK_STEP_MS 1000 /* what is less is drift */

static BrimJob *jobs;
static int      njobs;

/* Wall clock minus worker clock in ms, and how far back it was set of late */
static int64 clock_offset = 0;
static int64 clock_set_back = 0;

typedef struct Turn
{
	BrimJob *job;
	bool     woken;
	long     sleep_ms;
} Turn;

static void
take_turn(void *arg)
{
	Turn *turn = arg;

	turn->sleep_ms = turn->job->ops->turn(turn->job->self, turn->woken);
}

/* One turn of one job, with a pause after errors that grows to a minute. */
static long
run_job(BrimJob *job, bool woken)
{
	Turn turn = {job, woken, BRIM_FOREVER};

	if (job->pause_until != 0)
	{
		long left = brim_process_until(job->pause_until);

		if (left > 0)
			return left;
		job->pause_until = 0;
		turn.woken = true;
	}
	if (brim_process_try(take_turn, &turn))
	{
		job->errors = 0;
		return turn.sleep_ms;
	}
	job->errors = Min(job->errors + 1, 10);
	turn.sleep_ms = Min(500L << job->errors, LONGEST_ERROR_PAUSE_MS);
	job->pause_until = brim_process_in(turn.sleep_ms);
	return turn.sleep_ms;
}

/*
 * Wind down: what has not passed the barrier goes back to the queue, for the
 * rest we wait for the relay's answer as long as brim.shutdown_grace says.  A
 * second SIGTERM ends the wait.
 */
static void
stop_work(void *arg)
{
	bool *finished = arg;

	BRIM_FAULT("stop");
	*finished = true;
	for (int i = 0; i < njobs; i++)
		if (jobs[i].ops->stop != NULL && !jobs[i].ops->stop(jobs[i].self))
			*finished = false;
}

pg_noreturn static void
shut_down(void)
{
	const int64 deadline = brim_process_steady() + brim_shutdown_grace * INT64CONST(1000);

	brim_process_leave();
	brim_shared_set_state(BRIM_WORKER_STOPPING);
	for (;;)
	{
		bool finished = false;
		long left = brim_process_steady_until(deadline);

		CHECK_FOR_INTERRUPTS();
		if ((brim_process_try(stop_work, &finished) && finished) || left == 0)
			break;
		(void) brim_wait(Min(left, 1000L));
	}
	ereport(LOG, (errmsg("brim worker stops")));
	proc_exit(1);
}

/* Return true if the clock was set since the last call; note how far it was set back. */
static bool
clock_was_set(void)
{
	int64 offset = GetCurrentTimestamp() / 1000 - brim_process_steady();
	int64 change = clock_offset == 0 ? 0 : offset - clock_offset;

	clock_offset = offset;
	if (change < -CLOCK_STEP_MS)
		clock_set_back -= change;
	return Abs(change) > CLOCK_STEP_MS;
}

/* What waits was queued by the clock as it was: let it wait no longer than was meant. */
static void
shift_queues(void *arg)
{
	if (!brim_txn_begin("brim: clock was set back"))
		return;
	brim_table_shift(&brim_classification_queue, clock_set_back);
	brim_table_shift(&brim_generation_queue, clock_set_back);
	brim_table_shift(&brim_email_queue, clock_set_back);
	brim_txn_commit();
}

static void
mind_clock(void)
{
	if (clock_set_back == 0)
		return;
	/* once is enough */
	if (brim_process_number == 1 && !brim_process_try(shift_queues, NULL))
		return;
	ereport(LOG, (errmsg("brim worker found the clock set back by " INT64_FORMAT " s",
						 clock_set_back / 1000)));
	clock_set_back = 0;
	brim_shared_wake_others();
}

static void
read_settings(void)
{
	for (int i = 0; i < njobs; i++)
	{
		jobs[i].pause_until = 0;
		jobs[i].ops->reload(jobs[i].self);
	}
	(void) brim_process_try(brim_task_look, NULL);
}

static bool
is_failing(void)
{
	for (int i = 0; i < njobs; i++)
		if (jobs[i].pause_until != 0 ||
			(jobs[i].ops->is_failing != NULL && jobs[i].ops->is_failing(jobs[i].self)))
			return true;
	return false;
}

/* From the start of the process to its place among the workers of the database */
static void
start(Datum arg)
{
	BrimError error;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	brim_process_init();
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(MyBgworkerEntry->bgw_extra, brim_worker_role, 0);
	brim_process_refuse_superuser();
	brim_txn_force_settings();
	BRIM_FAULT("worker_start");
	brim_process_become(BRIM_LOOP_ARG_NUMBER(arg));
	brim_shared_attach(BRIM_LOOP_ARG_SLOT(arg), brim_process_number); /* ours once the number is */
	brim_breaker_attach();
	brim_exit_mark_begin(brim_process_number);
	if (!brim_net_init(&error))
		ereport(FATAL,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION), errmsg("%s", error.message),
				 brim_net_is_too_old() ? errhint("Install a newer libcurl, or build brim with the "
												 "headers of the one that the server loads.")
									   : 0));
	for (int i = 0; i < njobs; i++)
		if (jobs[i].ops->busy != NULL)
			brim_process_register(jobs[i].ops->busy, jobs[i].self);
	brim_recovery_init();
	read_settings();
	ereport(LOG, (errmsg("brim worker %d started for database \"%s\"", brim_process_number,
						 MyBgworkerEntry->bgw_extra)));
	BRIM_FAULT("worker_started");
}

void
brim_loop_run(Datum arg, BrimJob *all, int n)
{
	bool woken = true;
	bool reload_pending = false;

	jobs = all;
	njobs = n;
	start(arg);
	for (;;)
	{
		long sleep_ms = BRIM_FOREVER;
		bool wake;

		if (clock_was_set())
			reload_pending = true; /* pauses and breakers end now, not some other time */
		if (brim_shared_must_stop())
			brim_process_stop();
		if (brim_process_is_stopping())
			shut_down();
		QueryCancelPending = false; /* there is no statement to cancel */
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			brim_txn_force_settings();
			reload_pending = true;
		}
		if (reload_pending)
		{
			reload_pending = false;
			brim_breaker_reset();
			read_settings();
			woken = true;
		}
		brim_process_begin_turn();
		mind_clock();
		if (brim_task_slots_take_news())
			(void) brim_process_try(brim_task_look, NULL);
		if (woken)
			brim_shared_set_state(BRIM_WORKER_BUSY);
		for (int i = 0; i < njobs; i++)
			sleep_ms = brim_process_sooner(sleep_ms, run_job(&jobs[i], woken));
		brim_process_end_turn();
		wake = brim_process_take_wake();
		if (sleep_ms == 0 || wake)
		{
			woken = brim_wait(0) || wake;
			continue;
		}
		if (is_failing())
			brim_shared_set_state(BRIM_WORKER_FAILING);
		else if (!brim_process_is_stopping())
			brim_shared_idle();
		if (sleep_ms < 0 || sleep_ms > 1000)
			brim_txn_report();
		woken = brim_wait(sleep_ms);
	}
}
