/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  The job that has e-mails written: one request a company drafts all
 *	  variants; without a key, or when the model cannot, templates do.
 *
 * A slot is one generation in hand: claimed, then either waiting for its HTTP
 * request or finished and waiting to be recorded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/retry.h"
#include "db/generation.h"
#include "db/settings.h"
#include "db/shared.h"
#include "db/txn.h"
#include "net/net.h"
#include "worker/jobs.h"

#define MAX_SLOTS 128
#define TEMPLATE_SLOTS 32		/* jobs at once when no request is needed */
#define MAX_REQUEST (1024 * 1024)
#define MAX_REPLY (1024 * 1024)
#define CONFIG_PAUSE_S 300		/* between probes while the configuration is at fault */

typedef enum SlotState
{
	SLOT_FREE,
	SLOT_CLAIMED,
	SLOT_WAITING,				/* for its request */
	SLOT_FINISHED				/* to be recorded */
} SlotState;

typedef enum Finish
{
	FINISH_DRAFTED,				/* by the model */
	FINISH_TEMPLATE,			/* from templates, when it is recorded */
	FINISH_REQUEUE,				/* once more, later */
	FINISH_FAIL
} Finish;

typedef struct Slot
{
	SlotState	state;
	struct Batch *batch;		/* owns the texts of job */
	BrimGeneration job;
	BrimHttp   *http;

	/* Result, when FINISHED */
	Finish		finish;
	bool		charged;
	int			delay;
	int			failures;		/* to record it */
	int			latency_ms;
	BrimGeminiReply reply;
	char		error[256];
} Slot;

typedef enum Writer
{
	WRITER_TEMPLATES,				/* no key is set */
	WRITER_GEMINI,
	WRITER_FAULT					/* a key is set and cannot be read */
} Writer;

/* Jobs that were claimed together share a memory context until the last is done. */
typedef struct Batch
{
	MemoryContext context;
	int			slots;
} Batch;

static Slot slots[MAX_SLOTS];
static Writer writer = WRITER_TEMPLATES;
static char *api_key = NULL;

/* Pause of all requests: quota or configuration */
static TimestampTz paused_until = 0;

/* What brim.component is to say */
static char component_state[32] = "";
static char component_detail[512] = "";
static bool component_is_new = false;

/* When to look for jobs again */
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

static void
reload(void)
{
	char	   *problem;

	if (api_key != NULL)
	{
		explicit_bzero(api_key, strlen(api_key));
		free(api_key);
		api_key = NULL;
	}
	paused_until = 0;
	look = true;
	if (*brim_gemini_api_key_file == '\0')
	{
		writer = WRITER_TEMPLATES;
		set_component("templates", "no brim.gemini_api_key_file is set: e-mails are written from templates");
		return;
	}
	api_key = brim_settings_secret(brim_gemini_api_key_file, &problem);
	writer = api_key != NULL ? WRITER_GEMINI : WRITER_FAULT;
	if (api_key != NULL)
		set_component("ok", "");
	else
	{
		set_component("fault", problem);
		paused_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), CONFIG_PAUSE_S * INT64CONST(1000));
	}
}

static void
free_slot(Slot *slot)
{
	brim_http_free(slot->http);
	brim_gemini_free(brim_mem_malloc(), &slot->reply);
	if (slot->batch != NULL && --slot->batch->slots == 0)
		MemoryContextDelete(slot->batch->context);
	memset(slot, 0, sizeof(*slot));
	look = true;
}

static void
finish(Slot *slot, Finish how, bool charged, int delay, const char *error)
{
	slot->state = SLOT_FINISHED;
	slot->finish = how;
	slot->charged = charged;
	slot->delay = delay;
	strlcpy(slot->error, error, sizeof(slot->error));
}

/* Stop asking for a while; the jobs keep waiting. */
static void
pause_requests(int seconds, const char *why)
{
	paused_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), seconds * INT64CONST(1000));
	set_component("fault", why);
}

