/*-------------------------------------------------------------------------
 *
 * draft.c
 *	  The job that has e-mails drafted: one request a company drafts all
 *	  variants; without a key, or when the model cannot, templates do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "core/base/base.h"
#include "core/gemini/gemini.h"
#include "pg/queue/queue.h"
#include "pg/server/server.h"
#include "worker/jobs/gemini_client.h"
#include "worker/jobs/jobs.h"

#define SLOTS 128
#define TEMPLATE_SLOTS 32 /* generations at once when no request is needed */
#define MAX_REQUEST (1024 * 1024)
#define NO_REQUEST_S 10 /* until a request that could not begin is tried again */

typedef enum Finish
{
	FINISH_DRAFTED,  /* by the model */
	FINISH_TEMPLATE, /* from templates, when it is recorded */
	FINISH_REQUEUE,  /* once more, later */
	FINISH_FAIL
} Finish;

/* One generation */
typedef struct Slot
{
	BrimPipelineSlot pipe;
	BrimGeneration   job;
	BrimHttp        *http;

	/* Result, when FINISHED */
	Finish          how;
	bool            charged;
	int             delay;
	int             latency_ms;
	char            error[256];
	BrimGeminiReply reply;
} Slot;

static Slot slots[SLOTS];

static void
finish(Slot *slot, Finish how, bool charged, int delay, const char *error)
{
	slot->pipe.state = BRIM_SLOT_FINISHED;
	slot->how = how;
	slot->charged = charged;
	slot->delay = delay;
	strlcpy(slot->error, error, sizeof(slot->error));
}

static void
reload(void *self)
{
	BrimService *service = ((BrimPipeline *) self)->service;
	char        *problem = brim_gemini_client_reload();
	bool         has_key = brim_gemini_client_key() != BRIM_GEMINI_KEY_NONE;

	service->well = has_key ? "ok" : "templates";
	service->well_detail =
		has_key ? "" : "no brim.gemini_api_key_file is set: e-mails are written from templates";
	brim_service_reload(service, problem);
}

/* A key file that could not be read is tried again now and then. */
static void
prepare(void *self)
{
	if (brim_gemini_client_left() != 0)
		return;
	reload(self);
	brim_process_wake();
}

static bool
is_on(void *self)
{
	return brim_generate && brim_gemini_client_key() != BRIM_GEMINI_KEY_FAULT;
}

static bool
needs_service(void *self)
{
	return brim_gemini_client_key() == BRIM_GEMINI_KEY_SET;
}

static int
room(void *self, int used, int vacant, bool is_probe)
{
	int limit = needs_service(self) ? brim_gemini_connections : TEMPLATE_SLOTS;

	return (is_probe ? 1 : limit) - used;
}

static int
claim(void *self, const BrimClaim *what, MemoryContext context, void **rows, BrimPosition *last)
{
	BrimGeneration *jobs;
	int             n = brim_generation_claim(what, context, &jobs);

	*rows = jobs;
	if (n > 0)
		*last = (BrimPosition){-jobs[n - 1].score, jobs[n - 1].generation_id};
	return n;
}

static int
held(void *self, const BrimPipelineSlot *slot, int64 *ids)
{
	ids[0] = ((const Slot *) slot)->job.generation_id;
	return 1;
}

