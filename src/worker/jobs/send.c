/*-------------------------------------------------------------------------
 *
 * send.c
 *	  The job that sends: a transport carries each e-mail to the barrier and,
 *	  once that is committed, says the last word.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "utils/timestamp.h"

#include "core/base/base.h"
#include "pg/queue/queue.h"
#include "pg/server/server.h"
#include "worker/jobs/jobs.h"

#define SLOTS 128
#define LOCKED_NODE_MS 1000 /* until a locked row of brim.node is tried again */

typedef struct Slot
{
	BrimPipelineSlot pipe;
	BrimDelivery     delivery;
	bool             is_stale; /* settings changed: the connection ends with this e-mail */
} Slot;

typedef struct Send
{
	BrimPipeline         pipe;
	const BrimTransport *transport;
	bool                 is_misconfigured;

	/* Pace: what is left of the present batch; what is claimed begins one */
	int  batch_left;
	bool begins_batch;

	/* The barrier being committed: standbys have to confirm it, and can */
	bool must_confirm;
	bool can_confirm;
} Send;

static Slot slots[SLOTS];

/* ---------------------------------------------------------------------
 * Settings
 * ---------------------------------------------------------------------
 */

static const BrimTransport *
wanted_transport(void)
{
	return *brim_smtp_url != '\0' ? &brim_transport_relay : &brim_transport_outbox;
}

static void
reload(void *self)
{
	Send       *send = self;
	static char detail[sizeof(send->pipe.service->detail)];
	char       *problem = wanted_transport()->reload();

	/* e-mails on their way end on the connection they began with, later ones get a new one */
	for (int i = 0; i < SLOTS; i++)
	{
		slots[i].is_stale = slots[i].pipe.state != BRIM_SLOT_FREE;
		if (!slots[i].is_stale && slots[i].delivery.transport != NULL)
			send->transport->abandon(&slots[i].delivery);
	}
	if (brim_slots_are_at_rest(&send->pipe))
		send->transport = wanted_transport();
	send->is_misconfigured = problem != NULL;
	snprintf(detail, sizeof(detail),
			 "no brim.smtp_url is set: messages are written to the directory \"%s\"",
			 brim_outbox_directory);
	send->pipe.service->well = *brim_smtp_url != '\0' ? "ok" : "outbox";
	send->pipe.service->well_detail = *brim_smtp_url != '\0' ? "" : detail;
	brim_service_reload(send->pipe.service, problem);
}

/* The transport changes only when no e-mail is on its way. */
static void
prepare(void *self)
{
	Send *send = self;

	if (send->transport != wanted_transport() && brim_slots_are_at_rest(&send->pipe))
	{
		send->pipe.look = true;
		reload(send);
	}
}

static bool
is_on(void *self)
{
	const Send *send = self;

	return brim_send && !send->is_misconfigured && send->transport == wanted_transport();
}

static int
room(void *self, int used, int vacant, bool is_probe)
{
	const Send *send = self;
	int         limit = Min(send->transport->max, SLOTS);

	if (send->transport == &brim_transport_relay)
		limit = Min(limit, brim_smtp_connections);
	/* what hangs from before the fault is no probe, and takes no probe's place */
	return is_probe ? Min(limit - used, 1) : limit - used;
}

/* ---------------------------------------------------------------------
 * Inside a transaction
 * ---------------------------------------------------------------------
 */

/*
 * Return true if a batch may begin or continue.  The worker that begins one holds
 * the row of brim.node until the commit, so no other begins one, too.
 */
static bool
paces(void *self, BrimClaim *what, TimestampTz *look_at)
{
	Send             *send = self;
	const TimestampTz now = brim_clock_now();
	const int64       interval = brim_send_interval * INT64CONST(1000);
	TimestampTz       last;
	TimestampTz       next;

	send->begins_batch = false;
	if (brim_send_interval == 0)
		return true;
	if (!brim_node_lock_batch(&last))
	{
		/* another worker, or an operator who is about to pause us, has it */
		*look_at = TimestampTzPlusMilliseconds(now, LOCKED_NODE_MS);
		return false;
	}
	next = last == 0 ? 0 : TimestampTzPlusMilliseconds(last, interval);

	/* after a clock step backwards no batch is further away than one interval */
	next = Min(next, TimestampTzPlusMilliseconds(now, interval));
	/* what a batch has left over is void when its time is over */
	send->begins_batch = (next <= now);
	if (!send->begins_batch && send->batch_left == 0)
	{
		*look_at = next;
		return false;
	}
	what->max = Min(what->max, send->begins_batch ? brim_batch_size : send->batch_left);
	return true;
}

