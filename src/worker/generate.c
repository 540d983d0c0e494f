/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  The job that has e-mails written: one request a company drafts all
 *	  variants; without a key, or when the model cannot, templates do.
 *
 * A slot is one generation in hand: claimed, then either waiting for its HTTP
 * request or finished and waiting to be recorded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "db/breaker.h"
#include "db/faults.h"
#include "db/settings.h"
#include "db/shared.h"
#include "worker/generate_slots.h"
#include "worker/jobs.h"

#define TEMPLATE_SLOTS 32 /* jobs at once when no request is needed */

BrimGenerate brim_generating = {
	.report = {.component = "generator"},
	.look = true,
	.look_at = DT_NOEND,
};

static void
reload(void)
{
	char *problem;

	brim_generating.key_at = 0;
	brim_generating.look = true;
	brim_backoff_clear(&brim_generating.claims);
	switch (brim_generate_read_key(&problem))
	{
		case BRIM_WRITER_TEMPLATES:
			brim_report_set(
				&brim_generating.report, "templates",
				"no brim.gemini_api_key_file is set: e-mails are written from templates");
			break;
		case BRIM_WRITER_GEMINI:
			brim_report_set(&brim_generating.report, "ok", "");
			break;
		case BRIM_WRITER_FAULT:
			brim_report_set(&brim_generating.report, "fault", problem);
			brim_generating.key_at = TimestampTzPlusMilliseconds(
				GetCurrentTimestamp(), BRIM_CONFIG_PAUSE_S * INT64CONST(1000));
			break;
	}
}

static int
count_slots(BrimGenerateState state)
{
	int n = 0;

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == state)
			n++;
	return n;
}

/* Does a suspect have the worker to itself?  Not for long if it only hangs. */
static bool
is_alone(const BrimGenerateSlot *slot)
{
	return slot->alone_until != 0 && slot->state != SLOT_FINISHED && slot->state != SLOT_STUCK &&
		   brim_worker_clock_until(slot->alone_until) > 0;
}

/* A suspect that hangs does not count. */
static int
in_hand(bool finished)
{
	int n = 0;

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
	{
		const BrimGenerateSlot *slot = &brim_generating.slots[i];

		if (slot->state == SLOT_FINISHED)
			n += finished;
		else if (slot->state != SLOT_FREE && slot->state != SLOT_STUCK)
			n += slot->alone_until == 0 || is_alone(slot);
	}
	return n;
}

/* After the commit: recorded slots are free, their drafts too. */
static void
release_finished(BrimGenerateSlot *only)
{
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
	{
		if (only == NULL ? brim_generating.slots[i].state != SLOT_FINISHED
						 : only != &brim_generating.slots[i])
			continue;
		if (brim_generating.slots[i].finish == FINISH_DRAFTED ||
			brim_generating.slots[i].finish == FINISH_TEMPLATE)
		{
			brim_worker_wake(); /* there may be e-mails to send */
			brim_shared_wake_others();
		}
		else
			brim_generating.look = true; /* it is due again some time */
		brim_generate_free(&brim_generating.slots[i]);
		brim_walk_ended(&brim_generate_job);
	}
}

/* After the commit: the claimed jobs get slots. */
static void
adopt(BrimGenerateTransaction *txn)
{
	BrimBatch *batch;
	int        next = 0;

	if (txn->context == NULL)
		return;
	batch = brim_batch_adopt(txn->context);
	for (int i = 0; i < BRIM_GENERATE_SLOTS && next < txn->njobs; i++)
	{
		if (brim_generating.slots[i].state != SLOT_FREE)
			continue;
		brim_generating.slots[i].state = SLOT_CLAIMED;
		brim_generating.slots[i].alone_until =
			txn->walk.alone ? brim_worker_clock() + BRIM_ALONE_MS : 0;
		brim_generating.slots[i].job = txn->jobs[next++];
		brim_generating.slots[i].job.request.variants = brim_generating.slots[i].job.variants;
		brim_generating.slots[i].batch = batch;
		brim_batch_keep(batch);
	}
	brim_batch_drop(batch);
	brim_shared_count(BRIM_COUNT_CLAIMED, next);
}

