/*-------------------------------------------------------------------------
 *
 * pipeline.c
 *	  How rows go through a job; see pipeline.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "worker/pipeline.h"
#include "worker/poison.h"
#include "worker/slots.h"
#include "worker/transaction.h"

/* After a transaction that failed; another failure in the same pause does not count. */
static void
lengthen(BrimPause *pause)
{
	if (pause->until != 0 && brim_process_until(pause->until) > 0)
		return;
	pause->failures = Min(pause->failures + 1, 7);
	pause->until = brim_process_in(Min(500L << pause->failures, BRIM_RECHECK_MS));
}

static void
end_pause(BrimPause *pause)
{
	pause->failures = 0;
	pause->until = 0;
}

static bool
pauses(BrimPause *pause)
{
	if (pause->until != 0 && brim_process_until(pause->until) == 0)
		pause->until = 0;
	return pause->until != 0;
}

static long
left_of(TimestampTz until)
{
	return until == 0 ? BRIM_FOREVER : brim_process_until(until);
}

static bool
is_failing(void *self)
{
	const BrimPipeline *pipeline = self;

	return pipeline->claims.until != 0 || pipeline->stuck.until != 0;
}

static void
reload(void *self)
{
	BrimPipeline *pipeline = self;

	pipeline->look = true;
	end_pause(&pipeline->claims);
	pipeline->ops->reload(pipeline);
}

/* ---------------------------------------------------------------------
 * After its commit
 * ---------------------------------------------------------------------
 */

/* A slot is recorded, and free. */
static void
release(BrimPipeline *pipeline, BrimPipelineSlot *slot)
{
	pipeline->ops->ended(pipeline, slot);
	brim_slots_clear(pipeline, slot);
	brim_poison_ended(pipeline);
}

/*
 * The barrier is durable: the last word may be said.  Whether the process stops
 * is asked here once more, where nothing has been said yet.
 */
static void
pass_barrier(BrimPipeline *pipeline)
{
	BrimPipelineSlot *slots[BRIM_PIPELINE_MAX_SLOTS];
	int               n = brim_slots_in(pipeline, BRIM_SLOT_AT_BARRIER, slots);
	bool              confirmed = n > 0 && pipeline->ops->confirmed(pipeline);

	for (int i = 0; i < n; i++)
	{
		if (!confirmed)
		{
			brim_slots_give_back(pipeline, slots[i], "the standbys have not confirmed the barrier");
			lengthen(&pipeline->claims);
		}
		else if (!slots[i]->granted)
		{
			/* somebody else decided about this row, which says what */
			brim_slots_clear(pipeline, slots[i]);
			pipeline->look = true;
		}
		else if (brim_process_is_stopping())
			brim_slots_give_back(pipeline, slots[i], "the worker stops");
		else
		{
			/* first said to be so: an error in commit() must not leave it to be given back */
			brim_process_hold_stop(true);
			slots[i]->state = BRIM_SLOT_COMMITTED;
			pipeline->ops->commit(pipeline, slots[i]);
		}
	}
	if (pipeline->ops->barrier != NULL)
		BRIM_FAULT("barrier_passed");
}

/* The claimed rows get slots. */
static void
adopt(BrimTransaction *txn)
{
	BrimPipeline *pipeline = txn->pipeline;
	BrimBatch    *batch;
	int           next = 0;

	if (txn->context == NULL)
		return;
	if (txn->nrows == 0)
	{
		MemoryContextDelete(txn->context);
		return;
	}
	MemoryContextSetParent(txn->context, TopMemoryContext);
	batch = MemoryContextAlloc(txn->context, sizeof(BrimBatch));
	batch->context = txn->context;
	batch->users = 0;
	for (int i = 0; i < pipeline->nslots && next < txn->nrows; i++)
	{
		BrimPipelineSlot *slot = brim_slots_at(pipeline, i);

		if (slot->state != BRIM_SLOT_FREE)
			continue;
		next += pipeline->ops->fill(pipeline, slot, txn->rows, next, txn->nrows);
		slot->state = BRIM_SLOT_CLAIMED;
		slot->batch = batch;
		slot->is_probe = txn->is_probe;
		slot->alone_until = txn->cursor.alone ? brim_process_clock() + BRIM_ALONE_MS : 0;
		batch->users++;
	}
	Assert(next == txn->nrows);
	brim_shared_count(BRIM_COUNT_CLAIMED, next);
}

/* What the commit allows. */
static void
go_on(void *arg)
{
	BrimTransaction  *txn = arg;
	BrimPipeline     *pipeline = txn->pipeline;
	BrimPipelineSlot *finished[BRIM_PIPELINE_MAX_SLOTS];
	int               n = brim_slots_in(pipeline, BRIM_SLOT_FINISHED, finished);

	if (pipeline->ops->barrier != NULL)
		BRIM_FAULT("committed");
	for (int i = 0; i < n; i++)
		release(pipeline, finished[i]);
	pass_barrier(pipeline);
	if (txn->max > 0)
	{
		pipeline->look = txn->cursor.more;
		pipeline->look_at = txn->look_at;
		pipeline->cursor = txn->cursor;
		pipeline->may_have_forgotten = false;
		brim_poison_settle(pipeline, pipeline->cursor.suspects);
	}
	adopt(txn);
	brim_slots_start(pipeline);
	if (pipeline->ops->barrier != NULL)
		BRIM_FAULT("adopted");
}

