/*-------------------------------------------------------------------------
 *
 * shared.c
 *	  What launcher, workers and sessions share.
 *
 * A slot is one entry for one worker process.  Nothing but ids, flags and
 * counters lives here; texts are rows of brim.component.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "pg/server/shared.h"

/* fourth field of the lock tag: SQL's advisory locks use 1 and 2 */
#define LOCK_CLASS 0xB1

typedef struct BrimShared
{
	int      launcher_pid;
	int      launcher_proc_number;
	BrimSlot slots[BRIM_MAX_SLOTS];
} BrimShared;

/* What is asked for at the start of the server: the area of this file and those of others */
typedef struct Area
{
	const char *name;
	Size        size;
	void      **memory;
	LWLock    **lock;
} Area;

#define MAX_AREAS 8

static Area areas[MAX_AREAS];
static int  nareas = 0;

static BrimShared *shared = NULL;
static LWLock     *lock = NULL;
static int         my_slot = -1;
static bool        wake_wanted = false;

static shmem_startup_hook_type prev_startup_hook = NULL;
#ifdef BRIM_HAVE_SHMEM_REQUEST_HOOK
static shmem_request_hook_type prev_request_hook = NULL;
#endif

static void
request(void)
{
#ifdef BRIM_HAVE_SHMEM_REQUEST_HOOK
	if (prev_request_hook)
		prev_request_hook();
#endif
	for (int i = 0; i < nareas; i++)
		RequestAddinShmemSpace(MAXALIGN(areas[i].size));
	RequestNamedLWLockTranche("brim", nareas);
}

static void
startup(void)
{
	if (prev_startup_hook)
		prev_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (int i = 0; i < nareas; i++)
	{
		bool found;

		*areas[i].memory = ShmemInitStruct(areas[i].name, areas[i].size, &found);
		if (!found)
			memset(*areas[i].memory, 0, areas[i].size);
		*areas[i].lock = &GetNamedLWLockTranche("brim")[i].lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
brim_shared_register(const char *name, Size size, void **memory, LWLock **area_lock)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	if (nareas == MAX_AREAS)
		elog(ERROR, "too many areas of shared memory");
	areas[nareas++] = (Area){name, size, memory, area_lock};
}

/* At commit, set the latch of every worker of this database: what brim_shared_wake_at_commit() asked for. */
static void
wake(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		wake_wanted = false;
	if (event != XACT_EVENT_COMMIT || !wake_wanted)
		return;
	wake_wanted = false;
	brim_shared_wake_others();
}

/* Set the latch of the workers of one database, or of all; not that of this worker. */
static void
wake_workers(Oid database)
{
	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < BRIM_MAX_SLOTS; i++)
		if (i != my_slot && shared->slots[i].pid != 0 &&
			(database == InvalidOid || shared->slots[i].database == database))
			SetLatch(&ProcGlobal->allProcs[shared->slots[i].proc_number].procLatch);
	LWLockRelease(lock);
}

void
brim_shared_wake_all(void)
{
	wake_workers(InvalidOid);
}

void
brim_shared_wake_others(void)
{
	wake_workers(MyDatabaseId);
}

void
brim_shared_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	brim_shared_register("brim", sizeof(BrimShared), (void **) &shared, &lock);
#ifdef BRIM_HAVE_SHMEM_REQUEST_HOOK
	prev_request_hook = shmem_request_hook;
	shmem_request_hook = request;
#else
	request();
#endif
	prev_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup;
	RegisterXactCallback(wake, NULL);
}

bool
brim_shared_exists(void)
{
	return shared != NULL;
}

void
brim_shared_set_launcher(int pid)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->launcher_pid = pid;
	shared->launcher_proc_number = brim_my_proc_number();
	LWLockRelease(lock);
}

void
brim_shared_wake_launcher(void)
{
	LWLockAcquire(lock, LW_SHARED);
	if (shared->launcher_pid != 0)
		SetLatch(&ProcGlobal->allProcs[shared->launcher_proc_number].procLatch);
	LWLockRelease(lock);
}

int
brim_shared_launcher(void)
{
	int pid;

	if (shared == NULL)
		return 0;
	LWLockAcquire(lock, LW_SHARED);
	pid = shared->launcher_pid;
	LWLockRelease(lock);
	return pid;
}

/*
 * A start that fails before it attaches must not look like the end of the
 * process that held the slot before.
 */
void
brim_shared_expect(int number)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->slots[number].was_ready = false;
	LWLockRelease(lock);
}

/*
 * A launcher that died alone leaves workers that its successor knows nothing
 * of; they end here and are started again.  By a flag, not by a signal: when the
 * server shuts down the postmaster has sent them SIGTERM already, and a second
 * one would end their wait for the mail relay's last answers.
 */
