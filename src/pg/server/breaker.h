/*-------------------------------------------------------------------------
 *
 * breaker.h
 *	  Circuit breakers that the workers of a database share.
 *
 * A service is something beyond this server that can be at fault as a whole.
 * After a fault it is left alone for a while; then one worker tries it, and
 * what becomes of that closes the breaker for all or opens it again.  Services are known by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_BREAKER_H
#define BRIM_PG_SERVER_BREAKER_H

#include "datatype/timestamp.h"

typedef struct BrimBreakerState
{
	int         faults;     /* in a row; 0: all is well as far as is known */
	TimestampTz open_until; /* 0: not open */
	bool        may_try;    /* not open, and no other worker is trying */
} BrimBreakerState;

extern void brim_breaker_init(void); /* while preloading only */

extern void brim_breaker_attach(void); /* of this worker; released when the process exits */
extern void brim_breaker_read(const char *service, BrimBreakerState *state);

/* A fault: open, for 5 s doubling to 10 min.  False when it was open already. */
extern bool brim_breaker_fault(const char *service, uint32 random);

/* The service said itself how long: open until then. */
extern void brim_breaker_pause(const char *service, TimestampTz until);

/*
 * A success.  True when that closed a breaker; one that has opened since says
 * more than a success that began before.
 */
extern bool brim_breaker_success(const char *service);

/* After faults only one worker tries: be that one, or no longer. */
extern bool brim_breaker_take_probe(const char *service);
extern void brim_breaker_drop_probe(const char *service);

/* Settings changed or the clock did: forget all faults. */
extern void brim_breaker_reset(void);

#endif /* BRIM_PG_SERVER_BREAKER_H */
