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

#include "core/retry.h"
#include "db/settings.h"
#include "db/shared.h"
#include "worker/deliver_queue.h"
#include "worker/jobs.h"

BrimDeliver brim_deliver = {
	.transport = &brim_outbox_transport,
	.report = {.component = "relay"},
	.look = true,
	.look_at = DT_NOEND,
};

static int
count_slots(BrimDeliverState state)
{
	int n = 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
		if (brim_deliver.slots[i].state == state)
			n++;
	return n;
}

/* No e-mail is with a transport. */
static bool
is_at_rest(void)
{
	return count_slots(SLOT_FREE) + count_slots(SLOT_STUCK) == BRIM_DELIVER_SLOTS;
}

/* All is well, as far as is known. */
static void
report_working(void)
{
	char detail[sizeof(brim_deliver.report.detail)];

	if (*brim_smtp_url != '\0')
	{
		brim_report_set(&brim_deliver.report, "ok", "");
		return;
	}
	snprintf(detail, sizeof(detail),
			 "no brim.smtp_url is set: messages are written to the directory \"%s\"",
			 brim_outbox_directory);
	brim_report_set(&brim_deliver.report, "outbox", detail);
}

static void
reload(void)
{
	const BrimTransport *wanted =
		*brim_smtp_url != '\0' ? &brim_relay_transport : &brim_outbox_transport;
	char *problem = *brim_smtp_url != '\0' ? brim_relay_reload() : NULL;

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
	brim_deliver.faults = 0;
	brim_deliver.open_until = 0;
	brim_deliver.look = true;
	brim_backoff_clear(&brim_deliver.claims);
	if (problem != NULL)
		brim_report_set(&brim_deliver.report, "fault", problem);
	else
		report_working();
}

/* Does the transport fit the settings?  It changes only when nothing is at hand. */
static bool
transport_is_current(void)
{
	return brim_deliver.transport ==
		   (*brim_smtp_url != '\0' ? &brim_relay_transport : &brim_outbox_transport);
}

static void
free_slot(BrimDeliverSlot *slot)
{
	void *line;

	if (slot->is_stale && slot->delivery.transport != NULL)
		brim_deliver.transport->abandon(&slot->delivery);
	line = slot->delivery.transport;
	brim_buf_free(&slot->delivery.message);
	brim_batch_drop(slot->batch);
	memset(slot, 0, sizeof(*slot));
	slot->delivery.transport = line; /* the connection stays */
}

/* The relay, not the e-mail, is at fault: claim nothing for a while. */
static void
relay_fault(const char *why)
{
	if (brim_deliver.open_until != 0)
		return; /* the same fault on another connection */
	brim_deliver.faults++;
	brim_deliver.open_until = TimestampTzPlusMilliseconds(
		GetCurrentTimestamp(),
		brim_retry_breaker(brim_deliver.faults, brim_worker_random()) * INT64CONST(1000));
	brim_report_set(&brim_deliver.report, "fault", why);
	brim_deliver.report.is_new = true; /* the next try is at another time */
}

/* Build the message and hand it to the transport. */
static void
start(BrimDeliverSlot *slot)
{
	BrimDelivery *delivery = &slot->delivery;
	BrimError     error;

	slot->state = SLOT_SENDING;
	if (!brim_delivery_build(delivery, &error))
	{
		brim_delivery_end(delivery, BRIM_SMTP_FAILED, BRIM_SMTP_PHASE_CONNECT, error.message);
		slot->state = SLOT_FINISHED;
		return;
	}
	/* what counts if an error leaves begin() half done */
	brim_delivery_end(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_CONNECT,
					  "the delivery could not begin");
	brim_deliver.transport->begin(delivery);
}

