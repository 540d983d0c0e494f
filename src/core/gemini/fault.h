/*-------------------------------------------------------------------------
 *
 * fault.h
 *	  What an answer that is not HTTP 200 means; used by gemini_frame.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_GEMINI_FAULT_H
#define BRIM_CORE_GEMINI_FAULT_H

#include "core/gemini/gemini.h"

struct json_object;

/*
 * Set outcome, retry_after and error of the reply.  answer is the parsed body
 * or NULL where it is no JSON; header is the Retry-After value in seconds, or 0.
 * told are the texts of the request that an error must not repeat.
 */
extern void brim_gemini_fault_read(const BrimStr *told, int ntold, int http_status, int header,
								   struct json_object *answer, BrimGeminiAnswer *reply);

/* The same for a request that got no answer: reason in words, or NULL. */
extern void brim_gemini_fault_transport(const char *reason, int header, BrimGeminiAnswer *reply);

#endif /* BRIM_CORE_GEMINI_FAULT_H */
