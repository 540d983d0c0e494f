/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Write JSON into a buffer, member by member.
 *
 * The writer puts commas and quotes; brackets are the caller's to pair.  Key
 * NULL: an element of an array, or the outermost value.  What is written is
 * whole if the buffer is (see buf.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_JSON_H
#define BRIM_CORE_BASE_JSON_H

#include "core/base/buf.h"

typedef struct BrimJson
{
	BrimBuf *out;
	bool     follows; /* something stands before, so a comma is due */
} BrimJson;

extern void brim_json_open(BrimJson *json, const char *key, const char *bracket); /* "{" or "[" */
extern void brim_json_close(BrimJson *json, const char *brackets); /* "}", "]", or several */
extern void brim_json_str(BrimJson *json, const char *key, BrimStr text);
extern void brim_json_text(BrimJson *json, const char *key, const char *cstring);
extern void brim_json_int(BrimJson *json, const char *key, int number);
extern void brim_json_bool(BrimJson *json, const char *key, bool value);
extern void brim_json_raw(BrimJson *json, const char *key, BrimStr written); /* JSON already */

/* Append text, which is valid UTF-8, as a JSON string. */
extern void brim_json_quote(BrimBuf *out, BrimStr text);

#endif /* BRIM_CORE_BASE_JSON_H */