/* Begin what a claimed job needs. */
static void
start(Slot *slot)
{
	BrimBuf		body;
	BrimError	error;
	BrimHttpOptions options = {0};
	char		key_header[4200];
	char		url[2048];
	int			url_len = (int) strlen(brim_gemini_url);

	if (writer == WRITER_TEMPLATES)
	{
		finish(slot, FINISH_TEMPLATE, false, 0, "");
		return;
	}
	if (slot->job.request.company.data == NULL)
	{
		finish(slot, FINISH_TEMPLATE, false, 0, "");	/* the lead is gone: fails there, saying so */
		return;
	}
	brim_buf_init(&body, brim_mem_malloc(), MAX_REQUEST);
	if (!brim_gemini_request(&slot->job.request, &body, &error))
	{
		brim_buf_free(&body);
		finish(slot, FINISH_TEMPLATE, false, 0, error.message);
		return;
	}
	while (url_len > 0 && brim_gemini_url[url_len - 1] == '/')
		url_len--;
	snprintf(url, sizeof(url), "%.*s/v1beta/models/%s:generateContent", url_len, brim_gemini_url, brim_gemini_model);
	snprintf(key_header, sizeof(key_header), "x-goog-api-key: %s", api_key);
	options.url = url;
	options.headers[0] = "Content-Type: application/json";
	options.headers[1] = key_header;
	options.body = body.data;
	options.body_len = body.len;
	options.ca_file = brim_ca_file;
	options.timeout = brim_generate_timeout;
	options.max_reply = MAX_REPLY;
	slot->http = brim_http_post(&options, &error);
	explicit_bzero(key_header, sizeof(key_header));
	brim_buf_free(&body);
	if (slot->http == NULL)
		finish(slot, FINISH_REQUEUE, false, 10, error.message);
	else
		slot->state = SLOT_WAITING;
}

/* A request has ended: what does its answer mean for the job and for the rest? */
static void
interpret(Slot *slot)
{
	int			attempt = slot->job.attempts + 1;
	int			delay;
	char		why[512];

	slot->latency_ms = brim_http_latency(slot->http);
	brim_gemini_read(&slot->job.request, brim_http_status(slot->http), brim_http_retry_after(slot->http),
					 brim_http_error(slot->http), brim_http_body(slot->http), brim_mem_malloc(), &slot->reply);
	switch (slot->reply.outcome)
	{
		case BRIM_GEMINI_DRAFTED:
			set_component("ok", "");
			finish(slot, FINISH_DRAFTED, true, 0, "");
			break;
		case BRIM_GEMINI_RETRY:
			delay = brim_retry_generation(attempt, brim_worker_random(), slot->reply.retry_after);
			if (delay < 0)
				finish(slot, FINISH_TEMPLATE, true, 0, slot->reply.error.message);
			else
				finish(slot, FINISH_REQUEUE, true, delay, slot->reply.error.message);
			break;
		case BRIM_GEMINI_QUOTA:
			delay = Max(slot->reply.retry_after, 60);
			snprintf(why, sizeof(why), "Gemini's quota is used up: %s", slot->reply.error.message);
			pause_requests(delay, why);
			finish(slot, FINISH_REQUEUE, false, 0, slot->reply.error.message);
			break;
		case BRIM_GEMINI_CONFIG:
			snprintf(why, sizeof(why), "Gemini refuses the request: %s", slot->reply.error.message);
			pause_requests(CONFIG_PAUSE_S, why);
			finish(slot, FINISH_REQUEUE, false, 0, slot->reply.error.message);
			break;
		case BRIM_GEMINI_REFUSED:
			finish(slot, FINISH_TEMPLATE, true, 0, slot->reply.error.message);
			break;
	}
	brim_http_free(slot->http);
	slot->http = NULL;
}

