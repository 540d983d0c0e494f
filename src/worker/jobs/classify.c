/*-------------------------------------------------------------------------
 *
 * classify.c
 *	  The job that has texts about leads classified: one request for several
 *	  texts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/base/base.h"
#include "core/gemini/gemini.h"
#include "pg/queue/queue.h"
#include "pg/server/server.h"
#include "worker/jobs/classify_record.h"
#include "worker/jobs/gemini_client.h"
#include "worker/jobs/jobs.h"

#define SLOTS BRIM_PIPELINE_MAX_SLOTS
#define CONNECTIONS Max(brim_gemini_connections / 2, 1)
#define MAX_REQUEST (8 * 1024 * 1024)
#define NO_REQUEST_S 10 /* until a request that could not begin is tried again */

StaticAssertDecl(BRIM_GEMINI_CLASSIFY_TEXTS <= BRIM_PIPELINE_MAX_ROWS, "too many texts a request");

/* What a claim has found */
typedef struct Rows
{
	BrimText        *texts;
	BrimGeminiText  *questions; /* the same, as core wants them */
	BrimGeminiClass *classes;
	int              nclasses;
} Rows;

static BrimClassifySlot slots[SLOTS];

static void
finish(BrimClassifySlot *slot, BrimClassifyFinish how, bool charged, const char *error)
{
	slot->pipe.state = BRIM_SLOT_FINISHED;
	slot->how = how;
	slot->charged = charged;
	strlcpy(slot->error, error, sizeof(slot->error));
}

/* It reports nothing before it has asked: what is off has no state. */
static void
reload(void *self)
{
	BrimService *service = ((BrimPipeline *) self)->service;

	if (service->state[0] != '\0')
		brim_service_reload(service, NULL);
}

static bool
is_on(void *self)
{
	return brim_classify && brim_gemini_client_key() == BRIM_GEMINI_KEY_SET;
}

/* Each text may have to go apart, so there is a slot for each. */
static int
room(void *self, int used, int vacant, bool is_probe)
{
	int requests = (is_probe ? 1 : CONNECTIONS) - used;

	return Max(requests, 0) * BRIM_GEMINI_CLASSIFY_TEXTS;
}

static int
claim(void *self, const BrimClaim *what, MemoryContext context, void **found, BrimPosition *last)
{
	Rows *rows = MemoryContextAllocZero(context, sizeof(Rows));
	int   n = 0;

	*found = rows;
	rows->nclasses = brim_classification_classes(context, &rows->classes);
	if (rows->nclasses > 0)
		n = brim_classification_claim(what, context, &rows->texts);
	if (n == 0)
		return 0;
	rows->questions = MemoryContextAlloc(context, sizeof(BrimGeminiText) * n);
	for (int i = 0; i < n; i++)
		rows->questions[i] = rows->texts[i].text;
	*last = (BrimPosition){0, rows->texts[n - 1].classification_id};
	return n;
}

static int
held(void *self, const BrimPipelineSlot *pipe, int64 *ids)
{
	const BrimClassifySlot *slot = (const BrimClassifySlot *) pipe;

	for (int i = 0; i < slot->ntexts; i++)
		ids[i] = slot->texts[i].classification_id;
	return slot->ntexts;
}

static void
record(void *self, BrimPipelineSlot *const *finished, int n)
{
	for (int i = 0; i < n; i++)
		brim_classify_record((BrimClassifySlot *) finished[i]);
	BRIM_FAULT("classification_recorded");
}

/* Texts that follow each other, or one that goes apart */
static int
fill(void *self, BrimPipelineSlot *pipe, void *found, int next, int n)
{
	BrimClassifySlot *slot = (BrimClassifySlot *) pipe;
	const Rows       *rows = found;
	int               ntexts = 1;

	BRIM_FAULT("classification_claimed");
	while (!rows->texts[next].goes_apart && ntexts < BRIM_GEMINI_CLASSIFY_TEXTS &&
		   next + ntexts < n && !rows->texts[next + ntexts].goes_apart)
		ntexts++;
	slot->texts = rows->texts + next;
	slot->ntexts = ntexts;
	slot->question.classes = rows->classes;
	slot->question.nclasses = rows->nclasses;
	slot->question.texts = rows->questions + next;
	slot->question.ntexts = ntexts;
	return ntexts;
}

