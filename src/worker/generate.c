/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  The job that has e-mails written: one request a company drafts all
 *	  variants; without a key, or when the model cannot, templates do.
 *
 * A slot is one generation in hand.  What the job does as classify does stands in
 * asker.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/server/server.h"
#include "worker/generate_slots.h"
#include "worker/writer.h"

#define TEMPLATE_SLOTS 32 /* jobs at once when no request is needed */

BrimGenerateSlot brim_generating[BRIM_GENERATE_SLOTS];

static BrimAskSlot *
get_slot(int i)
{
	return &brim_generating[i].ask;
}

static bool
is_on(void)
{
	return brim_generate && brim_writer_state() != BRIM_WRITER_FAULT;
}

static int
room(int used, int vacant, bool is_probe)
{
	int limit = brim_writer_state() == BRIM_WRITER_NONE ? TEMPLATE_SLOTS : brim_gemini_connections;

	return Min((is_probe ? 1 : limit) - used, vacant);
}

/* After the commit: the claimed jobs get slots. */
static void
adopt(BrimAskTransaction *txn, BrimBatch *batch)
{
	BrimGeneration *jobs = txn->rows;
	int             next = 0;

	BRIM_FAULT("generation_claimed");
	for (int i = 0; i < BRIM_GENERATE_SLOTS && next < txn->nrows; i++)
	{
		BrimGenerateSlot *slot = &brim_generating[i];

		if (slot->ask.state != SLOT_FREE)
			continue;
		slot->ask.state = SLOT_CLAIMED;
		slot->job = jobs[next++];
		slot->job.request.variants = slot->job.variants;
		slot->ask.batch = batch;
		brim_batch_keep(batch);
	}
}

static void
start(BrimAskSlot *slot)
{
	brim_generate_start((BrimGenerateSlot *) slot);
}

static void
interpret(BrimAskSlot *slot)
{
	brim_generate_interpret((BrimGenerateSlot *) slot);
}

static void
give_back(BrimAskSlot *slot)
{
	brim_generate_finish((BrimGenerateSlot *) slot, FINISH_REQUEUE, false, 0, "");
}

static void
simplify(BrimAskSlot *slot)
{
	((BrimGenerateSlot *) slot)->finish = slot->failures == 1 ? FINISH_TEMPLATE : FINISH_FAIL;
	strlcpy(slot->error, "the drafts could not be stored; the server log says why",
			sizeof(slot->error));
}

static void
clear(BrimAskSlot *slot)
{
	brim_generate_free((BrimGenerateSlot *) slot);
}

static BrimAsker asker;

static void
ended(BrimAskSlot *slot)
{
	BrimGenerateFinish finish = ((BrimGenerateSlot *) slot)->finish;

	if (finish == FINISH_DRAFTED || finish == FINISH_TEMPLATE)
	{
		brim_process_wake(); /* there may be e-mails to send */
		brim_shared_wake_others();
	}
	else
		asker.look = true; /* it is due again some time */
}

static const BrimAskKind kind = {
	.activity = "brim: generation queue",
	.service = BRIM_SERVICE_WRITER,
	.queue = {brim_generate_claim, brim_generation_suspects},
	.nslots = BRIM_GENERATE_SLOTS,
	.is_on = is_on,
	.room = room,
	.record = brim_generate_record,
	.next_due = brim_generation_next_due,
	.release_forgotten = brim_generate_release_forgotten,
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
	.kind = &kind, .job = &brim_generate_job, .look = true, .look_at = DT_NOEND};

static void
reload(void)
{
	brim_asker_reload(&asker);
}

static long
turn(bool woken)
{
	return brim_asker_turn(&asker, woken);
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
	return brim_asker_is_failing(&asker);
}

BrimJob brim_generate_job = {.name = "generate",
							 .reload = reload,
							 .turn = turn,
							 .stop = stop,
							 .in_hand = in_hand,
							 .is_failing = is_failing};
