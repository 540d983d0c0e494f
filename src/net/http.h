/*-------------------------------------------------------------------------
 *
 * http.h
 *	  One HTTP request.
 *
 * Certificates are checked, redirects are not followed, a reply over the cap
 * ends the transfer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_NET_HTTP_H
#define BRIM_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/base.h"

typedef struct BrimHttp BrimHttp;

typedef enum BrimHttpMethod
{
	BRIM_HTTP_GET,
	BRIM_HTTP_POST
} BrimHttpMethod;

#define BRIM_HTTP_MAX_HEADERS 8

typedef struct BrimHttpRequest
{
	BrimHttpMethod method;
	const char    *url;
	const char    *headers[BRIM_HTTP_MAX_HEADERS + 1]; /* "Name: value", NULL at the end */
	BrimStr        body;                               /* with POST; copied */
	const char    *ca_file;                            /* empty: the system's */

	/* Caps */
	int    timeout;   /* seconds for everything */
	size_t max_reply; /* bytes of the body */
} BrimHttpRequest;

/* Begin a request; NULL with *error when that fails. */
extern BrimHttp   *brim_http_begin(const BrimHttpRequest *request, BrimError *error);
extern bool        brim_http_is_done(const BrimHttp *http);
extern int         brim_http_status(const BrimHttp *http); /* 0: no answer, see error */
extern const char *brim_http_error(const BrimHttp *http);  /* NULL when there is an answer */
extern BrimStr     brim_http_body(const BrimHttp *http);
extern int         brim_http_retry_after(const BrimHttp *http); /* seconds, 0 without */
extern int         brim_http_latency(const BrimHttp *http);     /* milliseconds */
extern void        brim_http_free(BrimHttp *http);              /* also ends a transfer under way */

#endif /* BRIM_NET_HTTP_H */
