/*-------------------------------------------------------------------------
 *
 * classify_slots.h
 *	  The slots of the classifying job: from the claim to the answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_CLASSIFY_SLOTS_H
#define BRIM_WORKER_CLASSIFY_SLOTS_H

#include "worker/classify_queue.h"

/* Begin the request of a claimed slot, if it may be made now. */
extern void brim_classify_start(BrimClassifySlot *slot);

/* A request has ended: what does its answer mean for the texts and for the rest? */
extern void brim_classify_interpret(BrimClassifySlot *slot);

extern void brim_classify_finish(BrimClassifySlot *slot, BrimClassifyFinish how, bool charged,
								 const char *error);
extern void brim_classify_free(BrimClassifySlot *slot);

#endif /* BRIM_WORKER_CLASSIFY_SLOTS_H */
