/*-------------------------------------------------------------------------
 *
 * test_mime.c
 *	  Messages whose every byte matters, and what can be in none.
 *
 *-------------------------------------------------------------------------
 */
#include "mail/mime_message.h"

#include <stdlib.h>

static void
test_exact(BrimBuf *out)
{
	BrimMessage message = plain_message();
	const char *problem;

	unit_ok(build(&message, out, &problem), "a plain message is built");
	unit_is_str(brim_buf_str(out),
				"From: Ada Sender <ada@sender.example>\r\n"
				"To: Bob Reader <bob@reader.example>\r\n"
				"Reply-To: replies@sender.example\r\n"
				"Subject: Hello there\r\n"
				"Date: Sun, 22 Nov 2026 18:13:42 +0000\r\n"
				"Message-ID: <0123abcd@sender.example>\r\n"
				"MIME-Version: 1.0\r\n"
				"Content-Type: text/plain; charset=utf-8\r\n"
				"Content-Transfer-Encoding: 7bit\r\n"
				"List-Unsubscribe: <mailto:stop@sender.example?subject=unsubscribe>\r\n"
				"\r\n"
				"Hi Bob,\r\n\r\nplain text.\r\n\r\nSender Ltd, 1 Street\r\n",
				"an ASCII message is as readable as it can be");
	message.from_name = message.to_name = message.reply_to = message.unsubscribe = message.footer =
		brim_str("");
	message.subject = brim_str("Gr\xC3\xBC\xC3\x9F"
							   "e an Sie");
	message.body = brim_str("Sch\xC3\xB6n = gut \r\nFrom here\n.\n");
	unit_ok(build(&message, out, &problem), "a message of only the necessary parts is built");
	unit_is_str(brim_buf_str(out),
				"From: ada@sender.example\r\n"
				"To: bob@reader.example\r\n"
				"Subject: =?UTF-8?B?R3LDvMOfZSBhbiBTaWU=?=\r\n"
				"Date: Sun, 22 Nov 2026 18:13:42 +0000\r\n"
				"Message-ID: <0123abcd@sender.example>\r\n"
				"MIME-Version: 1.0\r\n"
				"Content-Type: text/plain; charset=utf-8\r\n"
				"Content-Transfer-Encoding: quoted-printable\r\n"
				"\r\n"
				"Sch=C3=B6n =3D gut=20\r\n=46rom here\r\n.\r\n",
				"UTF-8 goes as encoded words and quoted-printable");
	message.body = brim_str("\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xB8\x96\xE7\x95\x8C");
	message.unsubscribe = brim_str("a/b?c=d&e%f#g@sender.example");
	build(&message, out, &problem);
	unit_ok(strstr(out->data, "\r\nContent-Transfer-Encoding: base64\r\n") != NULL,
			"a text without ASCII goes as base64");
	unit_ok(strstr(out->data,
				   "\r\nList-Unsubscribe:\r\n"
				   " <mailto:a%2Fb%3Fc%3Dd%26e%25f%23g@sender.example?subject=unsubscribe>\r\n") !=
				NULL,
			"what would end the address of a mailto is escaped");
}

