/*-------------------------------------------------------------------------
 *
 * mime_message.h
 *	  For tests of core/mime: a message to vary, and the limits that every
 *	  message must keep, even where readers forgive.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_MIME_MESSAGE_H
#define BRIM_MIME_MESSAGE_H

#include "unit.h"

#include "core/mail/mime.h"

static inline BrimMessage
plain_message(void)
{
	BrimMessage message = {
		.from_name = brim_str("Ada Sender"),
		.from_address = brim_str("ada@sender.example"),
		.to_name = brim_str("Bob Reader"),
		.to_address = brim_str("bob@reader.example"),
		.reply_to = brim_str("replies@sender.example"),
		.subject = brim_str("Hello there"),
		.body = brim_str("Hi Bob,\n\nplain text.\n"),
		.footer = brim_str("Sender Ltd, 1 Street"),
		.message_id = brim_str("0123abcd@sender.example"),
		.date = 1795371222,
		.unsubscribe = brim_str("stop@sender.example"),
	};

	return message;
}

/* Return true if the message keeps the limits that a parser would forgive. */
static inline const char *
find_problem(BrimStr text)
{
	size_t start = 0;
	bool   head = true;

	if (text.len < 2 || memcmp(text.data + text.len - 2, "\r\n", 2) != 0)
		return "does not end in CRLF";
	for (size_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (c >= 0x7F || (c < 0x20 && c != '\r' && c != '\n' && c != '\t'))
			return "a byte that is not printable ASCII";
		if (c == '\r' && (i + 1 >= text.len || text.data[i + 1] != '\n'))
			return "a lone CR";
		if (c != '\n')
			continue;
		if (i == 0 || text.data[i - 1] != '\r')
			return "a lone LF";
		if (i - 1 - start > 78)
			return "a line of more than 78 bytes";
		if (i - 1 - start >= 5 && memcmp(text.data + start, "From ", 5) == 0)
			return "a line that begins with From";
		if (i - 1 > start && (text.data[i - 2] == ' ' || text.data[i - 2] == '\t'))
			return "a space at the end of a line";
		if (head && i - 1 == start)
			head = false;
		start = i + 1;
	}
	return head ? "no body" : NULL;
}

/* Build a message that must work, and look it over. */
static inline bool
build(const BrimMessage *message, BrimBuf *out, const char **problem)
{
	BrimError error = {""};

	brim_buf_clear(out);
	if (!brim_mime_build(message, out, &error))
	{
		printf("# %s\n", error.message);
		*problem = "refused";
		return false;
	}
	*problem = find_problem(brim_buf_str(out));
	return *problem == NULL;
}

#endif /* BRIM_MIME_MESSAGE_H */
