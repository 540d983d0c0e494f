/*-------------------------------------------------------------------------
 *
 * generate_slots.h
 *	  The slots of the generating job: from the claim to the writer's answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_GENERATE_SLOTS_H
#define BRIM_WORKER_GENERATE_SLOTS_H

#include "worker/generate_queue.h"

#define BRIM_CONFIG_PAUSE_S 300 /* between probes while the configuration is at fault */

typedef enum BrimWriter
{
	BRIM_WRITER_TEMPLATES, /* no key is set */
	BRIM_WRITER_GEMINI,
	BRIM_WRITER_FAULT /* a key is set and cannot be read */
} BrimWriter;

/* Read the key anew; *problem says why that is impossible. */
extern BrimWriter brim_generate_read_key(char **problem);
extern BrimWriter brim_generate_writer(void);

/* Begin what a claimed job needs. */
extern void brim_generate_start(BrimGenerateSlot *slot);

/* A request has ended: what does its answer mean for the job and for the rest? */
extern void brim_generate_interpret(BrimGenerateSlot *slot);

extern void brim_generate_finish(BrimGenerateSlot *slot, BrimGenerateFinish how, bool charged,
								 int delay, const char *error);
extern void brim_generate_free(BrimGenerateSlot *slot);

#endif /* BRIM_WORKER_GENERATE_SLOTS_H */
