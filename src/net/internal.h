/*-------------------------------------------------------------------------
 *
 * internal.h
 *	  What the files of net/ share around the one multi handle.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_NET_INTERNAL_H
#define BRIM_NET_INTERNAL_H

#include <curl/curl.h>

/*
 * The oldest libcurl that works, at build and at start.  What is newer is used
 * where the headers have it, and then the library loaded must have it, too.
 */
#if LIBCURL_VERSION_NUM < 0x075100
#error "brim needs libcurl 7.81.0 or later"
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
#define BRIM_CURL_NEEDED_NUM 0x075500 /* CURLOPT_PROTOCOLS_STR */
#define BRIM_CURL_NEEDED "7.85.0"
#else
#define BRIM_CURL_NEEDED_NUM 0x075100
#define BRIM_CURL_NEEDED "7.81.0"
#endif

#include "net/net.h"

typedef enum BrimProtocol
{
	BRIM_PROTOCOL_HTTP,
	BRIM_PROTOCOL_SMTP
} BrimProtocol;

/* One easy handle; done() is called when libcurl is through with it. */
typedef struct BrimTransfer BrimTransfer;

struct BrimTransfer
{
	CURL *easy;
	bool  is_added; /* to the multi handle */
	void (*done)(BrimTransfer *transfer, CURLcode code);
	char error[CURL_ERROR_SIZE];
};

/* Create the easy handle with the options every transfer has, and start it. */
extern bool brim_net_prepare(BrimTransfer *transfer, const char *url, const char *ca_file,
							 BrimProtocol protocol, int timeout);
extern bool brim_net_start(BrimTransfer *transfer);
extern void brim_net_end(BrimTransfer *transfer);

/*
 * Watch a socket; neither read nor write: forget it.  ready is set when
 * something happened; NULL for a socket that libcurl drives itself.
 */
extern void brim_net_watch(int fd, bool read, bool write, bool *ready);

/* Three parts: what we did, what went wrong, libcurl's detail. */
extern void brim_net_explain(const BrimTransfer *transfer, CURLcode code, const char *what,
							 char *text, size_t size);

#endif /* BRIM_NET_INTERNAL_H */
