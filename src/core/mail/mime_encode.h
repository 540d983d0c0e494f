/*-------------------------------------------------------------------------
 *
 * mime_encode.h
 *	  Text as ASCII: encoded words for headers (RFC 2047), quoted-printable
 *	  and base64 for bodies (RFC 2045).
 *
 * Callers have checked that texts are valid UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_MIME_ENCODE_H
#define BRIM_CORE_MAIL_MIME_ENCODE_H

#include "core/base/base.h"

typedef enum BrimMimeEncoding
{
	BRIM_MIME_7BIT,
	BRIM_MIME_QUOTED_PRINTABLE,
	BRIM_MIME_BASE64
} BrimMimeEncoding;

/*
 * Append text as encoded words, Q or B, whichever is shorter, folded so that
 * no line has more than 76 bytes.  column is the number of bytes in the
 * current line; returns that of the last line.
 */
extern size_t brim_mime_encode_words(BrimStr text, size_t column, BrimBuf *out);

/* The shortest encoding that carries these CRLF lines unharmed. */
extern BrimMimeEncoding brim_mime_encode_choose(BrimStr text);
extern const char      *brim_mime_encode_name(BrimMimeEncoding encoding);

/* Append text, which ends in CRLF, in that encoding; the last line ends in CRLF. */
extern void brim_mime_encode_body(BrimStr text, BrimMimeEncoding encoding, BrimBuf *out);

#endif /* BRIM_CORE_MAIL_MIME_ENCODE_H */
