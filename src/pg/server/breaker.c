/*-------------------------------------------------------------------------
 *
 * breaker.c
 *	  Circuit breakers that the workers of a database share; see breaker.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "core/base/base.h"
#include "pg/server/breaker.h"
#include "pg/server/clock.h"
#include "pg/server/shared.h"

typedef struct Breaker
{
	int         faults;
	TimestampTz open_until; /* in the past: half open */
	int         probe_pid;  /* of the worker that tries it, 0: none */
} Breaker;

typedef struct Entry
{
	Oid     database; /* InvalidOid: free */
	int     workers;
	Breaker breakers[BRIM_SERVICES];
} Entry;

static Entry  *entries = NULL; /* BRIM_MAX_SLOTS of them, so there is one for each worker */
static LWLock *lock = NULL;
static Entry  *mine = NULL;

void
brim_breaker_init(void)
{
	brim_shared_register("brim breakers", sizeof(Entry) * BRIM_MAX_SLOTS, (void **) &entries,
						 &lock);
}

static void
detach(int code, Datum arg)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < BRIM_SERVICES; i++)
		if (mine->breakers[i].probe_pid == MyProcPid)
			mine->breakers[i].probe_pid = 0;
	if (--mine->workers == 0)
		memset(mine, 0, sizeof(*mine));
	LWLockRelease(lock);
	mine = NULL;
}

void
brim_breaker_attach(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < BRIM_MAX_SLOTS && mine == NULL; i++)
		if (entries[i].database == MyDatabaseId)
			mine = &entries[i];
	for (int i = 0; i < BRIM_MAX_SLOTS && mine == NULL; i++)
		if (entries[i].database == InvalidOid)
			mine = &entries[i];
	mine->database = MyDatabaseId;
	mine->workers++;
	LWLockRelease(lock);
	on_shmem_exit(detach, (Datum) 0);
}

void
brim_breaker_read(BrimService service, BrimBreakerState *state)
{
	TimestampTz now = brim_clock_now();
	Breaker    *breaker = &mine->breakers[service];

	LWLockAcquire(lock, LW_SHARED);
	state->faults = breaker->faults;
	state->open_until = breaker->open_until > now ? breaker->open_until : 0;
	state->may_try = state->open_until == 0 && (breaker->faults == 0 || breaker->probe_pid == 0 ||
												breaker->probe_pid == MyProcPid);
	LWLockRelease(lock);
}

bool
brim_breaker_fault(BrimService service, uint32 random)
{
	TimestampTz now = brim_clock_now();
	Breaker    *breaker = &mine->breakers[service];
	bool        opens;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	opens = breaker->open_until <= now;
	if (opens)
	{
		breaker->faults = Min(breaker->faults + 1, 1000);
		breaker->open_until = TimestampTzPlusMilliseconds(
			now, brim_retry_breaker(breaker->faults, random) * INT64CONST(1000));
	}
	if (breaker->probe_pid == MyProcPid)
		breaker->probe_pid = 0;
	LWLockRelease(lock);
	return opens;
}

void
brim_breaker_pause(BrimService service, TimestampTz until)
{
	Breaker *breaker = &mine->breakers[service];

	LWLockAcquire(lock, LW_EXCLUSIVE);
	breaker->faults = Min(breaker->faults + 1, 1000);
	breaker->open_until = until;
	if (breaker->probe_pid == MyProcPid)
		breaker->probe_pid = 0;
	LWLockRelease(lock);
}

bool
brim_breaker_success(BrimService service)
{
	Breaker *breaker = &mine->breakers[service];
	bool     closes;

	if (breaker->faults == 0)
		return false;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	closes = breaker->faults > 0 && breaker->open_until <= brim_clock_now();
	if (closes)
		memset(breaker, 0, sizeof(*breaker));
	LWLockRelease(lock);
	if (closes)
		brim_shared_wake_others();
	return closes;
}

bool
brim_breaker_take_probe(BrimService service)
{
	Breaker *breaker = &mine->breakers[service];
	bool     taken;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	taken = breaker->open_until <= brim_clock_now() &&
			(breaker->faults == 0 || breaker->probe_pid == 0 || breaker->probe_pid == MyProcPid);
	if (taken && breaker->faults > 0)
		breaker->probe_pid = MyProcPid;
	LWLockRelease(lock);
	return taken;
}

void
brim_breaker_drop_probe(BrimService service)
{
	Breaker *breaker = &mine->breakers[service];

	if (breaker->probe_pid != MyProcPid)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	breaker->probe_pid = 0;
	LWLockRelease(lock);
	brim_shared_wake_others();
}

void
brim_breaker_reset(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	memset(mine->breakers, 0, sizeof(mine->breakers));
	LWLockRelease(lock);
}
