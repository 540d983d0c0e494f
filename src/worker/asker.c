/*-------------------------------------------------------------------------
 *
 * asker.c
 *	  What the two jobs that ask Gemini have in common; see asker.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/asker.h"
#include "worker/recovery.h"
#include "worker/writer.h"

void
brim_asker_reload(BrimAsker *asker)
{
	asker->look = true;
	brim_backoff_clear(&asker->claims);
}

int
brim_asker_count(const BrimAsker *asker, BrimAskState state)
{
	int n = 0;

	for (int i = 0; i < asker->kind->nslots; i++)
		if (asker->kind->slot(i)->state == state)
			n++;
	return n;
}

bool
brim_asker_is_meant(const BrimAskTransaction *txn, const BrimAskSlot *slot)
{
	return txn->only == NULL ? slot->state == SLOT_FINISHED : slot == txn->only;
}

/* Does a suspect have the worker to itself?  Not for long if it only hangs. */
static bool
is_alone(const BrimAskSlot *slot)
{
	return slot->alone_until != 0 && slot->state != SLOT_FINISHED && slot->state != SLOT_STUCK &&
		   brim_process_clock_until(slot->alone_until) > 0;
}

/* A suspect that hangs does not count. */
int
brim_asker_in_hand(const BrimAsker *asker, bool finished)
{
	int n = 0;

	for (int i = 0; i < asker->kind->nslots; i++)
	{
		const BrimAskSlot *slot = asker->kind->slot(i);

		if (slot->state == SLOT_FINISHED)
			n += finished;
		else if (slot->state != SLOT_FREE && slot->state != SLOT_STUCK)
			n += slot->alone_until == 0 || is_alone(slot);
	}
	return n;
}

bool
brim_asker_is_failing(const BrimAsker *asker)
{
	return brim_backoff_left(&asker->claims) != BRIM_FOREVER ||
		   brim_backoff_left(&asker->stuck) != BRIM_FOREVER;
}

/* Inside a transaction: claim what there is room for. */
static void
claim_in(BrimAskTransaction *txn, MemoryContext parent)
{
	const BrimAskKind *kind = txn->asker->kind;
	BrimNode           node;
	BrimClaim          what = {.max = txn->max};
	bool               blocked = false;

	if (!brim_recovery_may_work(&node))
		return;
	if (txn->asker->may_have_forgotten)
		kind->release_forgotten();
	if (!brim_breaker_take_probe(kind->service))
	{
		txn->walk.more = true; /* when the breaker lets us */
		return;
	}
	what.token = brim_process_token;
	what.number = brim_process_number;
	what.node_id = node.node_id;
	txn->context = AllocSetContextCreate(parent, "brim requests", ALLOCSET_SMALL_SIZES);
	(void) brim_walk_claim(&txn->walk, txn->asker->job, &kind->queue, &what, txn);
	if (!txn->walk.more)
		txn->look_at = kind->next_due(&blocked);
	if (blocked)
		txn->look_at = Min(txn->look_at, brim_process_in(BRIM_RECHECK_MS));
}

/*
 * Record finished slots and claim for free ones, in one transaction.  Nothing
 * else changes, so an error leaves the job as it was.
 */
static void
run_transaction(void *arg)
{
	BrimAskTransaction *txn = arg;
	MemoryContext       parent = CurrentMemoryContext;

	txn->look_at = DT_NOEND;
	txn->walk.cursor = txn->asker->cursor;
	txn->installed = brim_txn_begin(txn->asker->kind->activity);
	if (!txn->installed)
		return;
	txn->asker->kind->record(txn);
	if (txn->max > 0)
		claim_in(txn, parent);
	if (txn->reports)
		brim_writer_write(txn->asker->kind->service);
	brim_txn_commit();
	if (txn->reports)
		brim_writer_written(txn->asker->kind->service);
}

/* After the commit: recorded slots are free, and what they hold goes. */
static void
release_finished(BrimAsker *asker, BrimAskSlot *only)
{
	for (int i = 0; i < asker->kind->nslots; i++)
	{
		BrimAskSlot *slot = asker->kind->slot(i);

		if (only == NULL ? slot->state != SLOT_FINISHED : only != slot)
			continue;
		asker->kind->ended(slot);
		asker->kind->clear(slot);
		brim_walk_ended(asker->job);
	}
}

