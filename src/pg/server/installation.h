/*-------------------------------------------------------------------------
 *
 * place.h
 *	  Where this database is: what tells it from a copy of itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_DB_PLACE_H
#define BRIM_DB_PLACE_H

#include "nodes/pg_list.h"

typedef struct BrimPlace
{
	char  system_identifier[24];
	int64 timeline_id; /* 0 in recovery */
	Oid   database_oid;
	char  host[256];
	char  data_directory[MAXPGPATH + 32]; /* path and inode */
} BrimPlace;

extern void brim_place_get(BrimPlace *place);

#endif /* BRIM_DB_PLACE_H */
