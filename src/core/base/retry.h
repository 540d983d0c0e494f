/*-------------------------------------------------------------------------
 *
 * retry.h
 *	  When to try again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_RETRY_H
#define BRIM_CORE_BASE_RETRY_H

#include <stdint.h>

/*
 * Seconds to wait after the attempt'th charged failure (from 1) of an e-mail:
 * 5 min, 15 min, 1 h, 4 h, 12 h, 24 h, each +-20 % by random, and never
 * less than hint (seconds a server asked for, 0 without; at most 7 days count).
 * -1 when there is no further attempt.
 */
extern int brim_retry_email(int attempt, uint32_t random, int hint);

/*
 * The same for a generation, which only costs a request: 2 s, 10 s, 60 s,
 * 300 s; -1 after the fifth attempt.
 */
extern int brim_retry_generation(int attempt, uint32_t random, int hint);

/* Pause of a circuit breaker after the failure'th fault in a row: 5 s doubling to 10 min. */
extern int brim_retry_breaker(int failure, uint32_t random);

#endif /* BRIM_CORE_BASE_RETRY_H */