static int
claim(void *self, const BrimClaim *what, MemoryContext context, void **rows, BrimPosition *last)
{
	const Send *send = self;
	BrimEmail  *emails;
	int         n = brim_email_claim(what, context, &emails);

	*rows = emails;
	if (n == 0)
		return 0;
	*last = (BrimPosition){-emails[n - 1].score, emails[n - 1].email_id};
	if (send->begins_batch)
		brim_node_note_batch();
	return n;
}

static int
held(void *self, const BrimPipelineSlot *slot, int64 *ids)
{
	ids[0] = ((const Slot *) slot)->delivery.email.email_id;
	return 1;
}

static void
record(void *self, BrimPipelineSlot *const *finished, int n)
{
	BrimEmailResult *rows = palloc(sizeof(BrimEmailResult) * n);

	for (int i = 0; i < n; i++)
		brim_delivery_result(&((Slot *) finished[i])->delivery, &rows[i]);
	brim_email_record(rows, n, brim_process_token);
}

/* Standbys must confirm the barrier before the last word is said, where they are relied on. */
static void
ask_standbys(Send *send)
{
	BrimNode node;

	send->must_confirm = false;
	send->can_confirm = true;
	if (brim_after_promotion != BRIM_AFTER_PROMOTION_RESUME)
		return;
	send->must_confirm = brim_standby_names() != NULL;
	if (send->must_confirm)
		return;
	brim_node_read(&node);
	send->can_confirm = (node.confirmed_by[0] == '\0');
}

static void
barrier(void *self, BrimPipelineSlot *const *waiting, int n)
{
	Send  *send = self;
	int64 *ids = palloc(sizeof(int64) * n);
	int   *claims = palloc(sizeof(int) * n);
	bool  *granted = palloc(sizeof(bool) * n);

	ask_standbys(send);
	if (!send->can_confirm)
		return;
	for (int i = 0; i < n; i++)
	{
		ids[i] = ((Slot *) waiting[i])->delivery.email.email_id;
		claims[i] = ((Slot *) waiting[i])->delivery.email.claim_no;
	}
	brim_email_barrier(ids, claims, n, brim_process_token, granted);
	for (int i = 0; i < n; i++)
		waiting[i]->granted = granted[i];
	BRIM_FAULT("barrier");
}

static bool
confirmed(void *self)
{
	const Send *send = self;

	return send->can_confirm &&
		   (!send->must_confirm || brim_standby_has_confirmed(XactLastCommitEnd));
}

/* ---------------------------------------------------------------------
 * One e-mail from the claim to its end
 * ---------------------------------------------------------------------
 */

static int
fill(void *self, BrimPipelineSlot *slot, void *rows, int next, int n)
{
	Send *send = self;

	if (next == 0 && send->begins_batch)
		send->batch_left = brim_batch_size;
	if (brim_send_interval > 0)
		send->batch_left = Max(send->batch_left - 1, 0);
	((Slot *) slot)->delivery.email = ((BrimEmail *) rows)[next];
	return 1;
}

/* Build the message and hand it to the transport. */
static void
start(void *self, BrimPipelineSlot *slot)
{
	Send         *send = self;
	BrimDelivery *delivery = &((Slot *) slot)->delivery;
	BrimError     error;

	if (!brim_delivery_build(delivery, &error))
	{
		brim_delivery_end(delivery, BRIM_SMTP_FAILED, BRIM_SMTP_PHASE_CONNECT, error.message);
		slot->state = BRIM_SLOT_FINISHED;
		return;
	}
	/* what counts if an error leaves begin() half done */
	brim_delivery_end(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_CONNECT,
					  "the delivery could not begin");
	slot->state = BRIM_SLOT_UNDER_WAY;
	send->transport->begin(delivery);
}

