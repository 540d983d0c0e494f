/*-------------------------------------------------------------------------
 *
 * generate_queue.c
 *	  The transactions of the generating job.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/server/server.h"
#include "worker/generate_queue.h"
#include "worker/jobs.h"

/* Record a finished slot inside the caller's transaction. */
static void
record(BrimGenerateSlot *slot)
{
	BrimGenerationResult result = {0};
	BrimDraft            drafts[BRIM_GEMINI_MAX_VARIANTS];
	BrimDraft           *from_templates;
	char                *problem;

	result.generation_id = slot->job.generation_id;
	result.charged = slot->ask.charged;
	result.delay = slot->delay;
	result.error = slot->ask.error[0] != '\0' ? slot->ask.error : NULL;
	result.prompt_tokens = result.output_tokens = result.thought_tokens = result.latency_ms = -1;
	if (slot->ask.charged)
	{
		result.model = brim_gemini_model;
		result.model_version =
			slot->reply.answer.model_version[0] != '\0' ? slot->reply.answer.model_version : NULL;
		result.prompt_tokens = slot->reply.answer.prompt_tokens;
		result.output_tokens = slot->reply.answer.output_tokens;
		result.thought_tokens = slot->reply.answer.thought_tokens;
		result.latency_ms = slot->ask.latency_ms;
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
	if (brim_generation_record(&result, brim_process_token) && strcmp(result.status, "done") == 0)
		brim_shared_count(BRIM_COUNT_GENERATED, 1);
}

void
brim_generate_record(BrimAskTransaction *txn)
{
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_asker_is_meant(txn, &brim_generating[i].ask))
			record(&brim_generating[i]);
	BRIM_FAULT("generation_recorded");
}

int
brim_generate_claim(const BrimClaim *what, void *arg, BrimPlaceInQueue *last)
{
	BrimAskTransaction *txn = arg;
	BrimGeneration     *jobs;

	txn->nrows = brim_generation_claim(what, txn->context, &jobs);
	txn->rows = jobs;
	if (txn->nrows > 0)
	{
		last->order = -jobs[txn->nrows - 1].score;
		last->id = jobs[txn->nrows - 1].generation_id;
	}
	return txn->nrows;
}

/* After a transaction that failed: give back what it may have claimed all the same. */
void
brim_generate_release_forgotten(void)
{
	int64 ids[BRIM_GENERATE_SLOTS];
	int   n = 0;

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating[i].ask.state != SLOT_FREE)
			ids[n++] = brim_generating[i].job.generation_id;
	brim_generation_release_forgotten(brim_process_token, brim_process_number, ids, n);
}
