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

#include "pg/server/server.h"
#include "pg/queue/queue.h"
#include "net/net.h"
#include "worker/jobs.h"
#include "worker/recovery.h"
#include "worker/worker.h"
#include "worker/writer.h"

#define LONGEST_ERROR_PAUSE_MS 60000
#define LONGEST_SLEEP_MS 60000L /* while something is due some time: the clock may be set */
#define CLOCK_STEP_MS 1000      /* what is less is drift */
#define SAME_REQUEST_MS 500     /* SIGTERMs so close together are one */

int64 brim_worker_token;
int   brim_worker_number;

static BrimJob *const jobs[] = {&brim_classify_job, &brim_generate_job, &brim_deliver_job};

static volatile sig_atomic_t stop_requested = false;
static volatile sig_atomic_t hold_stop = false;
static volatile sig_atomic_t times_told = 0; /* to stop, by SIGTERM */
static volatile int64        told_at = 0;
static bool                  wake_wanted = false;
static MemoryContext         turn_context;
static int                   last_error = 0; /* SQLSTATE */

/* Wall clock minus worker clock in ms, and how far back it was set of late */
static int64 clock_offset = 0;
static int64 clock_set_back = 0;

/* Milliseconds of a clock that only runs forward; safe in a signal handler. */
int64
brim_worker_clock(void)
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
	int         save_errno = errno;
	const int64 now = brim_worker_clock();

	if (told_at != 0 && now - told_at < SAME_REQUEST_MS)
		SetLatch(MyLatch);
	else
	{
		told_at = now;
		stop_requested = true;
		if (++times_told == 1 && hold_stop)
			SetLatch(MyLatch);
		else
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
brim_worker_begin_anew(void)
{
	stop_requested = true;
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
brim_worker_clock_until(int64 when)
{
	if (when == PG_INT64_MAX)
		return BRIM_FOREVER;
	return (long) Min(Max(when - brim_worker_clock(), 0), LONGEST_SLEEP_MS);
}

long
brim_worker_until(TimestampTz when)
{
	TimestampTz now = GetCurrentTimestamp();

	if (TIMESTAMP_IS_NOEND(when))
		return BRIM_FOREVER;
	if (when <= now)
		return 0;
	return Min(TimestampDifferenceMilliseconds(now, when) + 1, LONGEST_SLEEP_MS);
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
brim_worker_error_passes(void)
{
	switch (ERRCODE_TO_CATEGORY(last_error))
	{
		case MAKE_SQLSTATE('2', '5', '0', '0', '0'): /* a read-only transaction, for one */
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'): /* deadlock */
		case MAKE_SQLSTATE('5', '3', '0', '0', '0'): /* disk, memory */
		case MAKE_SQLSTATE('5', '5', '0', '0', '0'): /* a lock */
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'): /* somebody intervened */
		case MAKE_SQLSTATE('5', '8', '0', '0', '0'): /* system, files */
			return true;
	}
	return false;
}

/* Has no job anything in hand, but for what the asking one is just recording? */
bool
brim_worker_is_idle(const BrimJob *job)
{
	for (size_t i = 0; i < lengthof(jobs); i++)
		if (jobs[i]->in_hand(jobs[i] != job) > 0)
			return false;
	return true;
}

bool
brim_worker_try(void (*work)(void *arg), void *arg)
{
	MemoryContext old = CurrentMemoryContext;
	volatile bool ok = false;

	PG_TRY();
	{
		work(arg);
		brim_recovery_committed();
		ok = true;
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(turn_context);
		last_error = geterrcode();
		EmitErrorReport();
		brim_txn_abort();
		FlushErrorState();
		brim_shared_count(BRIM_COUNT_ERRORS, 1);
		brim_recovery_aborted();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return ok;
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

	BRIM_FAULT("stop");
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

	/* after a SIGTERM the next one is the last; what stops for another reason bears with the first */
	ProcDiePending = false;
	hold_stop = true;
	brim_shared_set_state(BRIM_WORKER_STOPPING);
	for (;;)
	{
		bool finished = false;
		long left = brim_worker_until(deadline);

		CHECK_FOR_INTERRUPTS();
		if ((brim_worker_try(stop_work, &finished) && finished) || left == 0)
			break;
		(void) brim_wait(Min(left, 1000L));
	}
	ereport(LOG, (errmsg("brim worker stops")));
	proc_exit(1);
}

/* Was the clock set since the last call?  What waits is put right if it was set back. */
static bool
clock_was_set(void)
{
	int64 offset = GetCurrentTimestamp() / 1000 - brim_worker_clock();
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
	brim_classification_shift(clock_set_back);
	brim_generation_shift(clock_set_back);
	brim_email_shift(clock_set_back);
	brim_txn_commit();
}

static void
mind_clock(void)
{
	if (clock_set_back == 0)
		return;
	/* once is enough */
	if (brim_worker_number == 1 && !brim_worker_try(shift_queues, NULL))
		return;
	ereport(LOG, (errmsg("brim worker found the clock set back by " INT64_FORMAT " s",
						 clock_set_back / 1000)));
	clock_set_back = 0;
	brim_shared_wake_others();
}

static void
read_settings(void)
{
	brim_writer_reload();
	for (size_t i = 0; i < lengthof(jobs); i++)
	{
		jobs[i]->pause_until = 0;
		jobs[i]->reload();
	}
}

static bool
is_failing(void)
{
	for (size_t i = 0; i < lengthof(jobs); i++)
		if (jobs[i]->is_failing() || jobs[i]->pause_until != 0)
			return true;
	return false;
}

/*
 * Take this worker's number, which no other live process of this database has.
 * Should one still be about to end, an error after a while has us started again.
 */
static void
take_number(void)
{
	StartTransactionCommand();
	brim_shared_lock_number(brim_worker_number);
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
	BrimError error;
	bool      woken = true;
	bool      reload_pending = false;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, on_terminate);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(MyBgworkerEntry->bgw_extra, brim_worker_role, 0);
	refuse_superuser();
	brim_txn_force_settings();
	brim_worker_number = BRIM_WORKER_ARG_NUMBER(arg);
	BRIM_FAULT("worker_start");
	take_number();
	brim_shared_attach(BRIM_WORKER_ARG_SLOT(arg), brim_worker_number); /* ours once the number is */
	brim_breaker_attach();
	brim_exit_mark_begin(brim_worker_number);
	if (!brim_net_init(&error))
		ereport(FATAL, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION), errmsg("%s", error.message)));
	turn_context =
		AllocSetContextCreate(TopMemoryContext, "brim worker turn", ALLOCSET_DEFAULT_SIZES);
	read_settings();
	ereport(LOG, (errmsg("brim worker %d started for database \"%s\"", brim_worker_number,
						 MyBgworkerEntry->bgw_extra)));
	BRIM_FAULT("worker_started");

	for (;;)
	{
		long sleep_ms = BRIM_FOREVER;

		if (clock_was_set())
			reload_pending = true; /* pauses and breakers end now, not some other time */
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
			brim_breaker_reset();
			read_settings();
			woken = true;
		}
		MemoryContextSwitchTo(turn_context);
		mind_clock();
		if (woken)
			brim_shared_set_state(BRIM_WORKER_BUSY);
		for (size_t i = 0; i < lengthof(jobs); i++)
			sleep_ms = brim_worker_sooner(sleep_ms, run_job(jobs[i], woken));
		MemoryContextReset(turn_context);
		if (sleep_ms == 0 || wake_wanted)
			woken = brim_wait(0) || wake_wanted;
		else
		{
			if (is_failing())
				brim_shared_set_state(BRIM_WORKER_FAILING);
			else if (!stop_requested)
				brim_shared_idle();
			if (sleep_ms < 0 || sleep_ms > 1000)
				brim_txn_report();
			woken = brim_wait(sleep_ms);
		}
		wake_wanted = false;
	}
}
