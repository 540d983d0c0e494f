/*-------------------------------------------------------------------------
 *
 * installation.h
 *	  Where this database is: what distinguishes it from a copy of itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_INSTALLATION_H
#define BRIM_PG_SERVER_INSTALLATION_H

#include "nodes/pg_list.h"

typedef struct BrimInstallation
{
	char  system_identifier[24];
	int64 timeline_id; /* 0 in recovery */
	Oid   database_oid;
	char  host[256];
	char  data_directory[MAXPGPATH + 32]; /* path and inode */
} BrimInstallation;

extern void brim_installation_get(BrimInstallation *place);

#endif /* BRIM_PG_SERVER_INSTALLATION_H */