void
brim_shared_stop_workers(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < BRIM_MAX_SLOTS; i++)
	{
		if (shared->slots[i].pid == 0)
			continue;
		shared->slots[i].must_stop = true;
		SetLatch(&ProcGlobal->allProcs[shared->slots[i].proc_number].procLatch);
	}
	LWLockRelease(lock);
}

bool
brim_shared_must_stop(void)
{
	return shared->slots[my_slot].must_stop;
}

/* Runs when the number's lock is free already, so that whoever is woken can take over. */
static void
detach(int code, Datum arg)
{
	BrimSlot *slot = &shared->slots[my_slot];

	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot->database = InvalidOid;
	slot->pid = 0;
	for (int i = 0; i < BRIM_MAX_SLOTS; i++)
	{
		if (shared->slots[i].database != MyDatabaseId)
			continue;
		shared->slots[i].other_ended = true;
		SetLatch(&ProcGlobal->allProcs[shared->slots[i].proc_number].procLatch);
	}
	LWLockRelease(lock);
}

void
brim_shared_attach(int slot_number, int number)
{
	BrimSlot *slot = &shared->slots[slot_number];

	Assert(slot_number >= 0 && slot_number < BRIM_MAX_SLOTS);
	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot->database = MyDatabaseId;
	slot->number = number;
	slot->pid = MyProcPid;
	slot->proc_number = brim_my_proc_number();
	slot->started_at = GetCurrentTimestamp();
	slot->state = BRIM_WORKER_STARTING;
	slot->was_ready = false;
	slot->must_stop = false;
	slot->other_ended = false;
	memset(slot->counters, 0, sizeof(slot->counters));
	LWLockRelease(lock);
	my_slot = slot_number;
	on_shmem_exit(detach, (Datum) 0);
}

bool
brim_shared_take_other_ended(void)
{
	BrimSlot *slot = &shared->slots[my_slot];

	if (!slot->other_ended)
		return false;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot->other_ended = false;
	LWLockRelease(lock);
	return true;
}

void
brim_shared_set_state(BrimWorkerState state)
{
	BrimSlot *slot = &shared->slots[my_slot];

	if (slot->state == state)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	slot->state = state;
	if (state != BRIM_WORKER_STARTING)
		slot->was_ready = true;
	LWLockRelease(lock);
}

void
brim_shared_idle(void)
{
	BrimWorkerState state = shared->slots[my_slot].state;

	if (state == BRIM_WORKER_BUSY || state == BRIM_WORKER_STARTING || state == BRIM_WORKER_FAILING)
		brim_shared_set_state(BRIM_WORKER_IDLE);
}

void
brim_shared_count(BrimCounter counter, int64 n)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->slots[my_slot].counters[counter] += n;
	LWLockRelease(lock);
}

bool
brim_shared_get(int number, BrimSlot *copy)
{
	if (shared == NULL || number < 0 || number >= BRIM_MAX_SLOTS)
		return false;
	LWLockAcquire(lock, LW_SHARED);
	*copy = shared->slots[number];
	LWLockRelease(lock);
	return true;
}

int
brim_shared_slots(Oid database, BrimSlot *copy, int *numbers, int max)
{
	int found = 0;

	if (shared == NULL)
		return 0;
	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < BRIM_MAX_SLOTS && found < max; i++)
	{
		if (shared->slots[i].pid == 0 || shared->slots[i].database != database)
			continue;
		copy[found] = shared->slots[i];
		numbers[found++] = i;
	}
	LWLockRelease(lock);
	return found;
}

void
brim_shared_wake_at_commit(void)
{
	/* the worker knows what it wrote itself */
	if (shared != NULL && my_slot < 0)
		wake_wanted = true;
}

const char *
brim_shared_state_name(BrimWorkerState state)
{
	switch (state)
	{
		case BRIM_WORKER_STARTING:
			return "starting";
		case BRIM_WORKER_IDLE:
			return "idle";
		case BRIM_WORKER_BUSY:
			return "busy";
		case BRIM_WORKER_PAUSED:
			return "paused";
		case BRIM_WORKER_DISARMED:
			return "disarmed";
		case BRIM_WORKER_NO_EXTENSION:
			return "no extension";
		case BRIM_WORKER_FAILING:
			return "failing";
		case BRIM_WORKER_STOPPING:
			return "stopping";
	}
	return "unknown";
}

static void
set_number_tag(LOCKTAG *tag, int number)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, LOCK_CLASS, (uint32) number, LOCK_CLASS);
}

void
brim_shared_lock_number(int number)
{
	LOCKTAG tag;

	set_number_tag(&tag, number);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
}

bool
brim_shared_lock_dead_number(int number)
{
	LOCKTAG tag;

	set_number_tag(&tag, number);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

bool
brim_shared_number_is_alive(int number)
{
	LOCKTAG tag;

	set_number_tag(&tag, number);
	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ShareLock, false);
	return false;
}
