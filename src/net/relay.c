/*-------------------------------------------------------------------------
 *
 * relay.c
 *	  One connection to a mail relay; see relay.h.
 *
 * libcurl with CURLOPT_CONNECT_ONLY does TCP, TLS, EHLO, STARTTLS and AUTH
 * without blocking, then lends us the connection.  Its own SMTP upload is not
 * used: it blocks while it waits for the reply to the final dot.
 *
 *-------------------------------------------------------------------------
 */
#include "net/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct BrimRelay
{
	BrimTransfer transfer; /* first: a transfer is cast to its relay */

	BrimRelayState state;
	curl_socket_t  fd;       /* when OPEN */
	bool           is_ready; /* something happened on the socket */
	char           error[CURL_ERROR_SIZE + 128];
};

static void
on_done(BrimTransfer *transfer, CURLcode code)
{
	BrimRelay *relay = (BrimRelay *) transfer;

	relay->fd = CURL_SOCKET_BAD;
	if (code == CURLE_OK)
		code = curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &relay->fd);
	if (code == CURLE_OK && relay->fd != CURL_SOCKET_BAD)
	{
		relay->state = BRIM_RELAY_OPEN;
		relay->is_ready = true;
		return;
	}
	relay->state = BRIM_RELAY_FAILED;
	relay->is_ready = true;
	brim_net_explain(transfer, code, "could not connect to the mail relay", relay->error,
					 sizeof(relay->error));
}

/* Return true if the relay is this very machine: only there may mail travel in the clear. */
static bool
is_loopback(const char *url)
{
	CURLU *parts = curl_url();
	char  *host = NULL;
	bool   loopback = false;

	if (parts != NULL &&
		curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
	{
		loopback = strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
				   (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
	}
	curl_free(host);
	curl_url_cleanup(parts);
	return loopback;
}

BrimRelay *
brim_relay_open(const BrimRelayOptions *options, BrimError *error)
{
	BrimRelay *relay = calloc(1, sizeof(BrimRelay));
	char       url[1024];
	int        len;
	CURL      *easy;
	bool       ok;

	if (relay == NULL)
	{
		brim_error_set(error, "out of memory");
		return NULL;
	}
	relay->transfer.done = on_done;
	relay->fd = CURL_SOCKET_BAD;

	/* the path of the URL is the name that libcurl gives in EHLO */
	len = (int) strlen(options->url);
	while (len > 0 && options->url[len - 1] == '/')
		len--;
	if ((size_t) snprintf(url, sizeof(url), "%.*s/%s", len, options->url, options->helo_name) >=
		sizeof(url))
	{
		brim_error_set(error, "the URL of the mail relay is too long");
		free(relay);
		return NULL;
	}
	ok = brim_net_prepare(&relay->transfer, url, options->ca_file, BRIM_PROTOCOL_SMTP,
						  options->timeout);
	easy = relay->transfer.easy;
	ok = ok && curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_USE_SSL,
						  is_loopback(options->url) ? (long) CURLUSESSL_TRY
													: (long) CURLUSESSL_ALL) == CURLE_OK;
	if (ok && *options->username != '\0')
		ok = curl_easy_setopt(easy, CURLOPT_USERNAME, options->username) == CURLE_OK &&
			 curl_easy_setopt(easy, CURLOPT_PASSWORD, options->password) == CURLE_OK;
	ok = ok && brim_net_start(&relay->transfer);
	if (!ok)
	{
		brim_error_set(error, "could not start a connection to the mail relay");
		brim_relay_close(relay);
		return NULL;
	}
	return relay;
}

BrimRelayState
brim_relay_state(const BrimRelay *relay)
{
	return relay->state;
}

const char *
brim_relay_error(const BrimRelay *relay)
{
	return relay->error;
}

/* Return true if anything has happened since the last call, so that driving is worth it. */
bool
brim_relay_take_ready(BrimRelay *relay)
{
	bool ready = relay->is_ready;

	relay->is_ready = false;
	return ready;
}

/* Remember why an open connection is over. */
static long
fail(BrimRelay *relay, CURLcode code, const char *what)
{
	relay->state = BRIM_RELAY_FAILED;
	brim_net_explain(&relay->transfer, code, what, relay->error, sizeof(relay->error));
	return -1;
}

long
brim_relay_send(BrimRelay *relay, const char *data, size_t len)
{
	size_t   moved = 0;
	CURLcode code;

	if (relay->state != BRIM_RELAY_OPEN)
		return -1;
	relay->transfer.error[0] = '\0';
	code = curl_easy_send(relay->transfer.easy, data, len, &moved);
	if (code == CURLE_AGAIN)
		return 0;
	if (code != CURLE_OK)
		return fail(relay, code, "the connection to the mail relay was lost while writing");
	return (long) moved;
}

long
brim_relay_receive(BrimRelay *relay, char *data, size_t size)
{
	size_t   moved = 0;
	CURLcode code;

	if (relay->state != BRIM_RELAY_OPEN)
		return -1;
	relay->transfer.error[0] = '\0';
	code = curl_easy_recv(relay->transfer.easy, data, size, &moved);
	if (code == CURLE_AGAIN)
		return 0;
	if (code == CURLE_OK && moved == 0)
	{
		relay->state = BRIM_RELAY_FAILED;
		snprintf(relay->error, sizeof(relay->error), "the mail relay closed the connection");
		return -1;
	}
	if (code != CURLE_OK)
		return fail(relay, code, "the connection to the mail relay was lost while reading");
	return (long) moved;
}

void
brim_relay_watch(BrimRelay *relay, bool read, bool write)
{
	if (relay->fd != CURL_SOCKET_BAD)
		brim_net_watch((int) relay->fd, read, write, &relay->is_ready);
}

void
brim_relay_discard(BrimRelay *relay)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (relay->fd != CURL_SOCKET_BAD)
		(void) setsockopt(relay->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void
brim_relay_close(BrimRelay *relay)
{
	if (relay == NULL)
		return;
	if (relay->fd != CURL_SOCKET_BAD)
		brim_net_watch((int) relay->fd, false, false, NULL);
	brim_net_end(&relay->transfer);
	free(relay);
}
