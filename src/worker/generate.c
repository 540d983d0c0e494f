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
#include "db/breaker.h"
#include "db/faults.h"
#include "db/settings.h"
#include "db/shared.h"
#include "worker/generate_queue.h"
#include "worker/jobs.h"

#define TEMPLATE_SLOTS 32 /* jobs at once when no request is needed */
#define MAX_REQUEST (1024 * 1024)
#define MAX_REPLY (1024 * 1024)
#define CONFIG_PAUSE_S 300 /* between probes while the configuration is at fault */

BrimGenerate brim_generating = {
	.report = {.component = "generator"},
	.look = true,
	.look_at = DT_NOEND,
};

typedef enum Writer
{
	WRITER_TEMPLATES, /* no key is set */
	WRITER_GEMINI,
	WRITER_FAULT /* a key is set and cannot be read */
} Writer;

static Writer writer = WRITER_TEMPLATES;
static char  *api_key = NULL;

static void
reload(void)
{
	char *problem;

	if (api_key != NULL)
	{
		explicit_bzero(api_key, strlen(api_key));
		free(api_key);
		api_key = NULL;
	}
	brim_generating.key_at = 0;
	brim_generating.look = true;
	brim_backoff_clear(&brim_generating.claims);
	if (*brim_gemini_api_key_file == '\0')
	{
		writer = WRITER_TEMPLATES;
		brim_report_set(&brim_generating.report, "templates",
						"no brim.gemini_api_key_file is set: e-mails are written from templates");
		return;
	}
	api_key = brim_settings_secret(brim_gemini_api_key_file, &problem);
	writer = api_key != NULL ? WRITER_GEMINI : WRITER_FAULT;
	if (api_key != NULL)
		brim_report_set(&brim_generating.report, "ok", "");
	else
	{
		brim_report_set(&brim_generating.report, "fault", problem);
		brim_generating.key_at =
			TimestampTzPlusMilliseconds(GetCurrentTimestamp(), CONFIG_PAUSE_S * INT64CONST(1000));
	}
}

static void
free_slot(BrimGenerateSlot *slot)
{
	brim_http_free(slot->http);
	brim_gemini_free(brim_mem_malloc(), &slot->reply);
	brim_batch_drop(slot->batch);
	memset(slot, 0, sizeof(*slot));
}

static void
finish(BrimGenerateSlot *slot, BrimGenerateFinish how, bool charged, int delay, const char *error)
{
	slot->state = SLOT_FINISHED;
	slot->finish = how;
	slot->charged = charged;
	slot->delay = delay;
	strlcpy(slot->error, error, sizeof(slot->error));
}

/* All workers stop asking for a while; the jobs keep waiting. */
static void
pause_requests(int seconds, const char *why)
{
	brim_breaker_pause(BRIM_SERVICE_WRITER, TimestampTzPlusMilliseconds(
												GetCurrentTimestamp(), seconds * INT64CONST(1000)));
	brim_report_set(&brim_generating.report, "fault", why);
	brim_generating.report.is_new = true; /* another worker may have written since */
}

/* The model answers. */
static void
note_answer(void)
{
	if (brim_breaker_success(BRIM_SERVICE_WRITER))
	{
		brim_report_set(&brim_generating.report, "ok", "");
		brim_generating.report.is_new = true;
	}
}

