/*-------------------------------------------------------------------------
 *
 * mime.c
 *	  One outreach e-mail as an Internet message; see mime.h.
 *
 * Whatever a reader might change in a header value on the way back - spaces at
 * its ends or two in a row, "=?", a word too long to fold - goes as encoded
 * words, even where it is ASCII.
 *
 *-------------------------------------------------------------------------
 */
#include "core/mail/mime.h"

#include <string.h>

#include "core/mail/address.h"
#include "core/mail/mime_encode.h"
#include "core/base/base.h"

#define MAX_MESSAGE (1024 * 1024)
#define MAX_HEADER_TEXT 1000 /* bytes of a name or subject */
#define MAX_MESSAGE_ID 250
#define MAX_COLUMN 78
#define MAX_ENCODED 76 /* where the line may hold an encoded word (RFC 2047, 2) */
#define MAX_PLAIN 60   /* bytes of a word or name that is put unencoded */

/* Return true if there is anything other than white space. */
static bool
is_blank(BrimStr text)
{
	for (size_t i = 0; i < text.len; i++)
	{
		if (strchr(" \t\r\n", text.data[i]) == NULL || text.data[i] == '\0')
			return false;
	}
	return true;
}

/* Valid UTF-8 without control characters, not too long? */
static bool
check_header_text(const char *what, BrimStr text, BrimError *error)
{
	if (text.len > MAX_HEADER_TEXT)
	{
		brim_error_set(error, "the %s has %zu bytes, more than %d", what, text.len,
					   MAX_HEADER_TEXT);
		return false;
	}
	for (size_t i = 0; i < text.len;)
	{
		size_t n = brim_utf8_length(text.data + i, text.len - i);

		if (n == 0)
		{
			brim_error_set(error, "the %s is not valid UTF-8", what);
			return false;
		}
		if (brim_utf8_is_control(text.data + i, n))
		{
			brim_error_set(error, "the %s contains a control character", what);
			return false;
		}
		i += n;
	}
	return true;
}

/* Valid UTF-8 without a NUL, of a length that can be in a message? */
static bool
check_body_text(const char *what, BrimStr text, BrimError *error)
{
	if (text.len > MAX_MESSAGE)
	{
		brim_error_set(error, "the %s has %zu bytes, more than a message can hold", what, text.len);
		return false;
	}
	for (size_t i = 0; i < text.len;)
	{
		size_t n = brim_utf8_length(text.data + i, text.len - i);

		if (n == 0 || text.data[i] == '\0')
		{
			brim_error_set(error, n == 0 ? "the %s is not valid UTF-8" : "the %s contains a NUL",
						   what);
			return false;
		}
		i += n;
	}
	return true;
}

static bool
check_address(const char *what, BrimStr address, BrimError *error)
{
	const char *why;

	if (brim_address_check(address, &why))
		return true;
	brim_error_set(error, "the %s address %s", what, why);
	return false;
}

/* Two dot-strings around one @? */
static bool
check_message_id(BrimStr id, BrimError *error)
{
	int  ats = 0;
	bool bad = id.len == 0 || id.len > MAX_MESSAGE_ID;
	bool open = true; /* a dot or @ must not come next */

	for (size_t i = 0; i < id.len && !bad; i++)
	{
		char c = id.data[i];

		if (c == '.' || c == '@')
		{
			bad = open || (c == '@' && ++ats > 1);
			open = true;
		}
		else
		{
			bad = !brim_address_is_atext(c);
			open = false;
		}
	}
	if (!bad && !open && ats == 1)
		return true;
	brim_error_set(error, "the message id is not of the form word@word");
	return false;
}

/*
 * Return true if a header may contain this text as it is, once folded at spaces,
 * and a reader gets the same text back.
 */
static bool
is_plain(BrimStr text)
{
	size_t word = 0;

	for (size_t i = 0; i < text.len; i++)
	{
		char c = text.data[i];

		if ((unsigned char) c >= 0x80 || (c == '=' && i + 1 < text.len && text.data[i + 1] == '?'))
			return false;
		if (c == ' ' && (word == 0 || i + 1 == text.len))
			return false;
		word = c == ' ' ? 0 : word + 1;
		if (word > MAX_PLAIN)
			return false;
	}
	return true;
}

