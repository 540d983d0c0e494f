/*-------------------------------------------------------------------------
 *
 * task_slots.c
 *	  What launcher, task processes and sessions share; see task_slots.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <signal.h>

#include "access/xact.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "storage/lwlock.h"

#include "pg/server/shared.h"
#include "pg/server/task_slots.h"

/* fourth field of the lock tag: SQL's advisory locks use 1 and 2, a worker's number 0xB1 */
#define LOCK_CLASS 0xB2

typedef struct Shared
{
	BrimTaskWish wishes[BRIM_MAX_WISHES];
	BrimTaskSlot slots[BRIM_MAX_TASKS];
	uint32       news; /* counts what may have been queued behind our back */
} Shared;

static Shared       *shared = NULL;
static LWLock       *lock = NULL;
static BrimTaskSlot *mine = NULL;
static bool          wish_wanted = false;
static uint32        seen_news = 0;

/* At commit, wish for what this transaction queued. */
static void
wish_now(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		wish_wanted = false;
	if (event != XACT_EVENT_COMMIT || !wish_wanted)
		return;
	wish_wanted = false;
	brim_task_slots_wish();
}

void
brim_task_slots_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	brim_shared_register("brim tasks", sizeof(Shared), (void **) &shared, &lock);
	RegisterXactCallback(wish_now, NULL);
}

/* The wish of a database, or the room for it; NULL if there is none.  Called with the lock held. */
static BrimTaskWish *
find_wish(Oid database)
{
	BrimTaskWish *room = NULL;

	for (int i = 0; i < BRIM_MAX_WISHES; i++)
	{
		if (shared->wishes[i].database == database)
			return &shared->wishes[i];
		if (room == NULL && shared->wishes[i].database == InvalidOid)
			room = &shared->wishes[i];
	}
	return room;
}

/* Launcher */

int
brim_task_slots_wishes(BrimTaskWish *copy, int max)
{
	int found = 0;

	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < BRIM_MAX_WISHES && found < max; i++)
		if (shared->wishes[i].database != InvalidOid)
			copy[found++] = shared->wishes[i];
	LWLockRelease(lock);
	return found;
}

void
brim_task_slots_put_off(const BrimTaskWish *wish)
{
	BrimTaskWish *found;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	found = find_wish(wish->database);
	if (found != NULL)
		*found = *wish;
	LWLockRelease(lock);
}

void
brim_task_slots_drop_wish(Oid database)
{
	BrimTaskWish *found;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	found = find_wish(database);
	if (found != NULL)
		memset(found, 0, sizeof(*found));
	LWLockRelease(lock);
}

void
brim_task_slots_retry(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < BRIM_MAX_WISHES; i++)
	{
		shared->wishes[i].start_at = 0;
		shared->wishes[i].pause_ms = 0;
	}
	LWLockRelease(lock);
}

void
brim_task_slots_expect(int slot)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->slots[slot].has_looked = false;
	LWLockRelease(lock);
}

bool
brim_task_slots_is_free(int slot)
{
	return shared->slots[slot].pid == 0;
}

bool
brim_task_slots_has_looked(int slot)
{
	return shared->slots[slot].has_looked;
}

/* Task processes */

/*
 * Runs when the task's lock is free already.  A row that was taken and has no
 * end is for whoever looks next.
 */
static void
detach(int code, Datum arg)
{
	bool left_behind = mine->has_looked && mine->task_id != 0;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	mine->database = InvalidOid;
	mine->pid = 0;
	mine->task_id = 0;
	LWLockRelease(lock);
	mine = NULL;
	if (left_behind)
		brim_task_slots_wish();
	else
		brim_shared_wake_launcher();
}

bool
brim_task_slots_attach(int slot)
{
	BrimTaskSlot *found = &shared->slots[slot];
	bool          is_free;

	Assert(slot >= 0 && slot < BRIM_MAX_TASKS);
	LWLockAcquire(lock, LW_EXCLUSIVE);
	is_free = found->pid == 0; /* a launcher that died may have left a process in it */
	if (is_free)
	{
		memset(found, 0, sizeof(*found));
		found->database = MyDatabaseId;
		found->pid = MyProcPid;
	}
	LWLockRelease(lock);
	if (is_free)
	{
		mine = found;
		on_shmem_exit(detach, (Datum) 0);
	}
	return is_free;
}

void
brim_task_slots_take(int64 task_id)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	mine->task_id = task_id;
	LWLockRelease(lock);
}

void
brim_task_slots_looked(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	mine->has_looked = true;
	LWLockRelease(lock);
}

void
brim_task_slots_ended(void)
{
	brim_task_slots_take(0);
}

Oid
brim_task_slots_stopped_by(void)
{
	return mine->stopped_by;
}

static void
set_tag(LOCKTAG *tag, int64 task_id)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (task_id >> 32), (uint32) task_id,
						 LOCK_CLASS);
}

bool
brim_task_slots_lock(int64 task_id)
{
	LOCKTAG tag;

	set_tag(&tag, task_id);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

bool
brim_task_slots_is_alive(int64 task_id)
{
	LOCKTAG tag;

	set_tag(&tag, task_id);
	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ShareLock, false);
	return false;
}

/* Sessions */

void
brim_task_slots_wish(void)
{
	BrimTaskWish *found;

	if (shared == NULL)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	found = find_wish(MyDatabaseId);
	if (found != NULL)
		found->database = MyDatabaseId;
	LWLockRelease(lock);
	brim_shared_wake_launcher();
}

void
brim_task_slots_wish_at_commit(void)
{
	wish_wanted = shared != NULL;
}

void
brim_task_slots_note_news(void)
{
	LWLockAcquire(lock, LW_EXCLUSIVE);
	shared->news++;
	LWLockRelease(lock);
}

bool
brim_task_slots_take_news(void)
{
	bool taken = shared->news != seen_news;

	seen_news = shared->news;
	return taken;
}

BrimTaskWait
brim_task_slots_wait(void)
{
	BrimTaskWish *found;
	BrimTaskWait  why = BRIM_TASK_WAIT_NONE;

	if (shared == NULL)
		return why;
	LWLockAcquire(lock, LW_SHARED);
	found = find_wish(MyDatabaseId);
	if (found != NULL && found->database == MyDatabaseId)
		why = found->why;
	LWLockRelease(lock);
	return why;
}

/* Under the lock the process cannot have left its slot, so the signal is for it. */
bool
brim_task_slots_interrupt(int64 task_id, Oid by)
{
	bool found = false;

	if (shared == NULL || task_id == 0)
		return false;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < BRIM_MAX_TASKS && !found; i++)
	{
		BrimTaskSlot *slot = &shared->slots[i];

		if (slot->database != MyDatabaseId || slot->task_id != task_id)
			continue;
		found = true;
		slot->stopped_by = by;
		kill(slot->pid, SIGINT);
	}
	LWLockRelease(lock);
	return found;
}