/* What the end of an e-mail says about the relay */
static void
judge(BrimService *relay, const BrimDelivery *delivery)
{
	const BrimSmtpResult *result = &delivery->result;

	BRIM_FAULT("judged");
	switch (result->verdict)
	{
		case BRIM_SMTP_SENT:
		case BRIM_SMTP_FAILED:
		case BRIM_SMTP_RETRY:
			brim_service_answered(relay);
			break;
		case BRIM_SMTP_TRANSPORT:
			/* a relay may end a connection after some e-mails; that is no fault */
			if (!delivery->was_reused || (result->code != 0 && result->code != 421))
				brim_service_fault(relay, brim_delivery_reply(delivery));
			break;
		case BRIM_SMTP_UNCERTAIN:
			brim_service_fault(relay, brim_delivery_reply(delivery));
			break;
	}
}

static void
drive(void *self, BrimPipelineSlot *slot)
{
	Send         *send = self;
	BrimDelivery *delivery = &((Slot *) slot)->delivery;

	switch (send->transport->drive(delivery))
	{
		case BRIM_STEP_WAIT:
			break;
		case BRIM_STEP_BARRIER:
			slot->state = BRIM_SLOT_AT_BARRIER;
			break;
		case BRIM_STEP_DONE:
			slot->state = BRIM_SLOT_FINISHED;
			judge(send->pipe.service, delivery);
			break;
	}
}

static void
commit(void *self, BrimPipelineSlot *slot)
{
	((Send *) self)->transport->commit(&((Slot *) slot)->delivery);
}

static void
give_back(void *self, BrimPipelineSlot *slot, const char *why)
{
	BrimDelivery *delivery = &((Slot *) slot)->delivery;

	((Send *) self)->transport->abandon(delivery);
	brim_delivery_end(delivery, BRIM_SMTP_TRANSPORT, BRIM_SMTP_PHASE_BODY, why);
}

/* It keeps its result, but not its connection. */
static void
not_recorded(void *self, BrimPipelineSlot *slot, bool passes)
{
	BrimDelivery *delivery = &((Slot *) slot)->delivery;

	((Send *) self)->transport->abandon(delivery);
	if (passes)
		return;
	delivery->result.reply[0] = '\0';
	brim_error_set(&delivery->result.fault, "the server's reply could not be stored");
}

static void
ended(void *self, BrimPipelineSlot *slot)
{
	switch (((Slot *) slot)->delivery.result.verdict)
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
	((Send *) self)->pipe.look = true;
}

/* The connection stays, unless settings have changed or an e-mail is on its way on it. */
static void
clear(void *self, BrimPipelineSlot *pipe)
{
	Slot *slot = (Slot *) pipe;
	void *line;

	if (slot->delivery.transport != NULL && (slot->is_stale || pipe->state != BRIM_SLOT_FINISHED))
		((Send *) self)->transport->abandon(&slot->delivery);
	line = slot->delivery.transport;
	brim_buf_free(&slot->delivery.message);
	memset(slot, 0, sizeof(*slot));
	slot->delivery.transport = line;
}

static long
wakes_in(void *self)
{
	Send *send = self;
	long  sleep_ms = BRIM_FOREVER;

	for (int i = 0; i < SLOTS; i++)
	{
		BrimDelivery *delivery = &slots[i].delivery;

		if (slots[i].pipe.state == BRIM_SLOT_FREE && delivery->transport != NULL)
			send->transport->rest(delivery);
		if (delivery->transport != NULL)
			sleep_ms = brim_process_sooner(
				sleep_ms, brim_process_steady_until(send->transport->deadline(delivery)));
	}
	return sleep_ms;
}

static const BrimPipelineOps ops = {
	.reload = reload,
	.prepare = prepare,
	.is_on = is_on,
	.room = room,
	.paces = paces,
	.claim = claim,
	.record = record,
	.held = held,
	.release_forgotten = brim_email_recovery_release_forgotten,
	.barrier = barrier,
	.commit = commit,
	.confirmed = confirmed,
	.fill = fill,
	.start = start,
	.drive = drive,
	.give_back = give_back,
	.not_recorded = not_recorded,
	.ended = ended,
	.clear = clear,
	.wakes_in = wakes_in,
};

static BrimService relay = {.name = "relay"};

static Send job = {
	.pipe =
		{
			.ops = &ops,
			.activity = "brim: sending queue",
			.table = &brim_email_queue,
			.service = &relay,
			.slots = slots,
			.slot_size = sizeof(Slot),
			.nslots = SLOTS,
			.look = true,
			.look_at = DT_NOEND,
		},
	.transport = &brim_transport_outbox,
};

BrimPipeline *const brim_send_job = &job.pipe;
