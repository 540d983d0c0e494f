/*-------------------------------------------------------------------------
 *
 * standby.c
 *	  What standbys know; see standby.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "replication/syncrep.h"
#include "replication/walreceiver.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/lwlock.h"

#include "pg/server/standby.h"

char *
brim_standby_names(void)
{
	StringInfoData names;
	const char    *name;

	if (!SyncRepRequested() || SyncRepConfig == NULL ||
		SyncRepConfig->num_sync != SyncRepConfig->nmembers)
		return NULL;
	initStringInfo(&names);
	name = SyncRepConfig->member_names;
	for (int i = 0; i < SyncRepConfig->nmembers; i++)
	{
		if (strcmp(name, "*") == 0)
			return NULL;
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", name);
		name += strlen(name) + 1;
	}
	return names.data;
}

bool
brim_standby_has_confirmed(XLogRecPtr upto)
{
	bool confirmed;

	LWLockAcquire(SyncRepLock, LW_SHARED);
	confirmed = WalSndCtl->lsn[SYNC_REP_WAIT_FLUSH] >= upto;
	LWLockRelease(SyncRepLock);
	return confirmed;
}

bool
brim_standby_was_one(void)
{
	return !XLogRecPtrIsInvalid(GetWalRcvFlushRecPtr(NULL, NULL));
}
