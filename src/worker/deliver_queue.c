/*-------------------------------------------------------------------------
 *
 * deliver_queue.c
 *	  The transactions of the delivering job.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/base/base.h"
#include "pg/server/server.h"
#include "pg/queue/queue.h"
#include "worker/deliver_slots.h"
#include "worker/jobs.h"
#include "worker/recovery.h"

#define LOCKED_NODE_MS 1000 /* until a locked row of brim.node is tried again */

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
	row->relay = delivery->relay;
	row->started_at = delivery->started_at;
	row->ended_at = brim_clock_now();
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
			delay = brim_retry_email(delivery->email.attempts + 1, brim_process_random(),
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
		brim_email_record(rows, n, brim_process_token);
}

/*
 * Must standbys confirm the barrier before the last word is said?  False in
 * *possible when they should and cannot.
 */
static bool
standbys_must_confirm(bool *possible)
{
	BrimNode node;

	*possible = true;
	if (brim_after_promotion != BRIM_AFTER_PROMOTION_RESUME)
		return false;
	if (brim_standby_names() != NULL)
		return true;
	brim_node_read(&node);
	*possible = (node.confirmed_by[0] == '\0');
	return false;
}

static void
barrier_in(void)
{
	int64 ids[BRIM_DELIVER_SLOTS];
	int   claims[BRIM_DELIVER_SLOTS];
	int   numbers[BRIM_DELIVER_SLOTS];
	bool  granted[BRIM_DELIVER_SLOTS];
	int   n = 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
	{
		if (brim_deliver.slots[i].state != SLOT_AT_BARRIER || brim_deliver.slots[i].granted)
			continue;
		ids[n] = brim_deliver.slots[i].delivery.email.email_id;
		claims[n] = brim_deliver.slots[i].delivery.email.claim_no;
		numbers[n++] = i;
	}
	if (n > 0)
		brim_email_barrier(ids, claims, n, brim_process_token, granted);
	for (int i = 0; i < n; i++)
		brim_deliver.slots[numbers[i]].granted = granted[i];
}

/*
 * May a batch begin, or go on?  Whoever begins one holds the row of brim.node
 * until the commit, so no other worker begins one, too.
 */
static bool
batch_may_go(BrimDeliverTransaction *txn, int *max)
{
	const TimestampTz now = brim_clock_now();
	const int64       interval = brim_send_interval * INT64CONST(1000);
	TimestampTz       last;
	TimestampTz       next;

	if (brim_send_interval == 0)
		return true;
	if (!brim_node_lock_batch(&last))
	{
		/* another worker, or an operator who is about to pause us, has it */
		txn->look_at = TimestampTzPlusMilliseconds(now, LOCKED_NODE_MS);
		return false;
	}
	next = last == 0 ? 0 : TimestampTzPlusMilliseconds(last, interval);

	/* after a clock step backwards no batch is further away than one interval */
	next = Min(next, TimestampTzPlusMilliseconds(now, interval));
	/* what a batch has left over is void when its time is over */
	txn->begins_batch = (next <= now);
	if (!txn->begins_batch && brim_deliver.batch_left == 0)
	{
		txn->look_at = next;
		return false;
	}
	*max = Min(*max, txn->begins_batch ? brim_batch_size : brim_deliver.batch_left);
	return true;
}

static int
claim(const BrimClaim *what, void *arg, BrimPlaceInQueue *last)
{
	BrimDeliverTransaction *txn = arg;

	txn->nemails = brim_email_claim(what, txn->context, &txn->emails);
	if (txn->nemails > 0)
	{
		last->order = -txn->emails[txn->nemails - 1].score;
		last->id = txn->emails[txn->nemails - 1].email_id;
	}
	return txn->nemails;
}

/* After a transaction that failed: give back what it may have claimed all the same. */
static void
release_forgotten(void)
{
	int64 ids[BRIM_DELIVER_SLOTS];
	int   n = 0;

	for (int i = 0; i < BRIM_DELIVER_SLOTS; i++)
		if (brim_deliver.slots[i].state != SLOT_FREE)
			ids[n++] = brim_deliver.slots[i].delivery.email.email_id;
	brim_email_release_forgotten(brim_process_token, brim_process_number, ids, n);
}

static void
claim_in(BrimDeliverTransaction *txn, MemoryContext parent)
{
	static const BrimQueue queue = {claim, brim_email_suspects};
	BrimNode               node;
	BrimClaim              what = {.max = txn->max};
	bool                   blocked = false;

	if (!brim_recovery_may_work(&node))
		return;
	if (brim_deliver.may_have_forgotten)
		release_forgotten();
	if (!batch_may_go(txn, &what.max))
		return;
	if (!brim_breaker_take_probe(BRIM_SERVICE_RELAY))
	{
		txn->walk.more = true; /* when the breaker lets us */
		return;
	}
	BRIM_FAULT("claim");
	what.token = brim_process_token;
	what.number = brim_process_number;
	what.node_id = node.node_id;
	txn->context = AllocSetContextCreate(parent, "brim e-mails", ALLOCSET_SMALL_SIZES);
	(void) brim_walk_claim(&txn->walk, &brim_deliver_job, &queue, &what, txn);
	if (txn->begins_batch && txn->nemails > 0)
		brim_node_note_batch();
	if (!txn->walk.more)
	{
		txn->look_at = brim_email_next_due(&blocked);
		if (blocked)
			txn->look_at = Min(txn->look_at, brim_process_in(BRIM_RECHECK_MS));
	}
}

void
brim_deliver_transact(void *arg)
{
	BrimDeliverTransaction *txn = arg;
	MemoryContext           parent = CurrentMemoryContext;
	BrimBreakerState        relay;
	bool                    must_confirm = false;
	bool                    possible = true;

	txn->look_at = DT_NOEND;
	txn->walk.cursor = brim_deliver.cursor;
	txn->installed = brim_txn_begin("brim: sending queue");
	if (!txn->installed)
		return;
	BRIM_FAULT("record");
	record_in(txn);
	BRIM_FAULT("recorded");
	if (txn->only == NULL)
	{
		if (brim_deliver_count(SLOT_AT_BARRIER) > 0)
			must_confirm = standbys_must_confirm(&possible);
		if (possible)
			barrier_in();
		BRIM_FAULT("barrier");
		if (txn->max > 0)
			claim_in(txn, parent);
	}
	if (txn->reports)
	{
		/* what another worker said of a fault since is newer than our good news */
		brim_breaker_read(BRIM_SERVICE_RELAY, &relay);
		if (relay.open_until == 0 || strcmp(brim_deliver.report.state, "fault") == 0)
			brim_report_write(&brim_deliver.report, relay.open_until);
	}
	brim_txn_commit();
	txn->is_unconfirmed =
		!possible || (must_confirm && !brim_standby_has_confirmed(XactLastCommitEnd));
	if (txn->reports)
		brim_report_written(&brim_deliver.report);
}
