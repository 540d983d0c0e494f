/*-------------------------------------------------------------------------
 *
 * mime_encode.c
 *	  Text as ASCII; see mime_encode.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/mime_encode.h"

#include <string.h>

#include "core/base/base.h"

#define MAX_WORD 75         /* bytes of an encoded word */
#define WORD_FRAME 12       /* "=?UTF-8?Q?" and "?=" */
#define MAX_ENCODED_LINE 76 /* of quoted-printable and base64, and with encoded words */
#define MAX_PLAIN_LINE 78

static const char hex_digits[] = "0123456789ABCDEF";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool
is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Append "=XX". */
static void
append_escaped(BrimBuf *out, unsigned char c)
{
	char escaped[3] = {'=', hex_digits[c >> 4], hex_digits[c & 15]};

	brim_buf_append(out, escaped, 3);
}

/* Append base64 of up to three bytes, padded. */
static void
append_base64(BrimBuf *out, const unsigned char *s, size_t n)
{
	unsigned int bits = (unsigned int) s[0] << 16;
	char         group[4];

	if (n > 1)
		bits |= (unsigned int) s[1] << 8;
	if (n > 2)
		bits |= s[2];
	group[0] = base64_digits[bits >> 18];
	group[1] = base64_digits[(bits >> 12) & 63];
	group[2] = n > 1 ? base64_digits[(bits >> 6) & 63] : '=';
	group[3] = n > 2 ? base64_digits[bits & 63] : '=';
	brim_buf_append(out, group, 4);
}

/* Bytes that c takes in the Q encoding, in its strictest form (RFC 2047, 5 (3)). */
static size_t
q_width(unsigned char c)
{
	return is_alnum(c) || c == ' ' || strchr("!*+-/", c) != NULL ? 1 : 3;
}

static void
append_q(BrimBuf *out, BrimStr text)
{
	for (size_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (c == ' ')
			brim_buf_append(out, "_", 1);
		else if (q_width(c) == 1)
			brim_buf_append(out, &c, 1);
		else
			append_escaped(out, c);
	}
}

static void
append_b(BrimBuf *out, BrimStr text)
{
	const unsigned char *s = (const unsigned char *) text.data;

	for (size_t i = 0; i < text.len; i += 3)
		append_base64(out, s + i, text.len - i < 3 ? text.len - i : 3);
}

/* Bytes of the text that fit into room bytes of Q or B, whole characters only. */
static size_t
measure_word(BrimStr text, size_t room, bool use_q)
{
	size_t taken = 0;
	size_t q_used = 0;

	while (taken < text.len)
	{
		size_t n = brim_utf8_length(text.data + taken, text.len - taken);
		size_t used;

		if (n == 0)
			n = 1; /* cannot happen in checked text; must not loop */
		for (size_t i = 0; i < n; i++)
			q_used += q_width((unsigned char) text.data[taken + i]);
		used = use_q ? q_used : (taken + n + 2) / 3 * 4;
		if (used > room)
			break;
		taken += n;
	}
	return taken;
}

size_t
brim_mime_encode_words(BrimStr text, size_t column, BrimBuf *out)
{
	size_t q_total = 0;
	bool   use_q;
	bool   first = true;

	for (size_t i = 0; i < text.len; i++)
		q_total += q_width((unsigned char) text.data[i]);
	use_q = q_total <= (text.len + 2) / 3 * 4;
	while (text.len > 0)
	{
		size_t  room = MAX_WORD - WORD_FRAME;
		size_t  left = column < MAX_ENCODED_LINE ? MAX_ENCODED_LINE - column : 0;
		size_t  before;
		BrimStr word = {text.data, 0};

		if (left < WORD_FRAME + room)
			room = left > WORD_FRAME ? left - WORD_FRAME : 0;
		word.len = measure_word(text, room, use_q);
		if (word.len == 0 || (!first && column > 1))
		{
			/* the white space between encoded words is no part of the text */
			brim_buf_append_text(out, "\r\n ");
			column = 1;
			word.len = measure_word(text, MAX_WORD - WORD_FRAME, use_q);
		}
		before = out->len;
		brim_buf_append_text(out, use_q ? "=?UTF-8?Q?" : "=?UTF-8?B?");
		if (use_q)
			append_q(out, word);
		else
			append_b(out, word);
		brim_buf_append_text(out, "?=");
		column += out->len - before;
		text.data += word.len;
		text.len -= word.len;
		first = false;
	}
	return column;
}

