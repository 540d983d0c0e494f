/*-------------------------------------------------------------------------
 *
 * gemini_client.h
 *	  Gemini's URL and key, and what its answers mean for whoever asks.
 *
 * The key is common to all jobs that ask.  Each has a service of its own, so
 * that they back off independently: a request that Gemini refuses from one job
 * stops nothing of the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_JOBS_GEMINI_CLIENT_H
#define BRIM_WORKER_JOBS_GEMINI_CLIENT_H

#include "core/gemini/gemini.h"
#include "net/net.h"
#include "worker/pipeline.h"

typedef enum BrimGeminiKey
{
	BRIM_GEMINI_KEY_NONE, /* no file is set */
	BRIM_GEMINI_KEY_SET,
	BRIM_GEMINI_KEY_FAULT /* a file is set and cannot be read */
} BrimGeminiKey;

/* Read the key again; NULL, or what is wrong with its file. */
extern char         *brim_gemini_client_reload(void);
extern BrimGeminiKey brim_gemini_client_key(void);

/* Milliseconds until a file that could not be read is worth another try; BRIM_FOREVER: it was read. */
extern long brim_gemini_client_left(void);

/* Begin a request; the body is copied.  NULL with *error set. */
extern BrimHttp *brim_gemini_client_ask(BrimStr body, BrimError *error);

/*
 * Note what an answer means for all requests of the service: it came, so all is
 * well; or a quota is used up or the configuration at fault, so that all workers
 * stop asking for a while.  The rows keep waiting.
 */
extern void brim_gemini_client_note(BrimService *service, const BrimGeminiAnswer *answer);

#endif /* BRIM_WORKER_JOBS_GEMINI_CLIENT_H */