/* Begin what a claimed job needs. */
static void
start(BrimGenerateSlot *slot)
{
	BrimBuf         body;
	BrimError       error;
	BrimHttpOptions options = {0};
	char            key_header[4200];
	char            url[2048];
	int             url_len = (int) strlen(brim_gemini_url);

	if (writer == WRITER_TEMPLATES)
	{
		finish(slot, FINISH_TEMPLATE, false, 0, "");
		return;
	}
	if (slot->job.request.company.data == NULL)
	{
		finish(slot, FINISH_TEMPLATE, false, 0, ""); /* the lead is gone: fails there, saying so */
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
	snprintf(url, sizeof(url), "%.*s/v1beta/models/%s:generateContent", url_len, brim_gemini_url,
			 brim_gemini_model);
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
interpret(BrimGenerateSlot *slot)
{
	int  attempt = slot->job.attempts + 1;
	int  delay;
	char why[512];

	BRIM_FAULT("generation_answered");
	slot->latency_ms = brim_http_latency(slot->http);
	brim_gemini_read(&slot->job.request, brim_http_status(slot->http),
					 brim_http_retry_after(slot->http), brim_http_error(slot->http),
					 brim_http_body(slot->http), brim_mem_malloc(), &slot->reply);
	switch (slot->reply.outcome)
	{
		case BRIM_GEMINI_DRAFTED:
			note_answer();
			finish(slot, FINISH_DRAFTED, true, 0, "");
			break;
		case BRIM_GEMINI_RETRY:
			brim_breaker_drop_probe(BRIM_SERVICE_WRITER);
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
			note_answer();
			finish(slot, FINISH_TEMPLATE, true, 0, slot->reply.error.message);
			break;
	}
	brim_http_free(slot->http);
	slot->http = NULL;
}

static int
count_slots(BrimGenerateState state)
{
	int n = 0;

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == state)
			n++;
	return n;
}

static int
in_hand(bool finished)
{
	int n = 0;

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
	{
		BrimGenerateState state = brim_generating.slots[i].state;

		if (state == SLOT_CLAIMED || state == SLOT_WAITING || (finished && state == SLOT_FINISHED))
			n++;
	}
	return n;
}

/* After the commit: recorded slots are free, their drafts too. */
static void
release_finished(BrimGenerateSlot *only)
{
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
	{
		if (only == NULL ? brim_generating.slots[i].state != SLOT_FINISHED
						 : only != &brim_generating.slots[i])
			continue;
		if (brim_generating.slots[i].finish == FINISH_DRAFTED ||
			brim_generating.slots[i].finish == FINISH_TEMPLATE)
		{
			brim_worker_wake(); /* there may be e-mails to send */
			brim_shared_wake_others();
		}
		else
			brim_generating.look = true; /* it is due again some time */
		free_slot(&brim_generating.slots[i]);
	}
}

/* After the commit: the claimed jobs get slots. */
static void
adopt(BrimGenerateTransaction *txn)
{
	BrimBatch *batch;
	int        next = 0;

	if (txn->context == NULL)
		return;
	batch = brim_batch_adopt(txn->context);
	for (int i = 0; i < BRIM_GENERATE_SLOTS && next < txn->njobs; i++)
	{
		if (brim_generating.slots[i].state != SLOT_FREE)
			continue;
		brim_generating.slots[i].state = SLOT_CLAIMED;
		brim_generating.slots[i].is_alone = txn->walk.alone;
		brim_generating.slots[i].job = txn->jobs[next++];
		brim_generating.slots[i].job.request.variants = brim_generating.slots[i].job.variants;
		brim_generating.slots[i].batch = batch;
		brim_batch_keep(batch);
	}
	brim_batch_drop(batch);
	brim_shared_count(BRIM_COUNT_CLAIMED, next);
}

/* The extension is gone, and the jobs with it. */
static void
forget_all(void)
{
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state != SLOT_FREE)
			free_slot(&brim_generating.slots[i]);
	brim_generating.look = false;
	brim_generating.look_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BRIM_RECHECK_MS);
	brim_shared_set_state(BRIM_WORKER_NO_EXTENSION);
}

/*
 * Record slots of a state, each in a transaction of its own.  One that fails
 * ends in a simpler way each time; in the end it is stuck and stops nobody.
 */
static void
record_singly(BrimGenerateState state)
{
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
	{
		BrimGenerateSlot *slot = &brim_generating.slots[i];

		if (slot->state != state)
			continue;
		for (slot->state = SLOT_FINISHED; slot->state == SLOT_FINISHED;)
		{
			BrimGenerateTransaction txn = {.only = slot};

			if (brim_worker_try(brim_generate_transact, &txn))
			{
				release_finished(slot);
				break;
			}
			slot->failures++;
			if (slot->failures > 2)
				slot->state = SLOT_STUCK;
			slot->finish = slot->failures == 1 ? FINISH_TEMPLATE : FINISH_FAIL;
			strlcpy(slot->error, "the drafts could not be stored; the server log says why",
					sizeof(slot->error));
		}
	}
	if (count_slots(SLOT_STUCK) > 0)
		brim_backoff_failed(&brim_generating.stuck);
	else
		brim_backoff_clear(&brim_generating.stuck);
}

/* How many jobs may be claimed now. */
static int
room(const BrimBreakerState *breaker)
{
	int limit = writer == WRITER_TEMPLATES ? TEMPLATE_SLOTS
										   : Min(brim_generate_connections, BRIM_GENERATE_SLOTS);
	int vacant = count_slots(SLOT_FREE) + count_slots(SLOT_FINISHED);
	int used = BRIM_GENERATE_SLOTS - vacant - count_slots(SLOT_STUCK);

	if (!brim_generate || writer == WRITER_FAULT || brim_worker_is_stopping() ||
		!brim_walk_may_claim(&brim_generate_job))
		return 0;
	if (writer == WRITER_GEMINI && !breaker->may_try)
		return 0;
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].is_alone && brim_generating.slots[i].state != SLOT_FINISHED &&
			brim_generating.slots[i].state != SLOT_STUCK)
			return 0;
	if (writer == WRITER_GEMINI && breaker->faults > 0)
		limit = 1; /* a probe */
	return Max(Min(limit - used, vacant), 0);
}

