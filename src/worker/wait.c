/*-------------------------------------------------------------------------
 *
 * wait.c
 *	  One wait for everything: latch, postmaster death, sockets, timers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pgstat.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "net/net.h"
#include "worker/process.h"
#include "worker/worker.h"

#define MAX_EVENTS 64

static WaitEventSet *set = NULL;
static unsigned long set_changes = 0;
static uint32       *set_masks = NULL; /* of the sockets, in the order of net's list */

static uint32
mask_of(const BrimNetSocket *socket)
{
	return (socket->read ? WL_SOCKET_READABLE : 0) | (socket->write ? WL_SOCKET_WRITEABLE : 0);
}

/* Make the event set say what net's socket list says. */
static void
prepare_set(void)
{
	const BrimNetSocket *sockets;
	unsigned long        changes;
	int                  n = brim_net_sockets(&sockets, &changes);

	if (set != NULL && changes == set_changes)
	{
		/* the same sockets in the same order, perhaps with other wishes */
		for (int i = 0; i < n; i++)
		{
			uint32 mask = mask_of(&sockets[i]);

			if (mask == set_masks[i])
				continue;
			ModifyWaitEvent(set, i + 2, mask, NULL);
			set_masks[i] = mask;
		}
		return;
	}
	if (set != NULL)
	{
		FreeWaitEventSet(set);
		set = NULL;
		pfree(set_masks);
	}
	set_masks = MemoryContextAlloc(TopMemoryContext, sizeof(uint32) * (n + 1));
	set = brim_create_wait_event_set(n + 2);
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < n; i++)
	{
		set_masks[i] = mask_of(&sockets[i]);
		AddWaitEventToSet(set, set_masks[i], sockets[i].fd, NULL, NULL);
	}
	set_changes = changes;
}

bool
brim_wait(long timeout_ms)
{
	WaitEvent events[MAX_EVENTS];
	int       n;
	bool      woken = false;

	timeout_ms = brim_process_sooner(timeout_ms, brim_net_timeout());
	prepare_set();
	n = WaitEventSetWait(set, timeout_ms, events, MAX_EVENTS, PG_WAIT_EXTENSION);
	for (int i = 0; i < n; i++)
	{
		if (events[i].events & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			woken = true;
		}
		else if (events[i].fd != PGINVALID_SOCKET)
			brim_net_drive_socket((int) events[i].fd, (events[i].events & WL_SOCKET_READABLE) != 0,
								  (events[i].events & WL_SOCKET_WRITEABLE) != 0);
	}
	brim_net_drive_timer();
	return woken;
}
