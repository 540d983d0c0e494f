/*-------------------------------------------------------------------------
 *
 * fuzz_mime.c
 *	  Any texts at all: a message is refused, or it is ASCII in CRLF lines with
 *	  just the headers of brim and a body that decodes to what went in.
 *
 * The input is the parts of a message, each ended by a byte 0xFF.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mail/mime.h"

#define HOLDS(condition)                                                                           \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
		{                                                                                          \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
			abort();                                                                               \
		}                                                                                          \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next part of the input, or a text that stands for it when that is empty. */
static BrimStr
take(const uint8_t **data, size_t *size, const char *otherwise)
{
	const uint8_t *end = memchr(*data, 0xFF, *size);
	BrimStr        part = {(const char *) *data, end != NULL ? (size_t) (end - *data) : *size};
	size_t         used = part.len + (end != NULL);

	*data += used;
	*size -= used;
	return part.len > 0 ? part : brim_str(otherwise);
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decode quoted-printable; strict. */
static size_t
decode_quoted(const char *from, size_t len, char *to)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (from[i] != '=')
			to[used++] = from[i];
		else if (i + 2 < len && memcmp(from + i + 1, "\r\n", 2) == 0)
			i += 2;
		else
		{
			HOLDS(i + 2 < len && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0);
			to[used++] = (char) (hex(from[i + 1]) * 16 + hex(from[i + 2]));
			i += 2;
		}
	}
	return used;
}

/* Decode base64; strict except for the line ends. */
static size_t
decode_base64(const char *from, size_t len, char *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t            used = 0;
	unsigned int      bits = 0;
	int               count = 0;

	for (size_t i = 0; i < len; i++)
	{
		const char *digit;

		if (from[i] == '\r' || from[i] == '\n' || from[i] == '=')
			continue;
		digit = strchr(digits, from[i]);
		HOLDS(digit != NULL);
		bits = (bits << 6) | (unsigned int) (digit - digits);
		if (++count % 4 != 1)
			to[used++] = (char) (bits >> (6 - 2 * ((count - 1) % 4)));
	}
	return used;
}

/* Append a text with CRLF ends, in the plainest way. */
static void
add_lines(BrimBuf *buf, BrimStr text)
{
	for (size_t i = 0; i < text.len; i++)
	{
		bool pair = text.data[i] == '\r' && i + 1 < text.len && text.data[i + 1] == '\n';

		if (text.data[i] == '\r' || text.data[i] == '\n')
			brim_buf_append_text(buf, "\r\n");
		else
			brim_buf_append(buf, &text.data[i], 1);
		i += pair;
	}
	if (text.len > 0 && text.data[text.len - 1] != '\r' && text.data[text.len - 1] != '\n')
		brim_buf_append_text(buf, "\r\n");
}

static void
check_message(const BrimMessage *message, BrimStr text)
{
	static const char *const names[] = {
		"From: ",
		"To: ",
		"Reply-To: ",
		"Subject: ",
		"Date: ",
		"Message-ID:",
		"MIME-Version: 1.0\r",
		"Content-Type: text/plain; charset=utf-8\r",
		"Content-Transfer-Encoding: ",
		"List-Unsubscribe:",
	};
	const char *body = strstr(text.data, "\r\n\r\n");
	const char *encoding = strstr(text.data, "\r\nContent-Transfer-Encoding: ");
	char       *decoded = malloc(text.len + 1);
	size_t      len;
	size_t      header = 0;
	bool        replies = false;
	size_t      start = 0;
	BrimBuf     expected;

	HOLDS(body != NULL && encoding != NULL && encoding < body);
	body += 4;
	for (size_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		HOLDS(c < 0x7F && (c >= 0x20 || c == '\r' || c == '\n' || c == '\t'));
		if (c == '\r')
			HOLDS(i + 1 < text.len && text.data[i + 1] == '\n');
		if (c != '\n')
			continue;
		HOLDS(i > 0 && text.data[i - 1] == '\r' && i - start <= 79 + 254);
		if (text.data + start >= body)
			HOLDS(i - start <= 79 && strncmp(text.data + start, "From ", 5) != 0);
		else if (i - start > 1 && text.data[start] != ' ')
		{
			/* the headers of brim in their order, each once */
			while (header < 10 &&
				   strncmp(text.data + start, names[header], strlen(names[header])) != 0)
				header++;
			replies = replies || header == 2;
			HOLDS(header++ < 10);
		}
		start = i + 1;
	}
	HOLDS(start == text.len);
	HOLDS(replies == (message->reply_to.len > 0));

	encoding += strlen("\r\nContent-Transfer-Encoding: ");
	len = text.len - (size_t) (body - text.data);
	if (encoding[0] == 'q')
		len = decode_quoted(body, len, decoded);
	else if (encoding[0] == 'b')
		len = decode_base64(body, len, decoded);
	else
		memcpy(decoded, body, len);
	brim_buf_init(&expected, brim_mem_malloc(), 1 << 24);
	add_lines(&expected, message->body);
	if (message->footer.len > 0)
	{
		brim_buf_append_text(&expected, "\r\n");
		add_lines(&expected, message->footer);
	}
	HOLDS(len == expected.len && memcmp(decoded, expected.data, len) == 0);
	brim_buf_free(&expected);
	free(decoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BrimMessage message;
	BrimBuf     out;
	BrimError   error = {""};

	memset(&message, 0, sizeof(message));
	message.body = take(&data, &size, "body");
	message.subject = take(&data, &size, "subject");
	message.to_name = take(&data, &size, "");
	message.from_name = take(&data, &size, "");
	message.footer = take(&data, &size, "");
	message.to_address = take(&data, &size, "bob@reader.example");
	message.from_address = take(&data, &size, "ada@sender.example");
	message.reply_to = take(&data, &size, "");
	message.unsubscribe = take(&data, &size, "");
	message.message_id = take(&data, &size, "id@sender.example");
	message.date = (int64_t) size * INT64_C(3141592653);
	brim_buf_init(&out, brim_mem_malloc(), size % 7 == 6 ? 300 : 2 << 20);
	if (brim_mime_build(&message, &out, &error))
		check_message(&message, brim_buf_str(&out));
	else
		HOLDS(error.message[0] != '\0' && out.len == 0);
	brim_buf_free(&out);
	return 0;
}
