/*-------------------------------------------------------------------------
 *
 * smtp_reply.h
 *	  One reply of an SMTP server (RFC 5321, 4.2), read byte by byte.
 *
 * A reply is one or more lines of the same three-digit code, "ddd-text" except
 * for the last, "ddd text" or "ddd".  A line ends in LF, with or without a CR
 * before it: what counts as whole is not made to depend on a byte that
 * careless servers forget.  Anything else is a fault, and nothing that follows
 * a fault is believed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_SMTP_REPLY_H
#define BRIM_CORE_MAIL_SMTP_REPLY_H

#include "core/base/base.h"

#define BRIM_SMTP_REPLY_MAX_LINE 1000 /* bytes of a line before its LF */
#define BRIM_SMTP_REPLY_MAX_LINES 10000
#define BRIM_SMTP_REPLY_MAX_BYTES 65536

typedef enum BrimSmtpReplyState
{
	BRIM_SMTP_REPLY_PARTIAL, /* nothing yet, or not the end */
	BRIM_SMTP_REPLY_WHOLE,
	BRIM_SMTP_REPLY_FAULT /* no reply at all, or over a limit */
} BrimSmtpReplyState;

typedef struct BrimSmtpReply
{
	BrimSmtpReplyState state;
	const char        *fault; /* static phrase when state is FAULT */

	/* Meaning, once the first line is read */
	int  code;         /* 200..599 */
	char enhanced[16]; /* RFC 3463 code of the same class, or empty */
	int  retry_after;  /* seconds the text asks for, 0 without, at most 7 days */

	/* For people: whole lines, printable, joined by " / " */
	char   text[512];
	size_t text_len;

	/* Reading */
	char   line[BRIM_SMTP_REPLY_MAX_LINE];
	size_t line_len;
	int    nlines;
	size_t nbytes; /* of the whole reply so far; 0: nothing read */
} BrimSmtpReply;

extern void brim_smtp_reply_reset(BrimSmtpReply *reply);

/* Read bytes until the reply is whole or faulty; how many were taken. */
extern size_t brim_smtp_reply_read(BrimSmtpReply *reply, const char *data, size_t len);

/* Copy the text with what was read of an unfinished line; always NUL-terminated UTF-8. */
extern void brim_smtp_reply_text(const BrimSmtpReply *reply, char *out, size_t size);

#endif /* BRIM_CORE_MAIL_SMTP_REPLY_H */
