/*-------------------------------------------------------------------------
 *
 * net.c
 *	  The one libcurl multi handle of a process; see net.h.
 *
 * libcurl says through two callbacks which sockets it waits for and when its
 * timer runs out; both only write to static tables, which the caller reads.
 *
 *-------------------------------------------------------------------------
 */
#include "net/internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static CURLM *multi = NULL;

/* Sockets */
static BrimNetSocket *sockets = NULL;
static bool         **ready_flags = NULL; /* beside sockets */
static int            nsockets = 0;
static int            maxsockets = 0;
static unsigned long  changes = 0;
static bool           lost_socket = false; /* a table entry could not be made */

/* Timer */
static bool            timer_runs = false;
static struct timespec timer_at;

/*
 * Threads that libcurl starts (name resolution) inherit the signal mask; with
 * everything blocked, the server's handlers run in the main thread only.
 */
static void
block_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, old);
}

static void
restore_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

void
brim_net_watch(int fd, bool read, bool write, bool *ready)
{
	int i;

	for (i = 0; i < nsockets; i++)
		if (sockets[i].fd == fd)
			break;
	if (!read && !write)
	{
		if (i < nsockets)
		{
			nsockets--;
			sockets[i] = sockets[nsockets];
			ready_flags[i] = ready_flags[nsockets];
			changes++;
		}
		return;
	}
	if (i == nsockets)
	{
		if (nsockets == maxsockets)
		{
			int            more = maxsockets > 0 ? maxsockets * 2 : 64;
			BrimNetSocket *bigger = realloc(sockets, sizeof(BrimNetSocket) * (size_t) more);
			bool         **flags;

			if (bigger != NULL)
				sockets = bigger;
			flags = realloc(ready_flags, sizeof(bool *) * (size_t) more);
			if (flags != NULL)
				ready_flags = flags;
			if (bigger == NULL || flags == NULL)
			{
				lost_socket = true;
				return;
			}
			maxsockets = more;
		}
		nsockets++;
		changes++;
	}
	sockets[i].fd = fd;
	sockets[i].read = read;
	sockets[i].write = write;
	ready_flags[i] = ready;
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
	(void) easy;
	(void) user;
	(void) socket_user;
	brim_net_watch((int) fd, what == CURL_POLL_IN || what == CURL_POLL_INOUT,
				   what == CURL_POLL_OUT || what == CURL_POLL_INOUT, NULL);
	return lost_socket ? -1 : 0;
}

static int
on_timer(CURLM *handle, long timeout_ms, void *user)
{
	(void) handle;
	(void) user;
	timer_runs = timeout_ms >= 0;
	if (timer_runs)
	{
		clock_gettime(CLOCK_MONOTONIC, &timer_at);
		timer_at.tv_sec += timeout_ms / 1000;
		timer_at.tv_nsec += (timeout_ms % 1000) * 1000000L;
		if (timer_at.tv_nsec >= 1000000000L)
		{
			timer_at.tv_sec++;
			timer_at.tv_nsec -= 1000000000L;
		}
	}
	return 0;
}

bool
brim_net_is_too_old(void)
{
	return curl_version_info(CURLVERSION_NOW)->version_num < BRIM_CURL_NEEDED_NUM;
}

bool
brim_net_init(BrimError *error)
{
	sigset_t old;

	if (multi != NULL)
		return true;
	if (brim_net_is_too_old())
	{
		brim_error_set(error, "libcurl %s is too old: brim needs %s or later",
					   curl_version_info(CURLVERSION_NOW)->version, BRIM_CURL_NEEDED);
		return false;
	}
	block_signals(&old);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		multi = curl_multi_init();
	if (multi != NULL)
	{
		curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
		curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
		curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 128L);
	}
	restore_signals(&old);
	if (multi == NULL)
		brim_error_set(error, "could not initialize libcurl");
	return multi != NULL;
}

int
brim_net_sockets(const BrimNetSocket **list, unsigned long *count)
{
	*list = sockets;
	*count = changes;
	return nsockets;
}