static void
test_dates(BrimBuf *out)
{
	static const struct
	{
		int64_t     date;
		const char *text;
	} dates[] = {
		{0, "Thu, 01 Jan 1970 00:00:00 +0000"},
		{951782399, "Mon, 28 Feb 2000 23:59:59 +0000"},
		{951782400, "Tue, 29 Feb 2000 00:00:00 +0000"},
		{951868800, "Wed, 01 Mar 2000 00:00:00 +0000"},
		{1735689599, "Tue, 31 Dec 2024 23:59:59 +0000"},
		{4107542400, "Mon, 01 Mar 2100 00:00:00 +0000"},
		{INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 +0000"},
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
	{
		brim_buf_clear(out);
		unit_ok(brim_mime_date(dates[i].date, out), "a date is written");
		unit_is_str(brim_buf_str(out), dates[i].text, "as RFC 5322 says");
	}
	brim_buf_clear(out);
	unit_ok(!brim_mime_date(-1, out) && !brim_mime_date(INT64_C(253402300800), out) &&
				!brim_mime_date(INT64_MIN, out) && !brim_mime_date(INT64_MAX, out) && out->len == 0,
			"dates that four digits cannot write are refused");
}

/* A part that must be refused, with this reason, leaving out as it was. */
static void
refuses(const BrimMessage *message, const char *reason)
{
	BrimError error = {""};
	BrimBuf   out;

	brim_buf_init(&out, brim_mem_malloc(), 4 * 1024 * 1024);
	brim_buf_append_text(&out, "before");
	unit_ok(!brim_mime_build(message, &out, &error), "refused: %s", reason);
	unit_is_text(error.message, reason, "with the reason");
	unit_is_str(brim_buf_str(&out), "before", "and nothing is left behind");
	brim_buf_free(&out);
}

static void
test_refusals(void)
{
	static const char *const injections[] = {
		"a\r\nBcc: eve@example.com",
		"a\nX: y",
		"a\rX: y",
		"a\tb",
		"\x1b[31m",
		"a\x7F",
		"a\xC2\x85"
		"b",
		"a\xE2\x80\xA8"
		"b",
	};
	BrimMessage message = plain_message();
	BrimStr     nul = {"a\0b", 3};
	char       *big = malloc(1100000);

	for (size_t i = 0; i < sizeof(injections) / sizeof(injections[0]); i++)
	{
		message = plain_message();
		message.from_name = brim_str(injections[i]);
		refuses(&message, "the sender name contains a control character");
		message = plain_message();
		message.to_name = brim_str(injections[i]);
		refuses(&message, "the recipient name contains a control character");
		message = plain_message();
		message.subject = brim_str(injections[i]);
		refuses(&message, "the subject contains a control character");
		message = plain_message();
		message.message_id = brim_str(injections[i]);
		refuses(&message, "the message id is not of the form word@word");
	}
	message = plain_message();
	message.subject = nul;
	refuses(&message, "the subject contains a control character");
	message = plain_message();
	message.body = nul;
	refuses(&message, "the body contains a NUL");
	message = plain_message();
	message.footer = nul;
	refuses(&message, "the footer contains a NUL");
	message = plain_message();
	message.body = brim_str("a\xC3");
	refuses(&message, "the body is not valid UTF-8");
	message.body = brim_str("\xED\xA0\x80");
	refuses(&message, "the body is not valid UTF-8");
	message = plain_message();
	message.subject = brim_str("caf\xE9");
	refuses(&message, "the subject is not valid UTF-8");
	message.subject = brim_str("");
	refuses(&message, "the subject is empty");
	message.subject = brim_str("   ");
	refuses(&message, "the subject is empty");
	message = plain_message();
	message.body = brim_str("\r\n \t\n");
	refuses(&message, "the body is empty");
	message = plain_message();
	message.to_address = brim_str("bob@reader.example\r\nBcc: eve@example.com");
	refuses(&message, "the recipient address contains a control character");
	message.to_address = brim_str("bob");
	refuses(&message, "the recipient address has no @");
	message = plain_message();
	message.from_address = brim_str("");
	refuses(&message, "the sender address is empty");
	message = plain_message();
	message.reply_to = brim_str("a b@example.com");
	refuses(&message, "the reply-to address contains a space");
	message = plain_message();
	message.unsubscribe = brim_str("a>b@example.com");
	refuses(&message, "the unsubscribe address contains an angle bracket");
	message = plain_message();
	message.date = -1;
	refuses(&message, "the date is before 1970 or after 9999");
	message = plain_message();
	message.message_id = brim_str("a>b@example.com");
	refuses(&message, "the message id is not of the form word@word");
	message.message_id = brim_str("a@b@example.com");
	refuses(&message, "the message id is not of the form word@word");
	message.message_id = brim_str("");
	refuses(&message, "the message id is not of the form word@word");

	memset(big, 'x', 1100000);
	message = plain_message();
	message.subject.data = big;
	message.subject.len = 1001;
	refuses(&message, "the subject has 1001 bytes, more than 1000");
	message = plain_message();
	message.body.data = big;
	message.body.len = 1100000;
	refuses(&message, "the body has 1100000 bytes, more than a message can hold");
	message.body.len = 1024 * 1024;
	refuses(&message, "the message has more than 1 MB");
	free(big);
}

/* Memory that runs out at the n'th request is an error, never a crash or a half message. */
typedef struct ShortMem
{
	BrimMem mem;
	int     left;
} ShortMem;

static void *
short_resize(BrimMem *mem, void *block, size_t size)
{
	ShortMem *self = (ShortMem *) (void *) mem;

	if (size == 0)
	{
		free(block);
		return NULL;
	}
	return self->left-- > 0 ? realloc(block, size) : NULL;
}

static void
test_memory(void)
{
	BrimMessage message = plain_message();
	bool        built = false;
	int         requests = 0;

	for (; !built && requests < 1000; requests++)
	{
		ShortMem  mem = {{short_resize}, requests};
		BrimError error = {""};
		BrimBuf   out;

		brim_buf_init(&out, &mem.mem, 1024 * 1024);
		built = brim_mime_build(&message, &out, &error);
		if (!built &&
			(strcmp(error.message, "the message does not fit into memory") != 0 || out.len != 0))
			break;
		brim_buf_free(&out);
	}
	unit_ok(built && requests > 3, "short memory is said, at each of %d requests", requests);
}

int
main(void)
{
	BrimBuf out;

	brim_buf_init(&out, brim_mem_malloc(), 4 * 1024 * 1024);
	test_exact(&out);
	test_dates(&out);
	test_refusals();
	test_memory();
	brim_buf_free(&out);
	return unit_done();
}
