/*-------------------------------------------------------------------------
 *
 * deliver.c
 *	  The job that sends: claims in score order, has a transport carry each
 *	  e-mail to the barrier, commits the barrier, lets the last word be said,
 *	  records what became of it.
 *
 * A slot is one delivery in hand.  One transaction a turn records finished
 * slots, takes waiting ones through the barrier and claims for free ones, so
 * that many connections share a commit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/deliver_slots.h"
#include "worker/jobs.h"

BrimDeliver brim_deliver = {
	.transport = &brim_outbox_transport,
	.report = {.component = "relay"},
	.look = true,
	.look_at = DT_NOEND,
};

/* Does a suspect have the worker to itself?  Not for long if it only hangs. */
static bool
is_alone(const BrimDeliverSlot *slot)
{
	return slot->alone_until != 0 && slot->state != SLOT_FINISHED && slot->state != SLOT_STUCK &&
		   brim_process_clock_until(slot->alone_until) > 0;
}

/* A suspect that hangs does not count. */
static int
in_hand(void *self, bool finished)
{
	int n = 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		const BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state == SLOT_FINISHED)
			n += finished;
		else if (slot->state != SLOT_FREE && slot->state != SLOT_STUCK)
			n += slot->alone_until == 0 || is_alone(slot);
	}
	return n;
}

/* No e-mail is with a transport. */
static bool
is_at_rest(void)
{
	return brim_deliver_count(SLOT_FREE) + brim_deliver_count(SLOT_STUCK) == BRIM_DELIVER_SLOTS;
}

static void
reload(void)
{
	const BrimTransport *wanted =
		*brim_smtp_url != '\0' ? &brim_relay_transport : &brim_outbox_transport;
	char            *problem = *brim_smtp_url != '\0' ? brim_relay_reload() : NULL;
	BrimBreakerState breaker;

	/* e-mails at hand end on the connection they began with, later ones get a new one */
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		brim_deliver.slots[i].is_stale = brim_deliver.slots[i].state != SLOT_FREE;
		if (brim_deliver.slots[i].state == SLOT_FREE &&
			brim_deliver.slots[i].delivery.transport != NULL)
			brim_deliver.transport->abandon(&brim_deliver.slots[i].delivery);
	}
	if (is_at_rest())
		brim_deliver.transport = wanted;
	brim_deliver.is_misconfigured = problem != NULL;
	brim_deliver.look = true;
	brim_backoff_clear(&brim_deliver.claims);
	brim_breaker_read(BRIM_SERVICE_RELAY, &breaker);
	if (problem != NULL)
		brim_report_set(&brim_deliver.report, "fault", problem);
	else if (breaker.faults == 0)
		brim_deliver_report_working();
}

/* Does the transport fit the settings?  It changes only when nothing is at hand. */
static bool
transport_is_current(void)
{
	return brim_deliver.transport ==
		   (*brim_smtp_url != '\0' ? &brim_relay_transport : &brim_outbox_transport);
}

/* After the commit: the claimed e-mails get slots. */
static void
adopt(BrimDeliverTransaction *txn)
{
	BrimBatch *batch;
	int        next = 0;

	if (txn->begins_batch && txn->nemails > 0)
		brim_deliver.batch_left = brim_batch_size;
	if (brim_send_interval > 0)
		brim_deliver.batch_left = Max(brim_deliver.batch_left - txn->nemails, 0);
	if (txn->context == NULL)
		return;
	batch = brim_batch_adopt(txn->context);
	for (int i = 0; i < BRIM_DELIVER_SLOTS && next < txn->nemails; i++)
	{
		BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state != SLOT_FREE)
			continue;
		slot->batch = batch;
		slot->is_probe = txn->is_probe;
		slot->alone_until = txn->walk.alone ? brim_process_clock() + BRIM_ALONE_MS : 0;
		brim_batch_keep(batch);
		slot->delivery.email = txn->emails[next++];
		brim_deliver_start(slot);
	}
	Assert(next == txn->nemails);
	brim_batch_drop(batch);
	brim_shared_count(BRIM_COUNT_CLAIMED, next);
}

/* The extension is gone, and the rows with it. */
static void
forget_all(void)
{
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		if (brim_deliver.slots[i].state == SLOT_FREE)
			continue;
		brim_deliver.transport->abandon(&brim_deliver.slots[i].delivery);
		brim_deliver_free(&brim_deliver.slots[i]);
	}
	brim_deliver.look = false;
	brim_deliver.look_at = brim_process_in(BRIM_RECHECK_MS);
	brim_shared_set_state(BRIM_WORKER_NO_EXTENSION);
}