long
brim_net_timeout(void)
{
	struct timespec now;
	long            left;

	if (!timer_runs)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left =
		(long) (timer_at.tv_sec - now.tv_sec) * 1000L + (timer_at.tv_nsec - now.tv_nsec) / 1000000L;
	return left > 0 ? left : 0;
}

/* Tell the transfers that libcurl has finished. */
static void
finish_transfers(void)
{
	CURLMsg *message;
	int      left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
	{
		char *private = NULL;
		CURLcode code;

		if (message->msg != CURLMSG_DONE)
			continue;
		code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		if (private != NULL)
		{
			BrimTransfer *transfer = (BrimTransfer *) (void *) private;

			transfer->done(transfer, code);
		}
	}
}

static void
drive(curl_socket_t fd, int events)
{
	sigset_t old;
	int      running;

	block_signals(&old);
	(void) curl_multi_socket_action(multi, fd, events, &running);
	finish_transfers();
	restore_signals(&old);
}

void
brim_net_drive_socket(int fd, bool readable, bool writable)
{
	for (int i = 0; i < nsockets; i++)
	{
		if (sockets[i].fd == fd && ready_flags[i] != NULL)
		{
			*ready_flags[i] = true;
			return;
		}
	}
	if (multi != NULL)
		drive(fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
}

void
brim_net_drive_timer(void)
{
	if (multi != NULL && brim_net_timeout() == 0)
	{
		timer_runs = false; /* libcurl sets it again when it wants to */
		drive(CURL_SOCKET_TIMEOUT, 0);
	}
}

/*
 * Restrict a transfer to one protocol and its form with TLS.  The option that
 * takes names came with 7.85 and made the one that takes numbers obsolete.
 */
static bool
set_protocols(CURL *easy, BrimProtocol protocol)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
							protocol == BRIM_PROTOCOL_HTTP ? "https,http" : "smtps,smtp") ==
		   CURLE_OK;
#else
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
							protocol == BRIM_PROTOCOL_HTTP
								? (long) (CURLPROTO_HTTPS | CURLPROTO_HTTP)
								: (long) (CURLPROTO_SMTPS | CURLPROTO_SMTP)) == CURLE_OK;
#endif
}

bool
brim_net_prepare(BrimTransfer *transfer, const char *url, const char *ca_file,
				 BrimProtocol protocol, int timeout)
{
	sigset_t old;
	CURL    *easy;
	bool     ok;

	block_signals(&old);
	easy = curl_easy_init();
	ok = easy != NULL && curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *) transfer) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		 set_protocols(easy, protocol) &&
		 curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		 curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) timeout * 1000L) == CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075700
	/* a resolver thread that hangs must not hang us when its transfer ends */
	if (ok)
		(void) curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	if (ok && *ca_file != '\0')
		ok = curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
			 curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	if (!ok && easy != NULL)
		curl_easy_cleanup(easy);
	restore_signals(&old);
	transfer->easy = ok ? easy : NULL;
	return ok;
}

bool
brim_net_start(BrimTransfer *transfer)
{
	sigset_t old;

	block_signals(&old);
	transfer->is_added = curl_multi_add_handle(multi, transfer->easy) == CURLM_OK;
	restore_signals(&old);
	return transfer->is_added;
}

void
brim_net_end(BrimTransfer *transfer)
{
	sigset_t old;

	block_signals(&old);
	if (transfer->is_added)
		curl_multi_remove_handle(multi, transfer->easy);
	transfer->is_added = false;
	if (transfer->easy != NULL)
		curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
	restore_signals(&old);
}

void
brim_net_explain(const BrimTransfer *transfer, CURLcode code, const char *what, char *text,
				 size_t size)
{
	const char *general = curl_easy_strerror(code);
	const char *detail = transfer->error[0] != '\0' ? transfer->error : NULL;

	if (detail != NULL && strcmp(detail, general) != 0)
		snprintf(text, size, "%s: %s: %s", what, general, detail);
	else
		snprintf(text, size, "%s: %s", what, general);
}
