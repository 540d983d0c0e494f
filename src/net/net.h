/*-------------------------------------------------------------------------
 *
 * net.h
 *	  Network transfers that never block, over one libcurl multi handle.
 *
 * The caller owns the wait: it asks which sockets to watch and how long,
 * waits, and drives.  Nothing here throws, allocates in a memory context or
 * calls back into the server; all signals are blocked around libcurl.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_NET_NET_H
#define BRIM_NET_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/base.h"
#include "net/http.h"
#include "net/relay.h"

typedef struct BrimNetSocket
{
	int  fd;
	bool read;
	bool write;
} BrimNetSocket;

/* Once a process, not in the postmaster. */
extern bool brim_net_init(BrimError *error);

/* Return true if the libcurl that was loaded is older than what brim was built for. */
extern bool brim_net_is_too_old(void);

/* Sockets to watch.  *changes counts additions and removals since the start. */
extern int  brim_net_sockets(const BrimNetSocket **sockets, unsigned long *changes);
extern long brim_net_timeout(void); /* milliseconds, -1: no timer runs */
extern void brim_net_drive_socket(int fd, bool readable, bool writable);
extern void brim_net_drive_timer(void);

#endif /* BRIM_NET_NET_H */
