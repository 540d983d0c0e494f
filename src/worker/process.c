/*-------------------------------------------------------------------------
 *
 * process.c
 *	  What every part of a worker knows of its process; see process.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <signal.h>
#include <time.h>

#include "access/xact.h"
#include "libpq/pqsignal.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/process.h"

#define SAME_REQUEST_MS 500 /* SIGTERMs so close together are one */
#define MAX_WORKING 8

int64 brim_process_token;
int   brim_process_number;

static volatile sig_atomic_t stop_requested = false;
static volatile sig_atomic_t hold_stop = false;
static volatile sig_atomic_t stop_requests = 0; /* by SIGTERM */
static volatile int64        requested_at = 0;
static bool                  wake_wanted = false;
static MemoryContext         turn_context = NULL;
static int                   last_error = 0; /* SQLSTATE */

static struct
{
	int (*busy)(void *self, bool finished);
	void *self;
} working[MAX_WORKING];
static int nworking = 0;

int64
brim_process_steady(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64
brim_process_clock(void)
{
	return brim_process_steady() + brim_clock_turned() / 1000;
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
	const int64 now = brim_process_steady();

	if (requested_at != 0 && now - requested_at < SAME_REQUEST_MS)
		SetLatch(MyLatch);
	else
	{
		requested_at = now;
		stop_requested = true;
		if (++stop_requests == 1 && hold_stop)
			SetLatch(MyLatch);
		else
			die(postgres_signal_arg);
	}
	errno = save_errno;
}

void
brim_process_init(void)
{
	pqsignal(SIGTERM, on_terminate);
}

void
brim_process_become(int number)
{
	brim_process_number = number;
	StartTransactionCommand();
	brim_shared_lock_number(number);
	CommitTransactionCommand();
	if (!pg_strong_random(&brim_process_token, sizeof(brim_process_token)))
		ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not draw a random number")));
	brim_process_token &= PG_INT64_MAX;
	turn_context =
		AllocSetContextCreate(TopMemoryContext, "brim worker turn", ALLOCSET_DEFAULT_SIZES);
}

void
brim_process_refuse_superuser(void)
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

bool
brim_process_is_stopping(void)
{
	return stop_requested;
}

void
brim_process_stop(void)
{
	stop_requested = true;
}

void
brim_process_hold_stop(bool hold)
{
	hold_stop = hold;
}

void
brim_process_leave(void)
{
	/* after a SIGTERM the next one is the last; what stops for another reason bears with the first */
	ProcDiePending = false;
	hold_stop = true;
}

void
brim_process_wake(void)
{
	wake_wanted = true;
}

bool
brim_process_take_wake(void)
{
	bool taken = wake_wanted;

	wake_wanted = false;
	return taken;
}

long
brim_process_sooner(long a, long b)
{
	if (a < 0)
		return b;
	if (b < 0)
		return a;
	return Min(a, b);
}

static long
until(int64 when, int64 now)
{
	if (when == PG_INT64_MAX)
		return BRIM_FOREVER;
	return (long) Min(Max(when - now, 0), BRIM_RECHECK_MS);
}

long
brim_process_clock_until(int64 when)
{
	return until(when, brim_process_clock());
}

long
brim_process_steady_until(int64 when)
{
	return until(when, brim_process_steady());
}

TimestampTz
brim_process_in(int64 milliseconds)
{
	return TimestampTzPlusMilliseconds(brim_clock_now(), milliseconds);
}

long
brim_process_until(TimestampTz when)
{
	TimestampTz now = brim_clock_now();

	if (TIMESTAMP_IS_NOEND(when))
		return BRIM_FOREVER;
	if (when <= now)
		return 0;
	return Min(TimestampDifferenceMilliseconds(now, when) + 1, BRIM_RECHECK_MS);
}

uint32
brim_process_random(void)
{
	uint32 value;

	if (!pg_strong_random(&value, sizeof(value)))
		value = (uint32) GetCurrentTimestamp();
	return value;
}

bool
brim_process_error_passes(void)
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

bool
brim_process_try(void (*work)(void *arg), void *arg)
{
	MemoryContext old = CurrentMemoryContext;
	volatile bool ok = false;

	PG_TRY();
	{
		work(arg);
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
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	return ok;
}

void
brim_process_begin_turn(void)
{
	MemoryContextSwitchTo(turn_context);
}

void
brim_process_end_turn(void)
{
	MemoryContextReset(turn_context);
}

void
brim_process_register(int (*busy)(void *self, bool finished), void *self)
{
	if (nworking == MAX_WORKING)
		elog(ERROR, "too many jobs");
	working[nworking].busy = busy;
	working[nworking++].self = self;
}

bool
brim_process_is_idle(const void *self)
{
	for (int i = 0; i < nworking; i++)
		if (working[i].busy(working[i].self, working[i].self != self) > 0)
			return false;
	return true;
}
