/*-------------------------------------------------------------------------
 *
 * generate_slots.c
 *	  The slots of the generating job: from the claim to the writer's answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "core/base/base.h"
#include "pg/server/server.h"
#include "worker/generate_slots.h"
#include "worker/writer.h"

#define MAX_REQUEST (1024 * 1024)

void
brim_generate_free(BrimGenerateSlot *slot)
{
	brim_http_free(slot->ask.http);
	brim_gemini_reply_free(brim_mem_malloc(), &slot->reply);
	brim_batch_drop(slot->ask.batch);
	memset(slot, 0, sizeof(*slot));
}

void
brim_generate_finish(BrimGenerateSlot *slot, BrimGenerateFinish how, bool charged, int delay,
					 const char *error)
{
	slot->ask.state = SLOT_FINISHED;
	slot->finish = how;
	slot->ask.charged = charged;
	slot->delay = delay;
	strlcpy(slot->ask.error, error, sizeof(slot->ask.error));
}

/* Begin what a claimed job needs. */
void
brim_generate_start(BrimGenerateSlot *slot)
{
	BrimBuf   body;
	BrimError error;

	if (brim_writer_state() == BRIM_WRITER_NONE)
	{
		brim_generate_finish(slot, FINISH_TEMPLATE, false, 0, "");
		return;
	}
	if (slot->job.request.company.data == NULL)
	{
		brim_generate_finish(slot, FINISH_TEMPLATE, false, 0,
							 ""); /* the lead is gone: fails there, saying so */
		return;
	}
	brim_buf_init(&body, brim_mem_malloc(), MAX_REQUEST);
	if (!brim_gemini_request(&slot->job.request, &body, &error))
	{
		brim_buf_free(&body);
		brim_generate_finish(slot, FINISH_TEMPLATE, false, 0, error.message);
		return;
	}
	slot->ask.http = brim_writer_ask(brim_buf_str(&body), &error);
	brim_buf_free(&body);
	if (slot->ask.http == NULL)
		brim_generate_finish(slot, FINISH_REQUEUE, false, 10, error.message);
	else
		slot->ask.state = SLOT_WAITING;
}

/* A request has ended: what does its answer mean for the job and for the rest? */
void
brim_generate_interpret(BrimGenerateSlot *slot)
{
	const BrimGeminiAnswer *answer = &slot->reply.answer;
	int                     attempt = slot->job.attempts + 1;
	int                     delay;

	BRIM_FAULT("generation_answered");
	slot->ask.latency_ms = brim_http_latency(slot->ask.http);
	brim_gemini_reply_read(&slot->job.request, brim_http_status(slot->ask.http),
						   brim_http_retry_after(slot->ask.http), brim_http_error(slot->ask.http),
						   brim_http_body(slot->ask.http), brim_mem_malloc(), &slot->reply);
	brim_writer_note(BRIM_SERVICE_WRITER, answer);
	switch (answer->outcome)
	{
		case BRIM_GEMINI_ANSWERED:
			brim_generate_finish(slot, FINISH_DRAFTED, true, 0, "");
			break;
		case BRIM_GEMINI_RETRY:
			delay = brim_retry_generation(attempt, brim_process_random(), answer->retry_after);
			if (delay < 0)
				brim_generate_finish(slot, FINISH_TEMPLATE, true, 0, answer->error.message);
			else
				brim_generate_finish(slot, FINISH_REQUEUE, true, delay, answer->error.message);
			break;
		case BRIM_GEMINI_QUOTA:
		case BRIM_GEMINI_CONFIG:
			brim_generate_finish(slot, FINISH_REQUEUE, false, 0, answer->error.message);
			break;
		case BRIM_GEMINI_REFUSED:
			brim_generate_finish(slot, FINISH_TEMPLATE, true, 0, answer->error.message);
			break;
	}
	brim_http_free(slot->ask.http);
	slot->ask.http = NULL;
}
