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

#include "core/mime.h"
#include "core/retry.h"
#include "db/email.h"
#include "db/settings.h"
#include "db/shared.h"
#include "db/txn.h"
#include "worker/deliver.h"
#include "worker/jobs.h"

#define MAX_SLOTS 128
#define MAX_MESSAGE (1024 * 1024)

typedef enum SlotState
{
	SLOT_FREE,
	SLOT_SENDING,				/* on the way to the barrier */
	SLOT_AT_BARRIER,			/* waits for the barrier's commit */
	SLOT_COMMITTED,				/* the last word is being said */
	SLOT_FINISHED				/* to be recorded */
} SlotState;

/* E-mails that were claimed together share a memory context until the last is done. */
typedef struct Batch
{
	MemoryContext context;
	int			slots;
} Batch;

typedef struct Slot
{
	SlotState	state;
	Batch	   *batch;			/* owns the texts of the e-mail */
	BrimDelivery delivery;
	bool		granted;		/* by the barrier that was just committed */
	bool		is_stale;		/* settings changed: the connection ends with this e-mail */
} Slot;

static Slot slots[MAX_SLOTS];
static const BrimTransport *transport = &brim_outbox_transport;
static bool is_misconfigured = false;

/* Circuit breaker: after faults of the relay nothing is claimed for a while */
static int	faults = 0;
static TimestampTz open_until = 0;

/* Pace: what is left of the present batch */
static int	batch_left = 0;
static TimestampTz next_batch_at = 0;

/* What brim.component is to say */
static char component_state[32] = "";
static char component_detail[512] = "";
static bool component_is_new = false;

/* When to look for e-mails again */
static bool look = true;
static TimestampTz look_at = DT_NOEND;

static void
set_component(const char *state, const char *detail)
{
	if (strcmp(component_state, state) == 0 && strcmp(component_detail, detail) == 0)
		return;
	strlcpy(component_state, state, sizeof(component_state));
	strlcpy(component_detail, detail, sizeof(component_detail));
	component_is_new = true;
}

static int
count_slots(SlotState state)
{
	int			n = 0;

	for (int i = 0; i < MAX_SLOTS; i++)
		if (slots[i].state == state)
			n++;
	return n;
}

void
brim_delivery_end(BrimDelivery *delivery, BrimSmtpVerdict verdict, BrimSmtpPhase phase, const char *reply)
{
	memset(&delivery->result, 0, sizeof(delivery->result));
	delivery->result.verdict = verdict;
	delivery->result.phase = phase;
	strlcpy(delivery->result.fault.message, reply, sizeof(delivery->result.fault.message));
	delivery->was_reused = false;
}

/* The server's words, or ours where it said nothing. */
static const char *
what_was_said(const BrimSmtpResult *result)
{
	return result->reply[0] != '\0' ? result->reply : result->fault.message;
}

static void
reload(void)
{
	const BrimTransport *wanted = *brim_smtp_url != '\0' ? &brim_relay_transport : &brim_outbox_transport;
	char	   *problem = *brim_smtp_url != '\0' ? brim_relay_reload() : NULL;
	char		detail[512];

	/* e-mails at hand end on the connection they began with, later ones get a new one */
	for (int i = 0; i < MAX_SLOTS; i++)
	{
		slots[i].is_stale = slots[i].state != SLOT_FREE;
		if (slots[i].state == SLOT_FREE && slots[i].delivery.transport != NULL)
			transport->abandon(&slots[i].delivery);
	}
	if (count_slots(SLOT_FREE) == MAX_SLOTS)
		transport = wanted;
	is_misconfigured = problem != NULL;
	faults = 0;
	open_until = 0;
	look = true;
	if (problem != NULL)
		set_component("fault", problem);
	else if (*brim_smtp_url != '\0')
		set_component("ok", "");
	else
	{
		snprintf(detail, sizeof(detail), "no brim.smtp_url is set: messages are written to the directory \"%s\"",
				 brim_outbox_directory);
		set_component("outbox", detail);
	}
}

/* Does the transport fit the settings?  It changes only when nothing is at hand. */
static bool
transport_is_current(void)
{
	return transport == (*brim_smtp_url != '\0' ? &brim_relay_transport : &brim_outbox_transport);
}

static void
free_slot(Slot *slot)
{
	void	   *line;

	if (slot->is_stale && slot->delivery.transport != NULL)
		transport->abandon(&slot->delivery);
	line = slot->delivery.transport;
	brim_buf_free(&slot->delivery.message);
	if (slot->batch != NULL && --slot->batch->slots == 0)
		MemoryContextDelete(slot->batch->context);
	memset(slot, 0, sizeof(*slot));
	slot->delivery.transport = line;	/* the connection stays */
}