/*
 * Record slots of a state, each in a transaction of its own.  One that fails
 * is stuck: it keeps its result, but not its connection, and stops nobody.
 */
static void
record_singly(BrimDeliverState state)
{
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDeliverSlot       *slot = &brim_deliver.slots[i];
		BrimDeliverTransaction txn = {.only = slot};

		if (slot->state != state)
			continue;
		if (brim_process_try(brim_deliver_transact, &txn))
		{
			brim_deliver_release(slot);
			continue;
		}
		brim_deliver.transport->abandon(&slot->delivery);
		slot->state = SLOT_STUCK;
		if (brim_process_error_passes())
			continue;
		slot->delivery.result.reply[0] = '\0';
		brim_error_set(&slot->delivery.result.fault, "the server's reply could not be stored");
	}
	if (brim_deliver_count(SLOT_STUCK) > 0)
		brim_backoff_failed(&brim_deliver.stuck);
	else
		brim_backoff_clear(&brim_deliver.stuck);
}

/*
 * The common transaction failed.  What waits at the barrier has not been let
 * through, so it is not delivered; what is finished is recorded one by one.
 */
static void
settle(void)
{
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state != SLOT_AT_BARRIER)
			continue;
		brim_deliver.transport->abandon(&slot->delivery);
		brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY,
						  "the barrier could not be committed");
		slot->state = SLOT_FINISHED;
		slot->granted = false;
	}
	record_singly(SLOT_FINISHED);
}

static bool
is_failing(void)
{
	return brim_backoff_left(&brim_deliver.claims) != BRIM_FOREVER ||
		   brim_backoff_left(&brim_deliver.stuck) != BRIM_FOREVER;
}

/* How many e-mails may be claimed now. */
static int
room(const BrimBreakerState *breaker)
{
	int limit = brim_deliver.transport == &brim_relay_transport
					? Min(brim_smtp_connections, BRIM_DELIVER_SLOTS)
					: 16;
	int vacant = brim_deliver_count(SLOT_FREE) + brim_deliver_count(SLOT_FINISHED);
	int used = BRIM_DELIVER_SLOTS - vacant - brim_deliver_count(SLOT_STUCK);
	int probes = 0;

	if (!brim_send || brim_deliver.is_misconfigured || brim_process_is_stopping() ||
		!breaker->may_try)
		return 0;
	if (!transport_is_current() || !brim_walk_may_claim(&brim_deliver_job))
		return 0;
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		const BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (is_alone(slot))
			return 0;
		if (slot->is_probe && slot->state != SLOT_FINISHED && slot->state != SLOT_STUCK)
			probes++;
	}
	/* what hangs from before the fault is no probe, and takes no probe's place */
	if (breaker->faults > 0)
		return probes == 0 && vacant > 0 && used < limit ? 1 : 0;
	return Max(Min(limit - used, vacant), 0);
}

/* What the commit of a transaction allows. */
static void
go_on(void *arg)
{
	BrimDeliverTransaction *txn = arg;

	BRIM_FAULT("committed");
	brim_deliver_release(NULL);
	brim_deliver_pass_barrier(txn->is_unconfirmed);
	BRIM_FAULT("barrier_passed");
	if (txn->max > 0)
	{
		brim_deliver.look = txn->walk.more;
		brim_deliver.look_at = txn->look_at;
		brim_deliver.cursor = txn->walk.cursor;
		brim_deliver.may_have_forgotten = false;
		brim_walk_settle(&brim_deliver_job, &brim_deliver.cursor);
	}
	adopt(txn);
	BRIM_FAULT("adopted");
}

/*
 * Record, take through the barrier and claim in one transaction, and go on
 * with what that allows.  False when the extension is gone.
 */
static bool
transact(BrimDeliverTransaction *txn)
{
	if (!brim_process_try(brim_deliver_transact, txn))
	{
		settle();
		brim_deliver.look = brim_deliver.may_have_forgotten = true;
		brim_backoff_failed(&brim_deliver.claims);
		*txn = (BrimDeliverTransaction){.installed = true};
	}
	else if (txn->max > 0)
		brim_backoff_clear(&brim_deliver.claims);
	if (!txn->installed)
	{
		forget_all();
		return false;
	}
	if (!brim_process_try(go_on, txn))
		brim_process_stop();
	return true;
}

