/*-------------------------------------------------------------------------
 *
 * str.h
 *	  Bytes of a given length, borrowed from wherever they lie.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_STR_H
#define BRIM_CORE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct BrimStr
{
	const char *data; /* NULL: no value at all */
	size_t      len;
} BrimStr;

extern BrimStr brim_str(const char *cstring); /* of a C string; NULL stays NULL */
extern bool    brim_str_equal(BrimStr a, BrimStr b);

#endif /* BRIM_CORE_BASE_STR_H */
