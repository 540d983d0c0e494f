/*-------------------------------------------------------------------------
 *
 * http.c
 *	  HTTP POST requests; see net.h.
 *
 *-------------------------------------------------------------------------
 */
#include "net/multi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct BrimHttp
{
	BrimTransfer transfer; /* first: a transfer is cast to its request */

	/* Request */
	struct curl_slist *headers;

	/* Answer */
	bool    is_done;
	long    status;
	BrimBuf body;
	bool    is_too_big;
	size_t  max_reply;
	long    retry_after;
	int     latency;
	char    error[CURL_ERROR_SIZE + 128];
};

static size_t
on_body(char *data, size_t size, size_t count, void *user)
{
	BrimHttp *http = user;

	if (!brim_buf_append(&http->body, data, size * count))
	{
		http->is_too_big = true;
		return 0; /* ends the transfer */
	}
	return size * count;
}

static void
on_done(BrimTransfer *transfer, CURLcode code)
{
	BrimHttp  *http = (BrimHttp *) transfer;
	curl_off_t wait = 0;
	curl_off_t total = 0;

	http->is_done = true;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &http->status);
	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &wait);
	curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total);
	http->retry_after = wait > 0 && wait < 604800 ? (long) wait : 0;
	http->latency = (int) (total / 1000);
	if (http->is_too_big)
		snprintf(http->error, sizeof(http->error), "the reply is longer than %zu bytes",
				 http->max_reply);
	else if (code != CURLE_OK)
		brim_multi_explain(transfer, code, "request failed", http->error, sizeof(http->error));
	if (http->error[0] != '\0')
		http->status = 0;
}

BrimHttp *
brim_http_post(const BrimHttpOptions *options, BrimError *error)
{
	BrimHttp *http = calloc(1, sizeof(BrimHttp));
	CURL     *easy;
	bool      ok;

	if (http == NULL)
	{
		brim_error_set(error, "out of memory");
		return NULL;
	}
	http->transfer.done = on_done;
	http->max_reply = options->max_reply;
	brim_buf_init(&http->body, brim_mem_malloc(), options->max_reply);
	ok = brim_multi_prepare(&http->transfer, options->url, options->ca_file, BRIM_PROTOCOL_HTTP,
							options->timeout);
	http->headers = ok ? curl_slist_append(NULL, "Expect:") : NULL; /* no 100-continue */
	ok = http->headers != NULL;
	for (size_t i = 0; ok && i < sizeof(options->headers) / sizeof(options->headers[0]); i++)
	{
		struct curl_slist *more;

		if (options->headers[i] == NULL)
			break;
		more = curl_slist_append(http->headers, options->headers[i]);
		ok = more != NULL;
		if (ok)
			http->headers = more;
	}
	easy = http->transfer.easy;
	ok = ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) options->body_len) ==
			 CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, options->body) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
		 brim_multi_start(&http->transfer);
	if (!ok)
	{
		brim_error_set(error, "could not start a request");
		brim_http_free(http);
		return NULL;
	}
	return http;
}

bool
brim_http_is_done(const BrimHttp *http)
{
	return http->is_done;
}

int
brim_http_status(const BrimHttp *http)
{
	return (int) http->status;
}

const char *
brim_http_error(const BrimHttp *http)
{
	return http->error[0] != '\0' ? http->error : NULL;
}

BrimStr
brim_http_body(const BrimHttp *http)
{
	return brim_buf_str(&http->body);
}

int
brim_http_retry_after(const BrimHttp *http)
{
	return (int) http->retry_after;
}

int
brim_http_latency(const BrimHttp *http)
{
	return http->latency;
}

void
brim_http_free(BrimHttp *http)
{
	if (http == NULL)
		return;
	brim_multi_end(&http->transfer);
	curl_slist_free_all(http->headers);
	brim_buf_free(&http->body);
	free(http);
}
