/*-------------------------------------------------------------------------
 *
 * installation.c
 *	  Where this database is; see place.h.
 *
 * initdb draws a system identifier, point-in-time recovery and promotion start
 * a timeline, CREATE DATABASE ... TEMPLATE draws a database oid, a file-level
 * copy has another host, path or directory inode.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"

#include "pg/server/installation.h"

void
brim_installation_get(BrimInstallation *place)
{
	struct stat st;

	memset(place, 0, sizeof(*place));
	snprintf(place->system_identifier, sizeof(place->system_identifier), UINT64_FORMAT,
			 GetSystemIdentifier());
	place->timeline_id = RecoveryInProgress() ? 0 : (int64) brim_current_timeline();
	place->database_oid = MyDatabaseId;
	if (gethostname(place->host, sizeof(place->host) - 1) != 0)
		strlcpy(place->host, "unknown", sizeof(place->host));
	if (stat(DataDir, &st) != 0)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not stat directory \"%s\": %m", DataDir)));
	snprintf(place->data_directory, sizeof(place->data_directory), "%s (inode %llu)", DataDir,
			 (unsigned long long) st.st_ino);
}