/* Record a finished slot inside the caller's transaction. */
static void
record(Slot *slot)
{
	BrimGenerationResult result = {0};
	BrimDraft	drafts[BRIM_GEMINI_MAX_VARIANTS];
	BrimDraft  *from_templates;
	char	   *problem;

	result.generation_id = slot->job.generation_id;
	result.charged = slot->charged;
	result.delay = slot->delay;
	result.error = slot->error[0] != '\0' ? slot->error : NULL;
	result.prompt_tokens = result.output_tokens = result.thought_tokens = result.latency_ms = -1;
	if (slot->charged)
	{
		result.model = brim_gemini_model;
		result.model_version = slot->reply.model_version[0] != '\0' ? slot->reply.model_version : NULL;
		result.prompt_tokens = slot->reply.prompt_tokens;
		result.output_tokens = slot->reply.output_tokens;
		result.thought_tokens = slot->reply.thought_tokens;
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
			result.ndrafts = brim_generation_from_templates(slot->job.generation_id, CurrentMemoryContext,
															&from_templates, &problem);
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
count_slots(SlotState state)
{
	int			n = 0;

	for (int i = 0; i < MAX_SLOTS; i++)
		if (slots[i].state == state)
			n++;
	return n;
}

/* What one transaction of this job is to do, and what it found. */
typedef struct Transaction
{
	int			max;			/* jobs to claim */
	Slot	   *only;			/* record this slot alone, or NULL for all */

	bool		installed;
	MemoryContext context;		/* of the claimed jobs */
	BrimGeneration *jobs;
	int			njobs;
} Transaction;

static void
run_transaction(void *arg)
{
	Transaction *txn = arg;
	MemoryContext parent = CurrentMemoryContext;
	BrimNode	node;
	bool		blocked = false;

	txn->installed = brim_txn_begin("brim: generation queue");
	if (!txn->installed)
		return;
	for (int i = 0; i < MAX_SLOTS; i++)
		if (slots[i].state == SLOT_FINISHED && (txn->only == NULL || txn->only == &slots[i]))
			record(&slots[i]);
	if (txn->max > 0)
	{
		look = false;
		look_at = DT_NOEND;
		if (brim_worker_may_work(&node))
		{
			txn->context = AllocSetContextCreate(parent, "brim generations", ALLOCSET_SMALL_SIZES);
			txn->njobs = brim_generation_claim(txn->max, brim_worker_token, brim_worker_number,
											   txn->context, &txn->jobs);
			look = (txn->njobs == txn->max);
			if (!look)
				look_at = brim_generation_next_due(&blocked);
			if (blocked)
				look_at = Min(look_at, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BRIM_RECHECK_MS));
		}
	}
	if (component_is_new)
		brim_component_set("generator", component_state, component_detail, paused_until);
	brim_txn_commit();
	component_is_new = false;
}

/* After the commit: recorded slots are free, their drafts too. */
static void
release_finished(Slot *only)
{
	for (int i = 0; i < MAX_SLOTS; i++)
	{
		if (slots[i].state != SLOT_FINISHED || (only != NULL && only != &slots[i]))
			continue;
		if (slots[i].finish == FINISH_DRAFTED || slots[i].finish == FINISH_TEMPLATE)
			brim_worker_wake();	/* there may be e-mails to send */
		free_slot(&slots[i]);
	}
}

/* After the commit: the claimed jobs get slots. */
static void
adopt(Transaction *txn)
{
	int			next = 0;

	Batch	   *batch;

	if (txn->context == NULL)
		return;
	MemoryContextSetParent(txn->context, TopMemoryContext);
	batch = MemoryContextAllocZero(txn->context, sizeof(Batch));
	batch->context = txn->context;
	for (int i = 0; i < MAX_SLOTS && next < txn->njobs; i++)
	{
		if (slots[i].state != SLOT_FREE)
			continue;
		slots[i].state = SLOT_CLAIMED;
		slots[i].job = txn->jobs[next++];
		slots[i].job.request.variants = slots[i].job.variants;
		slots[i].batch = batch;
		batch->slots++;
	}
	if (batch->slots == 0)
		MemoryContextDelete(batch->context);
	brim_shared_count(BRIM_COUNT_CLAIMED, next);
}

/* The extension is gone, and the jobs with it. */
static void
forget_all(void)
{
	for (int i = 0; i < MAX_SLOTS; i++)
		if (slots[i].state != SLOT_FREE)
			free_slot(&slots[i]);
	look = false;
	look_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BRIM_RECHECK_MS);
	brim_shared_set_state(BRIM_WORKER_NO_EXTENSION);
}