/* ---------------------------------------------------------------------
 * Turns
 * ---------------------------------------------------------------------
 */

/*
 * Record slots of a state, each in a transaction of its own.  One that fails
 * ends in a simpler way each time; in the end it is stuck and stops nobody.
 */
static void
record_singly(BrimPipeline *pipeline, BrimSlotState state)
{
	BrimPipelineSlot *slots[BRIM_PIPELINE_MAX_SLOTS];
	int               n = brim_slots_in(pipeline, state, slots);

	for (int i = 0; i < n; i++)
	{
		BrimTransaction txn = {.pipeline = pipeline, .only = slots[i]};

		for (slots[i]->state = BRIM_SLOT_FINISHED; slots[i]->state == BRIM_SLOT_FINISHED;)
		{
			bool passes;

			if (brim_process_try(brim_transaction_run, &txn))
			{
				release(pipeline, slots[i]);
				break;
			}
			passes = brim_process_error_passes();
			if (passes || ++slots[i]->failures > 2)
				slots[i]->state = BRIM_SLOT_STUCK;
			pipeline->ops->not_recorded(pipeline, slots[i], passes);
		}
	}
	if (brim_slots_count(pipeline, BRIM_SLOT_STUCK) > 0)
		lengthen(&pipeline->stuck);
	else
	{
		end_pause(&pipeline->stuck);
	}
}

/*
 * The common transaction failed.  What waits at the barrier has not been let
 * through, so it was not done; what is finished is recorded one by one.
 */
static void
settle(BrimPipeline *pipeline)
{
	BrimPipelineSlot *slots[BRIM_PIPELINE_MAX_SLOTS];
	int               n = brim_slots_in(pipeline, BRIM_SLOT_AT_BARRIER, slots);

	for (int i = 0; i < n; i++)
		brim_slots_give_back(pipeline, slots[i], "the barrier could not be committed");
	record_singly(pipeline, BRIM_SLOT_FINISHED);
}

/* The extension is gone, and the rows with it. */
static void
forget_all(BrimPipeline *pipeline)
{
	for (int i = 0; i < pipeline->nslots; i++)
		if (brim_slots_at(pipeline, i)->state != BRIM_SLOT_FREE)
			brim_slots_clear(pipeline, brim_slots_at(pipeline, i));
	pipeline->look = false;
	pipeline->look_at = brim_process_in(BRIM_RECHECK_MS);
	brim_shared_set_state(BRIM_WORKER_NO_EXTENSION);
}

/* Run a transaction and go on with what it allows; false when the extension is gone. */
static bool
transact(BrimTransaction *txn)
{
	BrimPipeline *pipeline = txn->pipeline;

	if (!brim_process_try(brim_transaction_run, txn))
	{
		settle(pipeline);
		pipeline->look = pipeline->may_have_forgotten = true;
		lengthen(&pipeline->claims);
		*txn = (BrimTransaction){.pipeline = pipeline, .installed = true};
	}
	else if (txn->max > 0)
	{
		end_pause(&pipeline->claims);
	}
	if (!txn->installed)
	{
		forget_all(pipeline);
		return false;
	}
	/* what was committed and cannot be taken up is left to the process after this one */
	if (!brim_process_try(go_on, txn))
		brim_process_stop();
	return true;
}

/* Take every slot as far as it goes; true when a transaction has work to do. */
static bool
drive(BrimPipeline *pipeline)
{
	bool work = false;

	for (int i = 0; i < pipeline->nslots; i++)
	{
		BrimPipelineSlot *slot = brim_slots_at(pipeline, i);

		if (slot->state == BRIM_SLOT_UNDER_WAY || slot->state == BRIM_SLOT_COMMITTED)
			pipeline->ops->drive(pipeline, slot);
		work |= slot->state == BRIM_SLOT_AT_BARRIER || slot->state == BRIM_SLOT_FINISHED;
	}
	return work;
}

static bool
needs_service(BrimPipeline *pipeline)
{
	return pipeline->ops->needs_service == NULL || pipeline->ops->needs_service(pipeline);
}