static void
start(void *self, BrimPipelineSlot *pipe)
{
	BrimPipeline     *pipeline = self;
	BrimClassifySlot *slot = (BrimClassifySlot *) pipe;
	BrimBuf           body;
	BrimError         error;
	BrimBreakerState  breaker;

	brim_breaker_read(pipeline->service->name, &breaker);
	if (!is_on(self) || !breaker.may_try)
	{
		finish(slot, BRIM_CLASSIFY_REQUEUE, false, "");
		return;
	}
	if (brim_slots_count(pipeline, BRIM_SLOT_UNDER_WAY) >= (breaker.faults > 0 ? 1 : CONNECTIONS))
		return;
	brim_buf_init(&body, brim_mem_malloc(), MAX_REQUEST);
	if (!brim_gemini_classify_request(&slot->question, &body, &error))
	{
		/* one of them is at fault; alone it is the one that fails */
		brim_buf_free(&body);
		slot->go_apart = slot->ntexts > 1;
		finish(slot, slot->go_apart ? BRIM_CLASSIFY_REQUEUE : BRIM_CLASSIFY_FAIL, false,
			   error.message);
		return;
	}
	slot->http = brim_gemini_client_ask(brim_buf_str(&body), &error);
	brim_buf_free(&body);
	if (slot->http != NULL)
		pipe->state = BRIM_SLOT_UNDER_WAY;
	else
	{
		slot->hint = NO_REQUEST_S;
		finish(slot, BRIM_CLASSIFY_REQUEUE, false, error.message);
	}
}

/*
 * What an answer means for the texts and for the rest.  When the service did
 * answer, but in a way that is of no use, one of the texts may be the cause:
 * each goes alone from then on, so that it spoils no other.
 */
static void
drive(void *self, BrimPipelineSlot *pipe)
{
	BrimClassifySlot       *slot = (BrimClassifySlot *) pipe;
	const BrimGeminiAnswer *answer = &slot->reply.answer;

	if (!brim_http_is_done(slot->http))
		return;
	BRIM_FAULT("classification_answered");
	slot->latency_ms = brim_http_latency(slot->http);
	brim_gemini_classify_read(&slot->question, brim_http_status(slot->http),
							  brim_http_retry_after(slot->http), brim_http_error(slot->http),
							  brim_http_body(slot->http), brim_mem_malloc(), &slot->reply);
	brim_gemini_client_note(((BrimPipeline *) self)->service, answer);
	slot->hint = answer->retry_after;
	switch (answer->outcome)
	{
		case BRIM_GEMINI_ANSWERED:
			finish(slot, BRIM_CLASSIFY_DONE, true, "");
			break;
		case BRIM_GEMINI_RETRY:
			slot->go_apart = answer->heard && slot->ntexts > 1;
			finish(slot, BRIM_CLASSIFY_REQUEUE, true, answer->error.message);
			break;
		case BRIM_GEMINI_QUOTA:
		case BRIM_GEMINI_CONFIG:
			slot->hint = 0;
			finish(slot, BRIM_CLASSIFY_REQUEUE, false, answer->error.message);
			break;
		case BRIM_GEMINI_REFUSED:
			slot->go_apart = slot->ntexts > 1;
			finish(slot, slot->go_apart ? BRIM_CLASSIFY_REQUEUE : BRIM_CLASSIFY_FAIL, true,
				   answer->error.message);
			break;
	}
	brim_http_free(slot->http);
	slot->http = NULL;
}

/* A request under way is dropped; it may be billed. */
static void
give_back(void *self, BrimPipelineSlot *slot, const char *why)
{
	finish((BrimClassifySlot *) slot, BRIM_CLASSIFY_REQUEUE, false, "");
}

static void
not_recorded(void *self, BrimPipelineSlot *pipe, bool passes)
{
	BrimClassifySlot *slot = (BrimClassifySlot *) pipe;

	if (passes)
		return;
	slot->how = pipe->failures == 1 ? BRIM_CLASSIFY_REQUEUE : BRIM_CLASSIFY_FAIL;
	strlcpy(slot->error, "the answer could not be stored; the server log says why",
			sizeof(slot->error));
}

static void
ended(void *self, BrimPipelineSlot *slot)
{
	((BrimPipeline *) self)->look = true; /* some of its texts may be due again */
	brim_process_wake();                  /* and leads may get events */
}

static void
clear(void *self, BrimPipelineSlot *pipe)
{
	BrimClassifySlot *slot = (BrimClassifySlot *) pipe;

	brim_http_free(slot->http);
	brim_gemini_classify_free(brim_mem_malloc(), &slot->reply);
	memset(slot, 0, sizeof(*slot));
}

static const BrimPipelineOps ops = {
	.reload = reload,
	.is_on = is_on,
	.room = room,
	.claim = claim,
	.record = record,
	.held = held,
	.fill = fill,
	.start = start,
	.drive = drive,
	.give_back = give_back,
	.not_recorded = not_recorded,
	.ended = ended,
	.clear = clear,
};

static BrimService service = {.name = "classifier", .well = "ok", .well_detail = ""};

static BrimPipeline job = {
	.ops = &ops,
	.activity = "brim: classification queue",
	.table = &brim_classification_queue,
	.service = &service,
	.slots = slots,
	.slot_size = sizeof(BrimClassifySlot),
	.nslots = SLOTS,
	.look = true,
	.look_at = DT_NOEND,
};

BrimPipeline *const brim_classify_job = &job;
