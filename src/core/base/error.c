/*-------------------------------------------------------------------------
 *
 * error.c
 *	  Why something was refused, in words; see error.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* Write an error text, cut to what fits without splitting a UTF-8 character. */
void
brim_error_set(BrimError *error, const char *format, ...)
{
	va_list args;
	int     len;

	va_start(args, format);
	len = vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	if (len < 0)
		error->message[0] = '\0';
	else if ((size_t) len >= sizeof(error->message))
	{
		size_t end = sizeof(error->message) - 1;

		while (end > 0 && ((unsigned char) error->message[end - 1] & 0xC0) == 0x80)
			end--;
		if (end > 0 && (unsigned char) error->message[end - 1] >= 0xC0)
			end--;
		error->message[end] = '\0';
	}
}