/* How many rows may be claimed now. */
static int
room(BrimPipeline *pipeline, const BrimBreakerState *breaker)
{
	const bool is_probe = needs_service(pipeline) && breaker->faults > 0;
	int        vacant =
		brim_slots_count(pipeline, BRIM_SLOT_FREE) + brim_slots_count(pipeline, BRIM_SLOT_FINISHED);
	int used = pipeline->nslots - vacant - brim_slots_count(pipeline, BRIM_SLOT_STUCK);

	if (!pipeline->ops->is_on(pipeline) || brim_process_is_stopping() ||
		!brim_poison_may_claim(pipeline))
		return 0;
	if (needs_service(pipeline) && !breaker->may_try)
		return 0;
	for (int i = 0; i < pipeline->nslots; i++)
	{
		const BrimPipelineSlot *slot = brim_slots_at(pipeline, i);

		if (brim_slots_is_alone(slot) || (is_probe && slot->is_probe && brim_slots_is_busy(slot)))
			return 0;
	}
	return Max(Min(pipeline->ops->room(pipeline, used, vacant, is_probe), vacant), 0);
}

/* How long to sleep, when there is nothing that can be done now. */
static long
sleep_for(BrimPipeline *pipeline, const BrimBreakerState *breaker)
{
	long sleep_ms = BRIM_FOREVER;

	if (pipeline->ops->is_on(pipeline))
		sleep_ms = brim_process_until(pipeline->look_at);
	for (int i = 0; i < pipeline->nslots; i++)
		if (brim_slots_is_alone(brim_slots_at(pipeline, i)))
			sleep_ms = brim_process_sooner(
				sleep_ms, brim_process_clock_until(brim_slots_at(pipeline, i)->alone_until));
	if (pipeline->ops->wakes_in != NULL)
		sleep_ms = brim_process_sooner(sleep_ms, pipeline->ops->wakes_in(pipeline));
	sleep_ms = brim_process_sooner(sleep_ms, left_of(breaker->open_until));
	sleep_ms = brim_process_sooner(sleep_ms, left_of(pipeline->claims.until));
	return brim_process_sooner(sleep_ms, left_of(pipeline->stuck.until));
}

static long
turn(void *self, bool woken)
{
	BrimPipeline    *pipeline = self;
	const char      *service = pipeline->service->name;
	BrimTransaction  txn = {.pipeline = pipeline};
	BrimBreakerState breaker;
	bool             paused = pauses(&pipeline->claims);
	bool             work;

	if (woken || brim_process_until(pipeline->look_at) == 0)
	{
		pipeline->look = pipeline->cursor.has_news = true;
		pipeline->look_at = DT_NOEND; /* its time has come, even if there is no room now */
	}
	if (pipeline->ops->prepare != NULL)
		pipeline->ops->prepare(pipeline);
	if (pipeline->stuck.until != 0 && !pauses(&pipeline->stuck))
		record_singly(pipeline, BRIM_SLOT_STUCK);
	brim_slots_start(pipeline);
	work = drive(pipeline);
	brim_breaker_read(service, &breaker);
	if (pipeline->look && !paused)
		txn.max = room(pipeline, &breaker);
	txn.is_probe = breaker.faults > 0;
	txn.reports = pipeline->service->is_new && !paused;
	if (work || txn.max > 0 || txn.reports)
	{
		if (!transact(&txn))
			return BRIM_RECHECK_MS;
		if (drive(pipeline))
			return 0;
	}
	if (pipeline->ops->barrier != NULL)
		brim_process_hold_stop(brim_slots_count(pipeline, BRIM_SLOT_COMMITTED) > 0);
	if (brim_slots_busy(pipeline, true) == 0)
		brim_breaker_drop_probe(service);
	brim_breaker_read(service, &breaker);
	if (brim_slots_busy(pipeline, true) == 0 && room(pipeline, &breaker) == 0)
		brim_poison_yield(pipeline);
	if (pipeline->look && room(pipeline, &breaker) > 0 && !pauses(&pipeline->claims))
		return 0;
	return sleep_for(pipeline, &breaker);
}

/*
 * What has not passed the barrier goes back to the queue; what has is waited
 * for by the loop as long as it may.
 */
static bool
stop(void *self)
{
	BrimPipeline   *pipeline = self;
	BrimTransaction txn = {.pipeline = pipeline};

	(void) drive(pipeline);
	for (int i = 0; i < pipeline->nslots; i++)
	{
		BrimPipelineSlot *slot = brim_slots_at(pipeline, i);

		if (slot->state == BRIM_SLOT_CLAIMED || slot->state == BRIM_SLOT_UNDER_WAY ||
			slot->state == BRIM_SLOT_AT_BARRIER)
			brim_slots_give_back(pipeline, slot, "the worker stops");
	}
	if (brim_slots_count(pipeline, BRIM_SLOT_STUCK) > 0)
		record_singly(pipeline, BRIM_SLOT_STUCK);
	if (brim_slots_count(pipeline, BRIM_SLOT_FINISHED) > 0)
	{
		if (!brim_process_try(brim_transaction_run, &txn))
			settle(pipeline);
		else if (txn.installed)
			(void) brim_process_try(go_on, &txn);
	}
	return brim_slots_count(pipeline, BRIM_SLOT_COMMITTED) == 0;
}

const BrimJobOps brim_pipeline_job = {
	.reload = reload,
	.turn = turn,
	.stop = stop,
	.busy = brim_slots_busy,
	.is_failing = is_failing,
};
