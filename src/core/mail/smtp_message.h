/*-------------------------------------------------------------------------
 *
 * smtp_message.h
 *	  A message on its way through DATA: checked, then handed out in chunks
 *	  with the dots at line starts doubled (RFC 5321, 4.5.2).
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MAIL_SMTP_MESSAGE_H
#define BRIM_CORE_MAIL_SMTP_MESSAGE_H

#include "core/base/base.h"

typedef struct BrimSmtpMessage
{
	BrimStr text;       /* borrowed */
	size_t  pos;        /* first byte not handed out */
	bool    line_start; /* is that byte the first of a line? */
} BrimSmtpMessage;

/* What is wrong with a message ("has a lone LF"), or NULL. */
extern const char *brim_smtp_message_check(BrimStr text);

extern void brim_smtp_message_start(BrimSmtpMessage *message, BrimStr text);

/* Put the next part into out; how many bytes, 0 when all are out.  size >= 2. */
extern size_t brim_smtp_message_fill(BrimSmtpMessage *message, char *out, size_t size);

/* What ends the message once all of it is out: CR LF only where it has none. */
extern const char *brim_smtp_message_terminator(const BrimSmtpMessage *message);

#endif /* BRIM_CORE_MAIL_SMTP_MESSAGE_H */
