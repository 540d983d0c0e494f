/*-------------------------------------------------------------------------
 *
 * retry.c
 *	  When to try again; see retry.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/retry.h"

#define MAX_HINT (7 * 86400)

static const int email_waits[] = {300, 900, 3600, 14400, 43200, 86400};
static const int generation_waits[] = {2, 10, 60, 300};

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

/* seconds +-20 %, spread evenly by a raw random number, rounded to the nearest second. */
static int
spread(int seconds, uint32_t random)
{
	int64_t low = (int64_t) seconds * 4; /* in fifths of a second */
	int64_t width = (int64_t) seconds * 2;
	int64_t fifths = low + ((width * (int64_t) random + INT64_C(0x7FFFFFFF)) / INT64_C(0xFFFFFFFF));

	return (int) ((fifths + 2) / 5);
}

/* The attempt'th wait of a schedule, at least the hint; -1 behind its end. */
static int
scheduled(const int *waits, int nwaits, int attempt, uint32_t random, int hint)
{
	int wait;

	if (attempt > nwaits)
		return -1;
	wait = spread(waits[attempt < 1 ? 0 : attempt - 1], random);
	if (hint > MAX_HINT)
		hint = MAX_HINT;
	return hint > wait ? hint : wait;
}

int
brim_retry_email(int attempt, uint32_t random, int hint)
{
	return scheduled(email_waits, LENGTH(email_waits), attempt, random, hint);
}

int
brim_retry_generation(int attempt, uint32_t random, int hint)
{
	return scheduled(generation_waits, LENGTH(generation_waits), attempt, random, hint);
}

/* Spread by +-20 % as well, so that the breakers of many nodes do not close together. */
int
brim_retry_breaker(int failure, uint32_t random)
{
	int wait = 5;

	for (int i = 1; i < failure && wait < 600; i++)
		wait *= 2;
	return spread(wait < 600 ? wait : 600, random);
}
