/*-------------------------------------------------------------------------
 *
 * relay.h
 *	  One connection to a mail relay: libcurl connects and logs in, we talk.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_NET_RELAY_H
#define BRIM_NET_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/base.h"

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

#endif /* BRIM_NET_RELAY_H */