/* The relay, not the e-mail, is at fault: claim nothing for a while. */
static void
relay_fault(const char *why)
{
	if (open_until != 0)
		return;					/* the same fault on another connection */
	faults++;
	open_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
											 brim_retry_breaker(faults, brim_worker_random()) * INT64CONST(1000));
	set_component("fault", why);
	component_is_new = true;	/* the next try is at another time */
}

/* Build the message and hand it to the transport. */
static void
start(Slot *slot)
{
	BrimDelivery *delivery = &slot->delivery;
	const BrimEmail *email = &delivery->email;
	BrimMessage message = {
		.from_name = brim_str(email->sender_name),
		.from_address = brim_str(email->sender_address),
		.to_name = brim_str(email->recipient_name),
		.to_address = brim_str(email->recipient),
		.reply_to = brim_str(email->reply_to),
		.subject = brim_str(email->subject),
		.body = brim_str(email->body),
		.footer = brim_str(email->footer),
		.message_id = brim_str(email->message_id),
		.date = email->date,
		.unsubscribe = brim_str(*email->reply_to != '\0' ? email->reply_to : email->sender_address),
	};
	BrimError	error;

	delivery->started_at = GetCurrentTimestamp();
	brim_buf_init(&delivery->message, brim_mem_malloc(), MAX_MESSAGE);
	slot->state = SLOT_SENDING;
	if (!brim_mime_build(&message, &delivery->message, &error))
	{
		brim_delivery_end(delivery, BRIM_SMTP_FAILED, BRIM_SMTP_PHASE_CONNECT, error.message);
		slot->state = SLOT_FINISHED;
		return;
	}
	transport->begin(delivery);
}

/* A slot has finished: what does that say about the relay? */
static void
judge(Slot *slot)
{
	const BrimSmtpResult *result = &slot->delivery.result;

	slot->state = SLOT_FINISHED;
	if (result->verdict == BRIM_SMTP_SENT)
	{
		faults = 0;
		set_component(transport == &brim_relay_transport ? "ok" : "outbox",
					  transport == &brim_relay_transport ? "" : component_detail);
	}
	/* a relay may end a connection after some e-mails; that is no fault */
	if ((result->verdict == BRIM_SMTP_TRANSPORT && !slot->delivery.was_reused) ||
		result->verdict == BRIM_SMTP_UNCERTAIN)
		relay_fault(what_was_said(result));
}