/* Append "Subject: ..." */
static void
append_subject(BrimBuf *out, BrimStr subject)
{
	size_t column = strlen("Subject: ");

	brim_buf_append_text(out, "Subject: ");
	if (!is_plain(subject))
		brim_mime_encode_words(subject, column, out);
	else
	{
		for (size_t pos = 0; pos < subject.len;)
		{
			const char *space = memchr(subject.data + pos + 1, ' ', subject.len - pos - 1);
			size_t len = space != NULL ? (size_t) (space - subject.data) - pos : subject.len - pos;

			/* a word and the space before it, which opens the line when folded */
			if (column + len > MAX_COLUMN)
			{
				brim_buf_append_text(out, "\r\n");
				column = 0;
			}
			brim_buf_append(out, subject.data + pos, len);
			column += len;
			pos += len;
		}
	}
	brim_buf_append_text(out, "\r\n");
}

/* Append a display name as atoms, as a quoted string or as encoded words; the column after it. */
static size_t
append_name(BrimBuf *out, BrimStr name, size_t column)
{
	bool atoms = true;

	if (!is_plain(name) || name.len > MAX_PLAIN)
		return brim_mime_encode_words(name, column, out);
	for (size_t i = 0; i < name.len; i++)
		atoms = atoms && (name.data[i] == ' ' || brim_address_is_atext(name.data[i]));
	if (atoms)
	{
		brim_buf_append_str(out, name);
		return column + name.len;
	}
	brim_buf_append_text(out, "\"");
	column += 2;
	for (size_t i = 0; i < name.len; i++)
	{
		if (name.data[i] == '"' || name.data[i] == '\\')
		{
			brim_buf_append_text(out, "\\");
			column++;
		}
		brim_buf_append(out, &name.data[i], 1);
		column++;
	}
	brim_buf_append_text(out, "\"");
	return column;
}

/* Append "Header: name <address>", the name only if there is one. */
static void
append_mailbox(BrimBuf *out, const char *header, BrimStr name, BrimStr address)
{
	size_t column = strlen(header) + 2;

	brim_buf_printf(out, "%s: ", header);
	if (name.len > 0)
	{
		column = append_name(out, name, column);
		brim_buf_append_text(out, column + address.len + 3 > MAX_ENCODED ? "\r\n <" : " <");
	}
	brim_buf_append_str(out, address);
	brim_buf_append_text(out, name.len > 0 ? ">\r\n" : "\r\n");
}

/* Append "Header: <value>" on one line, or two where it does not fit. */
static void
append_bracketed(BrimBuf *out, const char *header, BrimStr value)
{
	size_t width = strlen(header) + strlen(": <>") + value.len;

	brim_buf_printf(out, "%s:%s <", header, width > MAX_COLUMN ? "\r\n" : "");
	brim_buf_append_str(out, value);
	brim_buf_append_text(out, ">\r\n");
}

/* Append the List-Unsubscribe header; in a URI some characters of addresses are escaped. */
static void
append_unsubscribe(BrimBuf *out, BrimStr address)
{
	BrimBuf uri;

	brim_buf_init(&uri, out->mem, 3 * MAX_HEADER_TEXT);
	brim_buf_append_text(&uri, "mailto:");
	for (size_t i = 0; i < address.len; i++)
	{
		char c = address.data[i];

		if (strchr("%/?#&=^`{|}", c) != NULL)
			brim_buf_printf(&uri, "%%%02X", (unsigned int) (unsigned char) c);
		else
			brim_buf_append(&uri, &c, 1);
	}
	brim_buf_append_text(&uri, "?subject=unsubscribe");
	out->failed = out->failed || uri.failed;
	append_bracketed(out, "List-Unsubscribe", brim_buf_str(&uri));
	brim_buf_free(&uri);
}

/* Append lines with CRLF ends, whatever ends they have, the last one included. */
static void
append_lines(BrimBuf *out, BrimStr text)
{
	for (size_t pos = 0; pos < text.len;)
	{
		size_t end = pos;

		while (end < text.len && text.data[end] != '\r' && text.data[end] != '\n')
			end++;
		brim_buf_append(out, text.data + pos, end - pos);
		brim_buf_append_text(out, "\r\n");
		if (end + 1 < text.len && text.data[end] == '\r' && text.data[end + 1] == '\n')
			end++;
		pos = end + 1;
	}
}

