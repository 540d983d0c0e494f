/*-------------------------------------------------------------------------
 *
 * worker.c
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
#include <time.h>

#include "access/xact.h"
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "db/email.h"
#include "db/generation.h"
#include "db/settings.h"
#include "db/shared.h"
#include "db/txn.h"
#include "net/net.h"
#include "worker/jobs.h"
#include "worker/worker.h"

#define LONGEST_ERROR_PAUSE_MS 60000
#define SAME_REQUEST_MS 500 /* SIGTERMs so close together are one */

int64 brim_worker_token;
int   brim_worker_number = 1;

static BrimJob *const jobs[] = {&brim_generate_job, &brim_deliver_job};

static volatile sig_atomic_t stop_requested = false;
static volatile sig_atomic_t hold_stop = false;
static volatile int64        held_since = 0; /* when the stop was asked for that is held */
static bool                  wake_wanted = false;
static bool                  has_recovered = false;
static bool                  is_recovering = false; /* in a transaction not committed yet */
static MemoryContext         turn_context;

/* Milliseconds of a clock that only runs forward; safe in a signal handler. */
static int64
monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * SIGTERM asks for a stop, and ends a running statement, unless e-mails have
 * been handed over whose answers are worth waiting for.  The postmaster signals
 * a process and then its process group, so one request arrives twice.
 */
static void
on_terminate(SIGNAL_ARGS)
{
	int save_errno = errno;

	if (hold_stop && !stop_requested)
	{
		stop_requested = true;
		held_since = monotonic_ms();
		SetLatch(MyLatch);
	}
	else if (held_since != 0 && monotonic_ms() - held_since < SAME_REQUEST_MS)
		SetLatch(MyLatch);
	else
	{
		stop_requested = true;
		die(postgres_signal_arg);
	}
	errno = save_errno;
}

bool
brim_worker_is_stopping(void)
{
	return stop_requested;
}

void
brim_worker_wake(void)
{
	wake_wanted = true;
}

void
brim_worker_hold_stop(bool hold)
{
	hold_stop = hold;
}

long
brim_worker_sooner(long a, long b)
{
	if (a < 0)
		return b;
	if (b < 0)
		return a;
	return Min(a, b);
}

long
brim_worker_until(TimestampTz when)
{
	TimestampTz now = GetCurrentTimestamp();

	if (TIMESTAMP_IS_NOEND(when))
		return BRIM_FOREVER;
	if (when <= now)
		return 0;
	return Min(TimestampDifferenceMilliseconds(now, when) + 1, 3600000L);
}

uint32
brim_worker_random(void)
{
	uint32 value;

	if (!pg_strong_random(&value, sizeof(value)))
		value = (uint32) GetCurrentTimestamp();
	return value;
}

bool
brim_worker_try(void (*work)(void *arg), void *arg)
{
	MemoryContext old = CurrentMemoryContext;
	volatile bool ok = false;

	PG_TRY();
	{
		work(arg);
		is_recovering = false;
		ok = true;
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(turn_context);
		EmitErrorReport();
		brim_txn_abort();
		FlushErrorState();
		brim_shared_count(BRIM_COUNT_ERRORS, 1);
		if (is_recovering)
			has_recovered = is_recovering = false;
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return ok;
}

bool
brim_worker_may_work(BrimNode *node)
{
	brim_node_read(node);
	if (!node->is_armed)
	{
		brim_component_set("node", "disarmed", node->why, 0);
		brim_shared_set_state(BRIM_WORKER_DISARMED);
		return false;
	}
	brim_component_set("node", "ok", "", 0);
	if (!has_recovered)
	{
		bool clean = brim_shared_predecessor_was_clean();
		int  n;

		/* in a copy these rows are not ours to judge, hence only once armed */
		n = brim_generation_recover(brim_worker_token, brim_worker_number, clean);
		n += brim_email_recover(brim_worker_token, brim_worker_number, clean);
		has_recovered = is_recovering = true;
		if (n > 0)
			ereport(LOG,
					(errmsg("brim worker took over %d rows that its predecessor had in hand", n)));
	}
	if (node->is_paused)
	{
		brim_shared_set_state(BRIM_WORKER_PAUSED);
		return false;
	}
	return true;
}

/* One turn of one job, with a pause after errors that grows to a minute. */
static void
take_turn(void *arg)
{
	struct turn
	{
		BrimJob *job;
		bool     woken;
		long     sleep_ms;
	} *turn = arg;

	turn->sleep_ms = turn->job->turn(turn->woken);
}

static long
run_job(BrimJob *job, bool woken)
{
	struct turn
	{
		BrimJob *job;
		bool     woken;
		long     sleep_ms;
	} turn = {job, woken, BRIM_FOREVER};

	if (job->pause_until != 0)
	{
		long left = brim_worker_until(job->pause_until);

		if (left > 0)
			return left;
		job->pause_until = 0;
		turn.woken = true;
	}
	if (brim_worker_try(take_turn, &turn))
	{
		job->errors = 0;
		return turn.sleep_ms;
	}
	job->errors = Min(job->errors + 1, 10);
	turn.sleep_ms = Min(500L << job->errors, LONGEST_ERROR_PAUSE_MS);
	job->pause_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), turn.sleep_ms);
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

	*finished = true;
	for (size_t i = 0; i < lengthof(jobs); i++)
		if (!jobs[i]->stop())
			*finished = false;
}

