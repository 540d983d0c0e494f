/*-------------------------------------------------------------------------
 *
 * multi.h
 *	  What the files of net/ share around the one multi handle.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_NET_MULTI_H
#define BRIM_NET_MULTI_H

#include <curl/curl.h>

#include "net/net.h"

/* A transfer is told when libcurl is done with it; CURLOPT_PRIVATE points to it. */
typedef struct BrimTransfer BrimTransfer;

struct BrimTransfer
{
	CURL *easy;
	bool  is_added; /* to the multi handle */
	void (*done)(BrimTransfer *transfer, CURLcode code);
	char error[CURL_ERROR_SIZE];
};

/* Create the easy handle with the options every transfer has, and start it. */
extern bool brim_multi_prepare(BrimTransfer *transfer, const char *url, const char *ca_file,
							   const char *protocols, int timeout);
extern bool brim_multi_start(BrimTransfer *transfer);
extern void brim_multi_end(BrimTransfer *transfer);

/*
 * Watch a socket; neither read nor write: forget it.  ready is set when
 * something happened; NULL for a socket that libcurl drives itself.
 */
extern void brim_multi_watch(int fd, bool read, bool write, bool *ready);

/* Three parts: what we did, what went wrong, libcurl's detail. */
extern void brim_multi_explain(const BrimTransfer *transfer, CURLcode code, const char *what,
							   char *text, size_t size);

#endif /* BRIM_NET_MULTI_H */
