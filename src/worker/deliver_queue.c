/*-------------------------------------------------------------------------
 *
 * deliver_queue.c
 *	  The transactions of the delivering job.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/retry.h"
#include "db/email.h"
#include "db/settings.h"
#include "db/txn.h"
#include "worker/deliver_queue.h"
#include "worker/jobs.h"

const char *
brim_deliver_reply(const BrimSmtpResult *result)
{
	return result->reply[0] != '\0' ? result->reply : result->fault.message;
}

/* What is recorded for a verdict. */
static void
fill_result(const BrimDeliverSlot *slot, BrimEmailResult *row)
{
	static const char *const outcomes[] = {"sent", "failed", "retry", "transport", "uncertain"};
	const BrimDelivery      *delivery = &slot->delivery;
	const BrimSmtpResult    *result = &delivery->result;
	int                      delay;

	memset(row, 0, sizeof(*row));
	row->email_id = delivery->email.email_id;
	row->attempt_no = delivery->email.claim_no;
	row->phase = brim_smtp_phase_name(result->phase);
	row->outcome = outcomes[result->verdict];
	row->smtp_code = result->code;
	row->enhanced_code = result->enhanced;
	row->reply = brim_deliver_reply(result);
	row->relay =
		brim_deliver.transport == &brim_relay_transport ? brim_smtp_url : brim_outbox_directory;
	row->started_at = delivery->started_at;
	row->ended_at = GetCurrentTimestamp();
	switch (result->verdict)
	{
		case BRIM_SMTP_SENT:
			row->status = "sent";
			break;
		case BRIM_SMTP_FAILED:
			row->status = "failed";
			row->charged = true;
			row->suppress = result->suppress_recipient;
			break;
		case BRIM_SMTP_RETRY:
			delay = brim_retry_email(delivery->email.attempts + 1, brim_worker_random(),
									 result->retry_after);
			row->status = delay < 0 ? "failed" : "queued";
			row->delay = Max(delay, 0);
			row->charged = true;
			break;
		case BRIM_SMTP_TRANSPORT:
			row->status = "queued";
			break;
		case BRIM_SMTP_UNCERTAIN:
			row->status = "uncertain";
			break;
	}
}

static void
record_in(BrimDeliverTransaction *txn)
{
	BrimEmailResult *rows = palloc(sizeof(BrimEmailResult) * BRIM_DELIVER_SLOTS);
	int              n = 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
		if (txn->only == NULL ? brim_deliver.slots[i].state == SLOT_FINISHED
							  : txn->only == &brim_deliver.slots[i])
			fill_result(&brim_deliver.slots[i], &rows[n++]);
	if (n > 0)
		brim_email_record(rows, n, brim_worker_token);
}

static void
barrier_in(void)
{
	int64 ids[BRIM_DELIVER_SLOTS];
	int   numbers[BRIM_DELIVER_SLOTS];
	bool  granted[BRIM_DELIVER_SLOTS];
	int   n = 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		brim_deliver.slots[i].granted = false;
		if (brim_deliver.slots[i].state != SLOT_AT_BARRIER)
			continue;
		ids[n] = brim_deliver.slots[i].delivery.email.email_id;
		numbers[n++] = i;
	}
	if (n > 0)
		brim_email_barrier(ids, n, brim_worker_token, granted);
	for (int i = 0; i < n; i++)
		brim_deliver.slots[numbers[i]].granted = granted[i];
}

static void
claim_in(BrimDeliverTransaction *txn, MemoryContext parent)
{
	const TimestampTz now = GetCurrentTimestamp();
	BrimNode          node;
	bool              blocked = false;
	int               max = txn->max;

	if (!brim_worker_may_work(&node))
		return;
	if (brim_send_interval > 0)
	{
		const int64 interval = brim_send_interval * INT64CONST(1000);
		TimestampTz next =
			node.last_batch_at == 0 ? 0 : TimestampTzPlusMilliseconds(node.last_batch_at, interval);

		/* after a clock step backwards no batch is further away than one interval */
		next = Min(next, TimestampTzPlusMilliseconds(now, interval));
		/* what a batch has left over is void when its time is over */
		txn->begins_batch = (next <= now);
		if (!txn->begins_batch && brim_deliver.batch_left == 0)
		{
			txn->look_at = next;
			return;
		}
	}
	if (brim_send_interval > 0)
		max = Min(max, txn->begins_batch ? brim_batch_size : brim_deliver.batch_left);
	txn->context = AllocSetContextCreate(parent, "brim e-mails", ALLOCSET_SMALL_SIZES);
	txn->nemails = brim_email_claim(max, brim_worker_token, brim_worker_number, node.node_id,
									txn->context, &txn->emails);
	if (txn->begins_batch && txn->nemails > 0)
		brim_node_note_batch();
	txn->more = (txn->nemails == max);
	if (!txn->more)
	{
		txn->look_at = brim_email_next_due(&blocked);
		if (blocked)
			txn->look_at = Min(txn->look_at, TimestampTzPlusMilliseconds(now, BRIM_RECHECK_MS));
	}
}

void
brim_deliver_transact(void *arg)
{
	BrimDeliverTransaction *txn = arg;
	MemoryContext           parent = CurrentMemoryContext;

	txn->look_at = DT_NOEND;
	txn->installed = brim_txn_begin("brim: sending queue");
	if (!txn->installed)
		return;
	record_in(txn);
	if (txn->only == NULL)
	{
		barrier_in();
		if (txn->max > 0)
			claim_in(txn, parent);
	}
	if (txn->reports)
		brim_report_write(&brim_deliver.report, brim_deliver.open_until);
	brim_txn_commit();
	if (txn->reports)
		brim_report_written(&brim_deliver.report);
}