pg_noreturn static void
shut_down(void)
{
	TimestampTz deadline =
		TimestampTzPlusMilliseconds(GetCurrentTimestamp(), brim_shutdown_grace * INT64CONST(1000));

	/* from here on the next SIGTERM is the last */
	ProcDiePending = false;
	hold_stop = false;
	brim_shared_set_state(BRIM_WORKER_STOPPING);
	for (;;)
	{
		bool finished = false;
		long left = brim_worker_until(deadline);

		CHECK_FOR_INTERRUPTS();
		if (!brim_worker_try(stop_work, &finished) || finished || left == 0)
			break;
		(void) brim_wait(Min(left, 1000L));
	}
	ereport(LOG, (errmsg("brim worker stops")));
	proc_exit(1);
}

static void
read_settings(void)
{
	for (size_t i = 0; i < lengthof(jobs); i++)
	{
		jobs[i]->pause_until = 0;
		jobs[i]->reload();
	}
}

/* Take this worker's number, which no other live process of this database has. */
static void
take_number(void)
{
	StartTransactionCommand();
	if (!brim_shared_lock_number(brim_worker_number))
		ereport(FATAL,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("brim worker %d of this database is still running", brim_worker_number)));
	CommitTransactionCommand();
	if (!pg_strong_random(&brim_worker_token, sizeof(brim_worker_token)))
		ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not draw a random number")));
	brim_worker_token &= PG_INT64_MAX;
}

static void
refuse_superuser(void)
{
	bool is_superuser;

	StartTransactionCommand();
	is_superuser = superuser();
	CommitTransactionCommand();
	if (is_superuser)
		ereport(FATAL, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("brim worker does not run as superuser \"%s\"", brim_worker_role),
						errhint("Set brim.worker_role to a role without superuser and give it "
								"rights with brim_grant(role, 'worker').")));
}

/* Entry point of a worker process. */
void
brim_worker_main(Datum arg)
{
	BrimError   error;
	bool        woken = true;
	bool        reload_pending = false;
	TimestampTz last_turn = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, on_terminate);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(MyBgworkerEntry->bgw_extra, brim_worker_role, 0);
	refuse_superuser();
	brim_txn_force_settings();
	take_number();
	brim_shared_attach(DatumGetInt32(arg)); /* it is ours once the number is */
	if (!brim_net_init(&error))
		ereport(FATAL, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION), errmsg("%s", error.message)));
	turn_context =
		AllocSetContextCreate(TopMemoryContext, "brim worker turn", ALLOCSET_DEFAULT_SIZES);
	read_settings();
	ereport(LOG, (errmsg("brim worker started for database \"%s\"", MyBgworkerEntry->bgw_extra)));

	for (;;)
	{
		long        sleep_ms = BRIM_FOREVER;
		TimestampTz now = GetCurrentTimestamp();

		/* the clock was set back: pauses and breakers end now, not that much later */
		if (now < last_turn - USECS_PER_SEC)
			reload_pending = true;
		last_turn = now;

		if (brim_shared_must_stop())
			stop_requested = true;
		if (stop_requested)
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
			read_settings();
			woken = true;
		}
		MemoryContextSwitchTo(turn_context);
		if (woken)
			brim_shared_set_state(BRIM_WORKER_BUSY);
		for (size_t i = 0; i < lengthof(jobs); i++)
			sleep_ms = brim_worker_sooner(sleep_ms, run_job(jobs[i], woken));
		MemoryContextReset(turn_context);
		if (sleep_ms == 0 || wake_wanted)
			woken = brim_wait(0) || wake_wanted;
		else
		{
			if (!stop_requested)
				brim_shared_idle();
			woken = brim_wait(sleep_ms);
		}
		wake_wanted = false;
	}
}
