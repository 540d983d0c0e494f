/*-------------------------------------------------------------------------
 *
 * smtp_message.c
 *	  A message on its way through DATA; see smtp_message.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/smtp_message.h"

#define MAX_LINE 998 /* RFC 5321, 4.5.3.1.6, without CR LF */

/*
 * CR and LF only as pairs, lines that fit, ASCII: a server that took a lone LF
 * for a line end could be made to see a dot, and thereby a second e-mail, where
 * there is none.
 */
const char *
brim_smtp_message_check(BrimStr text)
{
	size_t start = 0;

	if (text.data == NULL || text.len == 0)
		return "is empty";
	for (size_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (c == '\0' || c >= 0x80)
			return "has a byte that is not ASCII text";
		if (c == '\n' && (i == 0 || text.data[i - 1] != '\r'))
			return "has a lone LF";
		if (c == '\r' && (i + 1 == text.len || text.data[i + 1] != '\n'))
			return "has a lone CR";
		if (c == '\n')
			start = i + 1;
		else if (c != '\r' && i - start >= MAX_LINE)
			return "has a line of more than 998 bytes";
	}
	return NULL;
}

void
brim_smtp_message_start(BrimSmtpMessage *message, BrimStr text)
{
	message->text = text;
	message->pos = 0;
	message->line_start = true;
}

size_t
brim_smtp_message_fill(BrimSmtpMessage *message, char *out, size_t size)
{
	size_t len = 0;

	/* a byte may become two */
	while (message->pos < message->text.len && len + 2 <= size)
	{
		char c = message->text.data[message->pos++];

		if (message->line_start && c == '.')
			out[len++] = '.';
		out[len++] = c;
		message->line_start = c == '\n';
	}
	return len;
}

const char *
brim_smtp_message_terminator(const BrimSmtpMessage *message)
{
	return message->line_start ? ".\r\n" : "\r\n.\r\n";
}
