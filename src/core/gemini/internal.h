/*-------------------------------------------------------------------------
 *
 * internal.h
 *	  What the files of core/gemini share among themselves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_GEMINI_INTERNAL_H
#define BRIM_CORE_GEMINI_INTERNAL_H

#include "core/gemini/gemini.h"

struct json_object;

/*
 * json.c: reading JSON and text that came from outside.
 *
 * Nothing here believes a type: a member of another type than asked for is
 * the same as a missing one.
 */

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

/* Return true if it is valid UTF-8 without a NUL. */
extern bool brim_gemini_json_valid(BrimStr text);

/*
 * Copy text for people to out (size bytes, always NUL-terminated): on one line,
 * white space collapsed, what cannot be printed left out, and every unbroken run
 * that could be a key or token replaced by "...".
 */
extern void brim_gemini_json_clean(BrimStr text, char *out, size_t size);

/* The members that the schemas of answers have in common. */
extern void brim_gemini_json_schema_open(BrimJson *json, const char *key);
extern void brim_gemini_json_schema_close(BrimJson *json, const char *const *required);

/*
 * fault.c: what an answer that is not HTTP 200 means.
 */

/*
 * Set outcome, retry_after and error of the reply.  answer is the parsed body
 * or NULL where it is no JSON; header is the Retry-After value in seconds, or 0.
 * told are the texts of the request that an error must not repeat.
 */
extern void brim_gemini_fault_read(const BrimStr *told, int ntold, int http_status, int header,
								   struct json_object *answer, BrimGeminiAnswer *reply);

/* The same for a request that got no answer: reason in words, or NULL. */
extern void brim_gemini_fault_transport(const char *reason, int header, BrimGeminiAnswer *reply);

/*
 * frame.c: what stands around every request to Gemini and every answer of it.
 */

/*
 * Append a request: instructions in the system part, data (JSON from outside) in
 * the user part, the schema of the answer (JSON of ours), a cap on its tokens.
 * instruction and schema are given back.  False with *error set when memory is
 * short or out is full.
 */
extern bool brim_gemini_frame_write(BrimBuf *out, BrimBuf *instruction, BrimStr data,
									BrimBuf *schema, int max_tokens, BrimError *error);

/*
 * Read an HTTP answer as brim_gemini_reply_read() does: the JSON that the model said,
 * to be released by the caller, or NULL with outcome and error set.  told are the
 * texts of the request that an error must not repeat.  The outcome of what was
 * said is for the caller to judge; it begins as RETRY without an error.
 */
extern struct json_object *
brim_gemini_frame_read(const BrimStr *told, int ntold, int http_status, int retry_after_header,
					   const char *transport_error, BrimStr body, BrimMem *mem,
					   BrimGeminiAnswer *answer);

/* What was said is of no use, and why.  Returns false. */
extern bool brim_gemini_frame_retry(BrimGeminiAnswer *answer, const char *why);

#endif /* BRIM_CORE_GEMINI_INTERNAL_H */
