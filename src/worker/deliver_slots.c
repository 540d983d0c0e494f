/*-------------------------------------------------------------------------
 *
 * deliver_slots.c
 *	  The slots of the delivering job: from the claim to what became of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/server/server.h"
#include "worker/deliver_slots.h"
#include "worker/jobs.h"

int
brim_deliver_count(BrimDeliverState state)
{
	int n = 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
		if (brim_deliver.slots[i].state == state)
			n++;
	return n;
}

/* All is well, as far as is known. */
void
brim_deliver_report_working(void)
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

void
brim_deliver_free(BrimDeliverSlot *slot)
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

/* The relay, not the e-mail, is at fault: no worker claims anything for a while. */
static void
relay_fault(const char *why)
{
	if (!brim_breaker_fault(BRIM_SERVICE_RELAY, brim_process_random()))
		return; /* the same fault on another connection */
	brim_report_set(&brim_deliver.report, "fault", why);
	brim_deliver.report.is_new = true; /* the next try is at another time */
}

/* Build the message and hand it to the transport. */
void
brim_deliver_start(BrimDeliverSlot *slot)
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
	BRIM_FAULT("judged");
	switch (result->verdict)
	{
		case BRIM_SMTP_SENT:
		case BRIM_SMTP_FAILED:
		case BRIM_SMTP_RETRY:
			/* it has answered: that closes a breaker, unless it has opened since */
			if (brim_breaker_success(BRIM_SERVICE_RELAY))
			{
				brim_deliver_report_working();
				brim_deliver.report.is_new = true; /* another worker may have written since */
			}
			break;
		case BRIM_SMTP_TRANSPORT:
			/* a relay may end a connection after some e-mails; that is no fault */
			if (!slot->delivery.was_reused || (result->code != 0 && result->code != 421))
				relay_fault(brim_deliver_reply(result));
			break;
		case BRIM_SMTP_UNCERTAIN:
			relay_fault(brim_deliver_reply(result));
			break;
	}
}

/* Take every slot as far as it goes; true when a transaction has work to do. */
bool
brim_deliver_drive(void)
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
void
brim_deliver_release(BrimDeliverSlot *only)
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
		brim_deliver_free(&brim_deliver.slots[i]);
		brim_deliver.look = true;
		brim_walk_ended(&brim_deliver_job);
	}
}

/*
 * After the commit of the barrier: the last word may be said.  Interrupts are
 * checked once more before that, here, where nothing has been said yet.
 */
void
brim_deliver_pass_barrier(bool is_unconfirmed)
{
	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		BrimDeliverSlot *slot = &brim_deliver.slots[i];

		if (slot->state != SLOT_AT_BARRIER)
			continue;
		if (is_unconfirmed)
		{
			brim_deliver.transport->abandon(&slot->delivery);
			brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY,
							  "the standbys have not confirmed the barrier");
			slot->state = SLOT_FINISHED;
			slot->granted = false;
			brim_backoff_failed(&brim_deliver.claims);
		}
		else if (!slot->granted)
		{
			/* somebody else decided about this e-mail; its row says what */
			brim_deliver.transport->abandon(&slot->delivery);
			brim_deliver_free(slot);
			brim_deliver.look = true;
		}
		else if (brim_process_is_stopping())
		{
			/* nothing was said: the e-mail is definitely not delivered */
			brim_deliver.transport->abandon(&slot->delivery);
			brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY,
							  "the worker stops");
			slot->state = SLOT_FINISHED;
		}
		else
		{
			/* first said to be so: an error in commit() must not leave it to be abandoned */
			brim_process_hold_stop(true);
			slot->state = SLOT_COMMITTED;
			brim_deliver.transport->commit(&slot->delivery);
		}
	}
}
