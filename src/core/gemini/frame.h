/*-------------------------------------------------------------------------
 *
 * frame.h
 *	  What stands around every request to Gemini and every answer of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_GEMINI_FRAME_H
#define BRIM_CORE_GEMINI_FRAME_H

#include "core/gemini/gemini.h"

struct json_object;

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

#endif /* BRIM_CORE_GEMINI_FRAME_H */
