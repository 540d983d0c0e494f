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

/*
 * One HTTP request.  The body is copied.  Certificates are checked, redirects
 * are not followed, a reply over max_reply bytes ends the transfer.
 */
typedef struct BrimHttp BrimHttp;

typedef struct BrimHttpOptions
{
	const char *url;
	const char *headers[4]; /* NULL-terminated list of "Name: value" */
	const char *body;
	size_t      body_len;
	const char *ca_file; /* empty: the system's */
	int         timeout; /* seconds for everything */
	size_t      max_reply;
} BrimHttpOptions;

extern BrimHttp   *brim_http_post(const BrimHttpOptions *options, BrimError *error);
extern bool        brim_http_is_done(const BrimHttp *http);
extern int         brim_http_status(const BrimHttp *http); /* 0: no answer, see error */
extern const char *brim_http_error(const BrimHttp *http);  /* NULL when there is an answer */
extern BrimStr     brim_http_body(const BrimHttp *http);
extern int         brim_http_retry_after(const BrimHttp *http); /* seconds, 0 without */
extern int         brim_http_latency(const BrimHttp *http);     /* milliseconds */
extern void        brim_http_free(BrimHttp *http);              /* also ends a transfer under way */

/* One connection to a mail relay: libcurl connects and logs in, we talk. */
typedef struct BrimRelay BrimRelay;

typedef struct BrimRelayOptions
{
	const char *url;       /* smtp:// or smtps:// */
	const char *helo_name; /* empty: libcurl's choice */
	const char *username;  /* empty: no login */
	const char *password;
	const char *ca_file;
	int         timeout; /* seconds for connect, TLS and login together */
} BrimRelayOptions;

typedef enum BrimRelayState
{
	BRIM_RELAY_CONNECTING,
	BRIM_RELAY_OPEN,
	BRIM_RELAY_FAILED
} BrimRelayState;

extern BrimRelay     *brim_relay_open(const BrimRelayOptions *options, BrimError *error);
extern BrimRelayState brim_relay_state(const BrimRelay *relay);
extern const char    *brim_relay_error(const BrimRelay *relay); /* when FAILED */

extern bool brim_relay_take_ready(BrimRelay *relay); /* anything new since the last call? */

/* Non-blocking: bytes moved, 0 when it would block, -1 when the connection is over. */
extern long brim_relay_send(BrimRelay *relay, const char *data, size_t len);
extern long brim_relay_receive(BrimRelay *relay, char *data, size_t size);

/* What the caller waits for on an open connection. */
extern void brim_relay_watch(BrimRelay *relay, bool read, bool write);

/* Let closing the connection drop what was written and has not left yet. */
extern void brim_relay_discard(BrimRelay *relay);
extern void brim_relay_close(BrimRelay *relay);

#endif /* BRIM_NET_NET_H */
