/*-------------------------------------------------------------------------
 *
 * error.h
 *	  Why something was refused, in words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_ERROR_H
#define BRIM_CORE_BASE_ERROR_H

/* Why something was refused: a fixed-size text, always NUL-terminated UTF-8. */
typedef struct BrimError
{
	char message[256];
} BrimError;

extern void
brim_error_set(BrimError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* BRIM_CORE_BASE_ERROR_H */