/* A slot has finished: what does that say about the relay? */
static void
judge(BrimDeliverSlot *slot)
{
	const BrimSmtpResult *result = &slot->delivery.result;

	slot->state = SLOT_FINISHED;
	/* a success that began before a fault elsewhere says nothing about it */
	if (result->verdict == BRIM_SMTP_SENT && brim_deliver.open_until == 0)
	{
		brim_deliver.faults = 0;
		report_working();
	}
	/* a relay may end a connection after some e-mails; that is no fault */
	if ((result->verdict == BRIM_SMTP_TRANSPORT && !slot->delivery.was_reused) ||
		result->verdict == BRIM_SMTP_UNCERTAIN)
		relay_fault(brim_deliver_reply(result));
}

/* Take every slot as far as it goes; true when a transaction has work to do. */
static bool
drive_all(void)
{
	bool work = false;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state == SLOT_SENDING || slot->state == SLOT_COMMITTED)
		{
			switch (brim_deliver.transport->drive(&slot->delivery))
			{
				case BRIM_STEP_WAIT:
					break;
				case BRIM_STEP_BARRIER:
					slot->state = SLOT_AT_BARRIER;
					break;
				case BRIM_STEP_DONE:
					judge(slot);
					break;
			}
		}
		work = work || slot->state == SLOT_AT_BARRIER || slot->state == SLOT_FINISHED;
	}
	return work;
}

/* After the commit: count and free what was recorded. */
static void
release_finished(BrimDeliverSlot *only)
{
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		if (only == NULL ? brim_deliver.slots[i].state != SLOT_FINISHED
						 : only != &brim_deliver.slots[i])
			continue;
		switch (brim_deliver.slots[i].delivery.result.verdict)
		{
			case BRIM_SMTP_SENT:
				brim_shared_count(BRIM_COUNT_SENT, 1);
				break;
			case BRIM_SMTP_FAILED:
				brim_shared_count(BRIM_COUNT_FAILED, 1);
				break;
			case BRIM_SMTP_UNCERTAIN:
				brim_shared_count(BRIM_COUNT_UNCERTAIN, 1);
				break;
			default:
				break;
		}
		free_slot(&brim_deliver.slots[i]);
		brim_deliver.look = true;
	}
}

/*
 * After the commit of the barrier: the last word may be said.  Interrupts are
 * checked once more before that, here, where nothing has been said yet.
 */
static void
pass_barrier(void)
{
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state != SLOT_AT_BARRIER)
			continue;
		if (!slot->granted)
		{
			/* somebody else decided about this e-mail; its row says what */
			brim_deliver.transport->abandon(&slot->delivery);
			free_slot(slot);
			brim_deliver.look = true;
		}
		else if (brim_worker_is_stopping())
		{
			/* nothing was said: the e-mail is definitely not delivered */
			brim_deliver.transport->abandon(&slot->delivery);
			brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY,
							  "the worker stops");
			slot->state = SLOT_FINISHED;
		}
		else
		{
			brim_worker_hold_stop(true);
			brim_deliver.transport->commit(&slot->delivery);
			slot->state = SLOT_COMMITTED;
		}
	}
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
		brim_batch_keep(batch);
		slot->delivery.email = txn->emails[next++];
		start(slot);
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
		free_slot(&brim_deliver.slots[i]);
	}
	brim_deliver.look = false;
	brim_deliver.look_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BRIM_RECHECK_MS);
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
		if (brim_worker_try(brim_deliver_transact, &txn))
		{
			release_finished(slot);
			continue;
		}
		brim_deliver.transport->abandon(&slot->delivery);
		slot->state = SLOT_STUCK;
		slot->delivery.result.reply[0] = '\0';
		brim_error_set(&slot->delivery.result.fault, "the server's reply could not be stored");
	}
	if (count_slots(SLOT_STUCK) > 0)
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
	}
	record_singly(SLOT_FINISHED);
}

/* How many e-mails may be claimed now. */
static int
room(void)
{
	int limit = brim_deliver.transport == &brim_relay_transport
					? Min(brim_smtp_connections, BRIM_DELIVER_SLOTS)
					: 16;
	int vacant = count_slots(SLOT_FREE) + count_slots(SLOT_FINISHED);
	int used = BRIM_DELIVER_SLOTS - vacant - count_slots(SLOT_STUCK);

	if (!brim_send || brim_deliver.is_misconfigured || brim_worker_is_stopping() ||
		brim_deliver.open_until != 0)
		return 0;
	if (!transport_is_current())
		return 0;
	if (brim_deliver.faults > 0)
		limit = 1; /* a probe */
	return Max(Min(limit - used, vacant), 0);
}