/* The extension is gone, and the jobs with it. */
static void
forget_all(void)
{
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state != SLOT_FREE)
			brim_generate_free(&brim_generating.slots[i]);
	brim_generating.look = false;
	brim_generating.look_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BRIM_RECHECK_MS);
	brim_shared_set_state(BRIM_WORKER_NO_EXTENSION);
}

/*
 * Record slots of a state, each in a transaction of its own.  One that fails
 * ends in a simpler way each time; in the end it is stuck and stops nobody.
 */
static void
record_singly(BrimGenerateState state)
{
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
	{
		BrimGenerateSlot *slot = &brim_generating.slots[i];

		if (slot->state != state)
			continue;
		for (slot->state = SLOT_FINISHED; slot->state == SLOT_FINISHED;)
		{
			BrimGenerateTransaction txn = {.only = slot};

			if (brim_worker_try(brim_generate_transact, &txn))
			{
				release_finished(slot);
				break;
			}
			if (brim_worker_error_passes())
			{
				slot->state = SLOT_STUCK; /* and keeps its drafts */
				break;
			}
			slot->failures++;
			if (slot->failures > 2)
				slot->state = SLOT_STUCK;
			slot->finish = slot->failures == 1 ? FINISH_TEMPLATE : FINISH_FAIL;
			strlcpy(slot->error, "the drafts could not be stored; the server log says why",
					sizeof(slot->error));
		}
	}
	if (count_slots(SLOT_STUCK) > 0)
		brim_backoff_failed(&brim_generating.stuck);
	else
		brim_backoff_clear(&brim_generating.stuck);
}

static bool
is_failing(void)
{
	return brim_backoff_left(&brim_generating.claims) != BRIM_FOREVER ||
		   brim_backoff_left(&brim_generating.stuck) != BRIM_FOREVER;
}

/* How many jobs may be claimed now. */
static int
room(const BrimBreakerState *breaker)
{
	int limit = brim_generate_writer() == BRIM_WRITER_TEMPLATES
					? TEMPLATE_SLOTS
					: Min(brim_generate_connections, BRIM_GENERATE_SLOTS);
	int vacant = count_slots(SLOT_FREE) + count_slots(SLOT_FINISHED);
	int used = BRIM_GENERATE_SLOTS - vacant - count_slots(SLOT_STUCK);

	if (!brim_generate || brim_generate_writer() == BRIM_WRITER_FAULT ||
		brim_worker_is_stopping() || !brim_walk_may_claim(&brim_generate_job))
		return 0;
	if (brim_generate_writer() == BRIM_WRITER_GEMINI && !breaker->may_try)
		return 0;
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (is_alone(&brim_generating.slots[i]))
			return 0;
	if (brim_generate_writer() == BRIM_WRITER_GEMINI && breaker->faults > 0)
		limit = 1; /* a probe */
	return Max(Min(limit - used, vacant), 0);
}

/* What the commit of a transaction allows. */
static void
go_on(void *arg)
{
	BrimGenerateTransaction *txn = arg;

	BRIM_FAULT("generation_claimed");
	release_finished(NULL);
	if (txn->max > 0)
	{
		brim_generating.look = txn->walk.more;
		brim_generating.look_at = txn->look_at;
		brim_generating.cursor = txn->walk.cursor;
		brim_generating.may_have_forgotten = false;
		brim_walk_settle(&brim_generate_job, &brim_generating.cursor);
	}
	adopt(txn);
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == SLOT_CLAIMED)
			brim_generate_start(&brim_generating.slots[i]);
}

/*
 * Record what is finished and claim for what is free, and go on with what that
 * allows.  False when the extension is gone.
 */