/* The extension is gone, and the rows with it. */
static void
forget_all(BrimAsker *asker)
{
	for (int i = 0; i < asker->kind->nslots; i++)
		if (asker->kind->slot(i)->state != SLOT_FREE)
			asker->kind->clear(asker->kind->slot(i));
	asker->look = false;
	asker->look_at = brim_process_in(BRIM_RECHECK_MS);
	brim_shared_set_state(BRIM_WORKER_NO_EXTENSION);
}

/*
 * Record slots of a state, each in a transaction of its own.  One that fails
 * ends in a simpler way each time; in the end it is stuck and stops nobody.
 */
static void
record_singly(BrimAsker *asker, BrimAskState state)
{
	for (int i = 0; i < asker->kind->nslots; i++)
	{
		BrimAskSlot *slot = asker->kind->slot(i);

		if (slot->state != state)
			continue;
		for (slot->state = SLOT_FINISHED; slot->state == SLOT_FINISHED;)
		{
			BrimAskTransaction txn = {.asker = asker, .only = slot};

			if (brim_process_try(run_transaction, &txn))
			{
				release_finished(asker, slot);
				break;
			}
			if (brim_process_error_passes())
			{
				slot->state = SLOT_STUCK; /* and keeps its result */
				break;
			}
			slot->failures++;
			if (slot->failures > 2)
				slot->state = SLOT_STUCK;
			asker->kind->simplify(slot);
		}
	}
	if (brim_asker_count(asker, SLOT_STUCK) > 0)
		brim_backoff_failed(&asker->stuck);
	else
		brim_backoff_clear(&asker->stuck);
}

/* How many rows may be claimed now. */
static int
room(const BrimAsker *asker, const BrimBreakerState *breaker)
{
	int  vacant = brim_asker_count(asker, SLOT_FREE) + brim_asker_count(asker, SLOT_FINISHED);
	int  used = asker->kind->nslots - vacant - brim_asker_count(asker, SLOT_STUCK);
	bool asks = brim_writer_state() == BRIM_WRITER_GEMINI;

	if (!asker->kind->is_on() || brim_process_is_stopping() || !brim_walk_may_claim(asker->job))
		return 0;
	if (asks && !breaker->may_try)
		return 0;
	for (int i = 0; i < asker->kind->nslots; i++)
		if (is_alone(asker->kind->slot(i)))
			return 0;
	return Max(asker->kind->room(used, vacant, asks && breaker->faults > 0), 0);
}

static void
start_claimed(BrimAsker *asker)
{
	for (int i = 0; i < asker->kind->nslots; i++)
		if (asker->kind->slot(i)->state == SLOT_CLAIMED)
			asker->kind->start(asker->kind->slot(i));
}

/* What the commit of a transaction allows. */
static void
go_on(void *arg)
{
	BrimAskTransaction *txn = arg;
	BrimAsker          *asker = txn->asker;

	release_finished(asker, NULL);
	if (txn->max > 0)
	{
		asker->look = txn->walk.more;
		asker->look_at = txn->look_at;
		asker->cursor = txn->walk.cursor;
		asker->may_have_forgotten = false;
		brim_walk_settle(asker->job, &asker->cursor);
	}
	if (txn->context != NULL)
	{
		BrimBatch *batch = brim_batch_adopt(txn->context);

		asker->kind->adopt(txn, batch);
		brim_batch_drop(batch);
		brim_shared_count(BRIM_COUNT_CLAIMED, txn->nrows);
		for (int i = 0; i < asker->kind->nslots; i++)
			if (asker->kind->slot(i)->state == SLOT_CLAIMED)
				asker->kind->slot(i)->alone_until =
					txn->walk.alone ? brim_process_clock() + BRIM_ALONE_MS : 0;
	}
	start_claimed(asker);
}

/*
 * Record what is finished and claim for what is free, and go on with what that
 * allows.  False when the extension is gone.
 */
