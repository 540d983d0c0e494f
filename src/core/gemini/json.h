/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Reading JSON and text that came from outside; shared by the gemini files.
 *
 * Nothing here believes a type: a member of another type than asked for is
 * the same as a missing one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_GEMINI_JSON_H
#define BRIM_CORE_GEMINI_JSON_H

#include "core/base/base.h"

struct json_object;

/*
 * Parse one JSON value that fills all of text; at most 32 levels deep.  NULL
 * when it is anything else.  Release with json_object_put().
 */
extern struct json_object *brim_gemini_json_parse(BrimStr text);

/* The member of an object, or NULL; object may be NULL or no object at all. */
extern struct json_object *brim_gemini_json_member(struct json_object *object, const char *name);

/* The element of an array, or NULL; array may be NULL or no array at all. */
extern struct json_object *brim_gemini_json_element(struct json_object *array, size_t index);

/* The string member of an object; borrows.  data is NULL where there is none. */
extern BrimStr brim_gemini_json_string(struct json_object *object, const char *name);

/* The whole-number member of an object, from 0 to INT_MAX, or -1. */
extern int brim_gemini_json_count(struct json_object *object, const char *name);

/* Is it valid UTF-8 without a NUL? */
extern bool brim_gemini_json_valid(BrimStr text);

/*
 * Copy text for people to out (size bytes, always NUL-terminated): on one line,
 * white space collapsed, what cannot be printed left out, and every unbroken run
 * that could be a key or token replaced by "...".
 */
extern void brim_gemini_json_clean(BrimStr text, char *out, size_t size);

/* Append text, which is valid UTF-8, as a JSON string. */
extern void brim_gemini_json_append(BrimBuf *out, BrimStr text);

#endif /* BRIM_CORE_GEMINI_JSON_H */
