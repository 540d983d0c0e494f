/*-------------------------------------------------------------------------
 *
 * test_retry.c
 *	  When to try again.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "core/base/retry.h"

#define MIDDLE UINT32_C(0x80000000)

/* The wait spans exactly base -20 % .. +20 % and grows with the random number. */
static void
check_spread(int (*wait)(int, uint32_t), int attempt, int base)
{
	int  last = 0;
	bool grows = true;

	unit_is_int(wait(attempt, 0), (base * 8 + 5) / 10, "attempt %d: -20 %% of %d s", attempt, base);
	unit_is_int(wait(attempt, UINT32_MAX), (base * 12 + 5) / 10, "attempt %d: +20 %% of %d s",
				attempt, base);
	unit_is_int(wait(attempt, MIDDLE), base, "attempt %d: %d s in the middle", attempt, base);
	for (uint32_t r = 0; r < UINT32_MAX - (1 << 20); r += 1 << 20)
	{
		grows = grows && wait(attempt, r) >= last;
		last = wait(attempt, r);
	}
	unit_ok(grows, "attempt %d: linear in the random number", attempt);
}

static int
email(int attempt, uint32_t random)
{
	return brim_retry_email(attempt, random, 0);
}

static int
generation(int attempt, uint32_t random)
{
	return brim_retry_generation(attempt, random, 0);
}

int
main(void)
{
	static const int waits[] = {300, 900, 3600, 14400, 43200, 86400};
	static const int short_waits[] = {2, 10, 60, 300};
	static const int pauses[] = {5, 10, 20, 40, 80, 160, 320, 600, 600};

	for (int i = 0; i < 6; i++)
		check_spread(email, i + 1, waits[i]);
	unit_is_int(email(7, MIDDLE), -1, "an e-mail is given up after the seventh failure");
	unit_is_int(email(2147483647, MIDDLE), -1, "and stays given up");
	unit_is_int(email(0, MIDDLE), 300, "attempt 0 counts as the first");
	unit_is_int(email(-5, MIDDLE), 300, "a negative attempt counts as the first");
	unit_is_int(brim_retry_email(1, MIDDLE, 1000), 1000, "a longer hint of the server is honoured");
	unit_is_int(brim_retry_email(1, MIDDLE, 299), 300, "a shorter hint shortens nothing");
	unit_is_int(brim_retry_email(1, MIDDLE, 2147483647), 604800,
				"a hint counts for 7 days at most");
	unit_is_int(brim_retry_email(1, MIDDLE, -7), 300, "a negative hint is none");
	unit_is_int(brim_retry_email(7, MIDDLE, 1000), -1, "a hint gives no further attempt");

	for (int i = 0; i < 4; i++)
		check_spread(generation, i + 1, short_waits[i]);
	unit_is_int(generation(5, MIDDLE), -1, "a generation is given up after the fifth attempt");
	unit_is_int(brim_retry_generation(1, MIDDLE, 40), 40, "a generation honours a hint");

	for (int i = 0; i < 9; i++)
		check_spread(brim_retry_breaker, i + 1, pauses[i]);
	unit_is_int(brim_retry_breaker(2147483647, MIDDLE), 600, "a breaker never gives up");
	unit_is_int(brim_retry_breaker(0, MIDDLE), 5, "failure 0 counts as the first");
	return unit_done();
}