static void
record_one(Slot *slot)
{
	const BrimGeminiAnswer *answer = &slot->reply.answer;
	BrimGenerationResult    result = {0};
	BrimDraft               drafts[BRIM_GEMINI_MAX_VARIANTS];
	BrimDraft              *from_templates;
	char                   *problem;

	result.generation_id = slot->job.generation_id;
	result.charged = slot->charged;
	result.delay = slot->delay;
	result.error = slot->error[0] != '\0' ? slot->error : NULL;
	result.prompt_tokens = result.output_tokens = result.thought_tokens = result.latency_ms = -1;
	if (slot->charged)
	{
		result.model = brim_gemini_model;
		result.model_version = answer->model_version[0] != '\0' ? answer->model_version : NULL;
		result.prompt_tokens = answer->prompt_tokens;
		result.output_tokens = answer->output_tokens;
		result.thought_tokens = answer->thought_tokens;
		result.latency_ms = slot->latency_ms;
	}
	switch (slot->how)
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

static void
record(void *self, BrimPipelineSlot *const *finished, int n)
{
	for (int i = 0; i < n; i++)
		record_one((Slot *) finished[i]);
	BRIM_FAULT("generation_recorded");
}

static int
fill(void *self, BrimPipelineSlot *pipe, void *rows, int next, int n)
{
	Slot *slot = (Slot *) pipe;

	BRIM_FAULT("generation_claimed");
	slot->job = ((BrimGeneration *) rows)[next];
	slot->job.request.variants = slot->job.variants;
	return 1;
}

static void
start(void *self, BrimPipelineSlot *pipe)
{
	Slot     *slot = (Slot *) pipe;
	BrimBuf   body;
	BrimError error;

	/* where the lead is gone that fails, saying so */
	if (!needs_service(self) || slot->job.request.company.data == NULL)
	{
		finish(slot, FINISH_TEMPLATE, false, 0, "");
		return;
	}
	brim_buf_init(&body, brim_mem_malloc(), MAX_REQUEST);
	if (!brim_gemini_request(&slot->job.request, &body, &error))
	{
		brim_buf_free(&body);
		finish(slot, FINISH_TEMPLATE, false, 0, error.message);
		return;
	}
	slot->http = brim_gemini_client_ask(brim_buf_str(&body), &error);
	brim_buf_free(&body);
	if (slot->http == NULL)
		finish(slot, FINISH_REQUEUE, false, NO_REQUEST_S, error.message);
	else
		pipe->state = BRIM_SLOT_UNDER_WAY;
}

/* What an answer means for the generation and for the rest */
static void
drive(void *self, BrimPipelineSlot *pipe)
{
	Slot                   *slot = (Slot *) pipe;
	const BrimGeminiAnswer *answer = &slot->reply.answer;
	int                     attempt = slot->job.attempts + 1;
	int                     delay;

	if (!brim_http_is_done(slot->http))
		return;
	BRIM_FAULT("generation_answered");
	slot->latency_ms = brim_http_latency(slot->http);
	brim_gemini_reply_read(&slot->job.request, brim_http_status(slot->http),
						   brim_http_retry_after(slot->http), brim_http_error(slot->http),
						   brim_http_body(slot->http), brim_mem_malloc(), &slot->reply);
	brim_gemini_client_note(((BrimPipeline *) self)->service, answer);
	switch (answer->outcome)
	{
		case BRIM_GEMINI_ANSWERED:
			finish(slot, FINISH_DRAFTED, true, 0, "");
			break;
		case BRIM_GEMINI_RETRY:
			delay = brim_retry_generation(attempt, brim_process_random(), answer->retry_after);
			if (delay < 0)
				finish(slot, FINISH_TEMPLATE, true, 0, answer->error.message);
			else
				finish(slot, FINISH_REQUEUE, true, delay, answer->error.message);
			break;
		case BRIM_GEMINI_QUOTA:
		case BRIM_GEMINI_CONFIG:
			finish(slot, FINISH_REQUEUE, false, 0, answer->error.message);
			break;
		case BRIM_GEMINI_REFUSED:
			finish(slot, FINISH_TEMPLATE, true, 0, answer->error.message);
			break;
	}
	brim_http_free(slot->http);
	slot->http = NULL;
}

/* A request under way is dropped; it may be billed. */
static void
give_back(void *self, BrimPipelineSlot *slot, const char *why)
{
	finish((Slot *) slot, FINISH_REQUEUE, false, 0, "");
}

static void
not_recorded(void *self, BrimPipelineSlot *pipe, bool passes)
{
	Slot *slot = (Slot *) pipe;

	if (passes)
		return;
	slot->how = pipe->failures == 1 ? FINISH_TEMPLATE : FINISH_FAIL;
	strlcpy(slot->error, "the drafts could not be stored; the server log says why",
			sizeof(slot->error));
}

static void
ended(void *self, BrimPipelineSlot *pipe)
{
	const Slot *slot = (const Slot *) pipe;

	if (slot->how == FINISH_DRAFTED || slot->how == FINISH_TEMPLATE)
	{
		brim_process_wake(); /* there may be e-mails to send */
		brim_shared_wake_others();
	}
	else
		((BrimPipeline *) self)->look = true; /* it is due again some time */
}

static void
clear(void *self, BrimPipelineSlot *pipe)
{
	Slot *slot = (Slot *) pipe;

	brim_http_free(slot->http);
	brim_gemini_reply_free(brim_mem_malloc(), &slot->reply);
	memset(slot, 0, sizeof(*slot));
}

static long
wakes_in(void *self)
{
	return brim_gemini_client_left();
}

static const BrimPipelineOps ops = {
	.reload = reload,
	.prepare = prepare,
	.is_on = is_on,
	.needs_service = needs_service,
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
	.wakes_in = wakes_in,
};

static BrimService service = {.name = "generator"};

static BrimPipeline job = {
	.ops = &ops,
	.activity = "brim: generation queue",
	.table = &brim_generation_queue,
	.service = &service,
	.slots = slots,
	.slot_size = sizeof(Slot),
	.nslots = SLOTS,
	.look = true,
	.look_at = DT_NOEND,
};

BrimPipeline *const brim_draft_job = &job;