/* How long nothing has to be done unless something happens. */
static long
sleep_time(const BrimBreakerState *breaker)
{
	long sleep_ms = BRIM_FOREVER;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDelivery *delivery = &brim_deliver.slots[i].delivery;

		if (brim_deliver.slots[i].state == SLOT_FREE && delivery->transport != NULL)
			brim_deliver.transport->rest(delivery);
		if (delivery->transport != NULL)
			sleep_ms = brim_process_sooner(
				sleep_ms, brim_process_steady_until(brim_deliver.transport->deadline(delivery)));
	}
	if (brim_send && !brim_deliver.is_misconfigured)
		sleep_ms = brim_process_sooner(sleep_ms, brim_process_until(brim_deliver.look_at));
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
		if (is_alone(&brim_deliver.slots[i]))
			sleep_ms = brim_process_sooner(
				sleep_ms, brim_process_clock_until(brim_deliver.slots[i].alone_until));
	if (breaker->open_until != 0)
		sleep_ms = brim_process_sooner(sleep_ms, brim_process_until(breaker->open_until));
	sleep_ms = brim_process_sooner(sleep_ms, brim_backoff_left(&brim_deliver.claims));
	return brim_process_sooner(sleep_ms, brim_backoff_left(&brim_deliver.stuck));
}

static long
turn(bool woken)
{
	BrimDeliverTransaction txn = {0};
	BrimBreakerState       breaker;
	bool                   pauses = brim_backoff_pauses(&brim_deliver.claims);
	bool                   work;

	if (woken ||
		(brim_deliver.look_at != DT_NOEND && brim_process_until(brim_deliver.look_at) == 0))
	{
		brim_deliver.look = brim_deliver.cursor.has_news = true;
		brim_deliver.look_at = DT_NOEND; /* its time has come, even if there is no room now */
	}
	if (!transport_is_current() && is_at_rest())
		reload();

	if (brim_deliver.stuck.until != 0 && !brim_backoff_pauses(&brim_deliver.stuck))
		record_singly(SLOT_STUCK);
	work = brim_deliver_drive();
	brim_breaker_read(BRIM_SERVICE_RELAY, &breaker);
	txn.max = brim_deliver.look && !pauses ? room(&breaker) : 0;
	txn.is_probe = breaker.faults > 0;
	txn.reports = brim_deliver.report.is_new && !pauses;
	if (work || txn.max > 0 || txn.reports)
	{
		if (!transact(&txn))
			return BRIM_RECHECK_MS;
		if (brim_deliver_drive())
			return 0;
	}
	brim_process_hold_stop(brim_deliver_count(SLOT_COMMITTED) > 0);
	if (in_hand(NULL, true) == 0)
		brim_breaker_drop_probe(BRIM_SERVICE_RELAY);
	brim_breaker_read(BRIM_SERVICE_RELAY, &breaker);
	if (in_hand(NULL, true) == 0 && room(&breaker) == 0)
		brim_walk_yield(&brim_deliver_job);
	if (brim_deliver.look && room(&breaker) > 0 && !brim_backoff_pauses(&brim_deliver.claims))
		return 0;
	return sleep_time(&breaker);
}

/*
 * What has not passed the barrier goes back to the queue; what has is waited
 * for by the loop as long as it may.
 */
static bool
stop(void)
{
	BrimDeliverTransaction txn = {0};

	(void) brim_deliver_drive();
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state == SLOT_SENDING || slot->state == SLOT_AT_BARRIER)
		{
			brim_deliver.transport->abandon(&slot->delivery);
			brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY,
							  "the worker stops");
			slot->state = SLOT_FINISHED;
			slot->granted = false;
		}
	}
	if (brim_deliver_count(SLOT_STUCK) > 0)
		record_singly(SLOT_STUCK);
	if (brim_deliver_count(SLOT_FINISHED) > 0)
	{
		if (brim_process_try(brim_deliver_transact, &txn))
			brim_deliver_release(NULL);
		else
			settle();
	}
	return brim_deliver_count(SLOT_COMMITTED) == 0;
}

BrimJob brim_deliver_job = {.name = "deliver",
							.reload = reload,
							.turn = turn,
							.stop = stop,
							.in_hand = in_hand,
							.is_failing = is_failing};
