/*-------------------------------------------------------------------------
 *
 * slots.h
 *	  The slots of a pipeline: which are in a state, and how one ends.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_SLOTS_H
#define BRIM_WORKER_SLOTS_H

#include "worker/pipeline.h"

extern BrimPipelineSlot *brim_slots_at(const BrimPipeline *pipeline, int i);

/* The slots in a state; both return how many. */
extern int
brim_slots_in(const BrimPipeline *pipeline, BrimSlotState state, BrimPipelineSlot **slots);
extern int brim_slots_count(const BrimPipeline *pipeline, BrimSlotState state);

/* Return true if no slot holds a transfer. */
extern bool brim_slots_are_at_rest(const BrimPipeline *pipeline);

/* Return true if the slot has something to do other than to be recorded. */
extern bool brim_slots_is_busy(const BrimPipelineSlot *slot);

/* Return true if a suspect has the worker to itself; not for long if it only hangs. */
extern bool brim_slots_is_alone(const BrimPipelineSlot *slot);

/*
 * How many slots of a BrimPipeline are busy, with or without those that are
 * finished; a suspect that hangs does not count.
 */
extern int brim_slots_busy(void *pipeline, bool finished);

/* Begin the transfers of claimed slots. */
extern void brim_slots_start(BrimPipeline *pipeline);

/* End a slot: it is finished and nothing was done, or it is free. */
extern void brim_slots_give_back(BrimPipeline *pipeline, BrimPipelineSlot *slot, const char *why);
extern void brim_slots_clear(BrimPipeline *pipeline, BrimPipelineSlot *slot);

#endif /* BRIM_WORKER_SLOTS_H */