bool
brim_mime_date(int64_t date, BrimBuf *out)
{
	static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t          day = date / 86400;
	int              second = (int) (date % 86400);
	int              weekday = (int) (day % 7);
	int              year = 1970;
	int              month = 0;

	if (date < 0 || date > INT64_C(253402300799))
		return false;
	for (;;)
	{
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

		if (day < 365 + leap)
		{
			while (day >= month_days[month] + (leap && month == 1))
			{
				day -= month_days[month] + (leap && month == 1);
				month++;
			}
			break;
		}
		day -= 365 + leap;
		year++;
	}
	return brim_buf_printf(out, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[weekday],
						   (int) day + 1, months[month], year, second / 3600, second / 60 % 60,
						   second % 60);
}

/* Return true if all parts may be in a message. */
static bool
check_message(const BrimMessage *message, BrimError *error)
{
	if (!check_header_text("sender name", message->from_name, error) ||
		!check_address("sender", message->from_address, error) ||
		!check_header_text("recipient name", message->to_name, error) ||
		!check_address("recipient", message->to_address, error) ||
		(message->reply_to.len > 0 && !check_address("reply-to", message->reply_to, error)) ||
		!check_header_text("subject", message->subject, error) ||
		!check_body_text("body", message->body, error) ||
		!check_body_text("footer", message->footer, error) ||
		!check_message_id(message->message_id, error) ||
		(message->unsubscribe.len > 0 &&
		 !check_address("unsubscribe", message->unsubscribe, error)))
		return false;
	if (is_blank(message->subject) || is_blank(message->body))
	{
		brim_error_set(error, "the %s is empty", is_blank(message->subject) ? "subject" : "body");
		return false;
	}
	return true;
}

/* Append all headers but the empty line; false for a date that cannot be written. */
static bool
append_headers(BrimBuf *out, const BrimMessage *message, BrimMimeEncoding encoding)
{
	bool dated;

	append_mailbox(out, "From", message->from_name, message->from_address);
	append_mailbox(out, "To", message->to_name, message->to_address);
	if (message->reply_to.len > 0)
		append_mailbox(out, "Reply-To", brim_str(""), message->reply_to);
	append_subject(out, message->subject);
	brim_buf_append_text(out, "Date: ");
	dated = brim_mime_date(message->date, out) || out->failed;
	brim_buf_append_text(out, "\r\n");
	append_bracketed(out, "Message-ID", message->message_id);
	brim_buf_printf(out,
					"MIME-Version: 1.0\r\n"
					"Content-Type: text/plain; charset=utf-8\r\n"
					"Content-Transfer-Encoding: %s\r\n",
					brim_mime_encode_name(encoding));
	if (message->unsubscribe.len > 0)
		append_unsubscribe(out, message->unsubscribe);
	return dated;
}

bool
brim_mime_build(const BrimMessage *message, BrimBuf *out, BrimError *error)
{
	const char      *problem = NULL;
	size_t           start = out->len;
	BrimBuf          text;
	BrimMimeEncoding encoding;

	if (!check_message(message, error))
		return false;

	/* line ends may double a text */
	brim_buf_init(&text, out->mem, 5 * (size_t) MAX_MESSAGE);
	append_lines(&text, message->body);
	if (message->footer.len > 0)
	{
		brim_buf_append_text(&text, "\r\n");
		append_lines(&text, message->footer);
	}
	encoding = brim_mime_encode_choose(brim_buf_str(&text));
	if (!append_headers(out, message, encoding))
		problem = "the date is before 1970 or after 9999";
	brim_buf_append_text(out, "\r\n");
	brim_mime_encode_body(brim_buf_str(&text), encoding, out);
	if (text.failed || out->failed)
		problem = "the message does not fit into memory";
	else if (out->len - start > MAX_MESSAGE)
		problem = "the message has more than 1 MB";
	brim_buf_free(&text);
	if (problem == NULL)
		return true;
	out->len = start;
	if (out->data != NULL)
		out->data[start] = '\0';
	brim_error_set(error, "%s", problem);
	return false;
}
