/*-------------------------------------------------------------------------
 *
 * writer.h
 *	  Gemini, as the jobs that ask it see it: key, request, pauses, report.
 *
 * The key is common to both jobs.  Each has pauses of its own, common to all workers
 * of the database, and a report in brim.component: a request that Gemini refuses
 * from one job stops nothing of the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_WRITER_H
#define BRIM_WORKER_WRITER_H

#include "core/gemini/gemini.h"
#include "pg/server/server.h"
#include "net/net.h"

typedef enum BrimWriter
{
	BRIM_WRITER_NONE, /* no key is set */
	BRIM_WRITER_GEMINI,
	BRIM_WRITER_FAULT /* a key is set and cannot be read */
} BrimWriter;

extern void       brim_writer_reload(void); /* read the key anew */
extern BrimWriter brim_writer_state(void);

/* A key file that cannot be read is tried again now and then. */
extern void brim_writer_mind(void);
extern long brim_writer_left(void); /* milliseconds until then; BRIM_FOREVER: it can be read */

/* Begin a request; the body is copied.  NULL with *error set. */
extern BrimHttp *brim_writer_ask(BrimStr body, BrimError *error);

/*
 * What an answer means for all that the job asks: it came, so all is well; or a
 * quota is used up or the configuration at fault, so that all workers stop asking
 * for a while.  The rows keep waiting.
 */
extern void brim_writer_note(BrimService service, const BrimGeminiAnswer *answer);

/* Is there something new to tell?  Written inside a transaction, settled after its commit. */
extern bool brim_writer_has_news(BrimService service);
extern void brim_writer_write(BrimService service);
extern void brim_writer_written(BrimService service);

#endif /* BRIM_WORKER_WRITER_H */
