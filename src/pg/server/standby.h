/*-------------------------------------------------------------------------
 *
 * standby.h
 *	  Decides whether a promoted standby may send: it must know every barrier.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_STANDBY_H
#define BRIM_PG_SERVER_STANDBY_H

#include "access/xlogdefs.h"

/*
 * The standbys that each commit of ours waits for, all of them, separated by
 * ", ", palloc'd; NULL when there is none, or when some of those that are named
 * need not confirm, so that any of them may lack a commit.
 */
extern char *brim_standby_names(void);

/* Return true if all of them have flushed the WAL up to here. */
extern bool brim_standby_has_confirmed(XLogRecPtr upto);

/* Return true if this server has received WAL as a standby since it started. */
extern bool brim_standby_was_one(void);

#endif /* BRIM_PG_SERVER_STANDBY_H */
