/*-------------------------------------------------------------------------
 *
 * slots.c
 *	  The slots of a pipeline; see slots.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"

#include "worker/slots.h"

BrimPipelineSlot *
brim_slots_at(const BrimPipeline *pipeline, int i)
{
	return (BrimPipelineSlot *) ((char *) pipeline->slots + pipeline->slot_size * i);
}

int
brim_slots_in(const BrimPipeline *pipeline, BrimSlotState state, BrimPipelineSlot **slots)
{
	int n = 0;

	for (int i = 0; i < pipeline->nslots; i++)
		if (brim_slots_at(pipeline, i)->state == state)
			slots[n++] = brim_slots_at(pipeline, i);
	return n;
}

int
brim_slots_count(const BrimPipeline *pipeline, BrimSlotState state)
{
	BrimPipelineSlot *slots[BRIM_PIPELINE_MAX_SLOTS];

	return brim_slots_in(pipeline, state, slots);
}

bool
brim_slots_are_at_rest(const BrimPipeline *pipeline)
{
	return brim_slots_count(pipeline, BRIM_SLOT_FREE) +
			   brim_slots_count(pipeline, BRIM_SLOT_STUCK) ==
		   pipeline->nslots;
}

bool
brim_slots_is_busy(const BrimPipelineSlot *slot)
{
	return slot->state != BRIM_SLOT_FREE && slot->state != BRIM_SLOT_FINISHED &&
		   slot->state != BRIM_SLOT_STUCK;
}

bool
brim_slots_is_alone(const BrimPipelineSlot *slot)
{
	return slot->alone_until != 0 && brim_slots_is_busy(slot) &&
		   brim_process_clock_until(slot->alone_until) > 0;
}

int
brim_slots_busy(void *self, bool finished)
{
	const BrimPipeline *pipeline = self;
	int                 n = 0;

	for (int i = 0; i < pipeline->nslots; i++)
	{
		const BrimPipelineSlot *slot = brim_slots_at(pipeline, i);

		if (slot->state == BRIM_SLOT_FINISHED)
			n += finished;
		else if (brim_slots_is_busy(slot))
			n += slot->alone_until == 0 || brim_slots_is_alone(slot);
	}
	return n;
}

void
brim_slots_give_back(BrimPipeline *pipeline, BrimPipelineSlot *slot, const char *why)
{
	pipeline->ops->give_back(pipeline, slot, why);
	slot->state = BRIM_SLOT_FINISHED;
	slot->granted = false;
}

void
brim_slots_clear(BrimPipeline *pipeline, BrimPipelineSlot *slot)
{
	BrimBatch *batch = slot->batch;

	pipeline->ops->clear(pipeline, slot);
	if (batch != NULL && --batch->users == 0)
		MemoryContextDelete(batch->context);
}

void
brim_slots_start(BrimPipeline *pipeline)
{
	BrimPipelineSlot *slots[BRIM_PIPELINE_MAX_SLOTS];
	int               n = brim_slots_in(pipeline, BRIM_SLOT_CLAIMED, slots);

	for (int i = 0; i < n; i++)
		pipeline->ops->start(pipeline, slots[i]);
}