/* What the commit of a transaction allows. */
static void
go_on(void *arg)
{
	BrimGenerateTransaction *txn = arg;

	BRIM_FAULT("generation_claimed");
	release_finished(NULL);
	if (txn->max > 0)
	{
		brim_generating.look = txn->walk.more;
		brim_generating.look_at = txn->look_at;
		brim_generating.cursor = txn->walk.cursor;
		brim_generating.may_have_forgotten = false;
		brim_walk_settle(&brim_generate_job, &brim_generating.cursor);
	}
	adopt(txn);
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == SLOT_CLAIMED)
			start(&brim_generating.slots[i]);
}

/*
 * Record what is finished and claim for what is free, and go on with what that
 * allows.  False when the extension is gone.
 */
static bool
transact(BrimGenerateTransaction *txn)
{
	if (!brim_worker_try(brim_generate_transact, txn))
	{
		brim_generating.look = brim_generating.may_have_forgotten = true;
		record_singly(SLOT_FINISHED);
		brim_backoff_failed(&brim_generating.claims);
		*txn = (BrimGenerateTransaction){.installed = true};
	}
	else if (txn->max > 0)
		brim_backoff_clear(&brim_generating.claims);
	if (!txn->installed)
	{
		forget_all();
		return false;
	}
	if (!brim_worker_try(go_on, txn))
		brim_worker_begin_anew();
	return true;
}

static long
turn(bool woken)
{
	BrimGenerateTransaction txn = {0};
	BrimBreakerState        breaker;
	bool                    pauses = brim_backoff_pauses(&brim_generating.claims);
	long                    sleep_ms = BRIM_FOREVER;

	if (woken ||
		(brim_generating.look_at != DT_NOEND && brim_worker_until(brim_generating.look_at) == 0))
	{
		brim_generating.look = brim_generating.cursor.has_news = true;
		brim_generating.look_at = DT_NOEND; /* its time has come, even if there is no room now */
	}
	if (brim_generating.stuck.until != 0 && !brim_backoff_pauses(&brim_generating.stuck))
		record_singly(SLOT_STUCK);
	if (brim_generating.key_at != 0 && brim_worker_until(brim_generating.key_at) == 0)
		reload();
	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == SLOT_WAITING &&
			brim_http_is_done(brim_generating.slots[i].http))
			interpret(&brim_generating.slots[i]);

	brim_breaker_read(BRIM_SERVICE_WRITER, &breaker);
	if (brim_generating.look && !pauses)
		txn.max = room(&breaker);
	txn.reports = brim_generating.report.is_new && !pauses;
	if (txn.max > 0 || count_slots(SLOT_FINISHED) > 0 || txn.reports)
	{
		if (!transact(&txn))
			return BRIM_RECHECK_MS;
	}
	if (in_hand(true) == 0)
		brim_breaker_drop_probe(BRIM_SERVICE_WRITER);
	brim_breaker_read(BRIM_SERVICE_WRITER, &breaker);
	if (count_slots(SLOT_FINISHED) > 0 || (brim_generating.look && room(&breaker) > 0 &&
										   !brim_backoff_pauses(&brim_generating.claims)))
		return 0;
	if (brim_generate && writer != WRITER_FAULT)
		sleep_ms = brim_worker_until(brim_generating.look_at);
	if (brim_generating.key_at != 0)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(brim_generating.key_at));
	if (breaker.open_until != 0)
		sleep_ms = brim_worker_sooner(sleep_ms, brim_worker_until(breaker.open_until));
	sleep_ms = brim_worker_sooner(sleep_ms, brim_backoff_left(&brim_generating.claims));
	return brim_worker_sooner(sleep_ms, brim_backoff_left(&brim_generating.stuck));
}

/* Requests under way are dropped; they may be billed, their jobs go back. */
static bool
stop(void)
{
	BrimGenerateTransaction txn = {0};

	for (int i = 0; i < BRIM_GENERATE_SLOTS; i++)
		if (brim_generating.slots[i].state == SLOT_CLAIMED ||
			brim_generating.slots[i].state == SLOT_WAITING)
			finish(&brim_generating.slots[i], FINISH_REQUEUE, false, 0, "");
	if (count_slots(SLOT_FINISHED) > 0 && brim_worker_try(brim_generate_transact, &txn))
		release_finished(NULL);
	return true;
}

BrimJob brim_generate_job = {
	.name = "generate", .reload = reload, .turn = turn, .stop = stop, .in_hand = in_hand};