static long
turn(bool woken)
{
	BrimDeliverTransaction txn = {0};
	bool                   pauses = brim_backoff_pauses(&brim_deliver.claims);
	bool                   work;
	long                   sleep_ms = BRIM_FOREVER;

	if (woken || (brim_deliver.look_at != DT_NOEND && brim_worker_until(brim_deliver.look_at) == 0))
	{
		brim_deliver.look = true;
		brim_deliver.look_at = DT_NOEND; /* its time has come, even if there is no room now */
	}
	if (brim_deliver.open_until != 0 && brim_worker_until(brim_deliver.open_until) == 0)
	{
		brim_deliver.open_until = 0;
		brim_deliver.look = true;
	}
	if (!transport_is_current() && is_at_rest())
		reload();

	if (brim_deliver.stuck.until != 0 && !brim_backoff_pauses(&brim_deliver.stuck))
		record_singly(SLOT_STUCK);
	work = drive_all();
	txn.max = brim_deliver.look && !pauses ? room() : 0;
	txn.reports = brim_deliver.report.is_new && !pauses;
	if (work || txn.max > 0 || txn.reports)
	{
		if (!brim_worker_try(brim_deliver_transact, &txn))
		{
			settle();
			brim_deliver.look = true;
			brim_backoff_failed(&brim_deliver.claims);
			txn = (BrimDeliverTransaction){.installed = true};
		}
		else if (txn.max > 0)
			brim_backoff_clear(&brim_deliver.claims);
		if (!txn.installed)
		{
			forget_all();
			return BRIM_RECHECK_MS;
		}
		release_finished(NULL);
		pass_barrier();
		if (txn.max > 0)
		{
			brim_deliver.look = txn.more;
			brim_deliver.look_at = txn.look_at;
		}
		adopt(&txn);
		if (drive_all())
			return 0;
	}
	brim_worker_hold_stop(count_slots(SLOT_COMMITTED) > 0);
	if (brim_deliver.look && room() > 0 && !brim_backoff_pauses(&brim_deliver.claims))
		return 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		if (brim_deliver.slots[i].state == SLOT_FREE &&
			brim_deliver.slots[i].delivery.transport != NULL)
			brim_deliver.transport->rest(&brim_deliver.slots[i].delivery);
		if (brim_deliver.slots[i].delivery.transport != NULL)
			sleep_ms =
				brim_worker_sooner(sleep_ms, brim_worker_until(brim_deliver.transport->deadline(
												 &brim_deliver.slots[i].delivery)));
	}
	if (brim_send && !brim_deliver.is_misconfigured)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(brim_deliver.look_at));
	if (brim_deliver.open_until != 0)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(brim_deliver.open_until));
	sleep_ms = brim_worker_sooner(sleep_ms, brim_backoff_left(&brim_deliver.claims));
	return brim_worker_sooner(sleep_ms, brim_backoff_left(&brim_deliver.stuck));
}

/*
 * What has not passed the barrier goes back to the queue; what has is waited
 * for by the loop as long as it may.
 */
static bool
stop(void)
{
	BrimDeliverTransaction txn = {0};

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state == SLOT_SENDING || slot->state == SLOT_AT_BARRIER)
		{
			brim_deliver.transport->abandon(&slot->delivery);
			brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY,
							  "the worker stops");
			slot->state = SLOT_FINISHED;
		}
	}
	if (drive_all())
	{
		if (brim_worker_try(brim_deliver_transact, &txn))
			release_finished(NULL);
		else
			settle();
	}
	return count_slots(SLOT_COMMITTED) == 0;
}

BrimJob brim_deliver_job = {.name = "deliver", .reload = reload, .turn = turn, .stop = stop};
