/*-------------------------------------------------------------------------
 *
 * classify.c
 *	  The job that has texts about leads classified: one request for several
 *	  texts; what is found goes to the leads that have the text.
 *
 * A slot is one request in hand, with its texts.  What the job does as generate
 * does stands in asker.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/classify_slots.h"
#include "worker/writer.h"

BrimClassifySlot brim_classifying[BRIM_CLASSIFY_SLOTS];

/* When to look for leads that lack what was found, and the pause after errors */
static bool        leads_look = true;
static TimestampTz leads_at = DT_NOEND;
static BrimBackoff leads_pause;

static BrimAskSlot *
get_slot(int i)
{
	return &brim_classifying[i].ask;
}

static bool
is_on(void)
{
	return brim_classify && brim_writer_state() == BRIM_WRITER_GEMINI;
}

/* Each text may have to go apart, so there is a slot for each. */
static int
room(int used, int vacant, bool is_probe)
{
	int requests = (is_probe ? 1 : BRIM_CLASSIFY_CONNECTIONS) - used;

	return Min(Max(requests, 0) * BRIM_GEMINI_CLASSIFY_TEXTS, vacant);
}

/* Put texts that follow each other into a slot. */
static void
fill(BrimClassifySlot *slot, const BrimClassifyRows *rows, int first, int n, BrimBatch *batch)
{
	slot->ask.state = SLOT_CLAIMED;
	slot->ask.batch = batch;
	slot->texts = rows->texts + first;
	slot->ntexts = n;
	slot->question.classes = rows->classes;
	slot->question.nclasses = rows->nclasses;
	slot->question.texts = rows->questions + first;
	slot->question.ntexts = n;
	brim_batch_keep(batch);
}

/* After the commit: the claimed texts get slots, in batches or apart. */
static void
adopt(BrimAskTransaction *txn, BrimBatch *batch)
{
	const BrimClassifyRows *rows = txn->rows;
	int                     next = 0;

	BRIM_FAULT("classification_claimed");
	for (int i = 0; i < BRIM_CLASSIFY_SLOTS && next < txn->nrows; i++)
	{
		int n = 1;

		if (brim_classifying[i].ask.state != SLOT_FREE)
			continue;
		while (!rows->texts[next].goes_apart && n < BRIM_GEMINI_CLASSIFY_TEXTS &&
			   next + n < txn->nrows && !rows->texts[next + n].goes_apart)
			n++;
		fill(&brim_classifying[i], rows, next, n, batch);
		next += n;
	}
}

static void
start(BrimAskSlot *slot)
{
	brim_classify_start((BrimClassifySlot *) slot);
}

static void
interpret(BrimAskSlot *slot)
{
	brim_classify_interpret((BrimClassifySlot *) slot);
}

static void
give_back(BrimAskSlot *slot)
{
	brim_classify_finish((BrimClassifySlot *) slot, FINISH_REQUEUE, false, "");
}

static void
simplify(BrimAskSlot *slot)
{
	((BrimClassifySlot *) slot)->finish = slot->failures == 1 ? FINISH_REQUEUE : FINISH_FAIL;
	strlcpy(slot->error, "the answer could not be stored; the server log says why",
			sizeof(slot->error));
}

static void
clear(BrimAskSlot *slot)
{
	brim_classify_free((BrimClassifySlot *) slot);
}

static BrimAsker asker;

static void
ended(BrimAskSlot *slot)
{
	asker.look = true; /* some of its texts may be due again */
	leads_look = true;
}

static const BrimAskKind kind = {
	.activity = "brim: classification queue",
	.service = BRIM_SERVICE_CLASSIFIER,
	.queue = {brim_classify_claim, brim_classification_suspects},
	.nslots = BRIM_CLASSIFY_SLOTS,
	.is_on = is_on,
	.room = room,
	.record = brim_classify_record,
	.next_due = brim_classification_next_due,
	.release_forgotten = brim_classify_release_forgotten,
	.slot = get_slot,
	.adopt = adopt,
	.start = start,
	.interpret = interpret,
	.give_back = give_back,
	.simplify = simplify,
	.ended = ended,
	.clear = clear,
};

static BrimAsker asker = {
	.kind = &kind, .job = &brim_classify_job, .look = true, .look_at = DT_NOEND};

static void
reload(void)
{
	brim_asker_reload(&asker);
	leads_look = true;
	brim_backoff_clear(&leads_pause);
}

/*
 * One step towards all leads knowing what was found in their texts.  Returns
 * milliseconds until the next.
 */
static long
hand_on(bool woken)
{
	BrimHandOn step;

	if (woken || brim_process_until(leads_at) == 0)
		leads_look = true;
	if (!brim_classify || brim_process_is_stopping())
		return BRIM_FOREVER;
	if (brim_backoff_pauses(&leads_pause))
		return brim_backoff_left(&leads_pause);
	if (!leads_look)
		return brim_process_until(leads_at);
	if (!brim_process_try(brim_classify_hand_on, &step))
	{
		brim_backoff_failed(&leads_pause);
		return brim_backoff_left(&leads_pause);
	}
	brim_backoff_clear(&leads_pause);
	leads_look = step.n > 0;
	leads_at = step.next;
	if (step.n > 0)
	{
		brim_process_wake(); /* leads may qualify now */
		brim_shared_wake_others();
		return 0;
	}
	return brim_process_until(leads_at);
}

static long
turn(bool woken)
{
	long sleep_ms = brim_asker_turn(&asker, woken);

	return brim_process_sooner(sleep_ms, hand_on(woken));
}

static bool
stop(void)
{
	return brim_asker_stop(&asker);
}

static int
in_hand(void *self, bool finished)
{
	return brim_asker_in_hand(&asker, finished);
}

static bool
is_failing(void)
{
	return brim_asker_is_failing(&asker) || brim_backoff_left(&leads_pause) != BRIM_FOREVER;
}

BrimJob brim_classify_job = {.name = "classify",
							 .reload = reload,
							 .turn = turn,
							 .stop = stop,
							 .in_hand = in_hand,
							 .is_failing = is_failing};
