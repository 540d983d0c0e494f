/*-------------------------------------------------------------------------
 *
 * http.c
 *	  HTTP requests; see http.h.
 *
 *-------------------------------------------------------------------------
 */
#include "net/internal.h"

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
		brim_net_explain(transfer, code, "request failed", http->error, sizeof(http->error));
	if (http->error[0] != '\0')
		http->status = 0;
}

/* The headers of a request; NULL when memory runs out. */
static struct curl_slist *
make_headers(const BrimHttpRequest *request)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:"); /* no 100-continue */

	for (int i = 0; headers != NULL && request->headers[i] != NULL; i++)
	{
		struct curl_slist *more = curl_slist_append(headers, request->headers[i]);

		if (more == NULL)
			curl_slist_free_all(headers);
		headers = more;
	}
	return headers;
}

/* What the request says, as options of libcurl. */
static bool
set_options(BrimHttp *http, const BrimHttpRequest *request)
{
	CURL *easy = http->transfer.easy;

	if (request->method == BRIM_HTTP_POST &&
		(curl_easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK ||
		 curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body.len) !=
			 CURLE_OK ||
		 curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body.data) != CURLE_OK))
		return false;
	return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK;
}

BrimHttp *
brim_http_begin(const BrimHttpRequest *request, BrimError *error)
{
	BrimHttp *http = calloc(1, sizeof(BrimHttp));

	if (http == NULL)
	{
		brim_error_set(error, "out of memory");
		return NULL;
	}
	http->transfer.done = on_done;
	http->max_reply = request->max_reply;
	brim_buf_init(&http->body, brim_mem_malloc(), request->max_reply);
	http->headers = make_headers(request);
	if (http->headers == NULL ||
		!brim_net_prepare(&http->transfer, request->url, request->ca_file, BRIM_PROTOCOL_HTTP,
						  request->timeout) ||
		!set_options(http, request) || !brim_net_start(&http->transfer))
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
	brim_net_end(&http->transfer);
	curl_slist_free_all(http->headers);
	brim_buf_free(&http->body);
	free(http);
}