/*
 * Something in a transaction of several rows failed: each finished slot gets
 * its own, and the one at fault ends in a simpler way each time.
 */
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
		{
			release_finished(&slots[i]);
			continue;
		}
		slots[i].failures++;
		slots[i].finish = slots[i].failures == 1 ? FINISH_TEMPLATE : FINISH_FAIL;
		strlcpy(slots[i].error, "the drafts could not be stored; the server log says why", sizeof(slots[i].error));
	}
}

static long
turn(bool woken)
{
	Transaction txn = {0};
	int			limit;
	int			free_slots;
	bool		may_claim;
	long		sleep_ms = BRIM_FOREVER;

	if (woken || (look_at != DT_NOEND && brim_worker_until(look_at) == 0))
		look = true;
	if (paused_until != 0 && brim_worker_until(paused_until) == 0)
	{
		if (writer == WRITER_FAULT)
			reload();
		else
			paused_until = 0;
		look = true;
	}
	for (int i = 0; i < MAX_SLOTS; i++)
		if (slots[i].state == SLOT_WAITING && brim_http_is_done(slots[i].http))
			interpret(&slots[i]);

	limit = writer == WRITER_TEMPLATES ? TEMPLATE_SLOTS : Min(brim_generate_connections, MAX_SLOTS);
	free_slots = limit - (MAX_SLOTS - count_slots(SLOT_FREE)) + count_slots(SLOT_FINISHED);
	may_claim = brim_generate && paused_until == 0 && writer != WRITER_FAULT && !brim_worker_is_stopping();
	if (may_claim && look)
		txn.max = Max(free_slots, 0);
	if (txn.max > 0 || count_slots(SLOT_FINISHED) > 0 || component_is_new)
	{
		if (!brim_worker_try(run_transaction, &txn))
		{
			look = true;
			record_singly();
			return count_slots(SLOT_FINISHED) > 0 || txn.max > 0 ? 1000 : 0;
		}
		if (!txn.installed)
		{
			forget_all();
			return BRIM_RECHECK_MS;
		}
		release_finished(NULL);
		look = look && txn.njobs == txn.max;
		adopt(&txn);
		for (int i = 0; i < MAX_SLOTS; i++)
			if (slots[i].state == SLOT_CLAIMED)
				start(&slots[i]);
	}
	if (count_slots(SLOT_FINISHED) > 0 || (may_claim && look && free_slots > txn.njobs))
		return 0;
	if (may_claim)
		sleep_ms = brim_worker_until(look_at);
	if (paused_until != 0)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(paused_until));
	return sleep_ms;
}

/* Requests under way are dropped; they may be billed, their jobs go back. */
static bool
stop(void)
{
	Transaction txn = {0};

	for (int i = 0; i < MAX_SLOTS; i++)
		if (slots[i].state == SLOT_CLAIMED || slots[i].state == SLOT_WAITING)
			finish(&slots[i], FINISH_REQUEUE, false, 0, "");
	if (count_slots(SLOT_FINISHED) > 0 && brim_worker_try(run_transaction, &txn))
		release_finished(NULL);
	return true;
}

BrimJob		brim_generate_job = {.name = "generate", .reload = reload, .turn = turn, .stop = stop};
