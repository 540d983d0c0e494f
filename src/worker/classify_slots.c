/*-------------------------------------------------------------------------
 *
 * classify_slots.c
 *	  The slots of the classifying job: from the claim to the answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/server/server.h"
#include "worker/classify_slots.h"
#include "worker/writer.h"

#define MAX_REQUEST (8 * 1024 * 1024)

void
brim_classify_free(BrimClassifySlot *slot)
{
	brim_http_free(slot->ask.http);
	brim_gemini_classify_free(brim_mem_malloc(), &slot->reply);
	brim_batch_drop(slot->ask.batch);
	memset(slot, 0, sizeof(*slot));
}

void
brim_classify_finish(BrimClassifySlot *slot, BrimClassifyFinish how, bool charged,
					 const char *error)
{
	slot->ask.state = SLOT_FINISHED;
	slot->finish = how;
	slot->ask.charged = charged;
	strlcpy(slot->ask.error, error, sizeof(slot->ask.error));
}

/* How many requests are under way? */
static int
count_waiting(void)
{
	int n = 0;

	for (int i = 0; i < BRIM_CLASSIFY_SLOTS; i++)
		n += brim_classifying[i].ask.state == SLOT_WAITING;
	return n;
}

/* Begin the request of a claimed slot, if it may be made now; see classify_slots.h. */
void
brim_classify_start(BrimClassifySlot *slot)
{
	BrimBuf          body;
	BrimError        error;
	BrimBreakerState breaker;

	brim_breaker_read(BRIM_SERVICE_CLASSIFIER, &breaker);
	if (!brim_classify || brim_writer_state() != BRIM_WRITER_GEMINI || !breaker.may_try)
	{
		brim_classify_finish(slot, FINISH_REQUEUE, false, "");
		return;
	}
	if (count_waiting() >= (breaker.faults > 0 ? 1 : BRIM_CLASSIFY_CONNECTIONS))
		return;
	brim_buf_init(&body, brim_mem_malloc(), MAX_REQUEST);
	if (!brim_gemini_classify_request(&slot->question, &body, &error))
	{
		/* one of them is at fault; alone it is the one that fails */
		brim_buf_free(&body);
		slot->go_apart = slot->ntexts > 1;
		brim_classify_finish(slot, slot->go_apart ? FINISH_REQUEUE : FINISH_FAIL, false,
							 error.message);
		return;
	}
	slot->ask.http = brim_writer_ask(brim_buf_str(&body), &error);
	brim_buf_free(&body);
	if (slot->ask.http != NULL)
		slot->ask.state = SLOT_WAITING;
	else
	{
		slot->hint = 10;
		brim_classify_finish(slot, FINISH_REQUEUE, false, error.message);
	}
}

/*
 * A request has ended; see classify_slots.h.  When the service did answer, but in
 * a way that is of no use, one of the texts may be the cause: each goes alone
 * from then on, so that it spoils no other.
 */
void
brim_classify_interpret(BrimClassifySlot *slot)
{
	const BrimGeminiAnswer *answer = &slot->reply.answer;

	BRIM_FAULT("classification_answered");
	slot->ask.latency_ms = brim_http_latency(slot->ask.http);
	brim_gemini_classify_read(&slot->question, brim_http_status(slot->ask.http),
							  brim_http_retry_after(slot->ask.http),
							  brim_http_error(slot->ask.http), brim_http_body(slot->ask.http),
							  brim_mem_malloc(), &slot->reply);
	brim_writer_note(BRIM_SERVICE_CLASSIFIER, answer);
	slot->hint = answer->retry_after;
	switch (answer->outcome)
	{
		case BRIM_GEMINI_ANSWERED:
			brim_classify_finish(slot, FINISH_CLASSIFIED, true, "");
			break;
		case BRIM_GEMINI_RETRY:
			slot->go_apart = answer->heard && slot->ntexts > 1;
			brim_classify_finish(slot, FINISH_REQUEUE, true, answer->error.message);
			break;
		case BRIM_GEMINI_QUOTA:
		case BRIM_GEMINI_CONFIG:
			slot->hint = 0;
			brim_classify_finish(slot, FINISH_REQUEUE, false, answer->error.message);
			break;
		case BRIM_GEMINI_REFUSED:
			slot->go_apart = slot->ntexts > 1;
			brim_classify_finish(slot, slot->go_apart ? FINISH_REQUEUE : FINISH_FAIL, true,
								 answer->error.message);
			break;
	}
	brim_http_free(slot->ask.http);
	slot->ask.http = NULL;
}
