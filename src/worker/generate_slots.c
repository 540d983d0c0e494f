/*-------------------------------------------------------------------------
 *
 * generate_slots.c
 *	  The slots of the generating job: from the claim to the writer's answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "core/retry.h"
#include "db/breaker.h"
#include "db/faults.h"
#include "db/settings.h"
#include "worker/generate_slots.h"
#include "worker/jobs.h"

#define MAX_REQUEST (1024 * 1024)
#define MAX_REPLY (1024 * 1024)

static BrimWriter writer = BRIM_WRITER_TEMPLATES;
static char      *api_key = NULL;

BrimWriter
brim_generate_read_key(char **problem)
{
	if (api_key != NULL)
	{
		explicit_bzero(api_key, strlen(api_key));
		free(api_key);
		api_key = NULL;
	}
	writer = BRIM_WRITER_TEMPLATES;
	if (*brim_gemini_api_key_file != '\0')
	{
		api_key = brim_settings_secret(brim_gemini_api_key_file, problem);
		writer = api_key != NULL ? BRIM_WRITER_GEMINI : BRIM_WRITER_FAULT;
	}
	return writer;
}

BrimWriter
brim_generate_writer(void)
{
	return writer;
}

void
brim_generate_free(BrimGenerateSlot *slot)
{
	brim_http_free(slot->http);
	brim_gemini_free(brim_mem_malloc(), &slot->reply);
	brim_batch_drop(slot->batch);
	memset(slot, 0, sizeof(*slot));
}

void
brim_generate_finish(BrimGenerateSlot *slot, BrimGenerateFinish how, bool charged, int delay,
					 const char *error)
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
void
brim_generate_start(BrimGenerateSlot *slot)
{
	BrimBuf         body;
	BrimError       error;
	BrimHttpOptions options = {0};
	char            key_header[4200];
	char            url[2048];
	int             url_len = (int) strlen(brim_gemini_url);

	if (writer == BRIM_WRITER_TEMPLATES)
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
		brim_generate_finish(slot, FINISH_REQUEUE, false, 10, error.message);
	else
		slot->state = SLOT_WAITING;
}

/* A request has ended: what does its answer mean for the job and for the rest? */
void
brim_generate_interpret(BrimGenerateSlot *slot)
{
	int  attempt = slot->job.attempts + 1;
	int  delay;
	char why[512];

	BRIM_FAULT("generation_answered");
	slot->latency_ms = brim_http_latency(slot->http);
	brim_gemini_read(&slot->job.request, brim_http_status(slot->http),
					 brim_http_retry_after(slot->http), brim_http_error(slot->http),
					 brim_http_body(slot->http), brim_mem_malloc(), &slot->reply);
	switch (slot->reply.answer.outcome)
	{
		case BRIM_GEMINI_ANSWERED:
			note_answer();
			brim_generate_finish(slot, FINISH_DRAFTED, true, 0, "");
			break;
		case BRIM_GEMINI_RETRY:
			brim_breaker_drop_probe(BRIM_SERVICE_WRITER);
			delay = brim_retry_generation(attempt, brim_worker_random(),
										  slot->reply.answer.retry_after);
			if (delay < 0)
				brim_generate_finish(slot, FINISH_TEMPLATE, true, 0,
									 slot->reply.answer.error.message);
			else
				brim_generate_finish(slot, FINISH_REQUEUE, true, delay,
									 slot->reply.answer.error.message);
			break;
		case BRIM_GEMINI_QUOTA:
			delay = Max(slot->reply.answer.retry_after, 60);
			snprintf(why, sizeof(why), "Gemini's quota is used up: %s",
					 slot->reply.answer.error.message);
			pause_requests(delay, why);
			brim_generate_finish(slot, FINISH_REQUEUE, false, 0, slot->reply.answer.error.message);
			break;
		case BRIM_GEMINI_CONFIG:
			snprintf(why, sizeof(why), "Gemini refuses the request: %s",
					 slot->reply.answer.error.message);
			pause_requests(BRIM_CONFIG_PAUSE_S, why);
			brim_generate_finish(slot, FINISH_REQUEUE, false, 0, slot->reply.answer.error.message);
			break;
		case BRIM_GEMINI_REFUSED:
			note_answer();
			brim_generate_finish(slot, FINISH_TEMPLATE, true, 0, slot->reply.answer.error.message);
			break;
	}
	brim_http_free(slot->http);
	slot->http = NULL;
}