/* Return true if a line begins like the start of a message to mbox programs. */
static bool
is_from_line(BrimStr text, size_t at)
{
	return text.len - at >= 5 && memcmp(text.data + at, "From ", 5) == 0;
}

/* Return true if quoted-printable must escape this byte; last: it ends its line. */
static bool
needs_escape(unsigned char c, bool last)
{
	if (c == ' ' || c == '\t')
		return last;
	return c < 0x21 || c > 0x7E || c == '=';
}

/*
 * Append one line (without its CRLF) in quoted-printable, softly broken.  A
 * line of the encoded text never begins with "From " either.
 */
static void
append_quoted_line(BrimBuf *out, BrimStr line)
{
	size_t column = 0;

	for (size_t i = 0; i < line.len; i++)
	{
		unsigned char c = (unsigned char) line.data[i];
		bool          last = i + 1 == line.len;
		bool          escape = needs_escape(c, last);
		size_t        width = escape ? 3 : 1;

		/* all but the last byte leave room for the "=" of a soft break */
		if (column + width > (last ? MAX_ENCODED_LINE : MAX_ENCODED_LINE - 1))
		{
			brim_buf_append_text(out, "=\r\n");
			column = 0;
		}
		if (column == 0 && is_from_line(line, i))
		{
			escape = true;
			width = 3;
		}
		if (escape)
			append_escaped(out, c);
		else
			brim_buf_append(out, &c, 1);
		column += width;
	}
}

/* The next line of CRLF text, without the CRLF; moves *pos behind it. */
static BrimStr
next_line(BrimStr text, size_t *pos)
{
	BrimStr     line = {text.data + *pos, 0};
	const char *end = memchr(line.data, '\n', text.len - *pos);

	if (end == NULL)
	{
		line.len = text.len - *pos;
		*pos = text.len;
	}
	else
	{
		line.len = (size_t) (end - line.data);
		*pos += line.len + 1;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
	}
	return line;
}

/* Return true if this line needs no encoding. */
static bool
is_plain_line(BrimStr line)
{
	if (line.len > MAX_PLAIN_LINE || is_from_line(line, 0))
		return false;
	for (size_t i = 0; i < line.len; i++)
	{
		/* "=" is plain here; what else must be escaped is not */
		if (line.data[i] != '=' && needs_escape((unsigned char) line.data[i], i + 1 == line.len))
			return false;
	}
	return true;
}

BrimMimeEncoding
brim_mime_encode_choose(BrimStr text)
{
	bool   plain = true;
	size_t quoted = 0;
	size_t base64 = (text.len + 2) / 3 * 4;

	base64 += base64 / MAX_ENCODED_LINE * 2 + 2;
	for (size_t pos = 0; pos < text.len;)
	{
		BrimStr line = next_line(text, &pos);
		size_t  width = 0;

		plain = plain && is_plain_line(line);
		for (size_t i = 0; i < line.len; i++)
			width += needs_escape((unsigned char) line.data[i], i + 1 == line.len) ? 3 : 1;
		quoted += width + width / (MAX_ENCODED_LINE - 1) * 3 + 2;
	}
	if (plain)
		return BRIM_MIME_7BIT;
	return quoted <= base64 ? BRIM_MIME_QUOTED_PRINTABLE : BRIM_MIME_BASE64;
}

const char *
brim_mime_encode_name(BrimMimeEncoding encoding)
{
	switch (encoding)
	{
		case BRIM_MIME_7BIT:
			return "7bit";
		case BRIM_MIME_QUOTED_PRINTABLE:
			return "quoted-printable";
		case BRIM_MIME_BASE64:
			break;
	}
	return "base64";
}

void
brim_mime_encode_body(BrimStr text, BrimMimeEncoding encoding, BrimBuf *out)
{
	if (encoding == BRIM_MIME_7BIT)
		brim_buf_append_str(out, text);
	else if (encoding == BRIM_MIME_QUOTED_PRINTABLE)
	{
		for (size_t pos = 0; pos < text.len;)
		{
			append_quoted_line(out, next_line(text, &pos));
			brim_buf_append_text(out, "\r\n");
		}
	}
	else
	{
		const size_t per_line = MAX_ENCODED_LINE / 4 * 3;

		for (size_t pos = 0; pos < text.len; pos += per_line)
		{
			BrimStr part = {text.data + pos, text.len - pos};

			if (part.len > per_line)
				part.len = per_line;
			append_b(out, part);
			brim_buf_append_text(out, "\r\n");
		}
	}
}
