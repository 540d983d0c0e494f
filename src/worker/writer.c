/*-------------------------------------------------------------------------
 *
 * writer.c
 *	  Gemini, as the jobs that ask it see it; see writer.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/jobs.h"
#include "worker/tools.h"
#include "worker/writer.h"

#define CONFIG_PAUSE_S 300 /* between probes while the configuration is at fault */
#define MAX_REPLY (1024 * 1024)

static BrimWriter  state = BRIM_WRITER_NONE;
static char       *api_key = NULL;
static TimestampTz key_at = 0; /* when a key file that cannot be read is tried again; 0: it can */

/* That of the classifier is empty until it has asked: nothing is told of what is off. */
static BrimReport reports[BRIM_SERVICES] = {
	[BRIM_SERVICE_WRITER] = {.component = "generator"},
	[BRIM_SERVICE_CLASSIFIER] = {.component = "classifier"},
};

void
brim_writer_reload(void)
{
	BrimReport *report = &reports[BRIM_SERVICE_WRITER];
	BrimReport *classifier = &reports[BRIM_SERVICE_CLASSIFIER];
	char       *problem;

	if (classifier->state[0] != '\0')
		brim_report_set(classifier, "ok", "");
	if (api_key != NULL)
	{
		explicit_bzero(api_key, strlen(api_key));
		free(api_key);
		api_key = NULL;
	}
	key_at = 0;
	if (*brim_gemini_api_key_file == '\0')
	{
		state = BRIM_WRITER_NONE;
		brim_report_set(report, "templates",
						"no brim.gemini_api_key_file is set: e-mails are written from templates");
		return;
	}
	api_key = brim_settings_secret(brim_gemini_api_key_file, &problem);
	if (api_key != NULL)
	{
		state = BRIM_WRITER_GEMINI;
		brim_report_set(report, "ok", "");
		return;
	}
	state = BRIM_WRITER_FAULT;
	brim_report_set(report, "fault", problem);
	key_at = brim_process_in(CONFIG_PAUSE_S * INT64CONST(1000));
}

BrimWriter
brim_writer_state(void)
{
	return state;
}

void
brim_writer_mind(void)
{
	if (key_at == 0 || brim_process_until(key_at) > 0)
		return;
	brim_writer_reload();
	brim_process_wake();
}

long
brim_writer_left(void)
{
	return key_at == 0 ? BRIM_FOREVER : brim_process_until(key_at);
}

BrimHttp *
brim_writer_ask(BrimStr body, BrimError *error)
{
	BrimHttp       *http;
	BrimHttpOptions options = {0};
	char            key_header[4200];
	char            url[2048];
	int             url_len = (int) strlen(brim_gemini_url);

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
	options.timeout = brim_gemini_timeout;
	options.max_reply = MAX_REPLY;
	http = brim_http_post(&options, error);
	explicit_bzero(key_header, sizeof(key_header));
	return http;
}

static void
pause_requests(BrimService service, int seconds, const char *what, const char *fault)
{
	BrimReport *report = &reports[service];
	char        why[512];

	brim_breaker_pause(service, brim_process_in(seconds * INT64CONST(1000)));
	snprintf(why, sizeof(why), "%s: %s", what, fault);
	brim_report_set(report, "fault", why);
	report->is_new = true; /* another worker may have written since */
}

void
brim_writer_note(BrimService service, const BrimGeminiAnswer *answer)
{
	BrimReport      *report = &reports[service];
	BrimBreakerState breaker;

	brim_breaker_read(service, &breaker);
	switch (answer->outcome)
	{
		case BRIM_GEMINI_ANSWERED:
		case BRIM_GEMINI_REFUSED:
			/* the first time, too: a worker before may have left a fault there */
			if (brim_breaker_success(service) || (breaker.faults == 0 && report->state[0] == '\0'))
			{
				brim_report_set(report, "ok", "");
				report->is_new = true;
			}
			break;
		case BRIM_GEMINI_RETRY:
			brim_breaker_drop_probe(service);
			break;
		case BRIM_GEMINI_QUOTA:
			pause_requests(service, Max(answer->retry_after, 60), "Gemini's quota is used up",
						   answer->error.message);
			break;
		case BRIM_GEMINI_CONFIG:
			pause_requests(service, CONFIG_PAUSE_S, "Gemini refuses the request",
						   answer->error.message);
			break;
	}
}

bool
brim_writer_has_news(BrimService service)
{
	return reports[service].is_new;
}

void
brim_writer_write(BrimService service)
{
	BrimBreakerState breaker;

	brim_breaker_read(service, &breaker);
	brim_report_write(&reports[service], breaker.open_until);
}

void
brim_writer_written(BrimService service)
{
	brim_report_written(&reports[service]);
}
