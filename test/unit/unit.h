/*-------------------------------------------------------------------------
 *
 * unit.h
 *	  A tiny test harness that prints TAP.
 *
 * A test program calls unit_ok() and its kin, each with the promise it
 * proves, and returns unit_done() from main().
 *
 *	unit_ok(condition, "promise %d", n)		true?
 *	unit_is_int(got, expected, "promise")	equal integers?
 *	unit_is_text(got, expected, "promise")	equal C strings? NULL allowed
 *	unit_is_str(got, expected, "promise")	BrimStr equal to a C string?
 *
 * Each returns whether it held, so that a test can stop early.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_UNIT_H
#define BRIM_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/base.h"

static int unit_count = 0;
static int unit_failed = 0;

#define unit_ok(condition, ...)                                                                    \
	unit_report((condition), #condition, __FILE__, __LINE__, __VA_ARGS__)
#define unit_is_int(got, expected, ...)                                                            \
	unit_compare_int((long long) (got), (long long) (expected), __FILE__, __LINE__, __VA_ARGS__)
#define unit_is_text(got, expected, ...)                                                           \
	unit_compare_text((got), (expected), __FILE__, __LINE__, __VA_ARGS__)
#define unit_is_str(got, expected, ...)                                                            \
	unit_compare_str((got), (expected), __FILE__, __LINE__, __VA_ARGS__)

/* Print one TAP line, and where a failed one stands. */
static bool __attribute__((unused, format(printf, 3, 0)))
unit_line(bool ok, const char *what, const char *format, va_list args, const char *file, int line)
{
	printf("%s %d - ", ok ? "ok" : "not ok", ++unit_count);
	vprintf(format, args);
	printf("\n");
	if (!ok)
	{
		unit_failed++;
		printf("#   failed at %s:%d: %s\n", file, line, what);
	}
	fflush(stdout);
	return ok;
}

static bool __attribute__((unused, format(printf, 5, 6)))
unit_report(bool ok, const char *what, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	unit_line(ok, what, format, args, file, line);
	va_end(args);
	return ok;
}

static bool __attribute__((unused, format(printf, 5, 6)))
unit_compare_int(long long got, long long expected, const char *file, int line, const char *format,
				 ...)
{
	char    what[128];
	va_list args;

	snprintf(what, sizeof(what), "got %lld, expected %lld", got, expected);
	va_start(args, format);
	unit_line(got == expected, what, format, args, file, line);
	va_end(args);
	return got == expected;
}

static bool __attribute__((unused, format(printf, 5, 6)))
unit_compare_text(const char *got, const char *expected, const char *file, int line,
				  const char *format, ...)
{
	char    what[2048];
	va_list args;
	bool    ok = got == expected || (got != NULL && expected != NULL && strcmp(got, expected) == 0);

	snprintf(what, sizeof(what), "got \"%.900s\", expected \"%.900s\"", got ? got : "(NULL)",
			 expected ? expected : "(NULL)");
	va_start(args, format);
	unit_line(ok, what, format, args, file, line);
	va_end(args);
	return ok;
}

static bool __attribute__((unused, format(printf, 5, 6)))
unit_compare_str(BrimStr got, const char *expected, const char *file, int line, const char *format,
				 ...)
{
	char    what[2048];
	va_list args;
	bool ok = (got.data == NULL) == (expected == NULL) && brim_str_equal(got, brim_str(expected));

	snprintf(what, sizeof(what), "got %zu bytes \"%.*s\", expected \"%.900s\"", got.len,
			 (int) (got.len < 900 ? got.len : 900), got.data ? got.data : "",
			 expected ? expected : "(NULL)");
	va_start(args, format);
	unit_line(ok, what, format, args, file, line);
	va_end(args);
	return ok;
}

/* Print the plan; the exit status of the program. */
static int __attribute__((unused)) unit_done(void)
{
	printf("1..%d\n", unit_count);
	if (unit_failed > 0)
		printf("# %d of %d failed\n", unit_failed, unit_count);
	return unit_failed > 0 || unit_count == 0 ? 1 : 0;
}

#endif /* BRIM_UNIT_H */