/* Take every slot as far as it goes; true when a transaction has work to do. */
static bool
drive_all(void)
{
	bool		work = false;

	for (int i = 0; i < MAX_SLOTS; i++)
	{
		Slot	   *slot = &slots[i];

		if (slot->state == SLOT_SENDING || slot->state == SLOT_COMMITTED)
		{
			switch (transport->drive(&slot->delivery))
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

/* What is recorded for a verdict. */
static void
fill_result(const Slot *slot, BrimEmailResult *row)
{
	static const char *const outcomes[] = {"sent", "failed", "retry", "transport", "uncertain"};
	const BrimDelivery *delivery = &slot->delivery;
	const BrimSmtpResult *result = &delivery->result;
	int			delay;

	memset(row, 0, sizeof(*row));
	row->email_id = delivery->email.email_id;
	row->attempt_no = delivery->email.claim_no;
	row->phase = brim_smtp_phase_name(result->phase);
	row->outcome = outcomes[result->verdict];
	row->smtp_code = result->code;
	row->enhanced_code = result->enhanced;
	row->reply = what_was_said(result);
	row->relay = transport == &brim_relay_transport ? brim_smtp_url : brim_outbox_directory;
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
			delay = brim_retry_email(delivery->email.attempts + 1, brim_worker_random(), result->retry_after);
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

/* What one transaction of this job is to do, and what it found. */
typedef struct Transaction
{
	int			max;			/* e-mails to claim */
	Slot	   *only;			/* record this slot alone, or NULL for all */

	bool		installed;
	bool		begins_batch;
	bool		more;			/* there may be more to claim */
	MemoryContext context;		/* of the claimed e-mails */
	BrimEmail  *emails;
	int			nemails;
} Transaction;

static void
record_in(Transaction *txn)
{
	BrimEmailResult *rows = palloc(sizeof(BrimEmailResult) * MAX_SLOTS);
	int			n = 0;

	for (int i = 0; i < MAX_SLOTS; i++)
		if (slots[i].state == SLOT_FINISHED && (txn->only == NULL || txn->only == &slots[i]))
			fill_result(&slots[i], &rows[n++]);
	if (n > 0)
		brim_email_record(rows, n, brim_worker_token);
}

static void
barrier_in(void)
{
	int64		ids[MAX_SLOTS];
	int			numbers[MAX_SLOTS];
	bool		granted[MAX_SLOTS];
	int			n = 0;

	for (int i = 0; i < MAX_SLOTS; i++)
	{
		slots[i].granted = false;
		if (slots[i].state != SLOT_AT_BARRIER)
			continue;
		ids[n] = slots[i].delivery.email.email_id;
		numbers[n++] = i;
	}
	if (n > 0)
		brim_email_barrier(ids, n, brim_worker_token, granted);
	for (int i = 0; i < n; i++)
		slots[numbers[i]].granted = granted[i];
}

static void
claim_in(Transaction *txn, MemoryContext parent)
{
	BrimNode	node;
	bool		blocked = false;
	TimestampTz now = GetCurrentTimestamp();
	int			max = txn->max;

	look_at = DT_NOEND;
	if (!brim_worker_may_work(&node))
		return;
	if (brim_send_interval > 0 && batch_left == 0)
	{
		next_batch_at = node.last_batch_at == 0 ? 0
			: TimestampTzPlusMilliseconds(node.last_batch_at, brim_send_interval * INT64CONST(1000));
		/* after a clock step backwards no batch is further away than one interval */
		next_batch_at = Min(next_batch_at, TimestampTzPlusMilliseconds(now, brim_send_interval * INT64CONST(1000)));
		if (next_batch_at > now)
		{
			look_at = next_batch_at;
			return;
		}
		txn->begins_batch = true;
	}
	if (brim_send_interval > 0)
		max = Min(max, txn->begins_batch ? brim_batch_size : batch_left);
	txn->context = AllocSetContextCreate(parent, "brim e-mails", ALLOCSET_SMALL_SIZES);
	txn->nemails = brim_email_claim(max, brim_worker_token, brim_worker_number, node.node_id,
									txn->context, &txn->emails);
	if (txn->begins_batch && txn->nemails > 0)
		brim_node_note_batch();
	txn->more = (txn->nemails == max);
	if (!txn->more)
	{
		look_at = brim_email_next_due(&blocked);
		if (blocked)
			look_at = Min(look_at, TimestampTzPlusMilliseconds(now, BRIM_RECHECK_MS));
	}
}

static void
run_transaction(void *arg)
{
	Transaction *txn = arg;
	MemoryContext parent = CurrentMemoryContext;

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
	if (component_is_new)
		brim_component_set("relay", component_state, component_detail, open_until);
	brim_txn_commit();
	component_is_new = false;
}

/* After the commit: count and free what was recorded. */
static void
release_finished(Slot *only)
{
	for (int i = 0; i < MAX_SLOTS; i++)
	{
		if (slots[i].state != SLOT_FINISHED || (only != NULL && only != &slots[i]))
			continue;
		switch (slots[i].delivery.result.verdict)
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
		free_slot(&slots[i]);
		look = true;
	}
}

/*
 * After the commit of the barrier: the last word may be said.  Interrupts are
 * checked once more before that, here, where nothing has been said yet.
 */
static void
pass_barrier(void)
{
	for (int i = 0; i < MAX_SLOTS; i++)
	{
		Slot	   *slot = &slots[i];

		if (slot->state != SLOT_AT_BARRIER)
			continue;
		if (!slot->granted)
		{
			/* somebody else decided about this e-mail; its row says what */
			transport->abandon(&slot->delivery);
			free_slot(slot);
			look = true;
		}
		else if (brim_worker_is_stopping())
		{
			/* nothing was said: the e-mail is definitely not delivered */
			transport->abandon(&slot->delivery);
			brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY, "the worker stops");
			slot->state = SLOT_FINISHED;
		}
		else
		{
			brim_worker_hold_stop(true);
			transport->commit(&slot->delivery);
			slot->state = SLOT_COMMITTED;
		}
	}
}

/* After the commit: the claimed e-mails get slots. */
static void
adopt(Transaction *txn)
{
	Batch	   *batch;
	int			next = 0;

	if (txn->begins_batch && txn->nemails > 0)
		batch_left = brim_batch_size;
	if (brim_send_interval > 0)
		batch_left = Max(batch_left - txn->nemails, 0);
	if (txn->context == NULL)
		return;
	MemoryContextSetParent(txn->context, TopMemoryContext);
	batch = MemoryContextAllocZero(txn->context, sizeof(Batch));
	batch->context = txn->context;
	for (int i = 0; i < MAX_SLOTS && next < txn->nemails; i++)
	{
		if (slots[i].state != SLOT_FREE)
			continue;
		slots[i].batch = batch;
		batch->slots++;
		slots[i].delivery.email = txn->emails[next++];
		start(&slots[i]);
	}
	Assert(next == txn->nemails);
	if (batch->slots == 0)
		MemoryContextDelete(batch->context);
	brim_shared_count(BRIM_COUNT_CLAIMED, next);
}

/* The extension is gone, and the rows with it. */
static void
forget_all(void)
{
	for (int i = 0; i < MAX_SLOTS; i++)
	{
		if (slots[i].state == SLOT_FREE)
			continue;
		transport->abandon(&slots[i].delivery);
		free_slot(&slots[i]);
	}
	look = false;
	look_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BRIM_RECHECK_MS);
	brim_shared_set_state(BRIM_WORKER_NO_EXTENSION);
}

/* A transaction of several rows failed: each finished slot gets its own. */
static void
record_singly(void)
{
	for (int i = 0; i < MAX_SLOTS; i++)
	{
		Transaction txn = {0};

		if (slots[i].state != SLOT_FINISHED)
			continue;
		txn.only = &slots[i];
		if (brim_worker_try(run_transaction, &txn))
			release_finished(&slots[i]);
		else
		{
			slots[i].delivery.result.reply[0] = '\0';
			brim_error_set(&slots[i].delivery.result.fault, "the server's reply could not be stored");
		}
	}
}

/* How many e-mails may be claimed now. */
static int
room(void)
{
	int			limit = transport == &brim_relay_transport ? Min(brim_smtp_connections, MAX_SLOTS) : 16;
	int			used = MAX_SLOTS - count_slots(SLOT_FREE) - count_slots(SLOT_FINISHED);

	if (!brim_send || is_misconfigured || brim_worker_is_stopping() || open_until != 0)
		return 0;
	if (!transport_is_current())
		return 0;
	if (faults > 0)
		limit = 1;				/* a probe */
	return Max(limit - used, 0);
}

static long
turn(bool woken)
{
	Transaction txn = {0};
	bool		work;
	long		sleep_ms = BRIM_FOREVER;

	if (woken || (look_at != DT_NOEND && brim_worker_until(look_at) == 0))
		look = true;
	if (open_until != 0 && brim_worker_until(open_until) == 0)
	{
		open_until = 0;
		look = true;
	}
	if (!transport_is_current() && count_slots(SLOT_FREE) == MAX_SLOTS)
		reload();

	work = drive_all();
	txn.max = look ? room() : 0;
	if (work || txn.max > 0 || component_is_new)
	{
		if (!brim_worker_try(run_transaction, &txn))
		{
			look = true;
			record_singly();
			return 1000;
		}
		if (!txn.installed)
		{
			forget_all();
			return BRIM_RECHECK_MS;
		}
		release_finished(NULL);
		pass_barrier();
		if (txn.max > 0)
			look = txn.more;
		adopt(&txn);
		if (drive_all())
			return 0;
	}
	brim_worker_hold_stop(count_slots(SLOT_COMMITTED) > 0);
	if (look && room() > 0)
		return 0;

	for (int i = 0; i < MAX_SLOTS; i++)
	{
		if (slots[i].state == SLOT_FREE && slots[i].delivery.transport != NULL)
			transport->rest(&slots[i].delivery);
		if (slots[i].delivery.transport != NULL)
			sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(transport->deadline(&slots[i].delivery)));
	}
	if (brim_send && !is_misconfigured)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(look_at));
	if (open_until != 0)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(open_until));
	return sleep_ms;
}

/*
 * What has not passed the barrier goes back to the queue; what has is waited
 * for by the loop as long as it may.
 */
static bool
stop(void)
{
	Transaction txn = {0};

	for (int i = 0; i < MAX_SLOTS; i++)
	{
		Slot	   *slot = &slots[i];

		if (slot->state == SLOT_SENDING || slot->state == SLOT_AT_BARRIER)
		{
			transport->abandon(&slot->delivery);
			brim_delivery_end(&slot->delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY, "the worker stops");
			slot->state = SLOT_FINISHED;
		}
	}
	if (drive_all() && brim_worker_try(run_transaction, &txn))
		release_finished(NULL);
	return count_slots(SLOT_COMMITTED) == 0;
}

BrimJob		brim_deliver_job = {.name = "deliver", .reload = reload, .turn = turn, .stop = stop};
