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

#define MAX_SERVICES 16
#define MAX_NAME 32

typedef struct Breaker
{
	char        name[MAX_NAME]; /* of the service; empty: free */
	int         faults;
	TimestampTz open_until; /* in the past: half open */
	int         probe_pid;  /* of the worker that tries it, 0: none */
} Breaker;

typedef struct Entry
{
	Oid     database; /* InvalidOid: free */
	int     workers;
	Breaker breakers[MAX_SERVICES];
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
	for (int i = 0; i < MAX_SERVICES; i++)
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

/* The breaker of a service, with the lock held; NULL where no fault was noted yet. */
static Breaker *
find(const char *service)
{
	for (int i = 0; i < MAX_SERVICES; i++)
		if (strcmp(mine->breakers[i].name, service) == 0)
			return &mine->breakers[i];
	return NULL;
}

/* The same, made where there is none. */
static Breaker *
find_or_make(const char *service)
{
	Breaker *breaker = find(service);

	if (breaker != NULL)
		return breaker;
	breaker = find("");
	if (breaker == NULL)
	{
		LWLockRelease(lock);
		elog(ERROR, "too many services");
	}
	strlcpy(breaker->name, service, sizeof(breaker->name));
	return breaker;
}

/* After a fault: open until then. */
static void
open_breaker(Breaker *breaker, TimestampTz until)
{
	breaker->open_until = until;
	if (breaker->probe_pid == MyProcPid)
		breaker->probe_pid = 0;
}

void
brim_breaker_read(const char *service, BrimBreakerState *state)
{
	const TimestampTz now = brim_clock_now();
	const Breaker    *breaker;

	*state = (BrimBreakerState){.may_try = true};
	LWLockAcquire(lock, LW_SHARED);
	breaker = find(service);
	if (breaker != NULL)
	{
		state->faults = breaker->faults;
		state->open_until = breaker->open_until > now ? breaker->open_until : 0;
		state->may_try =
			state->open_until == 0 &&
			(breaker->faults == 0 || breaker->probe_pid == 0 || breaker->probe_pid == MyProcPid);
	}
	LWLockRelease(lock);
}

bool
brim_breaker_fault(const char *service, uint32 random)
{
	const TimestampTz now = brim_clock_now();
	Breaker          *breaker;
	bool              opens;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	breaker = find_or_make(service);
	opens = breaker->open_until <= now;
	if (opens)
		breaker->faults = Min(breaker->faults + 1, 1000);
	open_breaker(breaker,
				 opens ? TimestampTzPlusMilliseconds(
							 now, brim_retry_breaker(breaker->faults, random) * INT64CONST(1000))
					   : breaker->open_until);
	LWLockRelease(lock);
	return opens;
}

void
brim_breaker_pause(const char *service, TimestampTz until)
{
	Breaker *breaker;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	breaker = find_or_make(service);
	breaker->faults = Min(breaker->faults + 1, 1000);
	open_breaker(breaker, until);
	LWLockRelease(lock);
}

bool
brim_breaker_success(const char *service)
{
	const TimestampTz now = brim_clock_now();
	Breaker          *breaker;
	bool              closes;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	breaker = find(service);
	closes = breaker != NULL && breaker->faults > 0 && breaker->open_until <= now;
	if (closes)
		memset(breaker, 0, sizeof(*breaker));
	LWLockRelease(lock);
	if (closes)
		brim_shared_wake_others();
	return closes;
}

bool
brim_breaker_take_probe(const char *service)
{
	const TimestampTz now = brim_clock_now();
	Breaker          *breaker;
	bool              taken;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	breaker = find(service);
	taken = breaker == NULL ||
			(breaker->open_until <= now &&
			 (breaker->faults == 0 || breaker->probe_pid == 0 || breaker->probe_pid == MyProcPid));
	if (taken && breaker != NULL && breaker->faults > 0)
		breaker->probe_pid = MyProcPid;
	LWLockRelease(lock);
	return taken;
}

void
brim_breaker_drop_probe(const char *service)
{
	Breaker *breaker;
	bool     dropped;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	breaker = find(service);
	dropped = breaker != NULL && breaker->probe_pid == MyProcPid;
	if (dropped)
		breaker->probe_pid = 0;
	LWLockRelease(lock);
	if (dropped)
		brim_shared_wake_others();
}

void
brim_breaker_reset(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	memset(mine->breakers, 0, sizeof(mine->breakers));
	LWLockRelease(lock);
}
