/*-------------------------------------------------------------------------
 *
 * enrich_slots.h
 *	  The slots of the classifying job: from the claim to the answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_ENRICH_SLOTS_H
#define BRIM_WORKER_ENRICH_SLOTS_H

#include "worker/enrich_queue.h"

/* Begin the request of a claimed slot, if it may be made now. */
extern void brim_enrich_start(BrimEnrichSlot *slot);

/* A request has ended: what does its answer mean for the texts and for the rest? */
extern void brim_enrich_interpret(BrimEnrichSlot *slot);

extern void
brim_enrich_finish(BrimEnrichSlot *slot, BrimEnrichFinish how, bool charged, const char *error);
extern void brim_enrich_free(BrimEnrichSlot *slot);

#endif /* BRIM_WORKER_ENRICH_SLOTS_H */
