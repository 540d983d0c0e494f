/*-------------------------------------------------------------------------
 *
 * str.c
 *	  Bytes of a given length; see str.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/str.h"

#include <string.h>

BrimStr
brim_str(const char *cstring)
{
	BrimStr str = {cstring, cstring != NULL ? strlen(cstring) : 0};

	return str;
}

bool
brim_str_equal(BrimStr a, BrimStr b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