static bool
transact(BrimGenerateTransaction *txn)
{
	if (!brim_worker_try(brim_generate_transact, txn))
	{
		brim_generating.look = brim_generating.may_have_forgotten = true;
		record_singly(SLOT_FINISHED);
		brim_backoff_failed(&brim_generating.claims);
		*txn = (BrimGenerateTransaction){.installed = true};
	}
	else if (txn->max > 0)
		brim_backoff_clear(&brim_generating.claims);
	if (!txn->installed)
	{
		forget_all();
		return false;
	}
	if (!brim_worker_try(go_on, txn))
		brim_worker_begin_anew();
	return true;
}

static long
turn(bool woken)
{
	BrimGenerateTransaction txn = {0};
	BrimBreakerState        breaker;
	bool                    pauses = brim_backoff_pauses(&brim_generating.claims);
	long                    sleep_ms = BRIM_FOREVER;

	if (woken ||
		(brim_generating.look_at != DT_NOEND && brim_worker_until(brim_generating.look_at) == 0))
	{
		brim_generating.look = brim_generating.cursor.has_news = true;
		brim_generating.look_at = DT_NOEND; /* its time has come, even if there is no room now */
	}
	if (brim_generating.stuck.until != 0 && !brim_backoff_pauses(&brim_generating.stuck))
		record_singly(SLOT_STUCK);
	if (brim_generating.key_at != 0 && brim_worker_until(brim_generating.key_at) == 0)
		reload();
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == SLOT_WAITING &&
			brim_http_is_done(brim_generating.slots[i].http))
			brim_generate_interpret(&brim_generating.slots[i]);

	brim_breaker_read(BRIM_SERVICE_WRITER, &breaker);
	if (brim_generating.look && !pauses)
		txn.max = room(&breaker);
	txn.reports = brim_generating.report.is_new && !pauses;
	if (txn.max > 0 || count_slots(SLOT_FINISHED) > 0 || txn.reports)
	{
		if (!transact(&txn))
			return BRIM_RECHECK_MS;
	}
	if (in_hand(true) == 0)
		brim_breaker_drop_probe(BRIM_SERVICE_WRITER);
	brim_breaker_read(BRIM_SERVICE_WRITER, &breaker);
	if (in_hand(true) == 0 && room(&breaker) == 0)
		brim_walk_yield(&brim_generate_job);
	if (count_slots(SLOT_FINISHED) > 0 || (brim_generating.look && room(&breaker) > 0 &&
										   !brim_backoff_pauses(&brim_generating.claims)))
		return 0;
	if (brim_generate && brim_generate_writer() != BRIM_WRITER_FAULT)
		sleep_ms = brim_worker_until(brim_generating.look_at);
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (is_alone(&brim_generating.slots[i]))
			sleep_ms = brim_worker_sooner(
				sleep_ms, brim_worker_clock_until(brim_generating.slots[i].alone_until));
	if (brim_generating.key_at != 0)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(brim_generating.key_at));
	if (breaker.open_until != 0)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(breaker.open_until));
	sleep_ms = brim_worker_sooner(sleep_ms, brim_backoff_left(&brim_generating.claims));
	return brim_worker_sooner(sleep_ms, brim_backoff_left(&brim_generating.stuck));
}

/* Requests under way are dropped; they may be billed, their jobs go back. */
static bool
stop(void)
{
	BrimGenerateTransaction txn = {0};

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == SLOT_CLAIMED ||
			brim_generating.slots[i].state == SLOT_WAITING)
			brim_generate_finish(&brim_generating.slots[i], FINISH_REQUEUE, false, 0, "");
	if (count_slots(SLOT_FINISHED) > 0 && brim_worker_try(brim_generate_transact, &txn))
		release_finished(NULL);
	return true;
}

BrimJob brim_generate_job = {.name = "generate",
							 .reload = reload,
							 .turn = turn,
							 .stop = stop,
							 .in_hand = in_hand,
							 .is_failing = is_failing};
