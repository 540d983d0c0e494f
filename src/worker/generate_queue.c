/*-------------------------------------------------------------------------
 *
 * generate_queue.c
 *	  The transactions of the generating job.
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
#include "db/txn.h"
#include "worker/generate_queue.h"
#include "worker/jobs.h"
#include "worker/recovery.h"

/* Record a finished slot inside the caller's transaction. */
static void
record(BrimGenerateSlot *slot)
{
	BrimGenerationResult result = {0};
	BrimDraft            drafts[BRIM_GEMINI_MAX_VARIANTS];
	BrimDraft           *from_templates;
	char                *problem;

	result.generation_id = slot->job.generation_id;
	result.charged = slot->charged;
	result.delay = slot->delay;
	result.error = slot->error[0] != '\0' ? slot->error : NULL;
	result.prompt_tokens = result.output_tokens = result.thought_tokens = result.latency_ms = -1;
	if (slot->charged)
	{
		result.model = brim_gemini_model;
		result.model_version =
			slot->reply.answer.model_version[0] != '\0' ? slot->reply.answer.model_version : NULL;
		result.prompt_tokens = slot->reply.answer.prompt_tokens;
		result.output_tokens = slot->reply.answer.output_tokens;
		result.thought_tokens = slot->reply.answer.thought_tokens;
		result.latency_ms = slot->latency_ms;
	}
	switch (slot->finish)
	{
		case FINISH_DRAFTED:
			result.status = "done";
			result.provider = "gemini";
			result.drafts = drafts;
			result.ndrafts = slot->job.request.nvariants;
			for (int i = 0; i < result.ndrafts; i++)
			{
				drafts[i].variant = slot->job.variants[i].name.data;
				drafts[i].subject = slot->reply.drafts[i].subject;
				drafts[i].body = slot->reply.drafts[i].body;
			}
			break;
		case FINISH_TEMPLATE:
			result.ndrafts = brim_generation_from_templates(
				slot->job.generation_id, CurrentMemoryContext, &from_templates, &problem);
			result.provider = "template";
			result.drafts = from_templates;
			result.status = result.ndrafts > 0 ? "done" : "failed";
			if (result.ndrafts <= 0)
			{
				result.ndrafts = 0;
				result.error = brim_txn_to_utf8(problem);
			}
			break;
		case FINISH_REQUEUE:
			result.status = "queued";
			break;
		case FINISH_FAIL:
			result.status = "failed";
			break;
	}
	if (brim_generation_record(&result, brim_worker_token) && strcmp(result.status, "done") == 0)
		brim_shared_count(BRIM_COUNT_GENERATED, 1);
}

static int
claim(const BrimClaim *what, void *arg, BrimPlaceInQueue *last)
{
	BrimGenerateTransaction *txn = arg;

	txn->njobs = brim_generation_claim(what, txn->context, &txn->jobs);
	if (txn->njobs > 0)
	{
		last->order = -txn->jobs[txn->njobs - 1].score;
		last->id = txn->jobs[txn->njobs - 1].generation_id;
	}
	return txn->njobs;
}

/* After a transaction that failed: give back what it may have claimed all the same. */
static void
release_forgotten(void)
{
	int64 ids[BRIM_GENERATE_SLOTS];
	int   n = 0;

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state != SLOT_FREE)
			ids[n++] = brim_generating.slots[i].job.generation_id;
	brim_generation_release_forgotten(brim_worker_token, brim_worker_number, ids, n);
}

static void
claim_in(BrimGenerateTransaction *txn, MemoryContext parent)
{
	static const BrimQueue queue = {claim, brim_generation_suspects};
	BrimNode               node;
	BrimClaim              what = {.max = txn->max};
	bool                   blocked = false;

	if (!brim_recovery_may_work(&node))
		return;
	if (brim_generating.may_have_forgotten)
		release_forgotten();
	if (!brim_breaker_take_probe(BRIM_SERVICE_WRITER))
	{
		txn->walk.more = true; /* when the breaker lets us */
		return;
	}
	what.token = brim_worker_token;
	what.number = brim_worker_number;
	what.node_id = node.node_id;
	txn->context = AllocSetContextCreate(parent, "brim generations", ALLOCSET_SMALL_SIZES);
	(void) brim_walk_claim(&txn->walk, &brim_generate_job, &queue, &what, txn);
	if (!txn->walk.more)
		txn->look_at = brim_generation_next_due(&blocked);
	if (blocked)
		txn->look_at =
			Min(txn->look_at, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BRIM_RECHECK_MS));
}

void
brim_generate_transact(void *arg)
{
	BrimGenerateTransaction *txn = arg;
	MemoryContext            parent = CurrentMemoryContext;
	BrimBreakerState         writer;

	txn->look_at = DT_NOEND;
	txn->walk.cursor = brim_generating.cursor;
	txn->installed = brim_txn_begin("brim: generation queue");
	if (!txn->installed)
		return;
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (txn->only == NULL ? brim_generating.slots[i].state == SLOT_FINISHED
							  : txn->only == &brim_generating.slots[i])
			record(&brim_generating.slots[i]);
	BRIM_FAULT("generation_recorded");
	if (txn->max > 0)
		claim_in(txn, parent);
	if (txn->reports)
	{
		brim_breaker_read(BRIM_SERVICE_WRITER, &writer);
		brim_report_write(&brim_generating.report, writer.open_until);
	}
	brim_txn_commit();
	if (txn->reports)
		brim_report_written(&brim_generating.report);
}
