/*-------------------------------------------------------------------------
 *
 * gemini_client.c
 *	  Gemini's URL and key; see gemini_client.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/jobs/gemini_client.h"

#define CONFIG_PAUSE_S 300 /* between probes while the configuration is at fault */
#define MAX_REPLY (1024 * 1024)

static BrimGeminiKey state = BRIM_GEMINI_KEY_NONE;
static char         *api_key = NULL;
static TimestampTz   key_at = 0; /* when a key file that cannot be read is tried again; 0: it can */

char *
brim_gemini_client_reload(void)
{
	char *problem = NULL;

	if (api_key != NULL)
	{
		explicit_bzero(api_key, strlen(api_key));
		free(api_key);
		api_key = NULL;
	}
	key_at = 0;
	state = BRIM_GEMINI_KEY_NONE;
	if (*brim_gemini_api_key_file == '\0')
		return NULL;
	api_key = brim_settings_secret(brim_gemini_api_key_file, &problem);
	state = api_key != NULL ? BRIM_GEMINI_KEY_SET : BRIM_GEMINI_KEY_FAULT;
	if (api_key == NULL)
		key_at = brim_process_in(CONFIG_PAUSE_S * INT64CONST(1000));
	return problem;
}

BrimGeminiKey
brim_gemini_client_key(void)
{
	return state;
}

long
brim_gemini_client_left(void)
{
	return key_at == 0 ? BRIM_FOREVER : brim_process_until(key_at);
}

BrimHttp *
brim_gemini_client_ask(BrimStr body, BrimError *error)
{
	BrimHttp *http;
	char      key_header[4200];
	char      url[2048];
	int       url_len = (int) strlen(brim_gemini_url);

	while (url_len > 0 && brim_gemini_url[url_len - 1] == '/')
		url_len--;
	snprintf(url, sizeof(url), "%.*s/v1beta/models/%s:generateContent", url_len, brim_gemini_url,
			 brim_gemini_model);
	snprintf(key_header, sizeof(key_header), "x-goog-api-key: %s", api_key);
	http = brim_http_begin(
		&(BrimHttpRequest){
			.method = BRIM_HTTP_POST,
			.url = url,
			.headers = {"Content-Type: application/json", key_header},
			.body = body,
			.ca_file = brim_ca_file,
			.timeout = brim_gemini_timeout,
			.max_reply = MAX_REPLY,
		},
		error);
	explicit_bzero(key_header, sizeof(key_header));
	return http;
}

void
brim_gemini_client_note(BrimService *service, const BrimGeminiAnswer *answer)
{
	switch (answer->outcome)
	{
		case BRIM_GEMINI_ANSWERED:
		case BRIM_GEMINI_REFUSED:
			brim_service_answered(service);
			break;
		case BRIM_GEMINI_RETRY:
			brim_breaker_drop_probe(service->name);
			break;
		case BRIM_GEMINI_QUOTA:
			brim_service_pause(service, Max(answer->retry_after, 60), "Gemini's quota is used up",
							   answer->error.message);
			break;
		case BRIM_GEMINI_CONFIG:
			brim_service_pause(service, CONFIG_PAUSE_S, "Gemini refuses the request",
							   answer->error.message);
			break;
	}
}