static bool
transact(BrimAskTransaction *txn)
{
	BrimAsker *asker = txn->asker;

	if (!brim_process_try(run_transaction, txn))
	{
		asker->look = asker->may_have_forgotten = true;
		record_singly(asker, SLOT_FINISHED);
		brim_backoff_failed(&asker->claims);
		*txn = (BrimAskTransaction){.asker = asker, .installed = true};
	}
	else if (txn->max > 0)
		brim_backoff_clear(&asker->claims);
	if (!txn->installed)
	{
		forget_all(asker);
		return false;
	}
	if (!brim_process_try(go_on, txn))
		brim_process_stop();
	return true;
}

/* How long to sleep, when there is nothing that can be done now. */
static long
sleep_for(const BrimAsker *asker, const BrimBreakerState *breaker)
{
	long sleep_ms = BRIM_FOREVER;

	if (asker->kind->is_on())
		sleep_ms = brim_process_until(asker->look_at);
	for (int i = 0; i < asker->kind->nslots; i++)
		if (is_alone(asker->kind->slot(i)))
			sleep_ms = brim_process_sooner(
				sleep_ms, brim_process_clock_until(asker->kind->slot(i)->alone_until));
	sleep_ms = brim_process_sooner(sleep_ms, brim_writer_left());
	if (breaker->open_until != 0)
		sleep_ms = brim_process_sooner(sleep_ms, brim_process_until(breaker->open_until));
	sleep_ms = brim_process_sooner(sleep_ms, brim_backoff_left(&asker->claims));
	return brim_process_sooner(sleep_ms, brim_backoff_left(&asker->stuck));
}

long
brim_asker_turn(BrimAsker *asker, bool woken)
{
	BrimAskTransaction txn = {.asker = asker};
	BrimBreakerState   breaker;
	bool               pauses = brim_backoff_pauses(&asker->claims);

	if (woken || (asker->look_at != DT_NOEND && brim_process_until(asker->look_at) == 0))
	{
		asker->look = asker->cursor.has_news = true;
		asker->look_at = DT_NOEND; /* its time has come, even if there is no room now */
	}
	if (asker->stuck.until != 0 && !brim_backoff_pauses(&asker->stuck))
		record_singly(asker, SLOT_STUCK);
	brim_writer_mind();
	for (int i = 0; i < asker->kind->nslots; i++)
		if (asker->kind->slot(i)->state == SLOT_WAITING &&
			brim_http_is_done(asker->kind->slot(i)->http))
			asker->kind->interpret(asker->kind->slot(i));
	start_claimed(asker);

	brim_breaker_read(asker->kind->service, &breaker);
	if (asker->look && !pauses)
		txn.max = room(asker, &breaker);
	txn.reports = brim_writer_has_news(asker->kind->service) && !pauses;
	if (txn.max > 0 || brim_asker_count(asker, SLOT_FINISHED) > 0 || txn.reports)
	{
		if (!transact(&txn))
			return BRIM_RECHECK_MS;
	}
	if (brim_asker_in_hand(asker, true) == 0)
		brim_breaker_drop_probe(asker->kind->service);
	brim_breaker_read(asker->kind->service, &breaker);
	if (brim_asker_in_hand(asker, true) == 0 && room(asker, &breaker) == 0)
		brim_walk_yield(asker->job);
	if (brim_asker_count(asker, SLOT_FINISHED) > 0 ||
		(asker->look && room(asker, &breaker) > 0 && !brim_backoff_pauses(&asker->claims)))
		return 0;
	return sleep_for(asker, &breaker);
}

/* Requests under way are dropped; they may be billed, their rows go back. */
bool
brim_asker_stop(BrimAsker *asker)
{
	BrimAskTransaction txn = {.asker = asker};

	for (int i = 0; i < asker->kind->nslots; i++)
	{
		BrimAskSlot *slot = asker->kind->slot(i);

		if (slot->state == SLOT_CLAIMED || slot->state == SLOT_WAITING)
			asker->kind->give_back(slot);
	}
	if (brim_asker_count(asker, SLOT_FINISHED) > 0 && brim_process_try(run_transaction, &txn))
		release_finished(asker, NULL);
	return true;
}
