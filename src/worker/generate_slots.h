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

/* Begin what a claimed job needs. */
extern void brim_generate_start(BrimGenerateSlot *slot);

/* A request has ended: what does its answer mean for the job and for the rest? */
extern void brim_generate_interpret(BrimGenerateSlot *slot);

extern void brim_generate_finish(BrimGenerateSlot *slot, BrimGenerateFinish how, bool charged,
								 int delay, const char *error);
extern void brim_generate_free(BrimGenerateSlot *slot);

#endif /* BRIM_WORKER_GENERATE_SLOTS_H */
