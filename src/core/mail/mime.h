/*-------------------------------------------------------------------------
 *
 * mime.h
 *	  One outreach e-mail as an Internet message.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_MIME_H
#define BRIM_CORE_MAIL_MIME_H

#include <stdint.h>

#include "core/base/base.h"

typedef struct BrimMessage
{
	/* Who (names may be empty; addresses are checked again) */
	BrimStr from_name;
	BrimStr from_address;
	BrimStr to_name;
	BrimStr to_address;
	BrimStr reply_to; /* empty: no Reply-To header */

	/* What (UTF-8; line ends in the body may be LF, CR or CRLF) */
	BrimStr subject;
	BrimStr body;
	BrimStr footer; /* follows the body after an empty line; may be empty */

	/* Body and footer get a line end each where they end without one. */

	/* Identity, fixed when the e-mail was queued */
	BrimStr message_id; /* without the angle brackets */
	int64_t date;       /* seconds since 1970-01-01 UTC */

	/* Way out */
	BrimStr unsubscribe; /* address of the List-Unsubscribe mailto; empty: no header */
} BrimMessage;

/*
 * Append the message to out: headers From, To, Reply-To, Subject, Date,
 * Message-ID, MIME-Version, Content-Type (text/plain; charset=utf-8),
 * Content-Transfer-Encoding, List-Unsubscribe, an empty line and the encoded
 * body (RFC 5322, 2045, 2047).  Lines end in CRLF and have at most 78 bytes
 * where folding can reach that (998 always), every byte is ASCII, nothing is
 * dot-stuffed, and the last line ends in CRLF.  Decoded again, the subject is
 * the given one byte by byte, and so is the body except for its line ends.
 * False with *error set when a part cannot be in a message: a bad address, a
 * control character in a header value, invalid UTF-8, a NUL, a subject or body
 * of nothing but white space, a name or subject over 1000 bytes, a message over
 * 1 MB, or when out is full; out is then as it was.
 */
extern bool brim_mime_build(const BrimMessage *message, BrimBuf *out, BrimError *error);

/*
 * Append date as RFC 5322 writes it in UTC: "Sun, 22 Nov 2026 18:13:42 +0000".
 * False for a date before 1970 or after 9999.
 */
extern bool brim_mime_date(int64_t date, BrimBuf *out);

#endif /* BRIM_CORE_MAIL_MIME_H */
