/*-------------------------------------------------------------------------
 *
 * smtp_reply.c
 *	  One reply of an SMTP server; see smtp_reply.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/smtp_reply.h"

#include <string.h>

#include "core/base/base.h"
#include "core/mail/smtp_hint.h"

void
brim_smtp_reply_reset(BrimSmtpReply *reply)
{
	reply->state = BRIM_SMTP_REPLY_PARTIAL;
	reply->fault = NULL;
	reply->code = 0;
	reply->enhanced[0] = '\0';
	reply->retry_after = 0;
	reply->text[0] = '\0';
	reply->text_len = 0;
	reply->line_len = 0;
	reply->nlines = 0;
	reply->nbytes = 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Append bytes of a line to a text of at most size bytes with its NUL: what is
 * neither printable nor valid UTF-8 becomes a question mark, and no character
 * is cut in two.
 */
static size_t
append_printable(char *text, size_t size, size_t used, const char *data, size_t len)
{
	for (size_t i = 0; i < len;)
	{
		size_t      n = brim_utf8_length(data + i, len - i);
		const char *from = data + i;

		if (n == 0 || brim_utf8_is_control(data + i, n))
		{
			from = "?";
			i += n == 0 ? 1 : n;
			n = 1;
		}
		else
			i += n;
		if (used + n >= size)
			break;
		memcpy(text + used, from, n);
		used += n;
	}
	text[used] = '\0';
	return used;
}

/* Append one line, after a separator where it is not the first. */
static size_t
append_line(char *text, size_t size, size_t used, const char *data, size_t len)
{
	if (used > 0 && used + 3 < size)
	{
		memcpy(text + used, " / ", 3);
		used += 3;
	}
	return append_printable(text, size, used, data, len);
}

/* Take the RFC 3463 code "c.sss.ddd" that opens a text; its class must be the reply's. */
static void
read_enhanced(BrimSmtpReply *reply, const char *text, size_t len)
{
	size_t pos = 0;

	for (int part = 0; part < 3; part++)
	{
		size_t start = pos;

		while (pos < len && pos - start < 3 && is_digit(text[pos]))
			pos++;
		if (pos == start || (part == 0 && pos != 1))
			return;
		if (part < 2 && (pos >= len || text[pos++] != '.'))
			return;
	}
	if (pos < len && text[pos] != ' ' && text[pos] != '\t')
		return;
	if (text[0] - '0' != reply->code / 100 || pos >= sizeof(reply->enhanced))
		return;
	memcpy(reply->enhanced, text, pos);
	reply->enhanced[pos] = '\0';
}

static void
set_fault(BrimSmtpReply *reply, const char *fault)
{
	reply->state = BRIM_SMTP_REPLY_FAULT;
	reply->fault = fault;
}

/*
 * Return true if c may be the byte at this position of a line.  Checked at once,
 * so that a server of another protocol is found out before its first line ends.
 */
static bool
fits_line(const BrimSmtpReply *reply, char c)
{
	switch (reply->line_len)
	{
		case 0:
			return c >= '2' && c <= '5';
		case 1:
		case 2:
			return is_digit(c);
		case 3:
			return c == ' ' || c == '-' || c == '\r';
		default:
			return c != '\0';
	}
}

/* A line is in: check it against those before it, and end the reply with the last one. */
static void
end_line(BrimSmtpReply *reply)
{
	const char *line = reply->line;
	size_t      len = reply->line_len;
	int         code;
	bool        last;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len < 3 || memchr(line, '\r', len) != NULL)
	{
		set_fault(reply, len < 3 ? "a reply line without a code" : "a lone CR in a reply");
		return;
	}
	code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	last = len == 3 || line[3] == ' ';
	if (reply->nlines > 0 && code != reply->code)
	{
		set_fault(reply, "a reply with two different codes");
		return;
	}
	reply->code = code;
	reply->nlines++;
	reply->text_len = append_line(reply->text, sizeof(reply->text), reply->text_len, line, len);
	if (len > 4)
	{
		if (reply->enhanced[0] == '\0')
			read_enhanced(reply, line + 4, len - 4);
		if (reply->retry_after == 0 && code >= 400)
			reply->retry_after = brim_smtp_hint_read(line + 4, len - 4);
	}
	reply->line_len = 0;
	if (last)
		reply->state = BRIM_SMTP_REPLY_WHOLE;
	else if (reply->nlines >= BRIM_SMTP_REPLY_MAX_LINES)
		set_fault(reply, "a reply of too many lines");
}

size_t
brim_smtp_reply_read(BrimSmtpReply *reply, const char *data, size_t len)
{
	size_t taken = 0;

	while (taken < len && reply->state == BRIM_SMTP_REPLY_PARTIAL)
	{
		char c = data[taken++];

		reply->nbytes++;
		if (c == '\n')
			end_line(reply);
		else if (reply->line_len >= BRIM_SMTP_REPLY_MAX_LINE)
			set_fault(reply, "a reply line that is too long");
		else
		{
			bool fits = fits_line(reply, c);

			/* kept even where it does not fit, to show what was read */
			reply->line[reply->line_len++] = c;
			if (!fits)
				set_fault(reply, "something that is no SMTP reply");
		}
		if (reply->state == BRIM_SMTP_REPLY_PARTIAL && reply->nbytes >= BRIM_SMTP_REPLY_MAX_BYTES)
			set_fault(reply, "a reply of too many bytes");
	}
	return taken;
}

void
brim_smtp_reply_text(const BrimSmtpReply *reply, char *out, size_t size)
{
	size_t len = reply->line_len;
	size_t used = append_printable(out, size, 0, reply->text, reply->text_len);

	if (len > 0 && reply->line[len - 1] == '\r')
		len--;
	if (len > 0)
		append_line(out, size, used, reply->line, len);
}
