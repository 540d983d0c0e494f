/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  The worker's time; see clock.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "pg/server/clock.h"
#include "pg/server/shared.h"

#define FARTHEST (INT64CONST(36525) * USECS_PER_DAY)

BRIM_FUNCTION(brim_turn_clock);
BRIM_FUNCTION(brim_clock_ahead);

static int64  *turned = NULL; /* microseconds */
static LWLock *lock = NULL;

void
brim_clock_init(void)
{
	brim_shared_register("brim clock", sizeof(int64), (void **) &turned, &lock);
}

int64
brim_clock_turned(void)
{
	int64 result;

	if (turned == NULL)
		return 0;
	LWLockAcquire(lock, LW_SHARED);
	result = *turned;
	LWLockRelease(lock);
	return result;
}

TimestampTz
brim_clock_now(void)
{
	return GetCurrentTimestamp() + brim_clock_turned();
}

TimestampTz
brim_clock_of_transaction(void)
{
	return GetCurrentTransactionStartTimestamp() + brim_clock_turned();
}

static Datum
interval_datum(int64 microseconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = microseconds;
	return IntervalPGetDatum(interval);
}

/* brim.turn_clock(by) */
Datum
brim_turn_clock(PG_FUNCTION_ARGS)
{
	const Interval *by = PG_GETARG_INTERVAL_P(0);
	int64           result;

	if (!superuser())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("only a superuser may turn the clock of the workers")));
	if (turned == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("brim is not in \"shared_preload_libraries\"")));
	if (by->month != 0 || by->day < 0 || by->day > FARTHEST / USECS_PER_DAY || by->time < 0 ||
		by->time > FARTHEST)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the clock of the workers cannot be turned by that interval"),
						errdetail("It can be turned forward only, by days, hours, minutes and "
								  "seconds.")));
	LWLockAcquire(lock, LW_EXCLUSIVE);
	*turned = Min(*turned + by->day * USECS_PER_DAY + by->time, FARTHEST);
	result = *turned;
	LWLockRelease(lock);
	brim_shared_wake_all();
	PG_RETURN_DATUM(interval_datum(result));
}

/* brim.clock_ahead() */
Datum
brim_clock_ahead(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(interval_datum(brim_clock_turned()));
}
